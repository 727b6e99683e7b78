//! Classical results that the engine must reproduce, with the real queues.
//!
//! Every test drives the engine's own book, or the whole engine, with the flow that the theory
//! states, asks the queues what happened, and compares that with what the theory says. None
//! computes its answer from the formula it checks. A row whose interval is too wide to say
//! anything is a failure, not a pass.

mod cont_stoikov_talreja;
mod crowd;
pub mod document;
mod noise;
mod oracles;
mod row;
mod sampling;
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
