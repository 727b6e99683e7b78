//! Replays a feed: the engine's book follows the record, and every recorded aggressor is
//! sent again as the order it was and compared fill by fill.
//!
//! * type 1 adds, 2 reduces in place, 3 deletes, by order id;
//! * a [`Sweep`] of type-4 rows becomes one immediate-or-cancel order of the summed size at the
//!   worst price; the engine's fills are compared with the recorded ones in order: maker, size and
//!   price. Where they differ, the fills are undone and the record is followed instead;
//! * priority at a price is the record's (see `ordered_book`);
//! * an order that is executed without having been entered rested before the record began: it is
//!   seeded at its recorded price, and its sweep is counted apart;
//! * type 5 executes a hidden order and touches nothing but the trade statistics;
//! * types 6 and 7 (crosses, halts) are counted;
//! * with an order-book file the engine's book is held against it after every row (see `books`).

use std::num::NonZeroU32;
use std::time::Instant;

use seawall_engine::matching::Fill;
use seawall_engine::types::{Price, Qty, Side};

use super::agreement::{Agreement, Cause};
use super::books::BookCheck;
use super::ordered_book::{Entry, OrderedBook};
use super::steps::{Rows, Step, Steps};
use super::sweep::{RecordedFill, SWEEP_ROWS_MAX, Sweep};
use super::tally::{Sides, Tally};
use crate::feeds::lobster::BookReader;
use crate::feeds::{FeedError, Format, Message, MessageKind, Record, RecordReader, RowError};

/// How to replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplayOptions {
    /// Price step of displayed orders, in price units of the format; one cent if none is given.
    pub tick: Option<NonZeroU32>,
    /// Most orders resting at once.
    pub orders_max: u32,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { tick: None, orders_max: 1 << 18 }
    }
}

impl ReplayOptions {
    /// The price step of a feed of that format, in its price units.
    pub fn tick_units(self, format: Format) -> u32 {
        self.tick.map_or(format.tick(), NonZeroU32::get)
    }
}

/// Replays a feed through the engine's book and matching.
pub fn replay(
    reader: Box<dyn RecordReader>,
    options: ReplayOptions,
) -> Result<Agreement, FeedError> {
    replay_with_books(reader, None, options)
}

/// Replays a feed and holds the book against a recorded one after every row. Row *n* of `books`
/// belongs to line *n* of the feed, as in LOBSTER's files.
pub fn replay_with_books(
    mut reader: Box<dyn RecordReader>,
    books: Option<BookReader>,
    options: ReplayOptions,
) -> Result<Agreement, FeedError> {
    let started = Instant::now();
    let format = reader.format();
    let mut replay = Replay::new(options, format);
    replay.steps.off = books.is_none();
    let mut check = books.map(|books| BookCheck::new(books, options.tick_units(format)));
    while let Some(record) = reader.record()? {
        replay.record(record).map_err(|row| reader.refused(row))?;
        if let Some(check) = &mut check {
            replay.compare(check, reader.as_ref())?;
        }
    }
    replay.close_sweep().map_err(|row| reader.refused(row))?;
    if let Some(check) = &mut check {
        replay.compare(check, reader.as_ref())?;
    }
    let elapsed = started.elapsed();
    let books = check.map(|check| check.finish(reader.as_ref())).transpose()?;
    let resting = replay.book.as_ref().map_or(0, |book| u64::from(book.book().len()));
    let reordering = replay.book.map(|book| book.reordering).unwrap_or_default();
    let agreement = replay.tally.agreement(reader.as_ref(), elapsed, reordering, resting);
    Ok(Agreement { books, ..agreement })
}

struct Replay {
    format: Format,
    tick: u32,
    orders_max: u32,
    /// Made around the first price.
    book: Option<OrderedBook>,
    sweep: Sweep,
    recorded: Vec<RecordedFill>,
    fills: Vec<Fill>,
    tally: Tally,
    steps: Steps,
    /// Records so far: the line of the last one in a file without a header.
    line: u64,
    /// Disagreements when the last row was done.
    noted: u64,
}

/// The price domain reaches from a twentieth of the first price to twenty times it, as everywhere.
const DOMAIN_FACTOR: u32 = 20;

impl Replay {
    fn new(options: ReplayOptions, format: Format) -> Self {
        let tick = options.tick_units(format);
        Self {
            format,
            tick,
            orders_max: options.orders_max,
            book: None,
            sweep: Sweep::default(),
            recorded: Vec::new(),
            fills: Vec::new(),
            tally: Tally::new(format, tick),
            steps: Steps::default(),
            line: 0,
            noted: 0,
        }
    }

    fn record(&mut self, record: Record) -> Result<(), RowError> {
        self.line += 1;
        match record {
            Record::Message(message) => self.message(message),
            Record::Cross { time_ns } => {
                self.tally.rows.crosses += 1;
                self.close_sweep_before(self.line)?;
                self.steps.note(Step::Auction);
                self.done(self.line, 1, time_ns, None);
                Ok(())
            }
            Record::Halt { time_ns } => {
                self.tally.rows.halts += 1;
                self.close_sweep_before(self.line)?;
                self.done(self.line, 1, time_ns, None);
                Ok(())
            }
            Record::Beyond { .. } => {
                self.tally.rows.beyond += 1;
                Ok(())
            }
        }
    }

    fn message(&mut self, message: Message) -> Result<(), RowError> {
        self.tally.row(&message);
        let (line, time_ns) = (self.line, message.time_ns);
        if message.kind == MessageKind::ExecuteHidden {
            if self.sweep.is_empty() || !self.sweep.stays_open(&message) {
                self.close_sweep_before(line)?;
                self.done(line, 1, time_ns, None);
            }
            return Ok(());
        }
        let message = self.on_grid(message)?;
        if message.kind == MessageKind::Execute {
            if !self.sweep.stays_open(&message) {
                self.close_sweep_before(line)?;
            }
            if self.sweep.is_full() {
                return Err(RowError::SweepTooLong { max: SWEEP_ROWS_MAX });
            }
            self.sweep.push(message);
            return Ok(());
        }
        self.close_sweep_before(line)?;
        match message.kind {
            MessageKind::Add => self.add(&message)?,
            _ => self.shrink(&message),
        }
        self.done(line, 1, time_ns, Some((message.side, message.price)));
        Ok(())
    }

    /// Notes that rows are done; `level` is that of the first one's order.
    #[inline]
    fn done(&mut self, line: u64, count: u64, time_ns: u64, level: Option<(Side, Price)>) {
        let differs = self.tally.noted > self.noted;
        self.noted = self.tally.noted;
        self.steps.note(Step::Rows(Rows { line, count, time_ns, level, differs }));
    }

    /// Compares the rows done since the last time.
    fn compare(
        &mut self,
        check: &mut BookCheck,
        reader: &dyn RecordReader,
    ) -> Result<(), FeedError> {
        let book = self.book.as_ref().map(OrderedBook::book);
        check.follow(&mut self.steps.taken, book, reader)
    }

    /// The message with its price in ticks; makes the book around the first one.
    fn on_grid(&mut self, mut message: Message) -> Result<Message, RowError> {
        let (price, tick) = (message.price.ticks(), self.tick);
        if !price.is_multiple_of(tick) {
            return Err(RowError::OffTick { price, tick });
        }
        message.price = Price::new(price / tick).expect("a multiple of the tick is above zero");
        if self.book.is_none() {
            let ticks = message.price.ticks();
            let low = Price::new((ticks / DOMAIN_FACTOR).max(1)).expect("at least one tick");
            let high = ticks.checked_mul(DOMAIN_FACTOR).and_then(Price::new).unwrap_or(Price::MAX);
            let priority = self.format.priority();
            self.book = Some(OrderedBook::new((low, high), self.orders_max, priority));
        }
        Ok(message)
    }

    fn add(&mut self, message: &Message) -> Result<(), RowError> {
        let book = self.book.as_ref().expect("the book exists from the first row on");
        if !book.book().in_domain(message.price) {
            self.tally.disagree(message, Cause::OutOfDomain);
            return Ok(());
        }
        if book.get(message.order).is_some() {
            self.tally.disagree(message, Cause::DuplicateOrder);
            return Ok(());
        }
        self.enter(message, message.size)
    }

    /// Enters an order. Opposite orders that it would meet are stale: the record has moved on.
    fn enter(&mut self, message: &Message, qty: Qty) -> Result<(), RowError> {
        let book = self.book.as_mut().expect("the book exists from the first row on");
        let Message { order, side, price, .. } = *message;
        while book.book().crosses(side, price) {
            let best = book.book().best(side.opposite()).expect("a crossed side has an order");
            let stale = book.head(best).expect("an occupied level has an order");
            if let Some(order) = book.delete(stale) {
                let (side, price, lots) = (order.side, order.price, i64::from(order.qty.lots()));
                self.steps.note(Step::Stale { side, price, lots });
            }
            self.tally.disagree(message, Cause::CrossedEntry);
        }
        if book.book().is_full() {
            return Err(RowError::TooManyOrders { max: self.orders_max });
        }
        book.enter(Entry { id: order, side, price, qty });
        self.steps.engine(side, price, i64::from(qty.lots()));
        Ok(())
    }

    /// A type-2 or type-3 row.
    fn shrink(&mut self, message: &Message) {
        let book = self.book.as_mut().expect("the book exists from the first row on");
        let before = match message.kind {
            MessageKind::Delete => book.delete(message.order),
            _ => book.reduce(message.order, message.size),
        };
        let lots = i64::from(message.size.lots());
        let Some(order) = before else {
            self.tally.rows_of_unknown_orders += 1;
            let (side, price) = (message.side, message.price);
            self.steps.note(Step::Unentered { side, price, lots: -lots });
            return;
        };
        let held = i64::from(order.qty.lots());
        let left = if message.kind == MessageKind::Delete { held } else { held.min(lots) };
        self.steps.engine(order.side, order.price, -left);
        let fits = match message.kind {
            MessageKind::Delete => message.size == order.qty,
            _ => message.size < order.qty,
        };
        if !fits || (order.side, order.price) != (message.side, message.price) {
            self.tally.disagree(message, Cause::RowMismatch);
        }
    }

    /// Ends the open sweep, if there is one: sends the aggressor and compares.
    fn close_sweep(&mut self) -> Result<(), RowError> {
        self.close_sweep_before(self.line + 1)
    }

    /// Ends the open sweep, whose last row is that before `line`.
    fn close_sweep_before(&mut self, line: u64) -> Result<(), RowError> {
        if self.sweep.is_empty() {
            return Ok(());
        }
        let sweep = std::mem::take(&mut self.sweep);
        let outcome = self.send(&sweep, line);
        self.sweep = sweep;
        self.sweep.clear();
        outcome
    }

    fn send(&mut self, sweep: &Sweep, line: u64) -> Result<(), RowError> {
        let book = self.book.as_ref().expect("the book exists from the first row on");
        if sweep.rows().iter().any(|row| !book.book().in_domain(row.price)) {
            self.tally.disagree(sweep.first(), Cause::OutOfDomain);
            for (row, next) in sweep.rows_and_next(line) {
                self.follow(row);
                self.executed(row, next);
            }
            return Ok(());
        }
        let seeded = self.seed(sweep)?;
        let book = self.book.as_mut().expect("the book exists from the first row on");
        let (side, limit) = (sweep.side(), sweep.limit());
        self.fills.clear();
        book.sweep(side, limit, sweep.qty(), &mut self.fills);
        sweep.recorded(&mut self.recorded);
        let identical = self.recorded.len() == self.fills.len()
            && self.recorded.iter().zip(&self.fills).all(|(recorded, fill)| {
                (recorded.order, recorded.lots, recorded.price)
                    == (fill.maker, fill.qty.lots(), fill.price)
            });
        self.tally.sweep(sweep, seeded, identical, self.recorded.len());
        if identical {
            book.keep(&self.fills);
            self.tally.executions_at_best += sweep.rows().len() as u64;
            for (row, next) in sweep.rows_and_next(line) {
                self.steps.engine(row.side, row.price, -i64::from(row.size.lots()));
                self.executed(row, next);
            }
        } else {
            let sides = Sides { recorded: &self.recorded, engine: &self.fills };
            self.tally.sweep_differs(sweep, seeded, sides);
            book.restore(side, &self.fills);
            for (row, next) in sweep.rows_and_next(line) {
                self.tally.executions_at_best += u64::from(self.is_best(row.side, row.price));
                self.follow(row);
                self.executed(row, next);
            }
        }
        Ok(())
    }

    /// Enters the orders of a sweep that the record never did; says how many.
    fn seed(&mut self, sweep: &Sweep) -> Result<u64, RowError> {
        let mut seeded = 0;
        for row in sweep.rows() {
            let book = self.book.as_ref().expect("the book exists from the first row on");
            if book.get(row.order).is_some() {
                continue;
            }
            let rows = sweep.rows().iter().filter(|other| other.order == row.order);
            let lots: u32 = rows.map(|row| row.size.lots()).sum();
            self.enter(row, Qty::new(lots).expect("part of a sweep is a quantity"))?;
            let (side, price, lots) = (row.side, row.price, -i64::from(lots));
            self.steps.note(Step::Unentered { side, price, lots });
            seeded += 1;
        }
        Ok(seeded)
    }

    fn is_best(&self, side: Side, price: Price) -> bool {
        self.book.as_ref().and_then(|book| book.book().best(side)) == Some(price)
    }

    /// Executes one row as recorded.
    fn follow(&mut self, row: &Message) {
        let Some(book) = self.book.as_mut() else { return };
        if let Some(order) = book.reduce(row.order, row.size) {
            let lots = i64::from(order.qty.min(row.size).lots());
            self.steps.engine(order.side, order.price, -lots);
        }
    }

    /// Notes that an execution is done, and the hidden ones up to the line `next`.
    fn executed(&mut self, row: &Message, next: u64) {
        if self.steps.off {
            return;
        }
        self.done(row.line, next - row.line, row.time_ns, Some((row.side, row.price)));
    }
}
