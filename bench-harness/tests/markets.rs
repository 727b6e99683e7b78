//! Several markets in one scenario: their files, their runs, and what one does to the others.

use seawall::measure::summary::Summary;
use seawall::scenario::{self, Defence, Fault, Scenario, venue};
use seawall::simulation::{self, RunOptions, RunResult};
use seawall::study::parallel;
use seawall::study::risk::{Cell, CellRisk, Position, surface};

/// A minute of a scenario at a quarter of its size.
const SMALL: [&str; 6] = [
    "clock.duration_ms=60000",
    "shock.start_ms=12000",
    "shock.sell_lots=10000",
    "holders.longs=2000",
    "holders.shorts=500",
    "liquidation.fund_currency=60000",
];

fn load(name: &str, sets: &[&str], seed: u64) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::load(name, &sets, Some(seed)).expect("the scenario is valid")
}

fn small(name: &str, sets: &[&str], seed: u64) -> Scenario {
    load(name, &[&SMALL, sets].concat(), seed)
}

fn run(scenario: &Scenario) -> RunResult {
    let mut options = RunOptions { paired: false, ..RunOptions::default() };
    simulation::run(scenario, &mut options).expect("the run ends")
}

fn refusal(text: &str) -> String {
    let text = format!("base = \"flash-crash\"\n{text}");
    scenario::from_text(&text, "mine.toml", &[], None).expect_err("it is bad").to_string()
}

fn holds(summary: &Summary) {
    assert_eq!(summary.conservation_error, 0);
    assert_eq!(summary.liquidation.queue.littles_law_residual_ns, 0);
}

#[test]
fn one_market_reads_and_writes_as_if_there_were_no_others() {
    let scenario = load("flash-crash", &[], 1);
    let text = scenario.to_toml();
    for absent in ["[markets", "[portfolios", "[griefer"] {
        assert!(!text.contains(absent), "{absent}");
    }
    let json = serde_json::to_value(run(&small("flash-crash", &[], 1)).summary).expect("plain");
    assert!(json.get("markets").is_none() && json["populations"].get("portfolios").is_none());
}

#[test]
fn several_markets_read_back_and_run_again_the_same() {
    let scenario = small("contagion", &[], 5);
    let again = scenario::from_text(&scenario.to_toml(), "scenario.toml", &[], None);
    let again = again.expect("it reads back");
    assert_eq!(scenario, again);
    let (first, second) = (run(&scenario).summary, run(&again).summary);
    assert_eq!(first.events_hash, second.events_hash);
    assert_eq!(first.state_hash, second.state_hash);
    assert_eq!(first.markets, second.markets);
}

#[test]
fn shared_margin_carries_the_fall_to_the_other_markets() {
    let [cross, apart] = ["true", "false"].map(|cross| {
        let RunResult { summary, tables } = run(&small(
            "contagion",
            &[&format!("portfolios.cross={cross}"), "shock.index_drop_bp=700"],
            1,
        ));
        holds(&summary);
        let markets = summary.markets.clone();
        assert_eq!(markets.keys().collect::<Vec<_>>(), ["first", "second", "third"]);
        let forced: u64 = markets.values().map(|market| market.forced_qty).sum();
        assert_eq!(forced, summary.liquidation.forced_qty);
        assert_eq!(tables.markets.len(), 3 * tables.timeline.len());
        for row in &tables.liquidations {
            let gone = row.filled_lots + row.taken_over_lots + row.deleveraged_lots;
            assert!(row.recovered || row.end_ns == 0 || gone == row.qty_lots, "{row:?}");
        }
        (summary, tables)
    });
    let forced = |summary: &Summary| summary.markets["second"].forced_qty;
    assert!(forced(&cross.0) > 2 * forced(&apart.0), "{} {}", forced(&cross.0), forced(&apart.0));
    // A cross account that is liquidated loses all its positions, one after the other.
    assert!(cross.1.liquidations.iter().any(|row| row.leg == 2 && row.qty_lots > 0));
    assert!(apart.1.liquidations.iter().all(|row| row.leg == 0));
}

#[test]
fn indices_are_correlated_as_asked() {
    use seawall::agents::IndexPath;
    let quiet = ["shock.index_drop_bp=0", "clock.duration_ms=3600000"];
    for rho in [0.0, 0.5, 0.9, 1.0] {
        let set = format!("markets.second.correlation={rho:?}");
        let lanes = load(
            "hedged",
            &[&quiet[..], &[&set, "markets.second.shock.index_drop_bp=0"]].concat(),
            3,
        )
        .lanes();
        let returns = |lane: &Scenario| -> Vec<f64> {
            let path = IndexPath::new(lane);
            let at = |n: u64| path.at(n * 50_000_000);
            (1..70_000).map(|n| at(n) / at(n - 1) - 1.0).collect()
        };
        let (x, y) = (returns(&lanes[0]), returns(&lanes[1]));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let found = dot(&x, &y) / (dot(&x, &x) * dot(&y, &y)).sqrt();
        assert!((found - rho).abs() < 0.02, "{found} instead of {rho}");
    }
}

#[test]
fn the_griefer_gains_what_the_backstop_loses() {
    let griefed =
        run(&load("backstop-griefing", &["clock.duration_ms=160000", "shock.start_ms=155000"], 1))
            .summary;
    holds(&griefed);
    let profit = |summary: &Summary, who: &str| summary.populations[who].profit;
    assert!(profit(&griefed, "thin/griefer") > 0, "{:?}", griefed.populations["thin/griefer"]);
    assert!(profit(&griefed, "fund") < 0);
    assert!(griefed.markets["thin"].backstop_position_max_lots > 10_000);
    let capped = [
        "liquidation.backstop_max_currency=200000",
        "clock.duration_ms=160000",
        "shock.start_ms=155000",
    ];
    let capped = run(&load("backstop-griefing", &capped, 1)).summary;
    holds(&capped);
    assert!(profit(&capped, "fund") > profit(&griefed, "fund"));
    assert!(profit(&capped, "thin/griefer") < profit(&griefed, "thin/griefer"));
}

#[test]
fn those_who_hedge_do_so_in_the_second_market() {
    let summary = run(&small("hedged", &["portfolios.hedge_ppm=1000000"], 1)).summary;
    holds(&summary);
    let counters = &summary.populations["hedges"].counters;
    assert!(counters["orders"] > 50, "{counters:?}");
    let none = run(&small("hedged", &["portfolios.hedge_ppm=0"], 1)).summary;
    assert_eq!(none.populations["hedges"].counters["orders"], 0);
}

#[test]
fn a_watched_position_has_the_account_that_is_asked_for() {
    let base = small("flash-crash", &["clock.duration_ms=40000"], 1);
    let cell = |cross| {
        let position =
            Position { lots: 500, leverage: 30.0, long: true, cross, defence: Defence::None };
        (Cell::BASE, position)
    };
    let cells = [false, true].map(cell);
    let risks = surface(&base, &cells, &[1, 2], parallel::cores(), &|| ()).expect("the runs end");
    for (risk, (_, position)) in risks.iter().zip(cells) {
        assert_eq!(risk.position, position);
        assert!(risk.liquidated.expect("some are watched").mean > 0.5, "{risk:?}");
    }
    // Its equity is looked at, not its price: another stream of events.
    let hash = |cross| {
        let mut scenario = small("flash-crash", &["clock.duration_ms=20000"], 1);
        scenario.agents.push("probe".to_owned());
        scenario.probe.cross = cross;
        run(&scenario).summary.events_hash
    };
    assert_ne!(hash(true), hash(false));
}

#[test]
fn what_a_hedge_gains_offsets_what_the_position_loses() {
    // Watched longs, alone and with as much sold in the second market from the start.
    let base = small("hedged", &["portfolios.count=200", "clock.duration_ms=40000"], 1);
    let position =
        |defence| Position { lots: 500, leverage: 30.0, long: true, cross: false, defence };
    let [alone, hedged] = [Defence::None, Defence::Hedge].map(position);
    let cells = [(Cell::BASE, alone), (Cell::BASE, hedged)];
    let seeds = [1, 2, 3];
    let risks = surface(&base, &cells, &seeds, parallel::cores(), &|| ()).expect("the runs end");
    let liquidated = |risk: &CellRisk| risk.liquidated.expect("some are watched").mean;
    let [alone, hedged] = [&risks[0], &risks[1]];
    assert!(liquidated(alone) > 0.5, "{alone:?}");
    assert!(liquidated(hedged) < 0.1, "{hedged:?}");
    let beyond = |risk: &CellRisk| risk.beyond_bankruptcy.expect("some are watched").mean;
    assert!(beyond(hedged) <= beyond(alone), "{hedged:?}");
    // The ledger's word for it: both markets fall, and the short in the second one pays.
    let profit = |defence| {
        let mut scenario = base.clone();
        scenario.agents.push("probe".to_owned());
        (scenario.probe.lots, scenario.probe.leverage) = (500, 30.0);
        scenario.probe.defence = defence;
        let summary = run(&scenario).summary;
        holds(&summary);
        summary.populations["probe"].profit
    };
    let (alone, hedged) = (profit(Defence::None), profit(Defence::Hedge));
    assert!(alone < 0 && hedged > alone / 2, "{alone} alone, {hedged} hedged");
}

#[test]
fn a_larger_bonus_leaves_more_bad_debt() {
    let small = ["holders.longs=1500", "clock.duration_ms=180000", "shock.sell_lots=5000"];
    let of = |bonus: &str| {
        let set = format!("liquidation.backstop_discount_ppm={bonus}");
        let summary = run(&load("toxic-spiral", &[&small[..], &[&set]].concat(), 1)).summary;
        holds(&summary);
        summary.liquidation.accounts_closed
    };
    assert!(of("130435") > of("9901"));
}

#[test]
fn an_index_from_a_basket_carries_a_fall_by_the_mark_alone() {
    let text = |basket: &str| {
        format!(
            "base = \"flash-crash\"\nagents = [\"oracle\", \"makers\", \"takers\", \"shock\"]\n\
             [markets.thin]\ncorrelation = 0.0\n{basket}\n[markets.thin.mark]\nrule = \"index\"\n\
             [markets.thin.shock]\nindex_drop_bp = 0.0\n"
        )
    };
    let sets: Vec<String> = SMALL.iter().map(|set| (*set).to_owned()).collect();
    let of = |basket: &str| {
        let scenario = scenario::from_text(&text(basket), "mine.toml", &sets, Some(1));
        run(&scenario.expect("it is valid")).summary
    };
    let own = of("");
    let made = of("basket = [\"first\"]\nbasket_weights_ppm = [1_000_000]");
    holds(&made);
    assert_eq!(own.markets["thin"].forced_qty, 0, "nothing shakes it");
    assert!(made.markets["thin"].forced_qty > 0, "its mark is the first market's: {made:?}");
}

/// Contagion with so many funds, of so much each.
fn funded(scope: &str, groups: [&str; 3], starts: &[(&str, u64)]) -> RunResult {
    let mut sets = vec![format!("liquidation.fund_scope={scope}")];
    let keys = ["market", "markets.second.market", "markets.third.market"];
    let named = keys.iter().zip(groups).filter(|(_, group)| !group.is_empty());
    sets.extend(named.map(|(key, group)| format!("{key}.fund_group={group}")));
    for (fund, currency) in starts {
        sets.push(match *fund {
            "" => format!("liquidation.fund_currency={currency}"),
            fund => format!("funds.{fund}.start_currency={currency}"),
        });
    }
    sets.push("shock.index_drop_bp=700".to_owned());
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let result = run(&small("contagion", &sets, 1));
    holds(&result.summary);
    let summary = &result.summary;
    let profits: i64 = summary.populations.values().map(|population| population.profit).sum();
    assert_eq!(profits, 0, "{scope}: what one gains another loses");
    for (name, fund) in &summary.funds {
        let own = result.tables.fund.iter().filter(|row| u64::from(row.fund) == fund.number);
        let changes: i64 = own.map(|row| row.amount).sum();
        assert_eq!(fund.start + changes, fund.cash, "{scope}: the ledger of `{name}`");
        assert!(summary.populations.contains_key(&format!("{name}/fund")), "{name}");
    }
    if !summary.funds.is_empty() {
        let paid: i64 = summary.funds.values().map(|fund| fund.paid).sum();
        assert_eq!(paid, summary.liquidation.insurance_paid);
    }
    result
}

const RICH: u64 = 50_000_000;

#[test]
fn a_fund_pays_for_its_own_markets_only() {
    let venue = funded("venue", [""; 3], &[("", RICH)]).summary;
    assert!(venue.funds.is_empty() && venue.liquidation.adl_notional == 0);
    assert!(venue.liquidation.insurance_paid > 0 && venue.liquidation.socialised == 0);

    // Its own fund has nothing: the others', however rich, leave the first market alone.
    let symbol = funded("symbol", [""; 3], &[("first", 0), ("second", RICH), ("third", RICH)]);
    let symbol = symbol.summary;
    assert_eq!(symbol.funds.keys().collect::<Vec<_>>(), ["first", "second", "third"]);
    let [first, second, third] = ["first", "second", "third"].map(|name| &symbol.funds[name]);
    assert!(first.adl_notional > 0, "{first:?}");
    assert!(second.adl_notional == 0 && second.socialised == 0, "{second:?}");
    assert!(third.adl_notional == 0 && third.socialised == 0, "{third:?}");
    assert_eq!((first.start, &first.markets[..]), (0, &["first".to_owned()][..]));

    // Within a group its fund pays for either market, and for nobody outside.
    let groups = ["majors", "majors", "small"];
    let group = funded("group", groups, &[("majors", RICH), ("small", 0)]).summary;
    let [majors, small] = ["majors", "small"].map(|name| &group.funds[name]);
    assert_eq!(majors.markets, ["first", "second"]);
    assert!(majors.adl_notional == 0 && majors.paid > 0, "{majors:?}");
    assert!(small.adl_notional > 0, "{small:?}");
}

#[test]
fn funds_that_pay_everything_are_one_fund() {
    // Nobody draws otherwise because there are more funds: the same noise meets the same markets.
    let [venue, symbol] = ["venue", "symbol"].map(|scope| funded(scope, [""; 3], &[("", RICH)]));
    assert_eq!(symbol.summary.funds.len(), 3);
    assert_eq!(venue.summary.markets, symbol.summary.markets);
    // Two more funds are two more deposits.
    let counts = |summary: &Summary, more| (summary.trades, summary.commands - more);
    assert_eq!(counts(&venue.summary, 0), counts(&symbol.summary, 2));
    assert_eq!(venue.summary.liquidation.socialised, symbol.summary.liquidation.socialised);
    assert_eq!(venue.tables.markets, symbol.tables.markets);
}

#[test]
fn funds_that_contradict_each_other_are_refused() {
    let two = "[markets.thin]\n";
    for (text, expected) in [
        ("[liquidation]\nfund_scope = \"shard\"\n", "mine.toml:3: `liquidation.fund_scope` is"),
        (
            "[liquidation]\nfund_scope = \"group\"\n",
            "mine.toml:3: `liquidation.fund_scope` is `group`, expected `venue` where there is one",
        ),
        (
            "[liquidation]\nfund_scope = \"group\"\n[markets.thin.market]\nfund_group = \"a\"\n",
            "mine.toml:3: `liquidation.fund_scope` is `group`, expected a group for every market \
             beside it: market.fund_group is empty",
        ),
        (
            "[liquidation]\nfund_scope = \"group\"\n[market]\nfund_group = \"A b\"\n",
            "mine.toml:5: `market.fund_group` is `A b`, expected a name of small letters",
        ),
        (
            "[markets.thin.market]\nfund_group = \"small\"\n",
            "mine.toml:3: `markets.thin.market.fund_group` is `small`, expected empty unless",
        ),
        (
            "[funds.thin]\nstart_currency = 5\n",
            "mine.toml:2: `funds` is `thin`, expected nothing where liquidation.fund_scope is `venue`",
        ),
        (
            "[liquidation]\nfund_scope = \"symbol\"\n[funds.thn]\nstart_currency = 5\n",
            "mine.toml:4: `funds` is `thn`, expected the name of a fund there is: first, thin; did \
             you mean `thin`?",
        ),
        (
            "[liquidation]\nfund_scope = \"symbol\"\n[funds.thin]\n",
            "mine.toml:4: key `funds.thin.start_currency` is missing",
        ),
        (
            "[liquidation]\nfund_scope = \"symbol\"\n[funds.thin]\nstart_ms = 5\n",
            "mine.toml:5: key `funds.thin.start_ms` is in the wrong unit",
        ),
        (
            "[market]\nfund_group = \"a\"\n[liquidation]\nfund_scope = \"group\"\n[funds.b]\n\
             start_currency = 5\n",
            "expected the name of a fund there is: a",
        ),
    ] {
        let one = text.contains("[markets.thin") || expected.contains("where there is one");
        let message = refusal(&if one { text.to_owned() } else { format!("{text}{two}") });
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn bad_tables_are_refused_with_the_reason() {
    for (text, expected) in [
        ("[markets.Thin]\n", "`markets` is `Thin`, expected a name of small letters"),
        ("[markets.first]\n", "other than `first`"),
        (
            "[markets.thin]\ncorrelation = 2.0\n",
            "mine.toml:3: `markets.thin.correlation` is 2, expected 0 to 1",
        ),
        ("[markets.thin]\nagents = [\"keepers\"]\n", "`markets.thin.agents` is `keepers`"),
        ("[markets.thin.makers]\ncount = 0\n", "mine.toml:3: `markets.thin.makers.count` is 0"),
        (
            "[markets.thin.makers]\ncuont = 1\n",
            "unknown key `markets.thin.makers.cuont`; did you mean `markets.thin.makers.count`?",
        ),
        (
            "[markets.thin]\nbasket = [\"frist\"]\nbasket_weights_ppm = [1_000_000]\n",
            "mine.toml:3: `markets.thin.basket` is `frist`, expected other markets, each once: first",
        ),
        (
            "[markets.thin]\nbasket = [\"thin\"]\nbasket_weights_ppm = [1_000_000]\n",
            "`markets.thin.basket` is `thin`, expected other markets",
        ),
        (
            "[markets.thin]\nbasket = [\"first\"]\n",
            "`markets.thin.basket_weights_ppm` is 0, expected as many weights as the basket has",
        ),
        (
            "[markets.thin]\nbasket = [\"first\"]\nbasket_weights_ppm = [0]\n",
            "mine.toml:4: `markets.thin.basket_weights_ppm` is 0",
        ),
        ("[markets.thin.market]\ncurrency = \"EUR\"\n", "one shard, one currency"),
        ("[portfolios]\nhedge_ppm = 1\nleverage_max = 10.0\n", "a further market to hedge in"),
        ("[portfolios]\nleverage_max = 60.0\n", "`portfolios.leverage_max` is 60"),
        ("agents = [\"oracle\", \"makers\", \"griefer\"]\n", "a table [griefer] beside it"),
    ] {
        let message = refusal(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
    let typo = ["markets.secnod.correlation=0.1".to_owned()];
    let error = scenario::load("contagion", &typo, None).expect_err("no such market").to_string();
    assert!(error.contains("did you mean `markets.second.correlation`?"), "{error}");
    let number = ["markets.second.makers.count=7".to_owned()];
    assert!(scenario::load("contagion", &number, None).is_ok());
}

#[test]
fn venues_that_make_no_sense_are_refused_with_the_reason() {
    let refused = |name: &str, venue: &str| {
        let error = scenario::load_under(name, Some(venue), &[], None).expect_err("senseless");
        assert!(matches!(error.fault(), Fault::Senseless(_)), "{error}");
        error.to_string()
    };
    assert!(refused("backstop-griefing", "dydx-v4").contains("takes no position over"));
    assert!(refused("contagion", "gmx").contains("portfolios.cross=false"));
    assert!(refused("contagion", "aave").contains("holders.shorts"));
    assert!(refused("toxic-spiral", "binance").contains("no loans"));
    assert!(refused("rate-limits", "hyperliquid").contains("keepers"));
    // Every other pair loads.
    for listed in scenario::embedded() {
        for preset in venue::PRESETS {
            if let Err(error) = scenario::load_under(&listed.name, Some(preset.name), &[], None) {
                assert!(matches!(error.fault(), Fault::Senseless(_)), "{}: {error}", preset.name);
            }
        }
    }
}
