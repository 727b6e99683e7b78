//! Bitstamp order events, as `orders.csv` of phil8192/ob-analytics has them.
//!
//! Every order that came to the exchange is `created`, `changed` (its volume is now so much) and
//! `deleted` (with volume 0: filled to its end; otherwise cancelled). Trades are not in the file:
//! one shows as two changes of nearly equal size, of a bid and of an ask, and [`pairing`] puts them
//! together. The order that came later is the aggressor.
//!
//! Prices are in cents, volumes in 1e-8 bitcoin. A book's lot is 1e-6 bitcoin
//! ([`LOT_UNITS`]), because a quantity of the engine ends at 2^31.

pub mod pairing;
mod reader;
mod row;

pub(super) use reader::BitstampReader;

/// Volume units (1e-8 bitcoin) in a lot of the book.
pub const LOT_UNITS: u64 = 100;
