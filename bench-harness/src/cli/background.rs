//! Recorded order flow as the background of a cascade.

use std::path::Path;

use crate::feeds::follow::{FlowAction, FlowEvent, FlowReader};
use crate::feeds::{self, FeedError, OpenOptions};
use crate::simulation::{BackgroundAction, BackgroundMessage, Recording};

/// Reads a recorded file, plain or compressed, into memory: a run may play it twice. Its format is
/// told by the file.
pub(super) fn read(path: &Path, options: &OpenOptions) -> Result<Recording, FeedError> {
    let mut reader = FlowReader::new(feeds::open(path, feeds::detect(path)?, options)?);
    let mut messages = Vec::new();
    while let Some(event) = reader.event()? {
        messages.push(message(event));
    }
    Ok(Recording { messages, qty_per_unit: reader.format().lots_per_unit() })
}

fn message(event: FlowEvent) -> BackgroundMessage {
    let action = match event.action {
        FlowAction::Add { order, side, price, qty } => BackgroundAction::New {
            order: order.0,
            side,
            price: u64::from(price.ticks()),
            qty: u64::from(qty.lots()),
        },
        FlowAction::Reduce { order, qty } => {
            BackgroundAction::Reduce { order: order.0, qty: u64::from(qty.lots()) }
        }
        FlowAction::Delete { order } => BackgroundAction::Delete { order: order.0 },
        FlowAction::Take { side, price, qty } => BackgroundAction::Take {
            side,
            price: u64::from(price.ticks()),
            qty: u64::from(qty.lots()),
        },
    };
    BackgroundMessage { time_ns: event.time_ns, action }
}
