//! A summary as named numbers: every number of `summary.json`, by its path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::measure::summary::Summary;

/// Numbers of a summary that are the machine's or the question's, not the answer.
const NOT_MEASURES: [&str; 6] =
    ["seed", "wall_seconds", "loop_cpu_seconds", "money_scale", "horizon_ns", "sim_seconds"];

/// A measure that tables and pages show; files hold all of them.
#[derive(Clone, Copy, Debug)]
pub struct Headline {
    /// Its path in `summary.json`.
    pub path: &'static str,
    /// Its element on a page.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
}

const fn headline(path: &'static str, id: &'static str, title: &'static str) -> Headline {
    Headline { path, id, title }
}

/// The measures that tables and pages show.
pub const HEADLINES: [Headline; 16] = [
    headline("market.amplification", "amplification", "Amplification"),
    headline("market.drawdown_bp", "drawdown", "Fall of the mark (bp)"),
    headline("market.drawdown_ratio", "drawdown-ratio", "Fall over that without liquidations"),
    headline("market.depth_trough_fraction", "depth-trough", "Least depth over calm depth"),
    headline("liquidation.accounts_closed", "closed", "Accounts liquidated"),
    headline("liquidation.forced_qty", "forced", "Forced quantity (lots)"),
    headline("liquidation.fill_rate", "forced-fill-rate", "Forced fill rate"),
    headline(
        "liquidation.slippage_vs_bankruptcy_bp.mean",
        "slippage",
        "Mean slippage against bankruptcy price (bp)",
    ),
    headline("liquidation.deficit", "deficit", "Deficit (money units)"),
    headline("liquidation.insurance_paid", "insurance", "Paid by the fund (money units)"),
    headline("liquidation.adl_notional", "adl", "Deleveraged notional (money units)"),
    headline("liquidation.socialised", "socialised", "Socialised loss (money units)"),
    headline("fill_rate.taker.degradation", "taker-degradation", "Taker fill rate degradation"),
    headline("fill_rate.maker.degradation", "maker-degradation", "Maker fill rate degradation"),
    headline("latency_ns.taker.order_to_ack.p99", "taker-ack", "Taker order to ack, p99 (ns)"),
    headline("latency_ns.forced.order_to_fill.p99", "forced-fill", "Trigger to fill, p99 (ns)"),
];

/// The numbers of one run by path; `None` where the run has no value.
pub type Measures = BTreeMap<String, Option<f64>>;

/// Every measure of a summary.
pub fn of(summary: &Summary) -> Measures {
    let value = serde_json::to_value(summary).expect("a summary is plain data");
    let mut measures = Measures::new();
    collect("", &value, &mut measures);
    measures
}

fn collect(path: &str, value: &Value, measures: &mut Measures) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, field, measures);
            }
        }
        Value::Number(number) if !NOT_MEASURES.contains(&path) => {
            measures.insert(path.to_owned(), number.as_f64());
        }
        Value::Null => {
            measures.insert(path.to_owned(), None);
        }
        _ => {}
    }
}

/// The paths that any of some runs has, in order. A path that is a table in one run and empty in
/// another (a phase that did not happen) counts as its members.
pub fn paths<'a>(runs: impl IntoIterator<Item = &'a Measures>) -> Vec<String> {
    let mut paths = Paths::default();
    runs.into_iter().for_each(|run| paths.see(run));
    paths.finish()
}

/// [`paths`], run by run.
#[derive(Clone, Debug, Default)]
pub struct Paths(BTreeSet<String>);

impl Paths {
    /// One more run.
    pub fn see(&mut self, run: &Measures) {
        for path in run.keys() {
            if !self.0.contains(path) {
                self.0.insert(path.clone());
            }
        }
    }

    /// The paths of all that were seen.
    pub fn finish(self) -> Vec<String> {
        let is_table = |path: &&String| {
            let prefix = format!("{path}.");
            let next = self.0.range::<String, _>(&prefix..).next();
            next.is_some_and(|next| next.starts_with(&prefix))
        };
        self.0.iter().filter(|path| !is_table(path)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_machine_are_no_measures() {
        let measures = of(&Summary { loop_cpu_seconds: 3.0, commands: 7, ..Summary::default() });
        assert_eq!(measures.get("commands"), Some(&Some(7.0)));
        assert_eq!(measures.get("market.amplification"), Some(&None));
        assert!(!measures.contains_key("loop_cpu_seconds") && !measures.contains_key("seed"));
        for Headline { path, .. } in HEADLINES {
            assert!(measures.contains_key(path), "{path} is a measure");
        }
    }

    #[test]
    fn an_empty_phase_is_not_a_measure_of_its_own() {
        let with = Measures::from([("phases.peak.start_ns".to_owned(), Some(1.0))]);
        let without = Measures::from([("phases.peak".to_owned(), None)]);
        assert_eq!(paths([&with, &without]), ["phases.peak.start_ns"]);
    }
}
