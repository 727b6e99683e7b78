//! Why an input was refused. A refused input changes nothing.

/// The reason of a [`super::Event::Rejected`]; numbers are stable.
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum RejectReason {
    /// No such symbol in this shard.
    UnknownSymbol = 1,
    /// No such account, or it was never opened by a deposit.
    UnknownAccount = 2,
    /// No resting order of that id belongs to that account.
    UnknownOrder = 3,
    /// An order of that id is live.
    DuplicateOrder = 4,
    /// The id is zero or reserved for derived orders.
    OrderIdOutOfRange = 5,
    /// The price lies outside the market's price domain.
    PriceOutOfDomain = 6,
    /// The quantity exceeds the market's largest order.
    QtyTooLarge = 7,
    /// A post-only order would have executed.
    PostOnlyWouldCross = 8,
    /// A market order met an empty side.
    NoLiquidity = 9,
    /// Free cash does not cover the order's initial margin and fee.
    InsufficientMargin = 10,
    /// The position could exceed the market's largest.
    PositionLimit = 11,
    /// The account's leverage is too high for the tier its position could reach.
    LeverageTooHigh = 12,
    /// The account is being liquidated.
    InLiquidation = 13,
    /// A reduce-only order would not shrink a position.
    NothingToReduce = 14,
    /// An iceberg order may not be reduce-only.
    ReduceOnlyMayNotRest = 15,
    /// The book has no room for another resting order.
    BookFull = 16,
    /// Leverage cannot change while a position or an order is open.
    LeverageInUse = 17,
    /// An amount that must be positive is not, or exceeds the bound.
    AmountOutOfRange = 18,
    /// Free cash does not cover a withdrawal.
    InsufficientCash = 19,
    /// Buyer and seller of a block trade are one account.
    SelfBlock = 20,
    /// The insurance fund's account cannot trade or withdraw by command.
    FundAccount = 21,
    /// The kill switch is engaged for the account or the shard.
    KillSwitch = 22,
    /// The price is not a multiple of the market's tick step.
    OffTick = 23,
    /// The quantity is not a multiple of the market's lot step.
    OffLot = 24,
    /// The order is worth less than the market's least notional.
    BelowMinNotional = 25,
    /// The limit reaches too far through the mark.
    PriceBand = 26,
    /// The least quantity exceeds the order's.
    MinAboveQty = 27,
    /// The order would be expired already.
    ExpiryPassed = 28,
    /// The part that is shown exceeds the order.
    DisplayAboveQty = 29,
    /// The reference that a stop order is to watch is not set yet.
    NoReference = 30,
    /// A stop order would trigger at once.
    WouldTriggerAtOnce = 31,
    /// There is no room for another stop order.
    TooManyStops = 32,
    /// The fund was short: nobody withdraws for a while.
    WithdrawalsGated = 33,
    /// An order cannot be linked to itself.
    LinkToItself = 34,
    /// One of two orders that were to be linked is linked already.
    AlreadyLinked = 35,
    /// A linked order can only shrink in place.
    LinkedOrder = 36,
    /// The market is halted: what would have to trade, or asks what it would meet, is refused.
    Halted = 37,
    /// The market is not halted.
    NotHalted = 38,
    /// The market has no rules for halts and auctions.
    NoAuction = 39,
    /// A trailing stop's distance is zero, or reaches beyond the price domain.
    TrailOutOfRange = 40,
    /// The margin mode cannot change while a position or an order is open, or while cash is owed.
    MarginModeInUse = 48,
    /// The order would carry open interest beyond the market's bound.
    OpenInterestCap = 49,
    /// No such collateral asset in this shard.
    UnknownAsset = 50,
    /// Only cross accounts hold collateral.
    NotCross = 51,
    /// The account does not hold so much of the asset, or needs it as margin.
    InsufficientCollateral = 52,
    /// The index of this symbol is made of other symbols' marks.
    IndexIsMade = 53,
}

impl RejectReason {
    /// Every reason, in the order of its number.
    pub const ALL: [Self; 46] = [
        Self::UnknownSymbol,
        Self::UnknownAccount,
        Self::UnknownOrder,
        Self::DuplicateOrder,
        Self::OrderIdOutOfRange,
        Self::PriceOutOfDomain,
        Self::QtyTooLarge,
        Self::PostOnlyWouldCross,
        Self::NoLiquidity,
        Self::InsufficientMargin,
        Self::PositionLimit,
        Self::LeverageTooHigh,
        Self::InLiquidation,
        Self::NothingToReduce,
        Self::ReduceOnlyMayNotRest,
        Self::BookFull,
        Self::LeverageInUse,
        Self::AmountOutOfRange,
        Self::InsufficientCash,
        Self::SelfBlock,
        Self::FundAccount,
        Self::KillSwitch,
        Self::OffTick,
        Self::OffLot,
        Self::BelowMinNotional,
        Self::PriceBand,
        Self::MinAboveQty,
        Self::ExpiryPassed,
        Self::DisplayAboveQty,
        Self::NoReference,
        Self::WouldTriggerAtOnce,
        Self::TooManyStops,
        Self::WithdrawalsGated,
        Self::LinkToItself,
        Self::AlreadyLinked,
        Self::LinkedOrder,
        Self::Halted,
        Self::NotHalted,
        Self::NoAuction,
        Self::TrailOutOfRange,
        Self::MarginModeInUse,
        Self::OpenInterestCap,
        Self::UnknownAsset,
        Self::NotCross,
        Self::InsufficientCollateral,
        Self::IndexIsMade,
    ];
}
