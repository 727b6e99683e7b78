//! A venue of one market, to ask the whole engine a question.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan as Disposal, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Qty,
    Seq, Sequenced, Side, SymbolId,
};

use super::super::venue::ticks;

pub(in super::super) const SYMBOL: SymbolId = SymbolId(0);
/// The position in question, and who is on its other side.
pub(in super::super) const HOLDER: AccountId = AccountId(1);
pub(in super::super) const OTHER: AccountId = AccountId(2);

/// A venue of one market.
pub(in super::super) struct Market {
    pub(in super::super) contract: Contract,
    pub(in super::super) reference: u32,
    pub(in super::super) initial_ppm: u32,
    pub(in super::super) maintenance_ppm: u32,
    pub(in super::super) disposal: Disposal,
    pub(in super::super) venue: VenueRules,
    pub(in super::super) accounts_max: u32,
    pub(in super::super) orders_max: u32,
    pub(in super::super) position_lots_max: u32,
    pub(in super::super) discipline: Discipline,
    pub(in super::super) unwind: Unwind,
}

impl Market {
    pub(in super::super) fn linear(reference: u32, initial_ppm: u32, maintenance_ppm: u32) -> Self {
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

    pub(in super::super) fn open(&self) -> Venue {
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

pub(in super::super) struct Venue {
    pub(in super::super) engine: Engine,
    /// Of the last input.
    pub(in super::super) events: Vec<Event>,
    seq: Seq,
}

impl Venue {
    pub(in super::super) fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        self.events.clear();
        // A nanosecond an input: what the fund sells at intervals of one is sold.
        let sequenced = Sequenced { seq: self.seq, time_ns: self.seq.0, ingress_ns: 0, input };
        self.engine.apply(&sequenced, &mut self.events);
        let refused = self.events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(!refused, "nothing here is refused: {:?}", self.events);
    }

    pub(in super::super) fn fund(&mut self, account: AccountId) {
        self.apply(Input::Deposit { account, amount: Money::new(1 << 50) });
    }

    /// A position of the holder on that side.
    pub(super) fn hold(&mut self, side: Side, price: u32, lots: u32) {
        self.fund(HOLDER);
        self.fund(OTHER);
        let (buyer, seller) = match side {
            Side::Buy => (HOLDER, OTHER),
            Side::Sell => (OTHER, HOLDER),
        };
        self.block(buyer, seller, price, lots);
    }

    pub(in super::super) fn block(
        &mut self,
        buyer: AccountId,
        seller: AccountId,
        price: u32,
        lots: u32,
    ) {
        let qty = lots_of(lots);
        self.apply(Input::Block { symbol: SYMBOL, buyer, seller, price: ticks(price), qty });
    }

    pub(in super::super) fn mark(&mut self, price: u32) {
        self.apply(Input::Mark { symbol: SYMBOL, price: ticks(price) });
    }

    /// The bankruptcy price in ticks if the holder was triggered by the last input.
    pub(super) fn bankruptcy(&self) -> Option<u32> {
        self.events.iter().find_map(|event| match event {
            Event::Triggered { account: HOLDER, bankruptcy, .. } => Some(bankruptcy.ticks()),
            _ => None,
        })
    }
}

pub(in super::super) fn lots_of(lots: u32) -> Qty {
    Qty::new(lots).expect("some lots")
}

/// A client order of that number and size.
pub(super) fn order(
    account: AccountId,
    side: Side,
    kind: OrderKind,
    (order, lots): (u64, u32),
) -> Input {
    let (order, qty) = (OrderId(order), lots_of(lots));
    Input::Order(NewOrder { symbol: SYMBOL, account, order, side, qty, kind, reduce_only: false })
}
