//! Who must be liquidated, in what order, how, and who pays.
//!
//! Knows positions and margin (`risk`), not orders in a book: `core` turns a plan into an order.

mod adl;
mod fund;
mod funded_index;
mod index;
mod key;
mod keyed_heap;
mod pace;
mod plan;
mod queue;
mod resting;
mod rules;
mod seen;
mod socialise;
#[cfg(test)]
mod tests;
mod venue;

pub(crate) use adl::{Case, Deleveraging};
pub(crate) use fund::FundWatch;
pub(crate) use funded_index::FundedIndex;
pub(crate) use index::TriggerIndex;
pub(crate) use key::priority;
pub(crate) use keyed_heap::KeyedHeap;
pub(crate) use pace::Pace;
pub(crate) use plan::Moment;
pub use queue::QueueStats;
pub(crate) use queue::{LiquidationQueue, Waiting};
pub(crate) use resting::{Resting, RestingOrders};
pub use rules::{Discipline, LiquidationRules, Minimal, Plan, PriorityKey, RulesError, Unwind};
pub(crate) use seen::{Seen, lots_worth};
pub(crate) use socialise::{shares, weighted_shares};
pub use venue::{
    Adl, AdlPolicy, AdlPrice, Backstop, Draw, Fillable, ForcedLimit, ForcedOrder, FundRules,
    Outlook, Residual, Unfilled, VenueRules,
};
