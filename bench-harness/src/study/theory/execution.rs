//! Execution risk in closed form, and the same asked of the engine.
//!
//! The closed form: a position is triggered at its liquidation price, with a buffer `B` to its
//! bankruptcy price; until its forced order is served the price moves by a normal return; the
//! order then pays impact, half the spread and a fee. The engine is asked by a real position: a
//! mark triggers it, the book stands where the move has left it, the order is served, and what the
//! book does not take at the bankruptcy price the fund takes over and sells at a loss.

use seawall_engine::liquidation::{Discipline, Unwind};
use seawall_engine::types::{
    AccountId, Event, FundCause, Input, NewOrder, OrderId, OrderKind, Ppm, Side,
};

use super::golden::stage::{HOLDER, Market, OTHER, SYMBOL, Venue, lots_of};
use super::row::Row;
use super::sampling::Plan;
use super::venue::ticks;
use crate::study::execution_risk::{Assumptions, normal_quantile};

const MAKER: AccountId = AccountId(3);
/// The liquidation price, in ticks: a tick is a thousandth of a basis point, so that rounding to
/// ticks does not show in the digits that the table prints.
const PRICE: u32 = 10_000_000;
const LOTS: u32 = 100;
/// Draws of one cell, each in the middle of its own part of the distribution.
const DRAWS: u32 = 40_000;
/// Halvings of the distribution on the way to the draw that is the first without a loss.
const HALVINGS: u32 = 24;

/// After so many liquidations the accounts have moved as much money as they were given.
const LIQUIDATIONS_OF_A_VENUE: u32 = 500;

/// Initial margin of the position.
const INITIAL_PPM: u32 = 500_000;

/// The entry at which bankruptcy lies the buffer below the liquidation price.
fn entry_for(buffer: f64) -> u32 {
    whole(f64::from(PRICE) * (1.0 - buffer) / (1.0 - f64::from(INITIAL_PPM) / 1e6))
}

/// A number as it is printed, and half a unit of its last digit.
type Printed = (f64, f64);

/// The table that is printed of the closed form (buffer 1.25 %, impact and spread of 1 % of a day's
/// volume): seconds of latency, probability, mean shortfall. The last is printed as 2.720e-3; it is
/// 2.7195e-3 to the fifth digit.
const TABLE: [(f64, Printed, Option<Printed>); 3] = [
    (60.0, (1.739e-2, 5e-6), None),
    (300.0, (0.172_6, 5e-5), None),
    (1_800.0, (0.350_0, 5e-5), Some((2.720e-3, 6e-7))),
];

/// The printed table, and the shortfalls that are not printed by the closed form.
pub(super) fn rows(_plan: Plan, test: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (seconds, (printed, digit), shortfall_printed) in TABLE {
        let assumptions = Assumptions::of_table(seconds);
        let (probability, shortfall) = simulate(assumptions);
        let n = u64::from(DRAWS);
        let name = |what: &str| format!("{test}/{what}-after-{seconds}-s");
        let note = "as printed; outcomes are monotone in the draw: by halving".to_owned();
        let halvings = u64::from(HALVINGS);
        rows.push(
            Row::within(name("probability"), printed, probability, digit, halvings).noted(note),
        );
        let (expected, tolerance, note) = match shortfall_printed {
            Some((printed, digit)) => (printed, digit, "as printed"),
            None => (assumptions.closed().shortfall, 6e-7, "closed form"),
        };
        let row = Row::within(name("shortfall"), expected, shortfall, tolerance, n);
        rows.push(row.noted(note.to_owned()));
    }
    rows
}

/// Probability of a shortfall, and the mean shortfall over notional.
fn simulate(assumptions: Assumptions) -> (f64, f64) {
    let mut desk = Desk::new(assumptions);
    // A price that fell further loses more: every draw below the first without a loss has one.
    let (mut lost, mut kept) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(lost, kept);
        if desk.shortfall(middle) > 0.0 {
            lost = middle;
        } else {
            kept = middle;
        }
    }
    let middle_of = |draw: u32| (f64::from(draw) + 0.5) / f64::from(DRAWS);
    let total: f64 = (0..DRAWS).map(|draw| desk.shortfall(middle_of(draw))).sum();
    desk.venue.engine.assert_consistent();
    let notional = f64::from(PRICE) * f64::from(LOTS) * 1_000.0;
    (f64::midpoint(lost, kept), total / f64::from(DRAWS) / notional)
}

/// Where positions are liquidated, one after the other.
struct Desk {
    assumptions: Assumptions,
    market: Market,
    venue: Venue,
    liquidations: u32,
}

impl Desk {
    fn new(assumptions: Assumptions) -> Self {
        // Maintenance is the buffer: a long with bankruptcy price b is due at b / (1 - m).
        let maintenance = whole(assumptions.buffer * 1e6);
        let market = Market {
            discipline: Discipline::Weighted { forced: 1, client: u32::MAX },
            unwind: Unwind { lots_max: LOTS, band: Ppm::ONE, interval_ns: 1 },
            ..Market::linear(PRICE, INITIAL_PPM, maintenance)
        };
        let venue = Self::opened(&market);
        Self { assumptions, market, venue, liquidations: 0 }
    }

    fn opened(market: &Market) -> Venue {
        let mut venue = market.open();
        for account in [AccountId::FUND, HOLDER, OTHER, MAKER] {
            venue.fund(account);
        }
        venue
    }

    /// What a liquidation loses, in money units, at that quantile of the price's distribution.
    fn shortfall(&mut self, quantile: f64) -> f64 {
        if self.liquidations.is_multiple_of(LIQUIDATIONS_OF_A_VENUE) {
            self.venue = Self::opened(&self.market);
        }
        self.liquidations += 1;
        let Assumptions { buffer, impact, half_spread, fee, deviation } = self.assumptions;
        let cost = impact + half_spread + fee;
        let price = 1.0 - cost + deviation * normal_quantile(quantile);
        let bid = (f64::from(PRICE) * price.max(1e-6)).round();
        one(&mut self.venue, entry_for(buffer), bid, u64::from(self.liquidations))
    }
}

/// One liquidation into a bid; what the fund lost by it, in money units.
fn one(venue: &mut Venue, entry: u32, bid: f64, number: u64) -> f64 {
    venue.mark(entry);
    venue.block(HOLDER, OTHER, entry, LOTS);
    venue.mark(PRICE - 1);
    let bid = ticks(whole(bid));
    venue.apply(Input::Order(NewOrder {
        symbol: SYMBOL,
        account: MAKER,
        order: OrderId(number),
        side: Side::Buy,
        qty: lots_of(LOTS),
        kind: OrderKind::PostOnly(bid),
        reduce_only: false,
    }));
    let mut lost = 0.0;
    for _ in 0..2 {
        venue.apply(Input::Step);
        for event in &venue.events {
            if let Event::Fund { cause: FundCause::Unwind, amount, .. } = event {
                lost -= amount.units() as f64;
            }
        }
    }
    assert_eq!(venue.engine.position(SYMBOL, HOLDER).lots, 0, "the position is gone");
    assert_eq!(
        venue.engine.position(SYMBOL, AccountId::FUND).lots,
        0,
        "the fund has sold what it took over"
    );
    venue.block(OTHER, MAKER, PRICE, LOTS);
    lost
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "prices and rates, far below 2^32 and above zero"
)]
fn whole(value: f64) -> u32 {
    value.round().max(1.0) as u32
}
