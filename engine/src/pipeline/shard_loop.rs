//! The shard's side of the rings: poll the gateways, sequence, apply, publish.

use super::durable::LogTap;
use super::message::{Inbound, Outbound};
use super::shard::Shard;
use crate::ring::{Full, Publisher, RingReceiver};
use crate::types::{Event, EventSink, Seq, Sequenced};

/// Most messages taken from one gateway before the next one has its turn.
pub const GATEWAY_BATCH: usize = 32;

/// Events that may wait for room before the list of them takes more memory: what a turn causes rarely
/// comes near it (a mark that triggers tens of thousands does).
const OVERFLOW_EVENTS: usize = 1 << 16;

/// Whose clock an input's time is.
#[derive(Clone, Copy, Debug)]
pub enum Timing {
    /// The recorded time of each message: a replay.
    Recorded,
    /// The time of this clock when the shard takes the message.
    Live(fn() -> u64),
}

/// What a turn of the loop came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many inputs were applied; zero means there was nothing to do.
    Applied(usize),
    /// The slowest reader leaves no room for events: nothing was taken.
    Gated,
    /// The log failed: nothing more is taken, and what it has not confirmed is never released.
    LogFailed,
    /// Every gateway is gone and everything is published.
    Finished,
}

/// What the loop did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardCounts {
    /// Inputs applied.
    pub applied: u64,
    /// Events published.
    pub published: u64,
    /// Turns that the readers gated.
    pub gated_turns: u64,
}

/// A shard with its rings, driven one turn at a time: by a thread of its own, or inline where
/// there is only one core.
#[derive(Debug)]
pub struct ShardLoop<S, G> {
    shard: S,
    control: Option<G>,
    gateways: Vec<G>,
    egress: Egress,
    log: Option<LogTap>,
    timing: Timing,
    seq: Seq,
    time_ns: u64,
    gated_turns: u64,
}

impl<S: Shard, G: RingReceiver<Inbound>> ShardLoop<S, G> {
    /// A loop that starts with sequence number 1.
    pub fn new(shard: S, gateways: Vec<G>, egress: Publisher<Outbound>, timing: Timing) -> Self {
        let egress = Egress {
            ring: egress,
            overflow: Vec::with_capacity(OVERFLOW_EVENTS),
            seq: Seq(0),
            tag: 0,
            published: 0,
        };
        Self {
            shard,
            control: None,
            gateways,
            egress,
            log: None,
            timing,
            seq: Seq(0),
            time_ns: 0,
            gated_turns: 0,
        }
    }

    /// Hands every input to a log before it is applied, and goes on behind `seq` and `time_ns`, where
    /// the log ended.
    #[must_use]
    pub fn with_log(mut self, log: LogTap, seq: Seq, time_ns: u64) -> Self {
        (self.log, self.seq, self.time_ns) = (Some(log), seq, time_ns);
        self
    }

    /// The same with a lane for marks and control, which goes before the gateways in each turn.
    #[must_use]
    pub fn with_control(self, lane: G) -> Self {
        Self { control: Some(lane), ..self }
    }

    /// Takes up to [`GATEWAY_BATCH`] inputs from the control lane and then from each gateway, in the
    /// fixed order of the gateways, unless events still wait for room. The order of taking is in
    /// the sequence numbers: who keeps them can replay it. Never blocks and never loses an event.
    #[inline]
    pub fn turn(&mut self) -> Turn {
        // Both, in this order: events may wait for readers who wait for the log to go on.
        let log_has_room = match &mut self.log {
            None => true,
            Some(log) if log.is_gone() => return Turn::LogFailed,
            Some(log) => log.flush(),
        };
        if !self.egress.flush() || !log_has_room {
            self.gated_turns += 1;
            return Turn::Gated;
        }
        let mut applied = 0;
        let Self { shard, control, gateways, egress, log, timing, seq, time_ns, .. } = self;
        for gateway in control.iter_mut().chain(gateways) {
            applied += gateway.drain(GATEWAY_BATCH, |message| {
                *seq = seq.next();
                *time_ns = time(*timing, &message).max(*time_ns);
                egress.seq = *seq;
                egress.tag = message.tag;
                let ingress_ns = message.ingress_ns.min(*time_ns);
                let input = message.input;
                let input = Sequenced { seq: *seq, time_ns: *time_ns, ingress_ns, input };
                if let Some(log) = log {
                    log.push(&input);
                }
                shard.apply(&input, egress);
            });
        }
        self.shard.turned(applied, self.egress.published);
        if applied == 0 && self.is_finished() { Turn::Finished } else { Turn::Applied(applied) }
    }

    /// What was done so far.
    pub fn counts(&self) -> ShardCounts {
        let (applied, gated_turns) = (self.seq.0, self.gated_turns);
        ShardCounts { applied, published: self.egress.published, gated_turns }
    }

    /// The reader that is furthest behind and how far, if any is left.
    pub fn slowest_reader(&self) -> Option<(String, usize)> {
        let slowest = self.egress.ring.slowest()?;
        Some((slowest.name.to_owned(), slowest.behind.unwrap_or(0)))
    }

    /// The same as a place in the order in which readers were named. Takes no memory.
    pub fn slowest_reader_place(&self) -> Option<usize> {
        let lags = self.egress.ring.readers().enumerate();
        let behind = lags.filter_map(|(place, lag)| Some((lag.behind?, place)));
        behind.max().map(|(_, place)| place)
    }

    /// Names of the readers, by place.
    pub fn reader_names(&self) -> Vec<String> {
        self.egress.ring.readers().map(|lag| lag.name.to_owned()).collect()
    }

    /// Ends: the gateways see that nobody listens, the readers that nothing follows.
    pub fn into_parts(self) -> (S, ShardCounts) {
        let counts = self.counts();
        (self.shard, counts)
    }

    fn is_finished(&self) -> bool {
        self.egress.overflow.is_empty()
            && self.log.as_ref().is_none_or(LogTap::is_flushed)
            && self.control.iter().chain(&self.gateways).all(RingReceiver::is_finished)
    }
}

#[inline]
fn time(timing: Timing, message: &Inbound) -> u64 {
    match timing {
        Timing::Recorded => message.time_ns,
        Timing::Live(now_ns) => now_ns(),
    }
}

/// Publishes events; what finds no room waits here, in order, and keeps the loop from taking more.
/// One turn's events at most wait, so memory is bounded by what a turn can cause.
#[derive(Debug)]
struct Egress {
    ring: Publisher<Outbound>,
    overflow: Vec<Outbound>,
    seq: Seq,
    tag: u64,
    published: u64,
}

impl Egress {
    /// Whether nothing waits any more.
    #[inline]
    fn flush(&mut self) -> bool {
        if !self.overflow.is_empty() {
            let sent = self.ring.push_batch(&self.overflow);
            self.overflow.drain(..sent);
            self.published += sent as u64;
        }
        self.overflow.is_empty()
    }
}

impl EventSink for Egress {
    #[inline]
    fn event(&mut self, event: Event) {
        let message = Outbound { seq: self.seq, tag: self.tag, event };
        if !self.overflow.is_empty() {
            self.overflow.push(message);
            return;
        }
        match self.ring.push(message) {
            Ok(()) => self.published += 1,
            Err(Full(message)) => self.overflow.push(message),
        }
    }
}
