//! What the machine can support, looked at before a measurement and printed with it.

use std::fs;
use std::hint::black_box;
use std::thread;

use seawall_engine::pipeline::{our_cores, pin_to};
use serde::Serialize;

use super::{RunClock, StallLog, ring_bench};
use crate::measure::histogram::nanoseconds;

/// How long each core is watched.
const PROBE_NS: u64 = 2_000_000_000;
/// A gap that a quiet, isolated core does not show.
const LONG_NS: u64 = 10_000;

/// How far tails can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// Isolated cores of a machine of its own, undisturbed while it was watched: all percentiles.
    A,
    /// A machine of its own whose cores lose less than a thousandth: percentiles up to p99.9.
    B,
    /// Cores that lose less than a hundredth: percentiles up to p99.
    C,
    /// A shared or busy machine: medians, and what is said to be undisturbed.
    D,
}

impl Grade {
    /// What may be read from figures of this grade.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::A => "isolated cores, no stall seen: all percentiles can be read",
            Self::B => "own machine, few stalls: percentiles up to p99.9 can be read",
            Self::C => "some stalls: percentiles up to p99 can be read",
            Self::D => "shared or busy machine: read medians, ratios and undisturbed figures only",
        }
    }
}

/// Stalls of one core that did nothing but look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CoreProbe {
    /// The core.
    pub core: usize,
    /// Share of the time that was taken away.
    pub lost: f64,
    /// Gaps above ten microseconds, a second.
    pub long_per_s: f64,
    /// Longest gap.
    pub max_ns: u64,
}

/// The findings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preflight {
    /// The grade of the environment.
    pub grade: Grade,
    /// Whether the time-stamp counter runs evenly: otherwise the system's clock is used.
    pub clock_invariant: bool,
    /// Cost of one clock reading.
    pub clock_cost_ns: f64,
    /// Cost of recording one value in a histogram.
    pub record_cost_ns: f64,
    /// Median round trip of a cache line between the two cores, polled with pauses.
    pub line_bounce_ns: Option<u64>,
    /// Whether the machine is a virtual one.
    pub virtual_machine: bool,
    /// Cores kept from other work at boot, as the system lists them.
    pub isolated: String,
    /// Transparent huge pages, as the system says.
    pub huge_pages: String,
    /// Every core that is ours.
    pub cores: Vec<CoreProbe>,
}

impl Preflight {
    /// Looks; takes some three seconds.
    pub fn look() -> Self {
        let clock = RunClock::start();
        let ours = our_cores();
        let line_bounce_ns = match *ours {
            [.., first, second] => Some(ring_bench::bounce_p50_ns([first, second], &clock)),
            _ => None,
        };
        let cores = probe(&ours, &clock);
        let flags = cpu_flags();
        let has = |flag: &str| flags.split_whitespace().any(|found| found == flag);
        let mut found = Self {
            grade: Grade::D,
            clock_invariant: has("constant_tsc") && has("nonstop_tsc"),
            clock_cost_ns: clock.cost_ns(),
            record_cost_ns: record_cost_ns(&clock),
            line_bounce_ns,
            virtual_machine: has("hypervisor"),
            isolated: read("/sys/devices/system/cpu/isolated"),
            huge_pages: read("/sys/kernel/mm/transparent_hugepage/enabled"),
            cores,
        };
        found.grade = found.graded();
        found
    }

    /// What is wrong with the machine and what was done about it, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.clock_invariant {
            warnings.push(
                "the time-stamp counter is not invariant here: the system's clock is read instead, \
                 which costs more"
                    .to_owned(),
            );
        }
        if self.cores.is_empty() {
            warnings.push("which cores are ours is unknown: nothing is pinned".to_owned());
        }
        warnings
    }

    fn graded(&self) -> Grade {
        let lost = self.cores.iter().map(|core| core.lost).fold(0.0, f64::max);
        let quiet = self.cores.iter().all(|core| core.max_ns < LONG_NS);
        if self.virtual_machine || !self.clock_invariant || self.cores.len() < 2 || lost >= 0.01 {
            Grade::D
        } else if quiet && lost < 0.001 && !self.isolated.is_empty() {
            Grade::A
        } else if lost < 0.001 {
            Grade::B
        } else {
            Grade::C
        }
    }

    /// One line for the top of a report and the title of a chart.
    pub fn line(&self) -> String {
        let lost = self.cores.iter().map(|core| core.lost).fold(0.0, f64::max);
        format!(
            "environment grade {:?} ({}); at most {:.2} % of a core lost while idle, line bounce \
             {} ns, clock {:.0} ns, record {:.1} ns",
            self.grade,
            self.grade.meaning(),
            lost * 100.0,
            self.line_bounce_ns.map_or_else(|| "-".to_owned(), |ns| ns.to_string()),
            self.clock_cost_ns,
            self.record_cost_ns
        )
    }
}

/// All cores at once, each with a thread that does nothing else.
fn probe(cores: &[usize], clock: &RunClock) -> Vec<CoreProbe> {
    let watch = |core| {
        pin_to(core);
        let mut log = StallLog::new();
        let start_ns = clock.now_ns();
        let mut now_ns = start_ns;
        while now_ns < start_ns + PROBE_NS {
            now_ns = clock.now_ns();
            log.here(now_ns, 0);
        }
        let (stalls, lengths) = log.into_parts();
        let lost_ns: u64 = stalls.iter().map(|stall| stall.to_ns - stall.from_ns).sum();
        let seconds = (now_ns - start_ns) as f64 / 1e9;
        CoreProbe {
            core,
            lost: lost_ns as f64 / (now_ns - start_ns) as f64,
            long_per_s: lengths.count_between(LONG_NS, lengths.high()) as f64 / seconds,
            max_ns: if lengths.is_empty() { 0 } else { lengths.max() },
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = cores.iter().map(|&core| scope.spawn(move || watch(core))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread ends")).collect()
    })
}

fn record_cost_ns(clock: &RunClock) -> f64 {
    const RECORDS: u64 = 100_000;
    let mut histogram = nanoseconds();
    let start_ns = clock.now_ns();
    for n in 0..RECORDS {
        histogram.saturating_record(black_box(200 + n % 1_000));
    }
    (clock.now_ns() - start_ns) as f64 / RECORDS as f64
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn cpu_flags() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().find(|line| line.starts_with("flags")).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_follow_the_findings() {
        let core = CoreProbe { core: 0, lost: 0.0, long_per_s: 0.0, max_ns: 0 };
        let best = Preflight {
            grade: Grade::D,
            clock_invariant: true,
            clock_cost_ns: 10.0,
            record_cost_ns: 3.0,
            line_bounce_ns: Some(100),
            virtual_machine: false,
            isolated: "0-1".to_owned(),
            huge_pages: String::new(),
            cores: vec![core, CoreProbe { core: 1, ..core }],
        };
        assert_eq!(best.graded(), Grade::A);
        let graded = |change: fn(&mut Preflight)| {
            let mut found = best.clone();
            change(&mut found);
            found.graded()
        };
        assert_eq!(graded(|found| found.isolated.clear()), Grade::B);
        assert_eq!(graded(|found| found.cores[0].max_ns = 50_000), Grade::B);
        assert_eq!(graded(|found| found.cores[0].lost = 0.005), Grade::C);
        assert_eq!(graded(|found| found.cores[0].lost = 0.02), Grade::D);
        assert_eq!(graded(|found| found.virtual_machine = true), Grade::D);
        assert_eq!(graded(|found| found.clock_invariant = false), Grade::D);
        assert!(best.line().contains("grade D"), "{}", best.line());
    }
}
