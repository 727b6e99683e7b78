//! The shard: one input in, its events out.
mod config;

pub use config::{ConfigError, ShardConfig};

use crate::types::{AccountId, Event, EventSink, Money, OrderId, Price, Sequenced, Side, SymbolId};

/// One shard.
#[derive(Debug)]
pub struct Engine {}

/// A position as the outside sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// Signed quantity, in lots.
    pub lots: i64,
    /// Value at which it was entered.
    pub entry: Money,
    /// Isolated margin.
    pub margin: Money,
    /// Whether it is in the liquidation queue.
    pub in_liquidation: bool,
}

impl Engine {
    /// An empty shard; everything it will need is allocated here.
    pub fn new(config: &ShardConfig) -> Self {
        let _ = config;
        Self {}
    }
    /// Applies one input and emits its events.
    pub fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let _ = (input, sink);
    }
    /// When a `Step` would next do something, if anything waits: at the time of the last input
    /// or later.
    pub fn next_step_ns(&self) -> Option<u64> {
        None
    }
    /// Highest bid.
    pub fn best_bid(&self, _symbol: SymbolId) -> Option<Price> {
        None
    }
    /// Lowest offer.
    pub fn best_ask(&self, _symbol: SymbolId) -> Option<Price> {
        None
    }
    /// Levels of one side from the best outwards: price and total quantity in lots.
    pub fn depth(&self, _symbol: SymbolId, _side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        core::iter::empty()
    }
    /// The mark price.
    pub fn mark(&self, _symbol: SymbolId) -> Option<Price> {
        None
    }
    /// An account's free cash.
    pub fn cash(&self, _account: AccountId) -> Money {
        Money::ZERO
    }
    /// An account's position.
    pub fn position(&self, _symbol: SymbolId, _account: AccountId) -> PositionView {
        PositionView { lots: 0, entry: Money::ZERO, margin: Money::ZERO, in_liquidation: false }
    }
    /// Accounts waiting in the liquidation queue.
    pub fn backlog(&self) -> usize {
        0
    }
    /// Orders and lots ahead of a resting order at its price.
    pub fn queue_ahead(&self, _symbol: SymbolId, _order: OrderId) -> Option<(u32, u64)> {
        None
    }
    /// Money that was created or destroyed since the start, in money units: always zero.
    pub fn conservation_error(&self) -> i128 {
        0
    }
    /// Hash of the whole state over canonical bytes.
    pub fn state_hash(&self) -> u128 {
        0
    }
}

/// Hash of an event stream, per symbol and combined in symbol order.
#[derive(Clone, Debug, Default)]
pub struct EventHasher {}

impl EventHasher {
    /// Hash of everything so far.
    pub fn digest(&self) -> u128 {
        0
    }
}

impl EventSink for EventHasher {
    fn event(&mut self, event: Event) {
        let _ = event;
    }
}
