//! One cascade, recorded once and looked at as often as needed.

use seawall_engine::types::{Price, Sequenced, Side};

use super::observation::EVE;
use crate::agents::study::StudyOrder;
use crate::measure::summary::{Phase, Summary};
use crate::scenario::Scenario;
use crate::simulation::{self, RunOptions, SimulationError};

/// The inputs of a run and its numbers. The engine is a function of its inputs, so a replay with
/// probes is the run with probes.
#[derive(Clone, Debug)]
pub struct RecordedRun {
    /// The scenario.
    pub scenario: Scenario,
    /// What the shard took.
    pub inputs: Vec<Sequenced>,
    /// What the run measured.
    pub summary: Summary,
}

impl RecordedRun {
    /// Runs a scenario with study orders, or with none.
    pub fn record(scenario: &Scenario, study: &[StudyOrder]) -> Result<Self, SimulationError> {
        let mut inputs = Vec::new();
        let mut options = RunOptions {
            commands: Some(&mut inputs),
            study,
            paired: false,
            ..RunOptions::default()
        };
        let summary = simulation::run(scenario, &mut options)?.summary;
        Ok(Self { scenario: scenario.clone(), inputs, summary })
    }

    /// The phase of a choice at a time, whose answer takes `reach_ns`: 0 calm, 1 onset, 2 peak, 3
    /// recovery; 4 the eve, calm at the choice but not at the answer.
    pub fn phase(&self, time_ns: u64, reach_ns: u64) -> u32 {
        let phases = &self.summary.phases;
        let holds = |phase: &Option<Phase>| {
            phase.is_some_and(|phase| (phase.start_ns..phase.end_ns).contains(&time_ns))
        };
        let all = [&phases.calm, &phases.onset, &phases.peak];
        let number = all.iter().zip(0..).find(|(phase, _)| holds(phase)).map_or(3, |(_, n)| n);
        let is_eve = number == 0 && !self.calm_holds(time_ns + reach_ns);
        if is_eve { EVE } else { number }
    }

    /// Whether a time is before the end of the calm.
    pub fn calm_holds(&self, time_ns: u64) -> bool {
        self.summary.phases.calm.is_some_and(|calm| time_ns < calm.end_ns)
    }

    /// When the peak ends, if there is one.
    pub fn peak_end_ns(&self) -> Option<u64> {
        self.summary.phases.peak.map(|phase| phase.end_ns)
    }
}

/// The mid price over time.
#[derive(Clone, Debug, Default)]
pub struct Mids(Vec<(u64, f64)>);

impl Mids {
    /// The best prices after an input; a side that is missing leaves the mid as it was.
    pub fn note(&mut self, time_ns: u64, bid: Option<Price>, ask: Option<Price>) {
        let Some((bid, ask)) = bid.zip(ask) else { return };
        let mid = f64::midpoint(f64::from(bid.ticks()), f64::from(ask.ticks()));
        #[allow(clippy::float_cmp, reason = "halves of whole numbers are exact")]
        if self.0.last().is_none_or(|(_, last)| *last != mid) {
            self.0.push((time_ns, mid));
        }
    }

    /// The mid at a time, if there was one.
    pub fn at(&self, time_ns: u64) -> Option<f64> {
        let after = self.0.partition_point(|(at, _)| *at <= time_ns);
        after.checked_sub(1).map(|place| self.0[place].1)
    }

    /// Mid less price of a bid, price less mid of an offer, at a time no later than `end_ns`.
    pub fn mark_out(&self, side: Side, price: Price, at_ns: u64, end_ns: u64) -> Option<f64> {
        let mid = (at_ns <= end_ns).then(|| self.at(at_ns)).flatten()?;
        let gain = mid - f64::from(price.ticks());
        Some(match side {
            Side::Buy => gain,
            Side::Sell => -gain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_outs_are_signed_and_end_with_the_run() {
        let price = |ticks| Price::new(ticks);
        let mut mids = Mids::default();
        mids.note(10, price(99), price(101));
        mids.note(20, price(95), price(96));
        mids.note(30, None, price(96));
        assert_eq!(mids.at(5), None);
        assert_eq!(mids.at(15), Some(100.0));
        assert_eq!(mids.at(40), Some(95.5));
        let bid = price(99).expect("a price");
        assert_eq!(mids.mark_out(Side::Buy, bid, 25, 50), Some(-3.5));
        assert_eq!(mids.mark_out(Side::Sell, bid, 25, 50), Some(3.5));
        assert_eq!(mids.mark_out(Side::Buy, bid, 51, 50), None, "past the end is not observed");
    }
}
