//! A client that never ends: quotes, cancels and takes made as they are sent, so that a long run
//! needs no memory for its inputs, and latency kept window by window.

use hdrhistogram::Histogram;
use seawall_engine::core::Engine;
use seawall_engine::liquidation::Discipline;
use seawall_engine::pipeline::{Answer, Inbound, Outbound, answer};
use seawall_engine::ring::RingSender;
use seawall_engine::types::{AccountId, Input, NewOrder, OrderId, OrderKind, Qty, Side};

use super::market::{PLENTY, REFERENCE_TICKS, SYMBOL, config, price};
use crate::load::{Counts, RunClock};

const MAKER: AccountId = AccountId(1);
const TAKER: AccountId = AccountId(2);
/// Quotes that rest at most: an order is cancelled before its place is used again.
const PLACES: usize = 4_096;
/// One message in so many takes.
const TAKE_EVERY: u64 = 8;
/// Most messages sent before the caller gets to do something else.
const BURST_MAX: usize = 64;
/// Length of a window.
pub(super) const WINDOW_NS: u64 = 100_000_000;
const KINDS: u64 = 3;
/// Bits of a message's number in its tag; the rest is the age of what it cancels, and its kind.
const AGE_BITS: u32 = 30;

/// The market's engine, empty.
pub(super) fn engine() -> Engine {
    Engine::new(&config(8, 65_536, Discipline::Strict { steps_max: 8 }))
}

/// What must be sent first: two accounts that cannot run out of money, and a mark.
pub(super) fn setup() -> [Input; 3] {
    let deposit = |account| Input::Deposit { account, amount: PLENTY };
    let mark = Input::Mark { symbol: SYMBOL, price: price(REFERENCE_TICKS) };
    [deposit(MAKER), deposit(TAKER), mark]
}

/// A part of the schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    /// Messages a second; `None` for as fast as the ring takes them.
    pub(super) msgs_per_s: Option<f64>,
    /// How many.
    pub(super) messages: u64,
}

/// A stage in its place.
#[derive(Clone, Copy, Debug)]
struct Placed {
    first: u64,
    start_ns: f64,
    /// Nothing for a stage without a schedule.
    gap_ns: Option<f64>,
}

/// Latency of the messages that were due in one window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Where it starts.
    pub(super) from_ns: u64,
    pub(super) count: u64,
    pub(super) p50_ns: u64,
    pub(super) p99_ns: u64,
    pub(super) max_ns: u64,
}

/// Sends and reads.
#[derive(Debug)]
pub(super) struct Client<S> {
    /// Dropped when everything was offered.
    sender: Option<S>,
    clock: RunClock,
    stages: Vec<Placed>,
    end: u64,
    next: u64,
    /// By place: one more than the message that put the order there; 0 for none.
    places: Vec<u64>,
    takes: u64,
    answered: u64,
    window: Histogram<u64>,
    window_from_ns: u64,
    pub(super) windows: Vec<Window>,
    pub(super) counts: Counts,
    /// Resident memory when a stage began, in bytes, and in its middle.
    pub(super) memory: Vec<[u64; 2]>,
}

impl<S: RingSender<Inbound>> Client<S> {
    /// A client with this schedule, from `start_ns` on.
    pub(super) fn new(sender: S, clock: RunClock, stages: &[Stage], start_ns: u64) -> Self {
        let (mut placed, mut first, mut at_ns) = (Vec::new(), 0, start_ns as f64);
        for stage in stages {
            let gap_ns = stage.msgs_per_s.map(|rate| 1e9 / rate);
            placed.push(Placed { first, start_ns: at_ns, gap_ns });
            first += stage.messages;
            at_ns += gap_ns.unwrap_or(0.0) * stage.messages as f64;
        }
        Self {
            sender: Some(sender),
            clock,
            stages: placed,
            end: first,
            next: 0,
            places: vec![0; PLACES],
            takes: 0,
            answered: 0,
            window: Histogram::new_with_bounds(1, 100_000_000_000, 2).expect("valid bounds"),
            window_from_ns: start_ns,
            windows: Vec::with_capacity(4_096),
            counts: Counts::default(),
            memory: Vec::new(),
        }
    }

    /// When a stage starts.
    pub(super) fn stage_start_ns(&self, stage: usize) -> u64 {
        whole(self.stages[stage].start_ns)
    }

    #[inline]
    fn stage_of(&self, n: u64) -> &Placed {
        let stage = self.stages.iter().rev().find(|stage| stage.first <= n);
        stage.expect("the first stage starts at message 0")
    }

    /// When a message is due; 0 where there is no schedule.
    #[inline]
    fn due_ns(&self, n: u64) -> u64 {
        let stage = self.stage_of(n);
        let gap_ns = stage.gap_ns.unwrap_or(0.0);
        whole(stage.start_ns + (n - stage.first) as f64 * gap_ns)
    }

    /// Whether everything was offered.
    pub(super) const fn is_done(&self) -> bool {
        self.sender.is_none()
    }

    /// Offers what is due.
    #[inline]
    pub(super) fn send_due(&mut self, now_ns: u64) -> usize {
        let mut offered = 0;
        while self.next < self.end && offered < BURST_MAX {
            let n = self.next;
            let due_ns = self.due_ns(n);
            if due_ns > now_ns {
                break;
            }
            self.note_memory(n);
            let (input, cancels) = self.message(n);
            let age = cancels.map_or(0, |placed| n - placed);
            let kind = kind(&input);
            let tag = (n << (AGE_BITS + 2)) | (age << 2) | kind;
            let message = Inbound { tag, time_ns: due_ns, ingress_ns: due_ns, input };
            let Some(sender) = self.sender.as_mut() else { break };
            if sender.push(message).is_ok() {
                self.sent(n, kind);
            } else if self.stage_of(n).gap_ns.is_none() {
                break;
            } else {
                self.counts.refused += 1;
            }
            self.counts.sent += 1;
            self.next += 1;
            offered += 1;
        }
        if self.next == self.end {
            self.sender = None;
        }
        offered
    }

    /// The n-th message: a take now and then, otherwise a quote where there is none in its place
    /// and the cancel of the one there.
    #[inline]
    fn message(&self, n: u64) -> (Input, Option<u64>) {
        if n.is_multiple_of(TAKE_EVERY) {
            return (take(n, self.takes.is_multiple_of(2)), None);
        }
        match self.places[place(n)] {
            0 => (quote(n), None),
            one_more => (cancel(one_more - 1), Some(one_more - 1)),
        }
    }

    #[inline]
    fn sent(&mut self, n: u64, kind: u64) {
        match kind {
            0 => self.takes += 1,
            1 => self.places[place(n)] = n + 1,
            _ => self.places[place(n)] = 0,
        }
    }

    /// Takes an event.
    #[inline]
    pub(super) fn take(&mut self, out: Outbound) {
        self.counts.events += 1;
        let n = out.tag >> (AGE_BITS + 2);
        let age = (out.tag >> 2) & ((1 << AGE_BITS) - 1);
        let input = match out.tag % (KINDS + 1) {
            0 => take(n, true),
            1 => quote(n),
            _ => cancel(n - age),
        };
        let Some(answer) = answer(&input, &out.event) else { return };
        match answer {
            Answer::Accepted => self.counts.acknowledged += 1,
            Answer::Rejected => self.counts.rejected += 1,
        }
        if n < self.answered {
            self.counts.answered_twice += 1;
        }
        self.answered = n + 1;
        let due_ns = self.due_ns(n);
        if due_ns >= self.window_from_ns + WINDOW_NS {
            self.close_window(due_ns);
        }
        self.window.saturating_record(self.clock.now_ns().saturating_sub(due_ns).max(1));
    }

    #[cold]
    fn close_window(&mut self, due_ns: u64) {
        if !self.window.is_empty() {
            self.windows.push(Window {
                from_ns: self.window_from_ns,
                count: self.window.len(),
                p50_ns: self.window.value_at_quantile(0.5),
                p99_ns: self.window.value_at_quantile(0.99),
                max_ns: self.window.max(),
            });
            self.window.reset();
        }
        self.window_from_ns += (due_ns - self.window_from_ns) / WINDOW_NS * WINDOW_NS;
    }

    /// Ends the last window.
    pub(super) fn finish(&mut self) {
        self.close_window(self.window_from_ns);
    }

    #[inline]
    fn note_memory(&mut self, n: u64) {
        let begun = self.memory.len();
        if self.stages.get(begun).is_some_and(|stage| stage.first == n) {
            self.memory.push([resident_bytes(), 0]);
        } else if let Some(last) = self.memory.last_mut()
            && last[1] == 0
            && n == middle(&self.stages, begun, self.end)
        {
            last[1] = resident_bytes();
        }
    }
}

fn middle(stages: &[Placed], begun: usize, end: u64) -> u64 {
    let next = stages.get(begun).map_or(end, |stage| stage.first);
    stages[begun - 1].first.midpoint(next)
}

const fn kind(input: &Input) -> u64 {
    match input {
        Input::Order(NewOrder { account: TAKER, .. }) => 0,
        Input::Order(_) => 1,
        _ => 2,
    }
}

const fn place(n: u64) -> usize {
    #[allow(clippy::cast_possible_truncation, reason = "below the number of places")]
    let place = (n / TAKE_EVERY * (TAKE_EVERY - 1) + n % TAKE_EVERY) as usize % PLACES;
    place
}

fn order(n: u64, account: AccountId, side: Side, lots: u32, kind: OrderKind) -> Input {
    let qty = Qty::new(lots).expect("positive");
    let order = OrderId(n + 1);
    Input::Order(NewOrder { symbol: SYMBOL, account, order, side, qty, kind, reduce_only: false })
}

/// A quote within 32 ticks of the middle.
fn quote(n: u64) -> Input {
    let away = 1 + u32::try_from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59).expect("five bits");
    let (side, ticks) = if place(n).is_multiple_of(2) {
        (Side::Buy, REFERENCE_TICKS - away)
    } else {
        (Side::Sell, REFERENCE_TICKS + away)
    };
    order(n, MAKER, side, 10, OrderKind::PostOnly(price(ticks)))
}

/// One lot, at whatever price a quote may have.
fn take(n: u64, buys: bool) -> Input {
    let (side, ticks) =
        if buys { (Side::Buy, REFERENCE_TICKS + 100) } else { (Side::Sell, REFERENCE_TICKS - 100) };
    order(n, TAKER, side, 1, OrderKind::ImmediateOrCancel(price(ticks)))
}

const fn cancel(placed: u64) -> Input {
    Input::Cancel { symbol: SYMBOL, account: MAKER, order: OrderId(placed + 1) }
}

fn whole(ns: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times of a run, never negative"
    )]
    let whole = ns as u64;
    whole
}

/// Resident memory of this process; 0 where the system does not say.
pub(super) fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

#[cfg(test)]
mod tests {
    use super::super::market::set_up;
    use super::*;
    use seawall_engine::pipeline::{ShardLoop, Timing, Turn};
    use seawall_engine::ring::{SeqSlotRing, Transport, broadcast};

    #[test]
    fn a_client_keeps_the_book_small_and_counts_every_answer() {
        let (mut sender, receiver) = SeqSlotRing::channel(16);
        let (publisher, mut readers) = broadcast(256, &["client"]);
        let mut reader = readers.pop().expect("one reader");
        let mut shard_loop = ShardLoop::new(engine(), vec![receiver], publisher, Timing::Recorded);
        set_up(&mut shard_loop, &mut sender, &mut reader, setup());
        let stages = [
            Stage { msgs_per_s: None, messages: 30_000 },
            Stage { msgs_per_s: Some(1e9), messages: 30_000 },
        ];
        let mut client = Client::new(sender, RunClock::start(), &stages, 0);
        loop {
            // The second stage is due at once: most of what does not fit is refused.
            client.send_due(u64::MAX >> 1);
            let turn = shard_loop.turn();
            reader.drain(usize::MAX, |out| client.take(out));
            if turn == Turn::Finished {
                break;
            }
        }
        reader.drain(usize::MAX, |out| client.take(out));
        client.finish();
        let counts = client.counts;
        assert!(client.is_done() && counts.reconciles(), "{counts:?}");
        assert_eq!(counts.sent, 60_000);
        assert!(counts.refused > 10_000 && counts.acknowledged > 20_000, "{counts:?}");
        assert_eq!(client.memory.len(), 2);
        assert!(client.windows.iter().map(|window| window.count).sum::<u64>() > 30_000);
        let (engine, _) = shard_loop.into_parts();
        assert_eq!(engine.conservation_error(), 0);
    }
}
