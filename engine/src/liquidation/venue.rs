//! The switches in which venues differ beyond key, discipline, plan and fee.
//!
//! [`VenueRules::default`] is the behaviour that `docs/LIQUIDATION.md` describes first; each field
//! replaces one rule of it.

use crate::types::{Money, Ppm};

/// Rules of a venue, each with the generic one as its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct VenueRules {
    /// Whose positions close what nobody else took, and at what price.
    pub adl: Adl,
    /// Whether a new mark gives every waiting position of its symbol a new key.
    pub rekey: bool,
    /// How a forced order is limited, and what becomes of what it leaves.
    pub order: ForcedOrder,
    /// Who takes a position over, when and at what price.
    pub backstop: Backstop,
    /// When the fund stops paying.
    pub fund: FundRules,
    /// Who bears a loss that nobody else covered.
    pub residual: Residual,
    /// Draws which positions a window may serve, if not all.
    pub draw: Option<Draw>,
}

/// How a forced order goes to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ForcedOrder {
    /// Its worst price.
    pub limit: ForcedLimit,
    /// What becomes of what it leaves.
    pub unfilled: Unfilled,
    /// What an order for all of the position leaves of its margin goes to the fund.
    pub whole_forfeits: bool,
    /// What closing a part of the position releases stays with the rest as its margin.
    pub keeps_margin: bool,
    /// An order for a part of the position is fill-or-kill; if it is killed, all is disposed of.
    pub part_is_fok: bool,
    /// How long a position that is not flat waits before it is served again, in nanoseconds.
    pub again_ns: u64,
}

/// The worst price of a forced order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ForcedLimit {
    /// The bankruptcy price (of an isolated position also Lighter's zero price).
    #[default]
    Bankruptcy,
    /// So far from the mark.
    Band(Ppm),
    /// dYdX's fillable price.
    Fillable(Fillable),
}

/// What becomes of what a forced order leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unfilled {
    /// It is disposed of at once.
    #[default]
    Dispose,
    /// The position keeps it, unless it is bankrupt at the mark.
    Keep,
    /// It rests in the book at its limit, for at most so long, in nanoseconds, and no longer than
    /// until the mark reaches that; then it is disposed of (BitMEX, Bybit).
    Rest(u64),
}

impl Unfilled {
    /// Whether orders rest.
    pub const fn rests(self) -> bool {
        matches!(self, Self::Rest(_))
    }
}

/// Who takes a position over, when and at what price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backstop {
    /// Below this part of maintenance margin, in parts per million, the book is passed by; zero
    /// for never, `u32::MAX` for always.
    pub below_ppm: u32,
    /// Whether all of the position is taken over then, whatever the plan says.
    pub whole: bool,
    /// So far from the mark, in the taker's favour; at the bankruptcy price if `None`.
    pub discount: Option<Ppm>,
    /// The largest value that the fund holds in one symbol, at the mark.
    pub notional_max: Money,
}

impl Default for Backstop {
    fn default() -> Self {
        let notional_max = Money::new(i64::MAX);
        Self { below_ppm: 0, whole: false, discount: None, notional_max }
    }
}

/// When the fund stops paying: a fall from its peak, and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundRules {
    /// It pays down to this part below its peak; one for down to nothing, without a peak.
    pub drawdown: Ppm,
    /// Once it has stopped, it pays again from this part below its peak up.
    pub resume: Ppm,
    /// The peak is that of the current and the previous window of this length, in nanoseconds.
    pub window_ns: u64,
}

impl Default for FundRules {
    fn default() -> Self {
        Self { drawdown: Ppm::ONE, resume: Ppm::ONE, window_ns: 1 }
    }
}

impl FundRules {
    /// Whether a fall from a peak stops the fund at all.
    pub(crate) fn has_peak(&self) -> bool {
        self.drawdown < Ppm::ONE
    }
}

/// Who bears a loss that nobody else covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Residual {
    /// Everybody, in proportion to free cash.
    #[default]
    Cash,
    /// Holders of positions, in proportion to their value, as far as their free cash goes.
    OpenInterest,
    /// Holders of positions that gain, in proportion to the gain, as far as their free cash goes.
    Winners,
    /// Nobody: withdrawals stop, for so long after the fund was last short, in nanoseconds.
    Gate(u64),
}

/// Draws which positions a window of a rate limit may serve (dYdX v4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// So many, next to each other by account, from a keyed random one.
    pub most: u32,
    /// Its key.
    pub seed: u64,
}

/// How auto-deleveraging chooses and pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adl {
    /// Who gives how much.
    pub policy: AdlPolicy,
    /// The price of it.
    pub price: AdlPrice,
    /// Most accounts of one deleveraging; zero for a venue without it.
    pub counterparties_max: u32,
    /// Key of the random policy.
    pub seed: u64,
}

impl Default for Adl {
    fn default() -> Self {
        Self {
            policy: AdlPolicy::ProfitLeverage,
            price: AdlPrice::Bankruptcy,
            counterparties_max: u32::MAX,
            seed: 0,
        }
    }
}

/// Who gives how much of a quantity that is deleveraged (`docs/LIQUIDATION.md`, ADL policies).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdlPolicy {
    /// Highest profit times leverage first.
    ProfitLeverage,
    /// Highest return times effective leverage first; losers after winners.
    BitMex,
    /// Highest return on the wallet times margin ratio first.
    LeveragePnl,
    /// Highest price ratio times leverage first.
    PriceRatioLeverage,
    /// No rank: candidates in a circle from a keyed random one.
    RandomOffset,
    /// Everybody in proportion to lots.
    ProRataContracts,
    /// Everybody in proportion to cash and equity.
    ProRataWealth,
    /// Everybody in proportion to the position's equity.
    ProRataEquity,
    /// Everybody in proportion to the position's profit.
    ProRataProfit,
    /// In proportion to wealth; what the small ones lack, the others give.
    WaterFilling,
    /// In proportion to lots times leverage, refilled in the same way.
    RiskWeighted,
    /// The largest share of equity that anybody gives is as small as it can be.
    MinMax,
    /// The highest leverage that anybody keeps is as small as it can be.
    LeverageDraining,
}

impl AdlPolicy {
    /// Every policy.
    pub const ALL: [Self; 13] = [
        Self::ProfitLeverage,
        Self::BitMex,
        Self::LeveragePnl,
        Self::PriceRatioLeverage,
        Self::RandomOffset,
        Self::ProRataContracts,
        Self::ProRataWealth,
        Self::ProRataEquity,
        Self::ProRataProfit,
        Self::WaterFilling,
        Self::RiskWeighted,
        Self::MinMax,
        Self::LeverageDraining,
    ];

    /// Its name in scenarios, presets and scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProfitLeverage => "profit-leverage",
            Self::BitMex => "bitmex",
            Self::LeveragePnl => "leverage-pnl",
            Self::PriceRatioLeverage => "price-ratio-leverage",
            Self::RandomOffset => "random-offset",
            Self::ProRataContracts => "pro-rata-contracts",
            Self::ProRataWealth => "pro-rata-wealth",
            Self::ProRataEquity => "pro-rata-equity",
            Self::ProRataProfit => "pro-rata-profit",
            Self::WaterFilling => "water-filling",
            Self::RiskWeighted => "risk-weighted",
            Self::MinMax => "min-max",
            Self::LeverageDraining => "leverage-draining",
        }
    }

    /// What it does, in one line.
    pub const fn about(self) -> &'static str {
        match self {
            Self::ProfitLeverage => "highest profit times leverage first (Bybit, OKX)",
            Self::BitMex => {
                "highest return times effective leverage first, losers by return over leverage (BitMEX)"
            }
            Self::LeveragePnl => "highest return on the wallet times margin ratio first (Binance)",
            Self::PriceRatioLeverage => {
                "highest mark over entry (a short: entry over mark) times leverage first (Hyperliquid)"
            }
            Self::RandomOffset => "no rank, in a circle from a keyed random candidate (dYdX v4)",
            Self::ProRataContracts => "everybody in proportion to lots",
            Self::ProRataWealth => "everybody in proportion to cash and equity",
            Self::ProRataEquity => "everybody in proportion to the position's equity",
            Self::ProRataProfit => "everybody in proportion to the position's profit",
            Self::WaterFilling => "in proportion to wealth, capped by the position and refilled",
            Self::RiskWeighted => "in proportion to lots times leverage, capped and refilled",
            Self::MinMax => {
                "the largest share of equity that anybody gives is smallest (integer optimum)"
            }
            Self::LeverageDraining => "the highest leverage that anybody keeps is smallest",
        }
    }

    /// The policy of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// The price at which deleveraged positions close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdlPrice {
    /// The bankruptcy price of the one that is closed (for the fund its zero price).
    Bankruptcy,
    /// The mark.
    Mark,
    /// The mark before the current one.
    PreviousMark,
    /// The index price; the mark where there is none.
    Oracle,
}

impl AdlPrice {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Bankruptcy, Self::Mark, Self::PreviousMark, Self::Oracle];

    /// Its name in scenarios, presets and scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bankruptcy => "bankruptcy",
            Self::Mark => "mark",
            Self::PreviousMark => "previous-mark",
            Self::Oracle => "oracle",
        }
    }

    /// The rule of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|price| price.name() == name)
    }
}

/// dYdX's fillable price: how far from the oracle a forced order may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fillable {
    /// By what the lack of margin is multiplied, in parts per million (at most 10).
    pub adjustment_ppm: u32,
    /// The furthest distance as a part of maintenance margin, in parts per million (at most 10).
    pub spread_ppm: u32,
}

/// What a key that weighs bad debt assumes of the price until a position is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Standard deviation of the price until then.
    pub sigma: Ppm,
    /// What execution costs beside: half the spread, impact, fee.
    pub cost: Ppm,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn policies_and_prices_are_found_by_their_names() {
        for policy in AdlPolicy::ALL {
            assert_eq!(AdlPolicy::of_name(policy.name()), Some(policy));
        }
        for price in AdlPrice::ALL {
            assert_eq!(AdlPrice::of_name(price.name()), Some(price));
        }
        assert_eq!((AdlPolicy::of_name("mark"), AdlPrice::of_name("bitmex")), (None, None));
        let about: BTreeSet<_> = AdlPolicy::ALL.map(AdlPolicy::about).into_iter().collect();
        assert!(about.len() == AdlPolicy::ALL.len() && !about.contains(""));
    }
}
