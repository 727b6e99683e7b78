//! A cascade that satisfies the assumptions of its theory.

use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, OrderKind, Price, Side,
};

use super::super::row::Row;
use super::super::sampling::Plan;
use super::super::venue::ticks;
use super::stage::{HOLDER, Market, OTHER, SYMBOL, Venue, order};

/// A cascade with uniform depth and uniform leverage: every tick that the price falls triggers
/// `n` lots for every lot that it took to fall.
pub(in super::super) fn cascade(_plan: Plan, test: &'static str) -> Vec<Row> {
    // On a grid the cascade stops when it does not reach the next tick any more: with 1,000 ticks
    // of exogenous sales the sum of the geometric series is missed by less than n / 1,000.
    let cases = [(25, 1.333_25), (50, 1.999_5), (75, 3.997_75), (90, 9.991_9)];
    let rows = |(percent, on_grid): (u32, f64)| {
        let cascade = Cascade::run(percent);
        let (measured, forced) = (cascade.amplification, cascade.forced_orders);
        // The branching ratio is read from what was built: lots due for each lot of depth.
        let limit = 1.0 / (1.0 - cascade.branching);
        let name = format!("{test}/n-0.{percent}");
        let grid = Row::within(format!("{name}-on-a-grid"), on_grid, measured, 1e-9, forced);
        let note = format!("{} accounts, n = {}", cascade.accounts, cascade.branching);
        [grid, Row::within(name, limit, measured, 0.02 * limit, forced).noted(note)]
    };
    cases.into_iter().flat_map(rows).collect()
}

/// What a cascade came to.
struct Cascade {
    accounts: u64,
    /// Lots due for each lot of depth, from the positions and the book as built.
    branching: f64,
    /// Total over exogenous quantity.
    amplification: f64,
    forced_orders: u64,
}

impl Cascade {
    /// Sells 1,000 ticks of depth into a book with 1,000 lots bid at each tick, while ten times
    /// `lots` long, of ten accounts, are to be liquidated at each tick.
    fn run(lots: u32) -> Self {
        let mut venue = build(lots);
        let holders = FIRST_HOLDER..FIRST_HOLDER + LEVELS * EACH;
        let due: i64 = holders.map(|n| venue.engine.position(SYMBOL, AccountId(n)).lots).sum();
        let depth: u64 = venue.engine.depth(SYMBOL, Side::Buy).map(|(_, lots)| lots).sum();
        let (forced_lots, forced_orders) = sell(&mut venue);
        Self {
            accounts: u64::from(LEVELS * EACH),
            branching: due as f64 / depth as f64,
            amplification: (f64::from(SOLD) + forced_lots as f64) / f64::from(SOLD),
            forced_orders,
        }
    }
}

const TOP: u32 = 100_000;
const LEVELS: u32 = 10_500;
/// Accounts due at each tick.
const EACH: u32 = 10;
const DEPTH: u32 = 1_000;
const SOLD: u32 = 1_000_000;
const FIRST_HOLDER: u32 = 4;
const MAKER: AccountId = HOLDER;
const SELLER: AccountId = AccountId(3);

/// Book and positions, both uniform.
fn build(lots: u32) -> Venue {
    let mut venue = Market {
        contract: Contract { kind: ContractKind::Linear, unit: 1 },
        accounts_max: FIRST_HOLDER + LEVELS * EACH,
        orders_max: LEVELS + 1,
        position_lots_max: 1 << 26,
        ..Market::linear(TOP, 500_000, 200_000)
    }
    .open();
    for account in [MAKER, OTHER, SELLER] {
        venue.fund(account);
    }
    venue.mark(TOP);
    for level in 0..LEVELS {
        let bid = OrderKind::PostOnly(ticks(TOP - level));
        venue.apply(order(MAKER, Side::Buy, bid, (u64::from(level) + 1, DEPTH)));
        let entry = entry_that_triggers_at(TOP - level - 1);
        for nth in 0..EACH {
            let holder = AccountId(FIRST_HOLDER + level * EACH + nth);
            venue.apply(Input::Deposit { account: holder, amount: Money::new(1 << 40) });
            venue.block(holder, OTHER, entry, lots);
        }
    }
    venue
}

/// Sells, and lets the mark follow the best bid until nobody is due any more; forced lots and
/// forced orders.
fn sell(venue: &mut Venue) -> (u64, u64) {
    let sale = OrderKind::ImmediateOrCancel(ticks(TOP - LEVELS + 1));
    venue.apply(order(SELLER, Side::Sell, sale, (u64::from(LEVELS) + 1, SOLD)));
    let (mut forced_lots, mut forced) = (0_u64, 0_u64);
    loop {
        let best: Price = venue.engine.best_bid(SYMBOL).expect("the book is deeper than the fall");
        venue.mark(best.ticks());
        let mut orders = 0;
        for event in &venue.events {
            match event {
                Event::Forced { .. } => orders += 1,
                Event::Trade { qty, taker, .. } if taker.is_derived() => {
                    forced_lots += u64::from(qty.lots());
                }
                _ => {}
            }
        }
        forced += orders;
        if orders == 0 {
            break;
        }
    }
    venue.engine.assert_consistent();
    (forced_lots, forced)
}

/// The entry of a long that is unhealthy at `trigger` ticks and healthy one tick above, with 50 %
/// of initial and 20 % of maintenance margin: 0.625 of it lies between the two.
fn entry_that_triggers_at(trigger: u32) -> u32 {
    // A tenth of a tick above, so that the rounding of a margin changes nothing.
    ((10 * trigger + 1) * 4).div_ceil(25)
}
