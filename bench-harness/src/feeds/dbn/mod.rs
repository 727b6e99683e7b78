//! Databento DBN files of schema `mbo` (market by order), versions 1 to 3, through the `dbn` crate.
//!
//! A record adds (A), cancels (C), modifies (M) or clears (R); a trade (T) and the fills (F) behind
//! it say who met whom, and the C or M that follows a fill is what the fill did to the order. So a
//! fill is an execution here, and of what follows only what goes beyond it is a cancel.

mod reader;

pub(super) use reader::DbnReader;
