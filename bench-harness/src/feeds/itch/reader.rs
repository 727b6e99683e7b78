//! An ITCH file as a stream of one stock's records.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::message::{Body, Header, Symbol, parse};
use crate::feeds::live::{LiveOrder, LiveOrders, Stamp};
use crate::feeds::{
    FeedError, Format, Message, MessageKind, Record, RecordReader, RowError, Source,
};

/// Symbols that an error lists.
const LISTED_MAX: usize = 12;
/// What an empty file lacks.
const EXPECTED: &str = "ITCH 5.0 messages, each behind its length";

/// Reads one stock of an ITCH 5.0 file, plain or compressed.
#[derive(Debug)]
pub(in crate::feeds) struct ItchReader {
    source: Source,
    wanted: Symbol,
    /// The stock's number of the day, once a message named it.
    locate: Option<u16>,
    /// Other symbols seen, for the error if ours never comes.
    seen: BTreeSet<Symbol>,
    live: LiveOrders,
    ready: VecDeque<Record>,
    messages: u64,
    previous_ns: u64,
    /// Offset of the message read last.
    message_byte: u64,
}

impl ItchReader {
    /// Opens a file and looks for `instrument`.
    pub(in crate::feeds) fn open(path: &Path, instrument: Option<&str>) -> Result<Self, FeedError> {
        let source = Source::open(path, EXPECTED)?;
        let missing = |what: &str| FeedError::Instrument {
            path: path.to_owned(),
            what: what.to_owned(),
            found: "the symbols of the file, of at most 8 letters".to_owned(),
        };
        let name = instrument.ok_or_else(|| missing("an ITCH file has every stock of a day"))?;
        let wanted = padded(name).ok_or_else(|| missing(&format!("{name:?} is no symbol")))?;
        Ok(Self {
            source,
            wanted,
            locate: None,
            seen: BTreeSet::new(),
            live: LiveOrders::default(),
            ready: VecDeque::new(),
            messages: 0,
            previous_ns: 0,
            message_byte: 0,
        })
    }

    /// Reads one message of the file; false at its end.
    fn advance(&mut self) -> Result<bool, FeedError> {
        let frame_byte = self.source.taken();
        let Some(length) = self.source.exactly(2)? else { return Ok(false) };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        self.message_byte = frame_byte;
        let parsed = match self.source.exactly(length) {
            Ok(Some(message)) => parse(message),
            Ok(None) => Err(RowError::Truncated { found: 0, expected: length }),
            Err(error) => return Err(error),
        };
        let (header, body) = match parsed {
            Ok(parsed) => parsed,
            Err(row) => return Err(self.refused(row)),
        };
        self.messages += 1;
        if header.time_ns < self.previous_ns {
            let (time_ns, previous_ns) = (header.time_ns, self.previous_ns);
            return Err(self.refused(RowError::TimeBackwards { time_ns, previous_ns }));
        }
        self.previous_ns = header.time_ns;
        self.announce(header, &body);
        if self.locate == Some(header.locate) {
            self.take(header, body)?;
        }
        Ok(true)
    }

    /// Learns the stock's number from the first message that names it.
    fn announce(&mut self, header: Header, body: &Body) {
        let (Body::Directory { symbol } | Body::Add { symbol, .. }) = *body else { return };
        if symbol == self.wanted {
            self.locate = Some(header.locate);
        } else if self.locate.is_none() && self.seen.len() < LISTED_MAX {
            self.seen.insert(symbol);
        }
    }

    fn take(&mut self, header: Header, body: Body) -> Result<(), FeedError> {
        let at = Stamp { number: self.messages, time_ns: header.time_ns };
        match body {
            Body::Add { order, side, shares, price, .. } => {
                self.add(at, order, (side, price), shares)?;
            }
            Body::Execute { order, shares } => {
                let message = self.live.execute(at, OrderId(order), shares);
                self.push(message);
            }
            Body::Cancel { order, shares } => {
                let message = self.live.cancel(at, OrderId(order), shares);
                self.push(message);
            }
            Body::Delete { order } => {
                let message = self.live.delete(at, OrderId(order));
                self.push(message);
            }
            Body::Replace { order, new, shares, price } => {
                if let Some(LiveOrder { side, .. }) = self.live.get(OrderId(order)) {
                    let message = self.live.delete(at, OrderId(order));
                    self.push(message);
                    self.add(at, new, (side, price), shares)?;
                }
            }
            Body::Hidden { side, shares, price } => self.hidden(at, side, shares, price),
            Body::Cross => self.ready.push_back(Record::Cross { time_ns: at.time_ns }),
            Body::Halt => self.ready.push_back(Record::Halt { time_ns: at.time_ns }),
            Body::Directory { .. } | Body::Other => {}
        }
        Ok(())
    }

    fn add(
        &mut self,
        at: Stamp,
        order: u64,
        (side, price): (Side, u32),
        shares: u32,
    ) -> Result<(), FeedError> {
        let order = OrderId(order);
        if !order.is_client() {
            let found = order.0.to_string();
            let row = RowError::column("order reference", found.as_bytes(), "1 to 2^63-1");
            return Err(self.refused(row));
        }
        match Price::new(price) {
            Some(price) if Qty::new(shares).is_some() => {
                let message = self.live.add(at, order, LiveOrder { side, price, lots: shares });
                self.push(message);
            }
            _ => self.ready.push_back(Record::Beyond { time_ns: at.time_ns }),
        }
        Ok(())
    }

    fn hidden(&mut self, at: Stamp, side: Side, shares: u32, price: u32) {
        if let (Some(size), Some(price)) = (Qty::new(shares), Price::new(price)) {
            let Stamp { number: line, time_ns } = at;
            let (kind, order) = (MessageKind::ExecuteHidden, OrderId(0));
            let message = Message { line, time_ns, kind, order, size, price, side };
            self.ready.push_back(Record::Message(message));
        }
    }

    fn push(&mut self, message: Option<Message>) {
        self.ready.extend(message.map(Record::Message));
    }

    #[cold]
    fn not_found(&self) -> FeedError {
        let name = |symbol: &Symbol| String::from_utf8_lossy(symbol).trim_end().to_owned();
        let mut found: Vec<String> = self.seen.iter().map(name).collect();
        if found.len() == LISTED_MAX {
            found.push("…".to_owned());
        }
        FeedError::Instrument {
            path: self.source.path().to_owned(),
            what: format!("{} is not in the file", name(&self.wanted)),
            found: found.join(" "),
        }
    }
}

impl RecordReader for ItchReader {
    fn format(&self) -> Format {
        Format::Itch
    }

    fn record(&mut self) -> Result<Option<Record>, FeedError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            if self.advance()? {
                continue;
            }
            if self.messages == 0 {
                let path = self.source.path().to_owned();
                return Err(FeedError::Empty { path, expected: EXPECTED });
            }
            return if self.locate.is_some() { Ok(None) } else { Err(self.not_found()) };
        }
    }

    fn records(&self) -> u64 {
        self.messages
    }

    fn reading(&self) -> Duration {
        self.source.reading()
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    #[cold]
    fn refused(&self, row: RowError) -> FeedError {
        FeedError::Message { path: self.path().to_owned(), byte: self.message_byte, row }
    }
}

/// A symbol as the file has it: eight letters, padded with spaces.
fn padded(name: &str) -> Option<Symbol> {
    let name = name.as_bytes();
    if name.is_empty() || name.len() > 8 || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let mut symbol = *b"        ";
    symbol[..name.len()].copy_from_slice(name);
    Some(symbol)
}
