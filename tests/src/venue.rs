//! What is compared: anything that applies inputs and can be looked at.

use seawall_engine::core::{Clearing, Engine, PositionView, ShardConfig, StopView};
use seawall_engine::types::{
    AccountId, AssetId, Event, Money, OrderId, Price, Sequenced, Side, SymbolId,
};

use crate::reference::Reference;

/// An engine under comparison.
pub trait Venue {
    /// An empty shard.
    fn open(config: &ShardConfig) -> Self;
    /// Applies one input and appends its events.
    fn apply(&mut self, input: &Sequenced, events: &mut Vec<Event>);
    /// Checks its promises to itself; panics if one is broken.
    fn audit(&self) {}
    /// Its state. `like` says which symbols, accounts and resting orders there are.
    fn snapshot(&self, like: &Reference) -> Snapshot;
}

/// Everything that can be seen from outside between two inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// State of each symbol.
    pub symbols: Vec<SymbolSnapshot>,
    /// Free cash by account.
    pub cash: Vec<Money>,
    /// Lots of each collateral asset, by account.
    pub collateral: Vec<Vec<u32>>,
    /// Accounts waiting in the liquidation queue.
    pub backlog: usize,
    /// When a `Step` would next do something.
    pub next_step_ns: Option<u64>,
    /// Money created or destroyed since the start.
    pub conservation_error: i128,
}

/// State of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolSnapshot {
    /// Its mark.
    pub mark: Option<Price>,
    /// Best bid and offer.
    pub best: [Option<Price>; 2],
    /// Levels of bids and offers, from the best outwards.
    pub depth: [Vec<(Price, u64)>; 2],
    /// Orders and lots ahead of every resting order, by the order's id.
    pub queues: Vec<(u64, Option<(u32, u64)>)>,
    /// Whether it is halted, and what its auction would do.
    pub auction: (bool, Option<Clearing>),
    /// Stops that wait, in the order in which they would trigger.
    pub stops: Vec<StopView>,
    /// Positions by account.
    pub positions: Vec<PositionView>,
}

/// Builds a snapshot out of what one symbol answers.
fn symbols_of(like: &Reference, one: impl Fn(SymbolId) -> SymbolSnapshot) -> Vec<SymbolSnapshot> {
    like.symbols().map(one).collect()
}

/// Builds the table of collateral out of what one cell answers.
fn holdings(like: &Reference, one: impl Fn(AssetId, AccountId) -> u32) -> Vec<Vec<u32>> {
    like.assets()
        .map(|asset| like.accounts().map(|account| one(asset, account)).collect())
        .collect()
}

fn ids(like: &Reference, symbol: SymbolId) -> Vec<u64> {
    let mut ids: Vec<u64> = like.orders(symbol).iter().map(|order| order.order.0).collect();
    ids.sort_unstable();
    ids
}

impl Venue for Reference {
    fn open(config: &ShardConfig) -> Self {
        Self::new(config)
    }

    fn apply(&mut self, input: &Sequenced, events: &mut Vec<Event>) {
        Self::apply(self, input, events);
    }

    fn snapshot(&self, like: &Reference) -> Snapshot {
        let ahead = |symbol, id| self.queue_ahead(symbol, OrderId(id));
        Snapshot {
            symbols: symbols_of(like, |symbol| SymbolSnapshot {
                mark: self.mark(symbol),
                best: [self.best(symbol, Side::Buy), self.best(symbol, Side::Sell)],
                depth: [self.depth(symbol, Side::Buy), self.depth(symbol, Side::Sell)],
                queues: ids(like, symbol).into_iter().map(|id| (id, ahead(symbol, id))).collect(),
                auction: (self.is_halted(symbol), self.indicative(symbol)),
                stops: self.stops(symbol),
                positions: like.accounts().map(|a| self.position(symbol, a)).collect(),
            }),
            cash: like.accounts().map(|account| self.cash(account)).collect(),
            collateral: holdings(like, |asset, account| self.collateral(asset, account)),
            backlog: self.backlog(),
            next_step_ns: self.next_step_ns(),
            conservation_error: self.conservation_error(),
        }
    }
}

impl Venue for Engine {
    fn open(config: &ShardConfig) -> Self {
        Self::new(config)
    }

    fn apply(&mut self, input: &Sequenced, events: &mut Vec<Event>) {
        Self::apply(self, input, events);
    }

    fn audit(&self) {
        self.assert_consistent();
    }

    fn snapshot(&self, like: &Reference) -> Snapshot {
        self.assert_consistent();
        let ahead = |symbol, id| self.queue_ahead(symbol, OrderId(id));
        let depth = |symbol, side| self.depth(symbol, side).collect();
        let cash = |account: AccountId| self.cash(account);
        Snapshot {
            symbols: symbols_of(like, |symbol| SymbolSnapshot {
                mark: self.mark(symbol),
                best: [self.best_bid(symbol), self.best_ask(symbol)],
                depth: [depth(symbol, Side::Buy), depth(symbol, Side::Sell)],
                queues: ids(like, symbol).into_iter().map(|id| (id, ahead(symbol, id))).collect(),
                auction: (self.is_halted(symbol), self.indicative(symbol)),
                stops: self.stops(symbol).collect(),
                positions: like.accounts().map(|a| self.position(symbol, a)).collect(),
            }),
            cash: like.accounts().map(cash).collect(),
            collateral: holdings(like, |asset, account| self.collateral(asset, account)),
            backlog: self.backlog(),
            next_step_ns: self.next_step_ns(),
            conservation_error: self.conservation_error(),
        }
    }
}
