//! Random rules of a market's mark, funding and open interest. Times are short: inputs are
//! nanoseconds apart.

use seawall_engine::risk::{
    Basket, BasketPart, Fair, FundingRules, MarkInput, MarkInputs, MarkRule, MarkRules, MarketSpec,
    OpenInterestRules, PriceRules, Smoothing,
};
use seawall_engine::types::{Money, SymbolId};

use super::dice::Dice;

/// Mostly the defaults.
pub(super) fn rules(dice: &mut Dice) -> PriceRules {
    if dice.percent(55) {
        return PriceRules::default();
    }
    let mark = if dice.percent(70) { mark(dice) } else { MarkRules::default() };
    let funding = dice.percent(65).then(|| funding(dice));
    let mut open_interest = OpenInterestRules::default();
    if dice.percent(30) {
        open_interest.lots_max = dice.pick(&[20, 100]);
    }
    if dice.percent(15) {
        let from = i64::from(dice.pick(&[0_u32, 1_000]));
        open_interest.scale_from = Money::new(from);
        open_interest.scale_to = Money::new(from + i64::from(dice.pick(&[1_u32, 900_000])));
    }
    PriceRules { mark, funding, open_interest }
}

/// Sometimes a symbol whose index is about where its own price is, made of the others.
pub(super) fn baskets(dice: &mut Dice, markets: &[MarketSpec]) -> Vec<Basket> {
    if markets.len() < 2 || dice.percent(50) {
        return Vec::new();
    }
    let own = dice.index(markets.len());
    let symbol = |n| SymbolId(u16::try_from(n).expect("few markets"));
    let others: Vec<usize> = (0..markets.len()).filter(|n| *n != own).collect();
    let ticks = |n: usize| u64::from(markets[n].reference.ticks());
    let part = |n: &usize| {
        let fair = ticks(own) * 1_000_000 / (ticks(*n) * others.len() as u64);
        BasketPart { symbol: symbol(*n), weight_ppm: fair.max(1) }
    };
    vec![Basket { symbol: symbol(own), parts: others.iter().map(part).collect() }]
}

fn funding(dice: &mut Dice) -> FundingRules {
    let cap_ppb = dice.pick(&[1_000_000, 20_000_000, 100_000_000, 400_000_000]);
    FundingRules {
        interval_ns: dice.pick(&[30, 100, 400, 3_000]),
        fair: dice.pick(&[Fair::Last, Fair::Mid, Fair::BookMedian, Fair::Mark, Fair::Mark]),
        interest_ppb: dice.pick(&[0, 100_000, 1_000_000, -700_000]),
        clamp_ppb: dice.pick(&[0, 500_000, 500_000_000]),
        cap_ppb,
        divisor: dice.pick(&[1, 1, 3, 8]),
        on_index: dice.percent(30),
        later: dice.percent(30),
    }
}

fn mark(dice: &mut Dice) -> MarkRules {
    let rule = match dice.range(1, 10) {
        1..=4 => MarkRule::One(dice.pick(&MarkInput::ALL)),
        5 | 6 => MarkRule::Oracle {
            interval_ns: dice.pick(&[1, 20, 300]),
            lag_ns: dice.pick(&[0, 15, 60]),
        },
        _ => {
            let inputs: Vec<MarkInput> =
                MarkInput::ALL.into_iter().filter(|_| dice.percent(45)).collect();
            MarkInputs::new(&inputs).map_or(MarkRule::One(MarkInput::Mid), MarkRule::Median)
        }
    };
    // A lag of 64 windows is one too many.
    let rule = match rule {
        MarkRule::Oracle { interval_ns: 1, .. } => MarkRule::Oracle { interval_ns: 1, lag_ns: 60 },
        rule => rule,
    };
    let tau_ns = dice.pick(&[1, 40, 500, 20_000]);
    MarkRules {
        rule,
        fair: dice.pick(&[Fair::Last, Fair::Mid, Fair::BookMedian]),
        smoothing: match dice.range(1, 3) {
            1 => Smoothing::Average { tau_ns },
            2 => Smoothing::Weighted { tau_ns },
            _ => Smoothing::Mean { points: dice.pick(&[1, 3, 64]) },
        },
        stale_ns: dice.pick(&[0, 0, 0, 30, 500]),
    }
}
