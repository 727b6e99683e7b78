//! A position as keys, ranks and plans see it: at a mark.

use crate::risk::{MarketRules, Position};
use crate::types::{Contract, ContractKind, Money, Ppm, Price, Side, div_floor};

pub(crate) const SCALE: i128 = Ppm::SCALE as i128;

/// One position at one mark, in wide money units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    rules: &'a MarketRules,
    position: &'a Position,
    pub(crate) mark: Price,
    pub(crate) side: Side,
    pub(crate) lots: u64,
    pub(crate) value: i128,
    pub(crate) profit: i128,
    pub(crate) equity: i128,
}

impl<'a> Seen<'a> {
    /// `None` for a flat position.
    pub(crate) fn at(rules: &'a MarketRules, position: &'a Position, mark: Price) -> Option<Self> {
        let side = position.side()?;
        let value = rules.contract.value(mark, position.size());
        let profit = rules.contract.profit(side, position.entry(), value);
        Some(Self {
            rules,
            position,
            mark,
            side,
            lots: position.size(),
            value: value.wide(),
            profit: profit.wide(),
            equity: (position.margin() + profit).wide(),
        })
    }

    pub(crate) fn entry(&self) -> i128 {
        self.position.entry().wide()
    }

    pub(crate) fn margin(&self) -> i128 {
        self.position.margin().wide()
    }

    /// Maintenance margin, rounded towards −∞.
    pub(crate) fn maintenance(&self) -> i128 {
        let value = self.rules.contract.value(self.mark, self.lots);
        let (tier, deduction) = self.rules.tier(value);
        div_floor(self.value * i128::from(tier.maintenance.parts()) - deduction, SCALE)
    }

    /// The maintenance rate of its tier.
    pub(crate) fn maintenance_rate(&self) -> Ppm {
        self.rules.tier(self.rules.contract.value(self.mark, self.lots)).0.maintenance
    }

    /// The most lots of it that lie in a tier so many below its own; none from the lowest.
    pub(crate) fn lots_below_tier(&self, tiers: u32) -> u64 {
        let value = self.rules.contract.value(self.mark, self.lots);
        let all = self.rules.tiers().iter();
        let own = all.take_while(|(tier, _)| tier.notional_floor <= value).count();
        if own <= 1 {
            return 0;
        }
        // The floor of the tier just above the one it steps down to.
        let above = own.saturating_sub(tiers as usize).max(1);
        let floor = self.rules.tiers()[above].0.notional_floor;
        lots_worth(self.rules.contract, self.mark, Money::new(floor.units() - 1)).min(self.lots)
    }

    /// Whether its equity is below a part of maintenance margin: never for no part of it, always
    /// for `u32::MAX`.
    pub(crate) fn is_below(&self, parts: u32) -> bool {
        match parts {
            0 => false,
            u32::MAX => true,
            _ => self.equity * SCALE < self.maintenance() * i128::from(parts),
        }
    }

    /// How far the mark is on the good side of the bankruptcy price, in ppm of the mark, rounded
    /// towards −∞.
    pub(crate) fn buffer_ppm(&self) -> i128 {
        let bankruptcy = i128::from(self.rules.bankruptcy_price(self.position).ticks());
        let mark = i128::from(self.mark.ticks());
        let distance = match self.side {
            Side::Buy => mark - bankruptcy,
            Side::Sell => bankruptcy - mark,
        };
        div_floor(distance * SCALE, mark)
    }

    /// Value over equity, in ppm, with an equity of at least one unit.
    pub(crate) fn leverage_ppm(&self) -> i128 {
        div_floor(self.value * SCALE, self.equity.max(1))
    }

    /// Whether a rising value is a profit.
    pub(crate) fn gains_with_value(&self) -> bool {
        self.rules.contract.direction(self.side) > 0
    }
}

/// The most lots that are worth no more than `value` at a price; none for a negative value.
pub(crate) fn lots_worth(contract: Contract, price: Price, value: Money) -> u64 {
    if value.is_negative() {
        return 0;
    }
    let (unit, price) = (i128::from(contract.unit), i128::from(price.ticks()));
    let lots = match contract.kind {
        ContractKind::Linear => value.wide() / (price * unit),
        // floor(q · unit / price) ≤ v  <=>  q · unit < (v + 1) · price
        ContractKind::Inverse => ((value.wide() + 1) * price - 1) / unit,
    };
    u64::try_from(lots.min(i128::from(u64::MAX))).expect("not negative, and held")
}
