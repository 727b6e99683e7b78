//! `seawall risk`: execution risk of a position, and its size.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::Serialize;

use super::{CliError, Output, output};
use crate::report::charts::DataTable;
use crate::report::{Manifest, numbers, terminal};
use crate::scenario::{self, Defence, Scenario};
use crate::study::parallel;
use crate::study::risk::{Cell, CellRisk, GAP, Position, surface};

/// How likely a position is closed beyond its bankruptcy price, and how large it may be
///
/// Puts watched positions into a cascade and looks how they end, over seeds: by severity, depth and
/// latency; with a closed form beside it; for other leverages and sizes under a bound on the
/// probability; and with a stop or staged deleveraging.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall risk
  seawall risk --leverage 40 --lots 2000 --severity 0.5,1,2 --depth 1,0.3 --latency 1,10
  seawall risk oracle-freeze --side short --seeds 30 --json
  seawall risk hedged --leverage 30                     with a further market: also what a hedge changes
  seawall risk --venue bybit --account cross            the same on another venue, as a cross account
  seawall risk --bound 0.05 --set liquidation.plan=fraction")]
pub(super) struct RiskArgs {
    /// An embedded scenario's name or a TOML file.
    #[arg(default_value = scenario::DEFAULT_NAME)]
    scenario: String,
    /// Size of the position, in lots.
    #[arg(long, value_name = "N", default_value_t = 500)]
    lots: u64,
    /// Leverage of the position.
    #[arg(long, value_name = "X", default_value_t = 20.0)]
    leverage: f64,
    /// Its side.
    #[arg(long, value_enum, default_value = "long")]
    side: PositionSide,
    /// Whether its account is isolated or cross.
    #[arg(long, value_enum, default_value = "isolated")]
    account: AccountKind,
    /// Under a venue's rules (see `seawall list venues`, or a file of that form).
    #[arg(long, value_name = "NAME")]
    venue: Option<String>,
    /// Multiples of the metaorder and of the fall of the index.
    #[arg(long, value_name = "X,…", value_delimiter = ',', default_value = "0.5,1")]
    severity: Vec<f64>,
    /// Multiples of the makers' depth.
    #[arg(long, value_name = "X,…", value_delimiter = ',', default_value = "1,0.3")]
    depth: Vec<f64>,
    /// Multiples of the engine's service times.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1")]
    latency: Vec<u64>,
    /// Bound on the probability of a close beyond bankruptcy, for the sizing.
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    bound: f64,
    /// Seeds, from 1.
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(2..=10_000))]
    seeds: u64,
    /// Change one number or name of the scenario; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PositionSide {
    Long,
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AccountKind {
    Isolated,
    Cross,
}

/// Leverages and multiples of the size that the sizing tries, besides the position's own.
const LEVERAGES: [f64; 6] = [2.0, 3.0, 5.0, 10.0, 20.0, 40.0];
const SIZES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

#[derive(Debug, Serialize)]
struct Answer {
    manifest: Manifest,
    scenario: String,
    venue: String,
    config_hash: String,
    bound: f64,
    surface: Vec<CellRisk>,
    gap: &'static str,
    by_leverage: Vec<CellRisk>,
    by_size: Vec<CellRisk>,
    defended: Vec<CellRisk>,
    /// Largest leverage tried whose interval stays below the bound, at the position's size.
    leverage_max: Option<f64>,
    /// Largest size tried whose interval stays below the bound, at the position's leverage.
    lots_max: Option<u64>,
}

/// Runs the surface, the sizing and the defences.
pub(super) fn run(args: &RiskArgs) -> Result<(), CliError> {
    let sets = args.sets.iter().cloned().chain([
        format!("probe.lots={}", args.lots),
        format!("probe.leverage={:?}", args.leverage),
    ]);
    let sets: Vec<String> = sets.collect();
    let base = scenario::load_under(&args.scenario, args.venue.as_deref(), &sets, Some(1))?;
    check(args)?;
    let own = Position {
        lots: args.lots,
        leverage: args.leverage,
        long: args.side == PositionSide::Long,
        cross: args.account == AccountKind::Cross,
        defence: Defence::None,
    };
    let plan = plan(args, &base, own);
    let mut results = simulate(args, &base, &plan.concat())?.into_iter();
    let [surface, by_leverage, by_size, defended] =
        plan.map(|part| results.by_ref().take(part.len()).collect::<Vec<CellRisk>>());
    let below = |risk: &&CellRisk| {
        let mean = risk.beyond_bankruptcy;
        mean.and_then(|mean| mean.high).is_some_and(|high| high <= args.bound)
    };
    let leverage_max = by_leverage.iter().take_while(below).last().map(|r| r.position.leverage);
    let lots_max = by_size.iter().take_while(below).last().map(|r| r.position.lots);
    let answer = Answer {
        manifest: Manifest::of_this_process(),
        scenario: base.name.clone(),
        venue: base.venue.clone(),
        config_hash: base.config_hash(),
        bound: args.bound,
        surface,
        gap: GAP,
        by_leverage,
        by_size,
        defended,
        leverage_max,
        lots_max,
    };
    Ok(args.output.result(&answer, || text(&answer))?)
}

fn check(args: &RiskArgs) -> Result<(), CliError> {
    let usage = |message: &str| Err(CliError::Usage(message.to_owned()));
    if !(0.0..=1.0).contains(&args.bound) {
        return usage("--bound: expected a probability from 0 to 1");
    }
    let factors = args.severity.iter().chain(&args.depth);
    if factors.clone().any(|factor| !(0.0..=100.0).contains(factor)) {
        return usage("--severity, --depth: expected multiples from 0 to 100");
    }
    if args.latency.iter().any(|latency| !(1..=1_000).contains(latency)) {
        return usage("--latency: expected multiples from 1 to 1000");
    }
    Ok(())
}

type Part = Vec<(Cell, Position)>;

/// Surface, leverages, sizes, defences.
fn plan(args: &RiskArgs, base: &Scenario, own: Position) -> [Part; 4] {
    let mut surface = Part::new();
    for severity in &args.severity {
        for depth in &args.depth {
            for latency in &args.latency {
                let cell = Cell { severity: *severity, depth: *depth, latency: *latency };
                surface.push((cell, own));
            }
        }
    }
    let most = base.market.tiers.first().map_or(1.0, |tier| 1e6 / tier.initial_ppm as f64);
    let mut leverages: Vec<f64> = LEVERAGES.into_iter().chain([own.leverage]).collect();
    leverages.retain(|leverage| *leverage <= most);
    leverages.sort_unstable_by(f64::total_cmp);
    leverages.dedup();
    let by_leverage =
        leverages.into_iter().map(|leverage| (Cell::BASE, Position { leverage, ..own })).collect();
    let lots = |factor: f64| {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "lots of one order times a small factor"
        )]
        let lots = (own.lots as f64 * factor).round() as u64;
        lots.clamp(1, base.market.order_max_lots)
    };
    let by_size =
        SIZES.into_iter().map(|f| (Cell::BASE, Position { lots: lots(f), ..own })).collect();
    let mut defences = vec![Defence::None, Defence::Stop, Defence::Deleverage];
    if !base.markets.is_empty() {
        defences.push(Defence::Hedge);
    }
    let defended = |defence| (Cell::BASE, Position { defence, ..own });
    let defended = defences.into_iter().map(defended).collect();
    [surface, by_leverage, by_size, defended]
}

fn simulate(
    args: &RiskArgs,
    base: &Scenario,
    cells: &[(Cell, Position)],
) -> Result<Vec<CellRisk>, CliError> {
    let seeds: Vec<u64> = (1..=args.seeds).collect();
    let is_shown = !args.output.quiet && std::io::stderr().is_terminal();
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let runs = (cells.len() * seeds.len()) as u64;
    let bar = ProgressBar::with_draw_target(Some(runs), target);
    let risks = surface(base, cells, &seeds, parallel::cores(), &|| bar.inc(1));
    bar.finish_and_clear();
    Ok(risks?)
}

fn text(answer: &Answer) -> String {
    let style = output::style();
    let position = answer.surface.first().map(|risk| risk.position);
    let mut text = position.map_or(String::new(), |position| {
        let side = if position.long { "long" } else { "short" };
        let account = if position.cross { "cross" } else { "isolated" };
        format!(
            "{} on venue {}: {side} {} lots at {}-fold leverage, {account} account, by severity, \
             depth and latency\n",
            answer.scenario, answer.venue, position.lots, position.leverage
        )
    });
    let cell = |risk: &CellRisk| {
        let Cell { severity, depth, latency } = risk.cell;
        format!("severity {severity}, depth {depth}, latency {latency}")
    };
    let leverage = |risk: &CellRisk| format!("leverage {}", risk.position.leverage);
    let size = |risk: &CellRisk| format!("{} lots", risk.position.lots);
    let defence = |risk: &CellRisk| match risk.position.defence {
        Defence::None => "undefended".to_owned(),
        Defence::Stop => "a stop at the venue".to_owned(),
        Defence::Deleverage => "staged deleveraging".to_owned(),
        Defence::Hedge => "a hedge in the next market".to_owned(),
    };
    for part in [
        table("", &answer.surface, &cell),
        table("by leverage", &answer.by_leverage, &leverage),
        table("by size", &answer.by_size, &size),
        table("defended", &answer.defended, &defence),
    ] {
        text = format!("{text}\n{}\n", terminal::drawn(&part, style));
    }
    let bound = numbers::percent(answer.bound);
    let leverage = answer.leverage_max.map_or("none tried".to_owned(), |x| format!("{x}-fold"));
    let lots = answer.lots_max.map_or("none tried".to_owned(), |lots| format!("{lots} lots"));
    format!(
        "{text}\nBelow {bound} with 95 % confidence: leverage {leverage}, size {lots}.\n\
         Closed form: {}.\n",
        answer.gap
    )
}

fn table(name: &str, risks: &[CellRisk], label: &dyn Fn(&CellRisk) -> String) -> DataTable {
    let mut table = DataTable::new(&[
        name,
        "liquidated",
        "beyond bankruptcy",
        "95 % interval",
        "ES 95 (bp)",
        "given liquidated",
        "closed form",
    ]);
    for risk in risks {
        let mean = risk.beyond_bankruptcy;
        let ends = mean.and_then(|mean| Some((mean.low?, mean.high?)));
        table.rows.push(vec![
            label(risk),
            numbers::percent_or_none(risk.liquidated.map(|mean| mean.mean)),
            numbers::percent_or_none(mean.map(|mean| mean.mean)),
            ends.map_or(numbers::NONE.to_owned(), |(low, high)| {
                format!("{} to {}", numbers::percent(low), numbers::percent(high))
            }),
            risk.es95_bp.map_or(numbers::NONE.to_owned(), |loss| numbers::decimal(loss, 1)),
            numbers::percent_or_none(risk.beyond_given_liquidated),
            numbers::percent(risk.closed_form.probability),
        ]);
    }
    table
}
