//! Forced orders and deleveraging: the worked examples of venues and papers.

use seawall_engine::liquidation::{
    Adl, AdlPolicy, AdlPrice, Fillable, ForcedLimit, ForcedOrder, FundRules, Plan as Disposal,
    VenueRules,
};
use seawall_engine::types::{AccountId, Event, Input, Money, Ppm, Side};

use super::super::row::Row;
use super::stage::{HOLDER, Market, OTHER, SYMBOL, Venue};

/// dYdX's liquidation tests: 0.1 bitcoin at an oracle price of 50,000, initial margin 20 %,
/// maintenance 10 %. An account's cash there is margin less entry value of a long here, and margin
/// plus entry value of a short; the entry price below makes it so.
pub(super) fn dydx(test: &str) -> Vec<Row> {
    const ORACLE: u32 = 100_000;
    let open = |disposal, side, entry| {
        let mut venue = Market { disposal, ..Market::linear(ORACLE, 200_000, 100_000) }.open();
        // A lot is 0.001 bitcoin and a tick half a dollar.
        venue.hold(side, entry, 100);
        venue.mark(ORACLE);
        venue
    };
    let row = |name: &str, expected, measured| {
        Row::within(format!("{test}/dydx-{name}"), expected, measured, 0.0, 1)
    };
    let notional = |ticks: u32, lots: u32| f64::from(ticks) / 2.0 * f64::from(lots) / 1_000.0;
    let mut rows = Vec::new();
    for (name, side, entry, expected) in [
        ("bankruptcy-long-cash-minus-4501", Side::Buy, 112_525, 4_501.0),
        ("bankruptcy-long-cash-minus-5100", Side::Buy, 127_500, 5_100.0),
        ("bankruptcy-short-cash-5499", Side::Sell, 91_650, 5_499.0),
    ] {
        let venue = open(Disposal::Full, side, entry);
        let measured = venue.bankruptcy().map_or(f64::NAN, |ticks| notional(ticks, 100));
        rows.push(row(name, expected, measured));
    }
    // Equity 500 against 500 of maintenance: not liquidatable, the inequality is strict.
    let healthy = open(Disposal::Full, Side::Buy, 112_500);
    let triggered = if healthy.bankruptcy().is_some() { 1.0 } else { 0.0 };
    rows.push(row("triggered-at-equality", 0.0, triggered));
    let half = Ppm::new(500_000).expect("a half");
    let venue = open(Disposal::Fraction { part: half, lots_min: 1 }, Side::Buy, 125_000);
    let forced = venue.events.iter().find_map(|event| match event {
        Event::Forced { account: HOLDER, limit, qty, .. } => Some((limit.ticks(), qty.lots())),
        _ => None,
    });
    let measured = forced.map_or(f64::NAN, |(ticks, lots)| notional(ticks, lots));
    rows.push(row("forced-half-of-long-cash-minus-5000", 2_500.0, measured));
    rows
}

/// Account of BitMEX's example, lots, entry price: a lower entry ranks higher.
const LONGS: [(u32, u32, u32); 6] =
    [(1, 10, 615), (2, 10, 600), (3, 20, 625), (4, 30, 610), (5, 20, 605), (6, 10, 620)];

/// The same example's percentiles: the fifth of all lots in which an account ends when all are
/// asked in the order of their rank.
pub(super) fn ladder(test: &str) -> Vec<Row> {
    const BANKRUPT: AccountId = AccountId(7);
    let adl = Adl { policy: AdlPolicy::BitMex, ..Adl::default() };
    let rules = VenueRules { adl, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(625, 40_000, 10_000) }.open();
    for account in 1..=7 {
        venue.fund(AccountId(account));
    }
    for (account, lots, entry) in LONGS {
        venue.block(AccountId(account), BANKRUPT, entry, lots);
    }
    venue.mark(660);
    let mut asked = 0;
    let mut percentiles = [f64::NAN; 6];
    for event in &venue.events {
        if let Event::Deleveraged { account: BANKRUPT, counterparty, qty, .. } = event {
            asked += qty.lots();
            let fifth = asked.div_ceil(20);
            percentiles[counterparty.index() - 1] = f64::from(20 * fifth);
        }
    }
    let expected = [80.0, 20.0, 100.0, 60.0, 40.0, 80.0];
    let row = |(wanted, (expected, measured)): (u32, (f64, f64))| {
        let name = format!("{test}/bitmex-percentile-account-{wanted}");
        Row::within(name, expected, measured, 0.0, 1)
    };
    (1..).zip(expected.into_iter().zip(percentiles)).map(row).collect()
}

/// BitMEX's example: 20 lots short are bankrupt at 650; the two highest ranked longs lose ten
/// each. The longs' ranks are theirs, their entry prices are chosen to give them.
pub(super) fn deleveraging(test: &str, suffix: &str, policy: AdlPolicy) -> Vec<Row> {
    const BANKRUPT: AccountId = AccountId(7);
    const SHORT: AccountId = AccountId(8);
    let adl = Adl { policy, ..Adl::default() };
    let rules = VenueRules { adl, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(625, 40_000, 10_000) }.open();
    for account in 1..=8 {
        venue.fund(AccountId(account));
    }
    let initial = Ppm::new(500_000).expect("a half");
    venue.apply(Input::Leverage { symbol: SYMBOL, account: SHORT, initial });
    for (account, lots, entry) in LONGS {
        // Entry value and margin of the bankrupt short come to 650 a lot.
        let seller = if entry == 625 { BANKRUPT } else { SHORT };
        venue.block(AccountId(account), seller, entry, lots);
    }
    venue.mark(660);
    let closed = |wanted: u32| {
        let lots = venue.events.iter().map(|event| match event {
            Event::Deleveraged { account: BANKRUPT, counterparty, qty, price, .. }
                if counterparty.0 == wanted && price.ticks() == 650 =>
            {
                qty.lots()
            }
            _ => 0,
        });
        f64::from(lots.sum::<u32>())
    };
    let expected = [0.0, 10.0, 0.0, 0.0, 10.0, 0.0];
    let row = |(wanted, expected): (u32, f64)| {
        let name = format!("{test}/bitmex-deleveraged{suffix}-account-{wanted}");
        Row::within(name, expected, closed(wanted), 0.0, 1)
    };
    (1..).zip(expected).map(row).collect()
}

/// dYdX's fillable prices: the limit of the forced order of the accounts above. Factors in tenths.
pub(super) fn fillable(test: &str) -> Vec<Row> {
    const ORACLE: u32 = 100_000;
    let limit = |side, entry, adjustment: u32, spread: u32| {
        let fillable =
            Fillable { adjustment_ppm: adjustment * 100_000, spread_ppm: spread * 100_000 };
        let order =
            ForcedOrder { limit: ForcedLimit::Fillable(fillable), ..ForcedOrder::default() };
        let rules = VenueRules { order, ..VenueRules::default() };
        let mut venue = Market { venue: rules, ..Market::linear(ORACLE, 200_000, 100_000) }.open();
        venue.hold(side, entry, 100);
        venue.mark(ORACLE);
        let forced = venue.events.iter().find_map(|event| match event {
            Event::Forced { account: HOLDER, limit, .. } => Some(f64::from(limit.ticks()) / 2.0),
            _ => None,
        });
        forced.unwrap_or(f64::NAN)
    };
    let cases = [
        ("long-cash-minus-4501", Side::Buy, 112_525, (10, 1), 49_999.0),
        ("long-cash-minus-4501-adjustment-2", Side::Buy, 112_525, (20, 1), 49_998.0),
        ("long-cash-minus-4501-spread-0.2", Side::Buy, 112_525, (10, 2), 49_998.0),
        ("long-cash-minus-5000", Side::Buy, 125_000, (10, 1), 49_500.0),
        ("long-cash-minus-5100", Side::Buy, 127_500, (10, 1), 49_500.0),
        ("short-cash-5499", Side::Sell, 91_650, (10, 1), 50_001.0),
        ("short-cash-5499-adjustment-2", Side::Sell, 91_650, (20, 1), 50_002.0),
        ("short-cash-4980", Side::Sell, 83_000, (10, 1), 50_500.0),
    ];
    let row = |(name, side, entry, (adjustment, spread), expected)| {
        let measured = limit(side, entry, adjustment, spread);
        Row::within(format!("{test}/dydx-fillable-{name}"), expected, measured, 0.0, 1)
    };
    cases.map(row).to_vec()
}

/// Lots that each account gave in the last input.
fn given(venue: &Venue, account: AccountId) -> f64 {
    let lots = venue.events.iter().map(|event| match event {
        Event::Deleveraged { counterparty, qty, .. } if *counterparty == account => qty.lots(),
        _ => 0,
    });
    f64::from(lots.sum::<u32>())
}

/// Chitra's example: endowments 8, 4 and 0.5, of which 7.5 are needed. By rank (2, 1, 3) they give
/// 3.5, 4 and 0, pro rata 4.8, 2.4 and 0.3. A lot is a tenth.
pub(super) fn chitra(test: &str) -> Vec<Row> {
    const BANKRUPT: AccountId = AccountId(7);
    let mut rows = Vec::new();
    for (name, policy, expected) in [
        ("rank", AdlPolicy::ProfitLeverage, [3.5, 4.0, 0.0]),
        ("pro-rata", AdlPolicy::ProRataContracts, [4.8, 2.4, 0.3]),
    ] {
        let adl = Adl { policy, ..Adl::default() };
        let rules = VenueRules { adl, ..VenueRules::default() };
        let mut venue = Market { venue: rules, ..Market::linear(625, 40_000, 10_000) }.open();
        for account in 1..=8 {
            venue.fund(AccountId(account));
        }
        // All entered at one price: the leverage alone ranks them.
        for (account, initial) in [(1, 100_000), (2, 40_000), (3, 500_000), (8, 500_000)] {
            let initial = Ppm::new(initial).expect("a part of one");
            venue.apply(Input::Leverage { symbol: SYMBOL, account: AccountId(account), initial });
        }
        venue.block(AccountId(1), BANKRUPT, 625, 75);
        for (account, lots) in [(1, 5), (2, 40), (3, 5)] {
            venue.block(AccountId(account), AccountId(8), 625, lots);
        }
        venue.mark(660);
        for (account, expected) in (1..).zip(expected) {
            let measured = given(&venue, AccountId(account)) / 10.0;
            let name = format!("{test}/chitra-{name}-account-{account}");
            rows.push(Row::within(name, expected, measured, 1e-12, 1));
        }
    }
    rows
}

/// The fill of 10 October 2025 that is published whole: 84,454.65 AVAX deleveraged at 22.075, the
/// mark before the current 22.025: 4,222.73 between the two. A tick is 0.005, a lot 0.05.
pub(super) fn previous_mark(test: &str) -> Row {
    const LOTS: u32 = 1_689_093;
    let adl = Adl {
        policy: AdlPolicy::PriceRatioLeverage,
        price: AdlPrice::PreviousMark,
        ..Adl::default()
    };
    let rules = VenueRules { adl, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(4_592, 40_000, 1_000) }.open();
    venue.fund(HOLDER);
    venue.fund(OTHER);
    for lots in [LOTS / 2, LOTS - LOTS / 2] {
        venue.block(HOLDER, OTHER, 4_592, lots);
    }
    venue.mark(4_415);
    venue.mark(4_405);
    let gap: f64 = venue
        .events
        .iter()
        .map(|event| match event {
            Event::Deleveraged { price, qty, .. } => {
                (f64::from(price.ticks()) - 4_405.0) * 0.005 * f64::from(qty.lots()) * 0.05
            }
            _ => 0.0,
        })
        .sum();
    Row::within(format!("{test}/hyperliquid-previous-mark-gap"), 4_222.73, gap, 0.005, 1)
}

/// Bybit's example: a pool of 1,000,000 that may fall by 30 % meets a loss of 350,000; 50,000 of it
/// are deleveraged. A lot loses 1,000.
pub(super) fn pool(test: &str) -> Vec<Row> {
    let fund = FundRules {
        drawdown: Ppm::new(300_000).expect("a part of one"),
        resume: Ppm::new(250_000).expect("a part of one"),
        window_ns: 8 * 3_600 * 1_000_000_000,
    };
    let rules = VenueRules { fund, ..VenueRules::default() };
    let mut venue = Market { venue: rules, ..Market::linear(10_000, 100_000, 50_000) }.open();
    venue.apply(Input::Deposit { account: AccountId::FUND, amount: Money::new(1_000_000) });
    venue.hold(Side::Buy, 10_000, 350);
    venue.mark(8_999);
    let taken = venue.events.iter().map(|event| match event {
        Event::TakenOver { qty, .. } => qty.lots(),
        _ => 0,
    });
    let taken = f64::from(taken.sum::<u32>()) * 1_000.0;
    let deleveraged = given(&venue, OTHER) * 1_000.0;
    let row = |name: &str, expected, measured| {
        Row::within(format!("{test}/bybit-pool-{name}"), expected, measured, 0.0, 1)
    };
    vec![row("paid", 300_000.0, taken), row("deleveraged", 50_000.0, deleveraged)]
}
