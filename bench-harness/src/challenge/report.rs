//! Reports, and the hash of a stream of them.

use std::fmt::Write;

use seawall_engine::types::Side;
use sha2::{Digest, Sha256};

/// What a report says. The number is the challenge's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum ReportKind {
    /// An order was taken in.
    OrderAck = 0,
    /// Two orders met, at the maker's price.
    Trade = 1,
    /// An order, or the rest of an immediate-or-cancel order, is gone.
    CancelAck = 2,
    /// An order was removed and entered again.
    ModifyAck = 3,
    /// The order to cancel does not rest.
    CancelReject = 4,
    /// The order to modify does not rest.
    ModifyReject = 5,
}

/// One report, laid out as the challenge's interface wants it: one cache line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Report {
    /// What it says.
    pub kind: ReportKind,
    /// The order's side: 0 buy, 1 sell.
    pub side: u8,
    /// Zero.
    pub reserved: [u8; 6],
    /// Sequence number of the message that caused it.
    pub seq: u64,
    /// The order it is about.
    pub order: u64,
    /// Price in ticks.
    pub price: i64,
    /// Quantity.
    pub qty: u32,
    /// Zero.
    pub reserved_2: u32,
    /// The maker's order, of a trade.
    pub maker: u64,
    /// The taker's order, of a trade.
    pub taker: u64,
    /// Zero.
    pub reserved_3: u64,
}

const _: () = assert!(size_of::<Report>() == 64, "a report is one cache line");
const _: () = assert!(std::mem::offset_of!(Report, seq) == 8);
const _: () = assert!(std::mem::offset_of!(Report, order) == 16);
const _: () = assert!(std::mem::offset_of!(Report, price) == 24);
const _: () = assert!(std::mem::offset_of!(Report, qty) == 32);
const _: () = assert!(std::mem::offset_of!(Report, maker) == 40);
const _: () = assert!(std::mem::offset_of!(Report, taker) == 48);

impl Report {
    /// A report of nothing but a kind and a cause.
    #[inline]
    pub(super) const fn new(kind: ReportKind, seq: u64, order: u64) -> Self {
        Self {
            kind,
            side: 0,
            reserved: [0; 6],
            seq,
            order,
            price: 0,
            qty: 0,
            reserved_2: 0,
            maker: 0,
            taker: 0,
            reserved_3: 0,
        }
    }

    /// The same, about an order of that side, price and quantity.
    #[inline]
    pub(super) const fn of_order(
        kind: ReportKind,
        seq: u64,
        order: u64,
        (side, price, qty): (Side, i64, u32),
    ) -> Self {
        let side = match side {
            Side::Buy => 0,
            Side::Sell => 1,
        };
        Self { side, price, qty, ..Self::new(kind, seq, order) }
    }

    /// The same 64 bytes as eight words, little-endian.
    #[inline]
    pub const fn words(&self) -> [u64; 8] {
        #[allow(clippy::cast_sign_loss, reason = "the bits of a price, as laid out")]
        let price = self.price as u64;
        let kind = self.kind as u64 | (self.side as u64) << 8;
        [kind, self.seq, self.order, price, self.qty as u64, self.maker, self.taker, 0]
    }

    fn write(&self, line: &mut String) {
        let Self { side, seq, order, price, qty, maker, taker, .. } = *self;
        let code = self.kind as u8;
        let written = match self.kind {
            ReportKind::OrderAck | ReportKind::ModifyAck => {
                write!(line, "{code},{seq},{side},{order},{price},{qty}")
            }
            ReportKind::Trade => write!(line, "{code},{seq},{price},{qty},{maker},{taker}"),
            ReportKind::CancelAck => write!(line, "{code},{seq},{side},{order},{price}"),
            ReportKind::CancelReject | ReportKind::ModifyReject => {
                write!(line, "{code},{seq},{order}")
            }
        };
        written.expect("a string takes any text");
    }
}

/// Where reports go.
pub trait ReportSink {
    /// Takes one report.
    fn report(&mut self, report: &Report);
}

/// Takes the SHA-256 of a report stream in its canonical form: one line per report, ordered by
/// sequence number and kind, trades of one message in the order they happened.
#[derive(Clone, Debug, Default)]
pub struct ReportHasher {
    hash: Sha256,
    /// Reports of the message at hand; messages come in sequence.
    pending: Vec<Report>,
    line: String,
    reports: u64,
    trades: u64,
}

impl ReportSink for ReportHasher {
    fn report(&mut self, report: &Report) {
        if self.pending.last().is_some_and(|last| last.seq != report.seq) {
            self.close_message();
        }
        self.pending.push(*report);
    }
}

impl ReportHasher {
    fn close_message(&mut self) {
        self.pending.sort_by_key(|report| report.kind);
        self.line.clear();
        for report in self.pending.drain(..) {
            if self.reports > 0 {
                self.line.push('\n');
            }
            report.write(&mut self.line);
            self.reports += 1;
            self.trades += u64::from(report.kind == ReportKind::Trade);
        }
        self.hash.update(&self.line);
    }

    /// Reports and trades so far, and the hash in hexadecimal.
    pub fn finish(mut self) -> (u64, u64, String) {
        self.close_message();
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            write!(hex, "{byte:02x}").expect("a string takes any text");
        }
        (self.reports, self.trades, hex)
    }
}
