//! Which numbers of `summary.json` are which of the project's measures M1 to M24; what they mean is
//! in `docs/MEASURES.md`, and a test holds the two against each other.

/// Paths by number, from M1. `*` stands for any name, and a path for all that is below it.
pub const MEASURES: [&[&str]; 24] = [
    &["liquidation.slippage_vs_bankruptcy_bp"],
    &["liquidation.slippage_vs_trigger_mark_bp", "liquidation.slippage_vs_liquidation_price_bp"],
    &["liquidation.beyond_bankruptcy"],
    &["liquidation.fill_rate", "liquidation.filled_fraction", "fill_rate"],
    &[
        "liquidation.time_to_first_fill_ns",
        "liquidation.time_to_compliant_ns",
        "liquidation.time_to_flat_ns",
    ],
    &[
        "liquidation.over_liquidated_lots",
        "liquidation.over_liquidated_fraction",
        "liquidation.under_liquidated_lots",
    ],
    &["liquidation.slippage_at_risk"],
    &["liquidation.deficit", "liquidation.socialised", "liquidation.bankrupt_accounts"],
    &["solvency.fund_drawdown", "solvency.fund_drawdown_ratio", "solvency.fund_exhausted_after_ns"],
    &[
        "solvency.backstop_position_max_lots",
        "solvency.backstop_capacity_use",
        "populations.fund.profit",
        "funds",
    ],
    &[
        "liquidation.adl_notional",
        "liquidation.adl_accounts",
        "solvency.adl_share",
        "solvency.adl_episodes",
    ],
    &["liquidation.adl"],
    &["conservation_error", "populations.*.profit"],
    &["market.amplification", "market.branching", "market.drawdown_bp", "market.drawdown_ratio"],
    &[
        "market.depth_trough_fraction",
        "market.depth_trough_fraction_10bp",
        "market.depth_trough_fraction_100bp",
        "market.depth_half_recovery_ns",
        "market.depth_half_recovery_10bp_ns",
        "market.depth_half_recovery_100bp_ns",
    ],
    &["market.spread_max_ticks", "market.spread_half_recovery_ns"],
    &[
        "market.mark_index_divergence_bp",
        "market.mark_mid_divergence_bp",
        "market.mark_last_divergence_bp",
    ],
    &["markets.*.correlation_calm", "markets.*.correlation_cascade", "markets.*.correlation_jump"],
    &["liquidation.queue.wait_ns", "liquidation.queue.overtaking", "liquidation.queue.own"],
    &["liquidation.queue.littles_law_residual_ns"],
    &["latency_ns"],
    &["liquidation.queue.closed_per_second_max", "liquidation.queue.backlog_max"],
    &["maker_quotes"],
    &["events_hash", "state_hash"],
];

/// The number of the measure that a path of `summary.json` belongs to; the first that names it.
pub fn number_of(path: &str) -> Option<u32> {
    let named = |paths: &&[&str]| paths.iter().any(|pattern| covers(pattern, path));
    (1..).zip(MEASURES).find(|(_, paths)| named(paths)).map(|(number, _)| number)
}

/// Whether a pattern names a path, or something that it is below.
pub fn covers(pattern: &str, path: &str) -> bool {
    let mut names = path.split('.');
    pattern.split('.').all(|part| names.next().is_some_and(|name| part == "*" || part == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_measure_that_names_it() {
        for (path, number) in [
            ("liquidation.slippage_vs_bankruptcy_bp.p99", Some(1)),
            ("liquidation.fill_rate", Some(4)),
            ("fill_rate.taker.calm", Some(4)),
            ("populations.fund.profit", Some(10)),
            ("populations.second/makers.profit", Some(13)),
            ("populations.makers.accounts", None),
            ("liquidation.adl_notional", Some(11)),
            ("liquidation.adl.given", Some(12)),
            ("markets.second.correlation_jump", Some(18)),
            ("events_hash", Some(24)),
            ("events", None),
        ] {
            assert_eq!(number_of(path), number, "{path}");
        }
    }
}
