//! The collateral asset that a scenario names.

use seawall_engine::risk::{CollateralRules, Haircut, HaircutRule};
use seawall_engine::types::{AssetId, MONEY_MAX_UNITS, Money, Ppm};

use super::resolve::{SYMBOL, ppm, small};
use super::spec::{HaircutName, Scenario};

/// The coin that the contract is on; a lot of it is as much as a lot of the contract.
pub(crate) const COIN: AssetId = AssetId(0);

const NS_PER_MS: u64 = 1_000_000;

impl Scenario {
    pub(super) fn collateral_rules(&self) -> Vec<CollateralRules> {
        let spec = &self.collateral;
        if !spec.enabled {
            return Vec::new();
        }
        let unit = self.contract().unit;
        let highest = i64::from(20 * self.reference().ticks());
        let lots_max = MONEY_MAX_UNITS / highest / unit;
        let rule = match spec.haircut {
            HaircutName::Fixed => HaircutRule::Fixed,
            HaircutName::Volatility => HaircutRule::Volatility {
                tau_ns: spec.volatility_ms * NS_PER_MS,
                factor_ppm: small(spec.volatility_factor_ppm),
            },
            HaircutName::Depth => HaircutRule::Depth {
                symbol: SYMBOL,
                band: ppm(spec.depth_band_ppm),
                full: self.money(spec.depth_full_currency),
            },
        };
        vec![CollateralRules {
            unit,
            reference: self.reference(),
            lots_max: u32::try_from(lots_max).unwrap_or(u32::MAX).min(1 << 31),
            haircut: Haircut {
                rule,
                floor: ppm(spec.floor_ppm),
                cap: ppm(spec.cap_ppm),
                interval_ns: spec.interval_ms * NS_PER_MS,
                lag_ns: spec.lag_ms * NS_PER_MS,
                step: ppm(spec.step_ppm),
            },
        }]
    }

    /// Lots of the coin that count for at most the stated part of an amount, after the least haircut.
    pub(crate) fn posted_lots(&self, margin: Money) -> u32 {
        let spec = &self.collateral;
        if !spec.enabled {
            return 0;
        }
        let left = Ppm::SCALE - small(spec.floor_ppm);
        let lot = i128::from(self.contract().unit) * i128::from(self.reference().ticks());
        let lot = lot * i128::from(left);
        if lot == 0 {
            return 0;
        }
        let lots = margin.wide() * i128::from(spec.posted_ppm) / lot;
        u32::try_from(lots).unwrap_or(u32::MAX)
    }

    /// The haircut at the start: there are no bids yet.
    const fn first_haircut_ppm(&self) -> u64 {
        match self.collateral.haircut {
            HaircutName::Fixed | HaircutName::Volatility => self.collateral.floor_ppm,
            HaircutName::Depth => self.collateral.cap_ppm,
        }
    }

    /// What so many lots of the coin count for at the start.
    pub(crate) fn counted(&self, lots: u32) -> Money {
        let left = Ppm::SCALE - small(self.first_haircut_ppm());
        let whole = self.contract().value(self.reference(), u64::from(lots));
        ppm(left.into()).of_floor(whole)
    }
}
