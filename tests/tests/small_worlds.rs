//! Every world of a small domain, through the whole engine.
//!
//! Covered: *margin*: both kinds of contract and both sides, 1 to 6 lots in two tiers, five entry
//! prices, and every mark from 60 to 140: a position triggers if and only if the inequality of
//! `docs/LIQUIDATION.md` (Health) holds, in wide integers. *Waterfall*: a bankrupt long of 1 to 5
//! lots against one or two shorts and an account without a position, four sizes of the fund, two of
//! the bankrupt account's cash, every fall of the mark by 1 to 40 ticks, no bid or one 4 or 8 ticks
//! below it, a further fall by 0 or 25, two rules for the residual: event for event with the reference; nobody owes; what everybody has
//! together is what was deposited; nothing is socialised while the fund has something.
//! Not covered here: cross accounts, fees, other venues' rules (`differential`, `venues`).

use conformance::differential::compare;
use conformance::setup::Setup;
use seawall_engine::core::{Engine, PositionOrder};
use seawall_engine::liquidation::Residual;
use seawall_engine::risk::{MarginTier, OrderRules, PriceRules};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, NewOrder, OrderId, OrderKind, Ppm,
    Price, Qty, Seq, Sequenced, Side, SymbolId,
};

const SYMBOL: SymbolId = SymbolId(0);

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

fn setup() -> Setup {
    Setup {
        accounts_max: 6,
        orders_max: 4,
        markets: vec![Setup::market()],
        order_rules: vec![OrderRules::default()],
        auctions: vec![None],
        price_rules: vec![PriceRules::default()],
        liquidation: Setup::liquidation(),
        position_order: PositionOrder::default(),
        collateral: Vec::new(),
        baskets: Vec::new(),
        fund_groups: Vec::new(),
    }
}

fn sequenced(inputs: impl IntoIterator<Item = Input>) -> Vec<Sequenced> {
    (1..)
        .zip(inputs)
        .map(|(seq, input)| {
            // Later than the fund's pause between two steps of unwinding.
            let time_ns = seq * 2_000;
            Sequenced { seq: Seq(seq), time_ns, ingress_ns: time_ns, input }
        })
        .collect()
}

fn deposit(account: u32, units: i64) -> Input {
    Input::Deposit { account: AccountId(account), amount: Money::new(units) }
}

fn block(buyer: u32, seller: u32, at: Price, lots: u32) -> Input {
    let (buyer, seller) = (AccountId(buyer), AccountId(seller));
    Input::Block { symbol: SYMBOL, buyer, seller, price: at, qty: Qty::new(lots).expect("some") }
}

/// The rate that the higher tier asks for.
fn leverage(account: u32) -> Input {
    let initial = Ppm::new(TIERS[1].1).expect("a rate");
    Input::Leverage { symbol: SYMBOL, account: AccountId(account), initial }
}

fn mark(ticks: u32) -> Input {
    Input::Mark { symbol: SYMBOL, price: price(ticks) }
}

/// Floors, and rates in parts per million, of the two tiers.
const TIERS: [(i64, u32, u32); 2] = [(0, 100_000, 50_000), (300, 200_000, 120_000)];

/// The inequality, in one line of wide integers: maintenance is what each part of the value costs.
fn is_unhealthy(margin: i128, profit: i128, value: i128) -> bool {
    let (floor, low, high) =
        (i128::from(TIERS[1].0), i128::from(TIERS[0].2), i128::from(TIERS[1].2));
    let maintenance = value.min(floor) * low + (value - floor).max(0) * high;
    (margin + profit) * 1_000_000 < maintenance
}

#[test]
fn a_position_triggers_where_the_inequality_says() {
    let (mut worlds, mut triggered) = (0_u32, 0_u32);
    for (kind, unit) in [(ContractKind::Linear, 1), (ContractKind::Inverse, 10_000)] {
        let mut setup = setup();
        setup.markets[0].contract = Contract { kind, unit };
        setup.markets[0].tiers = TIERS
            .iter()
            .map(|(floor, initial, maintenance)| MarginTier {
                notional_floor: Money::new(*floor),
                initial: Ppm::new(*initial).expect("a rate"),
                maintenance: Ppm::new(*maintenance).expect("a rate"),
            })
            .collect();
        let config = setup.build().expect("the rules are valid");
        for (lots, entry) in (1..=6).flat_map(|lots| [85, 93, 100, 104, 117].map(|at| (lots, at))) {
            let inputs = sequenced([
                mark(entry),
                deposit(1, 1_000),
                deposit(2, 1_000),
                leverage(1),
                leverage(2),
                block(1, 2, price(entry), lots),
            ]);
            let mut engine = Engine::new(&config);
            let mut events: Vec<Event> = Vec::new();
            for input in &inputs {
                engine.apply(input, &mut events);
            }
            let opened = engine.state_bytes();
            for ticks in 60..=140 {
                let mut engine = Engine::from_state_bytes(&config, &opened).expect("a state");
                let holders = [1, 2].map(|account| engine.position(SYMBOL, AccountId(account)));
                events.clear();
                let input = Sequenced { seq: Seq(7), input: mark(ticks), ..inputs[5] };
                engine.apply(&input, &mut events);
                assert!(holders.iter().all(|held| held.lots != 0), "both hold a position");
                let value = setup.markets[0].contract.value(price(ticks), u64::from(lots)).wide();
                for (account, held) in (1..).zip(holders) {
                    // A long of a linear contract gains with its value; a short, and a long of an
                    // inverse one, loses.
                    let gains = (held.lots > 0) == (kind == ContractKind::Linear);
                    let rise = value - held.entry.wide();
                    let profit = if gains { rise } else { -rise };
                    let expected = is_unhealthy(held.margin.wide(), profit, value);
                    let found = events.iter().any(|event| {
                        matches!(event, Event::Triggered { account: who, .. } if who.0 == account)
                    });
                    assert_eq!(
                        found, expected,
                        "{kind:?} {lots} at {entry}, mark {ticks}: {held:?}"
                    );
                    worlds += 1;
                    triggered += u32::from(found);
                }
            }
        }
    }
    assert_eq!(worlds, 2 * 6 * 5 * 81 * 2);
    assert!((worlds / 5..worlds / 2).contains(&triggered), "{triggered} of {worlds} trigger");
}

/// One world of the waterfall.
#[derive(Clone, Copy, Debug)]
struct World {
    fund: i64,
    spare: i64,
    /// Lots that the two shorts sold to the long that goes bankrupt.
    sold: [u32; 2],
    fall: u32,
    /// How far below the mark somebody then bids for one lot; nobody does for zero.
    bid: u32,
    further: u32,
}

impl World {
    fn inputs(self) -> Vec<Sequenced> {
        let Self { fund, spare, sold, fall, bid, further } = self;
        let lots = sold[0] + sold[1];
        let mut inputs = vec![mark(100), deposit(1, i64::from(lots) * 10 + spare)];
        inputs.extend([deposit(2, 100), deposit(3, 35), deposit(4, 117)]);
        if fund > 0 {
            inputs.push(deposit(0, fund));
        }
        for (short, lots) in (2..).zip(sold) {
            if lots > 0 {
                inputs.push(block(1, short, price(100), lots));
            }
        }
        inputs.push(mark(100 - fall));
        if bid > 0 {
            inputs.push(Input::Order(NewOrder {
                symbol: SYMBOL,
                account: AccountId(4),
                order: OrderId(1),
                side: Side::Buy,
                qty: Qty::new(1).expect("some"),
                kind: OrderKind::Limit(price(100 - fall - bid)),
                reduce_only: false,
            }));
        }
        inputs.extend([mark(100 - fall - further), Input::Step]);
        sequenced(inputs)
    }

    fn deposited(self) -> i64 {
        i64::from(self.sold[0] + self.sold[1]) * 10 + self.spare + 100 + 35 + 117 + self.fund
    }
}

/// What a world came to.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    taken_over: u32,
    deleveraged: u32,
    socialised: u32,
}

fn play(setup: &Setup, world: World, reached: &mut Reached) {
    let inputs = world.inputs();
    if let Err(difference) = compare::<Engine>(setup, &inputs, inputs.len()) {
        panic!("{world:?}: {difference}");
    }
    let mut engine = Engine::new(&setup.build().expect("the rules are valid"));
    let mut events: Vec<Event> = Vec::new();
    for input in &inputs {
        events.clear();
        engine.apply(input, &mut events);
        let socialised = events.iter().any(|event| matches!(event, Event::Socialised { .. }));
        let any_cash = (1..5).any(|account| engine.cash(AccountId(account)).is_positive());
        if socialised {
            let equity = engine.insurance_equity();
            assert!(!equity.is_positive(), "{world:?}: the fund keeps {equity:?} and others pay");
            assert!(!equity.is_negative() || !any_cash, "{world:?}: somebody could still pay");
        }
        reached.socialised += u32::from(socialised);
        let has = |wanted: fn(&Event) -> bool| u32::from(events.iter().any(wanted));
        reached.taken_over += has(|event| matches!(event, Event::TakenOver { .. }));
        reached.deleveraged += has(|event| matches!(event, Event::Deleveraged { .. }));
    }
    let accounts = || (0..5).map(AccountId);
    for account in accounts().skip(1) {
        assert!(!engine.cash(account).is_negative(), "{world:?}: {account} owes");
    }
    let together: i128 = accounts().map(|account| engine.equity(account).wide()).sum();
    assert_eq!(together, i128::from(world.deposited()), "{world:?}: all that everybody has");
    assert_eq!(engine.conservation_error(), 0, "{world:?}");
}

#[test]
fn every_small_waterfall_is_as_documented() {
    let (mut worlds, mut reached) = (0_u32, Reached::default());
    for residual in [Residual::Cash, Residual::Winners] {
        let mut setup = setup();
        setup.liquidation.venue.residual = residual;
        for (fund, spare) in [0, 1, 5, 60].into_iter().flat_map(|f| [(f, 0), (f, 3)]) {
            for sold in [[1, 0], [2, 0], [1, 1], [3, 0], [2, 1], [3, 2]] {
                for (fall, bid) in (1..=40).flat_map(|fall| [0, 4, 8].map(|bid| (fall, bid))) {
                    for further in [0, 25] {
                        let world = World { fund, spare, sold, fall, bid, further };
                        play(&setup, world, &mut reached);
                        worlds += 1;
                    }
                }
            }
        }
    }
    assert_eq!(worlds, 2 * 8 * 6 * 120 * 2);
    let Reached { taken_over, deleveraged, socialised } = reached;
    let least = [taken_over, deleveraged, socialised].into_iter().min();
    assert!(least > Some(50), "every stage in many worlds: {reached:?}");
}
