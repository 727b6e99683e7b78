//! Numbers that venues and papers publish about liquidation, asked of the whole engine.

mod cascade;
mod examples;
mod paper;
mod prices;
pub(super) mod stage;

use seawall_engine::liquidation::AdlPolicy;
use seawall_engine::risk::{Fair, FundingRules};

use super::row::Row;
use super::sampling::Plan;

pub(super) use cascade::cascade;
use examples::{chitra, deleveraging, dydx, fillable, ladder, pool, previous_mark};
use prices::{known, trigger_price};

/// Bankruptcy and liquidation prices, and the worked examples.
pub(super) fn rows(_plan: Plan, test: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    for known in &known() {
        let (trigger, bankruptcy) = trigger_price(known);
        let price = |ticks: u32| f64::from(ticks) * known.tick;
        // An engine's price is a whole tick, on the safe side of the real number.
        let tolerance = known.tick * 1.000_001;
        let name = |what| format!("{test}/{}-{what}", known.name);
        let measured = price(bankruptcy);
        rows.push(Row::within(name("bankruptcy"), known.bankruptcy, measured, tolerance, 1));
        if let Some(expected) = known.liquidation {
            rows.push(Row::within(name("liquidation"), expected, price(trigger), tolerance, 1));
        }
    }
    rows.extend(dydx(test));
    rows.extend(fillable(test));
    for (name, policy) in [("", AdlPolicy::ProfitLeverage), ("-own-rank", AdlPolicy::BitMex)] {
        rows.extend(deleveraging(test, name, policy));
    }
    rows.extend(ladder(test));
    rows.extend(chitra(test));
    rows.extend(paper::rows(test));
    rows.push(previous_mark(test));
    rows.extend(pool(test));
    rows.push(funding(test));
    rows
}

/// Hyperliquid's example: a premium of 1 % makes a rate of 0.95 % per eight hours.
fn funding(test: &str) -> Row {
    let rules = FundingRules {
        interval_ns: 8 * 3_600 * 1_000_000_000,
        fair: Fair::Mid,
        interest_ppb: 100_000,
        clamp_ppb: 500_000,
        cap_ppb: 40_000_000,
        divisor: 1,
        on_index: true,
        later: false,
    };
    let percent = rules.rate_ppb(10_000_000) as f64 / 1e7;
    Row::within(format!("{test}/hyperliquid-funding-percent"), 0.95, percent, 1e-12, 1)
}
