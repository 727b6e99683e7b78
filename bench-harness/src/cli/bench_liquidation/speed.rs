//! What the liquidation engine costs: marks, triggers, draining, new keys.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, EventSink, Input, Money, NewOrder, OrderId,
    OrderKind, Ppm, Price, Qty, Seq, Sequenced, Side, SymbolId,
};

use super::{Bar, Row};
use crate::measure::cpu_time::thread_cpu_time;
use crate::report::numbers;

const SYMBOL: SymbolId = SymbolId(0);
const MAKER: AccountId = AccountId(1);
const TRADER: AccountId = AccountId(2);
const FIRST: u32 = 3;
const ENTRY: u32 = 10_000;
/// Everybody is healthy here, and nobody there.
const CALM: u32 = 9_990;
const CRASH: u32 = 9_850;

/// Counts events by kind and keeps none.
#[derive(Debug, Default)]
struct Tally {
    triggered: u64,
    closed: u64,
    rejected: u64,
    /// Closed after one that the notional key puts behind it.
    out_of_order: u64,
    last: (u32, u32),
}

impl EventSink for Tally {
    #[inline]
    fn event(&mut self, event: Event) {
        match event {
            Event::Triggered { .. } => self.triggered += 1,
            Event::Closed { account, .. } => {
                self.closed += 1;
                // The largest first, then in order of account, in which they were triggered.
                let place = (u32::MAX - lots_of(account), account.0);
                self.out_of_order += u64::from(place < self.last);
                self.last = place;
            }
            Event::Rejected { .. } => self.rejected += 1,
            _ => {}
        }
    }
}

/// Lots of an account's position: keys are not all the same.
const fn lots_of(account: AccountId) -> u32 {
    1 + account.0 % 50
}

/// A shard with leveraged longs, all entered at one price.
struct Shop {
    engine: Engine,
    tally: Tally,
    seq: Seq,
}

fn rate(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a part of one")
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

impl Shop {
    fn new(accounts: u32, key: PriorityKey, steps_max: u32, rekey: bool) -> Self {
        let tier = MarginTier {
            notional_floor: Money::ZERO,
            initial: rate(20_000),
            maintenance: rate(10_000),
        };
        let market = MarketRules::new(MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 1 },
            reference: price(ENTRY),
            tiers: vec![tier],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1 << 30,
            position_lots_max: 1 << 31,
            market_band: Ppm::ONE,
        })
        .expect("the market is well formed");
        let liquidation = LiquidationRules {
            enabled: true,
            key,
            discipline: Discipline::Weighted { forced: steps_max, client: 1 },
            plan: Plan::Full,
            fee: Ppm::ZERO,
            unwind: Unwind { lots_max: 1, band: Ppm::ZERO, interval_ns: 1 << 40 },
            triggers_max: 1 << 23,
            venue: VenueRules { rekey, ..VenueRules::default() },
        };
        let config = ShardConfig::new(accounts + FIRST, 1 << 10, vec![market], liquidation)
            .expect("the shard is well formed");
        let (engine, tally) = (Engine::new(&config), Tally::default());
        let mut shop = Self { engine, tally, seq: Seq(0) };
        for account in [MAKER, TRADER] {
            shop.apply(Input::Deposit { account, amount: Money::new(1 << 55) });
        }
        for account in (FIRST..FIRST + accounts).map(AccountId) {
            let lots = lots_of(account);
            let amount = Money::new(i64::from(lots * ENTRY));
            shop.apply(Input::Deposit { account, amount });
            let qty = Qty::new(lots).expect("some lots");
            let (buyer, seller) = (account, MAKER);
            shop.apply(Input::Block { symbol: SYMBOL, buyer, seller, price: price(ENTRY), qty });
        }
        shop.mark(CALM);
        assert_eq!(shop.tally.rejected, 0, "everybody opens");
        shop
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        let sequenced = Sequenced { seq: self.seq, time_ns: 0, ingress_ns: 0, input };
        self.engine.apply(&sequenced, &mut self.tally);
    }

    fn mark(&mut self, ticks: u32) {
        self.apply(Input::Mark { symbol: SYMBOL, price: price(ticks) });
    }

    fn order(&mut self, number: u64, account: AccountId, side: Side, kind: OrderKind, lots: u32) {
        let (order, qty) = (OrderId(number), Qty::new(lots).expect("some lots"));
        let (symbol, reduce_only) = (SYMBOL, false);
        self.apply(Input::Order(NewOrder { symbol, account, order, side, qty, kind, reduce_only }));
    }
}

/// CPU time of this thread: what else the machine does is not counted.
fn seconds(mut work: impl FnMut()) -> f64 {
    let start = thread_cpu_time();
    work();
    thread_cpu_time().saturating_sub(start).as_secs_f64()
}

/// A mark that triggers nothing, among many positions and among a thousand.
pub(super) fn marks(accounts: u32, rows: &mut Vec<Row>) {
    let (few, many) = (mark_ns(1_000), mark_ns(accounts));
    let positions = numbers::count(u64::from(accounts));
    let workload = format!("{positions} positions against 1,000, blocks of 10,000 marks");
    rows.push(Row::new("mark-cost-ratio", workload, (many / few, "times"), Bar::AtMost(2.0)));
    let each = format!("{positions} positions");
    rows.push(Row::new("mark", each, (many, "ns"), Bar::None));
}

/// The least of five blocks of ten thousand marks that trigger nothing, in nanoseconds each.
fn mark_ns(accounts: u32) -> f64 {
    const MARKS: u32 = 10_000;
    let mut shop = Shop::new(accounts, PriorityKey::MarginRatio, 1, false);
    let block = |shop: &mut Shop| {
        seconds(|| (0..MARKS).for_each(|n| shop.mark(CALM + n % 5))) * 1e9 / f64::from(MARKS)
    };
    (0..5).map(|_| block(&mut shop)).fold(f64::INFINITY, f64::min)
}

/// One mark triggers everybody: the keys are taken and the queue is built.
pub(super) fn triggers(accounts: u32, rows: &mut Vec<Row>) {
    let all = format!("{} accounts at one mark", numbers::count(u64::from(accounts)));
    for (name, key) in [
        ("triggers-margin-ratio", PriorityKey::MarginRatio),
        ("triggers-notional", PriorityKey::Notional),
    ] {
        let mut shop = Shop::new(accounts, key, 1, false);
        let took = seconds(|| shop.mark(CRASH));
        assert_eq!(shop.tally.triggered, u64::from(accounts), "the mark triggers everybody");
        let per_second = f64::from(accounts) / took;
        rows.push(Row::new(name, all.clone(), (per_second, "accounts/s"), Bar::AtLeast(5e6)));
    }
}

/// Everybody is triggered; orders of a client and forced steps take turns until nobody is left.
pub(super) fn drain(accounts: u32, rows: &mut Vec<Row>) {
    const STEPS: u32 = 8;
    let mut shop = Shop::new(accounts, PriorityKey::Notional, STEPS, false);
    let bid = OrderKind::PostOnly(price(CRASH));
    shop.order(1, MAKER, Side::Buy, bid, 1 << 29);
    shop.mark(CRASH);
    let (mut longest, mut most, mut number) = (0.0_f64, 0, 2);
    let start = thread_cpu_time();
    while shop.engine.backlog() > 0 {
        // A post-only order and its cancellation: the client's own work is a few levels.
        let before = shop.tally.closed;
        let pause = seconds(|| {
            shop.order(number, TRADER, Side::Buy, OrderKind::PostOnly(price(CRASH - 10)), 1);
        });
        (longest, most) = (longest.max(pause), most.max(shop.tally.closed - before));
        let order = OrderId(number);
        shop.apply(Input::Cancel { symbol: SYMBOL, account: TRADER, order });
        number += 1;
    }
    let drained = f64::from(accounts) / thread_cpu_time().saturating_sub(start).as_secs_f64();
    assert_eq!(shop.tally.closed, u64::from(accounts), "everybody is closed");
    assert_eq!(shop.engine.conservation_error(), 0, "no money is created or destroyed");
    let all = numbers::count(u64::from(accounts));
    let workload = format!("{all} accounts, {STEPS} forced steps after every client input");
    let mut row = |name, value, bar| rows.push(Row::new(name, workload.clone(), value, bar));
    row("drained", (drained, "accounts/s"), Bar::None);
    let out_of_order = shop.tally.out_of_order as f64;
    row("drained-out-of-order", (out_of_order, "accounts"), Bar::AtMost(0.0));
    row("forced-between-clients", (most as f64, "steps"), Bar::AtMost(f64::from(STEPS)));
    row("longest-client-pause", (longest * 1e3, "ms"), Bar::AtMost(10.0));
}

/// New keys for everybody who waits, at a mark.
pub(super) fn rekeying(rows: &mut Vec<Row>) {
    const QUEUED: u32 = 100_000;
    for (name, key) in [
        ("rekey-margin-ratio", PriorityKey::MarginRatio),
        ("rekey-bankruptcy-distance", PriorityKey::BankruptcyDistance),
    ] {
        let mut shop = Shop::new(QUEUED, key, 1, true);
        shop.mark(CRASH);
        let marks = (1..=9).map(|n| seconds(|| shop.mark(CRASH - n))).collect::<Vec<_>>();
        let least = marks.iter().copied().fold(f64::INFINITY, f64::min);
        let workload = "100,000 waiting, one mark".to_owned();
        rows.push(Row::new(name, workload.clone(), (least * 1e3, "ms"), Bar::AtMost(5.0)));
        let each = least * 1e9 / f64::from(QUEUED);
        rows.push(Row::new(name, format!("{workload}, each"), (each, "ns"), Bar::AtMost(100.0)));
    }
}
