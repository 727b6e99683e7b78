//! Bad scenarios are refused with a message that says where, what, and what was expected.

use std::io::Write;

use seawall::scenario::{self, Role};
use seawall_engine::types::AccountId;

/// The message for a file that starts from the default scenario.
fn refusal(text: &str) -> String {
    let text = format!("base = \"flash-crash\"\n{text}");
    scenario::from_text(&text, "mine.toml", &[], None).expect_err("it is bad").to_string()
}

/// The message for one `--set`.
fn refusal_of_set(set: &str) -> String {
    scenario::load("flash-crash", &[set.to_owned()], None).expect_err("it is bad").to_string()
}

#[test]
fn every_embedded_scenario_loads() {
    let embedded = scenario::embedded();
    let names: Vec<&str> = embedded.iter().map(|listed| listed.name.as_str()).collect();
    assert_eq!(names[..4], ["flash-crash", "no-leverage", "infinite-depth", "unlimited-insurance"]);
    assert!(embedded.iter().all(|listed| !listed.about.is_empty()));
    let default = scenario::load(scenario::DEFAULT_NAME, &[], None).expect("it is valid");
    assert!(default.holders.longs + default.holders.shorts >= 10_000);
    assert!(!default.config_hash().is_empty());
}

#[test]
fn an_unknown_scenario_is_named_with_the_known_ones() {
    let message = scenario::load("flash-crsh", &[], None).expect_err("unknown").to_string();
    assert!(message.contains("unknown scenario `flash-crsh`"), "{message}");
    assert!(message.contains("no-leverage, infinite-depth"), "{message}");
    assert!(message.contains("did you mean `flash-crash`?"), "{message}");
    let message = scenario::load("no/such/file.toml", &[], None).expect_err("absent").to_string();
    assert!(message.contains("cannot read scenario no/such/file.toml"), "{message}");
}

#[test]
fn what_is_not_toml_is_said_with_its_line() {
    let message = refusal("[shock]\nsell_lots = = 3\n");
    assert!(message.starts_with("mine.toml:3: not TOML: "), "{message}");
}

#[test]
fn an_unknown_key_is_said_with_its_line_and_a_near_one() {
    let message = refusal("[shock]\nsel_lots = 3\n");
    assert_eq!(
        message,
        "mine.toml:3: unknown key `shock.sel_lots`; did you mean `shock.sell_lots`?"
    );
    let message = refusal("[shok]\nsell_lots = 3\n");
    assert_eq!(message, "mine.toml:2: unknown key `shok`; did you mean `shock`?");
    let message = refusal_of_set("sell_lots=3");
    assert!(message.contains("did you mean `shock.sell_lots`?"), "{message}");
    let message = refusal_of_set("shock.sell_lotz=3");
    assert!(message.starts_with("--set shock.sell_lotz=3: unknown key"), "{message}");
}

#[test]
fn a_wrong_unit_is_said_with_the_right_one() {
    let message = refusal("[clock]\nduration_s = 3\n");
    assert_eq!(
        message,
        "mine.toml:3: key `clock.duration_s` is in the wrong unit, expected `clock.duration_ms`"
    );
    let message = refusal_of_set("shock.index_drop_percent=3");
    assert!(message.contains("wrong unit, expected `shock.index_drop_bp`"), "{message}");
}

#[test]
fn a_wrong_type_is_said_with_the_right_one() {
    let message = refusal("[clock]\nduration_ms = \"5s\"\n");
    assert!(
        message.starts_with("mine.toml:3: `clock.duration_ms` is the text \"5s\""),
        "{message}"
    );
    assert!(message.contains("expected a whole number"), "{message}");
    let message = refusal_of_set("makers.count=many");
    assert!(message.contains("`makers.count` is the text \"many\""), "{message}");
    let message = refusal_of_set("market.tiers=[{floor_currency=0}]");
    assert!(message.contains("given in a file"), "{message}");
    let message = refusal("shock = 3\n");
    assert!(message.contains("expected a table"), "{message}");
}

#[test]
fn a_negative_leverage_is_refused() {
    let message = refusal("[holders]\n# upside down\nlong_leverage_max = -5\n");
    assert_eq!(
        message,
        "mine.toml:4: `holders.long_leverage_max` is -5, expected a number that is not negative"
    );
    let message = refusal_of_set("holders.leverage_cap=-1");
    assert!(message.contains("is -1, expected a number that is not negative"), "{message}");
    let message = refusal_of_set("holders.leverage_cap=0.5");
    assert!(message.contains("is 0.5, expected 1 to 50"), "{message}");
}

#[test]
fn an_empty_book_is_refused() {
    let message = refusal("[makers]\ncount = 0\n");
    assert!(
        message.starts_with("mine.toml:3: `makers.count` is 0, expected at least 1"),
        "{message}"
    );
    let message = refusal_of_set("makers.level_lots=0");
    assert!(message.contains("an empty book"), "{message}");
}

#[test]
fn an_unknown_name_is_said_with_the_known_ones() {
    let message = refusal("[liquidation]\ndiscipline = \"stict\"\n");
    assert!(message.contains("one of strict, weighted, fifo, rate-limited"), "{message}");
    assert!(message.contains("did you mean `strict`?"), "{message}");
    assert!(message.starts_with("mine.toml:3: "), "{message}");
    let message = refusal("venue = \"nowhere\"\n");
    assert!(message.contains("`venue` is `nowhere`, expected one of generic"), "{message}");
    let message = scenario::from_text("base = \"flash\"\n", "mine.toml", &[], None)
        .expect_err("unknown base");
    assert!(message.to_string().starts_with("mine.toml:1: `base` is `flash`"), "{message}");
}

#[test]
fn a_missing_key_is_named() {
    let text = scenario::load("flash-crash", &[], None).expect("it is valid").to_toml();
    let without = text.replace("sell_lots = 40000\n", "");
    assert_ne!(text, without);
    let error = scenario::from_text(&without, "mine.toml", &[], None).expect_err("incomplete");
    assert!(error.to_string().contains("mine.toml: key `shock.sell_lots` is missing"), "{error}");
}

#[test]
fn contradictions_of_the_market_are_refused() {
    let message = refusal_of_set("market.position_max_lots=2000000000");
    assert!(message.contains("largest position would be worth more"), "{message}");
    let tiers = "[[market.tiers]]\nfloor_currency = 0\ninitial_ppm = 10\nmaintenance_ppm = 20\n";
    let message = refusal(tiers);
    assert!(message.contains("`market.tiers[0].maintenance_ppm` is 20"), "{message}");
    let message = refusal("[[market.tiers]]\nfloor_currency = 0\ninitial_ppm = 10\n");
    assert!(message.contains("key `market.tiers[0].maintenance_ppm` is missing"), "{message}");
}

#[test]
fn a_contradiction_is_said_where_it_was_made() {
    let message = refusal_of_set("market.reference_ticks=13421772");
    assert_eq!(
        message,
        "--set market.reference_ticks=13421772: `market` contradicts itself: the largest position \
         would be worth more than 1152921504606846976 money units"
    );
    let tiers = "[[market.tiers]]\nfloor_currency = 5\ninitial_ppm = 20\nmaintenance_ppm = 10\n";
    let message = refusal(tiers);
    assert_eq!(
        message,
        "mine.toml:3: `market.tiers[0].floor_currency` is 5, expected 0: a first tier that begins \
         where positions do"
    );
}

#[test]
fn tiers_that_are_not_continuous_are_refused_with_their_line() {
    let tier = |floor: u64, initial: u64, maintenance: u64| {
        format!(
            "[[market.tiers]]\nfloor_currency = {floor}\ninitial_ppm = {initial}\n\
             maintenance_ppm = {maintenance}\n"
        )
    };
    let second = |next: String| refusal(&format!("{}{next}", tier(0, 20_000, 10_000)));
    assert_eq!(
        second(tier(0, 20_000, 10_000)),
        "mine.toml:7: `market.tiers[1].floor_currency` is 0, expected above 0, the tier's before it"
    );
    assert_eq!(
        second(tier(9, 20_000, 9_999)),
        "mine.toml:9: `market.tiers[1].maintenance_ppm` is 9999, expected at least 10000, the \
         tier's before it"
    );
    assert_eq!(
        second(tier(9, 19_999, 10_000)),
        "mine.toml:8: `market.tiers[1].initial_ppm` is 19999, expected at least 20000, the tier's \
         before it"
    );
}

#[test]
fn a_haircut_above_one_is_refused_with_its_line() {
    assert_eq!(
        refusal("[collateral]\nenabled = true\ncap_ppm = 1_000_001\n"),
        "mine.toml:4: `collateral.cap_ppm` is 1000001, expected 0 to 1000000"
    );
    // The floor may not pass the cap.
    let message = refusal("[collateral]\ncap_ppm = 100\nfloor_ppm = 101\n");
    assert!(message.starts_with("mine.toml:4: `collateral.floor_ppm` is 101"), "{message}");
    let message = refusal("[collateral]\nhaircut = \"vol\"\n");
    assert!(message.starts_with("mine.toml:3: `collateral.haircut` is"), "{message}");
    let message = refusal("[market]\ncontract = \"inverse\"\n[collateral]\nenabled = true\n");
    assert!(message.starts_with("mine.toml:5: `collateral.enabled` is true"), "{message}");
}

#[test]
fn an_unknown_price_of_a_median_is_refused_with_its_line() {
    let message =
        refusal("[mark]\nrule = \"median\"\nmedian_of = [\"index\", \"btc-usd\", \"last\"]\n");
    assert!(message.starts_with("mine.toml:4: `mark.median_of` is"), "{message}");
    assert!(message.contains("btc-usd") && message.contains("smoothed-basis"), "{message}");
    let message = refusal("[mark]\nmedian_of = []\n");
    assert!(message.starts_with("mine.toml:3: `mark.median_of` is empty"), "{message}");
}

#[test]
fn a_shock_that_the_venue_would_refuse_is_refused() {
    let sets = ["shock.sell_lots=10000000", "shock.sell_interval_ms=20000"].map(str::to_owned);
    let error = scenario::load("flash-crash", &sets, None).expect_err("too large an order");
    assert_eq!(
        error.to_string(),
        "--set shock.sell_lots=10000000: `shock.sell_lots` is 10000000, in 1 orders, expected \
         orders of at most market.order_max_lots = 1000000 lots"
    );
    assert!(scenario::load("flash-crash", &sets[..1], None).is_ok(), "in many orders it may");
}

#[test]
fn a_number_too_large_is_no_text() {
    let message = refusal_of_set("shock.sell_lots=18446744073709551615");
    assert!(message.contains("is 18446744073709551615, expected a number below 2^63"), "{message}");
    let message = refusal_of_set("holders.leverage_cap=1e300");
    assert!(message.ends_with("`holders.leverage_cap` is 1e300, expected 1 to 50"), "{message}");
    let named = scenario::load("flash-crash", &["name=007".to_owned()], None).expect("a name");
    assert_eq!(named.name, "007");
}

#[test]
fn a_key_has_no_empty_parts() {
    let message = refusal_of_set("shock..sell_lots=3");
    assert_eq!(
        message,
        "--set shock..sell_lots=3: unknown key `shock..sell_lots`; did you mean `shock.sell_lots`?"
    );
    assert!(refusal_of_set(".seed=3").ends_with("did you mean `seed`?"));
    assert!(refusal_of_set("..=3").ends_with("unknown key `..`"));
}

#[test]
fn a_file_that_is_no_text_is_said_with_its_line() {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").expect("a temporary file");
    file.write_all(b"base = \"flash-crash\"\n\xff\n").expect("it is writable");
    let path = file.path().to_str().expect("a plain path");
    let message = scenario::load(path, &[], None).expect_err("not text").to_string();
    assert_eq!(message, format!("{path}:2: not TOML: not UTF-8, expected text"));
}

#[test]
fn an_assignment_has_a_key_and_a_value() {
    for set in ["shock.sell_lots", "=3", "shock.sell_lots="] {
        let message = refusal_of_set(set);
        assert!(message.contains("expected KEY=VALUE"), "{message}");
    }
}

#[test]
fn a_file_and_sets_and_a_seed_are_laid_over_each_other() {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").expect("a temporary file");
    file.write_all(b"base = \"no-leverage\"\nname = \"mine\"\n[shock]\nsell_lots = 5\n")
        .expect("it is writable");
    let path = file.path().to_str().expect("a plain path");
    let sets = ["shock.sell_interval_ms=25".to_owned(), "venue=generic".to_owned()];
    let scenario = scenario::load(path, &sets, Some(9)).expect("it is valid");
    assert_eq!((scenario.name.as_str(), scenario.seed), ("mine", 9));
    assert_eq!((scenario.shock.sell_lots, scenario.shock.sell_interval_ms), (5, 25));
    assert!((scenario.holders.leverage_cap - 1.0).abs() < f64::EPSILON);
}

#[test]
fn roles_partition_the_accounts() {
    let scenario = scenario::load("flash-crash", &[], None).expect("it is valid");
    let roles = scenario.roles();
    let count =
        |role: Role| (0..roles.accounts()).filter(|a| roles.role(AccountId(*a)) == role).count();
    assert_eq!(count(Role::Fund), 1);
    assert_eq!(count(Role::Maker) as u64, scenario.makers.count);
    assert_eq!(count(Role::Taker) as u64, scenario.takers.count);
    assert_eq!((count(Role::Shock), count(Role::Background)), (1, 1));
    let holders = scenario.holders.longs + scenario.holders.shorts;
    assert_eq!(count(Role::Holder) as u64, holders);
}
