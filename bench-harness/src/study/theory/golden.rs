//! Numbers that venues and papers publish about liquidation, asked of the whole engine.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Adl, AdlPolicy, AdlPrice, Discipline, Fillable, ForcedLimit, ForcedOrder, FundRules,
    LiquidationRules, Plan as Disposal, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{Fair, FundingRules, MarginTier, MarketRules, MarketSpec};
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
    pub(super) venue: VenueRules,
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
            venue: VenueRules::default(),
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
            venue: self.venue,
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
    rows.extend(fillable(test));
    for (name, policy) in [("", AdlPolicy::ProfitLeverage), ("-own-rank", AdlPolicy::BitMex)] {
        rows.extend(deleveraging(test, name, policy));
    }
    rows.extend(ladder(test));
    rows.extend(chitra(test));
    rows.push(previous_mark(test));
    rows.extend(pool(test));
    rows.extend(bad_debt(test));
    rows.push(funding(test));
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

/// Account of BitMEX's example, lots, entry price: a lower entry ranks higher.
const LONGS: [(u32, u32, u32); 6] =
    [(1, 10, 615), (2, 10, 600), (3, 20, 625), (4, 30, 610), (5, 20, 605), (6, 10, 620)];

/// The same example's percentiles: the fifth of all lots in which an account ends when all are
/// asked in the order of their rank.
fn ladder(test: &str) -> Vec<Row> {
    const BANKRUPT: AccountId = AccountId(7);
    let adl = Adl { policy: AdlPolicy::BitMex, ..Adl::default() };
    let rules = VenueRules { adl, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(625, 40_000, 10_000) }.open();
    for account in 1..=7 {
        venue.fund(AccountId(account));
    }
    for (account, lots, entry) in LONGS {
        venue.block(AccountId(account), BANKRUPT, entry, lots);
    }
    venue.mark(660);
    let mut asked = 0;
    let mut percentiles = [f64::NAN; 6];
    for event in &venue.events {
        if let Event::Deleveraged { account: BANKRUPT, counterparty, qty, .. } = event {
            asked += qty.lots();
            let fifth = asked.div_ceil(20);
            percentiles[counterparty.index() - 1] = f64::from(20 * fifth);
        }
    }
    let expected = [80.0, 20.0, 100.0, 60.0, 40.0, 80.0];
    let row = |(wanted, (expected, measured)): (u32, (f64, f64))| {
        let name = format!("{test}/bitmex-percentile-account-{wanted}");
        Row::within(name, expected, measured, 0.0, 1)
    };
    (1..).zip(expected.into_iter().zip(percentiles)).map(row).collect()
}

/// BitMEX's example: 20 lots short are bankrupt at 650; the two highest ranked longs lose ten
/// each. The longs' ranks are theirs, their entry prices are chosen to give them.
fn deleveraging(test: &str, suffix: &str, policy: AdlPolicy) -> Vec<Row> {
    const BANKRUPT: AccountId = AccountId(7);
    const SHORT: AccountId = AccountId(8);
    let adl = Adl { policy, ..Adl::default() };
    let rules = VenueRules { adl, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(625, 40_000, 10_000) }.open();
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
        let name = format!("{test}/bitmex-deleveraged{suffix}-account-{wanted}");
        Row::within(name, expected, closed(wanted), 0.0, 1)
    };
    (1..).zip(expected).map(row).collect()
}

/// dYdX's fillable prices: the limit of the forced order of the accounts above. Factors in tenths.
fn fillable(test: &str) -> Vec<Row> {
    const ORACLE: u32 = 100_000;
    let limit = |side, entry, adjustment: u32, spread: u32| {
        let fillable =
            Fillable { adjustment_ppm: adjustment * 100_000, spread_ppm: spread * 100_000 };
        let order =
            ForcedOrder { limit: ForcedLimit::Fillable(fillable), ..ForcedOrder::default() };
        let rules = VenueRules { order, ..VenueRules::default() };
        let mut venue = Market { venue: rules, ..Market::linear(ORACLE, 200_000, 100_000) }.open();
        venue.hold(side, entry, 100);
        venue.mark(ORACLE);
        let forced = venue.events.iter().find_map(|event| match event {
            Event::Forced { account: HOLDER, limit, .. } => Some(f64::from(limit.ticks()) / 2.0),
            _ => None,
        });
        forced.unwrap_or(f64::NAN)
    };
    let cases = [
        ("long-cash-minus-4501", Side::Buy, 112_525, (10, 1), 49_999.0),
        ("long-cash-minus-4501-adjustment-2", Side::Buy, 112_525, (20, 1), 49_998.0),
        ("long-cash-minus-4501-spread-0.2", Side::Buy, 112_525, (10, 2), 49_998.0),
        ("long-cash-minus-5000", Side::Buy, 125_000, (10, 1), 49_500.0),
        ("long-cash-minus-5100", Side::Buy, 127_500, (10, 1), 49_500.0),
        ("short-cash-5499", Side::Sell, 91_650, (10, 1), 50_001.0),
        ("short-cash-5499-adjustment-2", Side::Sell, 91_650, (20, 1), 50_002.0),
        ("short-cash-4980", Side::Sell, 83_000, (10, 1), 50_500.0),
    ];
    let row = |(name, side, entry, (adjustment, spread), expected)| {
        let measured = limit(side, entry, adjustment, spread);
        Row::within(format!("{test}/dydx-fillable-{name}"), expected, measured, 0.0, 1)
    };
    cases.map(row).to_vec()
}

/// Lots that each account gave in the last input.
fn given(venue: &Venue, account: AccountId) -> f64 {
    let lots = venue.events.iter().map(|event| match event {
        Event::Deleveraged { counterparty, qty, .. } if *counterparty == account => qty.lots(),
        _ => 0,
    });
    f64::from(lots.sum::<u32>())
}

/// Chitra's example: endowments 8, 4 and 0.5, of which 7.5 are needed. By rank (2, 1, 3) they give
/// 3.5, 4 and 0, pro rata 4.8, 2.4 and 0.3. A lot is a tenth.
fn chitra(test: &str) -> Vec<Row> {
    const BANKRUPT: AccountId = AccountId(7);
    let mut rows = Vec::new();
    for (name, policy, expected) in [
        ("rank", AdlPolicy::ProfitLeverage, [3.5, 4.0, 0.0]),
        ("pro-rata", AdlPolicy::ProRataContracts, [4.8, 2.4, 0.3]),
    ] {
        let adl = Adl { policy, ..Adl::default() };
        let rules = VenueRules { adl, ..VenueRules::default() };
        let mut venue = Market { venue: rules, ..Market::linear(625, 40_000, 10_000) }.open();
        for account in 1..=8 {
            venue.fund(AccountId(account));
        }
        // All entered at one price: the leverage alone ranks them.
        for (account, initial) in [(1, 100_000), (2, 40_000), (3, 500_000), (8, 500_000)] {
            let initial = Ppm::new(initial).expect("a part of one");
            venue.apply(Input::Leverage { symbol: SYMBOL, account: AccountId(account), initial });
        }
        venue.block(AccountId(1), BANKRUPT, 625, 75);
        for (account, lots) in [(1, 5), (2, 40), (3, 5)] {
            venue.block(AccountId(account), AccountId(8), 625, lots);
        }
        venue.mark(660);
        for (account, expected) in (1..).zip(expected) {
            let measured = given(&venue, AccountId(account)) / 10.0;
            let name = format!("{test}/chitra-{name}-account-{account}");
            rows.push(Row::within(name, expected, measured, 1e-12, 1));
        }
    }
    rows
}

/// The fill of 10 October 2025 that is published whole: 84,454.65 AVAX deleveraged at 22.075, the
/// mark before the current 22.025: 4,222.73 between the two. A tick is 0.005, a lot 0.05.
fn previous_mark(test: &str) -> Row {
    const LOTS: u32 = 1_689_093;
    let adl = Adl {
        policy: AdlPolicy::PriceRatioLeverage,
        price: AdlPrice::PreviousMark,
        ..Adl::default()
    };
    let rules = VenueRules { adl, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(4_592, 40_000, 1_000) }.open();
    venue.fund(HOLDER);
    venue.fund(OTHER);
    for lots in [LOTS / 2, LOTS - LOTS / 2] {
        venue.block(HOLDER, OTHER, 4_592, lots);
    }
    venue.mark(4_415);
    venue.mark(4_405);
    let gap: f64 = venue
        .events
        .iter()
        .map(|event| match event {
            Event::Deleveraged { price, qty, .. } => {
                (f64::from(price.ticks()) - 4_405.0) * 0.005 * f64::from(qty.lots()) * 0.05
            }
            _ => 0.0,
        })
        .sum();
    Row::within(format!("{test}/hyperliquid-previous-mark-gap"), 4_222.73, gap, 0.005, 1)
}

/// Bybit's example: a pool of 1,000,000 that may fall by 30 % meets a loss of 350,000; 50,000 of it
/// are deleveraged. A lot loses 1,000.
fn pool(test: &str) -> Vec<Row> {
    let fund = FundRules {
        drawdown: Ppm::new(300_000).expect("a part of one"),
        resume: Ppm::new(250_000).expect("a part of one"),
        window_ns: 8 * 3_600 * 1_000_000_000,
    };
    let rules = VenueRules { fund, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(10_000, 100_000, 50_000) }.open();
    venue.apply(Input::Deposit { account: AccountId::FUND, amount: Money::new(1_000_000) });
    venue.hold(Side::Buy, 10_000, 350);
    venue.mark(8_999);
    let taken = venue.events.iter().map(|event| match event {
        Event::TakenOver { qty, .. } => qty.lots(),
        _ => 0,
    });
    let taken = f64::from(taken.sum::<u32>()) * 1_000.0;
    let deleveraged = given(&venue, OTHER) * 1_000.0;
    let row = |name: &str, expected, measured| {
        Row::within(format!("{test}/bybit-pool-{name}"), expected, measured, 0.0, 1)
    };
    vec![row("paid", 300_000.0, taken), row("deleveraged", 50_000.0, deleveraged)]
}

/// P(bad debt) and expected shortfall of a forced order with a normal price: buffer 1.25 %, impact
/// of 1 % of the day's volume, spread 1 bp, daily deviation 8 %. The expected-shortfall key is this
/// formula in integers.
fn bad_debt(test: &str) -> Vec<Row> {
    let shortfall = |delay_s: f64| {
        let sigma = 0.08 * (delay_s / 86_400.0).sqrt();
        let mean = 0.08 * 0.01_f64.sqrt() + 0.000_05 - 0.012_5;
        let z = mean / sigma;
        let below = 0.5 * libm::erfc(-z / 2.0_f64.sqrt());
        let density = libm::exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
        (below, mean * below + sigma * density)
    };
    let row = |name: &str, expected, measured, tolerance| {
        Row::within(format!("{test}/{name}"), expected, measured, tolerance, 1)
    };
    vec![
        row("bad-debt-60s", 1.739e-2, shortfall(60.0).0, 5e-6),
        row("bad-debt-300s", 0.172_6, shortfall(300.0).0, 5e-5),
        row("bad-debt-1800s", 0.350_0, shortfall(1_800.0).0, 5e-5),
        // Printed as 2.720; it is 2.7195 to the fifth digit.
        row("shortfall-1800s", 2.720e-3, shortfall(1_800.0).1, 6e-7),
    ]
}

/// Hyperliquid's example: a premium of 1 % makes a rate of 0.95 % per eight hours.
fn funding(test: &str) -> Row {
    let rules = FundingRules {
        interval_ns: 8 * 3_600 * 1_000_000_000,
        fair: Fair::Mid,
        interest_ppb: 100_000,
        clamp_ppb: 500_000,
        cap_ppb: 40_000_000,
        divisor: 1,
        on_index: true,
        later: false,
    };
    let percent = rules.rate_ppb(10_000_000) as f64 / 1e7;
    Row::within(format!("{test}/hyperliquid-funding-percent"), 0.95, percent, 1e-12, 1)
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
