//! Studies: questions put to the engine many times over, and answered with an interval.

pub mod bootstrap;
pub mod comparison;
pub mod deleveraging;
pub mod execution_risk;
pub mod measures;
pub mod parallel;
pub mod queue;
pub mod risk;
pub mod statistics;
pub mod survival;
pub mod theory;
pub mod two_samples;
pub mod venues;
