//! What numbers, names and kinds are where nothing else asks.

use super::*;

fn price(ticks: u32) -> Price {
    Price::new(ticks).unwrap()
}

fn qty(lots: u32) -> Qty {
    Qty::new(lots).unwrap()
}

#[test]
fn everything_names_its_unit() {
    let said = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        AccountId(3),
        AssetId(2),
        SymbolId(1),
        Seq(9),
        OrderId(7),
        price(5),
        qty(4),
        Money::new(-6),
        Ppm::new(12).unwrap(),
    );
    assert_eq!(said, "a3 c2 s1 #9 o7 5t 4l -6u 12ppm");
    let said = format!("{:>3} {:>3} {:>3} {:>3}", AccountId(3), price(5), qty(4), Money::new(-6));
    assert_eq!(said, "  3   5   4  -6");
}

#[test]
fn ids_of_clients_end_where_derived_ones_begin() {
    for (id, client, derived) in
        [(0, false, false), (1, true, false), ((1 << 63) - 1, true, false), (1 << 63, false, true)]
    {
        let id = OrderId(id);
        assert_eq!((id.is_client(), id.is_derived()), (client, derived), "{id}");
    }
    assert_eq!(OrderId::DERIVED_PER_INPUT_MAX, 65_536);
    assert_eq!(OrderId::derived(Seq(5), 3).0, (1 << 63) + 5 * 65_536 + 3);
    assert_eq!(Seq(5).next(), Seq(6));
    let indices = (AccountId(3).index(), SymbolId(4).index(), AssetId(5).index());
    assert_eq!(indices, (3, 4, 5));
}

#[test]
fn bounds_are_what_the_documentation_says() {
    assert_eq!(
        (PRICE_TICKS_MAX, QTY_LOTS_MAX, POSITION_LOTS_MAX),
        (268_435_456, 2_147_483_648, 2_147_483_648)
    );
    assert_eq!(MONEY_MAX_UNITS, 1_152_921_504_606_846_976);
    assert_eq!((ACCOUNTS_MAX, ORDERS_MAX, SYMBOLS_MAX), (16_777_216, 67_108_864, 16_384));
}

#[test]
fn values_beyond_64_bits_on_the_way_are_exact() {
    let inverse = Contract { kind: ContractKind::Inverse, unit: (1 << 62) + 1 };
    assert_eq!(inverse.value(price(7), 12).wide(), ((1 << 62) + 1) * 12 / 7);
    let most = Money::new(i64::MAX);
    assert_eq!(most.share_floor(2, 3).wide(), i128::from(i64::MAX) * 2 / 3);
    assert_eq!(most.share_ceil(1, 2).wide(), 1 << 62);
    let owed = Money::new(-7);
    assert_eq!((owed.share_floor(1, 2), owed.share_ceil(1, 2)), (Money::new(-4), Money::new(-3)));
    let wide = i128::from(i64::MAX) * 10;
    for (numerator, denominator) in
        [(wide + 1, 10), (-wide - 1, 10), (7, 2), (-7, 2), (7, wide), (-7, wide)]
    {
        let floor = div_floor(numerator, denominator);
        assert!(floor * denominator <= numerator && numerator < (floor + 1) * denominator);
    }
}

#[test]
#[should_panic(expected = "an amount of 9223372036854775808 money units fits the domain")]
fn a_value_beyond_64_bits_is_none() {
    let linear = Contract { kind: ContractKind::Linear, unit: 1 << 62 };
    linear.value(price(2), 1);
}

#[test]
fn money_adds_up() {
    let [one, two] = [7, -3].map(Money::new);
    assert_eq!((one + two, one - two, -one), (Money::new(4), Money::new(10), Money::new(-7)));
    let mut sum = one;
    sum += two;
    sum -= Money::new(5);
    assert_eq!(sum, Money::new(-1));
    assert_eq!([one, two].into_iter().sum::<Money>(), Money::new(4));
    for (units, negative, positive) in [(-1, true, false), (0, false, false), (1, false, true)] {
        let money = Money::new(units);
        assert_eq!((money.is_negative(), money.is_positive()), (negative, positive));
    }
}

#[test]
fn an_order_says_its_limit_and_whether_it_rests() {
    let stop = |limit| OrderKind::Stop {
        watch: Reference::Last,
        take_profit: false,
        trigger: price(9),
        limit,
    };
    for (kind, limit, rests) in [
        (OrderKind::Limit(price(5)), Some(5), true),
        (OrderKind::GoodTill { price: price(5), expiry_s: 1 }, Some(5), true),
        (OrderKind::ImmediateOrCancel(price(5)), Some(5), false),
        (OrderKind::FillOrKill(price(5)), Some(5), false),
        (OrderKind::AtLeast { price: price(5), min: qty(1) }, Some(5), false),
        (OrderKind::Market, None, false),
        (OrderKind::MarketToLimit, None, true),
        (stop(Some(price(4))), Some(4), false),
        (stop(None), None, false),
    ] {
        assert_eq!((kind.price().map(Price::ticks), kind.may_rest()), (limit, rests), "{kind:?}");
    }
}

#[test]
fn a_trail_is_some_ticks() {
    let of = |parts| Trail::Part(Ppm::new(parts).unwrap()).distance(price(200));
    assert_eq!([0, 1, 9_999, 10_000].map(of), [None, Some(1), Some(1), Some(2)]);
    assert_eq!([0, 3].map(|ticks| Trail::Ticks(ticks).distance(price(200))), [None, Some(3)]);
}

#[test]
fn an_event_says_its_market() {
    let symbol = SymbolId(3);
    let mut events = Vec::new();
    events.event(Event::Reopened { symbol });
    events.event(Event::Deposited { account: AccountId(1), amount: Money::new(1) });
    let markets: Vec<_> = events.iter().map(Event::symbol).collect();
    assert_eq!(markets, [Some(symbol), None]);
}
