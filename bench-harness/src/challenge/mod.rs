//! The public matching-engine challenge's workload, from its published parameters.
//!
//! A stream of about two million messages (new orders, cancels, modifies) around a random walk, in
//! five scenarios. An engine answers with a stream of reports, whose SHA-256 is published for seed
//! 23: whoever computes another one does not match by price and time. Any other seed gives a stream
//! of the same kind without a reference.
//!
//! [`generate`] makes the messages, [`ChallengeBook`] answers them from the engine's own book, and
//! [`ReportHasher`] takes the hash. The same adapter stands behind the challenge's C interface in
//! `bench-harness/challenge`.

mod bench;
mod book;
mod costs;
#[cfg(feature = "peers")]
mod peers;
mod report;
mod report_ring;
mod scenario;
mod stream;
mod twister;
mod wire;

pub use bench::{BenchOptions, Rate, Row, ServiceTime, Verdict, bench};
pub use book::ChallengeBook;
pub use costs::{Cost, Costs, KindTime, costs};
#[cfg(feature = "peers")]
pub use peers::{PeerRow, peers};
pub use report::{Report, ReportHasher, ReportKind, ReportSink};
pub use report_ring::{ReportReceiver, ReportSender, report_ring};
pub use scenario::{REFERENCE_SEED, SCENARIOS, Scenario};
pub use stream::{Message, MessageKind, generate};
