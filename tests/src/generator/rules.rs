//! Random rules of a shard: small numbers, so that everything meets everything.

use seawall_engine::core::PositionOrder;
use seawall_engine::liquidation::{
    Adl, AdlPolicy, AdlPrice, Backstop, Discipline, Draw, Fillable, ForcedLimit, ForcedOrder,
    FundRules, LiquidationRules, Minimal, Outlook, Plan, PriorityKey, Residual, Unfilled, Unwind,
    VenueRules,
};
use seawall_engine::risk::{AuctionRules, MarginTier, MarketSpec, OrderRules};
use seawall_engine::types::{Contract, ContractKind, MONEY_MAX_UNITS, Money, Price};

use super::dice::Dice;
use super::{collateral, prices};
use crate::setup::{Setup, rate};

/// Random rules.
pub(super) fn setup(dice: &mut Dice) -> Setup {
    let symbols = dice.pick(&[1, 1, 1, 2, 2, 3]);
    let markets: Vec<MarketSpec> = (0..symbols).map(|_| market(dice)).collect();
    let fund_groups = fund_groups(dice, markets.len());
    let funds = fund_groups.iter().max().map_or(1, |last| last + 1);
    Setup {
        auctions: markets.iter().map(|_| auctions(dice)).collect(),
        order_rules: markets.iter().map(|market| order_rules(dice, market)).collect(),
        price_rules: markets.iter().map(|_| prices::rules(dice)).collect(),
        collateral: collateral::assets(dice, &markets),
        baskets: prices::baskets(dice, &markets),
        accounts_max: dice.range_u32(6, 14) + funds - 1,
        fund_groups,
        orders_max: if dice.percent(20) { dice.range_u32(4, 12) } else { 48 },
        markets,
        liquidation: liquidation(dice),
        position_order: dice.pick(&[
            PositionOrder::LargestLoss,
            PositionOrder::LargestMaintenance,
            PositionOrder::LargestValue,
            PositionOrder::Symbol,
        ]),
    }
}

/// One fund for all markets, or several.
fn fund_groups(dice: &mut Dice, markets: usize) -> Vec<u32> {
    let several = dice.percent(60);
    let mut funds = 0;
    let mut group = |_| {
        let group = if several { dice.range_u32(0, funds) } else { 0 };
        funds = funds.max(group + 1);
        group
    };
    (0..markets).map(&mut group).collect()
}

fn market(dice: &mut Dice) -> MarketSpec {
    let ticks = dice.pick(&[3, 12, 35, 35, 50, 50, 80, 80, 200, 3_000, 900_000]);
    let inverse = dice.percent(40);
    let position_lots_max = dice.pick(&[30, 100, 1_000]);
    // As much money as the bounds allow, now and then.
    let most = MONEY_MAX_UNITS / (i64::from(position_lots_max) * i64::from(20 * ticks));
    let unit = match dice.range(1, 100) {
        1..=8 => most,
        _ if inverse => i64::from(ticks) * i64::from(dice.pick(&[1_u32, 7, 60, 1_000])),
        _ => i64::from(dice.pick(&[1_u32, 3, 20, 1_000])),
    };
    let unit = unit.min(most);
    let kind = if inverse { ContractKind::Inverse } else { ContractKind::Linear };
    let lot_value = if inverse { unit / i64::from(ticks) } else { unit * i64::from(ticks) };
    let fees = dice.percent(70);
    let mut fee = || rate(if fees { dice.pick(&[0, 100, 500, 2_000, 10_000]) } else { 0 });
    MarketSpec {
        maker_fee: fee(),
        taker_fee: fee(),
        contract: Contract { kind, unit },
        reference: Price::new(ticks).expect("a small price"),
        tiers: tiers(dice, lot_value),
        order_lots_max: dice.pick(&[20, 60, 200]),
        position_lots_max,
        market_band: rate(dice.pick(&[0, 20_000, 100_000, 500_000])),
    }
}

/// Mostly none, otherwise small steps, so that many orders still pass.
fn order_rules(dice: &mut Dice, market: &MarketSpec) -> OrderRules {
    if dice.percent(70) {
        return OrderRules::default();
    }
    let ticks = market.reference.ticks();
    let value = market.contract.value(market.reference, 1).units();
    OrderRules {
        tick: if ticks < 50 { 1 } else { dice.pick(&[1, 2, 5]) },
        lot: dice.pick(&[1, 1, 2, 3]),
        notional_min: Money::new(value.saturating_mul(dice.pick(&[0, 1, 2]))),
        price_band: rate(dice.pick(&[0, 50_000, 200_000, 900_000])),
    }
}

/// Mostly none: a market that is often halted trades little.
fn auctions(dice: &mut Dice) -> Option<AuctionRules> {
    if dice.percent(70) {
        return None;
    }
    Some(AuctionRules {
        band: rate(dice.pick(&[0, 20_000, 60_000, 150_000, 300_000])),
        window_ns: dice.pick(&[1, 100, 10_000, 1_000_000_000]),
        reopen_ns: dice.pick(&[0, 20, 100, 400]),
    })
}

fn tiers(dice: &mut Dice, lot_value: i64) -> Vec<MarginTier> {
    let mut initial = dice.pick(&[10_000, 40_000, 100_000, 250_000]);
    let mut maintenance = initial / 10 * dice.range_u32(3, 9);
    let mut floor = 0;
    let mut tiers = Vec::new();
    for _ in 0..dice.pick(&[1, 1, 2, 3]) {
        tiers.push(MarginTier {
            notional_floor: Money::new(floor),
            initial: rate(initial),
            maintenance: rate(maintenance),
        });
        floor += lot_value.max(1) * i64::from(dice.range_u32(5, 40));
        initial += dice.range_u32(0, initial / 2);
        maintenance += dice.range_u32(0, (initial - maintenance) / 2);
    }
    tiers
}

fn liquidation(dice: &mut Dice) -> LiquidationRules {
    let part = rate(dice.pick(&[1, 100_000, 250_000, 500_000, 900_000]));
    let fraction = Plan::Fraction { part, lots_min: dice.range_u32(1, 5) };
    let discipline = discipline(dice);
    let mut venue = if dice.percent(25) { VenueRules::default() } else { venue(dice) };
    if matches!(discipline, Discipline::RateLimited { .. }) && dice.percent(40) {
        venue.draw = Some(Draw { most: dice.range_u32(1, 3), seed: dice.any() });
    }
    LiquidationRules {
        enabled: !dice.percent(6),
        key: key(dice),
        discipline,
        plan: match dice.range(1, 10) {
            1..=4 => Plan::Full,
            5 | 6 => fraction,
            _ => plan(dice),
        },
        fee: rate(dice.pick(&[0, 0, 1_000, 10_000, 50_000])),
        unwind: Unwind {
            lots_max: dice.pick(&[1, 5, 1_000]),
            band: rate(dice.pick(&[0, 20_000, 100_000, 400_000])),
            interval_ns: dice.pick(&[1, 50, 1_000]),
        },
        triggers_max: dice.pick(&[1, 2, 1_000, 1_000]),
        venue,
    }
}

fn key(dice: &mut Dice) -> PriorityKey {
    let outlook = Outlook {
        sigma: rate(dice.pick(&[1, 5_000, 50_000, 300_000])),
        cost: rate(dice.pick(&[0, 1_000, 50_000])),
    };
    let factors = [0, 300_000, 1_000_000, 1_500_000, 10_000_000];
    let fillable =
        Fillable { adjustment_ppm: dice.pick(&factors), spread_ppm: dice.pick(&factors) };
    dice.pick(&[
        PriorityKey::TriggerTime,
        PriorityKey::MarginRatio,
        PriorityKey::BankruptcyDistance,
        PriorityKey::Notional,
        PriorityKey::FillableDistance(fillable),
        PriorityKey::ExpectedShortfall(outlook),
        PriorityKey::CMu(outlook),
    ])
}

fn venue(dice: &mut Dice) -> VenueRules {
    VenueRules {
        adl: Adl {
            policy: dice.pick(&AdlPolicy::ALL),
            price: dice.pick(&AdlPrice::ALL),
            counterparties_max: dice.pick(&[0, 1, 2, u32::MAX, u32::MAX, u32::MAX]),
            seed: dice.any(),
        },
        rekey: dice.percent(50),
        order: order(dice),
        backstop: backstop(dice),
        fund: fund(dice),
        residual: dice.pick(&[
            Residual::Cash,
            Residual::Cash,
            Residual::OpenInterest,
            Residual::Winners,
            Residual::Gate(300),
        ]),
        draw: None,
    }
}

fn plan(dice: &mut Dice) -> Plan {
    let part = rate(dice.pick(&[100_000, 250_000, 500_000]));
    let minimal = Minimal {
        cost: rate(dice.pick(&[0, 1_000, 30_000])),
        impact: dice.pick(&[0, 0, 1_000_000, 100_000_000]),
        buffer: rate(dice.pick(&[0, 10_000])),
    };
    let amount = Money::new(dice.pick(&[0, 1_000, 20_000, 1_000_000]));
    match dice.range(1, 5) {
        1 => Plan::StepDown { tiers: dice.range_u32(1, 3) },
        2 => Plan::PartThenAll { above: amount, part, window_ns: dice.pick(&[1, 100, 2_000]) },
        3 => Plan::Minimal(minimal),
        4 => Plan::Throttled { minimal, initial: part, duration_ns: dice.pick(&[1, 500, 5_000]) },
        _ => {
            let health = rate(dice.pick(&[900_000, 950_000, 990_000]));
            Plan::CloseFactor { part, health, least: amount }
        }
    }
}

fn order(dice: &mut Dice) -> ForcedOrder {
    let fillable = Fillable {
        adjustment_ppm: dice.pick(&[1_000_000, 2_000_000]),
        spread_ppm: dice.pick(&[100_000, 1_500_000]),
    };
    let band = rate(dice.pick(&[0, 20_000, 200_000]));
    let rests = Unfilled::Rest(dice.pick(&[1, 100, 2_000, 20_000, u64::MAX, u64::MAX]));
    let unfilled = dice.pick(&[Unfilled::Dispose, Unfilled::Keep, rests, rests, rests]);
    let least = u64::from(unfilled == Unfilled::Keep);
    let limits =
        [ForcedLimit::Bankruptcy, ForcedLimit::Band(band), ForcedLimit::Fillable(fillable)];
    // Only an order at bankruptcy rests.
    let limits = if unfilled == rests { &limits[..1] } else { &limits[..] };
    ForcedOrder {
        limit: dice.pick(limits),
        unfilled,
        whole_forfeits: dice.percent(30),
        keeps_margin: dice.percent(50),
        part_is_fok: dice.percent(30),
        again_ns: dice.pick(&[0, 1, 40, 400]).max(least),
    }
}

fn backstop(dice: &mut Dice) -> Backstop {
    if dice.percent(50) {
        return Backstop::default();
    }
    Backstop {
        below_ppm: dice.pick(&[0, 333_333, 666_667, u32::MAX]),
        whole: dice.percent(50),
        discount: dice.pick(&[None, Some(rate(0)), Some(rate(20_000))]),
        notional_max: Money::new(dice.pick(&[i64::MAX, 0, 5_000, 200_000])),
    }
}

fn fund(dice: &mut Dice) -> FundRules {
    if dice.percent(60) {
        return FundRules::default();
    }
    let drawdown = dice.pick(&[0, 100_000, 300_000, 900_000]);
    FundRules {
        drawdown: rate(drawdown),
        resume: rate(drawdown - drawdown / 6),
        window_ns: dice.pick(&[50, 1_000, 1_000_000]),
    }
}

fn discipline(dice: &mut Dice) -> Discipline {
    let steps = dice.pick(&[1, 2, 64]);
    match dice.range(1, 4) {
        1 => Discipline::Strict { steps_max: steps },
        2 => Discipline::Weighted { forced: steps, client: dice.range_u32(1, 6) },
        3 => Discipline::Fifo { steps_max: steps },
        _ => Discipline::RateLimited { steps, interval_ns: dice.pick(&[1, 20, 100, 1_000]) },
    }
}
