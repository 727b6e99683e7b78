//! LOBSTER's message file and order-book file (lobsterdata.com, Data Structure).
//!
//! Message: `time,type,order,size,price,direction`; the direction is the resting order's. Row *n* of
//! the order-book file is the book after message *n*: `ask price,ask size,bid price,bid size` from the
//! best level outwards, ±9999999999 and size 0 where there is no level.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use seawall_engine::types::{Price, Side};

use super::feed::{Displayed, Feed, Seen, Update};
use super::{ExportError, ExportOptions, ExportedFile, OPEN_NS, SECOND_NS, done};
use crate::report::ReportError;
use crate::scenario::Scenario;

/// A date for the names of the files, since readers expect one: a Monday without a market.
const DATE: &str = "2000-01-03";
const NO_LEVEL: i64 = 9_999_999_999;

/// Writes both files.
#[derive(Debug)]
pub(super) struct Writer {
    messages: (BufWriter<File>, PathBuf),
    books: (BufWriter<File>, PathBuf),
    levels: usize,
    tick: u32,
    rows: u64,
}

impl Writer {
    pub(super) fn create(
        out: &Path,
        scenario: &Scenario,
        options: &ExportOptions,
    ) -> Result<Self, ExportError> {
        let ticker: String = scenario.name.to_uppercase().replace('_', "-");
        let (from_ms, levels) = (OPEN_NS / 1_000_000, options.levels);
        let to_ms = from_ms + scenario.clock.duration_ms;
        let create = |what: &str| {
            let name = format!("{ticker}_{DATE}_{from_ms}_{to_ms}_{what}_{levels}.csv");
            let path = out.join(name);
            let file = File::create(&path).map_err(|source| ReportError::write(&path, &source))?;
            Ok::<_, ReportError>((BufWriter::new(file), path))
        };
        Ok(Self {
            messages: create("message")?,
            books: create("orderbook")?,
            levels,
            tick: options.tick,
            rows: 0,
        })
    }

    pub(super) fn write(&mut self, update: &Update, feed: &Feed) -> Result<(), ExportError> {
        let message = match update.seen {
            Seen::Added(order) => self.about(1, order, order.lots)?,
            Seen::Reduced { order, by_lots } => self.about(2, order, by_lots)?,
            Seen::Deleted(order) => self.about(3, order, order.lots)?,
            Seen::Executed { order, by_lots } => self.about(4, order, by_lots)?,
            Seen::Crossed { price, lots, .. } => format!("6,-1,{lots},{},-1", self.price(price)?),
            Seen::Halted => "7,0,0,-1,-1".to_owned(),
            Seen::Reopened => "7,0,0,1,-1".to_owned(),
        };
        let time_ns = OPEN_NS + update.time_ns;
        let (seconds, rest) = (time_ns / SECOND_NS, time_ns % SECOND_NS);
        let book = self.book(feed)?;
        let (messages, path) = &mut self.messages;
        written(path, writeln!(messages, "{seconds}.{rest:09},{message}"))?;
        let (books, path) = &mut self.books;
        written(path, writeln!(books, "{book}"))?;
        self.rows += 1;
        Ok(())
    }

    fn about(&self, kind: u8, order: Displayed, lots: u32) -> Result<String, ExportError> {
        let direction = order.side.sign();
        Ok(format!("{kind},{},{lots},{},{direction}", order.number, self.price(order.price)?))
    }

    fn book(&self, feed: &Feed) -> Result<String, ExportError> {
        use std::fmt::Write as _;

        let (mut asks, mut bids) = (feed.depth(Side::Sell), feed.depth(Side::Buy));
        let mut row = String::with_capacity(48 * self.levels);
        for level in 0..self.levels {
            if level > 0 {
                row.push(',');
            }
            for (side, nothing) in [(asks.next(), NO_LEVEL), (bids.next(), -NO_LEVEL)] {
                let (price, lots) = match side {
                    Some((price, lots)) => (i64::from(self.price(price)?), lots),
                    None => (nothing, 0),
                };
                let comma = if nothing > 0 { "," } else { "" };
                let _ = write!(row, "{price},{lots}{comma}");
            }
        }
        Ok(row)
    }

    fn price(&self, price: Price) -> Result<u32, ExportError> {
        let (ticks, tick) = (price.ticks(), self.tick);
        let units = ticks.checked_mul(tick).filter(|units| *units <= 1 << 31);
        units.ok_or(ExportError::Price { ticks, tick })
    }

    pub(super) fn finish(self) -> Result<[ExportedFile; 2], ExportError> {
        let close = |kind, (mut file, path): (BufWriter<File>, PathBuf)| {
            written(&path, file.flush())?;
            Ok::<_, ExportError>(done(kind, path, self.rows)?)
        };
        Ok([close("lobster-messages", self.messages)?, close("lobster-book", self.books)?])
    }
}

fn written(path: &Path, result: io::Result<()>) -> Result<(), ExportError> {
    result.map_err(|source| ReportError::write(path, &source).into())
}
