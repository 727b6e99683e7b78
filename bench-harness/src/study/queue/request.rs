//! A study as a user asks for it, checked before anything runs.

use serde::Deserialize;

use super::causal::Pairing;
use super::{Plan, Study};
use crate::scenario::Scenario;

/// What a study is asked for; the default is that of the command line.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// Runs of the cascade, each with a seed of its own; at least two.
    pub seeds: u64,
    /// Prices at which probes stand, 0 the best of a side.
    pub levels: Vec<u32>,
    /// Places in each queue in hundredths: 0 the front, 100 the back.
    pub ranks: Vec<u32>,
    /// Time between two rounds of probes.
    pub every_ms: u64,
    /// When a wait is cut.
    pub horizon_s: f64,
    /// A probe is left behind when its side's best price is so many ticks better than it was.
    pub away_ticks: u32,
    /// Multiples of the service time at which fill rates are asked for again.
    pub loads: Vec<u64>,
    /// Sizes of the orders in paired runs.
    pub lots: Vec<u32>,
    /// Instants in each of the calm and the peak phase at which an order is paired.
    pub instants: u32,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            seeds: 24,
            levels: vec![0, 1, 2],
            ranks: vec![0, 25, 50, 75, 100],
            every_ms: 250,
            horizon_s: 10.0,
            away_ticks: 3,
            loads: vec![1, 4, 8, 12],
            lots: vec![1, 100, 1_000],
            instants: 2,
        }
    }
}

/// A number that no study can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct RequestError {
    /// The field of [`Request`].
    pub name: &'static str,
    /// What it is and what was expected.
    pub problem: String,
}

impl RequestError {
    /// The same about an option of the command line: `--horizon-s: …`.
    pub fn of_option(&self) -> String {
        format!("--{}: {}", self.name.replace('_', "-"), self.problem)
    }
}

impl Request {
    /// The study of a scenario, whose seed is the first.
    ///
    /// # Errors
    ///
    /// The first number that is not one for this scenario.
    pub fn study(&self, scenario: Scenario) -> Result<Study, RequestError> {
        self.check(&scenario)?;
        let mut ranks_percent = self.ranks.clone();
        ranks_percent.sort_unstable();
        ranks_percent.dedup();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "above zero and within a run"
        )]
        let horizon_ns = (self.horizon_s * 1e9) as u64;
        let plan = Plan {
            every_ns: self.every_ms * 1_000_000,
            horizon_ns,
            away_ticks: self.away_ticks,
            levels: self.levels.clone(),
            ranks_percent,
            ..Plan::default()
        };
        let pairing = Pairing { lots: self.lots.clone(), instants: self.instants };
        Ok(Study { scenario, seeds: self.seeds, plan, loads: self.loads.clone(), pairing })
    }

    fn check(&self, scenario: &Scenario) -> Result<(), RequestError> {
        let refused = |name, problem| Err(RequestError { name, problem });
        if !(2..=10_000).contains(&self.seeds) {
            return refused("seeds", format!("{}; expected from 2 to 10000", self.seeds));
        }
        if let Some(rank) = self.ranks.iter().find(|rank| **rank > 100) {
            let expected = "expected hundredths from 0 (front) to 100 (back)";
            return refused("ranks", format!("{rank} lies beyond the queue; {expected}"));
        }
        if let Some(level) = self.levels.iter().find(|level| **level > 1_000) {
            return refused("levels", format!("{level}; expected places of prices from 0 to 1000"));
        }
        let run_s = scenario.clock.duration_ms as f64 / 1e3;
        if !(self.horizon_s > 0.0 && self.horizon_s < run_s) {
            let problem = format!(
                "{} lies past the end of the run; expected more than 0 and less than {run_s}",
                self.horizon_s
            );
            return refused("horizon_s", problem);
        }
        for (name, value) in
            [("every_ms", self.every_ms), ("away_ticks", u64::from(self.away_ticks))]
        {
            if value == 0 || value > 1_000_000 {
                return refused(name, format!("{value}; expected from 1 to 1000000"));
            }
        }
        // The first round comes one interval after the warm-up; the last waits out its horizon.
        let first_s = scenario.clock.warmup_ms.saturating_add(self.every_ms) as f64 / 1e3;
        let last_s = run_s - self.horizon_s;
        if first_s >= last_s {
            let problem = format!(
                "{} leaves no instant for a probe with a horizon of {} s: the first round would be \
                 at {first_s} s, and one that is to wait out its horizon must be before {last_s} s",
                self.every_ms, self.horizon_s
            );
            return refused("every_ms", problem);
        }
        if let Some(load) = self.loads.iter().find(|load| **load == 0 || **load > 1_000) {
            return refused("loads", format!("{load}; expected multiples from 1 to 1000"));
        }
        let most = u32::try_from(scenario.market.order_max_lots).unwrap_or(u32::MAX).min(1 << 30);
        if let Some(lots) = self.lots.iter().find(|lots| **lots == 0 || **lots > most) {
            return refused("lots", format!("{lots}; expected from 1 to {most}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    #[test]
    fn what_no_study_can_have_is_refused_by_name() {
        let scenario = scenario::load("large-tick", &[], None).expect("it is embedded");
        let asked = Request::default();
        assert!(asked.study(scenario.clone()).is_ok());
        let wrong = [
            ("seeds", Request { seeds: 1, ..asked.clone() }),
            ("ranks", Request { ranks: vec![101], ..asked.clone() }),
            ("levels", Request { levels: vec![1_001], ..asked.clone() }),
            ("horizon_s", Request { horizon_s: f64::NAN, ..asked.clone() }),
            ("every_ms", Request { every_ms: 0, ..asked.clone() }),
            ("away_ticks", Request { away_ticks: 0, ..asked.clone() }),
            ("loads", Request { loads: vec![0], ..asked.clone() }),
            ("lots", Request { lots: vec![0], ..asked }),
        ];
        for (name, request) in wrong {
            let error = request.study(scenario.clone()).expect_err(name);
            assert_eq!(error.name, name);
            assert!(error.of_option().starts_with("--") && error.to_string().contains("expected"));
        }
    }
}
