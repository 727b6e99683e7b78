//! Properties of the real engine that need no reference: what its events say must add up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use conformance::setup::Setup;
use seawall_engine::core::{Engine, EventHasher, PositionOrder};
use seawall_engine::liquidation::{Discipline, Plan, PriorityKey};
use seawall_engine::risk::{OrderRules, PriceRules};
use seawall_engine::types::{
    AccountId, CancelCause, ContractKind, Event, EventSink, Input, Money, NewOrder, OrderId,
    OrderKind, Ppm, Price, Qty, Seq, Sequenced, Side, SymbolId,
};

const ACCOUNTS: u32 = 6;
const S0: SymbolId = SymbolId(0);

/// The book as the events tell it: orders in the order in which they joined.
#[derive(Debug, Default)]
struct Told {
    resting: Vec<(OrderId, Side, Price, u32)>,
    /// What is left of orders that are executing.
    taking: BTreeMap<OrderId, u32>,
}

impl Told {
    fn event(&mut self, event: &Event) {
        match *event {
            Event::Accepted { order, qty, .. } | Event::Forced { order, qty, .. } => {
                assert!(self.taking.insert(order, qty.lots()).is_none(), "{order:?} is new");
            }
            Event::Replaced { order, qty, in_place, .. } => {
                let index = self.find(order);
                if in_place {
                    assert!(qty.lots() <= self.resting[index].3, "it may only shrink in place");
                    self.resting[index].3 = qty.lots();
                } else {
                    self.resting.remove(index);
                    self.taking.insert(order, qty.lots());
                }
            }
            Event::Reduced { order, qty, .. } => {
                let index = self.find(order);
                assert!(qty.lots() < self.resting[index].3, "it shrinks");
                self.resting[index].3 = qty.lots();
            }
            Event::Rested { order, side, price, qty, .. } => {
                assert_eq!(self.taking.remove(&order), Some(qty.lots()), "all of the rest joins");
                self.resting.push((order, side, price, qty.lots()));
            }
            Event::Cancelled { order, qty, cause, .. } => match cause {
                CancelCause::Unfilled | CancelCause::FillOrKill | CancelCause::MinQty => {
                    assert_eq!(self.taking.remove(&order), Some(qty.lots()), "all of it is gone");
                }
                CancelCause::SelfTrade if self.taking.contains_key(&order) => {
                    assert_eq!(self.taking.remove(&order), Some(qty.lots()), "all of it is gone");
                }
                _ => {
                    let index = self.find(order);
                    assert_eq!(self.resting.remove(index).3, qty.lots(), "all of it is gone");
                }
            },
            Event::Trade { taker, maker, side, price, qty, maker_leaves_lots, .. } => {
                self.trade(taker, maker, (side, price), qty.lots(), maker_leaves_lots);
            }
            _ => {}
        }
    }

    fn find(&self, order: OrderId) -> usize {
        self.resting.iter().position(|resting| resting.0 == order).expect("the order rests")
    }

    fn trade(
        &mut self,
        taker: OrderId,
        maker: OrderId,
        (side, price): (Side, Price),
        lots: u32,
        leaves: u32,
    ) {
        let index = self.find(maker);
        let (_, maker_side, maker_price, resting) = self.resting[index];
        assert_eq!((maker_side, maker_price), (side.opposite(), price), "at the maker's price");
        assert_eq!(resting - lots, leaves, "the maker keeps what did not trade");
        for (place, other) in self.resting.iter().enumerate().filter(|(_, o)| o.1 == maker_side) {
            let better = match maker_side {
                Side::Buy => other.2 > price,
                Side::Sell => other.2 < price,
            };
            assert!(!better, "{:?} offers a better price than {maker:?}", other.0);
            assert!(other.2 != price || place >= index, "{:?} came before {maker:?}", other.0);
        }
        if leaves == 0 {
            self.resting.remove(index);
        } else {
            self.resting[index].3 = leaves;
        }
        let left = self.taking.get_mut(&taker).expect("the taker is executing");
        *left -= lots;
        if *left == 0 {
            self.taking.remove(&taker);
        }
    }

    /// Levels of a side by rising price.
    fn levels(&self, side: Side) -> BTreeMap<Price, u64> {
        let mut levels = BTreeMap::new();
        for (_, _, price, lots) in self.resting.iter().filter(|resting| resting.1 == side) {
            *levels.entry(*price).or_default() += u64::from(*lots);
        }
        levels
    }
}

fn check(engine: &Engine, told: &Told) {
    if let (Some(bid), Some(ask)) = (engine.best_bid(S0), engine.best_ask(S0)) {
        assert!(bid < ask, "the book is crossed: {bid} and {ask}");
    }
    for side in [Side::Buy, Side::Sell] {
        let depth: BTreeMap<Price, u64> = engine.depth(S0, side).collect();
        assert_eq!(depth, told.levels(side), "the book is what the events told");
    }
    assert!(told.taking.is_empty(), "every order that took rests, is filled or is cancelled");
    assert_eq!(engine.conservation_error(), 0, "money is conserved");
    let lots = (0..ACCOUNTS).map(|account| engine.position(S0, AccountId(account)).lots);
    assert_eq!(lots.sum::<i64>(), 0, "every long has its short");
    let owes = (1..ACCOUNTS).any(|account| engine.cash(AccountId(account)).is_negative());
    assert!(!owes, "no account owes anything");
    engine.assert_consistent();
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn price() -> impl Strategy<Value = Price> {
    prop_oneof![9 => 88_u32..=112, 1 => 1_u32..=2_500]
        .prop_map(|ticks| Price::new(ticks).expect("above zero"))
}

fn qty() -> impl Strategy<Value = Qty> {
    prop_oneof![9 => 1_u32..=12, 1 => 1_u32..=2_000]
        .prop_map(|lots| Qty::new(lots).expect("above zero"))
}

fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![19 => 1..ACCOUNTS, 1 => Just(0), 1 => Just(ACCOUNTS)].prop_map(AccountId)
}

/// An account and an order that is its own if it is anybody's.
fn order_of() -> impl Strategy<Value = (AccountId, OrderId)> {
    (account(), 0..8_u64).prop_map(|(account, n)| {
        let order = OrderId(n * u64::from(ACCOUNTS) + u64::from(account.0));
        (account, order)
    })
}

fn order() -> impl Strategy<Value = Input> {
    let kind = (0..5_u8, price()).prop_map(|(kind, price)| match kind {
        0 => OrderKind::PostOnly(price),
        1 => OrderKind::ImmediateOrCancel(price),
        2 => OrderKind::FillOrKill(price),
        3 => OrderKind::Market,
        _ => OrderKind::Limit(price),
    });
    (order_of(), side(), qty(), kind, prop::bool::weighted(0.1)).prop_map(
        |((account, order), side, qty, kind, reduce_only)| {
            Input::Order(NewOrder { symbol: S0, account, order, side, qty, kind, reduce_only })
        },
    )
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        12 => order(),
        2 => order_of().prop_map(|(account, order)| Input::Cancel { symbol: S0, account, order }),
        2 => (order_of(), price(), qty()).prop_map(|((account, order), price, qty)| {
            Input::Replace { symbol: S0, account, order, price, qty }
        }),
        2 => price().prop_map(|price| Input::Mark { symbol: S0, price }),
        2 => (account(), -10..3_000_i64).prop_map(|(account, units)| {
            Input::Deposit { account, amount: Money::new(units) }
        }),
        1 => (account(), 0..400_i64).prop_map(|(account, units)| {
            Input::Withdraw { account, amount: Money::new(units) }
        }),
        1 => (account(), 50_000..600_000_u32).prop_map(|(account, parts)| {
            let initial = Ppm::new(parts).expect("below one");
            Input::Leverage { symbol: S0, account, initial }
        }),
        1 => (account(), account(), price(), qty()).prop_map(|(buyer, seller, price, qty)| {
            Input::Block { symbol: S0, buyer, seller, price, qty }
        }),
        1 => Just(Input::Step),
    ]
}

fn setup() -> impl Strategy<Value = Setup> {
    let disciplines = prop_oneof![
        Just(Discipline::Strict { steps_max: 8 }),
        Just(Discipline::Weighted { forced: 1, client: 3 }),
        Just(Discipline::Fifo { steps_max: 2 }),
        Just(Discipline::RateLimited { steps: 1, interval_ns: 30 }),
    ];
    let keys = prop_oneof![
        Just(PriorityKey::TriggerTime),
        Just(PriorityKey::MarginRatio),
        Just(PriorityKey::BankruptcyDistance),
        Just(PriorityKey::Notional),
    ];
    (disciplines, keys, any::<bool>(), any::<bool>()).prop_map(
        |(discipline, key, inverse, parts)| {
            let mut market = Setup::market();
            market.maker_fee = Ppm::new(200).expect("below one");
            market.taker_fee = Ppm::new(700).expect("below one");
            if inverse {
                market.contract.kind = ContractKind::Inverse;
                market.contract.unit = 10_000;
            }
            let mut liquidation = Setup::liquidation();
            (liquidation.discipline, liquidation.key) = (discipline, key);
            liquidation.fee = Ppm::new(5_000).expect("below one");
            if parts {
                liquidation.plan =
                    Plan::Fraction { part: Ppm::new(400_000).expect("below one"), lots_min: 2 };
            }
            Setup {
                accounts_max: ACCOUNTS,
                orders_max: 24,
                markets: vec![market],
                order_rules: vec![OrderRules::default()],
                auctions: vec![None],
                price_rules: vec![PriceRules::default()],
                liquidation,
                position_order: PositionOrder::default(),
                collateral: Vec::new(),
                baskets: Vec::new(),
                fund_groups: Vec::new(),
            }
        },
    )
}

/// A funded start, then anything.
fn inputs() -> impl Strategy<Value = Vec<Sequenced>> {
    let start = (0..ACCOUNTS).map(|account| {
        let amount = Money::new(1_500);
        Input::Deposit { account: AccountId(account), amount }
    });
    let start: Vec<Input> = start.collect();
    prop::collection::vec((input(), 0..12_u64, 0..30_u64), 1..160).prop_map(move |more| {
        let more = more.into_iter();
        let all = start.iter().map(|input| (*input, 1, 0)).chain(more);
        let mut time_ns = 0;
        let sequenced = all.zip(1..).map(|((input, after_ns, lag_ns), number)| {
            time_ns += after_ns;
            let ingress_ns = time_ns.saturating_sub(lag_ns);
            Sequenced { seq: Seq(number), time_ns, ingress_ns, input }
        });
        sequenced.collect()
    })
}

fn open(setup: &Setup) -> Engine {
    Engine::new(&setup.build().expect("the rules are valid"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    /// Never crossed, price-time priority, quantity and money conserved, after every input.
    #[test]
    fn events_add_up(setup in setup(), inputs in inputs()) {
        let mut engine = open(&setup);
        let mut told = Told::default();
        for input in &inputs {
            let mut events: Vec<Event> = Vec::new();
            engine.apply(input, &mut events);
            for event in &events {
                told.event(event);
            }
            check(&engine, &told);
        }
    }

    /// An engine that is given every rejected input and one that is given a `Step` in its place
    /// are in the same state, and say the same but for the rejection.
    #[test]
    fn a_rejected_input_changes_nothing(setup in setup(), inputs in inputs()) {
        // The other disciplines count inputs or look at what kind of input they follow.
        let mut setup = setup;
        setup.liquidation.discipline = Discipline::Strict { steps_max: 8 };
        let (mut engine, mut twin) = (open(&setup), open(&setup));
        for input in &inputs {
            let (mut events, mut told): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
            engine.apply(input, &mut events);
            let before = events.len();
            events.retain(|event| !matches!(event, Event::Rejected { .. }));
            let rejected = events.len() < before;
            let input = if rejected { Sequenced { input: Input::Step, ..*input } } else { *input };
            twin.apply(&input, &mut told);
            prop_assert_eq!(&events, &told);
            prop_assert_eq!(engine.state_hash(), twin.state_hash());
        }
    }

    /// The engine is a function of its inputs: played again, the same events and the same state.
    #[test]
    fn a_replay_is_the_same(setup in setup(), inputs in inputs()) {
        let play = || {
            let (mut engine, mut hasher) = (open(&setup), EventHasher::default());
            for input in &inputs {
                engine.apply(input, &mut hasher);
            }
            (hasher.digest(), engine.state_hash())
        };
        prop_assert_eq!(play(), play());
    }

    /// When nothing waits, a `Step` does nothing however late it comes; otherwise one at the time
    /// that the engine names does something.
    #[test]
    fn the_next_step_is_when_it_says(setup in setup(), inputs in inputs()) {
        let mut engine = open(&setup);
        for input in &inputs {
            engine.apply(input, &mut Vec::new());
        }
        let last = inputs.last().expect("at least one input");
        let (seq, at_ns) = (last.seq.next(), engine.next_step_ns());
        let time_ns = at_ns.unwrap_or(last.time_ns + 1_000_000_000);
        prop_assert!(time_ns >= last.time_ns);
        let mut events: Vec<Event> = Vec::new();
        let step = Sequenced { seq, time_ns, ingress_ns: time_ns, input: Input::Step };
        engine.apply(&step, &mut events);
        prop_assert_eq!(at_ns.is_some(), !events.is_empty(), "{:?} {:?}", at_ns, events);
    }
}

/// A liquidation cancels an account's orders from the oldest on, so two states that differ in
/// nothing but that order must not look the same.
#[test]
fn the_state_hash_knows_which_order_is_older() {
    let hash = |first: u64, second: u64| {
        let script = format!(
            "deposit a1 1000\n\
             order s0 a1 o{first} buy 1 limit {}\n\
             order s0 a1 o{second} buy 1 limit {}\n",
            90 + first,
            90 + second
        );
        let script = conformance::script::read(&script).expect("it is a script");
        let mut engine = open(&script.setup);
        for entry in &script.entries {
            engine.apply(&entry.input, &mut Vec::new());
        }
        engine.state_hash()
    };
    assert_eq!(hash(1, 2), hash(1, 2));
    assert_ne!(hash(1, 2), hash(2, 1));
}

#[test]
fn a_different_event_has_a_different_hash() {
    let digest = |amount| {
        let mut hasher = EventHasher::default();
        hasher.event(Event::Deposited { account: AccountId(1), amount: Money::new(amount) });
        hasher.digest()
    };
    assert_ne!(digest(5), digest(6));
    assert_eq!(digest(5), digest(5));
}
