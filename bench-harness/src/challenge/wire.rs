//! Reports as they travel: a trade is a line of its own, two other reports share one.

use super::report::{Report, ReportKind};

/// Seven words, which with a slot's sequence number are one cache line.
///
/// A report alone: kind and side in the lowest bytes of the first word, then sequence number, order, price,
/// quantity, maker, taker. Two of them: kind and side of each in the first word, above them [`TWO`], then of each
/// sequence number, order, and price with the quantity above it.
pub(super) type Line = [u64; 7];

/// Marks a line of two reports.
const TWO: u64 = 1 << 32;

/// A report that says nothing.
pub(super) const NO_REPORT: Report = Report::new(ReportKind::OrderAck, 0, 0);

/// The first of some reports as a line, with the second one if they fit; and how many that were.
#[inline]
pub(super) fn pack(reports: &[Report]) -> (Line, usize) {
    if let [first, second, ..] = reports
        && let (Some(one), Some(other)) = (half(first), half(second))
    {
        let head = head(first) | head(second) << 16 | TWO;
        return ([head, first.seq, first.order, one, second.seq, second.order, other], 2);
    }
    let [head, seq, order, price, qty, maker, taker, _] = reports[0].words();
    ([head, seq, order, price, qty, maker, taker], 1)
}

/// One or two reports of a line.
#[inline]
pub(super) fn unpack(line: &Line) -> (Report, Option<Report>) {
    let head = line[0];
    if head & TWO == 0 {
        let [_, seq, order, price, qty, maker, taker] = *line;
        #[allow(clippy::cast_possible_wrap, reason = "the bits of a price, as laid out")]
        let price = price as i64;
        let report = Report { price, qty: low(qty), maker, taker, ..of_head(head, seq, order) };
        return (report, None);
    }
    let [_, seq, order, half, other_seq, other_order, other_half] = *line;
    let other = of_half(head >> 16, other_seq, other_order, other_half);
    (of_half(head, seq, order, half), Some(other))
}

/// Kind and side.
#[inline]
fn head(report: &Report) -> u64 {
    report.kind as u64 | u64::from(report.side) << 8
}

/// Price and quantity in one word, of a report that is no trade and whose price is that small.
#[inline]
fn half(report: &Report) -> Option<u64> {
    let price = u32::try_from(report.price).ok()?;
    let is_trade = report.maker | report.taker != 0;
    (!is_trade).then_some(u64::from(price) | u64::from(report.qty) << 32)
}

#[inline]
fn of_half(head: u64, seq: u64, order: u64, half: u64) -> Report {
    Report { price: i64::from(low(half)), qty: low(half >> 32), ..of_head(head, seq, order) }
}

#[inline]
fn of_head(head: u64, seq: u64, order: u64) -> Report {
    let [kind, side, ..] = head.to_le_bytes();
    let kind = match kind {
        0 => ReportKind::OrderAck,
        1 => ReportKind::Trade,
        2 => ReportKind::CancelAck,
        3 => ReportKind::ModifyAck,
        4 => ReportKind::CancelReject,
        _ => ReportKind::ModifyReject,
    };
    Report { side, ..Report::new(kind, seq, order) }
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn low(word: u64) -> u32 {
    word as u32
}
