//! What a shard is given. Inputs alone are journaled; everything else is derived from them.

use super::{AccountId, Money, OrderId, Ppm, Price, Qty, Seq, Side, SymbolId};

/// How an order executes. A market order has no price and cannot rest; the type says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
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
}

impl OrderKind {
    /// The worst price at which it may execute, if it names one.
    #[inline]
    pub const fn price(self) -> Option<Price> {
        match self {
            Self::Limit(price)
            | Self::PostOnly(price)
            | Self::ImmediateOrCancel(price)
            | Self::FillOrKill(price) => Some(price),
            Self::Market => None,
        }
    }

    /// Whether what does not execute joins the book.
    #[inline]
    pub const fn may_rest(self) -> bool {
        matches!(self, Self::Limit(_) | Self::PostOnly(_))
    }
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
    /// Only ever shrinks the position; clipped to it at admission. May not rest.
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
}

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
