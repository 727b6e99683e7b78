//! Makers: quote several levels on each side around their own fair price.
//!
//! A maker's fair price is the index plus part of the premium at which it sees the book trade,
//! shaded against its inventory. It requotes on a jittered
//! period, widens and thins as short-term volatility rises, leaves when that exceeds what it
//! tolerates, and stops quoting the side that adds to an inventory at its limit. Its inventory
//! decays as it is hedged elsewhere, so the book comes back to the index after a shock.

use core::cmp::Reverse;
use core::ops::Range;
use std::collections::BinaryHeap;

use seawall_engine::types::{
    AccountId, Input, NewOrder, OrderId, OrderKind, Price, Side, SymbolId,
};

use super::keyed::{Draw, Key, Purpose};
use super::number::{nanoseconds, price_ceil, price_floor, qty, real, whole};
use super::{Agent, Latencies, Notice, Outbox, View, order_id, order_owner};
use crate::scenario::{Scenario, small};

/// What all makers share.
#[derive(Debug)]
struct Rules {
    symbol: SymbolId,
    levels: u32,
    half_spread: f64,
    level_step: f64,
    level_lots: f64,
    level_growth: f64,
    requote_ns: f64,
    jitter: f64,
    limit_lots: f64,
    skew_at_limit: f64,
    half_life_ns: f64,
    memory_ns: f64,
    calm_volatility_bp: f64,
    widen: f64,
    thin: f64,
    thin_floor: f64,
    premium_weight: f64,
    premium_memory_ns: f64,
    withdraw: f64,
}

/// One maker.
#[derive(Debug)]
struct Desk {
    account: AccountId,
    requotes: Key,
    wakes: u64,
    /// Factor of its spread.
    caution: f64,
    /// Multiple of the calm volatility at which it leaves.
    withdraw: f64,
    /// Signed inventory that it still has to hedge, in lots.
    inventory: f64,
    /// Estimate of the variance of one second's return, in bp².
    variance: f64,
    /// The book's distance from the index, averaged, as a part of the index.
    premium: f64,
    seen_mid: f64,
    seen_ns: u64,
    fair: f64,
}

/// What a maker believes about one of its quotes.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// How often the slot got a new order; part of the order's id.
    generation: u32,
    price_ticks: u32,
    lots: u32,
    live: bool,
}

/// What one side of a maker should look like now.
#[derive(Clone, Copy, Debug)]
struct Target {
    fair: f64,
    half_spread: f64,
    scale: f64,
}

/// All makers.
#[derive(Debug)]
pub struct Makers {
    rules: Rules,
    latencies: Latencies,
    first: u32,
    desks: Vec<Desk>,
    /// `levels` bids, then `levels` offers, for each maker.
    slots: Vec<Slot>,
    wakes: BinaryHeap<Reverse<(u64, u32)>>,
}

/// Bits of an order's number that count generations; the rest names the slot.
const GENERATION_BITS: u32 = 24;

impl Makers {
    /// The makers of a scenario, who wake for the first time within their first period.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.makers;
        let rules = Rules {
            symbol: scenario.symbol(),
            levels: small(spec.levels),
            half_spread: real(spec.half_spread_ticks),
            level_step: real(spec.level_step_ticks),
            level_lots: real(spec.level_lots),
            level_growth: real(spec.level_growth_ppm) / 1e6,
            requote_ns: real(spec.requote_ms) * 1e6,
            jitter: real(spec.requote_jitter_ppm) / 1e6,
            limit_lots: real(spec.inventory_limit_lots),
            skew_at_limit: real(spec.skew_at_limit_bp) / 1e4,
            half_life_ns: real(spec.inventory_half_life_ms) * 1e6,
            memory_ns: real(spec.volatility_memory_ms) * 1e6,
            calm_volatility_bp: scenario.index.volatility_bp.max(0.1),
            widen: real(spec.widen_ppm) / 1e6,
            thin: real(spec.thin_ppm) / 1e6,
            thin_floor: real(spec.thin_floor_ppm) / 1e6,
            premium_weight: real(spec.premium_weight_ppm) / 1e6,
            premium_memory_ns: real(spec.premium_memory_ms) * 1e6,
            withdraw: real(spec.withdraw_multiple),
        };
        let roles = scenario.roles();
        let desks: Vec<Desk> = roles
            .makers
            .clone()
            .map(|account| Desk::new(scenario, &rules, AccountId(account)))
            .collect();
        let wakes = (0..small(spec.count)).zip(&desks).map(|(n, desk)| {
            let phase = desk.requotes.at(0).unit() * rules.requote_ns;
            Reverse((nanoseconds(phase).max(1), n))
        });
        let slots = vec![Slot::default(); desks.len() * 2 * rules.levels as usize];
        let latency = &scenario.latency;
        let latencies = Latencies {
            new_ns: latency.maker_gateway_ns,
            cancel_ns: latency.maker_cancel_ns,
            ack_ns: latency.maker_ack_ns,
            feed_ns: latency.maker_feed_ns,
        };
        let first = roles.makers.start;
        Self { first, wakes: wakes.collect(), slots, desks, rules, latencies }
    }

    /// Lots that the makers still have to hedge, long positive.
    pub fn inventory_lots(&self) -> f64 {
        self.desks.iter().map(|desk| desk.inventory).sum()
    }

    fn requote(&mut self, maker: u32, view: &View<'_>, out: &mut Outbox<'_>) {
        let desk = &mut self.desks[maker as usize];
        desk.wakes += 1;
        let mut draw = desk.requotes.at(desk.wakes);
        let ratio = desk.observe(&self.rules, view);
        let fair_before = desk.fair;
        desk.fair = desk.fair_price(&self.rules, view);
        let excess = (ratio / 2.0 - 1.0).max(0.0);
        let target = Target {
            fair: desk.fair,
            half_spread: self.rules.half_spread * desk.caution * (1.0 + self.rules.widen * excess),
            scale: (0.8 + 0.4 * draw.unit())
                * (1.0 / (1.0 + self.rules.thin * excess)).max(self.rules.thin_floor),
        };
        let away = ratio > desk.withdraw;
        let too_long = desk.inventory > self.rules.limit_lots;
        let too_short = desk.inventory < -self.rules.limit_lots;
        let bids = (!away && !too_long).then_some(target);
        let asks = (!away && !too_short).then_some(target);
        // The side that moves away goes first, so that a maker does not meet its own stale quote.
        if desk.fair < fair_before {
            self.quote(maker, Side::Buy, bids, &mut draw, out);
            self.quote(maker, Side::Sell, asks, &mut draw, out);
        } else {
            self.quote(maker, Side::Sell, asks, &mut draw, out);
            self.quote(maker, Side::Buy, bids, &mut draw, out);
        }
        let period = self.rules.requote_ns * (1.0 + self.rules.jitter * (2.0 * draw.unit() - 1.0));
        self.wakes.push(Reverse((view.now_ns + nanoseconds(period).max(1), maker)));
    }

    /// Brings one side to its target, or takes it out of the book.
    fn quote(
        &mut self,
        maker: u32,
        side: Side,
        target: Option<Target>,
        draw: &mut Draw,
        out: &mut Outbox<'_>,
    ) {
        let account = self.desks[maker as usize].account;
        let first = (maker * 2 + u32::from(side == Side::Sell)) * self.rules.levels;
        let noise = draw.bits();
        for level in 0..self.rules.levels {
            let slot = &mut self.slots[(first + level) as usize];
            let number = number_of(first + level - maker * 2 * self.rules.levels, slot.generation);
            let Some(target) = target else {
                if slot.live {
                    slot.live = false;
                    let order = order_id(account, number);
                    out.send(Input::Cancel { symbol: self.rules.symbol, account, order });
                }
                continue;
            };
            // Four bits of noise for each level: a level's size varies by up to a quarter.
            let nibble = (noise >> (level % 16 * 4)) & 15;
            let (price, lots) = self.rules.level(side, level, &target, 0.75 + real(nibble) / 30.0);
            if slot.live && slot.price_ticks == price.ticks() && close(slot.lots, lots) {
                continue;
            }
            slot.send((self.rules.symbol, account), number, side, price, lots, out);
        }
    }
}

/// Whether a quote's size is near enough to leave it: moving it costs its place in the queue.
fn close(lots: u32, wanted: u32) -> bool {
    lots.abs_diff(wanted) * 2 <= wanted
}

/// The account of a maker's order, and its slot: bids from the best outwards, then offers.
#[inline]
pub fn slot_of(order: OrderId) -> (AccountId, u32) {
    let (account, number) = order_owner(order);
    (account, number >> GENERATION_BITS)
}

fn number_of(slot: u32, generation: u32) -> u32 {
    slot << GENERATION_BITS | generation
}

impl Rules {
    /// Price and size of one level. Distances grow by a step more at each level, so depth thins
    /// out as the logarithm of the distance does in recorded books.
    fn level(&self, side: Side, level: u32, target: &Target, noise: f64) -> (Price, u32) {
        let n = f64::from(level);
        let distance = target.half_spread + self.level_step * n * (n + 1.0) / 2.0;
        let size = self.level_lots * (1.0 + self.level_growth * n) * target.scale * noise;
        let lots = whole(size, 1, 1 << 30);
        match side {
            Side::Buy => (price_floor(target.fair - distance), lots),
            Side::Sell => (price_ceil(target.fair + distance), lots),
        }
    }
}

impl Slot {
    fn send(
        &mut self,
        (symbol, account): (SymbolId, AccountId),
        number: u32,
        side: Side,
        price: Price,
        lots: u32,
        out: &mut Outbox<'_>,
    ) {
        self.price_ticks = price.ticks();
        self.lots = lots;
        if self.live {
            let order = order_id(account, number);
            out.send(Input::Replace { symbol, account, order, price, qty: qty(lots) });
            return;
        }
        self.live = true;
        self.generation = (self.generation + 1) % (1 << GENERATION_BITS);
        let order =
            order_id(account, (number >> GENERATION_BITS) << GENERATION_BITS | self.generation);
        out.send(Input::Order(NewOrder {
            symbol,
            account,
            order,
            side,
            qty: qty(lots),
            kind: OrderKind::PostOnly(price),
            reduce_only: false,
        }));
    }
}

impl Desk {
    fn new(scenario: &Scenario, rules: &Rules, account: AccountId) -> Self {
        let key = |purpose| Key::new(scenario.seed, scenario.drawn_by(account), purpose);
        let mut traits = key(Purpose::MakerTraits).at(0);
        let reference = real(scenario.market.reference_ticks);
        Self {
            account,
            requotes: key(Purpose::MakerRequote),
            wakes: 0,
            caution: 0.7 + 1.3 * traits.unit(),
            withdraw: rules.withdraw * (0.5 + traits.unit()),
            inventory: 0.0,
            variance: rules.calm_volatility_bp * rules.calm_volatility_bp,
            premium: 0.0,
            seen_mid: reference,
            seen_ns: 0,
            fair: reference,
        }
    }

    /// Takes in what happened since it last looked; returns volatility as a multiple of the calm.
    fn observe(&mut self, rules: &Rules, view: &View<'_>) -> f64 {
        let elapsed = real(view.now_ns - self.seen_ns);
        let mid = view.quote.mid().unwrap_or(self.seen_mid);
        let return_bp = (mid - self.seen_mid) / self.seen_mid * 1e4;
        // An exponential average of return² per second, to first order in the time step.
        let weighted = self.variance * rules.memory_ns + return_bp * return_bp * 1e9;
        self.variance = weighted / (rules.memory_ns + elapsed);
        // Half-life to first order as well: ln 2 of it is hedged in one.
        self.inventory *= rules.half_life_ns / (rules.half_life_ns + elapsed * LN_2);
        let index = view.index.at(view.now_ns);
        let premium = (mid - index) / index;
        self.premium += (premium - self.premium) * elapsed / (rules.premium_memory_ns + elapsed);
        self.seen_mid = mid;
        self.seen_ns = view.now_ns;
        self.variance.sqrt() / rules.calm_volatility_bp
    }

    fn fair_price(&self, rules: &Rules, view: &View<'_>) -> f64 {
        let shade = rules.skew_at_limit * (self.inventory / rules.limit_lots).clamp(-1.5, 1.5);
        view.index.at(view.now_ns) * (1.0 + rules.premium_weight * self.premium - shade)
    }
}

pub(super) const LN_2: f64 = core::f64::consts::LN_2;

impl Agent for Makers {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn hears(&self) -> Range<u32> {
        let count = u32::try_from(self.desks.len()).expect("accounts are counted in 32 bits");
        self.first..self.first + count
    }

    fn next_wake_ns(&self) -> u64 {
        self.wakes.peek().map_or(u64::MAX, |Reverse((time, _))| *time)
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let Some(Reverse((_, maker))) = self.wakes.pop() else { return };
        self.requote(maker, view, out);
    }

    fn notice(&mut self, notice: &Notice) {
        let (account, number) = order_owner(notice.order);
        let maker = account.0 - self.first;
        let slot = number >> GENERATION_BITS;
        #[allow(clippy::cast_precision_loss, reason = "lots of one fill are far below 2^53")]
        let lots = notice.lots as f64;
        self.desks[maker as usize].inventory += lots;
        let slot = &mut self.slots[(maker * 2 * self.rules.levels + slot) as usize];
        if slot.generation != number & ((1 << GENERATION_BITS) - 1) {
            return;
        }
        if notice.gone {
            slot.live = false;
        } else {
            let filled = u32::try_from(notice.lots.unsigned_abs()).unwrap_or(u32::MAX);
            slot.lots = slot.lots.saturating_sub(filled);
        }
    }
}
