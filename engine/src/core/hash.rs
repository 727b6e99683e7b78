//! Hashes over canonical bytes, so that two runs, builds or machines can be compared.
//!
//! XXH3-128 detects faults, not forgery.

use xxhash_rust::xxh3::Xxh3;

use crate::types::{Event, EventSink, Money, OrderId, Price, RejectReason, Side, SymbolId};

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

    /// Hash of one symbol's events so far: the same in whichever shard it trades.
    pub fn symbol_digest(&self, symbol: SymbolId) -> u128 {
        self.symbols.get(symbol.index()).map_or(0, Xxh3::digest128)
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
        let stream = match stream_of(&event) {
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
            Event::MarginModeSet { account, cross } => {
                self.byte(61).id(account.0).byte(u8::from(cross))
            }
            Event::AssetPriced { asset, price, haircut } => {
                self.byte(62).id(asset.0.into()).price(Some(price)).id(haircut.parts())
            }
            Event::AssetDeposited { account, asset, qty } => {
                self.byte(63).id(account.0).id(asset.0.into()).id(qty.lots())
            }
            Event::AssetWithdrawn { account, asset, qty } => {
                self.byte(64).id(account.0).id(asset.0.into()).id(qty.lots())
            }
            Event::AssetSold { account, asset, qty, amount } => {
                self.byte(65).id(account.0).id(asset.0.into()).id(qty.lots()).money(amount)
            }
            Event::Funded { rate_ppb, price, .. } => {
                self.byte(60).put(rate_ppb.to_le_bytes()).price(Some(price))
            }
            // The fund's account stands for the whole shard: it has no kill switch of its own.
            Event::KillSwitch { account, engaged } => {
                self.byte(25).id(account.map_or(0, |id| id.0)).byte(u8::from(engaged))
            }
            Event::Linked { account, order, other, .. } => {
                self.byte(30).id(account.0).order(order).order(other)
            }
            _ => self.auction_fields(event),
        }
    }

    fn auction_fields(&mut self, event: &Event) -> &mut Self {
        match *event {
            Event::Halted { cause, reference, .. } => {
                self.byte(31).byte(cause as u8).price(reference)
            }
            Event::Indicative { price, lots, surplus_lots, .. } => {
                self.byte(32).price(price).put(lots.to_le_bytes()).put(surplus_lots.to_le_bytes())
            }
            Event::AuctionTrade { price, qty, buy, buyer, sell, seller, .. } => self
                .byte(33)
                .price(Some(price))
                .id(qty.lots())
                .order(buy)
                .id(buyer.0)
                .order(sell)
                .id(seller.0),
            Event::Uncrossed { price, lots, surplus_lots, .. } => self
                .byte(34)
                .price(Some(price))
                .put(lots.to_le_bytes())
                .put(surplus_lots.to_le_bytes()),
            Event::Reopened { .. } => self.byte(35),
            _ => unreachable!("the other kinds are written above"),
        }
    }
}

/// Whose stream an event goes to. A symbol that does not exist has no stream, and must not make one.
#[inline]
fn stream_of(event: &Event) -> Option<SymbolId> {
    match *event {
        Event::Rejected { reason: RejectReason::UnknownSymbol, .. } => None,
        _ => event.symbol(),
    }
}
