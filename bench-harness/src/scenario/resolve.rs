//! From a checked scenario to what the engine and the other rooms need of it.

use seawall_engine::core::ShardConfig;
use seawall_engine::liquidation::{
    Adl, AdlPolicy, AdlPrice, Backstop, Discipline, Draw, Fillable, ForcedLimit, ForcedOrder,
    FundRules, LiquidationRules, Minimal, Outlook, Plan, PriorityKey, Residual, Unfilled, Unwind,
    VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{Contract, ContractKind, Money, Ppm, Price, SymbolId};
use xxhash_rust::xxh3::xxh3_128;

use super::roles::Roles;
use super::spec::{ContractName, DisciplineName, KeyName, Liquidation, PlanName, Scenario};

/// The first symbol of a scenario, and the only one unless it has further markets.
pub(crate) const SYMBOL: SymbolId = SymbolId(0);

impl Scenario {
    /// The scenario as TOML, every key resolved: loading it again gives the same run.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a scenario is tables of plain values")
    }

    /// Hash of the resolved scenario without its seed, hexadecimal: equal for runs that differ in
    /// nothing but their noise.
    pub fn config_hash(&self) -> String {
        let seedless = Self { seed: 0, ..self.clone() };
        format!("{:032x}", xxh3_128(seedless.to_toml().as_bytes()))
    }

    /// The accounts of every role in this market.
    pub fn roles(&self) -> Roles {
        let (funds, first) = (self.fund_accounts(), self.first_account());
        let makers = first..first + small(self.makers.count);
        let takers = makers.end..makers.end + small(self.takers.count);
        let (shock, background) = (takers.end, takers.end + 1);
        let hedgers = background + 1..background + 1 + small(self.holders.hedgers);
        let holders = hedgers.end..hedgers.end + small(self.holders.longs + self.holders.shorts);
        let is_listed = |name: &str| self.agents.iter().any(|agent| agent == name);
        let extra = |name: &str, count: u64| if is_listed(name) { small(count) } else { 0 };
        let first = holders.end;
        let arbitrageurs = first..first + extra("arbitrageurs", self.arbitrageurs.count);
        let hunter = arbitrageurs.end..arbitrageurs.end + extra("hunter", 1);
        let spoofer = hunter.end..hunter.end + extra("spoofer", 1);
        let probes = spoofer.end..spoofer.end + extra("probe", self.probe.count);
        let flow = probes.end..probes.end + extra("flow", 2);
        let griefer = flow.end..flow.end + extra("griefer", 2);
        Roles {
            funds,
            makers,
            takers,
            shock,
            background,
            hedgers,
            holders,
            arbitrageurs,
            hunter,
            spoofer,
            probes,
            flow,
            griefer,
        }
    }

    /// The engine's configuration.
    pub fn shard_config(&self) -> ShardConfig {
        self.try_shard_config().expect("a checked scenario has a valid configuration")
    }

    /// What a checked key names in the market's contract.
    pub fn contract(&self) -> Contract {
        let kind = match self.market.contract {
            ContractName::Linear => ContractKind::Linear,
            ContractName::Inverse => ContractKind::Inverse,
        };
        Contract { kind, unit: signed(self.market.contract_unit) }
    }

    /// Whole units of the currency as money.
    pub(crate) fn money(&self, currency: u64) -> Money {
        Money::narrow(i128::from(currency) * i128::from(self.market.money_scale))
    }

    /// Most that the fund's position may be worth at the mark, if it may hold something and not anything.
    pub(crate) fn backstop_capacity(&self) -> Option<Money> {
        let l = &self.liquidation;
        (l.backstop_takes && l.backstop_max_currency > 0)
            .then(|| self.money(l.backstop_max_currency))
    }

    /// The price at the start.
    pub(crate) fn reference(&self) -> Price {
        Price::new(small(self.market.reference_ticks)).expect("the reference price was checked")
    }

    pub(super) fn deposits_currency(&self) -> u128 {
        let own: u128 = self.lanes().iter().map(Self::own_deposits_currency).sum();
        own + self.fund_starts().into_iter().map(u128::from).sum::<u128>()
    }

    fn own_deposits_currency(&self) -> u128 {
        let total = |count: u64, each: u64| u128::from(count) * u128::from(each);
        total(self.makers.count, self.makers.deposit_currency)
            + total(self.takers.count, self.takers.deposit_currency)
            + u128::from(self.background.deposit_currency)
            + total(self.arbitrageurs.count, self.arbitrageurs.deposit_currency)
            + u128::from(self.hunter.deposit_currency)
            + u128::from(self.spoofer.deposit_currency)
            + total(self.roles().flow.len() as u64, self.flow.deposit_currency)
            + self.griefer.as_ref().map_or(0, |griefer| u128::from(griefer.deposit_currency))
    }

    pub(super) fn try_shard_config(&self) -> Result<ShardConfig, String> {
        let rules = |lane: &Self| lane.market_rules().map_err(|message| lane.blamed(&message));
        let markets = self.lanes().iter().map(rules).collect::<Result<Vec<_>, _>>()?;
        let (accounts, orders_max) = (self.accounts().max(2), small(self.market.orders_max));
        ShardConfig::new(accounts, orders_max, markets, self.liquidation_rules())
            .and_then(|config| config.with_collateral(self.collateral_rules()))
            .and_then(|config| config.with_baskets(self.baskets()))
            .and_then(|config| config.with_fund_groups(self.fund_groups()))
            .map_err(|error| error.to_string())
    }

    /// A message about the rules of this market, with its number where there are several.
    fn blamed(&self, message: &str) -> String {
        match self.lane_number() {
            0 => message.to_owned(),
            number => format!("{}: {message}", self.market_names()[number as usize]),
        }
    }

    fn market_rules(&self) -> Result<MarketRules, String> {
        let market = &self.market;
        let tiers = market.tiers.iter().map(|tier| MarginTier {
            notional_floor: self.money(tier.floor_currency),
            initial: ppm(tier.initial_ppm),
            maintenance: ppm(tier.maintenance_ppm),
        });
        let spec = MarketSpec {
            contract: self.contract(),
            reference: self.reference(),
            tiers: tiers.collect(),
            maker_fee: ppm(market.maker_fee_ppm),
            taker_fee: ppm(market.taker_fee_ppm),
            order_lots_max: small(market.order_max_lots),
            position_lots_max: small(market.position_max_lots),
            market_band: ppm(market.market_band_ppm),
        };
        MarketRules::new(spec)
            .and_then(|rules| rules.with_price_rules(self.price_rules()))
            .map_err(|error| error.to_string())
    }

    fn liquidation_rules(&self) -> LiquidationRules {
        let l = &self.liquidation;
        let steps_max = small(l.steps_max);
        LiquidationRules {
            enabled: l.enabled,
            key: match l.key {
                KeyName::TriggerTime => PriorityKey::TriggerTime,
                KeyName::MarginRatio => PriorityKey::MarginRatio,
                KeyName::BankruptcyDistance => PriorityKey::BankruptcyDistance,
                KeyName::Notional => PriorityKey::Notional,
                KeyName::FillableDistance => PriorityKey::FillableDistance(fillable(l)),
                KeyName::ExpectedShortfall => PriorityKey::ExpectedShortfall(outlook(l)),
                KeyName::CMu => PriorityKey::CMu(outlook(l)),
            },
            discipline: match l.discipline {
                DisciplineName::Strict => Discipline::Strict { steps_max },
                DisciplineName::Fifo => Discipline::Fifo { steps_max },
                DisciplineName::Weighted => Discipline::Weighted {
                    forced: small(l.weighted_forced),
                    client: small(l.weighted_client),
                },
                DisciplineName::RateLimited => Discipline::RateLimited {
                    steps: small(l.rate_steps),
                    interval_ns: l.rate_window_ms * 1_000_000,
                },
            },
            plan: match l.plan {
                PlanName::Full => Plan::Full,
                PlanName::Fraction => Plan::Fraction {
                    part: ppm(l.fraction_ppm),
                    lots_min: small(l.fraction_min_lots),
                },
                PlanName::StepDown => Plan::StepDown { tiers: small(l.plan_tiers) },
                PlanName::PartThenAll => Plan::PartThenAll {
                    above: self.money(l.plan_above_currency),
                    part: ppm(l.fraction_ppm),
                    window_ns: l.plan_window_ms * 1_000_000,
                },
                PlanName::Minimal => Plan::Minimal(minimal(l)),
                PlanName::Throttled => Plan::Throttled {
                    minimal: minimal(l),
                    initial: ppm(l.fraction_ppm),
                    duration_ns: l.plan_window_ms * 1_000_000,
                },
                PlanName::CloseFactor => Plan::CloseFactor {
                    part: ppm(l.fraction_ppm),
                    health: ppm(l.plan_health_ppm),
                    least: self.money(l.plan_least_currency),
                },
            },
            fee: ppm(l.fee_ppm),
            unwind: Unwind {
                lots_max: small(l.unwind_max_lots),
                band: ppm(l.unwind_band_bp * 100),
                interval_ns: l.unwind_interval_ms * 1_000_000,
            },
            triggers_max: small(l.triggers_max),
            venue: self.venue_rules(),
        }
    }

    fn venue_rules(&self) -> VenueRules {
        let l = &self.liquidation;
        VenueRules {
            rekey: l.rekey,
            adl: Adl {
                policy: AdlPolicy::of_name(&l.adl).expect("the name was checked"),
                price: AdlPrice::of_name(&l.adl_price).expect("the name was checked"),
                counterparties_max: small(l.adl_max_accounts),
                seed: self.seed,
            },
            order: ForcedOrder {
                limit: match l.forced_limit.as_str() {
                    "band" => ForcedLimit::Band(ppm(l.forced_band_bp * 100)),
                    "fillable" => ForcedLimit::Fillable(fillable(l)),
                    _ => ForcedLimit::Bankruptcy,
                },
                unfilled: match l.unfilled.as_str() {
                    "keep" => Unfilled::Keep,
                    "rest" => Unfilled::Rest(l.rest_ms * 1_000_000),
                    _ => Unfilled::Dispose,
                },
                keeps_margin: l.part_keeps_margin,
                part_is_fok: l.part_is_fok,
                whole_forfeits: l.whole_forfeits,
                again_ns: l.again_ms * 1_000_000,
            },
            backstop: self.backstop(),
            fund: FundRules {
                drawdown: ppm(l.fund_drawdown_ppm),
                resume: ppm(l.fund_resume_ppm),
                window_ns: l.fund_window_ms * 1_000_000,
            },
            residual: match l.residual.as_str() {
                "open-interest" => Residual::OpenInterest,
                "winners" => Residual::Winners,
                "gate" => Residual::Gate(l.gate_ms * 1_000_000),
                _ => Residual::Cash,
            },
            draw: (l.draw_max_positions > 0)
                .then(|| Draw { most: small(l.draw_max_positions), seed: self.seed }),
        }
    }

    fn backstop(&self) -> Backstop {
        let l = &self.liquidation;
        Backstop {
            below_ppm: if l.backstop_always { u32::MAX } else { small(l.backstop_below_ppm) },
            whole: l.backstop_whole,
            discount: (l.backstop_price == "mark").then(|| ppm(l.backstop_discount_ppm)),
            notional_max: match l.backstop_max_currency {
                _ if !l.backstop_takes => Money::ZERO,
                0 => Money::new(i64::MAX),
                most => self.money(most),
            },
        }
    }
}

fn minimal(l: &Liquidation) -> Minimal {
    Minimal {
        cost: ppm(l.plan_cost_ppm),
        impact: small(l.plan_impact),
        buffer: ppm(l.plan_buffer_ppm),
    }
}

fn fillable(l: &Liquidation) -> Fillable {
    Fillable {
        adjustment_ppm: small(l.fillable_adjustment_ppm),
        spread_ppm: small(l.fillable_spread_ppm),
    }
}

fn outlook(l: &Liquidation) -> Outlook {
    Outlook { sigma: ppm(l.key_sigma_ppm), cost: ppm(l.key_cost_ppm) }
}

/// A value that the checks hold below 2^32.
pub(crate) fn small(value: u64) -> u32 {
    u32::try_from(value).expect("checked scenario values fit 32 bits")
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("checked scenario values fit 63 bits")
}

pub(super) fn ppm(parts: u64) -> Ppm {
    Ppm::new(small(parts)).expect("checked rates are at most one")
}
