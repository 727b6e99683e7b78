//! `seawall adl`: what each policy of auto-deleveraging makes of one deficit.

use clap::Args;
use seawall_engine::liquidation::AdlPrice;
use serde::Serialize;

use super::{CliError, Output, output};
use crate::report::charts::DataTable;
use crate::report::{Manifest, numbers, terminal};
use crate::study::bootstrap::Mean;
use crate::study::deleveraging::{self, Comparison, Outcome, OverSeeds};
use crate::study::parallel;

/// Compares the policies of auto-deleveraging on one deficit
///
/// One long is bankrupt beyond what the fund has; every policy closes it against the same winners
/// in the real engine. Overshoot is what winners give up at the mark less what is missing; fairness
/// regret is the largest share of equity that anybody gives, above the smallest possible one, times
/// what is missing (Chitra, arXiv:2512.01112).
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall adl
  seawall adl --winners 5000 --seed 7 --seeds 1 --json
  seawall list adl                             what the policies are")]
pub(super) struct AdlArgs {
    /// Positions on the other side.
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=20_000))]
    winners: u32,
    /// Seed of their sizes, entries and margins.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Deficits, of so many seeds from that one, each the same for all policies.
    #[arg(long, value_name = "N", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Serialize)]
struct Result<'a> {
    manifest: Manifest,
    #[serde(flatten)]
    comparison: &'a Comparison,
    seeds: u64,
    over_seeds: &'a [OverSeeds],
}

/// Compares and prints.
pub(super) fn run(args: &AdlArgs) -> std::result::Result<(), CliError> {
    let seeds = usize::try_from(args.seeds).expect("few seeds");
    let all = parallel::map(parallel::cores(), seeds, |number| {
        deleveraging::compare(args.winners, args.seed.wrapping_add(number as u64))
    });
    let over_seeds = deleveraging::over_seeds(&all);
    let (comparison, manifest) = (&all[0], Manifest::of_this_process());
    let result = Result { manifest, comparison, seeds: args.seeds, over_seeds: &over_seeds };
    Ok(args.output.result(&result, || {
        let first = text(comparison);
        if seeds == 1 { first } else { format!("{first}\n{}", text_over(&over_seeds, seeds)) }
    })?)
}

/// The policies over all seeds.
fn text_over(policies: &[OverSeeds], seeds: usize) -> String {
    let mut table = DataTable::new(&["policy", "hit", "overshoot", "worst share", "regret"]);
    let cell = |mean: &Mean, shown: fn(f64) -> String| {
        let ends = mean.low.zip(mean.high);
        let ends = ends.map_or(String::new(), |(l, h)| format!(" [{}, {}]", shown(l), shown(h)));
        format!("{}{ends}", shown(mean.mean))
    };
    let whole = |value: f64| numbers::decimal(value, 0);
    let percent = |value: f64| numbers::percent(value);
    for one in policies {
        table.rows.push(vec![
            name_of(one.policy, one.price),
            cell(&one.accounts_hit, whole),
            cell(&one.overshoot_usd, whole),
            cell(&one.share_max, percent),
            cell(&one.fairness_regret_usd, whole),
        ]);
    }
    let drawn = terminal::drawn(&table, output::style());
    format!(
        "Over {seeds} deficits, each the same for every policy: means and 95 % bootstrap intervals\n\n\
         {drawn}\n"
    )
}

fn name_of(policy: &str, price: &str) -> String {
    let at_bankruptcy = price == AdlPrice::Bankruptcy.name();
    if at_bankruptcy { policy.to_owned() } else { format!("{policy} at {price}") }
}

fn text(comparison: &Comparison) -> String {
    let Comparison { winners, bankrupt_lots, missing_usd, outcomes, .. } = comparison;
    let title = format!(
        "{} lots long are bankrupt and lack {} USD; {} positions gain on the other side",
        numbers::count(*bankrupt_lots),
        numbers::decimal(*missing_usd, 2),
        numbers::count(u64::from(*winners)),
    );
    let mut table = DataTable::new(&[
        "policy",
        "hit",
        "unmatched",
        "overshoot",
        "worst share",
        "regret",
        "leverage left",
    ]);
    table.rows.extend(outcomes.iter().map(cells));
    let drawn = terminal::drawn(&table, output::style());
    format!(
        "{title}\n\n{drawn}\n\nAt the bankruptcy price where nothing else is said. Overshoot and regret \
         are in USD; unmatched lots go to the fund.\n"
    )
}

fn cells(outcome: &Outcome) -> Vec<String> {
    let Outcome { policy, price, .. } = outcome;
    vec![
        name_of(policy, price),
        numbers::count(outcome.accounts_hit),
        numbers::count(outcome.unmatched_lots),
        numbers::decimal(outcome.overshoot_usd, 0),
        numbers::percent(outcome.share_max),
        numbers::decimal(outcome.fairness_regret_usd, 0),
        numbers::decimal(outcome.leverage_max, 1),
    ]
}
