//! A small synthetic cascade: makers and takers around a falling mark, longs that are liquidated.

use seawall::scenario::Flow;
use seawall_engine::core::{Engine, EventHasher, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty,
    Seq, Sequenced, Side, SymbolId,
};

const SYMBOL: SymbolId = SymbolId(0);
const REFERENCE_TICKS: u32 = 10_000;
const MAKERS: u32 = 20;
const TAKERS: u32 = 20;
const HOLDERS: u32 = 60;
const HEDGER: AccountId = AccountId(MAKERS + TAKERS + HOLDERS + 1);

/// A stream, the shard it is for, and the hash of the events it causes.
pub(crate) struct Cascade {
    pub(crate) config: ShardConfig,
    pub(crate) inputs: Vec<Sequenced>,
    pub(crate) events_hash: u128,
    /// Recorded time of the first fall of the mark.
    pub(crate) shock_ns: u64,
}

/// The flow of an input by the account it names.
pub(crate) fn flow(input: &Input) -> Flow {
    match input {
        Input::Order(NewOrder { account, .. })
        | Input::Cancel { account, .. }
        | Input::Replace { account, .. }
            if account.0 <= MAKERS =>
        {
            Flow::Maker
        }
        _ => Flow::Taker,
    }
}

/// A cascade of `orders` orders; every second half of it falls.
pub(crate) fn cascade(orders: u32) -> Cascade {
    let config = config();
    let mut builder = Builder::default();
    builder.set_up();
    let mut shock_ns = 0;
    for n in 0..orders {
        let falling = n.saturating_sub(orders / 2);
        let mid = REFERENCE_TICKS - REFERENCE_TICKS / 10 * falling / orders.max(1);
        if n % 50 == 0 {
            builder.push(Input::Mark { symbol: SYMBOL, price: price(mid) });
        }
        if falling == 1 {
            shock_ns = builder.time_ns;
        }
        builder.trade(mid);
        if n % 70 == 0 {
            builder.push(Input::Step);
        }
    }
    let mut engine = Engine::new(&config);
    let mut hasher = EventHasher::default();
    for input in &builder.inputs {
        engine.apply(input, &mut hasher);
    }
    Cascade { config, inputs: builder.inputs, events_hash: hasher.digest(), shock_ns }
}

fn config() -> ShardConfig {
    let rate = |parts| Ppm::new(parts).expect("at most one");
    let tier = MarginTier {
        notional_floor: Money::ZERO,
        initial: rate(20_000),
        maintenance: rate(10_000),
    };
    let market = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 100 },
        reference: price(REFERENCE_TICKS),
        tiers: vec![tier],
        maker_fee: rate(100),
        taker_fee: rate(300),
        order_lots_max: 10_000,
        position_lots_max: 1_000_000,
        market_band: rate(50_000),
    });
    let liquidation = LiquidationRules {
        enabled: true,
        key: PriorityKey::MarginRatio,
        discipline: Discipline::Strict { steps_max: 16 },
        plan: Plan::Full,
        fee: rate(1_000),
        unwind: Unwind { lots_max: 100, band: rate(20_000), interval_ns: 1_000_000 },
        triggers_max: 100,
        venue: VenueRules::default(),
    };
    ShardConfig::new(HEDGER.0 + 1, 100_000, vec![market.expect("valid")], liquidation)
        .expect("valid")
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("in the domain")
}

#[derive(Default)]
struct Builder {
    inputs: Vec<Sequenced>,
    time_ns: u64,
    state: u64,
    next_order: u64,
    resting: Vec<(AccountId, OrderId)>,
}

impl Builder {
    fn push(&mut self, input: Input) {
        self.time_ns += 1_000;
        let seq = Seq(self.inputs.len() as u64 + 1);
        let time_ns = self.time_ns;
        self.inputs.push(Sequenced { seq, time_ns, ingress_ns: time_ns - 200, input });
    }

    /// A draw below `bound`, from a splitmix sequence.
    fn draw(&mut self, bound: u32) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(bound)).expect("below a u32")
    }

    fn set_up(&mut self) {
        self.push(Input::Deposit { account: AccountId::FUND, amount: Money::new(50_000_000) });
        for account in 1..=HEDGER.0 {
            let amount = if account > MAKERS + TAKERS && account < HEDGER.0 {
                Money::new(3_000_000)
            } else {
                Money::new(1 << 50)
            };
            self.push(Input::Deposit { account: AccountId(account), amount });
        }
        self.push(Input::Mark { symbol: SYMBOL, price: price(REFERENCE_TICKS) });
        for account in MAKERS + TAKERS + 1..HEDGER.0 {
            let initial = Ppm::new(20_000 + 1_000 * (account % 40)).expect("at most one");
            let account = AccountId(account);
            self.push(Input::Leverage { symbol: SYMBOL, account, initial });
            let (qty, price) = (Qty::new(40).expect("positive"), price(REFERENCE_TICKS));
            let (buyer, seller) = (account, HEDGER);
            self.push(Input::Block { symbol: SYMBOL, buyer, seller, price, qty });
        }
    }

    /// A quote, a cancel or a taker's order around `mid`.
    fn trade(&mut self, mid: u32) {
        let side = if self.draw(2) == 0 { Side::Buy } else { Side::Sell };
        let choice = self.draw(10);
        if choice < 3 && !self.resting.is_empty() {
            let bound = u32::try_from(self.resting.len()).expect("few");
            let place = self.draw(bound) as usize;
            let (account, order) = self.resting.swap_remove(place);
            self.push(Input::Cancel { symbol: SYMBOL, account, order });
            return;
        }
        self.next_order += 1;
        let order = OrderId(self.next_order);
        let qty = Qty::new(1 + self.draw(20)).expect("positive");
        let away = 1 + self.draw(20);
        let (account, kind) = if choice < 8 {
            let account = AccountId(1 + self.draw(MAKERS));
            self.resting.push((account, order));
            let ticks = if side == Side::Buy { mid - away } else { mid + away };
            (account, OrderKind::Limit(price(ticks)))
        } else {
            (AccountId(MAKERS + 1 + self.draw(TAKERS)), OrderKind::Market)
        };
        let new = NewOrder { symbol: SYMBOL, account, order, side, qty, kind, reduce_only: false };
        self.push(Input::Order(new));
    }
}
