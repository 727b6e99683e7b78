//! The vocabulary of the venue: prices, quantities, money, identities, inputs and events.
//!
//! Every quantity is a bounded integer with its unit in its type, so that a product of two of
//! them is known to fit before it is computed. Nothing here knows of books, accounts or threads.

mod bounds;
mod contract;
mod event;
mod ids;
mod input;
mod money;
mod ppm;
mod price;
mod qty;
mod reject;
mod side;
#[cfg(test)]
mod tests;

pub use bounds::{
    ACCOUNTS_MAX, MONEY_MAX_UNITS, ORDERS_MAX, POSITION_LOTS_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX,
    SYMBOLS_MAX,
};
pub use contract::{Contract, ContractKind};
pub use event::{CancelCause, Event, EventSink, FundCause, HaltCause, NoEvents};
pub use ids::{AccountId, AssetId, OrderId, Seq, SymbolId};
pub use input::{Input, NewOrder, OrderKind, Reference, SelfTrade, Sequenced, Trail};
pub use money::Money;
pub(crate) use money::div_floor;
pub use ppm::Ppm;
pub(crate) use ppm::{parts_ceil, parts_floor};
pub use price::Price;
pub use qty::Qty;
pub use reject::RejectReason;
pub use side::Side;
