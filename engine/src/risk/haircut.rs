//! Collateral that is not money, and what is cut off its value (`docs/MARGIN.md`, Collateral).

use super::decay::{BILLION, decay_ppb};
use super::lagged::Lagged;
use super::mark::{LAG_WINDOWS_MAX, TAU_NS_MAX};
use super::rules::domain_around;
use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{MONEY_MAX_UNITS, Money, Ppm, Price, SymbolId};

/// What moves a haircut between its floor and its cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaircutRule {
    /// Nothing: it is its floor.
    Fixed,
    /// How much the asset's price moves from one price input to the next.
    Volatility {
        /// Time constant of the average of those moves.
        tau_ns: u64,
        /// What it adds to the floor, per whole of its own: 10,000,000 for ten times the average move.
        factor_ppm: u32,
    },
    /// How little a book would take: the bids of a market near its best one.
    Depth {
        /// The market.
        symbol: SymbolId,
        /// How far from its best bid, as a part of it, bids count.
        band: Ppm,
        /// What they are worth where nothing is added to the floor.
        full: Money,
    },
}

/// How an asset's haircut is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Haircut {
    /// What moves it.
    pub rule: HaircutRule,
    /// The least there is.
    pub floor: Ppm,
    /// The most there is.
    pub cap: Ppm,
    /// A new one is made at most once in each window of this length...
    pub interval_ns: u64,
    /// ...comes into force with the first price input that is at least this much later...
    pub lag_ns: u64,
    /// ...and moves the one in force by at most this much.
    pub step: Ppm,
}

/// An asset that cross accounts may deposit beside money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollateralRules {
    /// What a lot is worth per tick of its price, in money units.
    pub unit: i64,
    /// The price it was designed for; the domain is around it as a market's.
    pub reference: Price,
    /// Most lots of all accounts together.
    pub lots_max: u32,
    /// What is cut off its value.
    pub haircut: Haircut,
}

impl CollateralRules {
    /// What is wrong with them, if anything, in a shard of so many markets.
    pub(crate) fn check(&self, markets: usize) -> Result<(), &'static str> {
        let Haircut { rule, floor, cap, interval_ns, lag_ns, .. } = self.haircut;
        if self.unit < 1 || self.lots_max < 1 {
            return Err("a unit and a bound of at least 1");
        }
        let Some((_, high)) = domain_around(self.reference) else {
            return Err("a reference price of at most 2^28 / 20 ticks");
        };
        let most = i128::from(self.unit) * i128::from(self.lots_max) * i128::from(high.ticks());
        if most > i128::from(MONEY_MAX_UNITS) {
            return Err("assets that are all together worth at most 2^60 money units at any price");
        }
        if floor > cap {
            return Err("a floor of at most the cap");
        }
        if interval_ns == 0 || lag_ns / interval_ns >= LAG_WINDOWS_MAX {
            return Err("a window above 0 and a lag of less than 64 of them");
        }
        match rule {
            HaircutRule::Volatility { tau_ns, .. } if !(1..=TAU_NS_MAX).contains(&tau_ns) => {
                Err("a time constant of more than 0 and at most an hour")
            }
            HaircutRule::Depth { symbol, .. } if symbol.index() >= markets => {
                Err("a depth of a market that exists")
            }
            HaircutRule::Depth { full, .. } if !full.is_positive() => Err("a full depth above 0"),
            _ => Ok(()),
        }
    }

    /// Prices that the asset may have, once the rules were checked.
    pub fn domain(&self) -> (Price, Price) {
        domain_around(self.reference).expect("rules that were checked have a domain")
    }
}

/// What an asset's haircut remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HaircutState {
    /// The asset's price, and when it came.
    pub(crate) price: Option<Price>,
    priced_ns: u64,
    /// Volatility: the average move, in parts per billion, once there were two prices.
    moves_ppb: Option<i64>,
    lagged: Lagged<Ppm>,
    /// In force since the first price.
    in_force: Ppm,
}

impl HaircutState {
    /// The haircut in force.
    pub(crate) const fn in_force(&self) -> Ppm {
        self.in_force
    }

    /// What a lot counts for, in money units per unit of the asset, times a million; 0 without a price.
    pub(crate) fn counts_for(&self) -> i64 {
        let left = Ppm::SCALE - self.in_force.parts();
        self.price.map_or(0, |price| i64::from(price.ticks()) * i64::from(left))
    }

    /// Takes a price; `depth` is what the bids of the rule's market are worth.
    pub(crate) fn price(&mut self, rules: &Haircut, price: Price, depth: i128, time_ns: u64) {
        if let HaircutRule::Volatility { tau_ns, .. } = rules.rule {
            self.note_move(price, tau_ns, time_ns);
        }
        let made = self.made(rules, depth);
        let first = self.price.is_none();
        self.price = Some(price);
        self.priced_ns = time_ns;
        let Some(next) = self.lagged.take(made, time_ns, rules.interval_ns, rules.lag_ns) else {
            return;
        };
        let (low, high) = (
            self.in_force.parts().saturating_sub(rules.step.parts()),
            (self.in_force.parts() + rules.step.parts()).min(Ppm::SCALE),
        );
        let parts = if first { next.parts() } else { next.parts().clamp(low, high) };
        self.in_force = Ppm::new(parts).expect("it lies between two rates");
    }

    fn note_move(&mut self, price: Price, tau_ns: u64, time_ns: u64) {
        let Some(before) = self.price else { return };
        let distance = i64::from(price.ticks().abs_diff(before.ticks()));
        let sample = distance * 1_000_000_000 / i64::from(before.ticks());
        let average = self.moves_ppb.map_or(sample, |average| {
            let kept = decay_ppb(time_ns - self.priced_ns, tau_ns);
            let old = i128::from(average) - i128::from(sample);
            let old = i64::try_from((old * kept).div_euclid(BILLION));
            sample + old.expect("less than one of two numbers of 64 bits")
        });
        self.moves_ppb = Some(average);
    }

    fn made(&self, rules: &Haircut, depth: i128) -> Ppm {
        let (floor, cap) = (i128::from(rules.floor.parts()), i128::from(rules.cap.parts()));
        let added = match rules.rule {
            HaircutRule::Fixed => 0,
            HaircutRule::Volatility { factor_ppm, .. } => {
                let moves = i128::from(self.moves_ppb.unwrap_or(0));
                moves * i128::from(factor_ppm) / BILLION
            }
            HaircutRule::Depth { full, .. } => {
                let missing = (full.wide() - depth).max(0);
                // Rounded up: what is missing is the venue's risk.
                -(-(cap - floor) * missing).div_euclid(full.wide())
            }
        };
        let parts = (floor + added).min(cap);
        u32::try_from(parts).ok().and_then(Ppm::new).expect("it lies between floor and cap")
    }

    /// Whether rules could have made it by then.
    pub(crate) fn suits(&self, rules: &CollateralRules, time_ns: u64) -> bool {
        let Self { price, priced_ns, moves_ppb, lagged, in_force } = self;
        let Some(price) = price else { return *self == Self::default() };
        let (low, high) = rules.domain();
        let within = |rate: &Ppm| (rules.haircut.floor..=rules.haircut.cap).contains(rate);
        let moves = matches!(rules.haircut.rule, HaircutRule::Volatility { .. });
        (low..=high).contains(price)
            && *priced_ns <= time_ns
            && moves_ppb.is_none_or(|ppb| moves && (0..=MOVES_PPB_MAX).contains(&ppb))
            && lagged.suits(rules.haircut.interval_ns, time_ns, within)
            && lagged.has_begun()
            && within(in_force)
    }
}

/// The greatest move, in parts per billion: from one end of a domain to the other.
const MOVES_PPB_MAX: i64 = 400 * 1_000_000_000 * 2;

impl Canonical for HaircutState {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { price, priced_ns, moves_ppb, lagged, in_force } = self;
        put!(out; price, priced_ns, moves_ppb, lagged, in_force);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (price, priced_ns, moves_ppb) = (input.get()?, input.get()?, input.get()?);
        Ok(Self { price, priced_ns, moves_ppb, lagged: input.get()?, in_force: input.get()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> CollateralRules {
        CollateralRules {
            unit: 3,
            reference: Price::new(100).unwrap(),
            lots_max: 10,
            haircut: Haircut {
                rule: HaircutRule::Fixed,
                floor: Ppm::new(50_000).unwrap(),
                cap: Ppm::new(400_000).unwrap(),
                interval_ns: 10,
                lag_ns: 0,
                step: Ppm::new(100_000).unwrap(),
            },
        }
    }

    fn refused(change: impl FnOnce(&mut CollateralRules)) -> bool {
        let mut rules = rules();
        change(&mut rules);
        rules.check(4).is_err()
    }

    #[test]
    fn rules_of_an_asset_that_contradict_themselves_are_refused() {
        assert!(!refused(|_| ()));
        assert!(refused(|rules| rules.unit = 0));
        assert!(!refused(|rules| rules.unit = 1));
        assert!(refused(|rules| rules.lots_max = 0));
        assert!(!refused(|rules| rules.lots_max = 1));
        assert!(refused(|rules| rules.reference = Price::MAX));
        // At 2,000 ticks, the top of its domain.
        let worth = |units: i64| refused(|rules| (rules.unit, rules.lots_max) = (units / 4_000, 2));
        assert!(!worth(MONEY_MAX_UNITS));
        assert!(worth(MONEY_MAX_UNITS + 4_000));
        assert!(!refused(|rules| rules.haircut.floor = rules.haircut.cap));
        assert!(refused(|rules| rules.haircut.floor = Ppm::new(400_001).unwrap()));
        assert!(refused(|rules| rules.haircut.interval_ns = 0));
        assert!(!refused(|rules| rules.haircut.lag_ns = 639));
        assert!(refused(|rules| rules.haircut.lag_ns = 640));
    }

    #[test]
    fn rules_of_a_haircut_that_contradict_themselves_are_refused() {
        for (tau_ns, wrong) in [(0, true), (1, false), (TAU_NS_MAX, false), (TAU_NS_MAX + 1, true)]
        {
            let rule = HaircutRule::Volatility { tau_ns, factor_ppm: 1 };
            assert_eq!(refused(|rules| rules.haircut.rule = rule), wrong, "{tau_ns}");
        }
        for (symbol, full, wrong) in [(3, 1, false), (4, 1, true), (3, 0, true), (3, -1, true)] {
            let (symbol, full) = (SymbolId(symbol), Money::new(full));
            let rule = HaircutRule::Depth { symbol, band: Ppm::ZERO, full };
            assert_eq!(refused(|rules| rules.haircut.rule = rule), wrong, "{rule:?}");
        }
    }

    fn priced() -> HaircutState {
        let mut state = HaircutState::default();
        state.price(&rules().haircut, Price::new(100).unwrap(), 0, 35);
        state
    }

    #[test]
    fn a_haircut_that_cannot_have_been_made_is_refused() {
        let of = |change: &dyn Fn(&mut HaircutState)| {
            let mut state = priced();
            change(&mut state);
            state
        };
        let suits = |change: &dyn Fn(&mut HaircutState)| of(change).suits(&rules(), 35);
        assert!(HaircutState::default().suits(&rules(), 35));
        assert!(suits(&|_| ()));
        assert!(!priced().suits(&rules(), 34), "a time to come");
        assert!(!suits(&|state| state.price = None), "no price, and yet it began");
        for (ticks, fits) in [(4, false), (5, true), (2_000, true), (2_001, false)] {
            assert_eq!(suits(&|state| state.price = Price::new(ticks)), fits, "{ticks}");
        }
        for (parts, fits) in [(49_999, false), (400_000, true), (400_001, false)] {
            assert_eq!(suits(&|state| state.in_force = Ppm::new(parts).unwrap()), fits, "{parts}");
        }
        assert!(!suits(&|state| state.lagged = Lagged::default()), "it did not begin");
        for (parts, fits) in [(49_999, false), (50_000, true)] {
            let made = Ppm::new(parts).unwrap();
            let waits = of(&|state| assert_eq!(state.lagged.take(made, 45, 10, 20), None));
            assert_eq!(waits.suits(&rules(), 45), fits, "{parts} that waits");
        }
        assert!(!suits(&|state| state.moves_ppb = Some(0)), "nothing asks for moves");
        let mut moving = rules();
        moving.haircut.rule = HaircutRule::Volatility { tau_ns: 1, factor_ppm: 1 };
        // From one end of the domain to the other, and twice that.
        let most = 2 * 400 * 1_000_000_000;
        for (ppb, fits) in [(-1, false), (0, true), (most, true), (most + 1, false)] {
            assert_eq!(of(&|state| state.moves_ppb = Some(ppb)).suits(&moving, 35), fits, "{ppb}");
        }
    }

    #[test]
    fn an_average_of_moves_forgets_with_its_time_constant() {
        let rule = HaircutRule::Volatility { tau_ns: 10, factor_ppm: 1 };
        let rules = Haircut { rule, ..rules().haircut };
        let mut state = HaircutState::default();
        let moves = [(100, 5), (110, 15), (132, 25)].map(|(ticks, time_ns)| {
            state.price(&rules, Price::new(ticks).unwrap(), 0, time_ns);
            state.moves_ppb
        });
        // A tenth, then a fifth of which 1 - 1/e has arrived.
        assert_eq!(moves, [None, Some(100_000_000), Some(163_212_055)]);
    }
}
