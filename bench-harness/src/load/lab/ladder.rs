//! Latency against load, with what queueing theory says of the same service times.

use hdrhistogram::Histogram;
use seawall_engine::ring::Transport;

use super::{Cell, Curve, Findings, Lab, LabError, Unit};
use crate::load::curves::ServiceTimes;
use crate::load::{Arrivals, DriverOptions, Outcome, STALL_NS};

/// Loads, in per cent of the capacity that was found.
const LOADS: [u32; 11] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110];
/// The knee is the highest load up to which the median stays below so many times the first one.
const KNEE: f64 = 3.0;
const SEED: u64 = 1;
/// Loads whose percentiles are drawn.
const DRAWN: [u32; 4] = [10, 50, 80, 100];

pub(super) fn run<R: Transport>(lab: &Lab<'_>, say: &dyn Fn(&str)) -> Result<Findings, LabError> {
    let capacity = lab.capacity::<R>(say)?;
    let columns = [
        ("offered_msgs_per_s", "offered", Unit::PerSecond),
        ("msgs_per_s", "applied", Unit::PerSecond),
        ("refused", "refused", Unit::Part),
        ("p50_ns", "p50", Unit::Ns),
        ("p90_ns", "p90", Unit::Ns),
        ("p99_ns", "p99", Unit::Ns),
        ("undisturbed_mean_ns", "und. mean", Unit::Ns),
        ("undisturbed_p99_ns", "und. p99", Unit::Ns),
        ("excluded", "left out", Unit::Part),
        ("md1_mean_ns", "M/D/1 mean", Unit::Ns),
        ("mg1_mean_ns", "M/G/1 mean", Unit::Ns),
        ("mg1_p99_ns", "M/G/1 p99", Unit::Ns),
    ];
    let question = "order to ack from 10 to 110 % of capacity, arrivals at random (Poisson)";
    let mut found = Findings::new("ladder", question, &columns);
    let mut service: Option<ServiceTimes> = None;
    let mut medians = Vec::new();
    for load in LOADS {
        let rate = capacity * f64::from(load) / 100.0;
        say(&format!("{load} % of capacity"));
        let options =
            DriverOptions { arrivals: Arrivals::Poisson { seed: SEED }, ..lab.options(Some(rate)) };
        let outcome = lab.drive::<R>(&options)?;
        found.sound &= outcome.counts.reconciles();
        // The shape is that of the lightest load, where the shard is seldom interrupted; the mean
        // is one over capacity, so that theory and pipeline are saturated at the same rate.
        if service.is_none() {
            service = ServiceTimes::up_to(&outcome.stages.service, 2 * STALL_NS)
                .map(|times| times.with_mean_ns(1e9 / capacity));
        }
        let theory = service.as_ref();
        let sojourn = theory.and_then(|times| times.mg1(rate, SEED));
        let clean = &outcome.undisturbed.undisturbed;
        let at = |histogram: &Histogram<u64>, q| quantile(histogram, q);
        let raw = &outcome.undisturbed.raw;
        if DRAWN.contains(&load) {
            found.curves.push(Curve::percentiles(format!("{load} %"), raw));
        }
        medians.push((load, at(raw, 0.5).unwrap_or(0.0), outcome.counts.refused));
        let cells = vec![
            Some(rate),
            Some(outcome.msgs_per_s()),
            Some(refused(&outcome)),
            at(raw, 0.5),
            at(raw, 0.9),
            at(raw, 0.99),
            (!clean.is_empty()).then(|| clean.mean()),
            at(clean, 0.99),
            Some(outcome.undisturbed.excluded()),
            theory.and_then(|times| times.md1_mean_ns(rate)),
            theory.and_then(|times| times.mg1_mean_ns(rate)),
            sojourn.map(|sojourn| sojourn.p99_ns),
        ];
        found.line(format!("{load} %"), cells);
    }
    found.notes.push(knee(&medians));
    found.notes.push(
        "theory: one server, uninterrupted service times as measured at 10 %, with a mean of one over \
         capacity; it knows of no hand-off, which the first line shows, and of no stalls"
            .to_owned(),
    );
    Ok(found)
}

fn quantile(histogram: &Histogram<u64>, quantile: f64) -> Cell {
    (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64)
}

fn refused(outcome: &Outcome) -> f64 {
    outcome.counts.refused as f64 / outcome.counts.sent.max(1) as f64
}

/// Where the curve bends: loads with their median and what the ring refused.
fn knee(medians: &[(u32, f64, u64)]) -> String {
    let Some(&(_, first_ns, _)) = medians.first() else { return String::new() };
    let below = medians
        .iter()
        .take_while(|(_, p50_ns, refused)| *p50_ns <= KNEE * first_ns && *refused == 0);
    let rule = format!("up to there the median is at most {KNEE} times that at the lowest load");
    match below.last() {
        Some((load, ..)) if *load < medians[medians.len() - 1].0 => {
            format!("knee: {load} % of capacity; {rule}, and nothing is refused")
        }
        _ => format!("no knee up to the highest load: {rule}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knee_is_the_last_load_before_the_bend() {
        let medians = [(10, 500.0, 0), (20, 600.0, 0), (30, 1_400.0, 0), (40, 1_600.0, 0)];
        assert!(knee(&medians).starts_with("knee: 30 %"), "{}", knee(&medians));
        let refused = [(10, 500.0, 0), (20, 600.0, 3)];
        assert!(knee(&refused).starts_with("knee: 10 %"), "{}", knee(&refused));
        assert!(knee(&medians[..2]).starts_with("no knee"), "{}", knee(&medians[..2]));
    }
}
