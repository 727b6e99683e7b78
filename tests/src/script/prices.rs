//! How a market's mark, funding and open interest are written and read.

use std::fmt::Write as _;

use seawall_engine::risk::{
    Fair, FundingRules, MarkInput, MarkInputs, MarkRule, MarkRules, OpenInterestRules, PriceRules,
    Smoothing,
};
use seawall_engine::types::Money;

use super::read::Words;

/// Names of the lines below a market.
pub(super) const LINES: [&str; 3] = ["marks", "funding", "open-interest"];

fn input_name(input: MarkInput) -> &'static str {
    match input {
        MarkInput::Given => "given",
        MarkInput::Index => "index",
        MarkInput::Last => "last",
        MarkInput::Mid => "mid",
        MarkInput::BookMedian => "book-median",
        MarkInput::DecayingBasis => "decaying-basis",
        MarkInput::SmoothedBasis => "smoothed-basis",
    }
}

fn fair_name(fair: Fair) -> &'static str {
    match fair {
        Fair::Last => "last",
        Fair::Mid => "mid",
        Fair::BookMedian => "book-median",
        Fair::Mark => "mark",
    }
}

/// Writes what differs from the default.
pub(super) fn write(text: &mut String, rules: &PriceRules) {
    let default = PriceRules::default();
    if rules.mark != default.mark {
        let MarkRules { rule, fair, smoothing, stale_ns } = rules.mark;
        let rule = match rule {
            MarkRule::One(input) => input_name(input).to_owned(),
            MarkRule::Median(inputs) => {
                let names: Vec<&str> = inputs.iter().map(input_name).collect();
                format!("median {}", names.join(","))
            }
            MarkRule::Oracle { interval_ns, lag_ns } => format!("oracle {interval_ns} {lag_ns}"),
        };
        let smoothing = match smoothing {
            Smoothing::Average { tau_ns } => format!("average {tau_ns}"),
            Smoothing::Weighted { tau_ns } => format!("weighted {tau_ns}"),
            Smoothing::Mean { points } => format!("mean {points}"),
        };
        let fair = fair_name(fair);
        writeln!(text, "  marks {rule} of {fair} {smoothing} stale {stale_ns}")
            .expect("it is a string");
    }
    if let Some(funding) = rules.funding {
        let FundingRules { interval_ns, fair, interest_ppb, clamp_ppb, .. } = funding;
        let FundingRules { cap_ppb, divisor, on_index, later, .. } = funding;
        let on = if on_index { "index" } else { "mark" };
        let when = if later { "later" } else { "now" };
        let fair = fair_name(fair);
        writeln!(
            text,
            "  funding every {interval_ns} of {fair} interest {interest_ppb} clamp {clamp_ppb} \
             cap {cap_ppb} over {divisor} on {on} {when}"
        )
        .expect("it is a string");
    }
    if rules.open_interest != default.open_interest {
        let OpenInterestRules { lots_max, scale_from, scale_to } = rules.open_interest;
        writeln!(text, "  open-interest lots {lots_max} scale {scale_from} {scale_to}")
            .expect("it is a string");
    }
}

/// Reads one of the [`LINES`], its name already taken.
pub(super) fn read(
    name: &str,
    rules: &mut PriceRules,
    words: &mut Words<'_>,
) -> Result<(), String> {
    match name {
        "marks" => rules.mark = mark(words)?,
        "funding" => rules.funding = Some(funding(words)?),
        _ => {
            words.literal("lots")?;
            rules.open_interest.lots_max = words.number("a number of lots")?;
            words.literal("scale")?;
            rules.open_interest.scale_from = Money::new(words.number("money units")?);
            rules.open_interest.scale_to = Money::new(words.number("money units")?);
        }
    }
    Ok(())
}

fn mark(words: &mut Words<'_>) -> Result<MarkRules, String> {
    let rule = match words.word("a mark rule")? {
        "median" => {
            let names = words.word("prices with commas")?;
            let inputs: Result<Vec<MarkInput>, String> = names.split(',').map(input).collect();
            MarkRule::Median(MarkInputs::new(&inputs?).ok_or("a median of nothing")?)
        }
        "oracle" => MarkRule::Oracle {
            interval_ns: words.number("nanoseconds")?,
            lag_ns: words.number("nanoseconds")?,
        },
        name => MarkRule::One(input(name)?),
    };
    words.literal("of")?;
    let fair = fair(words)?;
    let smoothing = match words.word("average, weighted or mean")? {
        "average" => Smoothing::Average { tau_ns: words.number("nanoseconds")? },
        "weighted" => Smoothing::Weighted { tau_ns: words.number("nanoseconds")? },
        "mean" => Smoothing::Mean { points: words.number("a number of samples")? },
        word => return Err(format!("{word:?}, expected average, weighted or mean")),
    };
    words.literal("stale")?;
    Ok(MarkRules { rule, fair, smoothing, stale_ns: words.number("nanoseconds")? })
}

fn input(name: &str) -> Result<MarkInput, String> {
    let found = MarkInput::ALL.into_iter().find(|input| input_name(*input) == name);
    found.ok_or_else(|| format!("{name:?}, expected a price such as mid"))
}

fn fair(words: &mut Words<'_>) -> Result<Fair, String> {
    let word = words.word("last, mid, book-median or mark")?;
    let all = [Fair::Last, Fair::Mid, Fair::BookMedian, Fair::Mark];
    let found = all.into_iter().find(|fair| fair_name(*fair) == word);
    found.ok_or_else(|| format!("{word:?}, expected last, mid, book-median or mark"))
}

fn funding(words: &mut Words<'_>) -> Result<FundingRules, String> {
    words.literal("every")?;
    let interval_ns = words.number("nanoseconds")?;
    words.literal("of")?;
    let fair = fair(words)?;
    words.literal("interest")?;
    let interest_ppb = words.number("parts per billion")?;
    words.literal("clamp")?;
    let clamp_ppb = words.number("parts per billion")?;
    words.literal("cap")?;
    let cap_ppb = words.number("parts per billion")?;
    words.literal("over")?;
    let divisor = words.number("a divisor")?;
    words.literal("on")?;
    let on_index = words.word("mark or index")? == "index";
    let later = words.word("now or later")? == "later";
    Ok(FundingRules {
        interval_ns,
        fair,
        interest_ppb,
        clamp_ppb,
        cap_ppb,
        divisor,
        on_index,
        later,
    })
}
