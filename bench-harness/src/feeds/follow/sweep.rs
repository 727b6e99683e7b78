//! Groups recorded executions into the aggressors that caused them.

use seawall_engine::types::{OrderId, Price, Qty, Side};

use crate::feeds::{Message, MessageKind};

/// Most executions of one aggressor: far above any real one, and a bound on memory.
pub(super) const SWEEP_ROWS_MAX: usize = 1 << 16;

/// What one resting order gave to an aggressor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RecordedFill {
    pub(super) order: OrderId,
    pub(super) price: Price,
    pub(super) lots: u32,
}

/// Executions of one aggressor: consecutive type-4 rows of one time and side. Hidden executions
/// (type 5) between them belong to the same aggressor and do not end it.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    rows: Vec<Message>,
    shares: u64,
}

impl Sweep {
    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.rows.len() == SWEEP_ROWS_MAX
    }

    /// Whether `message` leaves the sweep open: it belongs to it, or it is hidden.
    pub(super) fn stays_open(&self, message: &Message) -> bool {
        let Some(first) = self.rows.first() else { return true };
        first.time_ns == message.time_ns
            && match message.kind {
                MessageKind::Execute => {
                    let shares = self.shares + u64::from(message.size.lots());
                    first.side == message.side && shares <= u64::from(Qty::MAX.lots())
                }
                MessageKind::ExecuteHidden => true,
                MessageKind::Add | MessageKind::Reduce | MessageKind::Delete => false,
            }
    }

    /// Adds an execution.
    pub(super) fn push(&mut self, row: Message) {
        self.shares += u64::from(row.size.lots());
        self.rows.push(row);
    }

    /// The fills as the record has them. Consecutive rows of one order are one fill.
    pub(super) fn recorded(&self, out: &mut Vec<RecordedFill>) {
        out.clear();
        for row in &self.rows {
            match out.last_mut() {
                Some(last) if last.order == row.order && last.price == row.price => {
                    last.lots += row.size.lots();
                }
                _ => out.push(RecordedFill {
                    order: row.order,
                    price: row.price,
                    lots: row.size.lots(),
                }),
            }
        }
    }

    pub(super) fn rows(&self) -> &[Message] {
        &self.rows
    }

    /// Each row with the line of the next one, which of the last is `line`. What lies between are hidden
    /// executions.
    pub(super) fn rows_and_next(&self, line: u64) -> impl Iterator<Item = (&Message, u64)> {
        let next = self.rows.iter().skip(1).map(|row| row.line).chain([line]);
        self.rows.iter().zip(next)
    }

    /// The aggressor's side.
    pub(super) fn side(&self) -> Side {
        self.first().side.opposite()
    }

    /// First row.
    pub(super) fn first(&self) -> &Message {
        self.rows.first().expect("a sweep has a row")
    }

    /// The aggressor's quantity.
    pub(super) fn qty(&self) -> Qty {
        let shares = u32::try_from(self.shares).ok().and_then(Qty::new);
        shares.expect("a sweep's sum is a quantity")
    }

    /// The worst price it reached.
    pub(super) fn limit(&self) -> Price {
        let prices = self.rows.iter().map(|row| row.price);
        match self.side() {
            Side::Buy => prices.max(),
            Side::Sell => prices.min(),
        }
        .expect("a sweep has a row")
    }

    /// Whether it reached more than one price.
    pub(super) fn is_multi_level(&self) -> bool {
        self.rows.iter().any(|row| row.price != self.first().price)
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.shares = 0;
    }
}
