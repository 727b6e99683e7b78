//! Hashes over canonical bytes, so that two runs, builds or machines can be compared.
//!
//! XXH3-128 detects faults, not forgery.

use xxhash_rust::xxh3::Xxh3;

use super::Engine;
use super::market::Market;
use crate::liquidation::{AdlPrice, Plan, Residual};
use crate::types::{Event, EventSink, Money, OrderId, Ppm, Price, RejectReason, Side, SymbolId};

/// Hash of an event stream: per symbol and combined in symbol order, without shard sequence
/// numbers, so that one shard and many agree. Events of no symbol have a stream of their own.
#[derive(Clone, Default)]
pub struct EventHasher {
    symbols: Vec<Xxh3>,
    shard: Xxh3,
}

impl std::fmt::Debug for EventHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventHasher({:032x})", self.digest())
    }
}

impl EventHasher {
    /// Hash of everything so far.
    pub fn digest(&self) -> u128 {
        let mut all = Xxh3::new();
        for stream in self.symbols.iter().chain([&self.shard]) {
            all.update(&stream.digest128().to_le_bytes());
        }
        all.digest128()
    }

    #[inline]
    fn stream(&mut self, symbol: SymbolId) -> &mut Xxh3 {
        if symbol.index() >= self.symbols.len() {
            self.symbols.resize_with(symbol.index() + 1, Xxh3::new);
        }
        &mut self.symbols[symbol.index()]
    }
}

impl EventSink for EventHasher {
    #[inline]
    fn event(&mut self, event: Event) {
        let (record, len) = Record::of(&event);
        let stream = match symbol_of(&event) {
            Some(symbol) => self.stream(symbol),
            None => &mut self.shard,
        };
        stream.update(&record[..len]);
    }
}

/// An event's canonical bytes: its kind, then its fields, little-endian, fixed length per kind.
struct Record {
    bytes: [u8; 64],
    len: usize,
}

impl Record {
    #[inline]
    fn of(event: &Event) -> ([u8; 64], usize) {
        let mut record = Self { bytes: [0; 64], len: 0 };
        record.fields(event);
        (record.bytes, record.len)
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) -> &mut Self {
        self.bytes[self.len..self.len + N].copy_from_slice(&bytes);
        self.len += N;
        self
    }

    #[inline]
    fn byte(&mut self, value: u8) -> &mut Self {
        self.put([value])
    }

    #[inline]
    fn id(&mut self, value: u32) -> &mut Self {
        self.put(value.to_le_bytes())
    }

    #[inline]
    fn order(&mut self, order: OrderId) -> &mut Self {
        self.put(order.0.to_le_bytes())
    }

    #[inline]
    fn money(&mut self, amount: Money) -> &mut Self {
        self.put(amount.units().to_le_bytes())
    }

    #[inline]
    fn side(&mut self, side: Side) -> &mut Self {
        self.byte(u8::from(side == Side::Sell))
    }

    /// A price, 0 for none.
    #[inline]
    fn price(&mut self, price: Option<Price>) -> &mut Self {
        self.id(price.map_or(0, Price::ticks))
    }

    #[inline]
    fn fields(&mut self, event: &Event) {
        match *event {
            Event::Accepted { account, order, side, price, qty, .. } => {
                self.byte(1).id(account.0).order(order).side(side).price(price).id(qty.lots())
            }
            Event::Rejected { account, order, reason, .. } => {
                self.byte(2).id(account.0).order(order.unwrap_or(OrderId(0))).byte(reason as u8)
            }
            Event::Rested { account, order, side, price, qty, .. } => {
                self.byte(3).id(account.0).order(order).side(side).price(Some(price)).id(qty.lots())
            }
            Event::Trade {
                side,
                price,
                qty,
                taker,
                taker_account,
                maker,
                maker_account,
                maker_leaves_lots,
                ..
            } => self
                .byte(4)
                .side(side)
                .price(Some(price))
                .id(qty.lots())
                .order(taker)
                .id(taker_account.0)
                .order(maker)
                .id(maker_account.0)
                .id(maker_leaves_lots),
            Event::Cancelled { account, order, qty, cause, .. } => {
                self.byte(5).id(account.0).order(order).id(qty.lots()).byte(cause as u8)
            }
            Event::Replaced { account, order, price, qty, in_place, .. } => self
                .byte(6)
                .id(account.0)
                .order(order)
                .price(Some(price))
                .id(qty.lots())
                .byte(u8::from(in_place)),
            Event::Marked { price, .. } => self.byte(7).price(Some(price)),
            Event::Deposited { account, amount } => self.byte(8).id(account.0).money(amount),
            Event::Withdrawn { account, amount } => self.byte(9).id(account.0).money(amount),
            Event::LeverageSet { account, initial, .. } => {
                self.byte(10).id(account.0).id(initial.parts())
            }
            Event::Block { buyer, seller, price, qty, .. } => {
                self.byte(11).id(buyer.0).id(seller.0).price(Some(price)).id(qty.lots())
            }
            Event::Reduced { account, order, qty, cause, .. } => {
                self.byte(20).id(account.0).order(order).id(qty.lots()).byte(cause as u8)
            }
            _ => self.liquidation_fields(event),
        };
    }

    fn liquidation_fields(&mut self, event: &Event) -> &mut Self {
        match *event {
            Event::Triggered { account, side, qty, mark, bankruptcy, .. } => self
                .byte(12)
                .id(account.0)
                .side(side)
                .id(qty.lots())
                .price(Some(mark))
                .price(Some(bankruptcy)),
            Event::Recovered { account, .. } => self.byte(13).id(account.0),
            Event::Forced { account, order, side, limit, qty, .. } => self
                .byte(14)
                .id(account.0)
                .order(order)
                .side(side)
                .price(Some(limit))
                .id(qty.lots()),
            Event::TakenOver { account, side, qty, price, .. } => {
                self.byte(15).id(account.0).side(side).id(qty.lots()).price(Some(price))
            }
            Event::Deleveraged { account, counterparty, side, qty, price, .. } => self
                .byte(16)
                .id(account.0)
                .id(counterparty.0)
                .side(side)
                .id(qty.lots())
                .price(Some(price)),
            Event::Closed { account, .. } => self.byte(17).id(account.0),
            Event::Fund { cause, amount, balance, .. } => {
                self.byte(18).byte(cause as u8).money(amount).money(balance)
            }
            Event::Socialised { account, amount } => self.byte(19).id(account.0).money(amount),
            _ => self.account_fields(event),
        }
    }

    fn account_fields(&mut self, event: &Event) -> &mut Self {
        match *event {
            Event::SelfTradeSet { account, mode, group } => {
                self.byte(21).id(account.0).byte(mode as u8).id(group)
            }
            Event::MassCancelled { account, orders } => self.byte(22).id(account.0).id(orders),
            Event::CancelOnDisconnectSet { account, enabled } => {
                self.byte(23).id(account.0).byte(u8::from(enabled))
            }
            Event::Disconnected { account, orders } => self.byte(24).id(account.0).id(orders),
            Event::Indexed { price, .. } => self.byte(26).price(Some(price)),
            Event::StopPlaced { account, order, side, trigger, qty, .. } => self
                .byte(27)
                .id(account.0)
                .order(order)
                .side(side)
                .price(Some(trigger))
                .id(qty.lots()),
            Event::StopTriggered { account, order, price, .. } => {
                self.byte(28).id(account.0).order(order).price(Some(price))
            }
            Event::StopRejected { account, order, reason, .. } => {
                self.byte(29).id(account.0).order(order).byte(reason as u8)
            }
            // The fund's account stands for the whole shard: it has no kill switch of its own.
            Event::KillSwitch { account, engaged } => {
                self.byte(25).id(account.map_or(0, |id| id.0)).byte(u8::from(engaged))
            }
            _ => unreachable!("the other kinds are written above"),
        }
    }
}

#[inline]
fn symbol_of(event: &Event) -> Option<SymbolId> {
    match *event {
        Event::Rejected { symbol, reason, .. } => {
            // A symbol that does not exist has no stream, and must not make one.
            (reason != RejectReason::UnknownSymbol).then_some(symbol)
        }
        Event::Accepted { symbol, .. }
        | Event::Rested { symbol, .. }
        | Event::Trade { symbol, .. }
        | Event::Cancelled { symbol, .. }
        | Event::Replaced { symbol, .. }
        | Event::Reduced { symbol, .. }
        | Event::Marked { symbol, .. }
        | Event::Indexed { symbol, .. }
        | Event::StopPlaced { symbol, .. }
        | Event::StopTriggered { symbol, .. }
        | Event::StopRejected { symbol, .. }
        | Event::LeverageSet { symbol, .. }
        | Event::Block { symbol, .. }
        | Event::Triggered { symbol, .. }
        | Event::Recovered { symbol, .. }
        | Event::Forced { symbol, .. }
        | Event::TakenOver { symbol, .. }
        | Event::Deleveraged { symbol, .. }
        | Event::Closed { symbol, .. }
        | Event::Fund { symbol, .. } => Some(symbol),
        Event::Deposited { .. }
        | Event::Withdrawn { .. }
        | Event::Socialised { .. }
        | Event::SelfTradeSet { .. }
        | Event::MassCancelled { .. }
        | Event::CancelOnDisconnectSet { .. }
        | Event::Disconnected { .. }
        | Event::KillSwitch { .. } => None,
    }
}

impl Engine {
    /// Hash of everything that decides what the shard will say next.
    pub fn state_hash(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(&self.seq.0.to_le_bytes());
        hash.update(&self.time_ns.to_le_bytes());
        hash.update(&self.next_unwind_ns.to_le_bytes());
        hash.update(&self.pace.client_inputs.to_le_bytes());
        hash.update(&self.pace.window.to_le_bytes());
        hash.update(&self.pace.steps_in_window.to_le_bytes());
        hash.update(&self.ledger.fees.units().to_le_bytes());
        hash.update(&self.ledger.net_deposits().units().to_le_bytes());
        hash.update(&[u8::from(self.killed)]);
        for (id, account) in self.ledger.accounts().filter(|(_, account)| account.state != 0) {
            hash.update(&id.0.to_le_bytes());
            hash.update(&account.cash.units().to_le_bytes());
            hash.update(&account.reserved.units().to_le_bytes());
            hash.update(&account.state.to_le_bytes());
            hash.update(&account.group.to_le_bytes());
        }
        for order in &self.fired {
            hash.update(&order.symbol.0.to_le_bytes());
            hash.update(&order.account.0.to_le_bytes());
            hash.update(&order.order.0.to_le_bytes());
            hash.update(&order.qty.lots().to_le_bytes());
            hash.update(&order.kind.price().map_or(0, Price::ticks).to_le_bytes());
            hash.update(&[u8::from(order.side == Side::Sell), u8::from(order.reduce_only)]);
        }
        for (waiting, is_undrawn) in self.queue.in_order() {
            if is_undrawn {
                hash.update(b"undrawn");
            }
            if matches!(self.rules.plan, Plan::Throttled { .. }) {
                hash.update(&waiting.first_ns.to_le_bytes());
            }
            hash.update(&waiting.key.to_le_bytes());
            hash.update(&waiting.symbol.0.to_le_bytes());
            hash.update(&waiting.account.0.to_le_bytes());
            hash.update(&waiting.since_ns.to_le_bytes());
        }
        if self.rules.venue.fund.has_peak() {
            for number in self.fund_watch.state() {
                hash.update(&number.to_le_bytes());
            }
        }
        if matches!(self.rules.venue.residual, Residual::Gate(_)) {
            hash.update(&self.gated_until_ns.to_le_bytes());
        }
        for until_ns in self.whole_until_ns.iter().flatten().filter(|ns| **ns > self.time_ns) {
            hash.update(&until_ns.to_le_bytes());
        }
        if self.rules.venue.adl.price == AdlPrice::PreviousMark {
            for market in &self.markets {
                hash.update(&market.previous_mark.map_or(0, Price::ticks).to_le_bytes());
            }
        }
        for market in &self.markets {
            market.hash(&mut hash);
        }
        hash.digest128()
    }
}

impl Market {
    fn hash(&self, hash: &mut Xxh3) {
        hash.update(&self.symbol.0.to_le_bytes());
        for price in [self.mark, self.index_price, self.last] {
            hash.update(&price.map_or(0, Price::ticks).to_le_bytes());
        }
        for (stop, limit) in self.stops.in_order() {
            hash.update(&stop.id.0.to_le_bytes());
            hash.update(&stop.owner.to_le_bytes());
            hash.update(&stop.price.ticks().to_le_bytes());
            hash.update(&stop.qty.lots().to_le_bytes());
            hash.update(&limit.to_le_bytes());
            hash.update(&[stop.flags, u8::from(stop.side == Side::Sell)]);
        }
        for (id, position) in (0_u32..).zip(&self.positions) {
            if position.lots() == 0 && position.initial().is_none() {
                continue;
            }
            hash.update(&id.to_le_bytes());
            hash.update(&position.lots().to_le_bytes());
            hash.update(&position.entry().units().to_le_bytes());
            hash.update(&position.margin().units().to_le_bytes());
            hash.update(&position.initial().map_or(0, Ppm::parts).to_le_bytes());
            hash.update(&[u8::from(position.is_locked())]);
        }
        // The order in which a liquidation cancels; prices alone do not tell it.
        for position in &self.positions {
            for slot in self.open_orders.of(position) {
                hash.update(&self.book.order(slot).id.0.to_le_bytes());
            }
        }
        for side in [Side::Buy, Side::Sell] {
            for (price, _) in self.book.depth(side) {
                for (slot, order) in self.book.queue(price) {
                    hash.update(&order.id.0.to_le_bytes());
                    hash.update(&order.owner.to_le_bytes());
                    hash.update(&price.ticks().to_le_bytes());
                    hash.update(&order.qty.lots().to_le_bytes());
                    if order.flags != 0 {
                        hash.update(&[order.flags]);
                        let detail = self.details.get(slot);
                        hash.update(&detail.expiry_s.to_le_bytes());
                        hash.update(&detail.hidden_lots.to_le_bytes());
                        hash.update(&detail.display_lots.to_le_bytes());
                    }
                }
            }
        }
    }
}
