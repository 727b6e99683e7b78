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

use super::golden::{HOLDER, Market, OTHER, SYMBOL, Venue, lots_of};
use super::row::Row;
use super::sampling::Plan;
use super::venue::ticks;
use crate::study::execution_risk::{Assumptions, normal_quantile};

const MAKER: AccountId = AccountId(3);
/// The liquidation price, in ticks: a tick is a hundredth of a basis point.
const PRICE: u32 = 1_000_000;
const LOTS: u32 = 100;
/// Draws of one cell, each in the middle of its own part of the distribution.
const DRAWS: u32 = 4_000;

/// Initial margin of the position.
const INITIAL_PPM: u32 = 500_000;

/// The entry at which bankruptcy lies the buffer below the liquidation price.
fn entry_for(buffer: f64) -> u32 {
    whole(f64::from(PRICE) * (1.0 - buffer) / (1.0 - f64::from(INITIAL_PPM) / 1e6))
}

/// The table of the closed form (buffer 1.25 %, impact and spread of 1 % of a day's volume), at
/// three latencies.
pub(super) fn rows(_plan: Plan, test: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    for seconds in [60.0, 300.0, 1_800.0] {
        let assumptions = Assumptions::of_table(seconds);
        let closed = assumptions.closed();
        let (probability, shortfall) = simulate(assumptions);
        let n = u64::from(DRAWS);
        let name = |what: &str| format!("{test}/{what}-after-{seconds}-s");
        // The outcome is monotone in the draw, so at most one part of the distribution is in doubt.
        let note = "half-width 1/4000: outcomes are monotone in the draw".to_owned();
        rows.push(
            Row::within(name("probability"), closed.probability, probability, 5e-4, n).noted(note),
        );
        rows.push(Row::within(name("shortfall"), closed.shortfall, shortfall, 2e-5, n));
    }
    rows
}

/// Share of draws with a shortfall, and the mean shortfall over notional.
fn simulate(assumptions: Assumptions) -> (f64, f64) {
    // Maintenance is the buffer: a long with bankruptcy price b is due at b / (1 - m).
    let maintenance = whole(assumptions.buffer * 1e6);
    let market = Market {
        discipline: Discipline::Weighted { forced: 1, client: u32::MAX },
        unwind: Unwind { lots_max: LOTS, band: Ppm::ONE, interval_ns: 1 },
        ..Market::linear(PRICE, INITIAL_PPM, maintenance)
    };
    let mut venue = market.open();
    let entry = entry_for(assumptions.buffer);
    for account in [AccountId::FUND, HOLDER, OTHER, MAKER] {
        venue.fund(account);
    }
    let (mut hits, mut lost) = (0_u32, 0.0);
    for draw in 0..DRAWS {
        let middle = (f64::from(draw) + 0.5) / f64::from(DRAWS);
        let cost = assumptions.impact + assumptions.half_spread + assumptions.fee;
        let price = 1.0 - cost + assumptions.deviation * normal_quantile(middle);
        let bid = (f64::from(PRICE) * price.max(1e-6)).round();
        let shortfall = one(&mut venue, entry, bid, u64::from(draw) + 1);
        if shortfall > 0.0 {
            hits += 1;
            lost += shortfall;
        }
    }
    venue.engine.assert_consistent();
    let notional = f64::from(PRICE) * f64::from(LOTS) * 1_000.0;
    (f64::from(hits) / f64::from(DRAWS), lost / f64::from(DRAWS) / notional)
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
