//! The laboratory: throws synthetic liquidation cascades at the engine and measures what happens.
//!
//! `scenario → agents → simulation | load → measure → report`; a saved run can be reported again
//! without running it.
#![allow(
    clippy::cast_precision_loss,
    reason = "measures are ratios and averages of counts far below 2^53"
)]

pub mod agents;
pub mod calibrate;
pub mod challenge;
pub mod cli;
pub mod export;
pub mod feeds;
pub mod load;
pub mod measure;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod study;
pub mod sweep;
