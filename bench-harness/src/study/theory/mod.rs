//! Classical results that the engine must reproduce, with the real queues.
//!
//! Every test drives the engine's own book, or the whole engine, with the flow that the theory
//! states, asks the queues what happened, and compares that with what the theory says. None
//! computes its answer from the formula it checks. A row whose interval is too wide to say
//! anything is a failure, not a pass.

mod cont_de_larrard;
mod cont_stoikov_talreja;
mod crowd;
pub mod document;
mod execution;
mod golden;
mod impact;
mod noise;
mod oracles;
mod queue_reactive;
mod queueing;
mod recorded;
mod row;
mod sampling;
mod spiral;
mod time_to_fill;
mod venue;

pub use row::{Row, Verdict};
pub use sampling::Plan;

use venue::RealBook;

/// One test: a table of rows.
#[derive(Clone, Copy)]
pub struct Test {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// Where its numbers come from.
    pub source: &'static str,
    run: fn(Plan, &'static str) -> Vec<Row>,
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Test {
    /// Runs it. The rows do not depend on the number of workers.
    pub fn run(&self, plan: Plan) -> Vec<Row> {
        let mut rows = (self.run)(plan, self.name);
        for row in &mut rows {
            self.source.clone_into(&mut row.source);
        }
        rows
    }
}

/// All tests, in the order in which they are reported.
pub const TESTS: &[Test] = &[
    Test {
        name: "cst-table-3",
        about: "P(the next mid move is up), by orders at the bid and at the ask",
        source: "Cont, Stoikov, Talreja (2010), Table 3; exact values",
        run: cont_stoikov_talreja::mid_up::<RealBook>,
    },
    Test {
        name: "cst-fill",
        about: "P(an own bid at place b fills before the mid moves), never cancelled",
        source: "Cont, Stoikov, Talreja (2010), Proposition 5 (not Table 4); exact values",
        run: cont_stoikov_talreja::fill::<RealBook>,
    },
    Test {
        name: "cst-table-5",
        about: "P(an own bid and an own ask, both last, fill before the mid moves)",
        source: "Cont, Stoikov, Talreja (2010), Table 5; exact values",
        run: cont_stoikov_talreja::spread::<RealBook>,
    },
    Test {
        name: "cst-adverse-selection",
        about: "P(the next mid move is up, given that the own bid, last of b, has filled)",
        source: "exact in the model of Cont, Stoikov, Talreja (2010)",
        run: cont_stoikov_talreja::adverse_selection::<RealBook>,
    },
    Test {
        name: "cst-liquidation-stress",
        about: "market sells times k, own bid last of three: fills become certain and worthless",
        source: "exact in the model of Cont, Stoikov, Talreja (2010)",
        run: cont_stoikov_talreja::stress::<RealBook>,
    },
    Test {
        name: "cst-cumulative-incidence",
        about: "share filled, and share whose price moved away, by a time (competing ends)",
        source: "exact in the model of Cont, Stoikov, Talreja (2010)",
        run: time_to_fill::incidence::<RealBook>,
    },
    Test {
        name: "cst-kaplan-meier",
        about: "Kaplan-Meier with mid moves as censoring: the share filled were there no moves",
        source: "exact in the model of Cont, Stoikov, Talreja (2010)",
        run: time_to_fill::kaplan_meier::<RealBook>,
    },
    Test {
        name: "cst-latency",
        about: "decide now, join the queue later: P(fill), and P(the order is still worth sending)",
        source: "exact in the model of Cont, Stoikov, Talreja (2010)",
        run: cont_stoikov_talreja::latency::<RealBook>,
    },
    Test {
        name: "cdl-first-exit",
        about: "P(the next move is up) of two balanced queues whose rates ignore their sizes",
        source: "Cont, de Larrard (2013), Proposition 2; the integral by Simpson's rule",
        run: cont_de_larrard::exits::<RealBook>,
    },
    Test {
        name: "cdl-survival",
        about: "P(no price change by a time), 4 bids and 5 asks, removals at 13/12 of arrivals",
        source: "Cont, de Larrard (2013), Proposition 1",
        run: cont_de_larrard::survival::<RealBook>,
    },
    Test {
        name: "queue-reactive",
        about: "stationary law of a queue whose rates depend on its size, first three depths",
        source: "Huang, Lehalle, Rosenbaum (2015); intensities of TomasEspana/qrm_optimal_execution",
        run: queue_reactive::laws::<RealBook>,
    },
    Test {
        name: "mm1",
        about: "sojourn in the engine's liquidation queue, exponential service, in service times",
        source: "M/M/1: the sojourn is exponential with mean 1/(1 − load)",
        run: queueing::exponential,
    },
    Test {
        name: "md1",
        about: "sojourn in the engine's liquidation queue, fixed service time, in service times",
        source: "M/D/1: Pollaczek and Khinchine; Crommelin (1932)",
        run: queueing::fixed,
    },
    Test {
        name: "mg1",
        about: "sojourn in the engine's liquidation queue, squared variation 4, in service times",
        source: "M/G/1: Pollaczek and Khinchine",
        run: queueing::varied,
    },
    Test {
        name: "cobham",
        about: "mean waits of three non-preemptive classes by the notional key, and by trigger time",
        source: "Cobham (1954)",
        run: queueing::cobham,
    },
    Test {
        name: "little",
        about: "mean backlog equals arrival rate times mean wait, to the nanosecond",
        source: "Little (1961)",
        run: queueing::little,
    },
    Test {
        name: "impact-exponent",
        about: "how a metaorder's impact grows with its size, in the laboratory's market: reported",
        source: "measured, compared with nothing",
        run: impact::exponent,
    },
    Test {
        name: "liquidation-golden",
        about: "bankruptcy and liquidation prices, forced orders and deleveraging of real venues",
        source: "Bybit, dYdX and BitMEX documentation; Chitra (2025)",
        run: golden::rows,
    },
    Test {
        name: "cascade",
        about: "forced plus exogenous over exogenous quantity, uniform depth and leverage",
        source: "1/(1 − n), n forced lots triggered per lot sold; on a grid of ticks",
        run: golden::cascade,
    },
    Test {
        name: "toxic-spiral",
        about: "loan-to-value after each seizure; it rises beyond 1/(1 + bonus), falls below",
        source: "Warmuz et al. (2022), arXiv:2212.07306; the algebra of one seizure",
        run: spiral::toxic,
    },
    Test {
        name: "execution-risk",
        about: "P(bad debt) and mean shortfall of a forced order that is served late",
        source: "normal returns: Φ(μ/σ) and μΦ(μ/σ) + σφ(μ/σ), μ = impact + spread/2 + fee − buffer",
        run: execution::rows,
    },
    Test {
        name: "lobster",
        about: "share of recorded sweeps that the book repeats, order by order: at least 99.6 %",
        source: "LOBSTER sample, AAPL 2012-06-21 09:30 to 10:30, 50 levels",
        run: recorded::lobster,
    },
];

/// The test of that name.
///
/// # Errors
///
/// The nearest name, if one is near, when there is none.
pub fn find(name: &str) -> Result<&'static Test, Option<&'static str>> {
    /// Names less alike than this are no help.
    const ALIKE: f64 = 0.7;
    let near = || {
        let alike = |test: &Test| strsim::jaro_winkler(name, test.name);
        let nearest = TESTS.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
        (alike(nearest) >= ALIKE).then_some(nearest.name)
    };
    TESTS.iter().find(|test| test.name == name).ok_or_else(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::parallel;

    fn failures(name: &str) -> Vec<Row> {
        let plan = Plan { deep: false, workers: parallel::cores() };
        let rows = find(name).expect("the test is there").run(plan);
        assert!(!rows.is_empty());
        rows.into_iter().filter(|row| row.verdict == Verdict::Fail).collect()
    }

    #[test]
    fn names_are_apart_and_rows_carry_them() {
        let mut names: Vec<&str> = TESTS.iter().map(|test| test.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TESTS.len());
        let rows = find("little").expect("the test is there");
        let plan = Plan { deep: false, workers: parallel::cores() };
        assert!(rows.run(plan).iter().all(|row| row.name.starts_with("little/")));
    }

    #[test]
    fn exact_tests_hold() {
        for name in ["little", "liquidation-golden", "cascade", "toxic-spiral", "execution-risk"] {
            assert_eq!(failures(name), [], "{name}");
        }
    }
}
