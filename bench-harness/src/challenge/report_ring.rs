//! A ring for reports, for an engine that brings its own way out.
//!
//! What a report costs on its way is the transfer of its cache line from the matcher's core to the drainer's and
//! back. So two reports that are no trades share a line ([`super::wire`]), and lines are published
//! [`TOGETHER`] reports at a time: the drainer looks at one line of them until all are there.

use seawall_engine::ring::{Consumer, Producer, spsc};

use super::report::{Report, ReportSink};
use super::wire::{self, Line};

/// Reports that are kept before they are sent together.
const TOGETHER: usize = 256;

/// A ring of at least `capacity` reports: trades take a slot each, others half of one.
///
/// ```
/// use seawall::challenge::{ChallengeBook, ReportSink, report_ring};
/// use seawall_engine::types::Side;
///
/// let (mut sender, mut receiver) = report_ring(1_000);
/// ChallengeBook::new().new_order(1, 7, (Side::Buy, 33_500, 10), false, &mut sender);
/// assert_eq!(receiver.drain(100, |_| ()), 0, "kept until there are more, or flushed");
/// assert!(sender.flush());
/// assert_eq!(receiver.drain(100, |report| assert_eq!(report.order, 7)), 1);
/// ```
pub fn report_ring(capacity: usize) -> (ReportSender, ReportReceiver) {
    let (ring, receiving) = spsc(capacity);
    let sender = ReportSender { ring, kept: 0, reports: [wire::NO_REPORT; TOGETHER] };
    (sender, ReportReceiver { ring: receiving, second: None })
}

/// The sending end, and the reports that were not sent yet. What was not flushed is lost with it.
#[derive(Debug)]
pub struct ReportSender {
    ring: Producer<Line>,
    kept: usize,
    reports: [Report; TOGETHER],
}

impl ReportSender {
    /// Takes one report; false if there is no room for it.
    #[allow(clippy::inline_always, reason = "a call would pass the report through memory")]
    #[inline(always)]
    pub fn send(&mut self, report: &Report) -> bool {
        if self.kept == TOGETHER && !self.flush() {
            return false;
        }
        self.reports[self.kept] = *report;
        self.kept += 1;
        true
    }

    /// Sends what is kept, as far as there is room; whether that was all of it.
    #[inline(never)]
    pub fn flush(&mut self) -> bool {
        let mut sent = 0;
        while sent < self.kept {
            let (line, reports) = wire::pack(&self.reports[sent..self.kept]);
            if self.ring.stage(line).is_err() {
                break;
            }
            sent += reports;
        }
        self.ring.publish();
        self.reports.copy_within(sent..self.kept, 0);
        self.kept -= sent;
        self.kept == 0
    }
}

/// Waits while there is no room.
impl ReportSink for ReportSender {
    #[inline]
    fn report(&mut self, report: &Report) {
        while !self.send(report) {
            std::hint::spin_loop();
        }
    }
}

/// The receiving end, and the second report of a line whose first was all that was asked for.
#[derive(Debug)]
pub struct ReportReceiver {
    ring: Consumer<Line>,
    second: Option<Report>,
}

impl ReportReceiver {
    /// Hands out up to `max` reports in order, and says how many.
    #[inline]
    pub fn drain(&mut self, max: usize, mut each: impl FnMut(Report)) -> usize {
        let mut room = max;
        let mut give = |report, room: &mut usize| {
            each(report);
            *room -= 1;
        };
        if room > 0
            && let Some(report) = self.second.take()
        {
            give(report, &mut room);
        }
        // A line holds one report or two.
        while room >= 2 {
            let lines = self.ring.drain(room / 2, |line| {
                let (first, second) = wire::unpack(&line);
                give(first, &mut room);
                if let Some(second) = second {
                    give(second, &mut room);
                }
            });
            if lines == 0 {
                break;
            }
        }
        if room == 1
            && let Some(line) = self.ring.pop()
        {
            let (first, second) = wire::unpack(&line);
            give(first, &mut room);
            self.second = second;
        }
        max - room
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::super::report::ReportKind;
    use super::*;

    fn reports() -> impl Strategy<Value = Report> {
        let kind = prop_oneof![
            Just(ReportKind::OrderAck),
            Just(ReportKind::Trade),
            Just(ReportKind::CancelAck),
            Just(ReportKind::ModifyAck),
            Just(ReportKind::CancelReject),
            Just(ReportKind::ModifyReject),
        ];
        let price = prop_oneof![8 => 0_i64..1 << 20, 1 => any::<i64>(), 1 => -3_i64..4];
        let numbers = (any::<u64>(), any::<u64>(), price, any::<u32>());
        let traders = (any::<u64>(), any::<u64>());
        (kind, 0_u8..2, numbers, traders).prop_map(|(kind, side, numbers, traders)| {
            let (seq, order, price, qty) = numbers;
            let (maker, taker) = if kind == ReportKind::Trade { traders } else { (0, 0) };
            Report { kind, side, seq, order, price, qty, maker, taker, ..wire::NO_REPORT }
        })
    }

    #[derive(Clone, Debug)]
    enum Step {
        Send(Vec<Report>),
        Flush,
        Drain(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => prop::collection::vec(reports(), 1..200).prop_map(Step::Send),
            1 => Just(Step::Flush),
            3 => (0_usize..300).prop_map(Step::Drain),
            3 => (0_usize..4).prop_map(Step::Drain),
        ];
        prop::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn every_report_arrives_once_whole_and_in_order(capacity in 1_usize..400, steps in steps()) {
            let (mut sender, mut receiver) = report_ring(capacity);
            let mut waiting = VecDeque::new();
            for step in steps {
                match step {
                    Step::Send(reports) => {
                        for report in reports {
                            if sender.send(&report) {
                                waiting.push_back(report);
                            }
                        }
                    }
                    Step::Flush => { sender.flush(); }
                    Step::Drain(max) => {
                        let mut found = Vec::new();
                        let count = receiver.drain(max, |report| found.push(report));
                        prop_assert_eq!(count, found.len());
                        prop_assert!(count <= max);
                        let expected: Vec<_> = waiting.drain(..count).collect();
                        prop_assert_eq!(found, expected);
                    }
                }
            }
            while !waiting.is_empty() {
                sender.flush();
                let count = receiver.drain(3, |report| assert_eq!(Some(report), waiting.pop_front()));
                prop_assert!(count > 0, "what was flushed arrives");
            }
            prop_assert!(sender.flush());
            prop_assert_eq!(receiver.drain(3, |_| ()), 0);
        }
    }

    #[test]
    fn two_answers_share_a_line_and_a_trade_does_not() {
        let ack = Report { seq: 1, order: 2, price: 3, qty: 4, ..wire::NO_REPORT };
        let trade = Report { kind: ReportKind::Trade, maker: 5, taker: 6, ..ack };
        let wide = Report { price: -1, ..ack };
        assert_eq!(wire::pack(&[ack, ack, ack]).1, 2);
        for pair in [[ack, trade], [trade, ack], [ack, wide], [wide, ack]] {
            assert_eq!(wire::pack(&pair).1, 1);
        }
        assert_eq!(wire::pack(&[ack]).1, 1);
    }
}
