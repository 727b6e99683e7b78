//! A file as a stream of records: aggressors are put together again from their trades.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use seawall_engine::types::Qty;

use super::LOT_UNITS;
use super::pairing::{Pairing, PairingCounts, Slot};
use super::row::{Action, COLUMNS, HEADER, Row, parse};
use crate::feeds::live::{LiveOrder, LiveOrders, Stamp};
use crate::feeds::{
    FeedError, Format, Message, MessageKind, Record, RecordReader, RowError, Source,
};

/// Reads a file, plain or compressed. Rows are told two seconds late: by then it is known which of
/// them are trades, and whose.
#[derive(Debug)]
pub(in crate::feeds) struct BitstampReader {
    source: Source,
    pairing: Pairing,
    live: LiveOrders,
    ready: VecDeque<Record>,
    previous_ns: u64,
    ended: bool,
}

impl BitstampReader {
    /// Opens a file and reads its header.
    pub(in crate::feeds) fn open(path: &Path) -> Result<Self, FeedError> {
        let mut source = Source::open(path, COLUMNS)?;
        let header = source.line()?.map(<[u8]>::to_vec);
        match header {
            None => return Err(FeedError::Empty { path: path.to_owned(), expected: COLUMNS }),
            Some(header) if header != HEADER => {
                const EXPECTED: &str =
                    "id,timestamp,exchange.timestamp,price,volume,action,direction";
                return Err(source.refused_line(RowError::column("header", &header, EXPECTED)));
            }
            Some(_) => {}
        }
        Ok(Self {
            source,
            pairing: Pairing::default(),
            live: LiveOrders::default(),
            ready: VecDeque::new(),
            previous_ns: 0,
            ended: false,
        })
    }

    /// Reads one row into the window; notes the end of the file.
    fn advance(&mut self) -> Result<(), FeedError> {
        let line = self.source.lines() + 1;
        let row = match self.source.line()? {
            Some(row) => parse(row, line),
            None => {
                self.ended = true;
                return Ok(());
            }
        };
        let row = row.map_err(|row| self.source.refused_line(row))?;
        if row.time_ns < self.previous_ns {
            let (time_ns, previous_ns) = (row.time_ns, self.previous_ns);
            return Err(self.refused(RowError::TimeBackwards { time_ns, previous_ns }));
        }
        self.previous_ns = row.time_ns;
        self.pairing.push(row);
        Ok(())
    }

    fn tell(&mut self, slot: &Slot) {
        if slot.told {
            return;
        }
        let Row { order, action, .. } = slot.row;
        let at = Stamp { number: slot.row.line, time_ns: slot.row.time_ns };
        match (action, slot.half) {
            (Action::Created, _) => self.create(at, slot.row),
            (_, Some(half)) if half.is_maker => {
                self.execute(at, slot.row, half.units);
                self.settle(at, slot.row);
            }
            (_, Some(_)) => self.settle(at, slot.row),
            (Action::Changed, None) => match slot.one_sided() {
                Some(units) => {
                    let message = self.live.cancel(at, order, lots(units).max(1));
                    self.push(message);
                }
                None => self.reprice(at, slot.row),
            },
            (Action::Deleted, None) => {
                let message = self.live.delete(at, order);
                self.push(message);
            }
        }
    }

    /// A new order: first what it took within the window, then what of it rests.
    fn create(&mut self, at: Stamp, row: Row) {
        let mut taken = 0;
        let mut makers: Vec<u64> = Vec::new();
        for slot in self.pairing.later_of(row.order) {
            if let Some(half) = slot.half.filter(|half| !half.is_maker) {
                taken += half.units;
                makers.push(half.number);
            }
        }
        for number in makers {
            let Some(slot) = self.pairing.slot(number) else { continue };
            let (maker, half) = (slot.row, slot.half);
            slot.told = true;
            if let Some(half) = half {
                self.execute(at, maker, half.units);
                self.settle(at, maker);
            }
        }
        let left = lots(row.volume.saturating_sub(taken));
        match row.price {
            Some(price) if left > 0 && Qty::new(left).is_some() => {
                let order = LiveOrder { side: row.side, price, lots: left };
                let message = self.live.add(at, row.order, order);
                self.push(message);
            }
            _ if taken == 0 => self.ready.push_back(Record::Beyond { time_ns: at.time_ns }),
            _ => {}
        }
    }

    /// An execution of the resting order that `maker` is about.
    fn execute(&mut self, at: Stamp, maker: Row, units: u64) {
        let size = lots(units).max(1);
        let known = self.live.execute(at, maker.order, size);
        let message = known.or_else(|| {
            Some(Message {
                line: at.number,
                time_ns: at.time_ns,
                kind: MessageKind::Execute,
                order: maker.order,
                size: Qty::new(size)?,
                price: maker.price?,
                side: maker.side,
            })
        });
        self.push(message);
    }

    /// An order that ended with its fill: lots that rounding left of it go.
    fn settle(&mut self, at: Stamp, row: Row) {
        if row.action == Action::Deleted {
            let message = self.live.delete(at, row.order);
            self.push(message);
        }
    }

    /// A change that is no fill: another volume or price, with a new place in the queue.
    fn reprice(&mut self, at: Stamp, row: Row) {
        let Some(live) = self.live.get(row.order) else { return };
        let (Some(price), left) = (row.price, lots(row.volume)) else { return };
        if (live.price, live.lots) != (price, left) && left > 0 {
            let message = self.live.delete(at, row.order);
            self.push(message);
            let order = LiveOrder { side: row.side, price, lots: left };
            let message = self.live.add(at, row.order, order);
            self.push(message);
        }
    }

    fn push(&mut self, message: Option<Message>) {
        self.ready.extend(message.map(Record::Message));
    }
}

impl RecordReader for BitstampReader {
    fn format(&self) -> Format {
        Format::Bitstamp
    }

    fn record(&mut self) -> Result<Option<Record>, FeedError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            if let Some(slot) = self.pairing.pop(self.ended) {
                self.tell(&slot);
            } else if self.ended {
                if self.source.lines() <= 1 {
                    let path = self.source.path().to_owned();
                    return Err(FeedError::Empty { path, expected: COLUMNS });
                }
                return Ok(None);
            } else {
                self.advance()?;
            }
        }
    }

    fn records(&self) -> u64 {
        self.source.lines().saturating_sub(1)
    }

    fn reading(&self) -> Duration {
        self.source.reading()
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    fn pairing(&self) -> Option<PairingCounts> {
        Some(self.pairing.counts)
    }

    #[cold]
    fn refused(&self, row: RowError) -> FeedError {
        self.source.refused_line(row)
    }
}

/// Whole lots of a volume.
fn lots(units: u64) -> u32 {
    u32::try_from(units / LOT_UNITS).unwrap_or(u32::MAX)
}
