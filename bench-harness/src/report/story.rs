//! A run in a few sentences, for the first line of the terminal and the top of the page.

use super::numbers::{self, Currency};
use crate::measure::summary::{FundResult, Phase, Summary};

/// The four phases with their names, in order, where they exist.
pub fn phases(summary: &Summary) -> Vec<(&'static str, Phase)> {
    let phases = &summary.phases;
    [
        ("calm", phases.calm),
        ("onset", phases.onset),
        ("peak", phases.peak),
        ("recovery", phases.recovery),
    ]
    .into_iter()
    .filter_map(|(name, phase)| phase.map(|phase| (name, phase)))
    .collect()
}

/// The settlement currency of a run.
pub fn currency(summary: &Summary) -> Currency<'_> {
    Currency { scale: summary.money_scale, name: &summary.currency }
}

/// The lowest mark of the run, in ticks, and when the cascade began and ended, in nanoseconds.
fn cascade(summary: &Summary) -> Option<(u32, u64, u64)> {
    let after_calm = phases(summary).into_iter().filter(|(name, _)| *name != "calm");
    let lowest = after_calm.map(|(_, phase)| phase.mark_low).min()?;
    let cascade = [summary.phases.onset, summary.phases.peak];
    let start_ns = cascade.iter().flatten().map(|phase| phase.start_ns).min()?;
    let end_ns = cascade.iter().flatten().map(|phase| phase.end_ns).max()?;
    Some((lowest, start_ns, end_ns))
}

/// What happened to the price and to the accounts.
pub fn what_happened(summary: &Summary) -> String {
    let liquidation = &summary.liquidation;
    let fall = summary.market.drawdown_bp / 10_000.0;
    let span = cascade(summary)
        .map(|(low, start_ns, end_ns)| {
            let span = numbers::duration_ns(end_ns.saturating_sub(start_ns));
            let low = numbers::count(u64::from(low));
            format!(" to {low} ticks in a cascade of {span}")
        })
        .unwrap_or_default();
    let price = if summary.market.drawdown_bp > 0.0 {
        format!("The mark fell {}{span}.", numbers::percent(fall))
    } else {
        "The mark did not fall.".to_owned()
    };
    let accounts = if liquidation.accounts_triggered == 0 {
        "No account was liquidated.".to_owned()
    } else {
        format!(
            "{} of {} leveraged accounts were liquidated ({}).",
            numbers::count(liquidation.accounts_triggered),
            numbers::count(summary.leveraged_accounts),
            numbers::percent(triggered_share(summary).unwrap_or(0.0)),
        )
    };
    format!("{price} {accounts}")
}

/// Who paid what the liquidated margins did not cover.
pub fn who_paid(summary: &Summary) -> String {
    let liquidation = &summary.liquidation;
    let money = currency(summary);
    let mut payers = Vec::new();
    if liquidation.insurance_paid > 0 {
        payers.push(insurance(summary));
    }
    if liquidation.adl_notional > 0 {
        payers.push(format!(
            "{} profitable accounts had {} closed by auto-deleveraging",
            numbers::count(liquidation.adl_accounts),
            money.compact(liquidation.adl_notional)
        ));
    }
    if liquidation.socialised > 0 {
        payers
            .push(format!("everybody shared a loss of {}", money.compact(liquidation.socialised)));
    }
    match payers.as_slice() {
        [] if liquidation.accounts_triggered == 0 => "There was no shortfall to pay.".to_owned(),
        [] => "Margins covered every loss: nobody else paid.".to_owned(),
        [one] => sentence(one),
        [first @ .., last] => sentence(&format!("{}, and {last}", first.join(", "))),
    }
}

/// What the insurance fund paid, or each of several.
fn insurance(summary: &Summary) -> String {
    let money = currency(summary);
    let paid = money.compact(summary.liquidation.insurance_paid);
    let each = |(name, fund): (&str, &FundResult)| format!("{name} {}", money.compact(fund.paid));
    let own: Vec<String> = funds(summary).into_iter().map(each).collect();
    if own.is_empty() {
        return format!("the insurance fund paid {paid}");
    }
    format!("the insurance funds paid {paid} ({})", own.join(", "))
}

/// Several insurance funds with their names, in the order of their numbers.
pub(super) fn funds(summary: &Summary) -> Vec<(&str, &FundResult)> {
    let mut funds: Vec<(&str, &FundResult)> =
        summary.funds.iter().map(|(name, fund)| (name.as_str(), fund)).collect();
    funds.sort_unstable_by_key(|(_, fund)| fund.number);
    funds
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// The share of the leveraged accounts that was triggered.
pub fn triggered_share(summary: &Summary) -> Option<f64> {
    let triggered = summary.liquidation.accounts_triggered;
    (summary.leveraged_accounts > 0).then(|| triggered as f64 / summary.leveraged_accounts as f64)
}

/// Exact words for the result of the conservation check.
pub fn conservation(summary: &Summary) -> String {
    if summary.conservation_error == 0 {
        "money conserved to the last unit".to_owned()
    } else {
        format!("MONEY NOT CONSERVED: off by {} units, a bug", summary.conservation_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_cascade_names_its_payers() {
        let summary = fixture::summary();
        let paid = who_paid(&summary);
        assert!(paid.starts_with("The insurance fund paid "), "{paid}");
        assert!(paid.contains("auto-deleveraging"), "{paid}");
        assert!(what_happened(&summary).contains("of 12,000 leveraged accounts"));
    }

    #[test]
    fn an_empty_run_has_a_story_too() {
        let summary = Summary::default();
        assert_eq!(what_happened(&summary), "The mark did not fall. No account was liquidated.");
        assert_eq!(who_paid(&summary), "There was no shortfall to pay.");
    }
}
