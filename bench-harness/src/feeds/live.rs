//! The orders that rest by the record, for formats whose messages name an order by its id alone.

use std::collections::HashMap;

use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::{Message, MessageKind};

/// A resting order as the record left it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LiveOrder {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) lots: u32,
}

/// Where and when a record stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    pub(super) number: u64,
    pub(super) time_ns: u64,
}

/// Resting orders by id; memory is theirs alone.
#[derive(Debug, Default)]
pub(super) struct LiveOrders {
    orders: HashMap<OrderId, LiveOrder>,
}

impl LiveOrders {
    pub(super) fn get(&self, id: OrderId) -> Option<LiveOrder> {
        self.orders.get(&id).copied()
    }

    /// Notes an order and makes its record.
    pub(super) fn add(&mut self, at: Stamp, order: OrderId, new: LiveOrder) -> Option<Message> {
        let size = Qty::new(new.lots)?;
        self.orders.insert(order, new);
        let LiveOrder { side, price, .. } = new;
        Some(message(at, MessageKind::Add, order, (side, price), size))
    }

    /// Takes an order out and makes its record; `None` if it is not known.
    pub(super) fn delete(&mut self, at: Stamp, order: OrderId) -> Option<Message> {
        let LiveOrder { side, price, lots } = self.orders.remove(&order)?;
        Some(message(at, MessageKind::Delete, order, (side, price), Qty::new(lots)?))
    }

    /// Takes lots off an order by a cancel: a deletion if that is all of it.
    pub(super) fn cancel(&mut self, at: Stamp, order: OrderId, lots: u32) -> Option<Message> {
        let live = self.orders.get_mut(&order)?;
        if lots >= live.lots {
            return self.delete(at, order);
        }
        live.lots -= lots;
        let LiveOrder { side, price, .. } = *live;
        Some(message(at, MessageKind::Reduce, order, (side, price), Qty::new(lots)?))
    }

    /// Takes lots off an order by an execution at its price.
    pub(super) fn execute(&mut self, at: Stamp, order: OrderId, lots: u32) -> Option<Message> {
        let live = self.orders.get_mut(&order)?;
        let LiveOrder { side, price, .. } = *live;
        live.lots = live.lots.saturating_sub(lots);
        if live.lots == 0 {
            self.orders.remove(&order);
        }
        Some(message(at, MessageKind::Execute, order, (side, price), Qty::new(lots)?))
    }

    /// Every order, ascending.
    pub(super) fn ids(&self) -> Vec<OrderId> {
        let mut ids: Vec<OrderId> = self.orders.keys().copied().collect();
        ids.sort_unstable();
        ids
    }
}

fn message(
    at: Stamp,
    kind: MessageKind,
    order: OrderId,
    (side, price): (Side, Price),
    size: Qty,
) -> Message {
    Message { line: at.number, time_ns: at.time_ns, kind, order, size, price, side }
}
