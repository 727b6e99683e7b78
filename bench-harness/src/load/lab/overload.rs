//! More than the engine can do, for long.

use std::thread;

use seawall_engine::pipeline::{
    EngineThread, Inbound, Layout, Outbound, ShardCounts, ShardLoop, Timing, Turn, pin_to,
};
use seawall_engine::ring::{Reader, RingSender, Transport, Waiter, broadcast};

use super::market::set_up;
use super::soak::{Client, Stage, WINDOW_NS, Window, engine, setup};
use super::{Bar, Findings, Lab, LabError, Unit};
use crate::load::RunClock;
use crate::load::timed_shard::TimedShard;
use crate::study::two_samples::median;

/// Least time that an input takes: with it the engine, not the client, is what is overloaded.
const PAD_NS: u64 = 2_000;
/// Load before and after.
const NORMAL_LOAD: f64 = 0.5;
const OVERLOAD: f64 = 1.5;
/// Seconds before and after.
const AROUND_S: f64 = 3.0;
/// Latency is normal again when a window's median is at most so many times that before.
const NORMAL: f64 = 2.0;
const DRAIN_MAX: usize = 128;
const LEAD_NS: u64 = 2_000_000;

pub(super) fn run<R: Transport>(lab: &Lab<'_>, say: &dyn Fn(&str)) -> Result<Findings, LabError> {
    say("overload: finding the padded capacity");
    let closed = [Stage { msgs_per_s: None, messages: 600_000 }];
    let (_, wall_ns, counts) = soak::<R>(lab, &closed)?;
    let capacity = counts.applied as f64 * 1e9 / wall_ns as f64;
    let stage = |load: f64, seconds: f64| {
        let rate = load * capacity;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some millions")]
        let messages = (rate * seconds) as u64;
        Stage { msgs_per_s: Some(rate), messages }
    };
    let stages = [
        stage(NORMAL_LOAD, AROUND_S),
        stage(OVERLOAD, lab.overload_s),
        stage(NORMAL_LOAD, AROUND_S),
    ];
    say(&format!("overload: {} s at 150 % of capacity", lab.overload_s));
    let (client, ..) = soak::<R>(lab, &stages)?;
    let starts = [0, 1, 2].map(|stage| client.stage_start_ns(stage));
    let columns = [
        ("offered_msgs_per_s", "offered", Unit::PerSecond),
        ("answered", "answered", Unit::Count),
        ("p50_ns", "p50", Unit::Ns),
        ("p99_ns", "median p99", Unit::Ns),
        ("max_ns", "max", Unit::Ns),
        ("memory_bytes", "memory at start", Unit::Bytes),
    ];
    let question = format!(
        "{} s at 150 % of the capacity of an engine padded to {PAD_NS} ns ({capacity:.0} a second)",
        lab.overload_s
    );
    let mut found = Findings::new("overload", question, &columns);
    let ends = [starts[1], starts[2], u64::MAX];
    let names = ["before, 50 %", "overload, 150 %", "after, 50 %"];
    for (place, name) in names.into_iter().enumerate() {
        let windows = within(&client.windows, starts[place], ends[place]);
        let of = |value: fn(&Window) -> u64| {
            median(&windows.iter().map(|window| value(window) as f64).collect::<Vec<_>>())
        };
        let cells = vec![
            stages[place].msgs_per_s,
            Some(windows.iter().map(|window| window.count).sum::<u64>() as f64),
            of(|window| window.p50_ns),
            of(|window| window.p99_ns),
            windows.iter().map(|window| window.max_ns as f64).reduce(f64::max),
            client.memory.get(place).map(|memory| memory[0] as f64),
        ];
        found.line(name, cells);
    }
    found.sound = client.counts.reconciles();
    judge(&mut found, &client, starts);
    Ok(found)
}

fn judge<S>(found: &mut Findings, client: &Client<S>, [start, overload, end]: [u64; 3]) {
    let counts = client.counts;
    let unanswered = counts.sent - counts.acknowledged - counts.rejected - counts.refused;
    let what = "commands that were not answered exactly once";
    let wrong = (unanswered + counts.answered_twice) as f64;
    found.bars.push(Bar::at_most(what, Some(wrong), 0.0));
    let growth = match *client.memory {
        [_, [_, middle], [last, _]] => Some(last as f64 - middle as f64),
        _ => None,
    };
    let what = "memory growth over the second half of the overload, bytes";
    found.bars.push(Bar::at_most(what, growth, 1e6));
    let before = within(&client.windows, start, overload);
    let usual = median(&before.iter().map(|window| window.p50_ns as f64).collect::<Vec<_>>());
    let normal =
        |window: &&Window| usual.is_some_and(|usual| window.p50_ns as f64 <= NORMAL * usual);
    let recovered = within(&client.windows, end, u64::MAX).iter().find(normal);
    let after_s =
        recovered.map(|window| (window.from_ns + WINDOW_NS).saturating_sub(end) as f64 / 1e9);
    let what = "seconds after its end until a window's median is normal again";
    found.bars.push(Bar::at_most(what, after_s, 1.0));
    found.notes.push(format!(
        "sent {} = acknowledged {} + rejected {} + refused at the ring {}",
        counts.sent, counts.acknowledged, counts.rejected, counts.refused
    ));
    found.notes.push(format!(
        "windows of {} ms by due time; normal: a median of at most {NORMAL} times that before",
        WINDOW_NS / 1_000_000
    ));
}

/// Windows that lie whole in a span.
fn within(windows: &[Window], from_ns: u64, to_ns: u64) -> &[Window] {
    let first = windows.partition_point(|window| window.from_ns < from_ns);
    let last = windows.partition_point(|window| window.from_ns + WINDOW_NS <= to_ns);
    &windows[first..last.max(first)]
}

/// A client behind rings of kind `R`.
type ClientOf<R> = Client<<R as Transport>::Sender<Inbound>>;

/// Runs a schedule; returns the client, the time it took and what the shard says.
fn soak<R: Transport>(
    lab: &Lab<'_>,
    stages: &[Stage],
) -> Result<(ClientOf<R>, u64, ShardCounts), LabError> {
    let options = lab.options(None);
    let clock = RunClock::start();
    let (mut sender, receiver) = R::channel::<Inbound>(options.ingress_slots);
    let (publisher, mut readers) = broadcast::<Outbound>(options.egress_slots, &["client"]);
    let mut reader = readers.pop().expect("one reader was asked for");
    let timed = TimedShard::new(engine(), clock.clone(), 0, 0, PAD_NS);
    let mut shard_loop = ShardLoop::new(timed, vec![receiver], publisher, Timing::Recorded);
    set_up(&mut shard_loop, &mut sender, &mut reader, setup());
    let start_ns = clock.now_ns() + LEAD_NS;
    let mut client = Client::new(sender, clock.clone(), stages, start_ns);
    let wait = lab.wait.unwrap_or_else(|| lab.topology.wait_strategy());
    let (edge, engine_core) = match lab.topology.layout {
        Layout::Inline { core } => {
            if let Some(core) = core {
                pin_to(core);
            }
            loop {
                client.send_due(clock.now_ns());
                let turn = shard_loop.turn();
                let taken = reader.drain(DRAIN_MAX, |out| client.take(out));
                if turn == Turn::Finished && taken == 0 {
                    break;
                }
            }
            client.finish();
            let (_, counts) = shard_loop.into_parts();
            return Ok((client, clock.now_ns() - start_ns, counts));
        }
        Layout::Shared { edge, engine } => (edge, engine),
        Layout::Separate { generator, engine, .. } => (generator, engine),
    };
    let engine = EngineThread::start(shard_loop, Some(engine_core), wait)?;
    let client = thread::scope(|scope| {
        let run = || {
            pin_to(edge);
            exchange(client, reader, &clock, &mut Waiter::new(wait))
        };
        scope.spawn(run).join().expect("the thread ends")
    });
    let wall_ns = clock.now_ns().saturating_sub(start_ns);
    let (_, counts) = engine.join()?;
    Ok((client, wall_ns, counts))
}

fn exchange<S: RingSender<Inbound>>(
    mut client: Client<S>,
    mut reader: Reader<Outbound>,
    clock: &RunClock,
    waiter: &mut Waiter,
) -> Client<S> {
    loop {
        let sent = client.send_due(clock.now_ns());
        let taken = reader.drain(DRAIN_MAX, |out| client.take(out));
        if sent + taken > 0 {
            waiter.reset();
        } else if client.is_done() && reader.is_finished() {
            client.finish();
            return client;
        } else {
            waiter.idle();
        }
    }
}
