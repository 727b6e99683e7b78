//! The engine's liquidation queue under load, in virtual time: what queueing theory says of it.
//!
//! Customers are leveraged positions that are unhealthy from the moment they are opened, at random
//! times. The engine queues them; a single server takes one out at a time (a `Step` input), which
//! closes it by a forced order in the real book, and is busy for a service time. The queue, the
//! order of service and the liquidations are the engine's; arrivals and service times are the
//! theory's.

mod flow;
mod shop;

use hdrhistogram::Histogram;
use seawall_engine::liquidation::PriorityKey;

use super::noise::Noise;
use super::oracles::ORACLES;
use super::row::Row;
use super::sampling::{Plan, TOGETHER};
use crate::study::parallel;
use crate::study::statistics::{each_of, mean_of_batches};
use flow::{Load, Run, SERVICE_NS, Service, simulate};

/// Independent replicas of each load.
const REPLICAS: usize = 40;

/// What a replica contributes to the rows of one load: the mean, its quantiles, and the sojourn
/// times themselves, in [`GRAIN_NS`], for quantiles of all replicas together.
struct Replica {
    values: Vec<f64>,
    sojourns: Histogram<u32>,
}

/// A ten-thousandth of a mean service time.
const GRAIN_NS: u64 = 100;
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

fn quantile(sojourns: &Histogram<u32>, quantile: f64) -> f64 {
    (sojourns.value_at_quantile(quantile) * GRAIN_NS) as f64 / SERVICE_NS
}

impl Replica {
    fn new(run: &Run, quantiles: usize) -> Self {
        let mut sojourns = Histogram::new(4).expect("four digits are offered");
        let mut sum = 0_u128;
        for served in &run.served {
            sum += u128::from(served.sojourn_ns);
            let grains = (served.sojourn_ns / GRAIN_NS).max(1);
            sojourns.record(grains).expect("the histogram grows with its values");
        }
        let mut values = vec![sum as f64 / run.served.len() as f64 / SERVICE_NS];
        values.extend(QUANTILES[..quantiles].iter().map(|(_, q)| quantile(&sojourns, *q)));
        Self { values, sojourns }
    }
}

/// One load of a single-class queue and what theory says of it.
struct Case {
    load: f64,
    service: Service,
    /// Mean, then quantiles.
    expected: Vec<f64>,
    jobs: usize,
    tolerance: f64,
}

/// Widest half-width, in proportion, at load 0.95 and of the 99.9th percentile.
const TAIL_TOLERANCE: f64 = 0.05;

/// Loads of one service law: 0.5 and 0.8, two per cent; deep also 0.95 and the 99.9th percentile,
/// at five per cent. `jobs` of each load are a replica's, and how many times more of them are deep.
fn cases(plan: Plan, service: Service, table: &[[f64; 5]], jobs: [(usize, usize); 3]) -> Vec<Case> {
    let loads = if plan.deep { 3 } else { 2 };
    let columns = if plan.deep { 5 } else { 4 };
    let case = |(row, (jobs, times)): (&[f64; 5], (usize, usize))| Case {
        load: row[0],
        service,
        expected: row[1..columns].to_vec(),
        jobs: if plan.deep { times * jobs } else { jobs },
        tolerance: if row[0] > 0.9 { TAIL_TOLERANCE } else { 0.02 },
    };
    table.iter().zip(jobs).take(loads).map(case).collect()
}

/// Sojourn times of a first-come first-served queue, whose order of service is the engine's.
/// Values are of all replicas together; their intervals come from the spread between replicas.
fn sojourns(plan: Plan, test: &'static str, cases: &[Case]) -> Vec<Row> {
    let confidence = each_of(TOGETHER, cases.iter().map(|case| case.expected.len()).sum());
    let replicas = parallel::map(plan.workers, cases.len() * REPLICAS, |job| {
        let (number, replica) = (job / REPLICAS, job % REPLICAS);
        let case = &cases[number];
        let arrivals = [case.load];
        let load =
            Load { arrivals: &arrivals, service: case.service, key: PriorityKey::TriggerTime };
        let run = simulate(load, Noise::new(test, number, replica), (case.jobs / 20, case.jobs));
        Replica::new(&run, case.expected.len() - 1)
    });
    let mut rows = Vec::new();
    for (case, replicas) in cases.iter().zip(replicas.chunks(REPLICAS)) {
        let mut all = Histogram::<u32>::new(4).expect("four digits are offered");
        for replica in replicas {
            all.add(&replica.sojourns).expect("the histograms are alike");
        }
        for (place, expected) in case.expected.iter().enumerate() {
            let batches: Vec<f64> = replicas.iter().map(|replica| replica.values[place]).collect();
            let mut got = mean_of_batches(&batches, (case.jobs * REPLICAS) as u64, confidence);
            let mut what = "mean";
            if let Some(place) = place.checked_sub(1) {
                let (name, quantile) = QUANTILES[place];
                got.value = (all.value_at_quantile(quantile) * GRAIN_NS) as f64 / SERVICE_NS;
                what = name;
            }
            let name = format!("{test}/{what}-load-{}", case.load);
            let tolerance = if what == "p99.9" { TAIL_TOLERANCE } else { case.tolerance };
            rows.push(Row::compare(name, *expected, got, tolerance * expected));
        }
    }
    rows
}

/// M/M/1.
pub(super) fn exponential(plan: Plan, test: &'static str) -> Vec<Row> {
    let table = &ORACLES.queueing.exponential;
    sojourns(
        plan,
        test,
        &cases(
            plan,
            Service::Exponential,
            table,
            [40_000, 440_000, 800_000].map(|jobs| (jobs, 10)),
        ),
    )
}

/// M/D/1.
pub(super) fn fixed(plan: Plan, test: &'static str) -> Vec<Row> {
    let table = &ORACLES.queueing.fixed;
    sojourns(
        plan,
        test,
        &cases(plan, Service::Fixed, table, [40_000, 350_000, 600_000].map(|jobs| (jobs, 10))),
    )
}

/// M/G/1.
pub(super) fn varied(plan: Plan, test: &'static str) -> Vec<Row> {
    let table = &ORACLES.queueing.varied;
    sojourns(
        plan,
        test,
        &cases(plan, Service::Varied, table, [(160_000, 4), (1_500_000, 3), (600_000, 36)]),
    )
}

/// Cobham: non-preemptive classes by the notional key, and the same arrivals by trigger time.
pub(super) fn cobham(plan: Plan, test: &'static str) -> Vec<Row> {
    let queueing = &ORACLES.queueing;
    let tolerance = if plan.deep { 0.01 } else { 0.02 };
    let jobs = if plan.deep { 1_600_000 } else { 300_000 };
    let keys = [PriorityKey::Notional, PriorityKey::TriggerTime];
    let classes = queueing.cobham_arrivals.len();
    let results = parallel::map(plan.workers, keys.len() * REPLICAS, |job| {
        let (number, replica) = (job / REPLICAS, job % REPLICAS);
        let load = Load {
            arrivals: &queueing.cobham_arrivals,
            service: Service::Exponential,
            key: keys[number],
        };
        let run = simulate(load, Noise::new(test, number, replica), (jobs / 20, jobs));
        let mut sums = vec![(0_u128, 0_u64); classes];
        for served in &run.served {
            let sum = &mut sums[served.class];
            *sum = (sum.0 + u128::from(served.wait_ns), sum.1 + 1);
        }
        sums
    });
    let confidence = each_of(TOGETHER, classes + 1);
    let row = |name: String, expected: f64, batches: &[(u128, u64)]| {
        let means: Vec<f64> =
            batches.iter().map(|(sum, n)| *sum as f64 / *n as f64 / SERVICE_NS).collect();
        let n = batches.iter().map(|(_, n)| n).sum();
        let got = mean_of_batches(&means, n, confidence);
        Row::compare(format!("{test}/{name}"), expected, got, tolerance * expected)
    };
    let (by_class, all) = results.split_at(REPLICAS);
    let mut rows = Vec::new();
    for (class, expected) in queueing.cobham_waits.iter().enumerate() {
        let batches: Vec<_> = by_class.iter().map(|sums| sums[class]).collect();
        rows.push(row(format!("wait-class-{}", class + 1), *expected, &batches));
    }
    let total = |sums: &Vec<(u128, u64)>| {
        sums.iter().fold((0, 0), |all, sum| (all.0 + sum.0, all.1 + sum.1))
    };
    let batches: Vec<_> = all.iter().map(total).collect();
    rows.push(row("wait-fifo".to_owned(), queueing.cobham_fifo, &batches));
    rows
}

/// Little's law: the time average of the backlog is the arrival rate times the mean wait, to the
/// last nanosecond, over a run that ends empty.
pub(super) fn little(_plan: Plan, test: &'static str) -> Vec<Row> {
    let queueing = &ORACLES.queueing;
    let loads: [(&str, &[f64], PriorityKey); 3] = [
        ("load-0.8", &[0.8], PriorityKey::TriggerTime),
        ("load-0.95", &[0.95], PriorityKey::TriggerTime),
        ("three-classes", &queueing.cobham_arrivals, PriorityKey::Notional),
    ];
    let row = |(number, (name, arrivals, key)): (usize, &(&str, &[f64], PriorityKey))| {
        let load = Load { arrivals, service: Service::Exponential, key: *key };
        let run = simulate(load, Noise::new(test, number, 0), (0, 200_000));
        let waits: u128 = run.served.iter().map(|served| u128::from(served.wait_ns)).sum();
        let average = |sum: u128| sum as f64 / run.end_ns as f64;
        let n = run.served.len() as u64;
        let name = format!("{test}/{name}");
        Row::within(name, average(waits), average(run.backlog_ns), 0.0, n)
    };
    loads.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_times_have_their_moments() {
        let n = 400_000;
        for (service, variation) in
            [(Service::Exponential, 1.0), (Service::Fixed, 0.0), (Service::Varied, 4.0)]
        {
            let mut noise = Noise::new("service", 0, 0);
            let draws: Vec<f64> = (0..n).map(|_| service.draw(&mut noise)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let square = draws.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
            assert!((mean - 1.0).abs() < 0.02, "{service:?}: mean {mean}");
            let got = square / (mean * mean) - 1.0;
            assert!((got - variation).abs() < 0.2, "{service:?}: variation {got}");
        }
    }

    #[test]
    fn the_wrong_order_of_service_fails() {
        // Trigger time where notional was meant: every class waits alike.
        let arrivals = &ORACLES.queueing.cobham_arrivals;
        let wait = |key, class| {
            let load = Load { arrivals, service: Service::Exponential, key };
            let run = simulate(load, Noise::new("order", 0, 0), (1_000, 50_000));
            let of: Vec<u64> =
                run.served.iter().filter(|s| s.class == class).map(|s| s.wait_ns).collect();
            of.iter().sum::<u64>() as f64 / of.len() as f64 / SERVICE_NS
        };
        assert!(wait(PriorityKey::Notional, 0) < 1.2 && wait(PriorityKey::Notional, 2) > 5.0);
        assert!(wait(PriorityKey::TriggerTime, 0) > 2.5);
    }
}
