//! The rest of Chitra's five positions: the one that cannot go bankrupt, and the one whose
//! liquidation leaves a loss.
//!
//! Source: the example of a liquidation loop in Chitra (2025), arXiv:2512.01112, from its LaTeX. The
//! paper counts a position's collateral from the price at which it looks, not from the entry, so
//! its short E of 10/99 of collateral, looked at 1.05, is bankrupt at 1.05 + 10/99 = 1.1510: here a
//! short from 1 with 10/99 + 0.05 of margin.

use seawall_engine::liquidation::{ForcedLimit, ForcedOrder, VenueRules};
use seawall_engine::types::{AccountId, Event, FundCause, Input, Money, OrderKind, Ppm, Side};

use super::super::row::Row;
use super::super::venue::ticks;
use super::stage::{HOLDER, Market, OTHER, SYMBOL, Venue, order};

/// Ticks of a price of one; a unit of the position is as many lots as there are levels.
const ONE: u32 = 10_000;
const UNIT: u32 = 1_000;
const MAKER: AccountId = AccountId(3);

pub(super) fn rows(test: &str) -> Vec<Row> {
    let mut rows = vec![never_bankrupt(test)];
    rows.extend(loop_of_e(test));
    rows
}

/// A, a long of one unit from 1 with 2 of collateral, as a cross account: bankrupt at no price and
/// liquidated at none, which the paper writes as 0. Every price of the market's domain is tried.
fn never_bankrupt(test: &str) -> Row {
    let mut venue = Market::linear(ONE, 150_000, 100_000).open();
    venue.fund(OTHER);
    let collateral = Money::new(2 * i64::from(ONE) * i64::from(UNIT) * 1_000);
    venue.apply(Input::Deposit { account: HOLDER, amount: collateral });
    venue.apply(Input::MarginMode { account: HOLDER, cross: true });
    venue.mark(ONE);
    venue.block(HOLDER, OTHER, ONE, UNIT);
    let lowest = ONE / 20;
    let mut triggers = 0.0;
    for mark in (lowest..=ONE).rev() {
        venue.mark(mark);
        if venue.bankruptcy().is_some() {
            triggers += 1.0;
        }
    }
    let name = format!("{test}/chitra-long-0.5x-liquidations");
    let row = Row::within(name, 0.0, triggers, 0.0, u64::from(ONE - lowest + 1));
    row.noted("at every price of the domain; the paper's prices of it are 0".to_owned())
}

/// E at 1.05 into offers whose price rises by one over the size of the position: executed at 1.55
/// on average, and 0.399 short.
fn loop_of_e(test: &str) -> Vec<Row> {
    let limit = ForcedLimit::Band(Ppm::ONE);
    let forced = ForcedOrder { limit, ..ForcedOrder::default() };
    let rules = VenueRules { order: forced, ..VenueRules::default() };
    let market = Market::linear(ONE, 150_000, 100_000);
    let mut venue = Market { venue: rules, orders_max: 2 * UNIT, ..market }.open();
    for account in [AccountId::FUND, HOLDER, OTHER, MAKER] {
        venue.fund(account);
    }
    // 10/99 + 0.05.
    let initial = Ppm::new(151_010).expect("a part of one");
    venue.apply(Input::Leverage { symbol: SYMBOL, account: HOLDER, initial });
    venue.block(OTHER, HOLDER, ONE, UNIT);
    // All its money is in the position: what it lacks is a loss.
    let amount = venue.engine.cash(HOLDER);
    venue.apply(Input::Withdraw { account: HOLDER, amount });
    let unit = ONE / UNIT;
    for lot in 0..UNIT {
        let price = ticks(ONE + ONE / 20 + unit / 2 + lot * unit);
        let offer = OrderKind::PostOnly(price);
        venue.apply(order(MAKER, Side::Sell, offer, (u64::from(lot) + 1, 1)));
    }
    venue.mark(ONE + ONE / 20);
    let (paid, lots) = executed(&venue);
    let shortfall: i64 = venue
        .events
        .iter()
        .map(|event| match event {
            Event::Fund { cause: FundCause::Shortfall, amount, .. } => -amount.units(),
            _ => 0,
        })
        .sum();
    let money = f64::from(ONE) * f64::from(UNIT) * 1_000.0;
    let bankruptcy = venue.bankruptcy().map_or(f64::NAN, |at| f64::from(at) / f64::from(ONE));
    let row = |what: &str, expected, measured, tolerance| {
        let name = format!("{test}/chitra-loop-{what}");
        Row::within(name, expected, measured, tolerance, u64::from(UNIT))
    };
    vec![
        row("bankruptcy", 1.151_0, bankruptcy, 1.000_001e-4),
        row("lots", f64::from(UNIT), lots, 0.0),
        row("executed", 1.55, paid / lots / f64::from(ONE), 1e-12),
        row("shortfall", 0.399, shortfall as f64 / money, 5e-4),
    ]
}

/// Ticks times lots, and lots, that the forced order bought.
fn executed(venue: &Venue) -> (f64, f64) {
    venue.events.iter().fold((0.0, 0.0), |(paid, all), event| match event {
        Event::Trade { taker_account: HOLDER, price, qty, .. } => {
            let lots = f64::from(qty.lots());
            (paid + lots * f64::from(price.ticks()), all + lots)
        }
        _ => (paid, all),
    })
}
