//! Books fills: moves lots, entry value, margin, fees and cash, the same number on both sides.
//!
//! The rules are in `docs/MATCHING.md`, Bookings of one fill.

use super::carry::Carry;
use super::details::Details;
use super::market::{Market, Watch, initial_rate, refresh, refresh_keys};
use super::open_orders::OpenOrders;
use super::stops::Stops;
use crate::book::OrderBook;
use crate::canary::{Canary, planted};
use crate::liquidation::TriggerIndex;
use crate::matching::Fill;
use crate::risk::{Ledger, MarketRules, Position, Released};
use crate::types::{
    AccountId, Event, EventSink, FundCause, Money, OrderId, Ppm, Price, Qty, SelfTrade, Side,
    SymbolId, parts_floor,
};

/// Whose order takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakerKind {
    /// A client's order: pays the taker's fee.
    Client,
    /// A forced order: pays the liquidation fee, to the fund.
    Forced {
        /// The fee.
        fee: Ppm,
        /// Whether what a part releases stays with the rest of the position.
        keeps_margin: bool,
    },
    /// A cross account's: the same, out of what it does better than its bankruptcy price.
    ForcedCross(Ppm, Price),
    /// The fund's own order: pays nothing.
    Fund,
}

/// The order that takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) order: OrderId,
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) kind: TakerKind,
    /// What happens when it meets an order of its own account or group.
    pub(super) self_trade: SelfTrade,
}

/// Everything that a fill changes, but for the book.
pub(super) struct Settlement<'a, S> {
    pub(super) symbol: SymbolId,
    /// The insurance fund that answers for the market.
    pub(super) fund: AccountId,
    pub(super) rules: &'a MarketRules,
    pub(super) positions: &'a mut [Position],
    pub(super) open_orders: &'a mut OpenOrders,
    pub(super) details: &'a mut Details,
    pub(super) stops: &'a mut Stops,
    to_clip: &'a mut Vec<AccountId>,
    last: &'a mut Option<Price>,
    index: &'a mut TriggerIndex,
    watch: Watch,
    pub(super) carry: Option<&'a mut Carry>,
    accounts_used: &'a mut usize,
    pub(super) ledger: &'a mut Ledger,
    pub(super) sink: &'a mut S,
}

impl Market {
    /// The book and everything beside it, so that one can be swept while the other books.
    #[inline]
    pub(super) fn split<'a, S>(
        &'a mut self,
        ledger: &'a mut Ledger,
        sink: &'a mut S,
    ) -> (&'a mut OrderBook, Settlement<'a, S>) {
        let settlement = Settlement {
            symbol: self.symbol,
            fund: self.fund,
            rules: &self.rules,
            positions: &mut self.positions,
            open_orders: &mut self.open_orders,
            details: &mut self.details,
            stops: &mut self.stops,
            to_clip: &mut self.to_clip,
            last: &mut self.last,
            index: &mut self.index,
            watch: self.watch,
            carry: self.carry.as_deref_mut(),
            accounts_used: &mut self.accounts_used,
            ledger,
            sink,
        };
        (&mut self.book, settlement)
    }
}

/// Notes an account whose reduce-only orders may have become too large. The list has room for every
/// account that can have some, once each.
#[cold]
fn note_clip(accounts: &mut Vec<AccountId>, account: AccountId) {
    if accounts.len() == accounts.capacity() {
        accounts.sort_unstable();
        accounts.dedup();
    }
    accounts.push(account);
}

impl<S: EventSink> Settlement<'_, S> {
    /// The account's initial margin rate.
    #[inline]
    pub(super) fn initial(&self, account: AccountId) -> Ppm {
        initial_rate(self.rules, &self.positions[account.index()])
    }

    /// Books one fill of a sweep: the maker's side, then the taker's.
    #[inline]
    pub(super) fn fill(&mut self, taker: &Taker, fill: &Fill) {
        let maker = AccountId(fill.owner);
        self.say_trade(taker, fill.price, fill.qty, (fill.maker, maker, fill.maker_leaves_lots));
        let lots = u64::from(fill.qty.lots());
        let value = self.rules.contract.value(fill.price, lots);
        self.maker_fill(maker, taker.side.opposite(), fill, value);
        self.taker_fill(taker, lots, value);
    }

    #[inline]
    pub(super) fn say_trade(
        &mut self,
        taker: &Taker,
        price: Price,
        qty: Qty,
        (maker, maker_account, maker_leaves_lots): (OrderId, AccountId, u32),
    ) {
        *self.last = Some(price);
        self.sink.event(Event::Trade {
            symbol: self.symbol,
            side: taker.side,
            price,
            qty,
            taker: taker.order,
            taker_account: taker.account,
            maker,
            maker_account,
            maker_leaves_lots,
        });
    }

    /// Two resting orders trade in an auction.
    pub(super) fn say_auction_trade(
        &mut self,
        price: Price,
        qty: Qty,
        (buy, buyer): (OrderId, u32),
        (sell, seller): (OrderId, u32),
    ) {
        *self.last = Some(price);
        let (symbol, buyer, seller) = (self.symbol, AccountId(buyer), AccountId(seller));
        self.sink.event(Event::AuctionTrade { symbol, price, qty, buy, buyer, sell, seller });
    }

    #[inline]
    fn maker_fill(&mut self, maker: AccountId, side: Side, fill: &Fill, value: Money) {
        let position = &mut self.positions[maker.index()];
        position.open_lots[side.index()] -= fill.qty.lots();
        if fill.maker_leaves_lots == 0 {
            self.open_orders.remove(position, fill.slot);
        }
        let initial = initial_rate(self.rules, position);
        let before = fill.maker_leaves_lots + fill.qty.lots();
        let released = self.rules.reserve(fill.price, before, initial)
            - self.rules.reserve(fill.price, fill.maker_leaves_lots, initial);
        self.ledger.release(maker, released);
        self.maker_booking(maker, side, u64::from(fill.qty.lots()), value);
    }

    /// What a fill books on the maker's side, once its order and reserve have shrunk.
    #[inline]
    pub(super) fn maker_booking(&mut self, maker: AccountId, side: Side, lots: u64, value: Money) {
        self.book(maker, side, lots, value);
        self.venue_fee(maker, value, self.rules.maker_fee);
        self.cover_shortfall(maker);
        self.refresh(maker);
    }

    #[inline]
    pub(super) fn taker_fill(&mut self, taker: &Taker, lots: u64, value: Money) {
        let released = self.book(taker.account, taker.side, lots, value);
        match taker.kind {
            TakerKind::Client => self.venue_fee(taker.account, value, self.rules.taker_fee),
            TakerKind::Forced { fee, keeps_margin } => {
                let fee = self.liquidation_fee(taker.account, value, fee, released);
                if keeps_margin {
                    self.keep_margin(taker.account, released, fee);
                }
            }
            TakerKind::ForcedCross(rate, bankruptcy) => {
                let at_bankruptcy = self.value(bankruptcy, lots);
                let better = self.rules.contract.profit(taker.side, value, at_bankruptcy);
                let fee = rate.of_floor(value).min(better.max(Money::ZERO));
                self.ledger.account_mut(taker.account).cash -= fee;
                self.pay_fund(FundCause::LiquidationFee, fee);
            }
            TakerKind::Fund => self.note_fund(FundCause::Unwind, released),
        }
    }

    /// Books `lots` on `side` for `value`: closes what is on the other side, opens the rest.
    /// Returns what the closing part set free.
    #[inline]
    pub(super) fn book(
        &mut self,
        account: AccountId,
        side: Side,
        lots: u64,
        value: Money,
    ) -> Option<Released> {
        let carries = self.carry.is_some();
        if carries {
            self.realise(account);
        }
        let position = &mut self.positions[account.index()];
        let size_before = position.size();
        let initial = initial_rate(self.rules, position);
        let cash = &mut self.ledger.account_mut(account).cash;
        *self.accounts_used = (*self.accounts_used).max(account.index() + 1);
        let closing = position.closing_lots(side, lots);
        if position.reduce_lots != 0 {
            note_clip(self.to_clip, account);
        }
        let mut opening_value = value;
        let mut released = None;
        if closing > 0 {
            let closing_value = value.share_floor(closing, lots);
            let part = position.closing(self.rules.contract, closing, closing_value);
            position.close(closing, &part);
            *cash += part.proceeds();
            opening_value -= closing_value;
            released = Some(part);
        }
        if lots > closing {
            let margin = if position.is_cross() {
                Money::ZERO
            } else {
                parts_floor(opening_value, initial.parts())
            };
            *cash -= margin;
            position.open(side, lots - closing, opening_value, margin);
        }
        if carries {
            self.note_lots(account, size_before);
        }
        released
    }

    #[inline]
    fn venue_fee(&mut self, account: AccountId, value: Money, rate: Ppm) {
        let paid = self.ledger.charge(account, rate.of_floor(value));
        if !planted(Canary::FeeLost) {
            self.ledger.fees += paid;
        }
    }

    fn liquidation_fee(
        &mut self,
        account: AccountId,
        value: Money,
        rate: Ppm,
        released: Option<Released>,
    ) -> Money {
        let kept = released.map_or(Money::ZERO, |part| part.proceeds()).max(Money::ZERO);
        let fee = rate.of_floor(value).min(kept);
        self.ledger.account_mut(account).cash -= fee;
        self.pay_fund(FundCause::LiquidationFee, fee);
        fee
    }

    /// What closing a part released, less its fee, goes back into the margin of the rest; of a
    /// loss as much as there is margin for comes out of it.
    pub(super) fn keep_margin(
        &mut self,
        account: AccountId,
        released: Option<Released>,
        fee: Money,
    ) {
        let position = &mut self.positions[account.index()];
        // A cross account's margin is all it has.
        let is_kept = position.side().is_some() && !position.is_cross();
        let Some(part) = released.filter(|_| is_kept) else { return };
        let kept = (part.proceeds() - fee).max(-position.margin().max(Money::ZERO));
        position.add_margin(kept);
        self.ledger.account_mut(account).cash -= kept;
    }

    /// Tells what closing a position of the fund's changed in its cash.
    pub(super) fn note_fund(&mut self, cause: FundCause, released: Option<Released>) {
        let Some(part) = released else { return };
        let balance = self.ledger.account(self.fund).cash;
        self.tell_fund(cause, part.proceeds(), balance);
    }

    fn pay_fund(&mut self, cause: FundCause, amount: Money) {
        let fund = self.ledger.account_mut(self.fund);
        fund.cash += amount;
        let balance = fund.cash;
        self.tell_fund(cause, amount, balance);
    }

    fn tell_fund(&mut self, cause: FundCause, amount: Money, balance: Money) {
        if amount != Money::ZERO {
            self.sink.event(Event::Fund { symbol: self.symbol, cause, amount, balance });
        }
    }

    /// The fund pays what an account's cash lacks. The fund itself may lack: its solvency is
    /// checked apart.
    #[inline]
    pub(super) fn cover_shortfall(&mut self, account: AccountId) {
        let money = self.ledger.account_mut(account);
        if money.cash.is_negative() && !money.is_cross() && account != self.fund {
            let shortfall = money.cash;
            money.cash = Money::ZERO;
            self.pay_fund(FundCause::Shortfall, shortfall);
            if planted(Canary::FundPaysTwice) {
                self.pay_fund(FundCause::Shortfall, shortfall);
            }
        }
    }

    /// A booking of a position that waits in the queue, and is not put anywhere: of a cross account
    /// the market's fund answers for it from now on.
    pub(super) fn note_answering(&mut self, account: AccountId) {
        if self.positions[account.index()].is_cross() {
            self.ledger.note_booked(account, self.fund);
        }
    }

    /// Puts a position where its trigger price says.
    #[inline]
    pub(super) fn refresh(&mut self, account: AccountId) {
        match self.watch {
            Watch::Nowhere => {}
            Watch::Prices => refresh(self.rules, self.index, self.positions, account),
            Watch::Keys => {
                refresh_keys(self.rules, self.carry.as_deref_mut(), self.positions, account);
            }
        }
        if self.positions[account.index()].is_cross() {
            self.ledger.note_booked(account, self.fund);
        }
    }

    /// Ends the taker's part of a sweep.
    #[inline]
    pub(super) fn finish_taker(&mut self, account: AccountId) {
        self.cover_shortfall(account);
        self.refresh(account);
    }

    /// The value of a quantity at a price.
    pub(super) fn value(&self, price: Price, lots: u64) -> Money {
        self.rules.contract.value(price, lots)
    }
}
