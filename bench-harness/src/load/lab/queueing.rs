//! Does the pipeline queue as theory says? A padded service time makes the server the only thing
//! that matters.

use hdrhistogram::Histogram;
use seawall_engine::core::Engine;
use seawall_engine::ring::Transport;

use super::{Bar, Column, Findings, Lab, LabError, Unit};
use crate::load::curves::ServiceTimes;
use crate::load::{Arrivals, DriverOptions, Outcome, Plan, STALL_NS, drive};
use crate::study::two_samples::median;

/// Utilisations.
const LOADS: [f64; 4] = [0.2, 0.4, 0.6, 0.8];
/// Utilisation at which hardly anything waits: what is left of a sojourn is the hand-off.
const IDLE: f64 = 0.05;
/// Most inputs of a run: some seconds at the least padding.
const INPUTS: usize = 100_000;
/// How far measurement may be from theory.
const WITHIN: f64 = 0.15;

const COLUMNS: [Column; 12] = [
    ("offered_msgs_per_s", "offered", Unit::PerSecond),
    ("mean_ns", "mean", Unit::Ns),
    ("mg1_mean_ns", "M/G/1 mean", Unit::Ns),
    ("mean_ratio", "ratio", Unit::Ratio),
    ("p99_ns", "p99", Unit::Ns),
    ("mg1_p99_ns", "M/G/1 p99", Unit::Ns),
    ("p99_ratio", "ratio", Unit::Ratio),
    ("excluded", "left out", Unit::Part),
    ("kept_mean_ns", "kept mean", Unit::Ns),
    ("kept_p99_ns", "kept p99", Unit::Ns),
    ("raw_mean_ns", "raw mean", Unit::Ns),
    ("raw_p99_ns", "raw p99", Unit::Ns),
];

pub(super) fn run<R: Transport>(lab: &Lab<'_>, say: &dyn Fn(&str)) -> Result<Findings, LabError> {
    let inputs = &lab.stream.inputs[..lab.stream.inputs.len().min(INPUTS + lab.plan.setup())];
    let plan = Plan::new(inputs, |input| lab.stream.flow(input), &[])?;
    let padded = Padded { lab, plan: &plan };
    say(&format!("service time padded to {} ns: what it comes to", lab.pad_ns));
    let theory = padded.theory::<R>()?;
    let question =
        format!("sojourns with service padded to {} ns against M/G/1, undisturbed", lab.pad_ns);
    let mut found = Findings::new("queueing", question, &COLUMNS);
    let (mut worst_mean, mut worst_p99) = (1.0, 1.0);
    for load in LOADS {
        let rate = load * 1e9 / theory.times.mean_ns();
        let mut runs = Vec::new();
        for run in 1..=lab.runs {
            say(&format!("utilisation {load}, run {run} of {}", lab.runs));
            let outcome = padded.drive::<R>(Some(rate), run as u64)?;
            found.sound &= outcome.counts.reconciles();
            runs.push(outcome);
        }
        let Some([mean, p99]) = theory.at(rate) else { continue };
        let cells = cells(rate, &runs, mean, p99);
        worst_mean = further(worst_mean, cells[3]);
        worst_p99 = further(worst_p99, cells[6]);
        found.line(format!("utilisation {load}"), cells.map(Some).to_vec());
    }
    for (what, worst) in [("mean", worst_mean), ("p99", worst_p99)] {
        let what = format!("{what}, furthest from theory, |measured / M/G/1 - 1|");
        found.bars.push(Bar::at_most(what, Some((worst - 1.0_f64).abs()), WITHIN));
    }
    found.notes.push(format!(
        "mean service {:.0} ns; the hand-off, {:.0} ns, was measured at utilisation {IDLE} and is \
         added to theory; medians of {} runs",
        theory.times.mean_ns(),
        theory.hand_off_ns,
        lab.runs
    ));
    found.notes.push(
        "busy periods that overlap a stall are left out, long ones more often than short ones: the \
         orders of a kept period count as often as it says how likely it was to be kept (1 / exp(-rate \
         of stalls x its length)); `kept` is without that"
            .to_owned(),
    );
    Ok(found)
}

/// The ratio that is further from one.
fn further(a: f64, b: f64) -> f64 {
    if (b - 1.0).abs() > (a - 1.0).abs() { b } else { a }
}

/// A line: medians over runs, in the order of [`COLUMNS`].
fn cells(rate: f64, runs: &[Outcome], theory_mean: f64, theory_p99: f64) -> [f64; 12] {
    let of = |value: &dyn Fn(&Outcome) -> f64| {
        median(&runs.iter().map(value).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let at = |histogram: &Histogram<u64>| histogram.value_at_quantile(0.99) as f64;
    let mean = of(&|run| run.undisturbed.weighted.mean());
    let p99 = of(&|run| at(&run.undisturbed.weighted));
    [
        rate,
        mean,
        theory_mean,
        mean / theory_mean,
        p99,
        theory_p99,
        p99 / theory_p99,
        of(&|run| run.undisturbed.excluded()),
        of(&|run| run.undisturbed.undisturbed.mean()),
        of(&|run| at(&run.undisturbed.undisturbed)),
        of(&|run| run.undisturbed.raw.mean()),
        of(&|run| at(&run.undisturbed.raw)),
    ]
}

/// The pipeline with a padded service time.
struct Padded<'a> {
    lab: &'a Lab<'a>,
    plan: &'a Plan<'a>,
}

impl Padded<'_> {
    fn drive<R: Transport>(&self, rate: Option<f64>, seed: u64) -> Result<Outcome, LabError> {
        let arrivals = Arrivals::Poisson { seed };
        let Self { lab, plan } = self;
        let options = DriverOptions { arrivals, pad_ns: lab.pad_ns, ..lab.options(rate) };
        Ok(drive::<R, _>(plan, Engine::new(&lab.stream.config), &options)?.0)
    }

    /// The mean is what a busy server needs for an input, padding and loop together; the shape and
    /// the hand-off are measured where hardly anything waits.
    fn theory<R: Transport>(&self) -> Result<Theory, LabError> {
        let mean_ns = 1e9 / self.drive::<R>(None, 0)?.msgs_per_s();
        let idle_rate = IDLE * 1e9 / mean_ns;
        let idle = self.drive::<R>(Some(idle_rate), 1)?;
        let longest_ns = self.lab.pad_ns + 2 * STALL_NS;
        let Some(times) = ServiceTimes::up_to(&idle.stages.service, longest_ns) else {
            let reason = "no input was timed: the stream is too short".to_owned();
            return Err(LabError::Impossible { experiment: "queueing", reason });
        };
        // On a machine that is taken away while it is busy, one over capacity is too much.
        let mean_ns = mean_ns.min(1.1 * times.mean_ns());
        let times = times.with_mean_ns(mean_ns);
        let light_ns = times.mg1_mean_ns(idle_rate).unwrap_or(0.0);
        let hand_off_ns = (idle.undisturbed.weighted.mean() - light_ns).max(0.0);
        Ok(Theory { times, hand_off_ns })
    }
}

/// M/G/1 and a constant hand-off.
struct Theory {
    times: ServiceTimes,
    hand_off_ns: f64,
}

impl Theory {
    /// Mean and 99th percentile of the sojourn.
    fn at(&self, rate: f64) -> Option<[f64; 2]> {
        let mean = self.times.mg1_mean_ns(rate)? + self.hand_off_ns;
        Some([mean, self.times.mg1(rate, 7)?.p99_ns + self.hand_off_ns])
    }
}
