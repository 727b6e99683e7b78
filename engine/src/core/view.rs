//! What the outside may see of a shard. Nothing here changes it.

use super::Engine;
use super::auction::Clearing;
use super::market::Watch;
use crate::book::RestingOrder;
use crate::liquidation::QueueStats;
use crate::types::{AccountId, AssetId, Money, OrderId, Ppm, Price, Qty, Seq, Side, SymbolId};

/// A position as the outside sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// Signed quantity, in lots.
    pub lots: i64,
    /// Value at which it was entered.
    pub entry: Money,
    /// Isolated margin.
    pub margin: Money,
    /// Funding that it is owed and has not been given, negative if it owes.
    pub funding: Money,
    /// Whether it is in the liquidation queue.
    pub in_liquidation: bool,
}

/// A stop order that waits, as the outside sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopView {
    /// Its id.
    pub order: OrderId,
    /// Its owner.
    pub account: AccountId,
    /// Where it triggers now.
    pub trigger: Price,
    /// Quantity of the order that it becomes.
    pub qty: Qty,
}

impl Engine {
    /// The stop orders that wait, in the order in which they would trigger: by reference, those
    /// below it from the highest trigger down, then those above it from the lowest up.
    pub fn stops(&self, symbol: SymbolId) -> impl Iterator<Item = StopView> + '_ {
        self.markets[symbol.index()].stops.in_order().map(|(stop, _)| StopView {
            order: stop.id,
            account: AccountId(stop.owner),
            trigger: stop.price,
            qty: stop.qty,
        })
    }

    /// Sequence number of the last input.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// Time of the last input.
    pub const fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// When a `Step` would next do something, if anything waits: at the time of the last input
    /// or later.
    pub fn next_step_ns(&self) -> Option<u64> {
        if self.triggers_wait() || !self.fired.is_empty() {
            return Some(self.time_ns);
        }
        let forced_ns = self.ready_ns().map(|ready_ns| {
            let ready_ns = ready_ns.max(self.time_ns);
            self.pace.next_ns(&self.rules.discipline, ready_ns)
        });
        let reopening_ns = self.next_reopening().map(|(due_ns, _)| due_ns.max(self.time_ns));
        let forced_ns = forced_ns.into_iter().chain(self.next_draw_ns()).min();
        let expiry_ns = self.expiries.next_ns().map(|at_ns| at_ns.max(self.time_ns));
        [forced_ns, expiry_ns, reopening_ns, self.resting_ns()].into_iter().flatten().min()
    }

    fn triggers_wait(&self) -> bool {
        if self.has_cross && self.cross_waits() {
            return true;
        }
        self.hot.iter().any(|symbol| {
            let market = &self.markets[symbol.index()];
            let alive = market.mark.filter(|_| !market.is_stale(self.time_ns) && !market.halted);
            let Some(mark) = alive else { return false };
            match market.watch {
                Watch::Nowhere => false,
                Watch::Prices => market.index.reached(mark).is_some(),
                Watch::Keys => {
                    let mut found = Vec::new();
                    market.funded_unhealthy(mark, &mut Vec::new(), &mut found);
                    !found.is_empty()
                }
            }
        })
    }

    /// The best bid.
    #[inline]
    pub fn best_bid(&self, symbol: SymbolId) -> Option<Price> {
        self.markets[symbol.index()].book.best(Side::Buy)
    }

    /// The best offer.
    #[inline]
    pub fn best_ask(&self, symbol: SymbolId) -> Option<Price> {
        self.markets[symbol.index()].book.best_in_call(Side::Sell)
    }

    /// Levels of one side from the best outwards: price and total quantity in lots.
    pub fn depth(&self, symbol: SymbolId, side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        self.markets[symbol.index()].book.depth(side)
    }

    /// Orders at a price from first to last.
    pub fn queue(&self, symbol: SymbolId, price: Price) -> impl Iterator<Item = RestingOrder> + '_ {
        self.markets[symbol.index()].book.queue(price).map(|(_, order)| order)
    }

    /// Orders and lots ahead of a resting order at its price, if it rests.
    pub fn queue_ahead(&self, symbol: SymbolId, order: OrderId) -> Option<(u32, u64)> {
        let book = &self.markets[symbol.index()].book;
        book.find(order).map(|slot| book.ahead(slot))
    }

    /// A resting order, if one of that id rests.
    pub fn resting_order(&self, symbol: SymbolId, order: OrderId) -> Option<RestingOrder> {
        let book = &self.markets[symbol.index()].book;
        book.find(order).map(|slot| book.order(slot))
    }

    /// Total quantity at a price, in lots.
    pub fn lots_at(&self, symbol: SymbolId, price: Price) -> u64 {
        self.markets[symbol.index()].book.lots_at(price)
    }

    /// Whether the shard has that symbol.
    pub fn has_symbol(&self, symbol: SymbolId) -> bool {
        symbol.index() < self.markets.len()
    }

    /// What the auction of a halted market would do now, if its sides cross.
    pub fn indicative(&self, symbol: SymbolId) -> Option<Clearing> {
        let market = &self.markets[symbol.index()];
        if market.halted { market.clearing() } else { None }
    }

    /// The mark price.
    #[inline]
    pub fn mark(&self, symbol: SymbolId) -> Option<Price> {
        self.markets[symbol.index()].mark
    }

    /// An account's free cash; zero for one that was never opened.
    pub fn cash(&self, account: AccountId) -> Money {
        if self.ledger.has_room_for(account) {
            self.ledger.account(account).cash
        } else {
            Money::ZERO
        }
    }

    /// An account's position.
    ///
    /// Panics for an account beyond `accounts_max`.
    pub fn position(&self, symbol: SymbolId, account: AccountId) -> PositionView {
        let position = self.markets[symbol.index()].position(account);
        PositionView {
            lots: position.lots(),
            entry: position.entry(),
            margin: position.margin(),
            funding: self.markets[symbol.index()].owed(account),
            in_liquidation: position.is_locked(),
        }
    }

    /// Whether a market's mark is too old to trigger anything (`docs/MARGIN.md`, Stale).
    pub fn is_mark_stale(&self, symbol: SymbolId) -> bool {
        self.markets[symbol.index()].is_stale(self.time_ns)
    }

    /// What the liquidation queue has seen of itself.
    pub const fn queue_stats(&self) -> QueueStats {
        self.queue.stats()
    }

    /// All an account has: free cash, reserves, margins, funding that it is owed, and the profit of
    /// its positions at their marks (zero where no mark is set).
    ///
    /// Panics for an account beyond `accounts_max`.
    pub fn equity(&self, account: AccountId) -> Money {
        if !self.ledger.has_room_for(account) {
            return Money::ZERO;
        }
        let own = self.ledger.account(account);
        let in_market = |market: &super::market::Market| {
            let position = market.position(account);
            let profit = market.mark.map(|mark| position.profit(market.rules.contract, mark));
            position.margin() + market.owed(account) + profit.unwrap_or(Money::ZERO)
        };
        let held = self.markets.iter().filter(|market| market.accounts_used > account.index());
        own.cash + own.reserved + held.map(in_market).sum()
    }

    /// Exact checks so far of positions and accounts that an index alone could not decide.
    pub fn rechecks(&self) -> u64 {
        self.rechecks
    }

    /// Lots of a collateral asset that an account holds.
    pub fn collateral(&self, asset: AssetId, account: AccountId) -> u32 {
        self.assets[asset.index()].lots(account)
    }

    /// A collateral asset's price and the haircut in force, once it has a price.
    pub fn haircut(&self, asset: AssetId) -> Option<(Price, Ppm)> {
        self.assets[asset.index()].price()
    }

    /// Positions waiting in the liquidation queue.
    #[inline]
    pub fn backlog(&self) -> usize {
        self.queue.len() + self.parked_len()
    }

    /// The insurance funds' cash plus the profit of their positions at their marks.
    pub fn insurance_equity(&self) -> Money {
        (0..self.ledger.funds()).map(|fund| self.fund_equity(AccountId(fund))).sum()
    }

    /// How many insurance funds there are: theirs are the first accounts.
    pub fn funds(&self) -> u32 {
        self.ledger.funds()
    }

    /// The insurance fund that answers for a symbol.
    pub fn fund_of(&self, symbol: SymbolId) -> AccountId {
        self.markets[symbol.index()].fund
    }

    /// Fees the venue has taken.
    pub fn venue_fees(&self) -> Money {
        self.ledger.fees
    }

    /// Money that was created or destroyed since the start, in money units: always zero.
    ///
    /// Free cash, reserves and margins, less what positions were entered for, plus fees, must be
    /// what was deposited less what was withdrawn (`docs/MATCHING.md`, Conservation).
    pub fn conservation_error(&self) -> i128 {
        let accounts = self.ledger.accounts();
        let free: i128 = accounts.map(|(_, a)| a.cash.wide() + a.reserved.wide()).sum();
        let in_positions: i128 = self.markets.iter().map(super::market::Market::money).sum();
        free + in_positions + self.ledger.fees.wide() - self.ledger.net_deposits().wide()
    }
}
