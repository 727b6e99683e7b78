//! What the study takes from a replay's events besides what the trackers make of them.

use seawall_engine::core::EventHasher;
use seawall_engine::trackers::QueueTrackers;
use seawall_engine::types::{Event, EventSink, Price, Side};

/// The replay's hash, its trades, and where its forced orders went.
#[derive(Default)]
pub(super) struct Hears {
    hasher: EventHasher,
    /// Trades of the current input: the maker's side, price, lots.
    pub(super) trades: Vec<(Side, Price, u64)>,
    /// Bought and sold.
    forced_lots: [u64; 2],
    /// The first trigger, if there has been one.
    pub(super) trigger_ns: Option<u64>,
    time_ns: u64,
}

impl Hears {
    /// An input begins.
    pub(super) fn begin(&mut self, time_ns: u64) {
        self.time_ns = time_ns;
        self.trades.clear();
    }

    /// Hash of the events so far, as runs write it.
    pub(super) fn digest(&self) -> String {
        format!("{:032x}", self.hasher.digest())
    }

    /// The side that forced orders hit most, if there were any.
    pub(super) fn absorbing(&self) -> Option<Side> {
        let [bought, sold] = self.forced_lots;
        (bought + sold > 0).then_some(if sold >= bought { Side::Buy } else { Side::Sell })
    }
}

/// Where a replay's events go: to the study and to the trackers.
pub(super) struct Sink<'a> {
    pub(super) hears: &'a mut Hears,
    pub(super) trackers: &'a mut QueueTrackers,
}

impl EventSink for Sink<'_> {
    fn event(&mut self, event: Event) {
        self.hears.hasher.event(event);
        self.trackers.event(&event);
        match event {
            Event::Trade { side, price, qty, .. } => {
                self.hears.trades.push((side.opposite(), price, u64::from(qty.lots())));
            }
            Event::Forced { side, qty, .. } => {
                self.hears.forced_lots[side.index()] += u64::from(qty.lots());
            }
            Event::Triggered { .. } => {
                let time_ns = self.hears.time_ns;
                self.hears.trigger_ns.get_or_insert(time_ns);
            }
            _ => {}
        }
    }
}
