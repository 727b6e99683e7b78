//! The public challenge: the report stream of every scenario has the published hash.

use seawall::challenge::{
    ChallengeBook, REFERENCE_SEED, Report, ReportHasher, ReportKind, ReportSink, SCENARIOS,
    generate,
};
use seawall_engine::types::Side;

#[test]
fn every_scenario_has_its_published_hash() {
    for scenario in &SCENARIOS {
        let messages = generate(scenario, REFERENCE_SEED);
        let mut book = ChallengeBook::new();
        let mut hasher = ReportHasher::default();
        for (seq, message) in (0..).zip(&messages) {
            book.message(seq, message, &mut hasher);
        }
        let (reports, trades, hash) = hasher.finish();
        told(format_args!(
            "{}: {} messages, {reports} reports, {trades} trades",
            scenario.name,
            messages.len()
        ));
        assert_eq!(Some(hash.as_str()), scenario.reference(REFERENCE_SEED), "{}", scenario.name);
    }
}

struct Reports(Vec<Report>);

impl ReportSink for Reports {
    fn report(&mut self, report: &Report) {
        self.0.push(*report);
    }
}

#[test]
fn what_cannot_be_placed_is_acknowledged_and_cancelled() {
    let mut book = ChallengeBook::new();
    let mut reports = Reports(Vec::new());
    for (order, price, qty) in [(1, 0, 5), (2, -7, 5), (3, i64::MAX, 5), (4, 100, 0)] {
        book.new_order(order, order, (Side::Buy, price, qty), false, &mut reports);
        book.cancel(order, order, &mut reports);
        let kinds: Vec<_> = reports.0.drain(..).map(|report| report.kind).collect();
        let expected = [ReportKind::OrderAck, ReportKind::CancelAck, ReportKind::CancelReject];
        assert_eq!(kinds, expected, "order {order}");
    }
    assert_eq!((book.best(Side::Buy), book.best(Side::Sell)), (None, None));
}

#[test]
fn a_full_book_grows_and_keeps_priority() {
    const ORDERS: u64 = 70_000;
    let mut book = ChallengeBook::new();
    let mut reports = Reports(Vec::new());
    for order in 1..=ORDERS {
        book.new_order(order, order, (Side::Sell, 100, 1), false, &mut reports);
    }
    assert_eq!(book.lots_at(Side::Sell, 100), ORDERS);
    assert_eq!(book.lots_at(Side::Buy, 100), 0, "a price holds one side");
    reports.0.clear();
    let lots = u32::try_from(ORDERS).expect("70,000 fits");
    book.new_order(ORDERS + 1, ORDERS + 1, (Side::Buy, 100, lots), true, &mut reports);
    let makers: Vec<u64> = reports.0[1..].iter().map(|trade| trade.maker).collect();
    assert!(makers.iter().copied().eq(1..=ORDERS), "first in, first out across the growth");
    assert_eq!(book.best(Side::Sell), None);
}

/// Says something past the test runner, which shows what a passing test prints to nobody.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}
