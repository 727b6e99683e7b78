//! The loop: agents wake, their inputs travel, the engine serves them one by one.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::types::{Input, Price, Seq, Sequenced, SymbolId};

use super::feed::Feed;
use super::options::{Progress, RunOptions, RunResult, SimulationError};
use super::spool::Spool;
use super::tap::{Listeners, Tap};
use crate::agents::background::Recorded;
use crate::agents::study::StudyOrders;
use crate::agents::{
    Agent, Deleveraged, IndexPath, Latencies, Member, Notice, Outbox, Pending, Quote, View,
    holders, populations,
};
use crate::measure::hand_over::{TableError, TableSink};
use crate::measure::tables::Tables;
use crate::measure::{Counters, Recorder};
use crate::scenario::Scenario;

/// Inputs between two calls of the progress callback.
const PROGRESS_EVERY: u64 = 16_384;
/// One run under way.
pub(super) struct World<'a, 'o> {
    scenario: &'a Scenario,
    options: &'a mut RunOptions<'o>,
    paired: bool,
    /// The exogenous price of each market.
    indices: Vec<IndexPath>,
    populations: Vec<Population<'o>>,
    /// When each population wakes next.
    wakes: Vec<u64>,
    /// First-in first-out ways to the venue.
    lines: Vec<VecDeque<Pending>>,
    /// Arrival of each line's first input; `u64::MAX` for an empty one.
    arrivals: Vec<u64>,
    /// Nothing but keepers makes an idle engine take a step.
    steps_by_keepers: bool,
    spool: Spool,
    venue: Venue,
}

/// One population and its ways to the venue.
struct Population<'o> {
    name: String,
    /// The market that it sees.
    market: usize,
    agent: Box<dyn Agent + 'o>,
    latencies: Latencies,
    /// Its lines: new and changed orders, and cancels.
    new: usize,
    cancel: usize,
    /// Its view of the market.
    feed: usize,
}

/// The engine and what watches it.
struct Venue {
    engine: Engine,
    hasher: EventHasher,
    recorder: Recorder,
    listeners: Listeners,
    /// What each population will hear of its orders.
    notices: Vec<VecDeque<Notice>>,
    /// Those whom auto-deleveraging hit with the last input.
    deleveraged: Vec<Deleveraged>,
    /// The market as it is seen, by feed latency.
    feeds: Vec<Feed>,
    /// Of each market.
    quotes: Vec<Quote>,
    /// Its last trade's price.
    last_ticks: Vec<u32>,
    /// When the engine has done all it was given.
    free_ns: u64,
    next_step_ns: Option<u64>,
    seq: Seq,
    input_ns: u64,
    event_ns: u64,
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
        let mut agents: Vec<Member<'o>> = populations(scenario);
        let first = |name: &str, agent| Member { name: name.to_owned(), market: 0, agent };
        if let Some(background) = options.background {
            agents.push(first("background", Box::new(Recorded::new(scenario, background))));
        } else if !options.study.is_empty() {
            agents.push(first("study", Box::new(StudyOrders::new(scenario, options.study))));
        }
        let mut venue = Venue::new(scenario);
        let mut lines = Vec::new();
        let mut line = || {
            lines.push(VecDeque::with_capacity(1_024));
            lines.len() - 1
        };
        let join = |Member { name, market, agent }: Member<'o>| {
            let latencies = agent.latencies();
            let new = line();
            // Messages of one latency keep their order.
            let cancel = if latencies.cancel_ns == latencies.new_ns { new } else { line() };
            venue.listeners.add(agent.hears(), latencies.ack_ns);
            let feed = venue.feed(market, latencies.feed_ns);
            Population { name, market, agent, latencies, new, cancel, feed }
        };
        let populations: Vec<Population<'o>> = agents.into_iter().map(join).collect();
        venue.notices = populations.iter().map(|_| VecDeque::with_capacity(1_024)).collect();
        let is_recorded = options.commands.is_some();
        Self {
            scenario,
            options,
            paired,
            indices: scenario.lanes().iter().map(IndexPath::new).collect(),
            wakes: populations.iter().map(|p| p.agent.next_wake_ns()).collect(),
            steps_by_keepers: populations.iter().any(|p| p.name == "keepers"),
            populations,
            arrivals: vec![u64::MAX; lines.len()],
            lines,
            spool: Spool::new(is_recorded),
            venue,
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
                self.venue.recorder.sample(sample_at, &self.indices, &self.venue.engine);
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
                self.hand_over()?;
                if self.is_stopped() {
                    return Err(SimulationError::Stopped);
                }
            }
        }
        if let Some(commands) = &mut self.options.commands {
            self.spool.flush(*commands)?;
        }
        self.report(end_ns, end_ns);
        let counters =
            self.populations.iter().map(|p| (p.name.clone(), p.agent.counters())).collect();
        let mut result = self.venue.finish(self.scenario, counters);
        if let Some(sink) = &mut self.options.tables {
            let rest = &mut result.tables;
            self.spool.apart(|| hand_over_rest(rest, *sink)).map_err(SimulationError::Tables)?;
        }
        result.summary.loop_cpu_seconds = -self.spool.spent_seconds();
        Ok(result)
    }

    /// Rows of event tables go to their sink, if there is one.
    fn hand_over(&mut self) -> Result<(), SimulationError> {
        let Some(sink) = &mut self.options.tables else { return Ok(()) };
        let recorder = &mut self.venue.recorder;
        self.spool.apart(|| recorder.hand_over(*sink)).map_err(SimulationError::Tables)
    }

    /// Opens every account and builds the positions that are there before the run, at time zero
    /// and at no cost in virtual time.
    fn open(&mut self) -> Result<(), SimulationError> {
        let (input_ns, event_ns) = (self.venue.input_ns, self.venue.event_ns);
        (self.venue.input_ns, self.venue.event_ns) = (0, 0);
        for input in holders::opening(self.scenario) {
            if let Input::Deposit { account, amount } = input {
                self.venue.recorder.deposited(account, amount);
            }
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
        let step_ns = self.venue.next_step_ns.filter(|_| !self.steps_by_keepers);
        let step = step_ns.map_or(u64::MAX, |due| due.max(self.venue.free_ns));
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
        let population = &mut self.populations[number];
        let agent = &mut population.agent;
        let notices = &mut self.venue.notices[number];
        while let Some(notice) = notices.front().filter(|notice| notice.time_ns <= now_ns) {
            agent.notice(notice);
            notices.pop_front();
        }
        let quote = self.venue.feeds[population.feed].see(now_ns);
        let work = self.venue.work();
        let (new, cancel) = (population.new, population.cancel);
        let latencies = population.latencies;
        agent.wake(
            &View { now_ns, quote, index: &self.indices[population.market], work },
            &mut Outbox {
                lines: &mut self.lines,
                new: (new, now_ns + latencies.new_ns),
                cancel: (cancel, now_ns + latencies.cancel_ns),
                sent_ns: now_ns,
            },
        );
        self.wakes[number] = agent.next_wake_ns();
        assert!(self.wakes[number] >= now_ns, "an agent does not wake in the past");
        for line in [new, cancel] {
            self.arrivals[line] = head(&self.lines[line]);
        }
    }

    #[inline]
    fn serve(&mut self, line: usize, time_ns: u64) -> Result<(), SimulationError> {
        let pending =
            self.lines[line].pop_front().expect("the line with the first arrival is not empty");
        self.arrivals[line] = head(&self.lines[line]);
        self.apply(pending.input, time_ns, pending.arrival_ns, pending.sent_ns)
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
        let refused = self.venue.apply(&sequenced, sent_ns);
        if !self.venue.deleveraged.is_empty() {
            self.tell_deleveraged();
        }
        Ok(refused)
    }

    fn tell_deleveraged(&mut self) {
        for hit in self.venue.deleveraged.drain(..) {
            for population in &mut self.populations {
                let known_ns = hit.time_ns + population.latencies.ack_ns;
                population.agent.deleveraged(&hit, known_ns);
            }
        }
        for (wake, population) in self.wakes.iter_mut().zip(&self.populations) {
            *wake = population.agent.next_wake_ns();
        }
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
        let markets = 1 + scenario.markets.len();
        Self {
            engine: Engine::new(&scenario.shard_config()),
            hasher: EventHasher::default(),
            recorder: Recorder::new(scenario),
            listeners: Listeners::new(scenario.accounts()),
            notices: Vec::new(),
            deleveraged: Vec::new(),
            feeds: Vec::new(),
            quotes: vec![Quote::default(); markets],
            last_ticks: vec![0; markets],
            free_ns: 0,
            next_step_ns: None,
            seq: Seq(0),
            input_ns: latency.service_input_ns * latency.service_scale,
            event_ns: latency.service_event_ns * latency.service_scale,
        }
    }

    /// The feed of a market and a latency: one for all who see it so late.
    fn feed(&mut self, market: usize, latency_ns: u64) -> usize {
        let is_it = |feed: &Feed| feed.market() == market && feed.latency_ns() == latency_ns;
        let known = self.feeds.iter().position(is_it);
        known.unwrap_or_else(|| {
            self.feeds.push(Feed::new(market, latency_ns));
            self.feeds.len() - 1
        })
    }

    /// Positions that wait, and one more if only the fund has something to do.
    fn work(&self) -> u32 {
        let backlog = u32::try_from(self.engine.backlog()).unwrap_or(u32::MAX);
        if backlog == 0 { u32::from(self.next_step_ns.is_some()) } else { backlog }
    }

    #[inline]
    fn apply(&mut self, input: &Sequenced, sent_ns: u64) -> Option<super::tap::Refused> {
        self.seq = input.seq;
        self.recorder.begin(input, sent_ns);
        let mut tap = Tap::new(
            &mut self.hasher,
            &mut self.recorder,
            &mut self.notices,
            &self.listeners,
            (&mut self.last_ticks, &mut self.deleveraged),
            &input.input,
        );
        tap.now_ns = input.time_ns + self.input_ns;
        tap.event_ns = self.event_ns;
        self.engine.apply(input, &mut tap);
        self.free_ns = tap.now_ns;
        let refused = tap.refused;
        self.recorder.end(self.free_ns, &self.engine);
        for market in 0..self.quotes.len() {
            self.publish(market, input.time_ns);
        }
        self.next_step_ns = self.engine.next_step_ns();
        refused
    }

    #[inline]
    fn publish(&mut self, market: usize, now_ns: u64) {
        let symbol = SymbolId(u16::try_from(market).expect("markets are few"));
        let bid_ticks = self.engine.best_bid(symbol).map_or(0, Price::ticks);
        let ask_ticks = self.engine.best_ask(symbol).map_or(0, Price::ticks);
        let mark_ticks = self.engine.mark(symbol).map_or(0, Price::ticks);
        let last_ticks = self.last_ticks[market];
        let quote = Quote { bid_ticks, ask_ticks, last_ticks, mark_ticks };
        if quote == self.quotes[market] {
            return;
        }
        self.quotes[market] = quote;
        self.recorder.quote(market, quote);
        for feed in self.feeds.iter_mut().filter(|feed| feed.market() == market) {
            feed.publish(now_ns, self.free_ns, quote);
        }
    }

    fn finish(self, scenario: &Scenario, counters: Counters) -> RunResult {
        let (mut summary, tables) = self.recorder.finish(scenario, &self.engine, counters);
        summary.events_hash = format!("{:032x}", self.hasher.digest());
        summary.state_hash = format!("{:032x}", self.engine.state_hash());
        RunResult { summary, tables }
    }
}

/// What is left at the end goes to the sink, too.
fn hand_over_rest(tables: &mut Tables, sink: &mut dyn TableSink) -> Result<(), TableError> {
    let group = sink.group_rows();
    for rows in core::mem::take(&mut tables.liquidations).chunks(group) {
        sink.liquidations(rows)?;
    }
    for rows in core::mem::take(&mut tables.deleverages).chunks(group) {
        sink.deleverages(rows)?;
    }
    for rows in core::mem::take(&mut tables.fund).chunks(group) {
        sink.fund(rows)?;
    }
    Ok(())
}

#[inline]
fn head(line: &VecDeque<Pending>) -> u64 {
    line.front().map_or(u64::MAX, |pending| pending.arrival_ns)
}

/// The first of the smallest times, and its place.
#[inline]
fn earliest(times: &[u64]) -> (usize, u64) {
    let mut best = (0, u64::MAX);
    for (place, time) in times.iter().enumerate() {
        if *time < best.1 {
            best = (place, *time);
        }
    }
    best
}
