//! Forced orders while a hundred thousand client orders are queued, under each discipline.

use seawall_engine::core::Engine;
use seawall_engine::liquidation::Discipline;
use seawall_engine::pipeline::{Inbound, Outbound, Shard, ShardLoop, Timing, Turn};
use seawall_engine::ring::{SeqSlotRing, Transport, broadcast};
use seawall_engine::types::{
    AccountId, Event, EventSink, Input, Money, NewOrder, OrderId, OrderKind, Qty, Sequenced, Side,
};

use super::market::{PLENTY, REFERENCE_TICKS, SYMBOL, config, price, set_up};
use super::{Bar, Findings, Unit};
use crate::load::RunClock;
use crate::study::two_samples::median;

const CLIENTS: u32 = 100_000;
/// Clients whose orders had arrived before the mark moved.
const EARLY: u32 = CLIENTS / 2;
const HOLDERS: u32 = 200;
const MAKER: AccountId = AccountId(1);
const HEDGER: AccountId = AccountId(2);
const CLIENT: AccountId = AccountId(3);
const FIRST_HOLDER: u32 = 4;
/// Everybody's entry is the reference price. The mark that triggers all, and the bids that forced
/// orders meet: above the bankruptcy price of 9,250.
const MARK_TICKS: u32 = 9_330;
const BID_TICKS: u32 = 9_300;
const LOTS: u32 = 40;
const HOLDER_CASH: Money = Money::new(3_000_000);
/// When the mark moves, and the time between two client commands.
const SHOCK_NS: u64 = 1_000_000_000;
const GAP_NS: u64 = 1_000;
const RATE_STEPS: u32 = 20;
const RATE_WINDOW_NS: u64 = 1_000_000;

/// A discipline, its name, and how many client commands it lets pass before the first and before
/// the last forced order.
fn disciplines() -> [(&'static str, Discipline, u64, u64); 4] {
    let holders = u64::from(HOLDERS);
    let (steps, forced, client) = (8, 1, 4);
    // What fits a window, and where in a window the mark fell.
    let window = RATE_WINDOW_NS / GAP_NS;
    [
        ("strict", Discipline::Strict { steps_max: 8 }, 0, holders.div_ceil(steps) - 1),
        (
            "weighted 1:4",
            Discipline::Weighted { forced: 1, client: 4 },
            client - 1,
            holders.div_ceil(forced) * client - 1,
        ),
        (
            "FIFO",
            Discipline::Fifo { steps_max: 8 },
            u64::from(EARLY),
            u64::from(EARLY) + holders.div_ceil(steps) - 1,
        ),
        (
            "rate-limited",
            Discipline::RateLimited { steps: RATE_STEPS, interval_ns: RATE_WINDOW_NS },
            0,
            holders.div_ceil(u64::from(RATE_STEPS)) * window,
        ),
    ]
}

pub(super) fn run() -> Findings {
    let columns = [
        ("forced", "forced", Unit::Count),
        ("clients_before_first", "clients before 1st", Unit::Count),
        ("clients_before_median", "before median", Unit::Count),
        ("clients_before_last", "before last", Unit::Count),
        ("trigger_to_first_ns", "trigger to 1st", Unit::Ns),
        ("trigger_to_last_ns", "to last", Unit::Ns),
        ("forced_before_client", "forced before 1st client", Unit::Count),
        ("first_client_ns", "1st client waits", Unit::Ns),
        ("forced_in_a_row", "most in a row", Unit::Count),
    ];
    let question = format!(
        "{HOLDERS} positions triggered by one mark while {CLIENTS} client orders are queued, half \
         of them from before it"
    );
    let mut found = Findings::new("priority", question, &columns);
    for (name, discipline, first, last) in disciplines() {
        let seen = queue(discipline);
        let number = |value: Option<u64>| value.map(|value| value as f64);
        let before: Vec<f64> = seen.before.iter().map(|clients| *clients as f64).collect();
        let cells = vec![
            Some(seen.before.len() as f64),
            number(seen.before.first().copied()),
            median(&before),
            number(seen.before.last().copied()),
            number(seen.since(seen.first_forced_ns)),
            number(seen.since(seen.last_forced_ns)),
            Some(seen.forced_before_client as f64),
            number(seen.since(seen.first_client_ns)),
            Some(seen.in_a_row_max as f64),
        ];
        found.line(name, cells);
        let what = |which: &str| format!("{name}: client commands from trigger to {which} forced");
        let measured = number(seen.before.first().copied());
        found.bars.push(Bar::at_most(what("first"), measured, first as f64));
        let measured = number(seen.before.last().copied());
        found.bars.push(Bar::at_most(what("last"), measured, last as f64));
        found.sound &= seen.clients == u64::from(CLIENTS)
            && seen.before.len() >= HOLDERS as usize
            && seen.conservation_error == 0;
    }
    found.notes.push(
        "the mark comes by the control lane and overtakes the queue; times are the engine's own \
         work in one thread, without waiting"
            .to_owned(),
    );
    found.notes.push(format!(
        "FIFO lets the {EARLY} orders that arrived before the trigger go first; that is what it \
         promises"
    ));
    found
}

/// What the engine's side saw from the trigger on.
#[derive(Debug, Default)]
struct Seen {
    triggered_ns: Option<u64>,
    first_forced_ns: Option<u64>,
    last_forced_ns: Option<u64>,
    first_client_ns: Option<u64>,
    clients: u64,
    /// Clients answered since the trigger, at each forced order.
    before: Vec<u64>,
    forced_before_client: u64,
    in_a_row: u64,
    in_a_row_max: u64,
    conservation_error: i128,
}

impl Seen {
    fn since(&self, moment_ns: Option<u64>) -> Option<u64> {
        Some(moment_ns?.saturating_sub(self.triggered_ns?).max(1))
    }

    fn client(&mut self, now_ns: u64) {
        if self.triggered_ns.is_some() && self.first_client_ns.is_none() {
            self.first_client_ns = Some(now_ns);
            self.forced_before_client = self.before.len() as u64;
        }
        self.clients += 1;
        self.in_a_row = 0;
    }

    fn forced(&mut self, now_ns: u64) {
        self.first_forced_ns.get_or_insert(now_ns);
        self.last_forced_ns = Some(now_ns);
        self.before.push(self.clients);
        self.in_a_row += 1;
        self.in_a_row_max = self.in_a_row_max.max(self.in_a_row);
    }
}

/// The engine with somebody who watches its events.
#[derive(Debug)]
struct Watched {
    engine: Engine,
    clock: RunClock,
    seen: Seen,
}

impl Shard for Watched {
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let Self { engine, clock, seen } = self;
        engine.apply(input, &mut Watch { sink, clock, seen });
    }
}

struct Watch<'a, S> {
    sink: &'a mut S,
    clock: &'a RunClock,
    seen: &'a mut Seen,
}

impl<S: EventSink> EventSink for Watch<'_, S> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Triggered { .. } => {
                self.seen.triggered_ns.get_or_insert(self.clock.now_ns());
            }
            Event::Forced { account, .. } if account != AccountId::FUND => {
                self.seen.forced(self.clock.now_ns());
            }
            Event::Accepted { account: CLIENT, .. } | Event::Rejected { account: CLIENT, .. } => {
                self.seen.client(self.clock.now_ns());
            }
            _ => {}
        }
        self.sink.event(event);
    }
}

fn queue(discipline: Discipline) -> Seen {
    let accounts = FIRST_HOLDER + HOLDERS + 1;
    let config = config(accounts, 2 * CLIENTS, discipline);
    let (engine, clock) = (Engine::new(&config), RunClock::start());
    let watched = Watched { engine, clock, seen: Seen::default() };
    let (mut control, control_lane) = SeqSlotRing::channel::<Inbound>(16);
    let (mut gateway, lane) = SeqSlotRing::channel::<Inbound>(CLIENTS as usize + 1);
    let (publisher, mut readers) = broadcast::<Outbound>(1 << 14, &["nobody"]);
    let mut reader = readers.pop().expect("one reader");
    let mut shard_loop =
        ShardLoop::new(watched, vec![lane], publisher, Timing::Recorded).with_control(control_lane);
    set_up(&mut shard_loop, &mut control, &mut reader, setup());
    for n in 0..CLIENTS {
        let time_ns = SHOCK_NS + u64::from(n + 1) * GAP_NS;
        // The early half came before the mark, the rest with its turn.
        let ingress_ns = if n < EARLY { SHOCK_NS - u64::from(EARLY - n) } else { time_ns };
        let message = Inbound { tag: u64::from(n), time_ns, ingress_ns, input: client(n) };
        assert!(gateway.push(message).is_ok(), "the ring holds all of them");
    }
    let mark = Input::Mark { symbol: SYMBOL, price: price(MARK_TICKS) };
    let message = Inbound { tag: u64::MAX, time_ns: SHOCK_NS, ingress_ns: SHOCK_NS, input: mark };
    assert!(control.push(message).is_ok(), "the lane is empty");
    drop((control, gateway));
    while shard_loop.turn() != Turn::Finished {
        reader.drain(usize::MAX, |_| {});
    }
    let (watched, _) = shard_loop.into_parts();
    let error = watched.engine.conservation_error();
    Seen { conservation_error: error, ..watched.seen }
}

fn order(n: u64, account: AccountId, ticks: u32, lots: u32) -> Input {
    Input::Order(NewOrder {
        symbol: SYMBOL,
        account,
        order: OrderId(n),
        side: Side::Buy,
        qty: Qty::new(lots).expect("positive"),
        kind: OrderKind::Limit(price(ticks)),
        reduce_only: false,
    })
}

/// A bid far below the market.
fn client(n: u32) -> Input {
    order(1_000 + u64::from(n), CLIENT, BID_TICKS - 100 - n % 1_000, 1)
}

fn setup() -> impl Iterator<Item = Input> {
    let deposit = |account, amount| Input::Deposit { account, amount };
    let rich = [MAKER, HEDGER, CLIENT].map(|account| deposit(account, PLENTY));
    let holders = (FIRST_HOLDER..FIRST_HOLDER + HOLDERS).map(AccountId);
    let poor = holders.clone().map(move |account| deposit(account, HOLDER_CASH));
    let mark = Input::Mark { symbol: SYMBOL, price: price(REFERENCE_TICKS) };
    let (qty, entry) = (Qty::new(LOTS).expect("positive"), price(REFERENCE_TICKS));
    let positions = holders.map(move |buyer| Input::Block {
        symbol: SYMBOL,
        buyer,
        seller: HEDGER,
        price: entry,
        qty,
    });
    let bids = order(1, MAKER, BID_TICKS, HOLDERS * LOTS);
    rich.into_iter().chain(poor).chain([mark]).chain(positions).chain([bids])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_discipline_keeps_its_bound_and_nobody_is_lost() {
        let found = run();
        assert!(found.sound, "{}", found.render());
        for bar in &found.bars {
            assert!(bar.met, "{bar:?}\n{}", found.render());
        }
        // Strict priority: nothing between the trigger and the first forced order.
        assert_eq!(found.lines[0].cells[1], Some(0.0));
        // FIFO: those who came before the trigger go first, to the last one.
        assert_eq!(found.lines[2].cells[1], Some(f64::from(EARLY)));
    }
}
