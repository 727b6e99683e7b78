//! A market and everything that follows from its rules by arithmetic alone.
//!
//! Plain `i128`s throughout, and no helper of the real engine: value, profit, rounding and
//! deductions are written again from the documentation.

use seawall_engine::risk::MarketRules;
use seawall_engine::types::{ContractKind, Side};

use super::auction::Halts;
use super::marking::History;
use super::stops::Stop;

/// Parts per million in a whole.
pub(super) const MILLION: i128 = 1_000_000;

/// Division rounded towards −∞, by a positive divisor.
pub(super) fn floor_div(numerator: i128, divisor: i128) -> i128 {
    assert!(divisor > 0, "a divisor is positive");
    numerator.div_euclid(divisor)
}

/// Division rounded towards +∞, by a positive divisor.
pub(super) fn ceil_div(numerator: i128, divisor: i128) -> i128 {
    -floor_div(-numerator, divisor)
}

/// `+1` for a buy or a long, `−1` for a sell or a short.
pub(super) fn sign(side: Side) -> i128 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

/// One margin tier, with its deduction in money units times a million.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tier {
    pub(super) floor: i128,
    pub(super) initial: i128,
    pub(super) maintenance: i128,
    pub(super) deduction: i128,
}

/// One account's position in one symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// Signed lots.
    pub(super) lots: i128,
    pub(super) entry: i128,
    pub(super) margin: i128,
    /// Initial margin rate, in parts per million.
    pub(super) initial: i128,
    /// How many of the market's funding payments it has been given or has paid.
    pub(super) payments_realised: usize,
    /// In the liquidation queue.
    pub(super) locked: bool,
}

impl Position {
    /// Its side; nobody asks a flat position.
    pub(super) fn side(&self) -> Side {
        assert!(self.lots != 0, "a flat position has no side");
        if self.lots > 0 { Side::Buy } else { Side::Sell }
    }

    /// Lots held on a side, zero if it is on the other one.
    pub(super) fn on(&self, side: Side) -> i128 {
        (self.lots * sign(side)).max(0)
    }
}

/// A resting order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub(super) id: u64,
    pub(super) account: usize,
    pub(super) side: Side,
    pub(super) price: i128,
    pub(super) lots: i128,
    /// When it last joined a queue: a counter, not a time.
    pub(super) joined: u64,
    /// The second at which it expires, if it does.
    pub(super) expiry_s: Option<u32>,
    /// Only ever reduces its owner's position.
    pub(super) reduce_only: bool,
    /// Of an iceberg order: the largest part that is shown. `lots` are those shown now.
    pub(super) display: Option<i128>,
    /// Lots that are not shown.
    pub(super) hidden: i128,
    /// The order that it is linked to.
    pub(super) linked: Option<u64>,
}

impl Resting {
    /// Whether it is a forced order: the engine gives those their ids.
    pub(super) fn is_forced(&self) -> bool {
        self.id >= 1 << 63
    }

    /// Its whole open quantity.
    pub(super) fn total(&self) -> i128 {
        self.lots + self.hidden
    }
}

/// Rules and state of one symbol.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) inverse: bool,
    pub(super) unit: i128,
    pub(super) low: i128,
    pub(super) high: i128,
    pub(super) tiers: Vec<Tier>,
    pub(super) maker_fee: i128,
    pub(super) taker_fee: i128,
    pub(super) order_lots_max: i128,
    pub(super) position_lots_max: i128,
    pub(super) band: i128,
    /// Steps of limits and quantities.
    pub(super) tick: i128,
    pub(super) lot: i128,
    pub(super) notional_min: i128,
    /// How far through the mark a limit may reach, in parts per million; zero for no bound.
    pub(super) price_band: i128,
    pub(super) mark: Option<i128>,
    /// The mark before it.
    pub(super) mark_before: Option<i128>,
    pub(super) index: Option<i128>,
    /// Price of the last trade in the book.
    pub(super) last: Option<i128>,
    /// How it is halted and reopened, if it can be.
    pub(super) halts: Option<Halts>,
    /// Whether orders join the book without trading.
    pub(super) halted: bool,
    /// Funding payments, per lot.
    pub(super) payments: Vec<i128>,
    /// The other side of what positions were given.
    pub(super) pool: i128,
    /// Of what and when its marks were made.
    pub(super) history: History,
    /// Stop orders that wait.
    pub(super) stops: Vec<Stop>,
    /// In no order that matters: the best one is looked for each time.
    pub(super) orders: Vec<Resting>,
    /// By account.
    pub(super) positions: Vec<Position>,
    /// The insurance fund that answers for it.
    pub(super) fund: usize,
}

impl Market {
    /// A market without orders whose accounts are all flat.
    pub(super) fn new(rules: &MarketRules, accounts_max: usize) -> Self {
        let mut tiers: Vec<Tier> = Vec::new();
        for (tier, _) in rules.tiers() {
            let maintenance = i128::from(tier.maintenance.parts());
            let floor = tier.notional_floor.wide();
            let deduction = match tiers.last() {
                None => 0,
                Some(last) => last.deduction + floor * (maintenance - last.maintenance),
            };
            let initial = i128::from(tier.initial.parts());
            tiers.push(Tier { floor, initial, maintenance, deduction });
        }
        let flat = Position {
            lots: 0,
            entry: 0,
            margin: 0,
            initial: tiers[0].initial,
            payments_realised: 0,
            locked: false,
        };
        let mut positions = vec![flat; accounts_max];
        positions[0].initial = 0;
        let (low, high) = rules.domain();
        Self {
            inverse: rules.contract().kind == ContractKind::Inverse,
            unit: i128::from(rules.contract().unit),
            low: i128::from(low.ticks()),
            high: i128::from(high.ticks()),
            tiers,
            maker_fee: i128::from(rules.maker_fee().parts()),
            taker_fee: i128::from(rules.taker_fee().parts()),
            order_lots_max: i128::from(rules.order_lots_max()),
            position_lots_max: i128::from(rules.position_lots_max()),
            band: i128::from(rules.market_band().parts()),
            tick: i128::from(rules.order_rules().tick),
            lot: i128::from(rules.order_rules().lot),
            notional_min: rules.order_rules().notional_min.wide(),
            price_band: i128::from(rules.order_rules().price_band.parts()),
            mark: None,
            mark_before: None,
            index: None,
            last: None,
            halts: rules.auctions().map(|auctions| Halts {
                band: i128::from(auctions.band.parts()),
                window_ns: auctions.window_ns,
                reopen_ns: auctions.reopen_ns,
                reference: None,
                due_ns: None,
            }),
            halted: false,
            payments: Vec::new(),
            pool: 0,
            history: History::new(*rules.price_rules()),
            stops: Vec::new(),
            orders: Vec::new(),
            positions,
            fund: 0,
        }
    }

    /// `V(p, q)`.
    pub(super) fn value(&self, price: i128, lots: i128) -> i128 {
        assert!(price > 0 && lots >= 0, "a value is of lots at a price");
        if self.inverse { floor_div(lots * self.unit, price) } else { price * lots * self.unit }
    }

    /// The sign with which the value of a position on that side counts.
    pub(super) fn direction(&self, side: Side) -> i128 {
        if self.inverse { -sign(side) } else { sign(side) }
    }

    /// Profit of a position on that side, entered for one value and worth another.
    pub(super) fn profit(&self, side: Side, entry: i128, value: i128) -> i128 {
        self.direction(side) * (value - entry)
    }

    /// Profit of a whole position at a price, zero when it is flat.
    pub(super) fn profit_at(&self, position: &Position, price: i128) -> i128 {
        if position.lots == 0 {
            return 0;
        }
        let value = self.value(price, position.lots.abs());
        self.profit(position.side(), position.entry, value)
    }

    /// The last tier whose floor is not above the value.
    pub(super) fn tier(&self, value: i128) -> Tier {
        let mut found = self.tiers[0];
        for tier in &self.tiers {
            if tier.floor <= value {
                found = *tier;
            }
        }
        found
    }

    /// Maintenance margin of a value, rounded down.
    pub(super) fn maintenance(&self, value: i128) -> i128 {
        let tier = self.tier(value);
        floor_div(value * tier.maintenance - tier.deduction, MILLION)
    }

    /// Whether the position is below its maintenance margin at a price.
    pub(super) fn unhealthy(&self, position: &Position, price: i128) -> bool {
        if position.lots == 0 {
            return false;
        }
        let value = self.value(price, position.lots.abs());
        let tier = self.tier(value);
        let equity = self.effective(position).margin + self.profit_at(position, price);
        equity * MILLION < value * tier.maintenance - tier.deduction
    }

    /// Whether an order with that limit trades at that opposite price.
    pub(super) fn meets(side: Side, limit: i128, opposite: i128) -> bool {
        match side {
            Side::Buy => limit >= opposite,
            Side::Sell => limit <= opposite,
        }
    }

    /// A price held within the domain.
    pub(super) fn held(&self, price: i128) -> i128 {
        price.clamp(self.low, self.high)
    }

    /// The price of the domain nearest to the *worst* end (lowest for a long) at which the
    /// predicate holds, given that it goes on holding towards the best end. Without one, the
    /// best end of the domain.
    pub(super) fn worst_price(&self, side: Side, holds: impl Fn(i128) -> bool) -> i128 {
        // How far from the worst end: 0 is the worst price, `width` the best.
        let at = |steps: i128| match side {
            Side::Buy => self.low + steps,
            Side::Sell => self.high - steps,
        };
        let width = self.high - self.low;
        let (mut first, mut end) = (0, width);
        while first < end {
            let middle = floor_div(first + end, 2);
            if holds(at(middle)) {
                end = middle;
            } else {
                first = middle + 1;
            }
        }
        at(first)
    }

    /// The price at which `cash` and the position's profit together reach zero.
    pub(super) fn zero_price(&self, position: &Position, cash: i128) -> i128 {
        self.worst_price(position.side(), |price| cash + self.profit_at(position, price) >= 0)
    }

    /// The bankruptcy price of a position.
    pub(super) fn bankruptcy(&self, position: &Position) -> i128 {
        self.zero_price(position, position.margin)
    }

    /// The trigger price of a position that is unhealthy at some price: one tick on the unhealthy
    /// side of the worst healthy price.
    pub(super) fn trigger(&self, position: &Position) -> i128 {
        let side = position.side();
        let best = match side {
            Side::Buy => self.high,
            Side::Sell => self.low,
        };
        if self.unhealthy(position, best) {
            return best;
        }
        self.worst_price(side, |price| !self.unhealthy(position, price)) - sign(side)
    }

    /// The best order of a side: best price, then first to join.
    pub(super) fn best(&self, side: Side) -> Option<&Resting> {
        let orders = self.orders.iter().filter(|order| order.side == side);
        orders.min_by_key(|order| (-sign(side) * order.price, order.joined))
    }

    /// Orders of one side that an order with that limit could meet, best first.
    pub(super) fn within(&self, taker: Side, limit: i128) -> Vec<Resting> {
        let opposite = self.orders.iter().filter(|order| order.side != taker);
        let mut within: Vec<Resting> =
            opposite.filter(|order| Self::meets(taker, limit, order.price)).copied().collect();
        within.sort_unstable_by_key(|order| (sign(taker) * order.price, order.joined));
        within
    }

    /// Lots of an account's resting orders on a side.
    pub(super) fn resting_lots(&self, account: usize, side: Side) -> i128 {
        let own = self.orders.iter().filter(|order| order.account == account && order.side == side);
        own.filter(|order| !order.reduce_only && !order.is_forced()).map(Resting::total).sum()
    }

    /// The higher of the two fee rates: what an order reserves for its fee.
    pub(super) fn fee_reserved(&self) -> i128 {
        self.maker_fee.max(self.taker_fee)
    }

    /// `R(n)`: what an order of an account keeps reserved while it rests.
    pub(super) fn reserve(&self, account: usize, price: i128, lots: i128) -> i128 {
        let rate = self.positions[account].initial + self.fee_reserved();
        ceil_div(self.value(price, lots) * rate, MILLION)
    }

    /// Lots of an account's resting reduce-only orders.
    pub(super) fn reduce_only_lots(&self, account: usize) -> i128 {
        let own = self.orders.iter().filter(|order| order.account == account && order.reduce_only);
        own.map(|order| order.lots).sum()
    }

    /// What a resting order keeps reserved.
    pub(super) fn reserve_of(&self, order: &Resting) -> i128 {
        if order.reduce_only || order.is_forced() {
            return 0;
        }
        self.reserve(order.account, order.price, order.total())
    }

    /// Margin and entry value that closing `lots` of a position releases.
    pub(super) fn released(&self, position: &Position, lots: i128) -> (i128, i128) {
        let held = position.lots.abs();
        assert!(0 < lots && lots <= held, "only what is held can be closed");
        let margin = floor_div(position.margin * lots, held);
        let entry = if self.direction(position.side()) > 0 {
            floor_div(position.entry * lots, held)
        } else {
            ceil_div(position.entry * lots, held)
        };
        (margin, entry)
    }
}
