//! What the targets share: bytes → inputs of a small market, where collisions are frequent.

pub mod marks;
pub mod targets;

use seawall_engine::core::ShardConfig;
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty,
    Side, SymbolId,
};

/// Takes numbers off a byte string; zeros once it is used up.
#[derive(Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        (u32::from(self.byte()) << 8 | u32::from(self.byte())) % bound
    }

    fn price(&mut self) -> Price {
        Price::new(80 + self.below(41)).expect("near the reference")
    }

    fn qty(&mut self) -> Qty {
        Qty::new(1 + self.below(30)).expect("positive")
    }

    fn account(&mut self) -> AccountId {
        AccountId(self.below(10))
    }

    fn order(&mut self) -> OrderId {
        OrderId(1 + u64::from(self.below(48)))
    }

    fn side(&mut self) -> Side {
        if self.byte() & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    fn kind(&mut self) -> OrderKind {
        let price = self.price();
        match self.byte() % 6 {
            0 | 1 => OrderKind::Limit(price),
            2 => OrderKind::PostOnly(price),
            3 => OrderKind::ImmediateOrCancel(price),
            4 => OrderKind::FillOrKill(price),
            _ => OrderKind::Market,
        }
    }

    /// Any input of the small market.
    pub fn input(&mut self) -> Input {
        let symbol = SymbolId(0);
        match self.byte() % 16 {
            0 => Input::Mark { symbol, price: Price::new(20 + self.below(200)).expect("positive") },
            1 | 2 => Input::Mark { symbol, price: self.price() },
            3 => Input::Deposit {
                account: self.account(),
                amount: Money::new(i64::from(self.below(5_000)) - 10),
            },
            4 => Input::Withdraw {
                account: self.account(),
                amount: Money::new(i64::from(self.below(500))),
            },
            5 => Input::Leverage {
                symbol,
                account: self.account(),
                initial: Ppm::new(self.below(200) * 5_000).expect("at most one"),
            },
            6 => Input::Block {
                symbol,
                buyer: self.account(),
                seller: self.account(),
                price: self.price(),
                qty: self.qty(),
            },
            7 => Input::Step,
            8 => Input::Cancel { symbol, account: self.account(), order: self.order() },
            9 => Input::Replace {
                symbol,
                account: self.account(),
                order: self.order(),
                price: self.price(),
                qty: self.qty(),
            },
            _ => Input::Order(NewOrder {
                symbol,
                account: self.account(),
                order: self.order(),
                side: self.side(),
                qty: self.qty(),
                kind: self.kind(),
                reduce_only: self.byte() % 8 == 0,
            }),
        }
    }

    /// A small shard; its rules come from the bytes as well.
    pub fn config(&mut self) -> ShardConfig {
        let ppm = |parts| Ppm::new(parts).expect("at most one");
        let tier = |floor, initial, maintenance| MarginTier {
            notional_floor: Money::new(floor),
            initial: ppm(initial),
            maintenance: ppm(maintenance),
        };
        let rules = self.byte();
        let inverse = rules & 1 != 0;
        let contract = Contract {
            kind: if inverse { ContractKind::Inverse } else { ContractKind::Linear },
            unit: if inverse { 10_000 } else { 1 },
        };
        let market = MarketRules::new(MarketSpec {
            contract,
            reference: Price::new(100).expect("positive"),
            tiers: vec![tier(0, 50_000, 25_000), tier(3_000, 200_000, 100_000)],
            maker_fee: ppm(200),
            taker_fee: ppm(500),
            order_lots_max: 25,
            position_lots_max: 200,
            market_band: ppm(100_000),
        })
        .expect("rules that make sense");
        let liquidation = LiquidationRules {
            enabled: true,
            key: match rules >> 1 & 3 {
                0 => PriorityKey::TriggerTime,
                1 => PriorityKey::MarginRatio,
                2 => PriorityKey::BankruptcyDistance,
                _ => PriorityKey::Notional,
            },
            discipline: match rules >> 3 & 3 {
                0 => Discipline::Strict { steps_max: 4 },
                1 => Discipline::Weighted { forced: 1, client: 3 },
                2 => Discipline::Fifo { steps_max: 4 },
                _ => Discipline::RateLimited { steps: 2, interval_ns: 5 },
            },
            plan: if rules & 32 == 0 {
                Plan::Full
            } else {
                Plan::Fraction { part: ppm(300_000), lots_min: 2 }
            },
            fee: ppm(5_000),
            unwind: Unwind { lots_max: 5, band: ppm(100_000), interval_ns: 3 },
            triggers_max: 3,
            venue: VenueRules::default(),
        };
        ShardConfig::new(10, 24, vec![market], liquidation).expect("a shard")
    }
}
