//! A DBN file as a stream of one instrument's records.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::{Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbn::decode::{DbnDecoder, DbnMetadata, DecodeRecord};
use dbn::enums::{Action, Schema};
use dbn::{MboMsg, Metadata};
use seawall_engine::types::{OrderId, Price, Qty, Side};

use crate::feeds::live::{LiveOrder, LiveOrders, Stamp};
use crate::feeds::{FeedError, Format, Message, Record, RecordReader, RowError, Source};

/// What the file should be, for error messages.
const EXPECTED: &str = "a DBN file of schema mbo";
/// Billionths of the currency in a price unit of this feed.
const UNIT_E9: i64 = 100_000;
/// Magic, version and length that a file begins with.
const PREFIX_BYTES: usize = 8;
/// Longest metadata accepted: far above any list of symbols, small enough to hold in memory.
const METADATA_BYTES_MAX: usize = 64 << 20;
/// Bytes of a record of schema mbo, in every version that is read.
const RECORD_BYTES: u64 = 56;
/// Symbols that an error lists.
const LISTED_MAX: usize = 12;
const SYMBOLS_OF_FILE: &str = "the symbols or instrument numbers of the file";

/// Reads one instrument of a DBN file, plain or compressed.
pub(in crate::feeds) struct DbnReader {
    decoder: DbnDecoder<Chain<Cursor<Vec<u8>>, Source>>,
    metadata_bytes: u64,
    path: PathBuf,
    /// The instrument, once it is known.
    instrument: Option<u32>,
    /// Whether it was asked for, so that others may be passed over.
    chosen: bool,
    live: LiveOrders,
    /// Lots of each order that fills took and no cancel or modification has accounted for yet.
    filled: HashMap<OrderId, u32>,
    /// Order of the last trade: a fill of the aggressor itself is no execution of a maker.
    aggressor: Option<u64>,
    ready: VecDeque<Record>,
    records: u64,
    previous_ns: u64,
}

impl fmt::Debug for DbnReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbnReader")
            .field("path", &self.path)
            .field("instrument", &self.instrument)
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

impl DbnReader {
    /// Opens a file; `instrument` is a symbol or a number and may be left out if there is one.
    pub(in crate::feeds) fn open(path: &Path, instrument: Option<&str>) -> Result<Self, FeedError> {
        let mut source = Source::open(path, EXPECTED)?;
        let head = metadata_of(&mut source)?;
        let metadata_bytes = head.len() as u64;
        let decoder = DbnDecoder::new(Cursor::new(head).chain(source)).map_err(|error| {
            FeedError::Foreign {
                path: path.to_owned(),
                byte: 0,
                format: EXPECTED,
                what: error.to_string(),
            }
        })?;
        let metadata = decoder.metadata();
        if metadata.schema.is_some_and(|schema| schema != Schema::Mbo) {
            let schema = metadata.schema.map(|schema| schema.to_string()).unwrap_or_default();
            return Err(FeedError::Foreign {
                path: path.to_owned(),
                byte: 0,
                format: EXPECTED,
                what: format!("its schema is {schema}"),
            });
        }
        let instrument = match instrument {
            Some(name) => Some(number_of(path, metadata, name)?),
            None => None,
        };
        Ok(Self {
            decoder,
            metadata_bytes,
            path: path.to_owned(),
            instrument,
            chosen: instrument.is_some(),
            live: LiveOrders::default(),
            filled: HashMap::new(),
            aggressor: None,
            ready: VecDeque::new(),
            records: 0,
            previous_ns: 0,
        })
    }

    /// Reads one record of the file; false at its end.
    fn advance(&mut self) -> Result<bool, FeedError> {
        let record = match self.decoder.decode_record::<MboMsg>() {
            Ok(Some(record)) => record.clone(),
            Ok(None) => return self.end(),
            Err(error) => return Err(self.foreign(error.to_string())),
        };
        self.records += 1;
        if record.ts_recv < self.previous_ns {
            let (time_ns, previous_ns) = (record.ts_recv, self.previous_ns);
            return Err(self.refused(RowError::TimeBackwards { time_ns, previous_ns }));
        }
        self.previous_ns = record.ts_recv;
        let found = record.hd.instrument_id;
        let instrument = *self.instrument.get_or_insert(found);
        if instrument == found {
            self.take(&record)?;
        } else if !self.chosen {
            return Err(FeedError::Instrument {
                path: self.path.clone(),
                what: "the file has several instruments".to_owned(),
                found: format!("{instrument} {found} …"),
            });
        }
        Ok(true)
    }

    /// The end of the file, which must not lie inside a record: the decoder does not say.
    fn end(&self) -> Result<bool, FeedError> {
        let whole = self.metadata_bytes + self.records * RECORD_BYTES;
        match self.source().taken().checked_sub(whole) {
            None | Some(0) => Ok(false),
            Some(rest) => {
                let found = usize::try_from(rest).unwrap_or(usize::MAX);
                let expected = usize::try_from(RECORD_BYTES).unwrap_or(usize::MAX);
                let row = RowError::Truncated { found, expected };
                Err(FeedError::Message { path: self.path.clone(), byte: whole, row })
            }
        }
    }

    fn source(&self) -> &Source {
        self.decoder.get_ref().get_ref().1
    }

    fn take(&mut self, record: &MboMsg) -> Result<(), FeedError> {
        let at = Stamp { number: self.records, time_ns: record.hd.ts_event };
        let order = OrderId(record.order_id);
        let action = record.action().map_err(|error| self.foreign(error.to_string()))?;
        match action {
            Action::Add => self.add(at, record)?,
            Action::Cancel => self.cancel(at, order, record.size),
            Action::Modify => self.modify(at, record)?,
            Action::Clear => {
                for order in self.live.ids() {
                    let message = self.live.delete(at, order);
                    self.push(message);
                }
                self.filled.clear();
                self.ready.push_back(Record::Halt { time_ns: at.time_ns });
            }
            Action::Trade => self.aggressor = (record.order_id != 0).then_some(record.order_id),
            Action::Fill => self.fill(at, order, record.size),
            Action::None => {}
        }
        Ok(())
    }

    fn add(&mut self, at: Stamp, record: &MboMsg) -> Result<(), FeedError> {
        let order = OrderId(record.order_id);
        if !order.is_client() {
            let found = record.order_id.to_string();
            return Err(self.refused(RowError::column(
                "order_id",
                found.as_bytes(),
                "1 to 2^63-1",
            )));
        }
        let side = match record.side() {
            Ok(dbn::enums::Side::Bid) => Side::Buy,
            Ok(dbn::enums::Side::Ask) => Side::Sell,
            _ => {
                let code = record.side.cast_unsigned();
                return Err(self.refused(RowError::column("side", &[code], "A (ask) or B (bid)")));
            }
        };
        match price(record.price) {
            Some(price) if Qty::new(record.size).is_some() => {
                let message =
                    self.live.add(at, order, LiveOrder { side, price, lots: record.size });
                self.push(message);
            }
            _ => self.ready.push_back(Record::Beyond { time_ns: at.time_ns }),
        }
        Ok(())
    }

    /// A fill: an execution of a resting order, unless it is the aggressor's own half.
    fn fill(&mut self, at: Stamp, order: OrderId, lots: u32) {
        if self.aggressor == Some(order.0) || self.live.get(order).is_none() {
            return;
        }
        *self.filled.entry(order).or_default() += lots;
        let message = self.live.execute(at, order, lots);
        self.push(message);
    }

    /// A cancel, of which fills already took a part.
    fn cancel(&mut self, at: Stamp, order: OrderId, lots: u32) {
        let accounted = self.accounted(order, lots);
        if lots > accounted {
            let message = self.live.cancel(at, order, lots - accounted);
            self.push(message);
        }
    }

    /// A modification. After a fill it says what is left; at the same price a smaller size keeps
    /// its place; anything else loses it.
    fn modify(&mut self, at: Stamp, record: &MboMsg) -> Result<(), FeedError> {
        let order = OrderId(record.order_id);
        self.filled.remove(&order);
        let Some(live) = self.live.get(order) else { return self.add(at, record) };
        let same_price = price(record.price) == Some(live.price);
        if same_price && record.size == live.lots {
            return Ok(());
        }
        if same_price && record.size < live.lots {
            let message = self.live.cancel(at, order, live.lots - record.size);
            self.push(message);
            return Ok(());
        }
        let message = self.live.delete(at, order);
        self.push(message);
        self.add(at, record)
    }

    /// How much of a cancel of `lots` is what fills did, which is then accounted for.
    fn accounted(&mut self, order: OrderId, lots: u32) -> u32 {
        let Some(filled) = self.filled.get_mut(&order) else { return 0 };
        let accounted = lots.min(*filled);
        *filled -= accounted;
        if *filled == 0 {
            self.filled.remove(&order);
        }
        accounted
    }

    fn push(&mut self, message: Option<Message>) {
        self.ready.extend(message.map(Record::Message));
    }

    #[cold]
    fn foreign(&self, what: String) -> FeedError {
        let byte = self.source().taken();
        FeedError::Foreign { path: self.path.clone(), byte, format: EXPECTED, what }
    }
}

impl RecordReader for DbnReader {
    fn format(&self) -> Format {
        Format::Dbn
    }

    fn record(&mut self) -> Result<Option<Record>, FeedError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            if self.advance()? {
                continue;
            }
            if self.records == 0 {
                return Err(FeedError::Empty { path: self.path.clone(), expected: EXPECTED });
            }
            return Ok(None);
        }
    }

    fn records(&self) -> u64 {
        self.records
    }

    fn reading(&self) -> Duration {
        self.source().reading()
    }

    fn path(&self) -> &Path {
        &self.path
    }

    #[cold]
    fn refused(&self, row: RowError) -> FeedError {
        let byte = self.metadata_bytes + self.records.saturating_sub(1) * RECORD_BYTES;
        FeedError::Message { path: self.path.clone(), byte, row }
    }
}

/// Everything before the first record. The decoder takes it for granted that it is all there.
fn metadata_of(source: &mut Source) -> Result<Vec<u8>, FeedError> {
    let Some(prefix) = source.exactly(PREFIX_BYTES)? else {
        return Err(FeedError::Empty { path: source.path().to_owned(), expected: EXPECTED });
    };
    let mut head = prefix.to_vec();
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if !head.starts_with(b"DBN") || length > METADATA_BYTES_MAX {
        return Err(FeedError::Foreign {
            path: source.path().to_owned(),
            byte: 0,
            format: EXPECTED,
            what: "it does not start with DBN and the length of its metadata".to_owned(),
        });
    }
    let found = source.by_ref().take(length as u64).read_to_end(&mut head);
    let found = found.map_err(|error| FeedError::Foreign {
        path: source.path().to_owned(),
        byte: source.taken(),
        format: EXPECTED,
        what: error.to_string(),
    })?;
    if found < length {
        return Err(source.refused_byte(RowError::Truncated { found, expected: length }));
    }
    Ok(head)
}

/// A price of billionths in units of this feed, where it is one.
fn price(billionths: i64) -> Option<Price> {
    if billionths % UNIT_E9 != 0 {
        return None;
    }
    Price::new(u32::try_from(billionths / UNIT_E9).ok()?)
}

/// The number of an instrument given by its symbol or number.
fn number_of(path: &Path, metadata: &Metadata, name: &str) -> Result<u32, FeedError> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let named = metadata.mappings.iter().find(|mapping| mapping.raw_symbol == name);
    let number = named.and_then(|mapping| mapping.intervals.first()?.symbol.parse().ok());
    number.ok_or_else(|| {
        let names = metadata.mappings.iter().take(LISTED_MAX);
        let names: Vec<&str> = names.map(|mapping| mapping.raw_symbol.as_str()).collect();
        let found = if names.is_empty() { SYMBOLS_OF_FILE.to_owned() } else { names.join(" ") };
        FeedError::Instrument {
            path: path.to_owned(),
            what: format!("{name} is not in the file"),
            found,
        }
    })
}
