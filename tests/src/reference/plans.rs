//! "Plans" and the limit of a forced order.

use seawall_engine::liquidation::{Fillable, ForcedLimit, Minimal, Plan};

use super::Reference;
use super::forced::Served;
use super::market::{MILLION, Market, Position, ceil_div, floor_div, sign};

impl Reference {
    /// How many lots the next forced order closes. Remembers that a part was sent.
    pub(super) fn planned(&mut self, served: &Served) -> i128 {
        let Served { symbol, account, position, first_ns } = *served;
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let held = position.lots.abs();
        let value = market.value(mark, held);
        let equity = position.margin + market.profit_at(&position, mark);
        let share = |part: i128, lots: i128| ceil_div(lots * part, MILLION);
        let parts = |ppm: seawall_engine::types::Ppm| i128::from(ppm.parts());
        let planned = match self.rules.plan {
            Plan::Full => held,
            Plan::Fraction { part, lots_min } => share(parts(part), held).max(i128::from(lots_min)),
            Plan::StepDown { tiers } => held - kept_below(market, &position, mark, tiers),
            Plan::PartThenAll { above, part, .. } => {
                let until = self.whole_until_ns.get(&(symbol, account));
                let soon = until.is_some_and(|until| self.time_ns < *until);
                if value <= above.wide() || soon { held } else { share(parts(part), held) }
            }
            Plan::Minimal(minimal) => least_step(market, &position, mark, minimal),
            Plan::Throttled { minimal, initial, duration_ns } => {
                let passed = i128::from(self.time_ns - first_ns);
                let grown = floor_div(passed * MILLION, i128::from(duration_ns));
                let part = MILLION.min(parts(initial) + grown);
                share(part, least_step(market, &position, mark, minimal))
            }
            Plan::CloseFactor { part, health, least } => {
                let debt = value - equity;
                let rate = market.tier(value).maintenance;
                let near = value * (MILLION - rate) > debt * parts(health);
                let large = value >= least.wide() && debt >= least.wide();
                if near && large { share(parts(part), held) } else { held }
            }
        };
        let planned = planned.max(1).min(held.min(1 << 31));
        if let Plan::PartThenAll { window_ns, .. } = self.rules.plan
            && planned < held
            && !self.is_below(symbol, &position)
        {
            self.whole_until_ns.insert((symbol, account), self.time_ns + window_ns);
        }
        planned
    }

    /// Whether the book is passed by.
    pub(super) fn is_below(&self, symbol: usize, position: &Position) -> bool {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let equity = position.margin + market.profit_at(position, mark);
        let needed = market.maintenance(market.value(mark, position.lots.abs()));
        let part = self.rules.venue.backstop.below_ppm;
        // No part of it is never enough to pass the book by.
        part != 0 && (part == u32::MAX || equity * MILLION < needed * i128::from(part))
    }

    /// The worst price of a forced order.
    pub(super) fn forced_limit(&self, symbol: usize, position: &Position) -> i128 {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let away = match self.rules.venue.order.limit {
            ForcedLimit::Bankruptcy => return market.bankruptcy(position),
            ForcedLimit::Band(band) => floor_div(mark * i128::from(band.parts()), MILLION),
            ForcedLimit::Fillable(Fillable { adjustment_ppm, spread_ppm }) => {
                let value = market.value(mark, position.lots.abs());
                let needed = market.maintenance(value);
                let equity = position.margin + market.profit_at(position, mark);
                let lack = floor_div(i128::from(adjustment_ppm) * (needed - equity), needed.max(1));
                let lack = lack.clamp(0, MILLION);
                let scaled = mark * lack * i128::from(spread_ppm) * needed;
                floor_div(scaled, value.max(1) * MILLION * MILLION)
            }
        };
        market.held(mark - sign(position.side()) * away)
    }
}

/// The most lots that lie so many tiers below the position's own, none in the lowest.
fn kept_below(market: &Market, position: &Position, mark: i128, tiers: u32) -> i128 {
    let held = position.lots.abs();
    let value = market.value(mark, held);
    let own = market.tiers.iter().filter(|tier| tier.floor <= value).count();
    if own == 1 {
        return 0;
    }
    let down = usize::try_from(tiers).expect("a few");
    let above = if down >= own { 1 } else { (own - down).max(1) };
    let floor = market.tiers[above].floor;
    // The most lots worth less than that floor, by bisection.
    let (mut fits, mut exceeds) = (0, held + 1);
    while exceeds - fits > 1 {
        let middle = floor_div(fits + exceeds, 2);
        if market.value(mark, middle) < floor { fits = middle } else { exceeds = middle }
    }
    fits
}

/// The least step to health by the formula.
fn least_step(market: &Market, position: &Position, mark: i128, minimal: Minimal) -> i128 {
    let held = position.lots.abs();
    let value = market.value(mark, held);
    let equity = position.margin + market.profit_at(position, mark);
    let buffer = floor_div(value * i128::from(minimal.buffer.parts()), MILLION) + 1;
    let short = market.maintenance(value) + 1 + buffer - equity;
    let net = market.tier(value).maintenance - i128::from(minimal.cost.parts());
    if net <= 0 || value == 0 {
        return held;
    }
    let needed = ceil_div(short * MILLION * held, value);
    let impact = i128::from(minimal.impact);
    if impact == 0 {
        return ceil_div(needed, net).clamp(1, held);
    }
    let slope = net * MILLION;
    let inside = slope * slope - 2 * impact * needed * MILLION;
    if inside < 0 {
        return held;
    }
    ceil_div(slope - root(inside), impact).clamp(1, held)
}

/// The greatest integer whose square is not above, by bisection.
fn root(square: i128) -> i128 {
    let (mut low, mut high) = (0, 1 << 62);
    while high - low > 1 {
        let middle = floor_div(low + high, 2);
        if middle * middle <= square { low = middle } else { high = middle }
    }
    low
}
