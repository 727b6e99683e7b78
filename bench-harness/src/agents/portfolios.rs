//! Holders of several markets: one account, a position in each, and margin that all of them share.
//!
//! They bought at the price at the start, so nothing is gained or lost yet. Their equity is the
//! value of their positions over their leverage; the rate that they set at the venue is the least
//! it allows, so what they may still do is decided by their equity. Without sharing, each position has its
//! part of that equity as its own margin.

use core::ops::Range;

use seawall_engine::types::{AccountId, Input, Money, Ppm, Qty, Side};

use super::holders::{hedger_of, initial_rate, margin_rates};
use super::keyed::{Draw, Key, PowerLaw, Purpose};
use super::number::{qty, real, whole};
use crate::scenario::{COIN, Portfolios, Scenario, small};

/// A position of one of them in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Whose.
    pub account: AccountId,
    /// Its side.
    pub side: Side,
    /// Its size.
    pub lots: Qty,
}

/// What one of them is.
#[derive(Debug)]
pub(super) struct Holder {
    /// Value of all its positions, in the currency.
    pub(super) value: f64,
    pub(super) leverage: f64,
    opposite: bool,
    /// Whether it hedges, and draws for how.
    pub(super) hedges: bool,
    pub(super) draw: Draw,
}

/// What the holder of a number, from zero, is: the same for any crowd.
pub(super) fn holder(scenario: &Scenario, spec: &Portfolios, number: u32) -> Holder {
    let mut draw = Key::new(scenario.seed, number, Purpose::Portfolio).at(0);
    let values = PowerLaw::new(
        real(spec.value_min_currency),
        real(spec.value_max_currency),
        spec.value_exponent,
    );
    let leverages = PowerLaw::new(spec.leverage_min, spec.leverage_max, spec.leverage_exponent);
    let value = values.draw(&mut draw).min(real(spec.value_max_currency));
    let leverage = leverages.draw(&mut draw).min(scenario.holders.leverage_cap);
    let opposite = draw.unit() * 1e6 < real(spec.opposite_ppm);
    let hedges = draw.unit() * 1e6 < real(spec.hedge_ppm);
    Holder { value, leverage: leverage.max(1.0), opposite, hedges, draw }
}

/// What part of a value a market has.
fn part(lane: &Scenario, spec: &Portfolios) -> f64 {
    let markets = real(1 + lane.markets.len() as u64);
    match (spec.spread, lane.lane_number()) {
        (true, _) => 1.0 / markets,
        (false, 0) => 1.0,
        (false, _) => 0.0,
    }
}

/// Whole lots of a market's contract that are worth at most so much, at the price at the start.
pub(super) fn lots_worth(lane: &Scenario, value: f64) -> u32 {
    let lot = real(lane.contract().value(lane.reference(), 1).units().unsigned_abs());
    whole((value * real(lane.market.money_scale) / lot).floor(), 0, u32::MAX >> 1)
}

/// The largest position that one of them may have in a market, in lots.
pub(crate) fn largest_lots(lane: &Scenario) -> u64 {
    let Some(spec) = &lane.portfolios else { return 0 };
    let value = real(spec.value_max_currency) * part(lane, spec);
    u64::from(if value > 0.0 { lots_worth(lane, value).max(1) } else { 0 })
}

/// Their positions in one market.
pub(super) fn legs(lane: &Scenario, accounts: &Range<u32>) -> Vec<Leg> {
    let Some(spec) = &lane.portfolios else { return Vec::new() };
    let part = part(lane, spec);
    if part <= 0.0 {
        return Vec::new();
    }
    let leg = |(number, account): (u32, u32)| {
        let holder = holder(lane, spec, number);
        let lots = lots_worth(lane, holder.value * part).max(1);
        let is_short = holder.opposite && lane.lane_number() > 0;
        let side = if is_short { Side::Sell } else { Side::Buy };
        Leg { account: AccountId(account), side, lots: qty(lots) }
    };
    (0..).zip(accounts.clone()).map(leg).collect()
}

/// How many of them are leveraged.
pub(super) fn leveraged(scenario: &Scenario) -> u64 {
    let Some(spec) = &scenario.portfolios else { return 0 };
    let is_leveraged = |number: &u32| holder(scenario, spec, *number).leverage > 1.0;
    (0..small(spec.count)).filter(is_leveraged).count() as u64
}

/// Opens their accounts and builds their positions.
pub(super) fn open(lanes: &[Scenario], accounts: &Range<u32>, inputs: &mut Vec<Input>) {
    let Some(spec) = &lanes[0].portfolios else { return };
    // They are admitted at the marks, so there are some.
    if lanes[0].collateral.enabled {
        inputs.push(Input::AssetPrice { asset: COIN, price: lanes[0].reference() });
    }
    inputs.extend(
        lanes.iter().map(|lane| Input::Mark { symbol: lane.symbol(), price: lane.reference() }),
    );
    let legs: Vec<Vec<Leg>> = lanes.iter().map(|lane| legs(lane, accounts)).collect();
    for (number, account) in (0..).zip(accounts.clone()) {
        let leverage = holder(&lanes[0], spec, number).leverage;
        let own = lanes.iter().zip(&legs).map(|(lane, legs)| (lane, legs.get(number as usize)));
        open_one(spec, AccountId(account), leverage, own, inputs);
    }
    for (lane, legs) in lanes.iter().zip(&legs) {
        inputs.extend(legs.iter().map(|leg| block(lane, leg)));
    }
}

fn open_one<'a>(
    spec: &Portfolios,
    account: AccountId,
    leverage: f64,
    legs: impl Iterator<Item = (&'a Scenario, Option<&'a Leg>)> + Clone,
    inputs: &mut Vec<Input>,
) {
    let equity: Money = legs.clone().map(|(lane, leg)| margin(spec, lane, leg, leverage)).sum();
    let first = legs.clone().map(|(lane, _)| lane).find(|_| spec.cross);
    let coins = first.map_or(0, |first| first.posted_lots(equity));
    let counted = first.map_or(Money::ZERO, |first| first.counted(coins));
    inputs.push(Input::Deposit { account, amount: equity + Money::new(2) - counted });
    for (lane, leg) in legs {
        let lots = leg.map_or(1, |leg| leg.lots.lots());
        let chosen = if spec.cross { Ppm::ZERO } else { initial_rate(leverage) };
        let initial = margin_rates(lane, lots, chosen).0;
        inputs.push(Input::Leverage { symbol: lane.symbol(), account, initial });
    }
    if spec.cross {
        inputs.push(Input::MarginMode { account, cross: true });
    }
    if let Some(qty) = Qty::new(coins) {
        inputs.push(Input::DepositAsset { account, asset: COIN, qty });
    }
}

/// What a position adds to its holder's equity, in whole units of margin: its value over the
/// leverage, and never less than the venue asks for.
fn margin(spec: &Portfolios, lane: &Scenario, leg: Option<&Leg>, leverage: f64) -> Money {
    let Some(leg) = leg else { return Money::ZERO };
    let value = lane.contract().value(lane.reference(), u64::from(leg.lots.lots()));
    let rate = margin_rates(lane, leg.lots.lots(), initial_rate(leverage)).0;
    let rounding = if spec.cross { Money::ZERO } else { Money::new(1) };
    rate.of_ceil(value) + rounding
}

/// The block trade that builds a position at the price at the start.
pub(super) fn block(lane: &Scenario, leg: &Leg) -> Input {
    let hedger = hedger_of(lane, leg.account);
    let (buyer, seller) = match leg.side {
        Side::Buy => (leg.account, hedger),
        Side::Sell => (hedger, leg.account),
    };
    let (symbol, price) = (lane.symbol(), lane.reference());
    Input::Block { symbol, buyer, seller, price, qty: leg.lots }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn every_market_has_its_part_and_hedgers_for_it() {
        let scenario = load("contagion", &[], Some(3)).expect("it is valid");
        let spec = scenario.portfolios.clone().expect("it has portfolios");
        let (lanes, accounts) = (scenario.lanes(), scenario.portfolio_accounts());
        assert_eq!(lanes.len(), 3);
        for lane in &lanes {
            let legs = legs(lane, &accounts);
            assert_eq!(legs.len() as u64, spec.count);
            let largest = legs.iter().map(|leg| u64::from(leg.lots.lots())).max();
            assert!(largest <= Some(largest_lots(lane)));
        }
        // Accounts of different markets are apart, and those of all markets come last.
        let ends: Vec<u32> = lanes.iter().map(|lane| lane.roles().accounts()).collect();
        assert!(ends.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ends.last(), Some(&accounts.start));
    }
}
