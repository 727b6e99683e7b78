//! What a shard is built from. A value of [`ShardConfig`] has been checked.

use thiserror::Error;

use super::PositionOrder;
use crate::liquidation::{LiquidationRules, RulesError};
use crate::risk::{Basket, CollateralRules, MarketRules};
use crate::types::{ACCOUNTS_MAX, AccountId, ORDERS_MAX, SYMBOLS_MAX, SymbolId};

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
    /// By symbol: the number of the insurance fund that answers for it.
    fund_groups: Vec<u32>,
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
    /// Which insurance fund answers for which market.
    #[error("fund groups: expected {0}")]
    FundGroups(&'static str),
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
        let fund_groups = vec![0; markets.len()];
        Ok(Self {
            accounts_max,
            orders_max,
            markets,
            liquidation,
            position_order,
            collateral,
            baskets: Vec::new(),
            fund_groups,
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

    /// The same shard with several insurance funds: by symbol, the number of the one that answers
    /// for it. Their accounts are the first ones. Funds are numbered from 0 in the order of their
    /// first symbols, and at least one account is a client's.
    pub fn with_fund_groups(mut self, groups: Vec<u32>) -> Result<Self, ConfigError> {
        if groups.len() != self.markets.len() {
            return Err(ConfigError::FundGroups("one for each market"));
        }
        let mut funds = 0;
        for group in &groups {
            if *group > funds {
                return Err(ConfigError::FundGroups(
                    "numbers from 0 in the order of their first symbols",
                ));
            }
            funds = funds.max(group + 1);
        }
        if self.accounts_max <= funds {
            return Err(ConfigError::FundGroups("fewer funds than accounts"));
        }
        self.fund_groups = groups;
        Ok(self)
    }

    /// How many insurance funds there are.
    pub fn funds(&self) -> u32 {
        self.fund_groups.iter().max().map_or(1, |last| last + 1)
    }

    /// The account of the insurance fund that answers for a symbol.
    pub fn fund_of(&self, symbol: SymbolId) -> AccountId {
        AccountId(self.fund_groups[symbol.index()])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::{
        Discipline, ForcedLimit, ForcedOrder, Plan, PriorityKey, Unfilled, Unwind, VenueRules,
    };
    use crate::risk::{MarginTier, MarketSpec};
    use crate::types::{Contract, ContractKind, Money, Ppm, Price};

    fn rules(order: ForcedOrder) -> LiquidationRules {
        LiquidationRules {
            enabled: true,
            key: PriorityKey::TriggerTime,
            discipline: Discipline::Strict { steps_max: 1 },
            plan: Plan::Full,
            fee: Ppm::ZERO,
            unwind: Unwind { lots_max: 1, band: Ppm::ONE, interval_ns: 1 },
            triggers_max: 1,
            venue: VenueRules { order, ..VenueRules::default() },
        }
    }

    fn shard(accounts_max: u32, order: ForcedOrder) -> Result<ShardConfig, ConfigError> {
        let spec = MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 1 },
            reference: Price::new(100).expect("a price"),
            tiers: vec![MarginTier {
                notional_floor: Money::ZERO,
                initial: Ppm::ONE,
                maintenance: Ppm::new(500_000).expect("a half"),
            }],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1,
            position_lots_max: 1,
            market_band: Ppm::ONE,
        };
        let market = MarketRules::new(spec).expect("rules of a market");
        ShardConfig::new(accounts_max, 1, vec![market; 3], rules(order))
    }

    #[test]
    fn fund_groups_are_numbered_by_their_first_symbols() {
        let plain = |accounts| shard(accounts, ForcedOrder::default()).expect("a shard");
        assert_eq!(plain(4).funds(), 1);
        let grouped = plain(4).with_fund_groups(vec![0, 1, 0]).expect("two groups");
        assert_eq!(grouped.funds(), 2);
        let funds = [0, 1, 2].map(|symbol| grouped.fund_of(SymbolId(symbol)).0);
        assert_eq!(funds, [0, 1, 0]);
        for wrong in [vec![0, 1], vec![1, 0, 0], vec![0, 2, 1]] {
            let refused = plain(4).with_fund_groups(wrong);
            assert!(matches!(refused, Err(ConfigError::FundGroups(_))));
        }
        assert!(plain(4).with_fund_groups(vec![0, 1, 2]).is_ok());
        assert!(plain(3).with_fund_groups(vec![0, 1, 2]).is_err(), "nobody is left");
    }

    #[test]
    fn an_order_rests_at_bankruptcy_for_some_time() {
        let rest = |for_ns, limit| {
            let unfilled = Unfilled::Rest(for_ns);
            shard(4, ForcedOrder { limit, unfilled, ..ForcedOrder::default() })
        };
        assert!(rest(1, ForcedLimit::Bankruptcy).is_ok());
        assert!(rest(0, ForcedLimit::Bankruptcy).is_err());
        assert!(rest(1, ForcedLimit::Band(Ppm::ONE)).is_err());
    }
}
