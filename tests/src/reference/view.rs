//! What the outside may ask: the same questions that the real engine answers, and a few that the
//! generator asks to steer.

use seawall_engine::core::{Clearing, PositionView, StopView};
use seawall_engine::liquidation::Discipline;
use seawall_engine::types::{
    AccountId, AssetId, Money, OrderId, Price, Qty, Reference as Watched, Side, SymbolId,
};

use super::expiry::begin_ns;
use super::market::sign;
use super::{Queued, Reference, account_id, money, price, qty};

/// A resting order as the outside sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Its id.
    pub order: OrderId,
    /// Its owner.
    pub account: AccountId,
    /// Its side.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// What still rests of it.
    pub qty: Qty,
}

impl Reference {
    /// Best price of a side.
    pub fn best(&self, symbol: SymbolId, side: Side) -> Option<Price> {
        self.markets[symbol.index()].best(side).map(|order| price(order.price))
    }

    /// Levels of one side from the best outwards: price and total quantity in lots.
    pub fn depth(&self, symbol: SymbolId, side: Side) -> Vec<(Price, u64)> {
        let mut levels: Vec<(i128, i128)> = Vec::new();
        for order in self.markets[symbol.index()].orders.iter().filter(|o| o.side == side) {
            match levels.iter_mut().find(|level| level.0 == order.price) {
                Some(level) => level.1 += order.lots,
                None => levels.push((order.price, order.lots)),
            }
        }
        levels.sort_unstable_by_key(|level| -sign(side) * level.0);
        let total = |lots| u64::try_from(lots).expect("a level's total fits");
        levels.into_iter().map(|(ticks, lots)| (price(ticks), total(lots))).collect()
    }

    /// Every resting order of a symbol, in no particular order.
    pub fn orders(&self, symbol: SymbolId) -> Vec<OrderView> {
        let orders = &self.markets[symbol.index()].orders;
        let view = |order: &super::market::Resting| OrderView {
            order: OrderId(order.id),
            account: account_id(order.account),
            side: order.side,
            price: price(order.price),
            qty: qty(order.lots),
        };
        orders.iter().map(view).collect()
    }

    /// Orders and lots ahead of a resting order at its price.
    pub fn queue_ahead(&self, symbol: SymbolId, order: OrderId) -> Option<(u32, u64)> {
        let orders = &self.markets[symbol.index()].orders;
        let own = orders.iter().find(|resting| resting.id == order.0)?;
        let (mut count, mut lots) = (0, 0);
        for other in orders {
            let same_level = other.side == own.side && other.price == own.price;
            if same_level && other.joined < own.joined {
                count += 1;
                lots += u64::try_from(other.lots).expect("a level's total fits");
            }
        }
        Some((count, lots))
    }

    /// The stops that wait, in the order in which they would trigger.
    pub fn stops(&self, symbol: SymbolId) -> Vec<StopView> {
        let mut stops = self.markets[symbol.index()].stops.clone();
        stops.sort_by_key(super::stops::Stop::rank);
        stops.iter().map(super::stops::Stop::view).collect()
    }

    /// A price that a stop may watch.
    pub fn watched(&self, symbol: SymbolId, watch: Watched) -> Option<Price> {
        self.markets[symbol.index()].watched(watch).map(price)
    }

    /// Whether a market is halted.
    pub fn is_halted(&self, symbol: SymbolId) -> bool {
        self.markets[symbol.index()].halted
    }

    /// What the auction of a halted market would do now, if its sides cross.
    pub fn indicative(&self, symbol: SymbolId) -> Option<Clearing> {
        let market = &self.markets[symbol.index()];
        if market.halted { market.clearing() } else { None }
    }

    /// The mark price.
    pub fn mark(&self, symbol: SymbolId) -> Option<Price> {
        self.markets[symbol.index()].mark.map(price)
    }

    /// An account's free cash, nothing if it was never opened.
    pub fn cash(&self, account: AccountId) -> Money {
        money(self.cash[account.index()].unwrap_or(0))
    }

    /// An account's position.
    pub fn position(&self, symbol: SymbolId, account: AccountId) -> PositionView {
        let position = &self.markets[symbol.index()].positions[account.index()];
        PositionView {
            lots: i64::try_from(position.lots).expect("a position fits"),
            entry: money(position.entry),
            margin: money(position.margin),
            funding: money(self.markets[symbol.index()].owed(position)),
            in_liquidation: position.locked,
        }
    }

    /// Lots of a collateral asset that an account holds.
    pub fn collateral(&self, asset: AssetId, account: AccountId) -> u32 {
        let lots = self.assets[asset.index()].lots[account.index()];
        u32::try_from(lots).expect("within the asset's bound")
    }

    /// A collateral asset's price.
    pub fn asset_price_of(&self, asset: AssetId) -> Option<Price> {
        self.assets[asset.index()].price().map(price)
    }

    /// The shard's collateral assets.
    pub fn assets(&self) -> impl Iterator<Item = AssetId> + use<> {
        (0..self.assets.len()).map(|n| AssetId(u16::try_from(n).expect("few assets")))
    }

    /// Whether an account is cross.
    pub fn is_cross(&self, account: AccountId) -> bool {
        self.cross[account.index()]
    }

    /// Whether a deposit has opened the account.
    pub fn is_open(&self, account: AccountId) -> bool {
        self.cash[account.index()].is_some()
    }

    /// An account's initial margin rate, in parts per million.
    pub fn initial_ppm(&self, symbol: SymbolId, account: AccountId) -> i128 {
        self.markets[symbol.index()].positions[account.index()].initial
    }

    /// Value of that many lots at a price.
    pub fn value(&self, symbol: SymbolId, price: Price, lots: u32) -> i128 {
        self.markets[symbol.index()].value(i128::from(price.ticks()), i128::from(lots))
    }

    /// Symbols of the shard.
    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.markets.len()).map(super::symbol_id)
    }

    /// Accounts of the shard, opened or not, the fund first.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + use<> {
        (0..self.cash.len()).map(account_id)
    }

    /// Accounts waiting in the liquidation queue.
    pub fn backlog(&self) -> usize {
        self.queue.len()
    }

    /// When a `Step` would next do something, if anything waits: now if positions wait to be
    /// triggered, else when the discipline and the fund's clock allow the next forced step.
    pub fn next_step_ns(&self) -> Option<u64> {
        if self.any_unhealthy() || !self.fired.is_empty() {
            return Some(self.time_ns);
        }
        let expiry = self.next_expiry().map(|(second, ..)| begin_ns(second).max(self.time_ns));
        let reopening = self.next_reopening().map(|(due_ns, _)| due_ns.max(self.time_ns));
        [self.next_forced_ns(), expiry, reopening, self.next_standing_ns()]
            .into_iter()
            .flatten()
            .min()
    }

    fn next_forced_ns(&self) -> Option<u64> {
        [self.next_head_ns(), self.next_draw_ns()].into_iter().flatten().min()
    }

    /// When the next window draws, if somebody waits for it.
    fn next_draw_ns(&self) -> Option<u64> {
        let Discipline::RateLimited { interval_ns, .. } = self.rules.discipline else {
            return None;
        };
        let waits = |queued: &Queued| !queued.drawn && self.may_be_served(queued);
        self.queue.iter().any(waits).then(|| (self.time_ns / interval_ns + 1) * interval_ns)
    }

    fn next_head_ns(&self) -> Option<u64> {
        let mut at_ns = self.time_ns;
        if self.head().is_none() {
            let open = |queued: &&Queued| !self.markets[queued.symbol].halted;
            let later = self.queue.iter().filter(open).map(|queued| queued.trigger_ns);
            let later = later.filter(|ns| *ns > self.time_ns).min();
            let unwind = self.unwind_symbol().map(|_| self.next_unwind_ns);
            at_ns = at_ns.max([later, unwind].into_iter().flatten().min()?);
        }
        if let Discipline::RateLimited { steps, interval_ns } = self.rules.discipline {
            let (window, taken) = self.window;
            if at_ns / interval_ns == window && taken >= steps {
                at_ns = (window + 1) * interval_ns;
            }
        }
        Some(at_ns)
    }

    /// Money created or destroyed since the start: always zero.
    pub fn conservation_error(&self) -> i128 {
        let mut total: i128 = self.cash.iter().flatten().sum();
        for market in &self.markets {
            total += market.pool;
            for order in &market.orders {
                total += market.reserve_of(order);
            }
            for position in market.positions.iter().filter(|position| position.lots != 0) {
                total += position.margin - market.direction(position.side()) * position.entry;
            }
        }
        total + self.fees - self.net_deposits
    }
}
