//! The loop: agents wake, their inputs travel, the engine serves them one by one.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::types::{Input, Price, Seq, Sequenced};

use super::feed::Feed;
use super::options::{Progress, RunOptions, RunResult, SimulationError};
use super::spool::Spool;
use super::tap::Tap;
use crate::agents::background::Recorded;
use crate::agents::makers::Makers;
use crate::agents::oracle::Oracle;
use crate::agents::shock::Shock;
use crate::agents::takers::Takers;
use crate::agents::{Agent, IndexPath, Line, Notice, Outbox, Pending, Quote, View, holders};
use crate::measure::Recorder;
use crate::scenario::{Roles, SYMBOL, Scenario};

const LINES: usize = Line::ALL.len();
/// Inputs between two calls of the progress callback.
const PROGRESS_EVERY: u64 = 16_384;
/// The line of an agent is also its place among the agents.
const MAKERS: usize = Line::Maker.index();

/// One run under way.
pub(super) struct World<'a, 'o> {
    scenario: &'a Scenario,
    options: &'a mut RunOptions<'o>,
    paired: bool,
    roles: Roles,
    index: IndexPath,
    agents: Vec<Box<dyn Agent + 'o>>,
    wakes: [u64; LINES],
    lines: [VecDeque<Pending>; LINES],
    /// Arrival of each line's first input; `u64::MAX` for an empty one.
    arrivals: [u64; LINES],
    gateway_ns: [u64; LINES],
    spool: Spool,
    venue: Venue,
}

/// The engine and what watches it.
struct Venue {
    engine: Engine,
    hasher: EventHasher,
    recorder: Recorder,
    notices: VecDeque<Notice>,
    /// The book as makers and the oracle, and as takers see it.
    feeds: [Feed; 2],
    quote: Quote,
    /// When the engine has done all it was given.
    free_ns: u64,
    next_step_ns: Option<u64>,
    seq: Seq,
    input_ns: u64,
    event_ns: u64,
    egress_ns: u64,
}

/// What happens next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Wake(usize),
    Serve(usize),
    Step,
}

impl<'a, 'o> World<'a, 'o> {
    pub(super) fn new(
        scenario: &'a Scenario,
        options: &'a mut RunOptions<'o>,
        paired: bool,
    ) -> Self {
        let mut agents: Vec<Box<dyn Agent + 'o>> = vec![
            Box::new(Oracle::new(scenario)),
            Box::new(Makers::new(scenario)),
            Box::new(Takers::new(scenario)),
            Box::new(Shock::new(scenario)),
        ];
        if let Some(background) = options.background {
            agents.push(Box::new(Recorded::new(scenario, background)));
        }
        let is_recorded = options.commands.is_some();
        let mut wakes = [u64::MAX; LINES];
        for (wake, agent) in wakes.iter_mut().zip(&agents) {
            *wake = agent.next_wake_ns();
        }
        let latency = &scenario.latency;
        let gateway_ns = Line::ALL.map(|line| match line {
            Line::Oracle => latency.oracle_gateway_ns,
            Line::Maker => latency.maker_gateway_ns,
            Line::Taker | Line::Shock | Line::Background => latency.taker_gateway_ns,
        });
        Self {
            scenario,
            options,
            paired,
            roles: scenario.roles(),
            index: IndexPath::new(scenario),
            agents,
            wakes,
            lines: Line::ALL.map(|_| VecDeque::with_capacity(1_024)),
            arrivals: [u64::MAX; LINES],
            gateway_ns,
            spool: Spool::new(is_recorded),
            venue: Venue::new(scenario),
        }
    }

    /// Runs to the end.
    pub(super) fn run(mut self) -> Result<RunResult, SimulationError> {
        self.open()?;
        let end_ns = self.scenario.clock.duration_ms * 1_000_000;
        let sample_ns = self.scenario.clock.sample_ms * 1_000_000;
        let mut sample_at = sample_ns;
        let mut progress_at = PROGRESS_EVERY;
        loop {
            let (time_ns, next) = self.next();
            while sample_at <= time_ns.min(end_ns) {
                let index = self.index.ticks_at(sample_at);
                self.venue.recorder.sample(sample_at, index, &self.venue.engine);
                sample_at += sample_ns;
            }
            if time_ns > end_ns {
                break;
            }
            match next {
                Next::Wake(agent) => self.wake(agent, time_ns),
                Next::Serve(line) => self.serve(line, time_ns)?,
                Next::Step => self.apply(Input::Step, time_ns, time_ns, time_ns)?,
            }
            if self.venue.recorder.commands() >= progress_at {
                progress_at += PROGRESS_EVERY;
                self.report(time_ns, end_ns);
                if self.is_stopped() {
                    return Err(SimulationError::Stopped);
                }
            }
        }
        if let Some(commands) = &mut self.options.commands {
            self.spool.flush(*commands)?;
        }
        self.report(end_ns, end_ns);
        let mut result = self.venue.finish(self.scenario);
        result.summary.loop_cpu_seconds = -self.spool.spent_seconds();
        Ok(result)
    }

    /// Opens every account and builds the positions that are there before the run, at time zero
    /// and at no cost in virtual time.
    fn open(&mut self) -> Result<(), SimulationError> {
        let (input_ns, event_ns) = (self.venue.input_ns, self.venue.event_ns);
        (self.venue.input_ns, self.venue.event_ns) = (0, 0);
        for input in holders::opening(self.scenario) {
            let refused = self.apply_watched(input, 0, 0, 0)?;
            if let Some((account, reason)) = refused {
                return Err(SimulationError::Opening { account: account.0, reason });
            }
        }
        (self.venue.input_ns, self.venue.event_ns) = (input_ns, event_ns);
        Ok(())
    }

    /// The earliest of: an agent wakes, the engine takes the next input, an idle engine steps.
    /// Agents come before the engine at the same instant; a waiting client comes before a step,
    /// since every input grants forced steps of its own by the discipline.
    #[inline]
    fn next(&self) -> (u64, Next) {
        let (line, arrival) = earliest(&self.arrivals);
        let (agent, wake) = earliest(&self.wakes);
        let serve = arrival.max(self.venue.free_ns);
        let step = self.venue.next_step_ns.map_or(u64::MAX, |due| due.max(self.venue.free_ns));
        if wake <= serve.min(step) {
            (wake, Next::Wake(agent))
        } else if serve <= step {
            (serve, Next::Serve(line))
        } else {
            (step, Next::Step)
        }
    }

    #[inline]
    fn wake(&mut self, number: usize, now_ns: u64) {
        let agent = &mut self.agents[number];
        if number == MAKERS {
            let notices = &mut self.venue.notices;
            while let Some(notice) = notices.front().filter(|notice| notice.time_ns <= now_ns) {
                agent.notice(notice);
                notices.pop_front();
            }
        }
        let line = agent.line();
        let fast = matches!(line, Line::Maker | Line::Oracle);
        let quote = self.venue.feeds[usize::from(!fast)].see(now_ns);
        let queue = &mut self.lines[line.index()];
        let arrival_ns = now_ns + self.gateway_ns[line.index()];
        agent.wake(
            &View { now_ns, quote, index: &self.index },
            &mut Outbox { line: queue, arrival_ns },
        );
        self.wakes[number] = agent.next_wake_ns();
        assert!(self.wakes[number] >= now_ns, "an agent does not wake in the past");
        self.arrivals[line.index()] = head(queue);
    }

    #[inline]
    fn serve(&mut self, line: usize, time_ns: u64) -> Result<(), SimulationError> {
        let pending =
            self.lines[line].pop_front().expect("the line with the first arrival is not empty");
        self.arrivals[line] = head(&self.lines[line]);
        let sent_ns = pending.arrival_ns - self.gateway_ns[line];
        self.apply(pending.input, time_ns, pending.arrival_ns, sent_ns)
    }

    #[inline]
    fn apply(
        &mut self,
        input: Input,
        time_ns: u64,
        ingress_ns: u64,
        sent_ns: u64,
    ) -> Result<(), SimulationError> {
        self.apply_watched(input, time_ns, ingress_ns, sent_ns).map(|_| ())
    }

    #[inline]
    fn apply_watched(
        &mut self,
        input: Input,
        time_ns: u64,
        ingress_ns: u64,
        sent_ns: u64,
    ) -> Result<Option<super::tap::Refused>, SimulationError> {
        let seq = self.venue.seq.next();
        let sequenced = Sequenced { seq, time_ns, ingress_ns, input };
        if let Some(commands) = &mut self.options.commands {
            self.spool.push(&sequenced, *commands)?;
        }
        Ok(self.venue.apply(&sequenced, sent_ns, &self.roles))
    }

    fn is_stopped(&self) -> bool {
        self.options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn report(&mut self, time_ns: u64, end_ns: u64) {
        if let Some(progress) = &mut self.options.progress {
            let commands = self.venue.recorder.commands();
            progress(Progress { time_ns, end_ns, commands, paired: self.paired });
        }
    }
}

impl Venue {
    fn new(scenario: &Scenario) -> Self {
        let latency = &scenario.latency;
        Self {
            engine: Engine::new(&scenario.shard_config()),
            hasher: EventHasher::default(),
            recorder: Recorder::new(scenario),
            notices: VecDeque::with_capacity(1_024),
            feeds: [Feed::new(latency.maker_feed_ns), Feed::new(latency.taker_feed_ns)],
            quote: Quote::default(),
            free_ns: 0,
            next_step_ns: None,
            seq: Seq(0),
            input_ns: latency.service_input_ns * latency.service_scale,
            event_ns: latency.service_event_ns * latency.service_scale,
            egress_ns: latency.egress_ns,
        }
    }

    #[inline]
    fn apply(
        &mut self,
        input: &Sequenced,
        sent_ns: u64,
        roles: &Roles,
    ) -> Option<super::tap::Refused> {
        self.seq = input.seq;
        self.recorder.begin(input, sent_ns);
        let mut tap = Tap::new(
            &mut self.hasher,
            &mut self.recorder,
            &mut self.notices,
            &roles.makers,
            &input.input,
        );
        tap.now_ns = input.time_ns + self.input_ns;
        tap.event_ns = self.event_ns;
        tap.egress_ns = self.egress_ns;
        tap.last_ticks = self.quote.last_ticks;
        self.engine.apply(input, &mut tap);
        self.free_ns = tap.now_ns;
        let (last_ticks, refused) = (tap.last_ticks, tap.refused);
        self.publish(last_ticks);
        self.next_step_ns = self.engine.next_step_ns();
        refused
    }

    #[inline]
    fn publish(&mut self, last_ticks: u32) {
        let bid_ticks = self.engine.best_bid(SYMBOL).map_or(0, Price::ticks);
        let ask_ticks = self.engine.best_ask(SYMBOL).map_or(0, Price::ticks);
        let quote = Quote { bid_ticks, ask_ticks, last_ticks };
        if quote == self.quote {
            return;
        }
        self.quote = quote;
        self.recorder.quote(quote);
        for feed in &mut self.feeds {
            feed.publish(self.free_ns, quote);
        }
    }

    fn finish(self, scenario: &Scenario) -> RunResult {
        let (mut summary, tables) = self.recorder.finish(scenario, &self.engine);
        summary.events_hash = format!("{:032x}", self.hasher.digest());
        summary.state_hash = format!("{:032x}", self.engine.state_hash());
        RunResult { summary, tables }
    }
}

#[inline]
fn head(line: &VecDeque<Pending>) -> u64 {
    line.front().map_or(u64::MAX, |pending| pending.arrival_ns)
}

/// The first of the smallest times, and its place.
#[inline]
fn earliest(times: &[u64; LINES]) -> (usize, u64) {
    let mut best = (0, times[0]);
    for (place, time) in times.iter().enumerate().skip(1) {
        if *time < best.1 {
            best = (place, *time);
        }
    }
    best
}
