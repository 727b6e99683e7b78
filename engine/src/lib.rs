//! The venue: a deterministic price-time matching engine for leveraged contracts, with a
//! priority liquidation queue, behind lock-free rings.
//!
//! `types ← book ← matching` and `types ← risk ← liquidation` meet in `core`; `pipeline` puts
//! rings and a thread around it. From `types` to `core` and in `market_data` there is no clock,
//! no I/O, no thread and no float: the engine is a function of its inputs.

pub mod types;

#[doc(hidden)]
pub mod canary;

pub mod book;
pub mod core;
pub mod durability;
pub mod journal;
pub mod liquidation;
pub mod market_data;
pub mod matching;
pub mod pipeline;
pub mod ring;
pub mod risk;
pub mod state;
pub mod trackers;
