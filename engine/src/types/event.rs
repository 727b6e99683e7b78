//! What the engine says. Events are a function of the inputs and are never journaled.

use super::{
    AccountId, AssetId, Money, OrderId, Ppm, Price, Qty, RejectReason, SelfTrade, Side, SymbolId,
};

/// Why an order left the book, or what was left of it was dropped.
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum CancelCause {
    /// Its owner asked.
    Client = 0,
    /// The rest of an order that may not rest.
    Unfilled = 1,
    /// A fill-or-kill order could not be filled in full.
    FillOrKill = 2,
    /// Its account is being liquidated.
    Liquidation = 3,
    /// Its owner cancelled many at once.
    MassCancel = 4,
    /// Its owner's connection was lost.
    Disconnect = 5,
    /// It met an order of its own account or group.
    SelfTrade = 6,
    /// Less than its least quantity could be had.
    MinQty = 7,
    /// Its time was over.
    Expired = 8,
    /// It could have done more than reduce its owner's position.
    ReduceOnly = 9,
    /// The order that it was linked to traded or triggered.
    Linked = 10,
    /// Its market was halted before it could execute.
    Halt = 11,
    /// Its owner could not pay what it would have opened at the price of an auction.
    Unfunded = 12,
}

/// Why the insurance fund's cash changed.
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum FundCause {
    /// A liquidation fee came in.
    LiquidationFee = 0,
    /// A position that it had taken over was closed in the book.
    Unwind = 1,
    /// A position that it had taken over was closed against deleveraged accounts.
    Deleverage = 2,
    /// It paid what an account could not.
    Shortfall = 3,
    /// What was still missing came from everybody.
    Socialised = 4,
    /// Funding of a position that it had taken over.
    Funding = 8,
    /// It bought collateral of an account that owed money.
    Collateral = 9,
}

/// Why a market was halted.
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum HaltCause {
    /// By a command.
    Command = 0,
    /// A trade would have left the band.
    Trade = 1,
    /// The mark left the band.
    Mark = 2,
}

/// One fact. Symbols, accounts and orders are named in full, so that a reader needs no state.
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "event", rename_all = "kebab-case")
)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "a field is named by its type; each variant says the rest")]
pub enum Event {
    /// An order was admitted; `price` is its limit, none for a market order, and `qty` is what
    /// was admitted (a reduce-only order is clipped to the position).
    Accepted {
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        side: Side,
        price: Option<Price>,
        qty: Qty,
    },
    /// An input was refused and changed nothing. `order` where the input named one.
    Rejected { symbol: SymbolId, account: AccountId, order: Option<OrderId>, reason: RejectReason },
    /// What was left of an order joined the book, last in its level's queue; of an iceberg order,
    /// the next part that is shown.
    Rested {
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        side: Side,
        price: Price,
        qty: Qty,
    },
    /// Two orders met, at the maker's price. `side` is the taker's; `maker_leaves_lots` is what
    /// still rests of the maker (of an iceberg order, of the part that is shown).
    Trade {
        symbol: SymbolId,
        side: Side,
        price: Price,
        qty: Qty,
        taker: OrderId,
        taker_account: AccountId,
        maker: OrderId,
        maker_account: AccountId,
        maker_leaves_lots: u32,
    },
    /// An order, or what was left of it, is gone.
    Cancelled { symbol: SymbolId, account: AccountId, order: OrderId, qty: Qty, cause: CancelCause },
    /// An order was changed. When `in_place` it kept its place in the queue; otherwise it left the
    /// book, and what follows says how it executes or rests.
    Replaced {
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        price: Price,
        qty: Qty,
        in_place: bool,
    },
    /// An order shrank by other means than a trade or its owner's wish; it keeps its place. `qty`
    /// is what is left.
    Reduced { symbol: SymbolId, account: AccountId, order: OrderId, qty: Qty, cause: CancelCause },
    /// The mark price was set.
    Marked { symbol: SymbolId, price: Price },
    /// Money came in.
    Deposited { account: AccountId, amount: Money },
    /// Money went out.
    Withdrawn { account: AccountId, amount: Money },
    /// An account's initial margin rate was set.
    LeverageSet { symbol: SymbolId, account: AccountId, initial: Ppm },
    /// A trade agreed off the book was booked.
    Block { symbol: SymbolId, buyer: AccountId, seller: AccountId, price: Price, qty: Qty },
    /// A position fell below maintenance margin and entered the liquidation queue. `side` and
    /// `qty` are the position's.
    Triggered {
        symbol: SymbolId,
        account: AccountId,
        side: Side,
        qty: Qty,
        mark: Price,
        bankruptcy: Price,
    },
    /// A position was healthy again when its turn came; it left the queue.
    Recovered { symbol: SymbolId, account: AccountId },
    /// A forced order went to the book: `side` is the order's, `limit` its worst price. For
    /// [`AccountId::FUND`] it unwinds what the fund took over.
    Forced {
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        side: Side,
        limit: Price,
        qty: Qty,
    },
    /// The fund took a position over at its bankruptcy price; `side` and `qty` are of what moved.
    TakenOver { symbol: SymbolId, account: AccountId, side: Side, qty: Qty, price: Price },
    /// A profitable position was closed against a bankrupt one; `side` is the bankrupt one's.
    Deleveraged {
        symbol: SymbolId,
        account: AccountId,
        counterparty: AccountId,
        side: Side,
        qty: Qty,
        price: Price,
    },
    /// A liquidated position is flat.
    Closed { symbol: SymbolId, account: AccountId },
    /// The insurance fund's cash changed by `amount` to `balance`.
    Fund { symbol: SymbolId, cause: FundCause, amount: Money, balance: Money },
    /// An account paid its share of a loss that nobody else covered.
    Socialised { account: AccountId, amount: Money },
    /// An account's self-trade prevention was set.
    SelfTradeSet { account: AccountId, mode: SelfTrade, group: u32 },
    /// An account's orders were cancelled, so many of them.
    MassCancelled { account: AccountId, orders: u32 },
    /// Whether a lost connection cancels an account's orders was set.
    CancelOnDisconnectSet { account: AccountId, enabled: bool },
    /// A connection was lost, and so many orders were cancelled.
    Disconnected { account: AccountId, orders: u32 },
    /// The index price was set.
    Indexed { symbol: SymbolId, price: Price },
    /// A stop order waits for its trigger.
    StopPlaced {
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        side: Side,
        trigger: Price,
        qty: Qty,
    },
    /// A stop order's reference, now at `price`, reached its trigger: it becomes an order.
    StopTriggered { symbol: SymbolId, account: AccountId, order: OrderId, price: Price },
    /// The order that a stop order became was refused.
    StopRejected { symbol: SymbolId, account: AccountId, order: OrderId, reason: RejectReason },
    /// The kill switch of an account, or of the whole shard, was set.
    KillSwitch { account: Option<AccountId>, engaged: bool },
    /// Two orders were linked.
    Linked { symbol: SymbolId, account: AccountId, order: OrderId, other: OrderId },
    /// A market was halted; `reference` is the price around which its band lay. Until it reopens
    /// the sides of its book may cross.
    Halted { symbol: SymbolId, cause: HaltCause, reference: Option<Price> },
    /// What the auction of a halted market would do now: its price, if the sides cross, what would
    /// trade, and what would be left over at that price (bids positive, offers negative).
    Indicative { symbol: SymbolId, price: Option<Price>, lots: u64, surplus_lots: i64 },
    /// Two resting orders traded in an auction; neither takes.
    AuctionTrade {
        symbol: SymbolId,
        price: Price,
        qty: Qty,
        buy: OrderId,
        buyer: AccountId,
        sell: OrderId,
        seller: AccountId,
    },
    /// An auction traded so many lots at one price; `surplus_lots` as in `Indicative`, before it.
    Uncrossed { symbol: SymbolId, price: Price, lots: u64, surplus_lots: i64 },
    /// A halted market trades again.
    Reopened { symbol: SymbolId },
    /// Whether an account's positions share their margin was set.
    MarginModeSet { account: AccountId, cross: bool },
    /// Longs paid shorts that rate of their value at that price, or were paid it if it is negative.
    Funded { symbol: SymbolId, rate_ppb: i64, price: Price },
    /// A collateral asset's price was set; the haircut is the one in force now.
    AssetPriced { asset: AssetId, price: Price, haircut: Ppm },
    /// Collateral came in.
    AssetDeposited { account: AccountId, asset: AssetId, qty: Qty },
    /// Collateral went out.
    AssetWithdrawn { account: AccountId, asset: AssetId, qty: Qty },
    /// The fund bought collateral of an account that owed money, for what it counted for.
    AssetSold { account: AccountId, asset: AssetId, qty: Qty, amount: Money },
}

impl Event {
    /// The market that the event is about, if it is about one.
    #[inline]
    pub const fn symbol(&self) -> Option<SymbolId> {
        match *self {
            Self::Accepted { symbol, .. }
            | Self::Rejected { symbol, .. }
            | Self::Rested { symbol, .. }
            | Self::Trade { symbol, .. }
            | Self::Cancelled { symbol, .. }
            | Self::Replaced { symbol, .. }
            | Self::Reduced { symbol, .. }
            | Self::Marked { symbol, .. }
            | Self::Indexed { symbol, .. }
            | Self::StopPlaced { symbol, .. }
            | Self::StopTriggered { symbol, .. }
            | Self::StopRejected { symbol, .. }
            | Self::LeverageSet { symbol, .. }
            | Self::Block { symbol, .. }
            | Self::Triggered { symbol, .. }
            | Self::Recovered { symbol, .. }
            | Self::Forced { symbol, .. }
            | Self::TakenOver { symbol, .. }
            | Self::Deleveraged { symbol, .. }
            | Self::Closed { symbol, .. }
            | Self::Fund { symbol, .. }
            | Self::Linked { symbol, .. }
            | Self::Halted { symbol, .. }
            | Self::Indicative { symbol, .. }
            | Self::AuctionTrade { symbol, .. }
            | Self::Uncrossed { symbol, .. }
            | Self::Funded { symbol, .. }
            | Self::Reopened { symbol } => Some(symbol),
            Self::Deposited { .. }
            | Self::Withdrawn { .. }
            | Self::Socialised { .. }
            | Self::SelfTradeSet { .. }
            | Self::MassCancelled { .. }
            | Self::CancelOnDisconnectSet { .. }
            | Self::Disconnected { .. }
            | Self::KillSwitch { .. }
            | Self::MarginModeSet { .. }
            | Self::AssetPriced { .. }
            | Self::AssetDeposited { .. }
            | Self::AssetWithdrawn { .. }
            | Self::AssetSold { .. } => None,
        }
    }
}

/// Where events go. The caller owns the memory; the engine never calls back into itself.
pub trait EventSink {
    /// Takes one event.
    fn event(&mut self, event: Event);
}

impl EventSink for Vec<Event> {
    #[inline]
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}

/// Drops every event.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    #[inline]
    fn event(&mut self, _event: Event) {}
}

const _: () =
    assert!(size_of::<Event>() <= 40, "an event and whose it is fit the payload of one ring slot");
