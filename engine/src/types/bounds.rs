//! Every limit of the engine in one table, and the proofs that products of them fit.

/// Highest price, in ticks.
pub const PRICE_TICKS_MAX: u32 = 1 << 28;
/// Largest quantity of one order, in lots.
pub const QTY_LOTS_MAX: u32 = 1 << 31;
/// Largest position of one account in one symbol, in lots; a market may set less.
pub const POSITION_LOTS_MAX: u32 = 1 << 31;
/// Largest sum of net deposits of a shard, and largest value of a client's position at any price of
/// its market, in money units.
pub const MONEY_MAX_UNITS: i64 = 1 << 60;
/// Most accounts of one shard.
pub const ACCOUNTS_MAX: u32 = 1 << 24;
/// Most resting orders of one market.
pub const ORDERS_MAX: u32 = 1 << 26;
/// Most symbols of one shard.
pub const SYMBOLS_MAX: u16 = 1 << 14;

// Four amounts at their bound still add up within an i64, so one command cannot overflow one.
const _: () = assert!(MONEY_MAX_UNITS <= i64::MAX / 4);
// A notional scaled by parts per million, times every account, fits an i128 many times over.
const _: () = assert!(i128::MAX / 1_000_000 / (ACCOUNTS_MAX as i128) > MONEY_MAX_UNITS as i128);
// Slot 0 means "none", so indices need one value more than there are orders.
const _: () = assert!(ORDERS_MAX < u32::MAX);
