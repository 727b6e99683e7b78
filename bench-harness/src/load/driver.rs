//! One run: setup, threads, the end.

use std::hint;
use std::thread;

use seawall_engine::pipeline::{
    EngineThread, Inbound, Layout, LogCounts, Outbound, PipelineError, ReleasedReader, Shard,
    ShardCounts, ShardLoop, Timing, Topology, Turn, pin_to,
};
use seawall_engine::ring::{
    Publisher, RingReceiver, RingSender, Transport, WaitStrategy, Waiter, broadcast,
};
use seawall_engine::types::Seq;
use thiserror::Error;

use super::durable::{LogPlan, LogRun, LogRunError};
use super::generator::Generator;
use super::memory::{Locked, page_faults};
use super::outcome::{Filled, FilledLots, Outcome};
use super::recorder::Recorder;
use super::samples::SampleRow;
use super::stages::Stages;
use super::stalls::{Stall, StallLog, Trip, Undisturbed};
use super::timed_shard::TimedShard;
use super::{Arrivals, Pace, Plan, RunClock};

/// Most events taken before the caller gets to do something else.
const DRAIN_MAX: usize = 128;
/// Time between the start of the threads and the first due message.
const LEAD_NS: u64 = 2_000_000;
/// What sending or taking a message may take before the time counts as a stall.
const EDGE_WORK_NS: u64 = 100;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct DriverOptions {
    /// Messages per second; `None` for as fast as the ring takes them.
    pub msgs_per_s: Option<f64>,
    /// How they arrive, if there is a rate.
    pub arrivals: Arrivals,
    /// Time that the shard spends on an input before its work; 0 for none.
    pub pad_ns: u64,
    /// Where the threads go.
    pub topology: Topology,
    /// How they wait, if not as the topology says.
    pub wait: Option<WaitStrategy>,
    /// Rings in front of the shard; with several, accounts are dealt out to them, and marks and
    /// control have a lane of their own.
    pub gateways: usize,
    /// Fills count as in time up to so long after the scheduled send.
    pub horizon_ns: u64,
    /// Slots of the ring in front of the shard.
    pub ingress_slots: usize,
    /// Slots of the ring behind it.
    pub egress_slots: usize,
    /// Whether every timed order is kept, for files.
    pub keeps_samples: bool,
    /// Whether all memory is mapped and locked before the clock starts.
    pub locks_memory: bool,
}

impl DriverOptions {
    /// A run at that rate, evenly spaced, with rings of 65,536 inputs and 8,192 events.
    pub const fn new(topology: Topology, msgs_per_s: Option<f64>) -> Self {
        Self {
            msgs_per_s,
            arrivals: Arrivals::Constant,
            pad_ns: 0,
            topology,
            wait: None,
            gateways: 1,
            horizon_ns: 1_000_000_000,
            ingress_slots: 1 << 16,
            egress_slots: 1 << 13,
            keeps_samples: false,
            locks_memory: false,
        }
    }
}

/// Sends `plan` through rings of kind `R` to `shard`. The shard comes back as the run left it.
///
/// Panics unless the rate is possible ([`Pace::open`]); callers check what they were given.
pub fn drive<R: Transport, S: Shard + 'static>(
    plan: &Plan<'_>,
    shard: S,
    options: &DriverOptions,
) -> Result<(Outcome, S), PipelineError> {
    drive_logged::<R, S>(plan, shard, options, None).map_err(|error| match error {
        DriveError::Pipeline(error) => error,
        DriveError::Log(_) => unreachable!("there was no log"),
    })
}

/// Why a run with a log ended early.
#[derive(Debug, Error)]
pub enum DriveError {
    /// The engine thread did not start, or died.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The log could not be made, or failed.
    #[error(transparent)]
    Log(#[from] LogRunError),
}

/// As [`drive`]; with a log, readers see what the shard said of an input once that is durable.
pub fn drive_logged<R: Transport, S: Shard + 'static>(
    plan: &Plan<'_>,
    shard: S,
    options: &DriverOptions,
    log: Option<&LogPlan>,
) -> Result<(Outcome, S), DriveError> {
    let clock = RunClock::start();
    let clock_cost_ns = clock.cost_ns();
    let (publisher, mut readers) = broadcast::<Outbound>(options.egress_slots, &["recorder"]);
    let reader = readers.pop().expect("one reader was asked for");
    let (senders, receivers) = lanes::<R>(options);
    let timed =
        TimedShard::new(shard, clock.clone(), plan.setup(), plan.inputs().len(), options.pad_ns);
    let mut shard_loop = behind(timed, receivers, publisher, plan.inputs().len());
    let (mut log_run, mut watermark) = (None, None);
    if let Some(log) = log {
        let (run, tap, reached) = LogRun::start(log)?;
        shard_loop = shard_loop.with_log(tap, Seq(0), 0);
        (log_run, watermark) = (Some(run), Some(reached));
    }
    let mut edge = Edge {
        generator: Generator::new(plan, senders),
        recorder: Recorder::new(plan, clock.clone(), options.gateways, options.horizon_ns),
        reader: ReleasedReader::new(reader, watermark),
        clock,
        end_ns: 0,
        stalls: StallLog::new(),
        reader_stalls: StallLog::new(),
    };
    let shard_loop = edge.set_up(shard_loop, plan.setup());
    let locked = if options.locks_memory { Locked::take() } else { None };
    // Drawn before the clock starts: it takes as long as it takes.
    let timed_inputs = &plan.inputs()[plan.setup()..];
    let pace = options.msgs_per_s.map_or(Pace::Closed, |rate| {
        Pace::arriving(options.arrivals, timed_inputs, rate, 0)
            .expect("the caller checked the rate")
    });
    let faults_before = page_faults();
    let pace = pace.starting_at(edge.clock.now_ns() + LEAD_NS);
    edge.generator.set_pace(pace.clone());
    edge.recorder.set_pace(pace.clone());
    let began_ns = pace.start_ns().unwrap_or_else(|| edge.clock.now_ns());

    let (edge, end, pinned) = run_threads(edge, shard_loop, options)?;
    let page_faults = page_faults().zip(faults_before).map(|(after, before)| after - before);
    let memory_locked = locked.is_some();
    drop(locked);
    let log = log_run.map(LogRun::join).transpose()?;
    let run = Finished {
        pace,
        began_ns,
        pinned,
        clock_cost_ns,
        transport: R::NAME,
        log,
        page_faults,
        memory_locked,
    };
    Ok(edge.into_outcome(plan, options, run, end))
}

/// Runs to the end, on as many threads as the layout has; says whether all were pinned.
#[allow(clippy::type_complexity, reason = "what goes in comes out")]
fn run_threads<'a, S, T, G>(
    mut edge: Edge<'a, S>,
    mut shard_loop: ShardLoop<T, G>,
    options: &DriverOptions,
) -> Result<(Edge<'a, S>, (T, ShardCounts), bool), PipelineError>
where
    S: RingSender<Inbound>,
    T: Shard + 'static,
    G: RingReceiver<Inbound> + 'static,
{
    let wait = options.wait.unwrap_or_else(|| options.topology.wait_strategy());
    Ok(match options.topology.layout {
        Layout::Inline { core } => {
            let (edge, shard_loop, pinned) = thread::scope(|scope| {
                let inline = move || {
                    let pinned = core.is_some_and(pin_to);
                    edge.run_inline(&mut shard_loop);
                    (edge, shard_loop, pinned)
                };
                scope.spawn(inline).join().expect("the thread ends")
            });
            (edge, shard_loop.into_parts(), pinned)
        }
        Layout::Shared { edge: core, engine } => {
            let engine = EngineThread::start(shard_loop, Some(engine), wait)?;
            let (edge, pinned) = edge.run_shared(core, &mut Waiter::new(wait));
            let pinned = pinned && engine.is_pinned();
            (edge, engine.join()?, pinned)
        }
        Layout::Separate { generator, engine, recorder } => {
            let engine = EngineThread::start(shard_loop, Some(engine), wait)?;
            let (edge, pinned) = edge.run_separate(generator, recorder, wait);
            let pinned = pinned && engine.is_pinned();
            (edge, engine.join()?, pinned)
        }
    })
}

type SenderOf<R> = <R as Transport>::Sender<Inbound>;
type ReceiverOf<R> = <R as Transport>::Receiver<Inbound>;

/// A ring, or one for the control lane and one for each gateway.
fn lanes<R: Transport>(options: &DriverOptions) -> (Vec<SenderOf<R>>, Vec<ReceiverOf<R>>) {
    let gateways = options.gateways.max(1);
    let rings = if gateways > 1 { gateways + 1 } else { 1 };
    (0..rings).map(|_| R::channel(options.ingress_slots.div_ceil(gateways))).unzip()
}

/// A loop behind these rings; behind several it keeps the order in which inputs are taken.
fn behind<S: Shard, G: RingReceiver<Inbound>>(
    mut timed: TimedShard<S>,
    mut receivers: Vec<G>,
    publisher: Publisher<Outbound>,
    inputs: usize,
) -> ShardLoop<TimedShard<S>, G> {
    if receivers.len() == 1 {
        return ShardLoop::new(timed, receivers, publisher, Timing::Recorded);
    }
    timed = timed.keeping_order(inputs);
    let control = receivers.remove(0);
    ShardLoop::new(timed, receivers, publisher, Timing::Recorded).with_control(control)
}

/// What is known of a run when its threads have ended.
struct Finished {
    pace: Pace,
    began_ns: u64,
    pinned: bool,
    clock_cost_ns: f64,
    transport: &'static str,
    log: Option<LogCounts>,
    page_faults: Option<u64>,
    memory_locked: bool,
}

/// Both ends of the pipeline: what sends and what reads.
struct Edge<'a, S> {
    generator: Generator<'a, S>,
    recorder: Recorder<'a>,
    reader: ReleasedReader,
    clock: RunClock,
    end_ns: u64,
    /// Stalls of the thread that sends.
    stalls: StallLog,
    /// Stalls of the thread that reads, where it is another one.
    reader_stalls: StallLog,
}

impl<S: RingSender<Inbound>> Edge<'_, S> {
    /// Sends the setup through the rings, all in this thread, before the clock counts.
    fn set_up<T: Shard, G: RingReceiver<Inbound>>(
        &mut self,
        mut shard_loop: ShardLoop<T, G>,
        setup: usize,
    ) -> ShardLoop<T, G> {
        loop {
            let sent = self.generator.send_due(0, setup);
            let turn = shard_loop.turn();
            let taken = self.drain();
            let waits = self.reader.is_waiting();
            if sent == 0 && taken == 0 && !waits && turn == Turn::Applied(0) {
                return shard_loop;
            }
        }
    }

    /// Sends what is due. `before` is how much was sent and taken since the last call.
    #[inline]
    fn send(&mut self, before: usize) -> usize {
        let now_ns = self.clock.now_ns();
        self.stalls.here(now_ns, before as u64 * EDGE_WORK_NS);
        self.generator.send_due(now_ns, usize::MAX)
    }

    #[inline]
    fn drain(&mut self) -> usize {
        let recorder = &mut self.recorder;
        self.reader.drain(DRAIN_MAX, |out| recorder.take(out))
    }

    /// Everything in turns in one thread.
    fn run_inline<T: Shard, G: RingReceiver<Inbound>>(&mut self, shard: &mut ShardLoop<T, G>) {
        let mut moved = 0;
        loop {
            let sent = self.send(moved);
            let turn = shard.turn();
            let taken = self.drain();
            // The shard's work lies between two looks, too; its own log knows what it may take.
            moved = (sent + taken) * 8;
            let is_over = match turn {
                Turn::Finished => !self.reader.is_waiting(),
                Turn::LogFailed => true,
                Turn::Applied(_) | Turn::Gated => false,
            };
            if is_over && taken == 0 {
                self.end_ns = self.clock.now_ns();
                return;
            }
            if sent == 0 && taken == 0 {
                hint::spin_loop();
            }
        }
    }

    /// Sending and reading in turns in one thread.
    fn run_shared(mut self, core: usize, waiter: &mut Waiter) -> (Self, bool) {
        thread::scope(|scope| {
            let run = move || {
                let pinned = pin_to(core);
                let mut moved = 0;
                loop {
                    let sent = self.send(moved);
                    let taken = self.drain();
                    moved = sent + taken;
                    if sent + taken > 0 {
                        waiter.reset();
                    } else if self.reader.is_finished() {
                        self.end_ns = self.clock.now_ns();
                        return (self, pinned);
                    } else {
                        waiter.idle();
                    }
                }
            };
            scope.spawn(run).join().expect("the thread ends")
        })
    }

    /// Sending and reading in a thread each.
    fn run_separate(
        self,
        generator_core: usize,
        recorder_core: usize,
        wait: WaitStrategy,
    ) -> (Self, bool) {
        let Self {
            mut generator,
            mut recorder,
            mut reader,
            clock,
            mut stalls,
            mut reader_stalls,
            ..
        } = self;
        let (send_clock, read_clock) = (clock.clone(), clock.clone());
        let send = move || {
            let pinned = pin_to(generator_core);
            let mut waiter = Waiter::new(wait);
            let mut sent = 0;
            while !generator.is_done() {
                let now_ns = send_clock.now_ns();
                stalls.here(now_ns, sent as u64 * EDGE_WORK_NS);
                sent = generator.send_due(now_ns, usize::MAX);
                if sent == 0 { waiter.idle() } else { waiter.reset() }
            }
            (generator, stalls, pinned)
        };
        let read = move || {
            let pinned = pin_to(recorder_core);
            let mut waiter = Waiter::new(wait);
            let mut taken = 0;
            loop {
                reader_stalls.here(read_clock.now_ns(), taken as u64 * EDGE_WORK_NS);
                taken = reader.drain(DRAIN_MAX, |out| recorder.take(out));
                if taken > 0 {
                    waiter.reset();
                } else if reader.is_finished() {
                    return (recorder, reader, reader_stalls, pinned);
                } else {
                    waiter.idle();
                }
            }
        };
        thread::scope(|scope| {
            let (send, read) = (scope.spawn(send), scope.spawn(read));
            let (generator, stalls, generator_pinned) = send.join().expect("the thread ends");
            let (recorder, reader, reader_stalls, recorder_pinned) =
                read.join().expect("the thread ends");
            let end_ns = clock.now_ns();
            let edge = Edge { generator, recorder, reader, clock, end_ns, stalls, reader_stalls };
            (edge, generator_pinned && recorder_pinned)
        })
    }

    /// From due to answered, for what was answered.
    fn trips(&self, plan: &Plan<'_>, pace: &Pace) -> Vec<Trip> {
        if !pace.is_open() {
            return Vec::new();
        }
        let trip = |(n, &done): (usize, &u64)| Trip {
            due_ns: pace.scheduled_ns((n - plan.setup()) as u64),
            done_ns: self.clock.ns(done),
            is_order: plan.cell(n).is_some(),
        };
        let answered = self.recorder.notes.answered.iter().enumerate();
        answered.filter(|(_, done)| **done > 0).map(trip).collect()
    }

    /// The timed orders.
    fn samples(&self, plan: &Plan<'_>, pace: &Pace) -> Vec<SampleRow> {
        let Some(start_ns) = pace.start_ns() else { return Vec::new() };
        let notes = &self.recorder.notes;
        notes.rows(plan, &self.generator.lags_ns, |n| {
            let done = Some(notes.answered[n]).filter(|done| *done > 0);
            let done_ns = done.map(|done| self.clock.ns(done).saturating_sub(start_ns));
            (pace.scheduled_ns((n - plan.setup()) as u64) - start_ns, done_ns)
        })
    }

    fn into_outcome<T: Shard>(
        self,
        plan: &Plan<'_>,
        options: &DriverOptions,
        run: Finished,
        (timed, shard): (TimedShard<T>, ShardCounts),
    ) -> (Outcome, T) {
        let (sent, steps) = self.generator.offered_by_kind();
        let mut counts = self.recorder.counts;
        counts.sent = sent;
        counts.steps = steps;
        counts.refused = self.generator.refused;
        let setup = plan.setup() as u64;
        let samples =
            if options.keeps_samples { self.samples(plan, &run.pace) } else { Vec::new() };
        let service = timed.service();
        let trips = self.trips(plan, &run.pace);
        let logs = [self.stalls, self.reader_stalls, timed.stalls].map(StallLog::into_parts);
        let mut stalls: Vec<Stall> = logs.iter().flat_map(|(stalls, _)| stalls).copied().collect();
        let [(_, mut lengths), others @ ..] = logs;
        for (_, other) in &others {
            lengths.add(other).expect("all have the same bounds");
        }
        let (lags_ns, pace) = (&self.generator.lags_ns, &run.pace);
        let ns = |ticks| self.clock.ns(ticks);
        let stages = Stages::join(&timed.served, &self.recorder.followed, ns, |n| {
            let due_ns = pace.scheduled_ns((n - plan.setup()) as u64);
            (due_ns, due_ns + lags_ns[n])
        });
        let outcome = Outcome {
            stages,
            undisturbed: Undisturbed::new(&trips, &mut stalls),
            trips,
            samples,
            stalls: lengths,
            topology: options.topology,
            pinned: run.pinned,
            transport: run.transport,
            counts,
            shard,
            offered: self.generator.offered() as u64 - setup,
            applied: shard.applied - setup,
            wall_ns: self.end_ns.saturating_sub(run.began_ns),
            events_hash: self.recorder.events_hash(),
            filled: FilledLots {
                taker: Filled {
                    sent_lots: if run.pace.is_open() {
                        plan.taking_lots(self.generator.offered())
                    } else {
                        0
                    },
                    ..self.recorder.filled.taker
                },
                ..self.recorder.filled
            },
            taken: timed.taken,
            replay_hash: None,
            cells: if run.pace.is_open() { self.recorder.into_cells() } else { Vec::new() },
            pace: run.pace,
            service,
            send_lag: self.generator.send_lag(),
            clock_cost_ns: run.clock_cost_ns,
            log: run.log,
            page_faults: run.page_faults,
            memory_locked: run.memory_locked,
        };
        (outcome, timed.shard)
    }
}
