//! Every case of a small domain: rounding of money, rates, contracts, prices and quantities against
//! their definitions in wide integers.
//!
//! Covered: amounts from 0 to 60 units with shares up to 24 of 24; amounts from 0 to 400 units and
//! at the bound with every rate that is a multiple of 1,237 ppm; contracts of units 1, 3 and 10,000,
//! prices 1 to 60, up to 40 lots, both kinds and sides; prices and quantities around their bounds.
//! Margin, trigger and bankruptcy prices are held against trying every price in
//! `engine/src/risk/margin.rs`.

use seawall_engine::types::{
    Contract, ContractKind, MONEY_MAX_UNITS, Money, PRICE_TICKS_MAX, Ppm, Price, QTY_LOTS_MAX, Qty,
    Side,
};

#[test]
fn shares_round_as_they_say() {
    let mut cases = 0_u32;
    for units in 0..=60_i64 {
        for denominator in 1..=24_u64 {
            for numerator in 0..=denominator {
                let (n, d) = (i128::from(numerator), i128::from(denominator));
                let exact = i128::from(units) * n;
                let money = Money::new(units);
                let floor = money.share_floor(numerator, denominator).wide();
                let ceil = money.share_ceil(numerator, denominator).wide();
                assert!(floor * d <= exact && exact < (floor + 1) * d, "{units} {numerator}/{d}");
                assert!((ceil - 1) * d < exact && exact <= ceil * d, "{units} {numerator}/{d}");
                // A part and the rest are the whole.
                let rest = money.share_ceil(denominator - numerator, denominator).wide();
                assert_eq!(floor + rest, i128::from(units), "{units} {numerator}/{d}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 61 * 324);
}

#[test]
fn rates_round_as_they_say() {
    let scale = i128::from(Ppm::SCALE);
    let amounts = (0..=400).chain(MONEY_MAX_UNITS - 3..=MONEY_MAX_UNITS);
    for units in amounts {
        for parts in (0..=Ppm::SCALE).step_by(1_237).chain([1, Ppm::SCALE - 1, Ppm::SCALE]) {
            let rate = Ppm::new(parts).expect("at most one");
            let exact = i128::from(units) * i128::from(parts);
            let floor = rate.of_floor(Money::new(units)).wide();
            let ceil = rate.of_ceil(Money::new(units)).wide();
            assert!(floor * scale <= exact && exact < (floor + 1) * scale, "{units} at {parts}");
            assert!((ceil - 1) * scale < exact && exact <= ceil * scale, "{units} at {parts}");
        }
    }
}

#[test]
fn both_sides_of_a_contract_book_the_same() {
    for kind in [ContractKind::Linear, ContractKind::Inverse] {
        for unit in [1, 3, 10_000] {
            let contract = Contract { kind, unit };
            for (ticks, lots) in (1..=60).flat_map(|ticks| (0..=40).map(move |lots| (ticks, lots)))
            {
                let price = Price::new(ticks).expect("a price");
                let value = contract.value(price, lots);
                let scaled = i128::from(unit) * i128::from(lots);
                let expected = match kind {
                    ContractKind::Linear => scaled * i128::from(ticks),
                    ContractKind::Inverse => scaled / i128::from(ticks),
                };
                assert_eq!(value.wide(), expected);
                for entry in [0, 1, 7, 500].map(Money::new) {
                    let long = contract.profit(Side::Buy, entry, value).wide();
                    let short = contract.profit(Side::Sell, entry, value).wide();
                    assert_eq!(long + short, 0, "what one side gains the other loses");
                    let rises =
                        (value.wide() - entry.wide()) * i128::from(contract.direction(Side::Buy));
                    assert_eq!(long, rises);
                }
            }
        }
    }
}

#[test]
fn prices_and_quantities_end_where_they_say() {
    for ticks in (0..=3).chain(PRICE_TICKS_MAX - 2..=PRICE_TICKS_MAX + 2).chain([u32::MAX]) {
        let is_price = (1..=PRICE_TICKS_MAX).contains(&ticks);
        assert_eq!(Price::new(ticks).map(Price::ticks), is_price.then_some(ticks));
    }
    for lots in (0..=3).chain(QTY_LOTS_MAX - 2..=QTY_LOTS_MAX + 2).chain([u32::MAX]) {
        let is_qty = (1..=QTY_LOTS_MAX).contains(&lots);
        assert_eq!(Qty::new(lots).map(Qty::lots), is_qty.then_some(lots));
    }
    for whole in 1..=40 {
        for part in 1..=whole {
            let (whole, part) = (Qty::new(whole), Qty::new(part));
            let (whole, part) = (whole.expect("positive"), part.expect("positive"));
            let left = whole.minus(part).map_or(0, Qty::lots);
            assert_eq!(left + part.lots(), whole.lots());
            assert_eq!(whole.min(part), part);
        }
    }
}
