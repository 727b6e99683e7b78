//! Why an order was filled, or was not: the path of the volume ahead of it, step by step.

use serde::Serialize;
use thiserror::Error;

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::trackers::{Cause, End, QueueTrackers, Record, TrackerId};
use seawall_engine::types::{CancelCause, Input, NoEvents, OrderId, Sequenced, Side, SymbolId};

/// One step of an order's path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathStep {
    /// When, in nanoseconds of virtual time.
    pub time_ns: u64,
    /// What moved it: `trade`, `cancel`, `repriced`, `reduction`, `self-trade`, or a change of its
    /// own: `own rest`, `own fill`, `own reduction`, `own requeue`.
    pub cause: &'static str,
    /// More about it, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
    /// Lots by which the queue ahead shrank, or of its own change.
    pub lots: u64,
    /// Orders ahead after it.
    pub orders_ahead: u32,
    /// Lots ahead after it.
    pub lots_ahead: u64,
    /// Price in ticks.
    pub price_ticks: u32,
}

/// Why an order ended as it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// The order.
    pub order: u64,
    /// Its path from when it rested.
    pub steps: Vec<PathStep>,
    /// How it ended: `filled`, `cancelled`, or `not observed` if it still rests at the end.
    pub end: &'static str,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_cause: Option<&'static str>,
    /// When; `null` if it still rests.
    pub end_ns: Option<u64>,
    /// Lots by which each cause moved it forward.
    pub moved_by: Vec<(&'static str, u64)>,
}

/// Why there is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WhyError {
    /// No input names the order.
    #[error(
        "order {0} is not in this run; a maker's order is account · 2^32 + a number of its own, \
         a forced order has the top bit set and never rests"
    )]
    Unknown(u64),
    /// It never stood in a queue.
    #[error("order {0} is in this run but never rested: it has no place in a queue to explain")]
    NeverRested(u64),
    /// The run holds no order that waits long enough to be worth a picture.
    #[error("no order of this run moved forward in a queue before it filled")]
    Nothing,
}

fn cause_name(cause: Cause) -> (&'static str, Option<&'static str>) {
    match cause {
        Cause::Trade => ("trade", None),
        Cause::Cancel(cause) => ("cancel", Some(cancel_name(cause))),
        Cause::Repriced => ("repriced", None),
        Cause::Reduction(cause) => ("reduction", Some(cancel_name(cause))),
        Cause::SelfTrade => ("self-trade", None),
        Cause::OwnRest => ("own rest", None),
        Cause::OwnFill => ("own fill", None),
        Cause::OwnReduction => ("own reduction", None),
        Cause::OwnRequeue => ("own requeue", None),
    }
}

fn cancel_name(cause: CancelCause) -> &'static str {
    match cause {
        CancelCause::Client => "its owner asked",
        CancelCause::Unfilled => "it may not rest",
        CancelCause::FillOrKill => "not all at once",
        CancelCause::Liquidation => "its owner is liquidated",
        CancelCause::MassCancel => "its owner cancelled many",
        CancelCause::Disconnect => "its owner is disconnected",
        CancelCause::SelfTrade => "it met its own party",
        CancelCause::MinQty => "less than its least",
        CancelCause::Expired => "its time was over",
        CancelCause::ReduceOnly => "it may only reduce",
        #[allow(unreachable_patterns, reason = "causes may be added by the engine")]
        _ => "the venue",
    }
}

fn names(input: &Sequenced, order: OrderId) -> bool {
    match &input.input {
        Input::Order(new) => new.order == order,
        Input::Replace { order: other, .. } | Input::Cancel { order: other, .. } => *other == order,
        _ => false,
    }
}

/// The path of one order of symbol 0 through a run's inputs.
pub fn why(config: &ShardConfig, inputs: &[Sequenced], order: OrderId) -> Result<Why, WhyError> {
    let mut engine = Engine::new(config);
    let mut trackers = QueueTrackers::default();
    trackers.follow_from_rest(SymbolId(0), order);
    let mut records = Vec::new();
    for input in inputs {
        trackers.apply(&mut engine, input, &mut NoEvents);
        records.extend(trackers.drain());
    }
    let path = path(order, &records, TrackerId(0));
    if path.steps.iter().any(|step| step.cause == "own rest" || step.cause == "own requeue") {
        return Ok(path);
    }
    if inputs.iter().any(|input| names(input, order)) {
        Err(WhyError::NeverRested(order.0))
    } else {
        Err(WhyError::Unknown(order.0))
    }
}

fn path(order: OrderId, records: &[Record], tracker: TrackerId) -> Why {
    let mut why = Why {
        order: order.0,
        steps: Vec::new(),
        end: "not observed",
        cancel_cause: None,
        end_ns: None,
        moved_by: Vec::new(),
    };
    for record in records {
        match *record {
            Record::Step(step) if step.tracker == tracker => {
                let (cause, detail) = cause_name(step.cause);
                if step.cause.is_ahead() {
                    match why.moved_by.iter_mut().find(|(name, _)| *name == cause) {
                        Some((_, lots)) => *lots += step.lots,
                        None => why.moved_by.push((cause, step.lots)),
                    }
                }
                why.steps.push(PathStep {
                    time_ns: step.time_ns,
                    cause,
                    detail,
                    lots: step.lots,
                    orders_ahead: step.ahead.orders,
                    lots_ahead: step.ahead.lots,
                    price_ticks: step.price.ticks(),
                });
            }
            Record::End { tracker: other, time_ns, end } if other == tracker => {
                why.end_ns = Some(time_ns);
                why.end = match end {
                    End::Filled => "filled",
                    End::Cancelled(cause) => {
                        why.cancel_cause = Some(cancel_name(cause));
                        "cancelled"
                    }
                    _ => "not observed",
                };
            }
            _ => {}
        }
    }
    why
}

/// The order of a run with the longest way to its fill: among the last ones of the best queue of
/// `side`, looked for every tenth of a second between two times.
pub fn longest(
    config: &ShardConfig,
    inputs: &[Sequenced],
    side: Side,
    (from_ns, to_ns): (u64, u64),
) -> Result<Why, WhyError> {
    let symbol = SymbolId(0);
    let mut engine = Engine::new(config);
    let mut trackers = QueueTrackers::default();
    let mut orders = Vec::new();
    let mut records = Vec::new();
    let mut next_ns = from_ns;
    for input in inputs {
        if input.time_ns >= next_ns && next_ns < to_ns {
            next_ns += 100_000_000;
            let best = match side {
                Side::Buy => engine.best_bid(symbol),
                Side::Sell => engine.best_ask(symbol),
            };
            let last = best.and_then(|price| engine.queue(symbol, price).last());
            if let Some(last) = last
                && let Ok(id) = trackers.follow(&engine, symbol, last.id)
                && id.index() == orders.len()
            {
                orders.push(last.id);
            }
        }
        trackers.apply(&mut engine, input, &mut NoEvents);
        records.extend(trackers.drain());
    }
    let paths = (0..).zip(&orders).map(|(n, order)| path(*order, &records, TrackerId(n)));
    let filled = paths.filter(|path| path.end == "filled" && path.steps.len() > 2);
    let chosen = filled.max_by_key(|path| path.steps.len()).ok_or(WhyError::Nothing)?;
    // From its first rest, not from when it was noticed.
    why(config, inputs, OrderId(chosen.order))
}
