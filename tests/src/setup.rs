//! A shard's rules before they are checked, in a form that can be generated and written down.

use seawall_engine::core::{PositionOrder, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{
    AuctionRules, Basket, CollateralRules, MarginTier, MarketRules, MarketSpec, OrderRules,
    PriceRules,
};
use seawall_engine::types::{Contract, ContractKind, Money, Ppm, Price};

/// What a shard is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Most accounts, the fund's included.
    pub accounts_max: u32,
    /// Most resting orders of one market.
    pub orders_max: u32,
    /// Rules of the markets, by symbol.
    pub markets: Vec<MarketSpec>,
    /// What the markets ask of orders, by symbol.
    pub order_rules: Vec<OrderRules>,
    /// How the markets are halted and reopened, by symbol; none for those that cannot be.
    pub auctions: Vec<Option<AuctionRules>>,
    /// Mark, funding and open interest of the markets, by symbol.
    pub price_rules: Vec<PriceRules>,
    /// How unhealthy positions are disposed of.
    pub liquidation: LiquidationRules,
    /// Which position of a cross account is closed first.
    pub position_order: PositionOrder,
    /// What cross accounts may hold beside money.
    pub collateral: Vec<CollateralRules>,
    /// Symbols whose index is made of other symbols' marks.
    pub baskets: Vec<Basket>,
    /// Numbers of the insurance funds that answer for the markets, by symbol; empty for one fund.
    pub fund_groups: Vec<u32>,
}

impl Setup {
    /// The checked configuration, or what is wrong with the rules.
    pub fn build(&self) -> Result<ShardConfig, String> {
        let mut markets = Vec::new();
        let beside = self.order_rules.iter().zip(&self.auctions).zip(&self.price_rules);
        for (spec, ((asks, auctions), prices)) in self.markets.iter().zip(beside) {
            let mut rules = MarketRules::new(spec.clone())
                .and_then(|rules| rules.with_order_rules(*asks))
                .and_then(|rules| rules.with_price_rules(*prices));
            if let Some(auctions) = auctions {
                rules = rules.and_then(|rules| rules.with_auctions(*auctions));
            }
            markets.push(rules.map_err(|error| error.to_string())?);
        }
        ShardConfig::new(self.accounts_max, self.orders_max, markets, self.liquidation)
            .map(|config| config.with_position_order(self.position_order))
            .and_then(|config| config.with_collateral(self.collateral.clone()))
            .and_then(|config| config.with_baskets(self.baskets.clone()))
            .and_then(|config| match &self.fund_groups[..] {
                [] => Ok(config),
                groups => config.with_fund_groups(groups.to_vec()),
            })
            .map_err(|error| error.to_string())
    }

    /// How many insurance funds there are.
    pub fn funds(&self) -> u32 {
        self.fund_groups.iter().max().map_or(1, |last| last + 1)
    }

    /// Rules to start from: strict priority by trigger time, whole positions, no fee.
    pub fn liquidation() -> LiquidationRules {
        LiquidationRules {
            enabled: true,
            key: PriorityKey::TriggerTime,
            discipline: Discipline::Strict { steps_max: 64 },
            plan: Plan::Full,
            fee: Ppm::ZERO,
            unwind: Unwind { lots_max: 1_000, band: rate(100_000), interval_ns: 1_000 },
            triggers_max: 1_000,
            venue: VenueRules::default(),
        }
    }

    /// A linear market around 100 ticks with one tier (10 % and 5 %) and no fees.
    pub fn market() -> MarketSpec {
        MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 1 },
            reference: Price::new(100).expect("100 is a price"),
            tiers: vec![MarginTier {
                notional_floor: Money::ZERO,
                initial: rate(100_000),
                maintenance: rate(50_000),
            }],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1_000,
            position_lots_max: 1_000,
            market_band: rate(100_000),
        }
    }
}

/// A rate that is known to be one.
pub(crate) fn rate(parts: u32) -> Ppm {
    Ppm::new(parts).expect("at most a million parts per million")
}
