//! Priority keys: by what the queue is ordered (`docs/LIQUIDATION.md`, Queue).

use super::seen::{SCALE, Seen};
use super::venue::{Fillable, Outlook};
use super::{Plan, PriorityKey};
use crate::risk::{MarketRules, Position};
use crate::types::{Price, div_floor};

/// Gives a position its place in the queue: the smallest key goes first.
pub(crate) trait Key {
    /// The key of a position at a mark.
    fn key(&self, seen: &Seen<'_>) -> i128;
}

struct TriggerTime;
struct MarginRatio;
struct BankruptcyDistance;
struct Notional;
struct ExpectedShortfall(Outlook);

/// Growth of expected bad debt over the steps that a position takes.
struct CMu {
    outlook: Outlook,
    plan: Plan,
}

impl Key for TriggerTime {
    fn key(&self, _: &Seen<'_>) -> i128 {
        0
    }
}

impl Key for MarginRatio {
    fn key(&self, seen: &Seen<'_>) -> i128 {
        div_floor(seen.equity * SCALE, seen.value.max(1))
    }
}

impl Key for BankruptcyDistance {
    fn key(&self, seen: &Seen<'_>) -> i128 {
        seen.buffer_ppm()
    }
}

impl Key for Notional {
    fn key(&self, seen: &Seen<'_>) -> i128 {
        -seen.value
    }
}

impl Key for Fillable {
    fn key(&self, seen: &Seen<'_>) -> i128 {
        -((self.distance_ppm(seen) << 64) + seen.value)
    }
}

impl Fillable {
    /// What part of the distance counts: all of it from an equity of zero downwards.
    fn lack_ppm(self, seen: &Seen<'_>) -> i128 {
        let maintenance = seen.maintenance();
        let lack = i128::from(self.adjustment_ppm) * (maintenance - seen.equity);
        lack.div_euclid(maintenance.max(1)).clamp(0, SCALE)
    }

    /// From the mark to the fillable price, in ticks, rounded down.
    pub(crate) fn distance_ticks(self, seen: &Seen<'_>) -> u32 {
        let part = self.lack_ppm(seen) * i128::from(self.spread_ppm) * seen.maintenance();
        let ticks = i128::from(seen.mark.ticks()) * part / (seen.value.max(1) * SCALE * SCALE);
        u32::try_from(ticks).unwrap_or(u32::MAX)
    }

    /// From the mark to the fillable price, in ppm of the mark, rounded down.
    fn distance_ppm(self, seen: &Seen<'_>) -> i128 {
        let part = self.lack_ppm(seen) * i128::from(self.spread_ppm) * seen.maintenance();
        part.div_euclid(seen.value.max(1) * SCALE)
    }
}

impl Outlook {
    /// The expected loss beyond bankruptcy in standard deviations of the price, with `mean` ppm
    /// and eighths of a standard deviation: the mean over the deviation, times 10^6.
    fn mean_and_place(self, seen: &Seen<'_>) -> (i128, i128) {
        let mean = i128::from(self.cost.parts()) - seen.buffer_ppm();
        (mean, (mean * 8 * SCALE).div_euclid(i128::from(self.sigma.parts()).max(1)))
    }
}

impl Key for ExpectedShortfall {
    fn key(&self, seen: &Seen<'_>) -> i128 {
        let sigma = i128::from(self.0.sigma.parts()).max(1);
        let (mean, place) = self.0.mean_and_place(seen);
        let from = -32 * SCALE;
        // In ppm of the price, times 10^9.
        let loss = if place < from {
            0
        } else if place >= -from {
            mean * 1_000_000_000
        } else {
            sigma * interpolate(&LOSS, place - from)
        };
        -(seen.value * loss)
    }
}

impl Key for CMu {
    fn key(&self, seen: &Seen<'_>) -> i128 {
        let (_, place) = self.outlook.mean_and_place(seen);
        if place.abs() >= 32 * SCALE {
            return 0;
        }
        let steps = self.plan.steps(seen.lots);
        -(seen.value * interpolate(&DENSITY, place.abs())).div_euclid(i128::from(steps))
    }
}

/// Between two entries of a table, linearly, rounded down; `place` is in entries times 10^6.
fn interpolate(table: &[i64], place: i128) -> i128 {
    let entry = usize::try_from(place / SCALE).expect("a place in the table");
    let (low, high) = (i128::from(table[entry]), i128::from(table[entry + 1]));
    low + ((high - low) * (place % SCALE)).div_euclid(SCALE)
}

/// The key of a position at a mark; `None` for a flat one.
pub(crate) fn priority(
    (key, plan): (PriorityKey, Plan),
    rules: &MarketRules,
    position: &Position,
    mark: Price,
) -> Option<i128> {
    let seen = Seen::at(rules, position, mark)?;
    Some(match key {
        PriorityKey::TriggerTime => TriggerTime.key(&seen),
        PriorityKey::MarginRatio => MarginRatio.key(&seen),
        PriorityKey::BankruptcyDistance => BankruptcyDistance.key(&seen),
        PriorityKey::Notional => Notional.key(&seen),
        PriorityKey::FillableDistance(fillable) => fillable.key(&seen),
        PriorityKey::ExpectedShortfall(outlook) => ExpectedShortfall(outlook).key(&seen),
        PriorityKey::CMu(outlook) => CMu { outlook, plan }.key(&seen),
    })
}

/// z Φ(z) + φ(z) for z from −4 to 4 in eighths, times 10^9, rounded to the nearest.
const LOSS: [i64; 65] = [
    7_145,
    12_346,
    21_031,
    35_319,
    58_481,
    95_479,
    153_717,
    244_054,
    382_154,
    590_225,
    899_214,
    1_351_505,
    2_004_137,
    2_932_522,
    4_234_588,
    6_035_209,
    8_490_703,
    11_793_098,
    16_173_794,
    21_906_189,
    29_306_794,
    38_734_397,
    50_586_868,
    65_295_314,
    83_315_471,
    105_116_415,
    131_166_918,
    161_920_013,
    197_796_557,
    239_168_756,
    286_344_698,
    339_554_965,
    398_942_280,
    464_554_965,
    536_344_698,
    614_168_756,
    697_796_557,
    786_920_013,
    881_166_918,
    980_116_415,
    1_083_315_471,
    1_190_295_314,
    1_300_586_868,
    1_413_734_397,
    1_529_306_794,
    1_646_906_189,
    1_766_173_794,
    1_886_793_098,
    2_008_490_703,
    2_131_035_209,
    2_254_234_588,
    2_377_932_522,
    2_502_004_137,
    2_626_351_505,
    2_750_899_214,
    2_875_590_225,
    3_000_382_154,
    3_125_244_054,
    3_250_153_717,
    3_375_095_479,
    3_500_058_481,
    3_625_035_319,
    3_750_021_031,
    3_875_012_346,
    4_000_007_145,
];

/// φ(z) for z from 0 to 4 in eighths, times 10^9, rounded to the nearest.
const DENSITY: [i64; 33] = [
    398_942_280,
    395_837_687,
    386_668_117,
    371_855_094,
    352_065_327,
    328_160_969,
    301_137_432,
    272_054_998,
    241_970_725,
    211_876_646,
    182_649_085,
    155_012_265,
    129_517_596,
    106_538_268,
    86_277_319,
    68_786_276,
    53_990_967,
    41_720_985,
    31_739_652,
    23_771_901,
    17_528_300,
    12_724_182,
    9_093_563,
    6_398_120,
    4_431_848,
    3_022_258,
    2_029_048,
    1_341_119,
    872_683,
    559_062,
    352_596,
    218_932,
    133_830,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::Minimal;
    use crate::liquidation::tests::{linear, position, ppm};
    use crate::types::{Ppm, Side};

    /// The key of a long of ten lots that were bought at 100 with a margin of 20: its bankruptcy
    /// price is 98, and it must keep a hundredth.
    fn key(key: PriorityKey, plan: Plan, mark: u32) -> i128 {
        let position = position(Side::Buy, 10, 1_000, 20);
        let mark = Price::new(mark).unwrap();
        priority((key, plan), &linear(100, &[(0, 10_000)]), &position, mark).unwrap()
    }

    #[test]
    fn the_plain_keys_are_what_they_say() {
        for (of, expected) in [
            (PriorityKey::TriggerTime, 0),
            (PriorityKey::MarginRatio, 10 * 1_000_000 / 990),
            (PriorityKey::BankruptcyDistance, 1_000_000 / 99),
            (PriorityKey::Notional, -990),
        ] {
            assert_eq!(key(of, Plan::Full, 99), expected, "{of:?}");
        }
    }

    #[test]
    fn the_furthest_fillable_price_goes_first_then_the_largest() {
        let fillable = |adjustment_ppm, mark| {
            let fillable = Fillable { adjustment_ppm, spread_ppm: 1_500_000 };
            key(PriorityKey::FillableDistance(fillable), Plan::Full, mark)
        };
        // Nothing is lacking at 99; at 98 equity is zero, and the distance 1.5 · 9 / 980.
        assert_eq!(fillable(1_000_000, 99), -990);
        assert_eq!(fillable(1_000_000, 98), -((13_775 << 64) + 980));
        assert_eq!(fillable(500_000, 98), -((6_887 << 64) + 980));
    }

    #[test]
    fn the_expected_loss_is_that_of_a_normal_price() {
        // At 98 the mean is the cost, at 99 it is 10,101 ppm less.
        let loss = |sigma, cost, mark| {
            let outlook = Outlook { sigma: ppm(sigma), cost: ppm(cost) };
            -key(PriorityKey::ExpectedShortfall(outlook), Plan::Full, mark)
        };
        assert_eq!(loss(100, 0, 98), 980 * 100 * 398_942_280);
        assert_eq!(loss(16, 1, 98), 980 * 16 * (398_942_280 + 65_612_685 / 2));
        assert_eq!(loss(100, 399, 98), 980 * 100 * (3_875_012_346 + 124_994_799 * 92 / 100));
        assert_eq!(loss(100, 400, 98), 980 * 400 * 1_000_000_000);
        assert_eq!(loss(100, 401, 98), 980 * 401 * 1_000_000_000);
        assert_eq!(loss(100, 9_701, 99), 990 * 100 * 7_145);
        assert_eq!(loss(100, 9_700, 99), 0);
    }

    #[test]
    fn its_growth_is_shared_by_the_steps_that_it_takes() {
        let growth = |cost, mark, plan| {
            let outlook = Outlook { sigma: ppm(100), cost: ppm(cost) };
            -key(PriorityKey::CMu(outlook), plan, mark)
        };
        let half = Plan::Fraction { part: ppm(500_000), lots_min: 1 };
        assert_eq!(growth(0, 98, Plan::Full), 980 * 398_942_280);
        assert_eq!(growth(0, 98, half), 980 * 398_942_280 / 2);
        assert_eq!(growth(50, 98, Plan::Full), 980 * 352_065_327);
        assert_eq!(growth(10_051, 99, Plan::Full), 990 * 352_065_327);
        assert_eq!((growth(400, 98, Plan::Full), growth(9_701, 99, Plan::Full)), (0, 0));
        let third = Plan::Fraction { part: ppm(333_333), lots_min: 3 };
        let minimal = Minimal { cost: Ppm::ZERO, impact: 0, buffer: Ppm::ZERO };
        assert_eq!([half, third, Plan::Minimal(minimal)].map(|plan| plan.steps(10)), [2, 3, 1]);
        assert_eq!(Plan::Fraction { part: Ppm::ZERO, lots_min: 0 }.steps(10), 10);
    }
}
