//! Numbers that venues and papers publish about liquidation, asked of the whole engine.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan as Disposal, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, NewOrder, OrderId, OrderKind, Ppm,
    Price, Qty, Seq, Sequenced, Side, SymbolId,
};

use super::row::Row;
use super::sampling::Plan;
use super::venue::ticks;

pub(super) const SYMBOL: SymbolId = SymbolId(0);
/// The position in question, and who is on its other side.
pub(super) const HOLDER: AccountId = AccountId(1);
pub(super) const OTHER: AccountId = AccountId(2);

/// A venue of one market.
pub(super) struct Market {
    pub(super) contract: Contract,
    pub(super) reference: u32,
    pub(super) initial_ppm: u32,
    pub(super) maintenance_ppm: u32,
    pub(super) disposal: Disposal,
    pub(super) accounts_max: u32,
    pub(super) orders_max: u32,
    pub(super) position_lots_max: u32,
    pub(super) discipline: Discipline,
    pub(super) unwind: Unwind,
}

impl Market {
    pub(super) fn linear(reference: u32, initial_ppm: u32, maintenance_ppm: u32) -> Self {
        Self {
            contract: Contract { kind: ContractKind::Linear, unit: 1_000 },
            reference,
            initial_ppm,
            maintenance_ppm,
            disposal: Disposal::Full,
            accounts_max: 16,
            orders_max: 16,
            position_lots_max: 1 << 22,
            discipline: Discipline::Strict { steps_max: 65_536 },
            unwind: Unwind { lots_max: 1, band: Ppm::ZERO, interval_ns: 1 << 40 },
        }
    }

    pub(super) fn open(&self) -> Venue {
        let rate = |parts| Ppm::new(parts).expect("a part of one");
        let tier = MarginTier {
            notional_floor: Money::ZERO,
            initial: rate(self.initial_ppm),
            maintenance: rate(self.maintenance_ppm),
        };
        let market = MarketRules::new(MarketSpec {
            contract: self.contract,
            reference: ticks(self.reference),
            tiers: vec![tier],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1 << 20,
            position_lots_max: if self.contract.kind == ContractKind::Inverse {
                1
            } else {
                self.position_lots_max
            },
            market_band: Ppm::ONE,
        })
        .expect("the market of the validation is well formed");
        let liquidation = LiquidationRules {
            enabled: true,
            key: PriorityKey::TriggerTime,
            discipline: self.discipline,
            plan: self.disposal,
            fee: Ppm::ZERO,
            unwind: self.unwind,
            triggers_max: 1 << 20,
            venue: VenueRules::default(),
        };
        let config =
            ShardConfig::new(self.accounts_max, self.orders_max, vec![market], liquidation)
                .expect("the shard of the validation is well formed");
        Venue { engine: Engine::new(&config), events: Vec::new(), seq: Seq(0) }
    }
}

pub(super) struct Venue {
    pub(super) engine: Engine,
    /// Of the last input.
    pub(super) events: Vec<Event>,
    seq: Seq,
}

impl Venue {
    pub(super) fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        self.events.clear();
        // A nanosecond an input: what the fund sells at intervals of one is sold.
        let sequenced = Sequenced { seq: self.seq, time_ns: self.seq.0, ingress_ns: 0, input };
        self.engine.apply(&sequenced, &mut self.events);
        let refused = self.events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(!refused, "nothing here is refused: {:?}", self.events);
    }

    pub(super) fn fund(&mut self, account: AccountId) {
        self.apply(Input::Deposit { account, amount: Money::new(1 << 50) });
    }

    /// A position of the holder on that side.
    fn hold(&mut self, side: Side, price: u32, lots: u32) {
        self.fund(HOLDER);
        self.fund(OTHER);
        let (buyer, seller) = match side {
            Side::Buy => (HOLDER, OTHER),
            Side::Sell => (OTHER, HOLDER),
        };
        self.block(buyer, seller, price, lots);
    }

    pub(super) fn block(&mut self, buyer: AccountId, seller: AccountId, price: u32, lots: u32) {
        let qty = lots_of(lots);
        self.apply(Input::Block { symbol: SYMBOL, buyer, seller, price: ticks(price), qty });
    }

    pub(super) fn mark(&mut self, price: u32) {
        self.apply(Input::Mark { symbol: SYMBOL, price: ticks(price) });
    }

    /// The bankruptcy price in ticks if the holder was triggered by the last input.
    fn bankruptcy(&self) -> Option<u32> {
        self.events.iter().find_map(|event| match event {
            Event::Triggered { account: HOLDER, bankruptcy, .. } => Some(bankruptcy.ticks()),
            _ => None,
        })
    }
}

pub(super) fn lots_of(lots: u32) -> Qty {
    Qty::new(lots).expect("some lots")
}

/// A position and what is known of it. Prices in ticks of `tick`.
struct Known {
    name: &'static str,
    market: Market,
    tick: f64,
    side: Side,
    entry: u32,
    /// Bankruptcy and liquidation price, in money.
    bankruptcy: f64,
    liquidation: Option<f64>,
}

/// Whether the holder is triggered at a mark, and its bankruptcy price.
fn triggered_at(known: &Known, mark: u32) -> Option<u32> {
    let mut venue = known.market.open();
    let lots = if known.market.contract.kind == ContractKind::Inverse { 1 } else { 100 };
    venue.hold(known.side, known.entry, lots);
    venue.mark(mark);
    venue.bankruptcy()
}

/// The mark that triggers first on the way from the entry to the end of the domain, by bisection,
/// and the bankruptcy price there; a fresh engine for every mark.
fn trigger_price(known: &Known) -> (u32, u32) {
    let reference = known.market.reference;
    let (mut healthy, mut unhealthy) = match known.side {
        Side::Buy => (reference, reference / 20),
        Side::Sell => (reference, reference * 20),
    };
    while healthy.abs_diff(unhealthy) > 1 {
        let middle = u32::midpoint(healthy, unhealthy);
        if triggered_at(known, middle).is_some() {
            unhealthy = middle;
        } else {
            healthy = middle;
        }
    }
    let bankruptcy = triggered_at(known, unhealthy).expect("found by bisection");
    (unhealthy, bankruptcy)
}

/// Prices that are published, each to the tick.
fn known() -> Vec<Known> {
    let chitra = |name, side, initial_ppm, bankruptcy, liquidation| Known {
        name,
        market: Market::linear(10_000, initial_ppm, 100_000),
        tick: 1e-4,
        side,
        entry: 10_000,
        bankruptcy,
        liquidation: Some(liquidation),
    };
    let bybit = Market {
        contract: Contract { kind: ContractKind::Inverse, unit: 1 << 37 },
        ..Market::linear(197_252, 20_000, 5_000)
    };
    vec![
        Known {
            name: "bybit-inverse-long-50x",
            market: bybit,
            tick: 0.04,
            side: Side::Buy,
            entry: 197_252,
            bankruptcy: 7_735.372_549,
            liquidation: None,
        },
        chitra("chitra-long-1.5x", Side::Buy, 666_667, 1.0 / 3.0, 0.370_4),
        chitra("chitra-short-1.5x", Side::Sell, 666_667, 5.0 / 3.0, 1.515_2),
        chitra("chitra-long-9.5x", Side::Buy, 105_263, 0.894_7, 0.994_2),
        // Three ether short with 10,000 of entry value and margin together: 1,000 of equity at
        // 3,000, which is the docs' account.
        Known {
            name: "dydx-docs-short",
            market: Market::linear(266_667, 250_000, 50_000),
            tick: 0.01,
            side: Side::Sell,
            entry: 266_667,
            bankruptcy: 10_000.0 / 3.0,
            liquidation: Some(3_174.603_175),
        },
    ]
}

/// Bankruptcy and liquidation prices, and the worked examples.
pub(super) fn rows(_plan: Plan, test: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    for known in &known() {
        let (trigger, bankruptcy) = trigger_price(known);
        let price = |ticks: u32| f64::from(ticks) * known.tick;
        // An engine's price is a whole tick, on the safe side of the real number.
        let tolerance = known.tick * 1.000_001;
        let name = |what| format!("{test}/{}-{what}", known.name);
        let measured = price(bankruptcy);
        rows.push(Row::within(name("bankruptcy"), known.bankruptcy, measured, tolerance, 1));
        if let Some(expected) = known.liquidation {
            rows.push(Row::within(name("liquidation"), expected, price(trigger), tolerance, 1));
        }
    }
    rows.extend(dydx(test));
    rows.extend(deleveraging(test));
    rows
}

/// dYdX's liquidation tests: 0.1 bitcoin at an oracle price of 50,000, initial margin 20 %,
/// maintenance 10 %. An account's cash there is margin less entry value of a long here, and margin
/// plus entry value of a short; the entry price below makes it so.
fn dydx(test: &str) -> Vec<Row> {
    const ORACLE: u32 = 100_000;
    let open = |disposal, side, entry| {
        let mut venue = Market { disposal, ..Market::linear(ORACLE, 200_000, 100_000) }.open();
        // A lot is 0.001 bitcoin and a tick half a dollar.
        venue.hold(side, entry, 100);
        venue.mark(ORACLE);
        venue
    };
    let row = |name: &str, expected, measured| {
        Row::within(format!("{test}/dydx-{name}"), expected, measured, 0.0, 1)
    };
    let notional = |ticks: u32, lots: u32| f64::from(ticks) / 2.0 * f64::from(lots) / 1_000.0;
    let mut rows = Vec::new();
    for (name, side, entry, expected) in [
        ("bankruptcy-long-cash-minus-4501", Side::Buy, 112_525, 4_501.0),
        ("bankruptcy-long-cash-minus-5100", Side::Buy, 127_500, 5_100.0),
        ("bankruptcy-short-cash-5499", Side::Sell, 91_650, 5_499.0),
    ] {
        let venue = open(Disposal::Full, side, entry);
        let measured = venue.bankruptcy().map_or(f64::NAN, |ticks| notional(ticks, 100));
        rows.push(row(name, expected, measured));
    }
    // Equity 500 against 500 of maintenance: not liquidatable, the inequality is strict.
    let healthy = open(Disposal::Full, Side::Buy, 112_500);
    let triggered = if healthy.bankruptcy().is_some() { 1.0 } else { 0.0 };
    rows.push(row("triggered-at-equality", 0.0, triggered));
    let half = Ppm::new(500_000).expect("a half");
    let venue = open(Disposal::Fraction { part: half, lots_min: 1 }, Side::Buy, 125_000);
    let forced = venue.events.iter().find_map(|event| match event {
        Event::Forced { account: HOLDER, limit, qty, .. } => Some((limit.ticks(), qty.lots())),
        _ => None,
    });
    let measured = forced.map_or(f64::NAN, |(ticks, lots)| notional(ticks, lots));
    rows.push(row("forced-half-of-long-cash-minus-5000", 2_500.0, measured));
    rows
}

/// BitMEX's example: 20 lots short are bankrupt at 650; the two highest ranked longs lose ten
/// each. The longs' ranks are theirs, their entry prices are chosen to give them.
fn deleveraging(test: &str) -> Vec<Row> {
    /// Account of the example, lots, entry price: a lower entry ranks higher.
    const LONGS: [(u32, u32, u32); 6] =
        [(1, 10, 615), (2, 10, 600), (3, 20, 625), (4, 30, 610), (5, 20, 605), (6, 10, 620)];
    const BANKRUPT: AccountId = AccountId(7);
    const SHORT: AccountId = AccountId(8);
    let mut venue = Market::linear(625, 40_000, 10_000).open();
    for account in 1..=8 {
        venue.fund(AccountId(account));
    }
    let initial = Ppm::new(500_000).expect("a half");
    venue.apply(Input::Leverage { symbol: SYMBOL, account: SHORT, initial });
    for (account, lots, entry) in LONGS {
        // Entry value and margin of the bankrupt short come to 650 a lot.
        let seller = if entry == 625 { BANKRUPT } else { SHORT };
        venue.block(AccountId(account), seller, entry, lots);
    }
    venue.mark(660);
    let closed = |wanted: u32| {
        let lots = venue.events.iter().map(|event| match event {
            Event::Deleveraged { account: BANKRUPT, counterparty, qty, price, .. }
                if counterparty.0 == wanted && price.ticks() == 650 =>
            {
                qty.lots()
            }
            _ => 0,
        });
        f64::from(lots.sum::<u32>())
    };
    let expected = [0.0, 10.0, 0.0, 0.0, 10.0, 0.0];
    let row = |(wanted, expected): (u32, f64)| {
        let name = format!("{test}/bitmex-deleveraged-account-{wanted}");
        Row::within(name, expected, closed(wanted), 0.0, 1)
    };
    (1..).zip(expected).map(row).collect()
}

/// A cascade with uniform depth and uniform leverage: every tick that the price falls triggers
/// `n` lots for every lot that it took to fall.
pub(super) fn cascade(_plan: Plan, test: &'static str) -> Vec<Row> {
    // On a grid the cascade stops when it does not reach the next tick any more: with 1,000 ticks
    // of exogenous sales the sum of the geometric series is missed by less than n / 1,000.
    let cases = [(25, 1.333_25), (50, 1.999_5), (75, 3.997_75), (90, 9.991_9)];
    let rows = |(percent, on_grid): (u32, f64)| {
        let cascade = Cascade::run(percent);
        let (measured, forced) = (cascade.amplification, cascade.forced_orders);
        // The branching ratio is read from what was built: lots due for each lot of depth.
        let limit = 1.0 / (1.0 - cascade.branching);
        let name = format!("{test}/n-0.{percent}");
        let grid = Row::within(format!("{name}-on-a-grid"), on_grid, measured, 1e-9, forced);
        let note = format!("{} accounts, n = {}", cascade.accounts, cascade.branching);
        [grid, Row::within(name, limit, measured, 0.02 * limit, forced).noted(note)]
    };
    cases.into_iter().flat_map(rows).collect()
}

/// What a cascade came to.
struct Cascade {
    accounts: u64,
    /// Lots due for each lot of depth, from the positions and the book as built.
    branching: f64,
    /// Total over exogenous quantity.
    amplification: f64,
    forced_orders: u64,
}

impl Cascade {
    /// Sells 1,000 ticks of depth into a book with 1,000 lots bid at each tick, while ten times
    /// `lots` long, of ten accounts, are to be liquidated at each tick.
    fn run(lots: u32) -> Self {
        let mut venue = build(lots);
        let holders = FIRST_HOLDER..FIRST_HOLDER + LEVELS * EACH;
        let due: i64 = holders.map(|n| venue.engine.position(SYMBOL, AccountId(n)).lots).sum();
        let depth: u64 = venue.engine.depth(SYMBOL, Side::Buy).map(|(_, lots)| lots).sum();
        let (forced_lots, forced_orders) = sell(&mut venue);
        Self {
            accounts: u64::from(LEVELS * EACH),
            branching: due as f64 / depth as f64,
            amplification: (f64::from(SOLD) + forced_lots as f64) / f64::from(SOLD),
            forced_orders,
        }
    }
}

const TOP: u32 = 100_000;
const LEVELS: u32 = 10_500;
/// Accounts due at each tick.
const EACH: u32 = 10;
const DEPTH: u32 = 1_000;
const SOLD: u32 = 1_000_000;
const FIRST_HOLDER: u32 = 4;
const MAKER: AccountId = HOLDER;
const SELLER: AccountId = AccountId(3);

fn order(account: AccountId, side: Side, kind: OrderKind, (order, lots): (u64, u32)) -> Input {
    let (order, qty) = (OrderId(order), lots_of(lots));
    Input::Order(NewOrder { symbol: SYMBOL, account, order, side, qty, kind, reduce_only: false })
}

/// Book and positions, both uniform.
fn build(lots: u32) -> Venue {
    let mut venue = Market {
        contract: Contract { kind: ContractKind::Linear, unit: 1 },
        accounts_max: FIRST_HOLDER + LEVELS * EACH,
        orders_max: LEVELS + 1,
        position_lots_max: 1 << 26,
        ..Market::linear(TOP, 500_000, 200_000)
    }
    .open();
    for account in [MAKER, OTHER, SELLER] {
        venue.fund(account);
    }
    venue.mark(TOP);
    for level in 0..LEVELS {
        let bid = OrderKind::PostOnly(ticks(TOP - level));
        venue.apply(order(MAKER, Side::Buy, bid, (u64::from(level) + 1, DEPTH)));
        let entry = entry_that_triggers_at(TOP - level - 1);
        for nth in 0..EACH {
            let holder = AccountId(FIRST_HOLDER + level * EACH + nth);
            venue.apply(Input::Deposit { account: holder, amount: Money::new(1 << 40) });
            venue.block(holder, OTHER, entry, lots);
        }
    }
    venue
}

/// Sells, and lets the mark follow the best bid until nobody is due any more; forced lots and
/// forced orders.
fn sell(venue: &mut Venue) -> (u64, u64) {
    let sale = OrderKind::ImmediateOrCancel(ticks(TOP - LEVELS + 1));
    venue.apply(order(SELLER, Side::Sell, sale, (u64::from(LEVELS) + 1, SOLD)));
    let (mut forced_lots, mut forced) = (0_u64, 0_u64);
    loop {
        let best: Price = venue.engine.best_bid(SYMBOL).expect("the book is deeper than the fall");
        venue.mark(best.ticks());
        let mut orders = 0;
        for event in &venue.events {
            match event {
                Event::Forced { .. } => orders += 1,
                Event::Trade { qty, taker, .. } if taker.is_derived() => {
                    forced_lots += u64::from(qty.lots());
                }
                _ => {}
            }
        }
        forced += orders;
        if orders == 0 {
            break;
        }
    }
    venue.engine.assert_consistent();
    (forced_lots, forced)
}

/// The entry of a long that is unhealthy at `trigger` ticks and healthy one tick above, with 50 %
/// of initial and 20 % of maintenance margin: 0.625 of it lies between the two.
fn entry_that_triggers_at(trigger: u32) -> u32 {
    // A tenth of a tick above, so that the rounding of a margin changes nothing.
    ((10 * trigger + 1) * 4).div_ceil(25)
}
