//! A snapshot holds everything that matters, and a damaged or invented one is refused.

use conformance::coverage::Coverage;
use conformance::differential::run_seed;
use conformance::generator::Generator;
use conformance::reference::Reference;
use conformance::restarting::{Restarting, restarted};
use conformance::setup::Setup;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use seawall_engine::core::{Engine, PositionOrder, ShardConfig};
use seawall_engine::risk::{OrderRules, PriceRules};
use seawall_engine::types::{
    AccountId, Input, MONEY_MAX_UNITS, Money, NoEvents, Price, Qty, Seq, Sequenced, SymbolId,
};

const SEEDS: u64 = 24;
const COMMANDS: usize = 1_000;

#[test]
fn an_engine_that_restarts_every_few_inputs_says_what_the_reference_says() {
    let mut coverage = Coverage::default();
    for seed in 0..SEEDS {
        run_seed::<Restarting>(seed, COMMANDS, &mut coverage)
            .unwrap_or_else(|failure| panic!("{}", failure.report::<Restarting>()));
    }
}

/// A seed's configuration and inputs.
fn inputs_of(seed: u64, commands: usize) -> (ShardConfig, Vec<Sequenced>) {
    let mut generator = Generator::new(seed);
    let config = generator.setup().build().expect("the generator's rules are valid");
    let mut reference = Reference::new(&config);
    let mut inputs = Vec::with_capacity(commands);
    for _ in 0..commands {
        let input = generator.next(&reference);
        reference.apply(&input, &mut Vec::new());
        inputs.push(input);
    }
    (config, inputs)
}

#[test]
fn snapshot_and_suffix_are_the_replay_wherever_the_cut() {
    for seed in 0..2 {
        let (config, inputs) = inputs_of(seed, 250);
        let mut whole = Engine::new(&config);
        let mut snapshots = vec![restarted(&config, &whole)];
        for input in &inputs {
            whole.apply(input, &mut NoEvents);
            snapshots.push(restarted(&config, &whole));
        }
        for (cut, mut engine) in snapshots.into_iter().enumerate().step_by(3) {
            for input in &inputs[cut..] {
                engine.apply(input, &mut NoEvents);
            }
            assert_eq!(engine.state_hash(), whole.state_hash(), "seed {seed}, cut at {cut}");
        }
    }
}

/// A position waited in the queue when the snapshot was taken and for its halted market later: the
/// hash told when it was first triggered, which a snapshot under these rules does not. Found by
/// 100,000 crashes; before that no test compared hashes while a market was halted.
#[test]
fn a_position_that_comes_to_wait_for_its_market_is_the_same() {
    const CUT: usize = 600;
    let (config, inputs) = inputs_of(151, 640);
    let mut whole = Engine::new(&config);
    for input in &inputs[..CUT] {
        whole.apply(input, &mut NoEvents);
    }
    let mut engine = restarted(&config, &whole);
    for input in &inputs[CUT..] {
        whole.apply(input, &mut NoEvents);
        engine.apply(input, &mut NoEvents);
        assert_eq!(engine.state_hash(), whole.state_hash(), "after {}", input.seq.0);
    }
}

/// Three longs as large as a market allows go bankrupt, and the fund takes all of them over.
#[test]
fn a_fund_that_holds_more_than_an_account_may_is_restored() {
    let mut market = Setup::market();
    // The domain reaches to twenty times the reference.
    market.contract.unit = MONEY_MAX_UNITS / (20 * 100 * i64::from(market.position_lots_max));
    let lots = Qty::new(market.position_lots_max).expect("some");
    let worth = market.contract.unit * 100 * i64::from(lots.lots());
    let setup = Setup {
        accounts_max: 7,
        orders_max: 4,
        markets: vec![market],
        order_rules: vec![OrderRules::default()],
        auctions: vec![None],
        price_rules: vec![PriceRules::default()],
        liquidation: Setup::liquidation(),
        position_order: PositionOrder::default(),
        collateral: Vec::new(),
        baskets: Vec::new(),
        fund_groups: Vec::new(),
    };
    let config = setup.build().expect("the largest position is worth what it may be");
    let (symbol, at) = (SymbolId(0), |ticks| Price::new(ticks).expect("a price"));
    let mut inputs = vec![Input::Mark { symbol, price: at(100) }];
    inputs.push(Input::Deposit { account: AccountId::FUND, amount: Money::new(worth) });
    for long in [1, 3, 5] {
        let (buyer, seller) = (AccountId(long), AccountId(long + 1));
        let amount = Money::new(worth / 10 + 1);
        inputs.extend([buyer, seller].map(|account| Input::Deposit { account, amount }));
        inputs.push(Input::Block { symbol, buyer, seller, price: at(100), qty: lots });
    }
    inputs.push(Input::Mark { symbol, price: at(94) });
    let mut engine = Engine::new(&config);
    for (seq, input) in (1..).zip(inputs) {
        engine.apply(
            &Sequenced { seq: Seq(seq), time_ns: seq, ingress_ns: seq, input },
            &mut NoEvents,
        );
    }
    let held = engine.position(symbol, AccountId::FUND).lots;
    assert_eq!(held, 2 * i64::from(lots.lots()), "two of the largest are what a fund can hold");
    let restored = restarted(&config, &engine);
    assert_eq!(restored.state_hash(), engine.state_hash());
}

/// Changes bytes: a few of them, or an end, or a piece that moves.
fn damage(random: &mut Xoshiro256PlusPlus, bytes: &mut Vec<u8>) {
    let len = bytes.len() as u64;
    let mut at = || usize::try_from(random.next_u64() % len).expect("an index of the bytes");
    let (one, other) = (at(), at());
    match random.next_u64() % 8 {
        0 => bytes.truncate(one),
        1 => bytes.swap(one, other),
        2 => {
            let (from, to) = (one.min(other), one.max(other));
            bytes.drain(from..to.min(from + 64));
        }
        3 => bytes[one] = [0, 1, 0x7f, 0x80, 0xff][other % 5],
        4 => bytes[one] = bytes[one].wrapping_add(1),
        5 => bytes[one] = bytes[one].wrapping_sub(1),
        6 => bytes.extend_from_within(one..(one + 40).min(usize::try_from(len).expect("fits"))),
        _ => bytes[one] ^= 1 << (other % 8),
    }
}

#[test]
fn a_damaged_state_is_refused_or_is_another_state_and_never_a_panic() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(8);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for seed in 0..12 {
        let (config, inputs) = inputs_of(seed, 300);
        let mut engine = Engine::new(&config);
        for input in &inputs {
            engine.apply(input, &mut NoEvents);
        }
        let bytes = engine.state_bytes();
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            damage(&mut random, &mut damaged);
            match Engine::from_state_bytes(&config, &damaged) {
                Err(_) => refused += 1,
                Ok(other) => {
                    accepted += 1;
                    assert!(other.state_bytes() == damaged, "what is accepted is canonical");
                    assert_eq!(damaged == bytes, other.state_hash() == engine.state_hash());
                }
            }
        }
    }
    assert!(refused > 1_500, "{refused} refused, {accepted} accepted");
}

#[test]
fn a_state_of_other_rules_is_refused_or_consistent() {
    for seed in 0..20 {
        let (config, inputs) = inputs_of(seed, 300);
        let mut engine = Engine::new(&config);
        for input in &inputs {
            engine.apply(input, &mut NoEvents);
        }
        let (other, _) = inputs_of(seed + 1, 0);
        if let Ok(engine) = Engine::from_state_bytes(&other, &engine.state_bytes()) {
            engine.assert_consistent();
        }
    }
}
