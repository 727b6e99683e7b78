//! Promises that hold after every input, recomputed from outside the engine.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::risk::MarketRules;
use seawall_engine::types::{AccountId, Contract, Event, Price, Sequenced};
use serde::Serialize;

use crate::scenario::SYMBOL;

/// What a stream did and what it broke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Inputs applied.
    pub commands: u64,
    /// Positions triggered.
    pub triggered: u64,
    /// Forced orders.
    pub forced: u64,
    /// Takeovers.
    pub taken_over: u64,
    /// Counterparties deleveraged.
    pub deleveraged: u64,
    /// Accounts that shared a loss.
    pub socialised: u64,
    /// Inputs after which money did not add up, to the unit.
    pub money_errors: u64,
    /// Inputs after which positions did not sum to zero.
    pub position_errors: u64,
    /// Healthy positions that were triggered.
    pub early: u64,
    /// Unhealthy positions that an input left alone.
    pub late: u64,
}

impl Found {
    /// How many promises were broken, in all.
    pub const fn errors(&self) -> u64 {
        self.money_errors + self.position_errors + self.early + self.late
    }
}

/// An engine whose promises are checked after every input.
#[derive(Debug)]
pub struct Watched {
    engine: Engine,
    config: ShardConfig,
    events: Vec<Event>,
    found: Found,
    queued: Vec<bool>,
}

impl Watched {
    /// An empty shard.
    pub fn new(config: ShardConfig) -> Self {
        let accounts = config.accounts_max() as usize;
        Self {
            engine: Engine::new(&config),
            config,
            events: Vec::new(),
            found: Found::default(),
            queued: vec![false; accounts],
        }
    }

    /// What it has seen.
    pub const fn found(&self) -> Found {
        self.found
    }

    /// Applies an input and checks everything.
    pub fn apply(&mut self, input: &Sequenced) {
        self.events.clear();
        self.engine.apply(input, &mut self.events);
        self.found.commands += 1;
        for event in &self.events {
            match event {
                Event::Triggered { .. } => self.found.triggered += 1,
                Event::Forced { .. } => self.found.forced += 1,
                Event::TakenOver { .. } => self.found.taken_over += 1,
                Event::Deleveraged { .. } => self.found.deleveraged += 1,
                Event::Socialised { .. } => self.found.socialised += 1,
                _ => {}
            }
        }
        self.found.money_errors += u64::from(self.engine.audit().is_err());
        let accounts = 0..self.config.accounts_max();
        let lots = |account| self.engine.position(SYMBOL, AccountId(account)).lots;
        self.found.position_errors += u64::from(accounts.map(lots).sum::<i64>() != 0);
        self.check_health();
    }

    /// Whether exactly the unhealthy positions are in the queue, or were served from it.
    fn check_health(&mut self) {
        let Some(mark) = self.engine.mark(SYMBOL) else { return };
        let stale = self.engine.is_mark_stale(SYMBOL);
        let rules = &self.config.markets()[0];
        for number in 1..self.config.accounts_max() {
            let account = AccountId(number);
            let position = self.engine.position(SYMBOL, account);
            let queued = position.in_liquidation;
            let unhealthy = is_unhealthy(rules, mark, &position);
            let served = |event: &Event| match event {
                Event::Forced { account: of, .. }
                | Event::TakenOver { account: of, .. }
                | Event::Deleveraged { account: of, .. }
                // Its own resting orders may trade after it was triggered.
                | Event::Trade { maker_account: of, .. } => *of == account,
                _ => false,
            };
            let was_queued = std::mem::replace(&mut self.queued[number as usize], queued);
            // What its own forced steps made unhealthy the engine triggers with the next input, and
            // says that it wants one now.
            let waits = self.engine.next_step_ns() == Some(self.engine.time_ns());
            if unhealthy && !queued && !waits && !stale {
                self.found.late += 1;
            }
            let wrong = !unhealthy || stale;
            if queued && !was_queued && wrong && !self.events.iter().any(served) {
                self.found.early += 1;
            }
        }
    }
}

/// Health by the published formula: equity, with the funding owed, below `value · rate − deduction`, the deduction of each
/// tier such that maintenance is continuous in value.
fn is_unhealthy(
    rules: &MarketRules,
    mark: Price,
    position: &seawall_engine::core::PositionView,
) -> bool {
    if position.lots == 0 {
        return false;
    }
    let value = rules.contract().value(mark, position.lots.unsigned_abs()).wide();
    let gains = if position.lots > 0 { 1 } else { -1 } * direction(rules.contract());
    let profit = gains * (value - position.entry.wide());
    let equity = position.margin.wide() + position.funding.wide() + profit;
    let (mut rate, mut deduction) = (0, 0);
    for (tier, _) in rules.tiers() {
        let floor = tier.notional_floor.wide();
        if floor > value {
            break;
        }
        let next = i128::from(tier.maintenance.parts());
        deduction += floor * (next - rate);
        rate = next;
    }
    equity * 1_000_000 < value * rate - deduction
}

/// Whether a long gains when the value of a lot rises (linear) or falls (inverse).
fn direction(contract: Contract) -> i128 {
    match contract.kind {
        seawall_engine::types::ContractKind::Linear => 1,
        seawall_engine::types::ContractKind::Inverse => -1,
    }
}
