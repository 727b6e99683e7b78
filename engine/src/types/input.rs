//! What a shard is given. Inputs alone are journaled; everything else is derived from them.

use super::{AccountId, AssetId, Money, OrderId, Ppm, Price, Qty, Seq, Side, SymbolId};

/// How an order executes. A market order has no price and cannot rest; the type says so.
///
/// The representation keeps an [`Input`] at 32 bytes: with a tag of one byte, the compiler tells
/// inputs apart by the flags at the end of an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum OrderKind {
    /// Executes at its price or better; the rest joins the book (good till cancelled).
    Limit(Price),
    /// Joins the book or is rejected, never takes.
    PostOnly(Price),
    /// Executes at its price or better; the rest is cancelled.
    ImmediateOrCancel(Price),
    /// Executes in full at its price or better, or is cancelled whole.
    FillOrKill(Price),
    /// Executes at any price; the rest is cancelled.
    Market,
    /// As a limit order, until a time: seconds on the clock of the inputs.
    GoodTill {
        /// Its limit.
        price: Price,
        /// The second at which it expires.
        expiry_s: u32,
    },
    /// Joins the book at its price, or, where it would take, one tick step short of the best
    /// opposite price.
    PostOnlySlide(Price),
    /// Executes at its price or better, at least so much at once or nothing; the rest is cancelled.
    AtLeast {
        /// Its limit.
        price: Price,
        /// Least quantity.
        min: Qty,
    },
    /// Executes at the best opposite price; the rest joins the book there.
    MarketToLimit,
    /// As a limit order, of which the book shows only a part at a time.
    Iceberg {
        /// Its limit.
        price: Price,
        /// The largest part that is shown.
        display: Qty,
    },
    /// Waits outside the book until a reference price reaches its trigger; then a limit order, or
    /// a market order without a limit.
    Stop {
        /// The reference that is watched.
        watch: Reference,
        /// Whether it waits for a better price instead of a worse one.
        take_profit: bool,
        /// Price at which it triggers.
        trigger: Price,
        /// Limit of the order that it becomes.
        limit: Option<Price>,
    },
    /// Waits as a stop loss does; its trigger follows the best price that its reference has
    /// reached. Then a market order.
    TrailingStop {
        /// The reference that is followed and watched.
        watch: Reference,
        /// How far behind the trigger stays.
        by: Trail,
    },
}

impl OrderKind {
    /// The worst price at which it may execute, if it names one.
    #[inline]
    pub const fn price(self) -> Option<Price> {
        match self {
            Self::Limit(price)
            | Self::PostOnly(price)
            | Self::ImmediateOrCancel(price)
            | Self::FillOrKill(price)
            | Self::GoodTill { price, .. }
            | Self::PostOnlySlide(price)
            | Self::AtLeast { price, .. }
            | Self::Iceberg { price, .. } => Some(price),
            Self::Stop { limit, .. } => limit,
            Self::Market | Self::MarketToLimit | Self::TrailingStop { .. } => None,
        }
    }

    /// Whether what does not execute joins the book.
    #[inline]
    pub const fn may_rest(self) -> bool {
        matches!(
            self,
            Self::Limit(_)
                | Self::PostOnly(_)
                | Self::GoodTill { .. }
                | Self::PostOnlySlide(_)
                | Self::MarketToLimit
                | Self::Iceberg { .. }
        )
    }
}

/// A price that a stop order may watch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Reference {
    /// The last trade in the book.
    Last = 0,
    /// The mark price.
    Mark = 1,
    /// The index price.
    Index = 2,
}

impl Reference {
    /// Every reference, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Last, Self::Mark, Self::Index];
}

/// How far the trigger of a trailing stop stays behind the best price of its reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trail {
    /// So many ticks.
    Ticks(u32),
    /// That part of the best price, rounded down, but at least a tick.
    Part(Ppm),
}

impl Trail {
    /// The distance behind a price, in ticks; nothing if it is zero by itself.
    pub fn distance(self, best: Price) -> Option<u32> {
        match self {
            Self::Ticks(0) | Self::Part(Ppm::ZERO) => None,
            Self::Ticks(ticks) => Some(ticks),
            Self::Part(part) => Some(part.of_ticks(best).max(1)),
        }
    }
}

/// What happens when an account's order meets an order of its own, or of its group
/// (`docs/ORDERS.md`, Self-trade prevention).
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
pub enum SelfTrade {
    /// They trade.
    #[default]
    Allow = 0,
    /// What is left of the incoming order is cancelled.
    CancelNewest = 1,
    /// The resting order is cancelled.
    CancelOldest = 2,
    /// Both are cancelled.
    CancelBoth = 3,
    /// Both shrink by the smaller of the two.
    Decrement = 4,
}

impl SelfTrade {
    /// Every mode, in the order of its number.
    pub const ALL: [Self; 5] =
        [Self::Allow, Self::CancelNewest, Self::CancelOldest, Self::CancelBoth, Self::Decrement];
}

/// A client's new order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NewOrder {
    /// Market it is for.
    pub symbol: SymbolId,
    /// Account it is for.
    pub account: AccountId,
    /// Client's id, unique among live orders.
    pub order: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Quantity.
    pub qty: Qty,
    /// Kind and price.
    pub kind: OrderKind,
    /// Only ever shrinks the position; clipped to it at admission and while it rests.
    pub reduce_only: bool,
}

/// One input of a shard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Input {
    /// A new order.
    Order(NewOrder),
    /// Takes a resting order out of the book.
    Cancel {
        /// Market of the order.
        symbol: SymbolId,
        /// Owner of the order.
        account: AccountId,
        /// Order to cancel.
        order: OrderId,
    },
    /// Changes a resting order. Less quantity at the same price keeps its place in the queue;
    /// anything else loses it and may execute.
    Replace {
        /// Market of the order.
        symbol: SymbolId,
        /// Owner of the order.
        account: AccountId,
        /// Order to change.
        order: OrderId,
        /// New price.
        price: Price,
        /// New open quantity.
        qty: Qty,
    },
    /// A new mark price.
    Mark {
        /// Market it is for.
        symbol: SymbolId,
        /// The mark.
        price: Price,
    },
    /// Money into an account; opens the account if it is new.
    Deposit {
        /// Account it goes to; the fund's account fills the insurance fund.
        account: AccountId,
        /// Amount, positive.
        amount: Money,
    },
    /// Money out of an account's free cash.
    Withdraw {
        /// Account it comes from.
        account: AccountId,
        /// Amount, positive.
        amount: Money,
    },
    /// Sets an account's initial margin rate (one over its leverage) in a symbol.
    Leverage {
        /// Market it is for.
        symbol: SymbolId,
        /// Account it is for.
        account: AccountId,
        /// Initial margin rate.
        initial: Ppm,
    },
    /// A trade agreed off the book, opening or closing positions at a stated price.
    Block {
        /// Market it is in.
        symbol: SymbolId,
        /// Account that buys.
        buyer: AccountId,
        /// Account that sells.
        seller: AccountId,
        /// Agreed price.
        price: Price,
        /// Agreed quantity.
        qty: Qty,
    },
    /// Nothing but time: lets a backlog of forced orders go on.
    Step,
    /// Sets what happens when an account's orders would meet orders of its own or of its group.
    SelfTrade {
        /// Account it is for.
        account: AccountId,
        /// What happens when its order takes.
        mode: SelfTrade,
        /// The accounts that count as one; 0 for the account alone.
        group: u32,
    },
    /// Cancels every order of an account, everywhere or in one market, of both sides or one.
    MassCancel {
        /// Owner of the orders.
        account: AccountId,
        /// Only in this market.
        symbol: Option<SymbolId>,
        /// Only of this side.
        side: Option<Side>,
    },
    /// Sets whether a `Disconnect` cancels an account's orders.
    CancelOnDisconnect {
        /// Account it is for.
        account: AccountId,
        /// Whether it does.
        enabled: bool,
    },
    /// An account's connection is lost.
    Disconnect {
        /// Account whose connection it was.
        account: AccountId,
    },
    /// A new index price.
    Index {
        /// Market it is for.
        symbol: SymbolId,
        /// The index.
        price: Price,
    },
    /// Sets whether an account's positions share their margin.
    MarginMode {
        /// Account it is for.
        account: AccountId,
        /// Whether they do.
        cross: bool,
    },
    /// A new price of a collateral asset.
    AssetPrice {
        /// The asset.
        asset: AssetId,
        /// Its price.
        price: Price,
    },
    /// Collateral into a cross account.
    DepositAsset {
        /// Account it goes to.
        account: AccountId,
        /// The asset.
        asset: AssetId,
        /// Lots of it.
        qty: Qty,
    },
    /// Collateral out of a cross account.
    WithdrawAsset {
        /// Account it comes from.
        account: AccountId,
        /// The asset.
        asset: AssetId,
        /// Lots of it.
        qty: Qty,
    },
    /// Blocks new orders and changes of orders, or lets them through again. Cancels go through.
    Kill {
        /// One account, or the whole shard.
        account: Option<AccountId>,
        /// Whether orders are blocked from now on.
        engaged: bool,
    },
    /// Links two live orders of an account in one market: as soon as one of them trades or
    /// triggers, the other is cancelled.
    Link {
        /// Market of both orders.
        symbol: SymbolId,
        /// Owner of both orders.
        account: AccountId,
        /// One order.
        order: OrderId,
        /// The other one.
        other: OrderId,
    },
    /// Halts a market: orders join its book, nothing trades in it.
    Halt {
        /// Market to halt.
        symbol: SymbolId,
    },
    /// Reopens a halted market by a call auction.
    Reopen {
        /// Market to reopen.
        symbol: SymbolId,
    },
    /// Asks for the price and the quantity of the auction of a halted market as they are now.
    Indicative {
        /// Market that is asked about.
        symbol: SymbolId,
    },
}

const _: () =
    assert!(size_of::<Input>() <= 32, "an input leaves room for its times in a ring slot");

/// An input with its place in the shard's order and its times.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sequenced {
    /// Place in the order, from 1 without gaps.
    pub seq: Seq,
    /// When the shard took it, in nanoseconds; never decreases.
    pub time_ns: u64,
    /// When it arrived at the venue, in nanoseconds; at most `time_ns`.
    pub ingress_ns: u64,
    /// The input.
    pub input: Input,
}
