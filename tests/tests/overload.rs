//! More than it can take, slower than it should be, gone in the middle: what is refused is refused by
//! name, what is promised is kept, memory stays bounded.

use conformance::disk::{Disk, Fault};
use conformance::setup::Setup;
use seawall_engine::core::{Engine, PositionOrder, ShardConfig};
use seawall_engine::durability::{CommandLog, Durability, LogOptions, recover};
use seawall_engine::liquidation::Discipline;
use seawall_engine::pipeline::{
    Inbound, LogLoop, LogTurn, NullShard, Outbound, ReleasedReader, ShardLoop, Timing, Turn,
    log_channel,
};
use seawall_engine::ring::{Consumer, Full, Producer, SeqSlotRing, Transport, broadcast};
use seawall_engine::risk::{OrderRules, PriceRules};
use seawall_engine::types::{
    AccountId, Event, Input, Money, NewOrder, OrderId, OrderKind, Price, Qty, Seq, Sequenced, Side,
    SymbolId,
};

const SYMBOL: SymbolId = SymbolId(0);

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

fn setup(accounts_max: u32) -> Setup {
    Setup {
        accounts_max,
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
    }
}

fn config() -> ShardConfig {
    setup(16).build().expect("the rules are valid")
}

fn mark(tag: u64) -> Inbound {
    let input = Input::Mark { symbol: SYMBOL, price: price(100) };
    Inbound { tag, time_ns: tag, ingress_ns: tag, input }
}

struct Durable {
    gateway: Producer<Inbound>,
    shard: ShardLoop<NullShard, Consumer<Inbound>>,
    log: LogLoop<Disk>,
    reader: ReleasedReader,
}

const LOG_SLOTS: usize = 16;

/// A pipeline whose parts are moved by hand: a slow part is one that is not moved.
fn durable(disk: &Disk, egress_slots: usize) -> Durable {
    let fresh = recover(disk, &config(), 1, |_, _| {}).expect("an empty disk");
    let options =
        LogOptions { genesis: 1, segment_bytes: 64 * 1024, durability: Durability::Group };
    let log = CommandLog::resume(disk.clone(), options, &fresh).expect("it begins");
    let (tap, log, watermark) = log_channel(log, LOG_SLOTS);
    let (gateway, receiver) = SeqSlotRing::channel(64);
    let (publisher, mut readers) = broadcast::<Outbound>(egress_slots, &["client"]);
    let shard = ShardLoop::new(NullShard, vec![receiver], publisher, Timing::Recorded).with_log(
        tap,
        Seq(0),
        0,
    );
    let reader = ReleasedReader::new(readers.pop().expect("one"), Some(watermark));
    Durable { gateway, shard, log, reader }
}

fn released(reader: &mut ReleasedReader) -> usize {
    reader.drain(usize::MAX, |_| {})
}

#[test]
fn a_slow_disk_holds_acknowledgements_back_and_bounds_what_waits() {
    let mut it = durable(&Disk::new(), 1024);
    let mut sent = 0;
    loop {
        match it.gateway.push(mark(sent)) {
            Ok(()) => sent += 1,
            // Refused by the ring: the sender has its message back.
            Err(Full(message)) => {
                assert_eq!(message.tag, sent);
                break;
            }
        }
        let _ = it.shard.turn();
        assert_eq!(released(&mut it.reader), 0, "nothing is durable yet");
    }
    assert_eq!(it.shard.turn(), Turn::Gated, "the log is behind");
    // The ring of the log, one turn's overflow, and the gateway's ring: that is all that waits.
    assert!(sent <= (LOG_SLOTS + 32 + 64) as u64, "{sent} wait");
    let mut answered = 0;
    while answered < sent {
        assert!(matches!(it.log.turn(), LogTurn::Committed(_)));
        answered += released(&mut it.reader) as u64;
        let _ = it.shard.turn();
    }
    // And the next one is served at once.
    it.gateway.push(mark(sent)).expect("room");
    assert_eq!(it.shard.turn(), Turn::Applied(1));
    assert!(matches!(it.log.turn(), LogTurn::Committed(1)));
    assert_eq!(released(&mut it.reader), 1);
}

#[test]
fn a_stalled_reader_stops_the_shard_and_not_the_log() {
    let mut it = durable(&Disk::new(), 8);
    for tag in 0..32 {
        it.gateway.push(mark(tag)).expect("room");
    }
    let mut turns = 0;
    while it.shard.turn() != Turn::Gated {
        let _ = it.log.turn();
        turns += 1;
        assert!(turns < 100, "a reader that does not read stops the shard");
    }
    let mut answered = 0;
    while answered < 32 {
        let _ = it.log.turn();
        answered += released(&mut it.reader);
        let _ = it.shard.turn();
    }
}

#[test]
fn a_disk_that_fails_stops_the_shard_and_releases_nothing_more() {
    for fault in [Fault::Fail, Fault::Die] {
        let disk = Disk::new();
        let mut it = durable(&disk, 1024);
        it.gateway.push(mark(0)).expect("room");
        assert_eq!(it.shard.turn(), Turn::Applied(1));
        assert!(matches!(it.log.turn(), LogTurn::Committed(1)));
        disk.plan(disk.operations() + 2, fault);
        it.gateway.push(mark(1)).expect("room");
        assert_eq!(it.shard.turn(), Turn::Applied(1));
        let LogTurn::Failed(error) = it.log.turn() else { panic!("the disk fails") };
        assert!(error.to_string().contains("cannot be synced"), "{error}");
        assert_eq!(released(&mut it.reader), 1, "what was durable");
        drop(it.log);
        assert_eq!(it.shard.turn(), Turn::LogFailed);
        assert_eq!(released(&mut it.reader), 0);
        assert!(it.reader.is_waiting() && it.reader.is_finished());
    }
}

#[test]
fn a_gateway_that_dies_takes_nobody_with_it() {
    let (mut one, first) = SeqSlotRing::channel::<Inbound>(64);
    let (mut other, second) = SeqSlotRing::channel::<Inbound>(64);
    let (publisher, mut readers) = broadcast::<Outbound>(1024, &["client"]);
    let mut shard = ShardLoop::new(NullShard, vec![first, second], publisher, Timing::Recorded);
    let mut answered = 0;
    for tag in 0..10 {
        one.push(mark(tag)).expect("room");
        other.push(mark(100 + tag)).expect("room");
    }
    // What it had sent whole is answered; a message is in the ring whole or not at all.
    drop(one);
    while answered < 20 {
        let _ = shard.turn();
        answered += readers[0].drain(usize::MAX, |_| {});
    }
    other.push(mark(200)).expect("room");
    assert_eq!(shard.turn(), Turn::Applied(1));
    drop(other);
    assert_eq!(shard.turn(), Turn::Finished);
}

/// An engine and its clock.
struct Feed {
    engine: Engine,
    seq: u64,
    events: Vec<Event>,
    most_events: usize,
}

impl Feed {
    fn send(&mut self, input: Input) -> &[Event] {
        self.seq += 1;
        self.events.clear();
        let time_ns = self.seq;
        let input = Sequenced { seq: Seq(self.seq), time_ns, ingress_ns: time_ns, input };
        self.engine.apply(&input, &mut self.events);
        self.most_events = self.most_events.max(self.events.len());
        &self.events
    }

    /// A client's order, answered.
    fn order(&mut self, number: u64) {
        let order = NewOrder {
            symbol: SYMBOL,
            account: AccountId(1),
            order: OrderId(number),
            side: Side::Buy,
            qty: Qty::new(1).expect("positive"),
            kind: OrderKind::ImmediateOrCancel(price(5)),
            reduce_only: false,
        };
        let events = self.send(Input::Order(order));
        let answers = events
            .iter()
            .filter(|event| match event {
                Event::Accepted { order, .. } => order.0 == number,
                Event::Rejected { order, .. } => *order == Some(OrderId(number)),
                _ => false,
            })
            .count();
        assert_eq!(answers, 1, "order {number} is answered with the input that it is");
    }
}

/// A shard in which so many positions wait to be liquidated, none of them served yet.
fn backlog(discipline: Discipline, waiting: u32) -> Feed {
    let mut setup = setup(waiting + 3);
    setup.markets[0].position_lots_max = waiting;
    setup.liquidation.discipline = discipline;
    let config = setup.build().expect("the rules are valid");
    let mut feed =
        Feed { engine: Engine::new(&config), seq: 0, events: Vec::new(), most_events: 0 };
    feed.send(Input::Mark { symbol: SYMBOL, price: price(100) });
    feed.send(Input::Deposit { account: AccountId(1), amount: Money::new(1_000) });
    feed.send(Input::Deposit { account: AccountId(2), amount: Money::new(1 << 40) });
    feed.send(Input::Deposit { account: AccountId::FUND, amount: Money::new(1 << 40) });
    for holder in (3..waiting + 3).map(AccountId) {
        feed.send(Input::Deposit { account: holder, amount: Money::new(10) });
        let (buyer, seller, qty) = (holder, AccountId(2), Qty::new(1).expect("positive"));
        let block = Input::Block { symbol: SYMBOL, buyer, seller, price: price(100), qty };
        assert!(matches!(feed.send(block), [Event::Block { .. }]));
    }
    feed
}

/// The stated bound (`docs/LIQUIDATION.md`, Discipline): how many forced orders may stand between
/// so many client inputs in a row and what they are answered, over that many nanoseconds.
fn forced_at_most(discipline: Discipline, inputs: u32, span_ns: u64) -> u64 {
    match discipline {
        Discipline::Strict { steps_max } | Discipline::Fifo { steps_max } => {
            u64::from(steps_max) * u64::from(inputs)
        }
        Discipline::Weighted { forced, client } => {
            u64::from(forced) * u64::from(inputs.div_ceil(client))
        }
        Discipline::RateLimited { steps, interval_ns } => {
            u64::from(steps) * (span_ns.div_ceil(interval_ns) + 1)
        }
    }
}

#[test]
fn no_client_waits_for_more_forced_orders_than_the_discipline_says() {
    const WAITING: u32 = 300;
    let disciplines = (1..=4_u32).flat_map(|more| {
        [
            Discipline::Strict { steps_max: more },
            Discipline::Fifo { steps_max: more },
            Discipline::Weighted { forced: more, client: 1 },
            Discipline::Weighted { forced: 2, client: more },
            Discipline::RateLimited { steps: more, interval_ns: 5 },
        ]
    });
    for discipline in disciplines {
        let mut feed = backlog(discipline, WAITING);
        let is_forced = |event: &&Event| matches!(event, Event::Forced { .. });
        let marked = feed.send(Input::Mark { symbol: SYMBOL, price: price(92) });
        let mut served = marked.iter().filter(is_forced).count() as u64;
        let mut forced = Vec::new();
        while served < u64::from(WAITING) {
            feed.order(forced.len() as u64 + 1);
            forced.push(feed.events.iter().filter(is_forced).count() as u64);
            served += forced[forced.len() - 1];
            assert!(forced.len() < 2_000, "{discipline:?}: the backlog is served as well");
        }
        // Every run of client inputs, however short or long, one a nanosecond.
        for length in 1..=forced.len() {
            let inputs = u32::try_from(length).expect("few");
            let bound = forced_at_most(discipline, inputs, length as u64);
            let most = forced.windows(length).map(|run| run.iter().sum::<u64>()).max();
            assert!(
                most <= Some(bound),
                "{discipline:?}: {most:?} in {length} inputs, not {bound}"
            );
        }
    }
}

#[test]
fn a_million_triggers_at_one_mark() {
    const HOLDERS: u32 = 1_000_000;
    let mut feed = backlog(Setup::liquidation().discipline, HOLDERS);
    feed.most_events = 0;
    feed.send(Input::Mark { symbol: SYMBOL, price: price(92) });
    // Each input moves at most so many into the queue and serves at most so many; each position
    // that is served says a handful of things.
    let (triggers_max, steps_max, each_max) = (1_000, 64, 8);
    let mut inputs = 0_u64;
    while feed.engine.next_step_ns().is_some_and(|at_ns| at_ns <= feed.seq)
        || feed.engine.backlog() > 0
    {
        inputs += 1;
        feed.order(inputs);
        assert!(inputs < 100_000, "the queue drains");
    }
    let bound = triggers_max + steps_max * each_max + 8;
    assert!(feed.most_events <= bound, "{} events of one input, at most {bound}", feed.most_events);
    assert!(inputs <= u64::from(HOLDERS) / 64 + 1_100, "{inputs} inputs");
    assert_eq!(feed.engine.conservation_error(), 0);
    feed.most_events = 0;
    feed.order(inputs + 1);
    assert!(feed.most_events <= 8, "the next order has only itself to wait for");
    eprintln!("{HOLDERS} positions triggered by one mark were gone after {inputs} client orders");
}
