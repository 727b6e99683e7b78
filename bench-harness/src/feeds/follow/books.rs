//! Holds the engine's book against an order-book file, row by row.
//!
//! A level of a row is *known* if it was in sight in the row before: at least as good as the last level
//! that row had room for. A known level must be what the engine's book holds, and so must its absence.
//! Orders from before the record, and orders that joined beyond the last level, are in the
//! order-book file and never entered in the message file. So what a level holds beyond (or short of) the
//! engine's orders is taken over once, when it comes into sight, and counted; from then on only a
//! message may change it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use seawall_engine::book::OrderBook;
use seawall_engine::types::{Price, Side};

use super::agreement::{
    BookAgreement, BookCause, BookDisagreement, CauseCount, DISAGREEMENTS_LISTED_MAX,
};
use super::steps::{Rows, Step};
use crate::feeds::lobster::{BookLevel, BookReader};
use crate::feeds::{FeedError, RecordReader, RowError};

/// What of one side the row before showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sight {
    /// Nothing is known.
    Nothing,
    /// Everything from the best price to this one.
    To(u64),
    /// Everything: the row had room for more levels than there were.
    All,
}

/// A level, known and not as recorded: side, price, recorded less ours.
type Difference = (Side, u64, i64);

/// Compares row by row.
#[derive(Debug)]
pub(super) struct BookCheck {
    reader: BookReader,
    /// 1e-4 dollars in a tick.
    tick: u32,
    /// By side and price: what the recorded book holds beyond the engine's.
    beyond: [BTreeMap<u64, i64>; 2],
    sight: [Sight; 2],
    /// Of the row before, and of this one.
    open: [Vec<Difference>; 2],
    ours: Vec<(u64, i64)>,
    found: BookAgreement,
}

const SIDES: [Side; 2] = [Side::Sell, Side::Buy];

fn index(side: Side) -> usize {
    usize::from(side == Side::Sell)
}

/// From the best price outwards.
fn outwards(side: Side, one: u64, other: u64) -> Ordering {
    match side {
        Side::Sell => one.cmp(&other),
        Side::Buy => other.cmp(&one),
    }
}

impl BookCheck {
    pub(super) fn new(reader: BookReader, tick: u32) -> Self {
        let file = reader.path().display().to_string();
        Self {
            reader,
            tick,
            beyond: Default::default(),
            sight: [Sight::Nothing; 2],
            open: Default::default(),
            ours: Vec::new(),
            found: BookAgreement { file, ..BookAgreement::default() },
        }
    }

    /// Compares the rows of the steps. `book` is the engine's after all of them.
    pub(super) fn follow(
        &mut self,
        steps: &mut Vec<Step>,
        book: Option<&OrderBook>,
        messages: &dyn RecordReader,
    ) -> Result<(), FeedError> {
        // The engine's book is ahead of the first row: go back, then step by step forward.
        for step in &*steps {
            match *step {
                Step::Engine { side, price, lots } => self.shift(side, price, -lots),
                Step::Stale { side, price, lots } => self.shift(side, price, lots),
                _ => {}
            }
        }
        for step in steps.drain(..) {
            match step {
                Step::Engine { side, price, lots } | Step::Unentered { side, price, lots } => {
                    self.shift(side, price, lots);
                }
                Step::Stale { side, price, lots } => self.stale(side, price, lots),
                Step::Auction => self.sight = [Sight::Nothing; 2],
                Step::Rows(rows) => {
                    for row in 0..rows.count {
                        self.row(rows, row, book, messages)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn units(&self, price: Price) -> u64 {
        u64::from(price.ticks()) * u64::from(self.tick)
    }

    fn shift(&mut self, side: Side, price: Price, lots: i64) {
        let price = self.units(price);
        let beyond = &mut self.beyond[index(side)];
        let value = beyond.entry(price).or_default();
        *value += lots;
        if *value == 0 {
            beyond.remove(&price);
        }
    }

    /// Orders left the engine's book that the recorded one may have lost from sight before.
    fn stale(&mut self, side: Side, price: Price, lots: i64) {
        self.shift(side, price, -lots);
        let lacking = self.beyond[index(side)].get(&self.units(price)).copied().unwrap_or(0).min(0);
        self.shift(side, price, lots.min(-lacking));
    }

    fn row(
        &mut self,
        rows: Rows,
        number: u64,
        book: Option<&OrderBook>,
        messages: &dyn RecordReader,
    ) -> Result<(), FeedError> {
        if !self.reader.advance()? {
            let messages = messages.path().to_owned();
            return Err(self
                .reader
                .refused(RowError::BookEnds { rows: self.found.rows, messages }));
        }
        self.open.swap(0, 1);
        self.open[1].clear();
        let taken_over = self.found.levels_taken_over;
        for side in SIDES {
            self.compare(side, book);
        }
        self.found.rows += 1;
        self.found.rows_identical += u64::from(self.open[1].is_empty());
        self.found.rows_taken_over += u64::from(self.found.levels_taken_over > taken_over);
        if self.open[1] != self.open[0] {
            self.list(rows, number);
        }
        Ok(())
    }

    /// Compares one side and remembers what of it is in sight.
    fn compare(&mut self, side: Side, book: Option<&OrderBook>) {
        let recorded = self.reader.side(side);
        let full = recorded.len() == self.reader.levels();
        let edge = recorded.last().map(|level| level.0).filter(|_| full);
        let ours = &mut self.ours;
        ours.clear();
        let in_sight = |price| edge.is_none_or(|edge| outwards(side, price, edge).is_le());
        let depth = book.into_iter().flat_map(|book| book.depth(side));
        let tick = u64::from(self.tick);
        let depth = depth.map(|(price, lots)| (u64::from(price.ticks()) * tick, lots));
        ours.extend(
            depth
                .take_while(|(price, _)| in_sight(*price))
                .map(|(price, lots)| (price, i64::try_from(lots).unwrap_or(i64::MAX))),
        );
        for (&price, &lots) in &self.beyond[index(side)] {
            if !in_sight(price) {
                continue;
            }
            match ours.binary_search_by(|level| outwards(side, level.0, price)) {
                Ok(place) => ours[place].1 += lots,
                Err(place) => ours.insert(place, (price, lots)),
            }
        }
        let sight = self.sight[index(side)];
        let known = |price| match sight {
            Sight::Nothing => false,
            Sight::To(edge) => outwards(side, price, edge).is_le(),
            Sight::All => true,
        };
        for (price, ours, recorded) in levels(side, ours, recorded) {
            let difference = recorded - ours;
            if known(price) {
                self.found.levels_compared += 1;
                self.found.levels_identical += u64::from(difference == 0);
                if difference != 0 {
                    self.open[1].push((side, price, difference));
                }
            } else if difference != 0 {
                self.found.levels_taken_over += 1;
                *self.beyond[index(side)].entry(price).or_default() += difference;
                if self.beyond[index(side)][&price] == 0 {
                    self.beyond[index(side)].remove(&price);
                }
            }
        }
        self.sight[index(side)] = edge.map_or(Sight::All, Sight::To);
    }

    /// Lists the differences that the row before did not have.
    #[cold]
    fn list(&mut self, rows: Rows, number: u64) {
        let (before, now) = self.open.split_at(1);
        let level =
            rows.level.filter(|_| number == 0).map(|(side, price)| (side, self.units(price)));
        for &(side, price, difference) in now[0].iter().filter(|one| !before[0].contains(one)) {
            let cause = if rows.differs {
                BookCause::EngineDiffers
            } else if level == Some((side, price)) {
                BookCause::OwnLevel
            } else {
                BookCause::OtherLevel
            };
            match self.found.causes.iter_mut().find(|count| count.cause == cause) {
                Some(known) => known.count += 1,
                None => self.found.causes.push(CauseCount { cause, count: 1 }),
            }
            if self.found.disagreements.len() < DISAGREEMENTS_LISTED_MAX {
                let levels = self.reader.side(side).iter().find(|level| level.0 == price);
                let recorded = levels.map_or(0, |level| level.1);
                let engine = i64::try_from(recorded).unwrap_or(i64::MAX) - difference;
                self.found.disagreements.push(BookDisagreement {
                    line: rows.line + number,
                    time_ns: rows.time_ns,
                    cause,
                    side: if side == Side::Sell { "ask" } else { "bid" },
                    price,
                    recorded,
                    engine,
                });
            }
        }
    }

    /// What was found, once the message file is at its end; the order-book file must be too.
    pub(super) fn finish(
        mut self,
        messages: &dyn RecordReader,
    ) -> Result<BookAgreement, FeedError> {
        if self.reader.advance()? {
            let (rows, messages) = (self.found.rows, messages.path().to_owned());
            return Err(self.reader.refused(RowError::BookGoesOn { rows, messages }));
        }
        self.found.levels = self.reader.levels();
        Ok(self.found)
    }
}

/// Both books' levels side by side from the best outwards: price, ours, recorded.
fn levels<'a>(
    side: Side,
    ours: &'a [(u64, i64)],
    recorded: &'a [BookLevel],
) -> impl Iterator<Item = (u64, i64, i64)> + 'a {
    let (mut one, mut other) = (ours.iter().peekable(), recorded.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (one.peek(), other.peek()) {
            (Some(one), Some(other)) => outwards(side, one.0, other.0),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let ours = if order.is_le() { one.next() } else { None };
        let recorded = if order.is_ge() { other.next() } else { None };
        let price = ours.map(|level| level.0).or(recorded.map(|level| level.0))?;
        let recorded = recorded.map_or(0, |level| i64::try_from(level.1).unwrap_or(i64::MAX));
        Some((price, ours.map_or(0, |level| level.1), recorded))
    })
}
