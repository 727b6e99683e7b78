//! A shard full of leveraged positions, isolated and cross, for whatever counts or times a mark.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Input, Money, NoEvents, Ppm, Price, Qty, Seq, Sequenced,
    SymbolId,
};

const SYMBOLS: u16 = 2;
/// Everybody bought here.
const ENTRY: u32 = 10_000;
/// The other side of everybody.
const MAKER: AccountId = AccountId(1);

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

/// An engine and its clock.
pub(crate) struct Crowd {
    pub(crate) engine: Engine,
    seq: Seq,
}

impl Crowd {
    /// So many longs of different sizes and margins: every tenth is cross and holds both symbols,
    /// the rest are isolated in the first.
    pub(crate) fn new(accounts: u32) -> Self {
        let ppm = |parts| Ppm::new(parts).expect("below one");
        let market = MarketRules::new(MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 1 },
            reference: price(ENTRY),
            tiers: vec![MarginTier {
                notional_floor: Money::ZERO,
                initial: ppm(20_000),
                maintenance: ppm(10_000),
            }],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1 << 20,
            position_lots_max: 1 << 30,
            market_band: Ppm::ONE,
        });
        let market = market.expect("rules that make sense");
        let liquidation = LiquidationRules {
            enabled: true,
            key: PriorityKey::MarginRatio,
            discipline: Discipline::Strict { steps_max: 64 },
            plan: Plan::Full,
            fee: Ppm::ZERO,
            unwind: Unwind { lots_max: 1_000, band: Ppm::ONE, interval_ns: 1 << 40 },
            triggers_max: 1 << 23,
            venue: VenueRules::default(),
        };
        let markets = vec![market; usize::from(SYMBOLS)];
        let config = ShardConfig::new(accounts + 2, 1 << 10, markets, liquidation);
        let mut crowd = Self { engine: Engine::new(&config.expect("a shard")), seq: Seq(0) };
        crowd.apply(Input::Deposit { account: MAKER, amount: Money::new(1 << 58) });
        for symbol in (0..SYMBOLS).map(SymbolId) {
            crowd.apply(Input::Mark { symbol, price: price(ENTRY) });
        }
        for account in (2..accounts + 2).map(AccountId) {
            crowd.open(account);
        }
        crowd
    }

    fn open(&mut self, account: AccountId) {
        let cross = account.0.is_multiple_of(10);
        let lots = 1 + account.0 % 50;
        // Initial margin, and up to as much again.
        let margin = i64::from(lots) * i64::from(ENTRY) / 50;
        let more = margin * i64::from(account.0 % 97) / 97;
        let held = if cross { SYMBOLS } else { 1 };
        let amount = Money::new(margin * i64::from(held) + more);
        self.apply(Input::Deposit { account, amount });
        if cross {
            self.apply(Input::MarginMode { account, cross });
        }
        let qty = Qty::new(lots).expect("some lots");
        for symbol in (0..held).map(SymbolId) {
            let (buyer, seller, price) = (account, MAKER, price(ENTRY));
            self.apply(Input::Block { symbol, buyer, seller, price, qty });
        }
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        let time_ns = self.seq.0;
        let sequenced = Sequenced { seq: self.seq, time_ns, ingress_ns: time_ns, input };
        self.engine.apply(&sequenced, &mut NoEvents);
    }

    /// A mark that triggers nobody: within 0.1 % of the entry, in turn.
    pub(crate) fn calm_mark(&mut self, number: u32) {
        let symbol = SymbolId(u16::try_from(number % 2).expect("one of two"));
        self.apply(Input::Mark { symbol, price: price(ENTRY - number % 11) });
    }
}
