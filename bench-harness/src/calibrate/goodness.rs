//! How far a run of the fitted scenario is from the record.
//!
//! A bound of two distributions is what the model may be wrong by, and what two samples of one
//! distribution are apart by chance once in twenty times (Smirnov: `1.358 √(1/n + 1/m)`); samples
//! are taken as independent, which arrivals in clusters are not, so chance is understated.
//!
//! * [`TABLE_MAX`] where the scenario carries the record's own distribution as a curve: sizes,
//!   distances, lives.
//! * [`PROCESS_MAX`], twice that, where a process of few numbers stands for the record (times
//!   between arrivals), or where the book itself decides (the shape of the depth).
//! * Counts: three standard deviations of the fitted process's own count. A run is one draw of it.
//! * Quantities that the model has no number for are reported without a bound, with the reason.

use serde::Serialize;

use super::hawkes::{self, Hawkes, History};
use super::lives;
use super::measure::{KINDS, Measured, depth_to};
use super::model::{Model, Paced};
use super::sample::Distribution;
use super::tail::{self, PowerLaw};
use crate::scenario::order_flow::STREAMS;

/// Greatest distance of a distribution that the scenario carries as a curve.
pub const TABLE_MAX: f64 = 0.05;
/// Greatest distance where a process, or the book, makes the distribution.
pub const PROCESS_MAX: f64 = 0.10;
/// Standard deviations of its own that a count may be off.
pub const DEVIATIONS_MAX: f64 = 3.0;

/// Kolmogorov's and Smirnov's limit distributions are above this once in twenty times.
const SMIRNOV: f64 = 1.358;

/// Whether a bound was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was.
    Within,
    /// It was not.
    Exceeded,
    /// There is none.
    Reported,
}

/// One quantity of record and run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What it is.
    pub quantity: String,
    /// What `recorded` and `synthetic` are: a median, a count.
    pub figure: &'static str,
    /// Of the record; null if not observed.
    pub recorded: Option<f64>,
    /// Of the run.
    pub synthetic: Option<f64>,
    /// What `distance` is: `KS` or `relative`.
    pub measure: &'static str,
    /// How far apart they are.
    pub distance: Option<f64>,
    /// How far they may be.
    pub bound: Option<f64>,
    /// Whether they are.
    pub verdict: Verdict,
    /// Where the bound is from, or why there is none.
    pub why: &'static str,
}

/// A Hawkes process as it is reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Process {
    /// Of what.
    pub of: String,
    /// Orders per second that nothing set off.
    pub own_per_second: f64,
    /// Orders of its kind that one order of its kind sets off.
    pub branching_ratio: f64,
    /// Rate at which a memory fades, per second; null where there are several.
    pub decay_per_second: Option<f64>,
    /// Kolmogorov and Smirnov's distance of the rescaled times from exponentials of mean one.
    pub residual_distance: Option<f64>,
    /// Above this the fit is refused at the 5 % level (asymptotic, parameters taken as known).
    pub residual_critical: Option<f64>,
    /// Rescaled times.
    pub n: usize,
}

/// Record and run side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goodness {
    /// Quantities.
    pub rows: Vec<Row>,
    /// Processes of arrivals: orders that take with one memory, then each kind of the model.
    pub processes: Vec<Process>,
    /// Largest eigenvalue of the model's mean numbers of orders that an order sets off.
    pub branching_ratio: f64,
    /// Arrivals with paces and without; null where the process alone is near enough.
    pub paced: Option<Paced>,
    /// Power-law tails of the record's sizes, limit orders and orders that take; null without one.
    pub size_tails: [Option<PowerLaw>; 2],
    /// Whether every bound was kept.
    pub within: bool,
}

impl Goodness {
    /// The quantities whose bounds were not kept.
    pub fn exceeded(&self) -> Vec<String> {
        let exceeded = self.rows.iter().filter(|row| row.verdict == Verdict::Exceeded);
        exceeded.map(|row| row.quantity.clone()).collect()
    }
}

/// Compares.
pub fn compare(recorded: &Measured, synthetic: &Measured, model: &Model) -> Goodness {
    let deviations = deviations(&model.arrivals, recorded);
    let mut rows = counts(recorded, synthetic, &deviations);
    rows.extend(gaps(recorded, synthetic));
    rows.extend(tables(recorded, synthetic));
    rows.extend(book(recorded, synthetic));
    rows.extend(reported(recorded, synthetic));
    Goodness {
        within: rows.iter().all(|row| row.verdict != Verdict::Exceeded),
        rows,
        processes: processes(recorded, model),
        branching_ratio: model.flow.branching(),
        paced: model.paced,
        size_tails: [tail::tail(&recorded.sizes()), tail::tail(&recorded.takes)],
    }
}

/// What two samples of one distribution are apart by chance, once in twenty times.
fn chance([n, m]: [usize; 2]) -> f64 {
    SMIRNOV * (1.0 / n.max(1) as f64 + 1.0 / m.max(1) as f64).sqrt()
}

struct Compared {
    quantity: String,
    figure: &'static str,
    values: [Option<f64>; 2],
    measure: &'static str,
    distance: Option<f64>,
    /// What chance alone makes of the distance.
    chance: f64,
}

impl Compared {
    /// Two distributions by their medians and their greatest difference of shares.
    fn distributions(quantity: &str, unit: &'static str, of: &[Distribution; 2]) -> Self {
        Self {
            quantity: quantity.to_owned(),
            figure: unit,
            values: of.each_ref().map(|of| of.quantile(0.5)),
            measure: "KS",
            distance: of[0].distance(&of[1]),
            chance: chance(of.each_ref().map(Distribution::n)),
        }
    }

    /// Two numbers by their relative difference.
    fn numbers(quantity: &str, figure: &'static str, of: [Option<f64>; 2]) -> Self {
        let distance = match of {
            [Some(a), Some(b)] if a != 0.0 => Some((b / a - 1.0).abs()),
            _ => None,
        };
        let quantity = quantity.to_owned();
        Self { quantity, figure, values: of, measure: "relative", distance, chance: 0.0 }
    }

    fn bounded(self, bound: f64, why: &'static str) -> Row {
        // What could not be compared was not within.
        let bound = bound + self.chance;
        let is_within = self.distance.is_some_and(|distance| distance <= bound);
        let verdict = if is_within { Verdict::Within } else { Verdict::Exceeded };
        self.row(Some(bound), verdict, why)
    }

    fn reported(self, why: &'static str) -> Row {
        self.row(None, Verdict::Reported, why)
    }

    fn row(self, bound: Option<f64>, verdict: Verdict, why: &'static str) -> Row {
        let Self { quantity, figure, values, measure, distance, .. } = self;
        let [recorded, synthetic] = values;
        Row { quantity, figure, recorded, synthetic, measure, distance, bound, verdict, why }
    }
}

fn counts(recorded: &Measured, synthetic: &Measured, deviations: &[f64; STREAMS]) -> Vec<Row> {
    let rate = |of: &Measured, kind: usize| Some(of.times_s[kind].len() as f64 / of.seconds);
    let row = |kind: usize| {
        let of = [rate(recorded, kind), rate(synthetic, kind)];
        let compared = Compared::numbers(&format!("rate: {}", KINDS[kind]), "a second", of);
        // A cancel is that of a limit order of its side.
        let deviation = deviations[if kind < STREAMS { kind } else { kind - STREAMS }];
        // Both are draws; where the run is shorter, its own count is the noisier.
        let shorter = (recorded.seconds / synthetic.seconds.max(1e-9)).max(1.0).sqrt();
        compared.bounded(
            DEVIATIONS_MAX * deviation * shorter,
            "three standard deviations of the fitted process's own count",
        )
    };
    (0..KINDS.len()).map(row).collect()
}

fn gaps(recorded: &Measured, synthetic: &Measured) -> Vec<Row> {
    let row = |kind: usize| {
        let of = [recorded.gaps(kind), synthetic.gaps(kind)];
        let compared = Compared::distributions(&format!("gap: {}", KINDS[kind]), "median, s", &of);
        if kind < STREAMS {
            compared.bounded(PROCESS_MAX, "a fitted process")
        } else {
            compared
                .reported("follows from arrivals and lives, which the model takes as independent")
        }
    };
    (0..KINDS.len()).map(row).collect()
}

fn tables(recorded: &Measured, synthetic: &Measured) -> Vec<Row> {
    let both = [recorded, synthetic];
    let lives = both.map(|of| lives::cancelled(&of.orders));
    let half = |curve: &Vec<(f64, f64)>| {
        curve.iter().find(|(_, share)| *share >= 0.5).map(|(seconds, _)| *seconds)
    };
    let life = Compared {
        quantity: "life until a cancel".to_owned(),
        figure: "median, s",
        values: lives.each_ref().map(half),
        measure: "KS",
        distance: lives::distance(&lives[0], &lives[1]),
        chance: chance(both.map(|of| of.orders.len())),
    };
    let carried = "the scenario carries the record's curve";
    let sizes = both.map(Measured::sizes);
    let takes = both.map(|of| of.takes.clone());
    let behind = both.map(Measured::distances);
    vec![
        Compared::distributions("size: limit orders", "median, lots", &sizes)
            .bounded(TABLE_MAX, carried),
        Compared::distributions("size: market orders", "median, lots", &takes)
            .bounded(TABLE_MAX, carried),
        Compared::distributions("distance, own side", "median, ticks", &behind)
            .bounded(TABLE_MAX, carried),
        life.bounded(TABLE_MAX, carried),
    ]
}

/// The shape of the depth as a distribution over the rows: lots up to each distance over all lots.
pub fn depth_shares(of: &Measured) -> Vec<f64> {
    let total: f64 = of.depth.lots.iter().sum();
    let mut sum = 0.0;
    let upto = |lots: &f64| {
        sum += lots;
        sum / total.max(f64::MIN_POSITIVE)
    };
    of.depth.lots.iter().map(upto).collect()
}

fn book(recorded: &Measured, synthetic: &Measured) -> Vec<Row> {
    let both = [recorded, synthetic];
    let shares = both.map(depth_shares);
    let half = |shares: &Vec<f64>| {
        shares.iter().position(|share| *share >= 0.5).map(|row| depth_to(row) as f64)
    };
    let apart = shares[0].iter().zip(&shares[1]).map(|(a, b)| (a - b).abs());
    let shape = Compared {
        quantity: "depth by distance".to_owned(),
        figure: "median, ticks",
        values: shares.each_ref().map(half),
        measure: "KS",
        distance: apart.reduce(f64::max),
        chance: 0.0,
    };
    vec![
        shape.bounded(
            PROCESS_MAX,
            "the book at the start is the record's mean; then the flow makes it",
        ),
    ]
}

fn reported(recorded: &Measured, synthetic: &Measured) -> Vec<Row> {
    let both = [recorded, synthetic];
    let total = both.map(|of| Some(of.depth.lots.iter().sum::<f64>()));
    let best = both.map(|of| of.depth.lots.first().copied());
    let spread = both.map(|of| of.spread.clone());
    let away = both.map(Measured::away);
    let volatility = both.map(|of| Some(of.volatility_bp));
    let clumps = both.map(dispersion);
    let emerges = "emerges from the flow; nobody here has an opinion of the price";
    let lives = "orders from before the record that outlive it are not in it";
    vec![
        Compared::numbers("depth, all of a side", "mean, lots", total).reported(lives),
        Compared::numbers("depth at the best price", "mean, lots", best).reported(emerges),
        Compared::distributions("spread", "median, ticks", &spread).reported(emerges),
        Compared::distributions("distance, other side", "median, ticks", &away).reported(emerges),
        Compared::numbers("volatility", "bp in 1 s", volatility).reported(emerges),
        Compared::numbers("clumping: limit orders", "var/mean, 10 s", clumps)
            .reported("the model has no trend over the day"),
    ]
}

/// Variance over mean of the number of limit orders in windows of ten seconds.
fn dispersion(of: &Measured) -> Option<f64> {
    const WINDOW_S: f64 = 10.0;
    let windows = super::curve::whole((of.seconds / WINDOW_S).floor());
    let mut counts = vec![0.0; usize::try_from(windows).ok()?];
    for time in of.times_s[0].iter().chain(&of.times_s[1]) {
        let window = super::curve::whole((time / WINDOW_S).floor());
        if let Some(count) = usize::try_from(window).ok().and_then(|n| counts.get_mut(n)) {
            *count += 1.0;
        }
    }
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / n;
    (mean > 0.0).then_some(variance / mean)
}

/// Standard deviation of each kind's count over the record's length, as a part of the count.
///
/// Over times that are long against the memories the covariance of counts grows with time as
/// `G diag(λ) G'`, `G` being the sum of all generations, `(1 - A)^-1`, and `λ` the mean rates
/// (Bacry, Delattre, Hoffmann and Muzy 2013, Some limit theorems for Hawkes processes).
fn deviations(arrivals: &Hawkes, recorded: &Measured) -> [f64; STREAMS] {
    let a: [[f64; STREAMS]; STREAMS] =
        core::array::from_fn(|m| core::array::from_fn(|n| arrivals.total(m, n)));
    let mut generations = [[0.0; STREAMS]; STREAMS];
    // The sum over all generations, by Horner's rule: what is left after so many is nothing.
    for _ in 0..3_000 {
        generations = core::array::from_fn(|m| {
            core::array::from_fn(|n| {
                let later: f64 = (0..STREAMS).map(|j| a[m][j] * generations[j][n]).sum();
                if m == n { 1.0 + later } else { later }
            })
        });
    }
    core::array::from_fn(|m| {
        let n = recorded.times_s[m].len() as f64;
        let part = |j: usize| {
            let count = recorded.times_s[j].len() as f64;
            generations[m][j] * generations[m][j] * count
        };
        ((0..STREAMS).map(part).sum::<f64>()).sqrt() / n.max(1.0)
    })
}

fn processes(recorded: &Measured, model: &Model) -> Vec<Process> {
    let alone = History::new(&[recorded.takes_s()], recorded.seconds);
    let one = &model.takes.hawkes;
    let mut processes = vec![process(
        "market orders, one memory".to_owned(),
        one,
        0,
        one.residuals(&alone).first(),
    )];
    let history = History::new(&recorded.times_s[..STREAMS], recorded.seconds);
    let with = if model.paced.is_some_and(|paced| paced.used) { ", pace" } else { "" };
    for (kind, name) in KINDS.iter().enumerate().take(STREAMS) {
        let of = format!("{name}, several memories{with}");
        let residuals = model.residuals(&history, kind);
        processes.push(process(of, &model.arrivals, kind, Some(&residuals)));
    }
    processes
}

fn process(of: String, hawkes: &Hawkes, kind: usize, residuals: Option<&Distribution>) -> Process {
    let n = residuals.map_or(0, Distribution::n);
    Process {
        of,
        own_per_second: hawkes.own[kind],
        branching_ratio: hawkes.total(kind, kind),
        decay_per_second: match hawkes.memories_s[..] {
            [memory] => Some(1.0 / memory),
            _ => None,
        },
        residual_distance: residuals.and_then(hawkes::distance_from_exponential),
        residual_critical: (n > 0).then(|| SMIRNOV / (n as f64).sqrt()),
        n,
    }
}
