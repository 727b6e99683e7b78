//! The engine under load: a market whose liquidation queue only a `Step` serves.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan as Disposal, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, NewOrder, OrderId, OrderKind, Ppm,
    Price, Qty, Seq, Sequenced, Side, SymbolId,
};

use super::super::venue::ticks;

/// Positions that can be in the queue at once, one to an account.
const CUSTOMERS: u32 = 4_096;
const SYMBOL: SymbolId = SymbolId(0);
/// Customers enter here, two per cent above the mark and with two per cent of margin.
const ENTRY: Price = ticks(100);
const MARK: Price = ticks(98);
/// The other side of everything: sells to the customers at [`ENTRY`] and bids at [`BID`].
const MAKER: AccountId = AccountId(1);
const BID: Price = ticks(99);
const CUSTOMER_FIRST: u32 = 2;

/// The engine, its accounts without a position, and the time.
pub(super) struct Shop {
    pub(super) engine: Engine,
    events: Vec<Event>,
    seq: Seq,
    /// Customers without a position, by class.
    idle: Vec<Vec<AccountId>>,
    arrived_ns: Vec<u64>,
    pub(super) now_ns: u64,
    /// Time integral of the backlog.
    pub(super) backlog_ns: u128,
}

impl Shop {
    /// An engine with a maker and customers of some classes.
    pub(super) fn new(classes: usize, key: PriorityKey) -> Self {
        let mut shop = Self {
            engine: Engine::new(&config(key)),
            events: Vec::with_capacity(16),
            seq: Seq(0),
            idle: vec![Vec::new(); classes],
            arrived_ns: vec![0; (CUSTOMER_FIRST + CUSTOMERS) as usize],
            now_ns: 0,
            backlog_ns: 0,
        };
        shop.apply(Input::Deposit { account: MAKER, amount: Money::new(1 << 50) });
        shop.apply(Input::Mark { symbol: SYMBOL, price: MARK });
        shop.apply(Input::Order(NewOrder {
            symbol: SYMBOL,
            account: MAKER,
            order: OrderId(1),
            side: Side::Buy,
            qty: Qty::MAX,
            kind: OrderKind::PostOnly(BID),
            reduce_only: false,
        }));
        for account in (CUSTOMER_FIRST..CUSTOMER_FIRST + CUSTOMERS).map(AccountId) {
            shop.apply(Input::Deposit { account, amount: Money::new(1 << 40) });
            shop.idle[account.index() % classes].push(account);
        }
        shop
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        let time_ns = self.now_ns;
        self.events.clear();
        let sequenced = Sequenced { seq: self.seq, time_ns, ingress_ns: time_ns, input };
        self.engine.apply(&sequenced, &mut self.events);
        let refused = self.events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(!refused, "nothing here is refused: {:?}", self.events);
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self, to_ns: u64) {
        let passed = u128::from(to_ns - self.now_ns);
        self.backlog_ns += passed * self.engine.backlog() as u128;
        self.now_ns = to_ns;
    }

    /// A customer of that class opens a position that is unhealthy at the mark. More urgent
    /// classes are larger.
    pub(super) fn arrive(&mut self, class: usize) {
        let lots = u32::try_from(self.idle.len() - class).expect("a few classes");
        let qty = Qty::new(lots).expect("a class is below their number");
        let buyer = self.idle[class].pop().expect("fewer in the queue than there are");
        let backlog = self.engine.backlog();
        self.arrived_ns[buyer.index()] = self.now_ns;
        self.apply(Input::Block { symbol: SYMBOL, buyer, seller: MAKER, price: ENTRY, qty });
        assert_eq!(self.engine.backlog(), backlog + 1, "an unhealthy position is queued");
    }

    /// The engine liquidates the head of its queue; its events say whose position that was.
    /// Returns the class and the wait.
    pub(super) fn serve(&mut self) -> (usize, u64) {
        self.apply(Input::Step);
        let closed = self.events.iter().find_map(|event| match event {
            Event::Closed { account, .. } => Some(*account),
            _ => None,
        });
        let account = closed.expect("a step closes one position");
        let class = account.index() % self.idle.len();
        self.idle[class].push(account);
        (class, self.now_ns - self.arrived_ns[account.index()])
    }
}

/// A venue where only a `Step` serves the queue, one position at a time.
fn config(key: PriorityKey) -> ShardConfig {
    let rate = |parts| Ppm::new(parts).expect("a part of one");
    let tier = MarginTier {
        notional_floor: Money::ZERO,
        initial: rate(20_000),
        maintenance: rate(10_000),
    };
    let market = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 1_000 },
        reference: ENTRY,
        tiers: vec![tier],
        maker_fee: Ppm::ZERO,
        taker_fee: Ppm::ZERO,
        order_lots_max: Qty::MAX.lots(),
        position_lots_max: Qty::MAX.lots(),
        market_band: Ppm::ONE,
    })
    .expect("the market of the validation is well formed");
    let liquidation = LiquidationRules {
        enabled: true,
        key,
        discipline: Discipline::Weighted { forced: 1, client: u32::MAX },
        plan: Disposal::Full,
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 1, band: Ppm::ONE, interval_ns: 1 },
        triggers_max: 16,
        venue: VenueRules::default(),
    };
    ShardConfig::new(CUSTOMER_FIRST + CUSTOMERS, 4, vec![market], liquidation)
        .expect("the shard of the validation is well formed")
}
