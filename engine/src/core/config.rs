//! What a shard is built from. A value of [`ShardConfig`] has been checked.

use thiserror::Error;

use super::PositionOrder;
use crate::liquidation::{LiquidationRules, RulesError};
use crate::risk::{Basket, CollateralRules, MarketRules};
use crate::types::{ACCOUNTS_MAX, ORDERS_MAX, SYMBOLS_MAX};

/// Most collateral assets of a shard.
const ASSETS_MAX: usize = 256;

/// Capacities and rules of one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardConfig {
    accounts_max: u32,
    orders_max: u32,
    markets: Vec<MarketRules>,
    liquidation: LiquidationRules,
    position_order: PositionOrder,
    collateral: Vec<CollateralRules>,
    baskets: Vec<Basket>,
}

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Too few or too many accounts.
    #[error("accounts_max is {0}, expected 2 to {ACCOUNTS_MAX}")]
    Accounts(u32),
    /// Too few or too many orders.
    #[error("orders_max is {0}, expected 1 to {ORDERS_MAX}")]
    Orders(u32),
    /// No market, or too many.
    #[error("{0} markets, expected 1 to {SYMBOLS_MAX}")]
    Markets(usize),
    /// A bound of the liquidation rules lets nothing happen.
    #[error("liquidation: {0}")]
    Liquidation(#[from] RulesError),
    /// Rules of a collateral asset.
    #[error("collateral asset {0}: expected {1}")]
    Collateral(usize, &'static str),
    /// An index made of other symbols.
    #[error("index of symbol {0}: expected {1}")]
    Basket(u16, &'static str),
}

impl ShardConfig {
    /// A shard of at most `accounts_max` accounts (the fund's included) and at most `orders_max`
    /// resting orders in each of `markets`.
    pub fn new(
        accounts_max: u32,
        orders_max: u32,
        markets: Vec<MarketRules>,
        liquidation: LiquidationRules,
    ) -> Result<Self, ConfigError> {
        if !(2..=ACCOUNTS_MAX).contains(&accounts_max) {
            return Err(ConfigError::Accounts(accounts_max));
        }
        if !(1..=ORDERS_MAX).contains(&orders_max) {
            return Err(ConfigError::Orders(orders_max));
        }
        if markets.is_empty() || markets.len() > usize::from(SYMBOLS_MAX) {
            return Err(ConfigError::Markets(markets.len()));
        }
        liquidation.check()?;
        let position_order = PositionOrder::default();
        let collateral = Vec::new();
        Ok(Self {
            accounts_max,
            orders_max,
            markets,
            liquidation,
            position_order,
            collateral,
            baskets: Vec::new(),
        })
    }

    /// The same shard with another order among the positions of a cross account.
    #[must_use]
    pub const fn with_position_order(mut self, order: PositionOrder) -> Self {
        self.position_order = order;
        self
    }

    /// The same shard with assets that cross accounts may deposit, numbered in that order.
    pub fn with_collateral(mut self, assets: Vec<CollateralRules>) -> Result<Self, ConfigError> {
        if assets.len() > ASSETS_MAX {
            return Err(ConfigError::Collateral(ASSETS_MAX, "at most 256 assets"));
        }
        for (number, rules) in assets.iter().enumerate() {
            let checked = rules.check(self.markets.len());
            checked.map_err(|expected| ConfigError::Collateral(number, expected))?;
        }
        self.collateral = assets;
        Ok(self)
    }

    /// The same shard with symbols whose index is made of other symbols' marks.
    pub fn with_baskets(mut self, baskets: Vec<Basket>) -> Result<Self, ConfigError> {
        for (n, basket) in baskets.iter().enumerate() {
            let refuse = |expected| ConfigError::Basket(basket.symbol.0, expected);
            basket.check(self.markets.len()).map_err(refuse)?;
            if baskets[..n].iter().any(|other| other.symbol == basket.symbol) {
                return Err(refuse("one basket for each symbol"));
            }
        }
        self.baskets = baskets;
        Ok(self)
    }

    /// The symbols whose index is made of other symbols' marks.
    pub fn baskets(&self) -> &[Basket] {
        &self.baskets
    }

    /// The assets that cross accounts may deposit, by their numbers.
    pub fn collateral(&self) -> &[CollateralRules] {
        &self.collateral
    }

    /// Which position of a cross account is closed first.
    pub const fn position_order(&self) -> PositionOrder {
        self.position_order
    }

    /// Most accounts, the fund's included.
    pub const fn accounts_max(&self) -> u32 {
        self.accounts_max
    }

    /// Most resting orders of one market.
    pub const fn orders_max(&self) -> u32 {
        self.orders_max
    }

    /// The markets, by symbol.
    pub fn markets(&self) -> &[MarketRules] {
        &self.markets
    }

    /// How unhealthy positions are disposed of.
    pub const fn liquidation(&self) -> &LiquidationRules {
        &self.liquidation
    }
}
