//! Resting reduce-only orders never add up to more than the position they reduce
//! (`docs/ORDERS.md`, Reduce-only).

use super::Engine;
use super::details::flag;
use super::market::Market;
use super::open_orders::OpenOrders;
use crate::book::Slot;
use crate::risk::Ledger;
use crate::types::{AccountId, CancelCause, EventSink, Qty, Side};

impl Engine {
    /// Notes the symbols among the hot ones where something may have to be clipped or may trigger.
    #[cold]
    #[inline(never)]
    pub(super) fn note_hot(&mut self) {
        for symbol in &self.hot {
            let market = &self.markets[symbol.index()];
            if !market.to_clip.is_empty() && !self.clips.contains(symbol) {
                self.clips.push(*symbol);
            }
            if !market.stops.is_empty() && !self.moved.contains(symbol) {
                self.moved.push(*symbol);
            }
        }
    }

    /// Clips what the input has left too large.
    #[inline]
    pub(super) fn clip(&mut self, sink: &mut impl EventSink) {
        // Stops that became orders may have changed positions.
        self.note_hot();
        if !self.clips.is_empty() {
            self.clip_noted(sink);
        }
    }

    #[cold]
    fn clip_noted(&mut self, sink: &mut impl EventSink) {
        self.clips.sort_unstable();
        while let Some(symbol) = (!self.clips.is_empty()).then(|| self.clips.remove(0)) {
            let market = &mut self.markets[symbol.index()];
            let mut accounts = ::core::mem::take(&mut market.to_clip);
            accounts.sort_unstable();
            accounts.dedup();
            for account in &accounts {
                market.clip(&mut self.ledger, sink, *account);
            }
            accounts.clear();
            market.to_clip = accounts;
        }
    }
}

impl Market {
    /// Cuts an account's reduce-only orders, youngest first, to what they could reduce.
    fn clip(&mut self, ledger: &mut Ledger, sink: &mut impl EventSink, account: AccountId) {
        let position = self.position(account);
        let closed_by = position.side().map(Side::opposite);
        let lots_of = |slot: Slot| {
            let order = self.book.order(slot);
            let closes = order.flags & flag::REDUCE_ONLY != 0 && closed_by == Some(order.side);
            if closes { u64::from(order.qty.lots()) } else { 0 }
        };
        let closing: u64 = self.open_orders.of(position).map(lots_of).sum();
        let mut excess = closing.saturating_sub(position.size());
        let mut cursor = OpenOrders::last(position);
        while let Some(slot) = cursor {
            cursor = self.open_orders.prev(slot);
            let order = self.book.order(slot);
            if order.flags & flag::REDUCE_ONLY == 0 {
                continue;
            }
            let lots = u64::from(order.qty.lots());
            // One of the position's own side reduces nothing.
            let cut = if closed_by == Some(order.side) { lots.min(excess) } else { lots };
            if closed_by == Some(order.side) {
                excess -= cut;
            }
            if let Some(cut) = u32::try_from(cut).ok().and_then(Qty::new) {
                let (book, mut settlement) = self.split(ledger, sink);
                settlement.cut(book, slot, &order, cut, CancelCause::ReduceOnly);
            }
        }
    }
}
