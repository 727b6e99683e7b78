//! The queue of one followed price, as far as trackers need it: who stands before whom.

use super::record::TrackerId;
use crate::types::Price;

/// One followed price. Orders get a ticket as they join, and keep it as long as they keep their
/// place: an order is ahead of a tracker if its ticket is not above the tracker's.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// Distinguishes this stay in the table from earlier ones at the same price.
    pub(super) serial: u32,
    pub(super) last_ticket: u64,
    pub(super) orders: u32,
    pub(super) lots: u64,
    pub(super) trackers: Vec<TrackerId>,
}

/// An order in the queue of a followed price. One of a price that is followed no more stays
/// behind until its order ends; its `serial` says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) price: Price,
    pub(super) serial: u32,
    pub(super) ticket: u64,
    pub(super) lots: u32,
}

impl Level {
    /// An order joins the end of the queue.
    pub(super) fn join(&mut self, price: Price, lots: u32) -> Member {
        self.last_ticket += 1;
        self.orders += 1;
        self.lots += u64::from(lots);
        Member { price, serial: self.serial, ticket: self.last_ticket, lots }
    }
}
