//! hftbacktest's order-by-order events: an `npz` with one array `data` of 64-byte records (its
//! `types.rs`, 2.4), read by `numpy.load` and by hftbacktest itself.
//!
//! An execution is three events, as hftbacktest makes them of Databento's feed: the trade on the
//! aggressor's side, the fill of the resting order, and what became of that order.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use seawall_engine::types::{Price, Side};

use super::feed::{Displayed, Seen, Update};
use super::{ExportError, ExportOptions, ExportedFile, OPEN_NS, done, npz};
use crate::report::ReportError;
use crate::scenario::Scenario;

const TRADE: u64 = 2;
const ADD: u64 = 10;
const CANCEL: u64 = 11;
const MODIFY: u64 = 12;
const FILL: u64 = 13;
/// Both the exchange and the local side process every event.
const BOTH: u64 = 1 << 31 | 1 << 30;
const BUY: u64 = 1 << 29;
const SELL: u64 = 1 << 28;

const NAME: &str = "hftbacktest.npz";
const RECORD_BYTES: u64 = 64;
const FIELDS: [(&str, &str); 8] = [
    ("ev", "<u8"),
    ("exch_ts", "<i8"),
    ("local_ts", "<i8"),
    ("px", "<f8"),
    ("qty", "<f8"),
    ("order_id", "<u8"),
    ("ival", "<i8"),
    ("fval", "<f8"),
];

/// Collects the records in a file without a name, since the array's header says how many there are.
#[derive(Debug)]
pub(super) struct Writer {
    records: BufWriter<File>,
    path: PathBuf,
    tick: u32,
    feed_ns: u64,
    rows: u64,
}

impl Writer {
    pub(super) fn create(
        out: &Path,
        scenario: &Scenario,
        options: &ExportOptions,
    ) -> Result<Self, ExportError> {
        let path = out.join(NAME);
        let failed = |source: io::Error| ReportError::write(&path, &source);
        let records = BufWriter::new(tempfile::tempfile_in(out).map_err(failed)?);
        let feed_ns = scenario.latency.taker_feed_ns;
        Ok(Self { records, path, tick: options.tick, feed_ns, rows: 0 })
    }

    pub(super) fn write(&mut self, update: &Update) -> Result<(), ExportError> {
        self.events(update).map_err(|source| ReportError::write(&self.path, &source).into())
    }

    fn events(&mut self, update: &Update) -> io::Result<()> {
        let at = update.time_ns;
        match update.seen {
            Seen::Added(order) => self.about(at, ADD, order),
            Seen::Reduced { order, .. } => self.about(at, MODIFY, order),
            Seen::Deleted(order) => self.about(at, CANCEL, order),
            Seen::Executed { order, by_lots } => {
                let aggressor = flag(order.side.opposite());
                self.row(at, TRADE | aggressor, order.price, by_lots, 0)?;
                self.filled(at, order, by_lots)
            }
            Seen::Crossed { price, lots, orders } => {
                self.row(at, TRADE, price, lots, 0)?;
                orders.into_iter().try_for_each(|order| self.filled(at, order, lots))
            }
            Seen::Halted | Seen::Reopened => Ok(()),
        }
    }

    fn filled(&mut self, at: u64, order: Displayed, lots: u32) -> io::Result<()> {
        self.row(at, FILL | flag(order.side), order.price, lots, order.number)?;
        self.about(at, if order.lots == 0 { CANCEL } else { MODIFY }, order)
    }

    fn about(&mut self, at: u64, event: u64, order: Displayed) -> io::Result<()> {
        self.row(at, event | flag(order.side), order.price, order.lots, order.number)
    }

    fn row(&mut self, at: u64, event: u64, price: Price, lots: u32, order: u64) -> io::Result<()> {
        let exchange_ns = OPEN_NS + at;
        let px = f64::from(price.ticks()) * f64::from(self.tick) / 1e4;
        let fields = [
            (event | BOTH).to_le_bytes(),
            exchange_ns.to_le_bytes(),
            (exchange_ns + self.feed_ns).to_le_bytes(),
            px.to_le_bytes(),
            f64::from(lots).to_le_bytes(),
            order.to_le_bytes(),
            0_i64.to_le_bytes(),
            0_f64.to_le_bytes(),
        ];
        self.rows += 1;
        self.records.write_all(fields.as_flattened())
    }

    pub(super) fn finish(self) -> Result<ExportedFile, ExportError> {
        let Self { records, path, rows, .. } = self;
        let bytes = rows * RECORD_BYTES;
        if bytes > npz::BYTES_MAX {
            return Err(ExportError::TooLarge { bytes });
        }
        let records = records.into_inner().map_err(io::IntoInnerError::into_error);
        records
            .and_then(|records| npz::write(&path, "data", &FIELDS, rows, records))
            .map_err(|source| ReportError::write(&path, &source))?;
        Ok(done("hftbacktest", path, rows)?)
    }
}

const fn flag(side: Side) -> u64 {
    match side {
        Side::Buy => BUY,
        Side::Sell => SELL,
    }
}
