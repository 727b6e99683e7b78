//! What one probe saw.

use parquet_derive::ParquetRecordWriter;
use serde::{Deserialize, Serialize};

/// How an observed wait ended; the codes of [`Observation::end`].
pub mod end {
    /// Filled.
    pub const FILLED: u32 = 0;
    /// An order of its side rested too far beyond its price.
    pub const MOVED_AWAY: u32 = 1;
    /// The other side came to rest at its price: what an order would have done is not known.
    pub const CROSSED: u32 = 2;
    /// Still waiting at the horizon.
    pub const WAITING: u32 = 3;
    /// Not observed: at its arrival the price had no queue of its side any more.
    pub const NO_QUEUE: u32 = 4;
    /// An order of the market left its queue: cancelled, or put elsewhere by its owner.
    pub const CANCELLED: u32 = 5;
}

/// Number of the phase that is calm but reaches into the shock; see [`Observation::phase`].
pub const EVE: u32 = 4;

/// One probe: where it stood, how it ended, what came after. Times are virtual nanoseconds; ticks
/// and lots as in the run. What was not observed is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct Observation {
    /// Seed of the run.
    pub seed: u64,
    /// When its place was chosen.
    pub time_ns: u64,
    /// How much later it joined.
    pub delay_ns: u64,
    /// Since the first liquidation was triggered; null if none ever was.
    pub since_trigger_ns: Option<i64>,
    /// Phase at the choice: 0 calm, 1 onset, 2 peak, 3 recovery, 4 the eve: calm, but so late that
    /// wait and mark-out reach into the shock.
    pub phase: u32,
    /// Whether forced orders trade against its side.
    pub absorbs: bool,
    /// Place of its price among the occupied ones of its side, from 0.
    pub level: u32,
    /// Place in the queue in hundredths: 0 at the front, 100 at the back.
    pub rank_percent: u32,
    /// Orders ahead when it joined.
    pub orders_ahead: u32,
    /// Lots ahead when it joined.
    pub lots_ahead: u64,
    /// Lots of the whole queue then.
    pub queue_lots: u64,
    /// How it ended: 0 filled, 1 moved away, 2 crossed, 3 waiting at the horizon, 4 not observed,
    /// 5 left by its owner's wish or because its owner was liquidated (orders of the market only).
    pub end: u32,
    /// From joining to the end.
    pub wait_ns: u64,
    /// Lots by which trades ahead moved it.
    pub by_trades: u64,
    /// Lots by which cancels ahead moved it.
    pub by_cancels: u64,
    /// Of those, cancels because the owner was liquidated.
    pub by_liquidation_cancels: u64,
    /// Lots by which orders ahead that were repriced moved it.
    pub by_reprices: u64,
    /// Lots by which reductions ahead moved it.
    pub by_reductions: u64,
    /// Lots by which self-trade prevention moved it.
    pub by_self_trade: u64,
    /// Mid less price one second after the fill, in ticks, signed so that positive is a gain. Null
    /// past the end of the run, and for a calm probe past the end of the calm.
    pub mark_out_1s: Option<f64>,
    /// The same ten seconds after.
    pub mark_out_10s: Option<f64>,
    /// The same sixty seconds after.
    pub mark_out_60s: Option<f64>,
    /// The same at the end of the peak, for fills before it.
    pub mark_out_cascade_end: Option<f64>,
}

impl Observation {
    /// Whether it was observed at all.
    pub fn is_observed(&self) -> bool {
        self.end != end::NO_QUEUE
    }

    /// Whether it filled within a time.
    pub fn is_filled_by(&self, wait_ns: u64) -> bool {
        self.is_filled() && self.wait_ns <= wait_ns
    }

    /// Whether it belongs to one of the four phases.
    pub fn has_phase(&self) -> bool {
        self.phase < EVE
    }

    /// Whether it filled.
    pub fn is_filled(&self) -> bool {
        self.end == end::FILLED
    }
}

/// One shadow order of the estimators' benchmark: joined the back of the best queue, followed by
/// every model from the level's quantity and the trades, and by a probe for the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct EstimateRow {
    /// Seed of the run.
    pub seed: u64,
    /// When it joined.
    pub time_ns: u64,
    /// Phase then, as in [`Observation::phase`].
    pub phase: u32,
    /// Whether forced orders trade against its side.
    pub absorbs: bool,
    /// The model.
    pub model: String,
    /// Lots ahead when it joined.
    pub lots_ahead: u64,
    /// What the probe did, as in [`Observation::end`]: 0 filled; 2 the other side came to rest at
    /// its price, so that what an order would have done is not known and no model is judged by it;
    /// 3 neither within the horizon.
    pub truth: u32,
    /// Whether the model says that it filled.
    pub said_filled: bool,
    /// Mean of estimated less true lots ahead, over the changes of its level.
    pub error_mean: f64,
    /// Mean of its square.
    pub error_square: f64,
    /// Changes compared.
    pub changes: u64,
}
