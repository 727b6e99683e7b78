//! Published numbers for liquidation and bankruptcy prices, through the whole engine. T2 to T6 are
//! the tables' names in the project's list of golden numbers; each test names its source.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, Ppm, Price, Qty, Seq, Sequenced,
    SymbolId,
};

const SYMBOL: SymbolId = SymbolId(0);
const ONE: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);

fn ppm(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a rate")
}

/// One market, its forced steps held back, and what it says.
struct Venue {
    engine: Engine,
    seq: Seq,
}

impl Venue {
    fn new(contract: Contract, reference: u32, initial: u32, maintenance: u32) -> Self {
        let tier = MarginTier {
            notional_floor: Money::ZERO,
            initial: ppm(initial),
            maintenance: ppm(maintenance),
        };
        // The bound on money leaves an inverse contract room for one large lot.
        let lots_max = if contract.kind == ContractKind::Inverse { 1 } else { 1_000 };
        let market = MarketRules::new(MarketSpec {
            contract,
            reference: Price::new(reference).expect("a price"),
            tiers: vec![tier],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: lots_max,
            position_lots_max: lots_max,
            market_band: Ppm::ONE,
        });
        let discipline = Discipline::Weighted { forced: 1, client: 1_000 };
        let liquidation = LiquidationRules { discipline, ..liquidation_defaults() };
        let markets = vec![market.expect("the rules are valid")];
        let config = ShardConfig::new(8, 16, markets, liquidation).expect("a shard");
        Self { engine: Engine::new(&config), seq: Seq(0) }
    }

    fn apply(&mut self, input: Input) -> Vec<Event> {
        self.seq = self.seq.next();
        let mut events = Vec::new();
        let time_ns = self.seq.0;
        let sequenced = Sequenced { seq: self.seq, time_ns, ingress_ns: time_ns, input };
        self.engine.apply(&sequenced, &mut events);
        self.engine.assert_consistent();
        let refused = events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(!refused, "{events:?}");
        events
    }

    fn mark(&mut self, ticks: u32) -> Option<(u32, u32)> {
        let price = Price::new(ticks).expect("a price");
        let events = self.apply(Input::Mark { symbol: SYMBOL, price });
        events.iter().find_map(|event| match event {
            Event::Triggered { account: ONE, mark, bankruptcy, .. } => {
                Some((mark.ticks(), bankruptcy.ticks()))
            }
            _ => None,
        })
    }

    fn open(&mut self, cash: i64, long: bool, lots: u32, entry: u32, cross: bool) {
        for (account, amount) in [(ONE, cash), (OTHER, 1 << 50)] {
            self.apply(Input::Deposit { account, amount: Money::new(amount) });
        }
        if cross {
            self.apply(Input::MarginMode { account: ONE, cross });
        }
        assert_eq!(self.mark(entry), None);
        let (buyer, seller) = if long { (ONE, OTHER) } else { (OTHER, ONE) };
        let (price, qty) = (Price::new(entry).expect("a price"), Qty::new(lots).expect("lots"));
        self.apply(Input::Block { symbol: SYMBOL, buyer, seller, price, qty });
    }
}

fn liquidation_defaults() -> LiquidationRules {
    LiquidationRules {
        enabled: true,
        key: PriorityKey::TriggerTime,
        discipline: Discipline::Strict { steps_max: 1 },
        plan: Plan::Full,
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 1, band: Ppm::ONE, interval_ns: 1 },
        triggers_max: 1,
        venue: VenueRules::default(),
    }
}

/// Money in cents, prices in dollars, lots of a twentieth of a coin.
const DYDX: Contract = Contract { kind: ContractKind::Linear, unit: 5 };

/// T3: dYdX v4, `liquidations_test.go`: oracle 50,000, initial 20 %, maintenance 10 %. `cash` is what the
/// account would have in quote if its entry were paid for.
fn dydx_bankruptcy(cash: i64, long: bool) -> (u32, u32) {
    let mut venue = Venue::new(DYDX, 50_000, 200_000, 100_000);
    let entry = if long { 65_000 } else { 40_000 };
    let paid = i64::from(entry) * 10 * if long { 1 } else { -1 };
    venue.open(cash * 100 + paid, long, 2, entry, true);
    venue.mark(50_000).expect("it is at or below maintenance")
}

#[test]
fn dydx_bankruptcy_prices_are_those_of_a_cross_account() {
    // A tenth of a coin, bought: quote for all of it 4,501, for half of it at -5,000 2,500 (50,000 a
    // coin), at -5,100 5,100.
    assert_eq!(dydx_bankruptcy(-4_501, true), (50_000, 45_010));
    assert_eq!(dydx_bankruptcy(-5_000, true), (50_000, 50_000));
    assert_eq!(dydx_bankruptcy(-5_100, true), (50_000, 51_000));
    // Sold: -5,499.
    assert_eq!(dydx_bankruptcy(5_499, false), (50_000, 54_990));
}

#[test]
fn exactly_at_maintenance_is_healthy() {
    // -4,500: equity 500 is the maintenance of 5,000.
    let mut venue = Venue::new(DYDX, 50_000, 200_000, 100_000);
    venue.open(-450_000 + 650_000, true, 2, 65_000, true);
    assert_eq!(venue.mark(50_000), None);
    assert_eq!(venue.mark(49_999), Some((49_999, 45_000)));
}

#[test]
fn dydx_liquidation_price_of_a_short() {
    // T4, dYdX's documentation: equity 1,000, three coins sold at 3,000, maintenance 5 %: 3,174.60.
    for cross in [false, true] {
        let contract = Contract { kind: ContractKind::Linear, unit: 100 };
        // Isolated margin is a ninth of the value: exactly the account's equity.
        let mut venue = Venue::new(contract, 300_000, 111_111, 50_000);
        venue.open(10_000_000, false, 3, 300_000, cross);
        assert_eq!(venue.mark(317_460), None);
        let (mark, bankruptcy) = venue.mark(317_461).expect("it is below maintenance");
        assert_eq!((mark, bankruptcy), (317_461, 333_333));
    }
}

#[test]
fn bybit_bankruptcy_price_of_an_inverse_long() {
    // T2, Bybit: entry 7,890.08 with 50 times leverage: 7,890.08 * 50 / 51 = 7,735.3725. A tick is 0.08:
    // entry 98,626 ticks, bankruptcy 96,692.16, which is 96,693 for a long.
    let contract = Contract { kind: ContractKind::Inverse, unit: 580_000_000_000 };
    let mut venue = Venue::new(contract, 98_626, 20_000, 5_000);
    venue.open(1_000_000_000_000, true, 1, 98_626, false);
    let (_, bankruptcy) = venue.mark(97_000).expect("it is below maintenance");
    assert_eq!(bankruptcy, 96_693);
}

#[test]
fn chitras_five_positions() {
    // T6, arXiv:2512.01112: entered at 1 with maintenance 10 %; a tick is a millionth.
    let contract = Contract { kind: ContractKind::Linear, unit: 1_000 };
    let million = 1_000_000;
    // Collateral per coin, side, liquidation price, bankruptcy price.
    for (collateral, long, liquidation, bankruptcy) in [
        (666_667, true, 370_369, 333_333),
        (666_667, false, 1_515_152, 1_666_667),
        (105_263, true, 994_152, 894_737),
        (101_047, false, 1_000_952, 1_101_047),
    ] {
        let mut venue = Venue::new(contract, million, collateral, 100_000.min(collateral - 1));
        venue.open(i64::from(collateral) * 1_000, long, 1, million, false);
        let (before, at) =
            if long { (liquidation + 1, liquidation) } else { (liquidation - 1, liquidation) };
        assert_eq!(venue.mark(before), None, "{collateral}");
        assert_eq!(venue.mark(at), Some((at, bankruptcy)), "{collateral}");
    }
}
