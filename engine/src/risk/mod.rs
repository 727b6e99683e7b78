//! Accounts, positions, mark price and margin. Knows nothing of orders in a book or of matching.

mod auction_rules;
mod basket;
mod decay;
mod funded;
mod funding;
mod haircut;
mod lagged;
mod ledger;
mod margin;
mod mark;
mod order_rules;
mod position;
mod price_rules;
mod reach;
mod rules;
#[cfg(test)]
mod tests;

pub use auction_rules::AuctionRules;
pub use basket::{BASKET_PARTS_MAX, BASKET_WEIGHT_PPM_MAX, Basket, BasketPart};
pub(crate) use funding::{Accrual, Due, Premium};
pub use funding::{FUNDING_CAP_PPB_MAX, FundingRules, PAID_UNITS_MAX};
pub(crate) use haircut::HaircutState;
pub use haircut::{CollateralRules, Haircut, HaircutRule};
pub use ledger::{Account, Ledger};
pub(crate) use ledger::{Room, account_state};
pub use mark::{
    Fair, LAG_WINDOWS_MAX, MEAN_POINTS_MAX, MarkInput, MarkInputs, MarkRule, MarkRules, Smoothing,
    TAU_NS_MAX,
};
pub(crate) use mark::{MarkState, Seen};
pub use order_rules::OrderRules;
pub use position::{Position, Released};
pub use price_rules::{OpenInterestRules, PriceRules};
pub(crate) use reach::Reach;
pub use rules::{DOMAIN_FACTOR, MarginTier, MarketRules, MarketRulesError, MarketSpec};
