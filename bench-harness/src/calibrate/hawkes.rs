//! Hawkes processes with exponential kernels, fitted by maximum likelihood.
//!
//! The rate of kind `m` is its own rate and what earlier events set off:
//! `λ_m(t) = μ_m + Σ_n Σ_k a_mnk β_k R_nk(t)`, where `R_nk(t)` sums `exp(-β_k (t - t_j))` over the events
//! of kind `n` before `t`, and `a_mnk` is how many events of kind `m` one of kind `n` sets off with
//! memory `1/β_k`. `R` is kept up from event to event (Ozaki 1979, Maximum likelihood estimation of
//! Hawkes' self-exciting point processes), so the likelihood costs one pass.
//!
//! With the memories given, the likelihood is concave in all `μ` and `a`, and is climbed by
//! expectation-maximisation over the unseen parents of events (Veen and Schoenberg 2008, Estimation
//! of space-time branching process models): no step size, never a negative number, and at the top
//! the fitted mean number of events is the number there was.
//!
//! The fit is judged by time rescaling (Ogata 1988): between neighbouring events of a kind its rate
//! integrates to independent exponentials of mean one, if the model is true.

use super::sample::Distribution;

/// Most passes of a fit.
const PASSES_MAX: usize = 400;
/// A fit ends when a pass gains less likelihood than this per event.
const GAIN_MIN: f64 = 1e-7;

/// Events of several kinds in order of time.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<(f64, usize)>,
    kinds: usize,
    end_s: f64,
}

impl History {
    /// Merges the times of each kind, which rise from 0 to `end_s`.
    pub fn new(times_s: &[Vec<f64>], end_s: f64) -> Self {
        let of = |(kind, times): (usize, &Vec<f64>)| {
            times.iter().map(move |time| (*time, kind)).collect::<Vec<_>>()
        };
        let mut events: Vec<(f64, usize)> = times_s.iter().enumerate().flat_map(of).collect();
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { events, kinds: times_s.len(), end_s }
    }

    /// Events.
    pub fn n(&self) -> usize {
        self.events.len()
    }

    /// Kinds.
    pub(super) fn kinds(&self) -> usize {
        self.kinds
    }

    /// Times and kinds, in order of time.
    pub(super) fn events(&self) -> &[(f64, usize)] {
        &self.events
    }

    /// The end of the watch.
    pub(super) fn end_s(&self) -> f64 {
        self.end_s
    }

    /// Times between neighbouring events of a kind.
    pub(super) fn gaps(&self, kind: usize) -> Vec<f64> {
        let times = self.events.iter().filter(|event| event.1 == kind).map(|event| event.0);
        times.clone().zip(times.skip(1)).map(|(one, next)| next - one).collect()
    }

    fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.kinds];
        for (_, kind) in &self.events {
            counts[*kind] += 1.0;
        }
        counts
    }
}

/// A process: rates per second, and what sets off what.
#[derive(Clone, Debug, PartialEq)]
pub struct Hawkes {
    /// Memories, in seconds.
    pub memories_s: Vec<f64>,
    /// Rates of their own, by kind.
    pub own: Vec<f64>,
    /// Events of a kind (first) that one of a kind (second) sets off, by memory.
    pub offspring: Vec<Vec<Vec<f64>>>,
}

/// A process fitted to a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The process.
    pub hawkes: Hawkes,
    /// Logarithm of its likelihood.
    pub log_likelihood: f64,
    /// Passes over the history.
    pub passes: usize,
}

/// Sums over past events, by kind and memory, kept up from event to event.
pub(super) struct Past {
    decays: Vec<f64>,
    /// `R`, by kind and memory.
    sums: Vec<Vec<f64>>,
    left: Vec<f64>,
}

impl Past {
    pub(super) fn new(kinds: usize, memories_s: &[f64]) -> Self {
        let decays: Vec<f64> = memories_s.iter().map(|memory| 1.0 / memory).collect();
        Self { sums: vec![vec![0.0; decays.len()]; kinds], left: vec![1.0; decays.len()], decays }
    }

    /// Time goes on.
    fn age(&mut self, seconds: f64) {
        for (left, decay) in self.left.iter_mut().zip(&self.decays) {
            *left = libm::exp(-decay * seconds);
        }
        for sums in &mut self.sums {
            for (sum, left) in sums.iter_mut().zip(&self.left) {
                *sum *= left;
            }
        }
    }

    /// Time goes on; what the rate of a kind integrates to meanwhile.
    pub(super) fn go_on(&mut self, hawkes: &Hawkes, kind: usize, seconds: f64) -> f64 {
        let spent = |past: &Self| -> f64 {
            let parts = past.sums.iter().zip(&hawkes.offspring[kind]);
            parts.map(|(sums, a)| sums.iter().zip(a).map(|(sum, a)| sum * a).sum::<f64>()).sum()
        };
        let before = spent(self);
        self.age(seconds);
        hawkes.own[kind] * seconds + (before - spent(self))
    }

    pub(super) fn add(&mut self, kind: usize) {
        for sum in &mut self.sums[kind] {
            *sum += 1.0;
        }
    }
}

impl Hawkes {
    /// Where every fit starts: half of all events come of themselves, and of the other half every
    /// kind and memory has set off its part.
    fn start(history: &History, memories_s: &[f64]) -> Self {
        let counts = history.counts();
        let parts = (history.kinds * memories_s.len()) as f64;
        let part = |m: usize, n: usize| {
            if counts[n] > 0.0 { 0.5 * counts[m] / counts[n] / parts } else { 0.0 }
        };
        let row =
            |m: usize| (0..history.kinds).map(|n| vec![part(m, n); memories_s.len()]).collect();
        Self {
            memories_s: memories_s.to_vec(),
            own: counts.iter().map(|count| 0.5 * count / history.end_s).collect(),
            offspring: (0..history.kinds).map(row).collect(),
        }
    }

    /// Events of a kind that one of another sets off.
    pub fn total(&self, of: usize, by: usize) -> f64 {
        self.offspring[of][by].iter().sum()
    }

    /// Integrals of the rates between neighbouring events of each kind.
    pub fn residuals(&self, history: &History) -> Vec<Distribution> {
        let mut past = Past::new(history.kinds, &self.memories_s);
        let mut since = vec![0.0; history.kinds];
        let mut residuals = vec![Vec::new(); history.kinds];
        let mut is_first = vec![true; history.kinds];
        let mut now = 0.0;
        for (time, kind) in &history.events {
            let before = past.sums.clone();
            past.age(time - now);
            for (m, since) in since.iter_mut().enumerate() {
                *since += self.own[m] * (time - now);
                for (n, (old, new)) in before.iter().zip(&past.sums).enumerate() {
                    let spent = old.iter().zip(new).zip(&self.offspring[m][n]);
                    *since += spent.map(|((old, new), a)| a * (old - new)).sum::<f64>();
                }
            }
            now = *time;
            // Before its first event a kind has no neighbour.
            if !std::mem::take(&mut is_first[*kind]) {
                residuals[*kind].push(since[*kind]);
            }
            since[*kind] = 0.0;
            past.add(*kind);
        }
        residuals.into_iter().map(Distribution::new).collect()
    }
}

/// Fits a process with given memories.
pub fn fit(history: &History, memories_s: &[f64]) -> Fit {
    let mut hawkes = Hawkes::start(history, memories_s);
    let mut log_likelihood = f64::NEG_INFINITY;
    for pass in 1..=PASSES_MAX {
        let (next, likelihood) = climb(&hawkes, history);
        let gain = likelihood - log_likelihood;
        log_likelihood = likelihood;
        if gain < GAIN_MIN * history.n() as f64 || pass == PASSES_MAX {
            return Fit { hawkes, log_likelihood, passes: pass };
        }
        hawkes = next;
    }
    unreachable!("the last pass returns")
}

/// One pass: the process that the expected parents give, and the likelihood of this one.
fn climb(hawkes: &Hawkes, history: &History) -> (Hawkes, f64) {
    let (kinds, memories) = (history.kinds, hawkes.memories_s.len());
    let mut past = Past::new(kinds, &hawkes.memories_s);
    // Events that came of themselves, and that each kind and memory has set off.
    let mut own = vec![0.0; kinds];
    let mut set_off = vec![vec![vec![0.0; memories]; kinds]; kinds];
    // Of what each kind sets off, the part that falls before the end.
    let mut seen = vec![vec![0.0; memories]; kinds];
    let mut log_likelihood = 0.0;
    let mut now = 0.0;
    for (time, kind) in &history.events {
        past.age(time - now);
        now = *time;
        let offspring = &hawkes.offspring[*kind];
        let mut rate = hawkes.own[*kind];
        for (sums, a) in past.sums.iter().zip(offspring) {
            let parts = sums.iter().zip(a).zip(&past.decays);
            rate += parts.map(|((sum, a), decay)| a * decay * sum).sum::<f64>();
        }
        log_likelihood += libm::log(rate.max(f64::MIN_POSITIVE));
        own[*kind] += hawkes.own[*kind] / rate;
        for ((parents, sums), a) in set_off[*kind].iter_mut().zip(&past.sums).zip(offspring) {
            for (k, parent) in parents.iter_mut().enumerate() {
                *parent += a[k] * past.decays[k] * sums[k] / rate;
            }
        }
        for (part, decay) in seen[*kind].iter_mut().zip(&past.decays) {
            *part -= libm::expm1(-decay * (history.end_s - time));
        }
        past.add(*kind);
    }
    for (m, own) in hawkes.own.iter().enumerate() {
        log_likelihood -= own * history.end_s;
        for (n, seen) in seen.iter().enumerate() {
            let expected = hawkes.offspring[m][n].iter().zip(seen);
            log_likelihood -= expected.map(|(a, seen)| a * seen).sum::<f64>();
        }
    }
    let next = Hawkes {
        memories_s: hawkes.memories_s.clone(),
        own: own.iter().map(|own| own / history.end_s).collect(),
        offspring: set_off
            .into_iter()
            .map(|row| {
                let divide = |(parents, seen): (Vec<f64>, &Vec<f64>)| {
                    let pairs = parents.iter().zip(seen);
                    pairs.map(|(p, seen)| if *seen > 0.0 { p / seen } else { 0.0 }).collect()
                };
                row.into_iter().zip(&seen).map(divide).collect()
            })
            .collect(),
    };
    (next, log_likelihood)
}

/// The process of one kind and one memory, the memory fitted too: golden-section search of its
/// logarithm between the two bounds, for the likelihood has one top there in practice.
pub fn fit_memory(times_s: &[f64], end_s: f64, (least, most): (f64, f64)) -> Fit {
    const STEPS: usize = 28;
    let history = History::new(&[times_s.to_vec()], end_s);
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let at = |log: f64| fit(&history, &[libm::exp(log)]);
    let (mut low, mut high) = (libm::log(least), libm::log(most));
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut of_a, mut of_b) = (at(a), at(b));
    for _ in 0..STEPS {
        if of_a.log_likelihood > of_b.log_likelihood {
            (high, b, of_b) = (b, a, of_a);
            a = high - ratio * (high - low);
            of_a = at(a);
        } else {
            (low, a, of_a) = (a, b, of_b);
            b = low + ratio * (high - low);
            of_b = at(b);
        }
    }
    if of_a.log_likelihood > of_b.log_likelihood { of_a } else { of_b }
}

/// Kolmogorov and Smirnov's distance of residuals from exponentials of mean one.
pub fn distance_from_exponential(residuals: &Distribution) -> Option<f64> {
    let n = residuals.n();
    let at = |(place, value): (usize, &f64)| {
        let expected = -libm::expm1(-value);
        let (below, upto) = (place as f64 / n as f64, (place + 1) as f64 / n as f64);
        (expected - below).abs().max((expected - upto).abs())
    };
    (n > 0).then(|| residuals.values().iter().enumerate().map(at).fold(0.0, f64::max))
}
