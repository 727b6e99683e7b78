//! A feed as anonymous order flow: what came to the exchange, instead of what it did.
//!
//! Executions of one aggressor are put together again as the one order that caused them; hidden
//! executions, crosses and halts are left out. Nothing here follows a book, so the flow can be
//! sent into any market.

use std::collections::VecDeque;

use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::sweep::{SWEEP_ROWS_MAX, Sweep};
use crate::feeds::{FeedError, Format, Message, MessageKind, Record, RecordReader, RowError};

/// One thing that came to the exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlowEvent {
    /// Nanoseconds since the first row.
    pub time_ns: u64,
    /// What it was.
    pub action: FlowAction,
}

/// What came to the exchange. Prices are in price units of the format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlowAction {
    /// A limit order that joined the book.
    Add {
        /// The recording's order id.
        order: OrderId,
        /// Its side.
        side: Side,
        /// Its limit.
        price: Price,
        /// Its quantity.
        qty: Qty,
    },
    /// Part of a resting order was cancelled.
    Reduce {
        /// The recording's order id.
        order: OrderId,
        /// What was cancelled.
        qty: Qty,
    },
    /// A resting order was cancelled.
    Delete {
        /// The recording's order id.
        order: OrderId,
    },
    /// An aggressor took liquidity.
    Take {
        /// The aggressor's side.
        side: Side,
        /// The worst price that it paid.
        price: Price,
        /// What it took.
        qty: Qty,
    },
}

/// Reads a feed as order flow.
#[derive(Debug)]
pub struct FlowReader {
    reader: Box<dyn RecordReader>,
    first_ns: Option<u64>,
    sweep: Sweep,
    /// What each order of the last sweep gave.
    executed: Vec<(OrderId, Qty)>,
    ready: VecDeque<FlowEvent>,
}

impl FlowReader {
    /// Order flow of a feed.
    pub fn new(reader: Box<dyn RecordReader>) -> Self {
        Self {
            reader,
            first_ns: None,
            sweep: Sweep::default(),
            executed: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The format of the feed.
    pub fn format(&self) -> Format {
        self.reader.format()
    }

    /// The next event, or `None` after the last.
    pub fn event(&mut self) -> Result<Option<FlowEvent>, FeedError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            match self.reader.record()? {
                Some(record) => self.record(record)?,
                None => {
                    self.close_sweep();
                    return Ok(self.ready.pop_front());
                }
            }
        }
    }

    /// What each resting order gave to the aggressor of the last [`FlowAction::Take`].
    pub fn executed(&self) -> &[(OrderId, Qty)] {
        &self.executed
    }

    /// An error about the row read last.
    #[cold]
    pub(super) fn refused(&self, row: RowError) -> FeedError {
        self.reader.refused(row)
    }

    fn record(&mut self, record: Record) -> Result<(), FeedError> {
        self.first_ns.get_or_insert(record.time_ns());
        let Record::Message(message) = record else {
            self.close_sweep();
            return Ok(());
        };
        if !self.sweep.stays_open(&message) {
            self.close_sweep();
        }
        let Message { order, side, price, size: qty, .. } = message;
        match message.kind {
            MessageKind::Execute if self.sweep.is_full() => {
                return Err(self.refused(RowError::SweepTooLong { max: SWEEP_ROWS_MAX }));
            }
            MessageKind::Execute => self.sweep.push(message),
            MessageKind::ExecuteHidden => {}
            MessageKind::Add => self.push(&message, FlowAction::Add { order, side, price, qty }),
            MessageKind::Reduce => self.push(&message, FlowAction::Reduce { order, qty }),
            MessageKind::Delete => self.push(&message, FlowAction::Delete { order }),
        }
        Ok(())
    }

    fn push(&mut self, message: &Message, action: FlowAction) {
        let first_ns = self.first_ns.unwrap_or(message.time_ns);
        self.ready
            .push_back(FlowEvent { time_ns: message.time_ns.saturating_sub(first_ns), action });
    }

    fn close_sweep(&mut self) {
        if self.sweep.is_empty() {
            return;
        }
        let sweep = std::mem::take(&mut self.sweep);
        self.executed.clear();
        self.executed.extend(sweep.rows().iter().map(|row| (row.order, row.size)));
        let (side, price, qty) = (sweep.side(), sweep.limit(), sweep.qty());
        self.push(sweep.first(), FlowAction::Take { side, price, qty });
        self.sweep = sweep;
        self.sweep.clear();
    }
}

impl Iterator for FlowReader {
    type Item = Result<FlowEvent, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.event().transpose()
    }
}
