//! One symbol of a shard: its book, its positions and its trigger index, kept in step.

use zerocopy::FromZeros;

use super::carry::Carry;
use super::config::ShardConfig;
use super::details::{Detail, Details, flags_of, shown};
use super::halt::Watchdog;
use super::open_orders::OpenOrders;
use super::orders::Admitted;
use super::stops::Stops;
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::liquidation::TriggerIndex;
use crate::risk::{Ledger, MarkState, MarketRules, Position, Premium};
use crate::types::{
    AccountId, Event, EventSink, Money, NoEvents, OrderId, Ppm, Price, Qty, SymbolId,
};

/// One symbol.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) symbol: SymbolId,
    /// The insurance fund that answers for it.
    pub(super) fund: AccountId,
    pub(super) rules: MarketRules,
    pub(super) book: OrderBook,
    pub(super) positions: Vec<Position>,
    pub(super) open_orders: OpenOrders,
    pub(super) details: Details,
    /// Accounts with resting reduce-only orders whose position has changed.
    pub(super) to_clip: Vec<AccountId>,
    pub(super) index: TriggerIndex,
    /// Where cross accounts' parts would trigger, once there is one.
    pub(super) cross_index: Option<Box<TriggerIndex>>,
    pub(super) mark: Option<Price>,
    /// When it was made.
    pub(super) marked_ns: u64,
    pub(super) mark_state: MarkState,
    pub(super) premium: Premium,
    /// The mark before it.
    pub(super) previous_mark: Option<Price>,
    pub(super) index_price: Option<Price>,
    /// Price of the last trade in the book.
    pub(super) last: Option<Price>,
    pub(super) stops: Stops,
    /// Looks when to halt; a market without one cannot be halted.
    pub(super) watchdog: Option<Watchdog>,
    /// Whether orders join the book without trading.
    pub(super) halted: bool,
    /// Where unhealthy positions are looked for.
    pub(super) watch: Watch,
    /// Funding and open interest, where the rules have either.
    pub(super) carry: Option<Box<Carry>>,
    /// Accounts from here on have never been used: scans stop before them.
    pub(super) accounts_used: usize,
}

impl Market {
    pub(super) fn new(symbol: SymbolId, rules: &MarketRules, config: &ShardConfig) -> Self {
        let (accounts_max, orders_max) = (config.accounts_max(), config.orders_max());
        let liquidation = config.liquidation();
        let mut positions = Position::new_vec_zeroed(accounts_max as usize)
            .expect("memory for the positions is there at start");
        positions[..config.funds() as usize].iter_mut().for_each(Position::set_fund);
        Self {
            symbol,
            fund: config.fund_of(symbol),
            rules: rules.clone(),
            book: match rules.auctions() {
                Some(_) => OrderBook::with_calls(rules.domain(), orders_max),
                None => OrderBook::new(rules.domain(), orders_max),
            },
            positions,
            open_orders: OpenOrders::new(orders_max),
            details: Details::new(accounts_max, orders_max, liquidation),
            to_clip: Vec::with_capacity(accounts_max as usize + 1),
            index: TriggerIndex::new(rules.domain()),
            cross_index: None,
            mark: None,
            marked_ns: 0,
            mark_state: MarkState::new(&rules.price_rules().mark),
            premium: Premium::default(),
            previous_mark: None,
            index_price: None,
            last: None,
            stops: Stops::new(symbol, rules.domain(), orders_max),
            watchdog: rules.auctions().map(Watchdog::new),
            halted: false,
            watch: match (liquidation.enabled, rules.price_rules().funding) {
                (false, _) => Watch::Nowhere,
                (true, None) => Watch::Prices,
                (true, Some(_)) => Watch::Keys,
            },
            carry: Carry::new(rules, accounts_max),
            accounts_used: 0,
        }
    }

    #[inline]
    pub(super) fn position(&self, account: AccountId) -> &Position {
        &self.positions[account.index()]
    }

    /// The account's initial margin rate: its own choice or the first tier's. The fund posts none.
    #[inline]
    pub(super) fn initial(&self, account: AccountId) -> Ppm {
        initial_rate(&self.rules, self.position(account))
    }

    /// The resting order of that id if it is the account's own: forced orders are the engine's.
    #[inline]
    pub(super) fn find(&self, account: AccountId, order: OrderId) -> Option<Slot> {
        let slot = self.book.find(order)?;
        (self.book.order(slot).owner == account.0 && !order.is_derived()).then_some(slot)
    }

    /// Adds what is left of an order to the book and takes its reserve out of free cash. Returns
    /// false, and changes nothing, if the cash does not cover it: rounding in what its own fills
    /// closed may have cost a unit more than the margin check foresaw.
    pub(super) fn rest(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
        order: &Admitted,
        qty: Qty,
    ) -> bool {
        let Admitted { order, account, side, limit: price, kind, reduce_only, .. } = *order;
        let reserve = if reduce_only {
            Money::ZERO
        } else {
            let initial = initial_rate(&self.rules, self.position(account));
            self.rules.reserve(price, qty.lots(), initial)
        };
        let money = ledger.account(account);
        if money.cash < reserve && !money.is_cross() {
            return false;
        }
        ledger.reserve(account, reserve);
        let flags = flags_of(kind, reduce_only);
        let whole = qty;
        let (qty, detail) = if flags == 0 { (whole, Detail::NONE) } else { shown(kind, whole) };
        let resting = RestingOrder { id: order, owner: account.0, side, price, qty, flags };
        let slot = if self.halted {
            self.book.insert_in_call(resting)
        } else {
            self.book.insert_flagged(resting)
        };
        if flags != 0 {
            self.details.add(slot, flags, detail);
        }
        let position = &mut self.positions[account.index()];
        self.open_orders.push(position, slot);
        if reduce_only {
            position.reduce_lots += whole.lots();
        } else {
            position.open_lots[side.index()] += whole.lots();
        }
        self.accounts_used = self.accounts_used.max(account.index() + 1);
        sink.event(Event::Rested { symbol: self.symbol, account, order, side, price, qty });
        true
    }

    /// Takes an order out of the book and gives its reserve back.
    /// Returns its whole open quantity.
    pub(super) fn withdraw(&mut self, ledger: &mut Ledger, slot: Slot) -> Qty {
        let mut nobody = NoEvents;
        let (book, mut settlement) = self.split(ledger, &mut nobody);
        settlement.withdraw(book, slot).1
    }

    /// Puts a position where its trigger price says, or takes it out of the index.
    #[inline]
    pub(super) fn refresh(&mut self, account: AccountId) {
        match self.watch {
            Watch::Nowhere => {}
            Watch::Prices => {
                refresh(&self.rules, &mut self.index, &mut self.positions, account);
            }
            Watch::Keys => {
                refresh_keys(&self.rules, self.carry.as_deref_mut(), &self.positions, account);
            }
        }
    }
}

/// Where a market looks for unhealthy positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// It does not.
    Nowhere,
    /// In the index of trigger prices.
    Prices,
    /// In the index of keys that funding does not move.
    Keys,
}

/// Puts a position where its keys say.
#[cold]
pub(super) fn refresh_keys(
    rules: &MarketRules,
    carry: Option<&mut Carry>,
    positions: &[Position],
    account: AccountId,
) {
    if let Some(carry) = carry.filter(|_| !positions[account.index()].is_fund()) {
        carry.place(rules, account, &positions[account.index()]);
    }
}

#[inline]
pub(super) fn initial_rate(rules: &MarketRules, position: &Position) -> Ppm {
    if position.is_fund() {
        return Ppm::ZERO;
    }
    position.initial().unwrap_or_else(|| rules.initial_default())
}

/// Puts an isolated position where its trigger price says; takes a locked or a cross account's out.
#[inline]
pub(super) fn refresh(
    rules: &MarketRules,
    index: &mut TriggerIndex,
    positions: &mut [Position],
    account: AccountId,
) {
    let position = &positions[account.index()];
    let trigger = match position.side() {
        Some(side) if position.is_plain() => {
            rules.trigger_price(position).map(|price| (side, price))
        }
        // A cross account is due, and placed when it is looked at; a fund is never liquidated.
        _ if position.is_cross() || position.is_fund() => return,
        _ => None,
    };
    index.place(positions, account, trigger);
}
