//! Real files and a real `kill -9`, over and over: nothing that was acknowledged is missing.
//!
//! `SEAWALL_KILLS=N` kills N times (20 unless given).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use conformance::durable::GENESIS;
use conformance::setup::Setup;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use seawall_engine::core::{Engine, PositionOrder, ShardConfig};
use seawall_engine::durability::{
    CommandLog, Directory, Durability, LogOptions, recover, write_snapshot,
};
use seawall_engine::risk::{OrderRules, PriceRules};
use seawall_engine::types::{
    AccountId, Input, Money, NewOrder, NoEvents, OrderId, OrderKind, Price, Qty, Seq, Sequenced,
    Side, SymbolId,
};

const DIRECTORY: &str = "SEAWALL_KILL_DIRECTORY";

fn config() -> ShardConfig {
    let setup = Setup {
        accounts_max: 16,
        orders_max: 64,
        markets: vec![Setup::market()],
        order_rules: vec![OrderRules::default()],
        auctions: vec![None],
        price_rules: vec![PriceRules::default()],
        liquidation: Setup::liquidation(),
        position_order: PositionOrder::default(),
        collateral: Vec::new(),
        baskets: Vec::new(),
        fund_groups: Vec::new(),
    };
    setup.build().expect("the plain rules are valid")
}

/// The input of that number: any, as long as it is always the same.
fn input_at(seq: u64) -> Sequenced {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seq);
    let mut below = |bound: u64| random.next_u64() % bound;
    let account = AccountId(u32::try_from(1 + below(8)).expect("small"));
    let symbol = SymbolId(0);
    let input = match below(10) {
        0 | 1 => Input::Deposit { account, amount: Money::new(1_000_000) },
        2 => Input::Mark {
            symbol,
            price: Price::new(u32::try_from(95 + below(11)).expect("small")).expect("positive"),
        },
        _ => Input::Order(NewOrder {
            symbol,
            account,
            order: OrderId(seq),
            side: if below(2) == 0 { Side::Buy } else { Side::Sell },
            qty: Qty::new(u32::try_from(1 + below(5)).expect("small")).expect("positive"),
            kind: OrderKind::ImmediateOrCancel(
                Price::new(u32::try_from(95 + below(11)).expect("small")).expect("positive"),
            ),
            reduce_only: false,
        }),
    };
    Sequenced { seq: Seq(seq), time_ns: seq, ingress_ns: seq, input }
}

/// The process that is killed: recovers, then logs for ever and says what is acknowledged.
#[test]
#[ignore = "the process that the other test starts and kills"]
fn child() {
    let Ok(path) = std::env::var(DIRECTORY) else { return };
    let config = config();
    let storage = Directory::open(Path::new(&path)).expect("the directory opens");
    let recovered = recover(&storage, &config, GENESIS, |_, _| {}).expect("it recovers");
    let options =
        LogOptions { genesis: GENESIS, segment_bytes: 256 * 1024, durability: Durability::Group };
    let mut engine = Engine::from_state_bytes(&config, &recovered.engine.state_bytes())
        .expect("a state is read back");
    let mut log = CommandLog::resume(storage, options, &recovered).expect("it goes on");
    let mut out = std::io::stdout().lock();
    for batch in 1_u64.. {
        for _ in 0..=(batch % 40) {
            let input = input_at(engine.seq().0 + 1);
            log.append(&input).expect("it is logged");
            engine.apply(&input, &mut NoEvents);
        }
        let acknowledged = log.commit().expect("it is synced");
        writeln!(out, "acknowledged {}", acknowledged.0).expect("the parent listens");
        if batch.is_multiple_of(50) {
            write_snapshot(log.storage(), &engine, GENESIS).expect("a snapshot is written");
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let kills: u64 = std::env::var("SEAWALL_KILLS").map_or(20, |n| n.parse().expect("a number"));
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = config();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(9);
    let mut model = Engine::new(&config);
    let (mut torn, mut acknowledged) = (0, 0);
    for kill in 0..kills {
        let mut process = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        // Let it get going, then a little longer.
        let first = lines.by_ref().map_while(Result::ok).find(|line| line.contains("acknowledged"));
        assert!(first.is_some(), "kill {kill}: the process acknowledges something");
        std::thread::sleep(Duration::from_micros(random.next_u64() % 100_000));
        process.kill().expect("it is killed");
        let last = first.into_iter().chain(lines.map_while(Result::ok));
        // The last line may be cut off; a number without its end would only be smaller.
        let numbers = last.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        acknowledged = numbers.max().unwrap_or(0).max(acknowledged);
        process.wait().expect("it ends");

        let storage = Directory::open(directory.path()).expect("the lock went with the process");
        let recovered = recover(&storage, &config, GENESIS, |_, _| {})
            .unwrap_or_else(|error| panic!("kill {kill}: {error}"));
        let reached = recovered.engine.seq().0;
        assert!(reached >= acknowledged, "kill {kill}: {reached} but {acknowledged} acknowledged");
        while model.seq().0 < reached {
            model.apply(&input_at(model.seq().0 + 1), &mut NoEvents);
        }
        assert_eq!(model.state_hash(), recovered.engine.state_hash(), "kill {kill}");
        torn += u64::from(recovered.tail != seawall_engine::durability::LogTail::Clean);
    }
    eprintln!("{kills} kills, {acknowledged} commands acknowledged, {torn} torn tails");
}
