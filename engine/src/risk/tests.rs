//! What a snapshot may say of a mark, a position and an account.

use super::mark::Smoothed;
use super::*;
use crate::state::{Canonical, Decoder, bytes_of, put};
use crate::types::{AccountId, MONEY_MAX_UNITS, Money, PRICE_TICKS_MAX, Ppm, Price};

const TIME_NS: u64 = 100;

fn domain() -> (Price, Price) {
    (Price::new(5).unwrap(), Price::new(2_000).unwrap())
}

fn smoothed_by(smoothing: Smoothing) -> MarkRules {
    MarkRules { rule: MarkRule::One(MarkInput::SmoothedBasis), smoothing, ..MarkRules::default() }
}

fn suits(rules: &MarkRules, change: impl FnOnce(&mut MarkState)) -> bool {
    let mut state = MarkState::default();
    change(&mut state);
    state.suits(rules, domain(), TIME_NS)
}

const DISTANCE_MAX: i64 = PRICE_TICKS_MAX as i64 * 1_000_000;

#[test]
fn an_average_that_cannot_have_been_made_is_refused() {
    let average = Smoothing::Average { tau_ns: 10 };
    for rules in [smoothed_by(average), smoothed_by(Smoothing::Weighted { tau_ns: 10 })] {
        let with = |smoothed: Smoothed| suits(&rules, |state| state.smoothed = smoothed);
        let good = Smoothed { average: 7, count: 1, sampled_ns: TIME_NS, ..Smoothed::default() };
        assert!(with(good));
        assert!(!with(Smoothed { sampled_ns: TIME_NS + 1, ..good }), "a time to come");
        for (average, fits) in
            [(DISTANCE_MAX, true), (-DISTANCE_MAX, true), (DISTANCE_MAX + 1, false)]
        {
            assert_eq!(with(Smoothed { average, ..good }), fits, "{average}");
        }
        for (weight, fits) in [(-1, false), (330, true), (331, false)] {
            assert_eq!(with(Smoothed { weight, ..good }), fits, "{weight}");
        }
        assert!(!with(Smoothed { count: 2, ..good }));
        assert!(!with(Smoothed { sum: 1, ..good }), "a sum is a mean's");
        assert!(!with(Smoothed { next: 1, ..good }), "a place is a mean's");
        let sampled = |state: &mut MarkState| (state.smoothed, state.samples) = (good, vec![7]);
        assert!(!suits(&rules, sampled), "samples are a mean's");
    }
    let good = Smoothed { average: 7, count: 1, ..Smoothed::default() };
    assert!(!suits(&MarkRules::default(), |state| state.smoothed = good), "nothing smooths");
    assert!(suits(&MarkRules::default(), |_| ()));
}

#[test]
fn a_mean_that_cannot_have_been_made_is_refused() {
    let rules = smoothed_by(Smoothing::Mean { points: 3 });
    let with = |smoothed: Smoothed, samples: &[i64]| {
        suits(&rules, |state| (state.smoothed, state.samples) = (smoothed, samples.to_vec()))
    };
    let good = Smoothed { average: 3, sum: 12, count: 3, next: 2, ..Smoothed::default() };
    assert!(with(good, &[3, 4, 5]));
    assert!(with(Smoothed::default(), &[]));
    assert!(with(Smoothed { count: 2, ..good }, &[3, 4, 5]));
    assert!(!with(Smoothed { count: 4, ..good }, &[3, 4, 5]));
    assert!(!with(Smoothed { next: 3, ..good }, &[3, 4, 5]));
    assert!(!with(Smoothed { sum: 13, ..good }, &[3, 4, 5]));
    assert!(!with(Smoothed { weight: 1, ..good }, &[3, 4, 5]));
    assert!(!with(good, &[3, 4, 5, 0]), "more samples than the mean is of");
    assert!(!with(Smoothed::default(), &[0, 0, 0]), "samples, and none taken");
    let far = DISTANCE_MAX + 1;
    assert!(!with(Smoothed { sum: far.into(), ..good }, &[far, 0, 0]));
}

#[test]
fn an_oracle_that_cannot_have_been_read_is_refused() {
    let rule = MarkRule::Oracle { interval_ns: 10, lag_ns: 20 };
    let rules = MarkRules { rule, ..MarkRules::default() };
    let taken = |given: u32, time_ns: u64| {
        let mut state = MarkState::default();
        for time_ns in [0, time_ns] {
            let given = Price::new(given).unwrap();
            let seen = Seen {
                given,
                index: None,
                last: None,
                bid: None,
                ask: None,
                time_ns,
                rate_ppb: 0,
                left_ns: 0,
                interval_ns: 0,
            };
            state.advance(&rules, &seen, domain()).expect("an oracle is not asked twice");
        }
        state
    };
    let fits = |state: &MarkState| state.suits(&rules, domain(), TIME_NS);
    assert!(fits(&taken(2_000, 100)));
    assert!(fits(&taken(5, 100)));
    assert!(!fits(&taken(2_001, 100)) && !fits(&taken(4, 100)), "outside the domain");
    assert!(!fits(&taken(100, 110)), "a time to come");
    let changed = |change: &dyn Fn(&mut MarkState)| {
        let mut state = taken(100, 100);
        change(&mut state);
        state
    };
    assert!(!fits(&changed(&|state| state.smoothed.count = 1)), "an oracle smooths nothing");
    assert!(!fits(&changed(&|state| state.samples.push(1))), "an oracle has no samples");
    let smoothing = smoothed_by(Smoothing::Average { tau_ns: 1 });
    assert!(!taken(100, 100).suits(&smoothing, domain(), TIME_NS), "an average lags nothing");
}

fn position(lots: i64, entry: i64, margin: i64, initial_ppm: u32, waits: bool) -> Option<Position> {
    let (entry, margin) = (Money::new(entry), Money::new(margin));
    let bytes = bytes_of(|out| put!(out; &lots, &entry, &margin, &initial_ppm, &waits));
    let position = Decoder::new(&bytes).get::<Position>().ok()?;
    assert_eq!(bytes_of(|out| position.put(out)), bytes);
    Some(position)
}

#[test]
fn a_position_that_cannot_be_is_refused() {
    let read = position(-3, 5, -2, 7, true).unwrap();
    assert_eq!((read.lots(), read.entry(), read.margin()), (-3, Money::new(5), Money::new(-2)));
    assert_eq!((read.initial().map(Ppm::parts), read.is_locked()), (Some(7), true));
    assert!(position(0, 0, 0, 1, false).is_some(), "a rate alone");
    assert!(position(0, 0, 0, 0, true).is_some(), "a place in the queue alone");
    assert!(position(1, 0, 0, 0, false).is_some());
    assert!(position(0, 0, 0, 0, false).is_none(), "nothing");
    assert!(position(1, -1, 0, 0, false).is_none());
    assert!(position(0, 1, 0, 1, false).is_none());
    assert!(position(0, 0, 1, 1, false).is_none());
    assert!(position(1, 1, 1, 1_000_000, false).is_some());
    assert!(position(1, 1, 1, 1_000_001, false).is_none());
}

fn account(state: u32) -> Option<Vec<u8>> {
    let (cash, reserved) = (Money::new(7), Money::new(3));
    let bytes = bytes_of(|out| put!(out; &cash, &reserved, &state, &9_u32));
    let account = Decoder::new(&bytes).get::<Account>().ok()?;
    Some(bytes_of(|out| account.put(out)))
}

#[test]
fn an_account_that_cannot_be_is_refused() {
    use account_state::{CANCEL_ON_DISCONNECT, CROSS, DUE, KILLED, LOCKED, OPEN};
    for state in [OPEN, OPEN | KILLED | CANCEL_ON_DISCONNECT | CROSS | LOCKED, OPEN | 4 << 8] {
        assert!(account(state).is_some(), "{state:x}");
    }
    for state in [0, KILLED, OPEN | LOCKED, OPEN | DUE, OPEN | 64, OPEN | 128, OPEN | 5 << 8] {
        assert!(account(state).is_none(), "{state:x}");
    }
}

fn ledger(funds: u32, write: impl FnOnce(&mut crate::state::Encoder<'_>)) -> Option<Ledger> {
    let mut ledger = Ledger::new(4, funds);
    let bytes = bytes_of(write);
    ledger.restore(&mut Decoder::new(&bytes)).ok()?;
    assert_eq!(bytes_of(|out| ledger.put(out)), bytes);
    Some(ledger)
}

#[test]
fn a_ledger_that_cannot_be_is_refused() {
    use account_state::{CROSS, OPEN};
    let of = |fees: i64, net: i64, accounts: &[(u32, u32)]| {
        let accounts = accounts.to_vec();
        ledger(1, |out| {
            put!(out; &Money::new(fees), &Money::new(net));
            out.count(accounts.len());
            for (id, state) in accounts {
                put!(out; &AccountId(id), &Money::new(1), &Money::ZERO, &state, &0_u32);
            }
        })
    };
    let whole = [(0, OPEN), (1, OPEN | CROSS), (3, OPEN)];
    let read = of(1, MONEY_MAX_UNITS, &whole).unwrap();
    assert_eq!((read.fees, read.net_deposits().units()), (Money::new(1), MONEY_MAX_UNITS));
    assert_eq!(read.due, [AccountId(1)]);
    assert!([0, 1, 3].iter().all(|id| read.is_open(AccountId(*id))) && !read.is_open(AccountId(2)));
    assert!(of(-1, 0, &whole).is_none());
    assert!(of(0, MONEY_MAX_UNITS + 1, &whole).is_none());
    assert!(of(0, 0, &[(0, OPEN), (4, OPEN)]).is_none(), "more accounts than there may be");
    assert!(of(0, 0, &[(0, OPEN), (2, OPEN), (1, OPEN)]).is_none(), "not in order");
    assert!(of(0, 0, &[(0, OPEN), (1, OPEN), (1, OPEN)]).is_none(), "one of them twice");
    assert!(of(0, 0, &[(0, OPEN | CROSS)]).is_none(), "a fund shares no margin");
}

#[test]
fn who_answers_for_an_account_is_read_back() {
    use account_state::{CROSS, OPEN};
    let of = |answering: &[(u32, u32)]| {
        let answering = answering.to_vec();
        ledger(2, |out| {
            put!(out; &Money::ZERO, &Money::ZERO);
            out.count(3);
            for (id, state) in [(0, OPEN), (1, OPEN), (2, OPEN | CROSS)] {
                put!(out; &AccountId(id), &Money::ZERO, &Money::ZERO, &state, &0_u32);
            }
            out.count(answering.len());
            for (id, fund) in answering {
                put!(out; &AccountId(id), &fund);
            }
        })
    };
    let read = of(&[(2, 1)]).unwrap();
    assert_eq!([1, 2].map(|id| read.answering(AccountId(id)).0), [0, 1]);
    assert!(of(&[]).is_some());
    assert!(of(&[(2, 0)]).is_none(), "the first fund is not written");
    assert!(of(&[(2, 2)]).is_none(), "no such fund");
    assert!(of(&[(3, 1)]).is_none(), "not open");
    assert!(of(&[(2, 1), (2, 1)]).is_none(), "one of them twice");
    assert!(of(&[(2, 1), (1, 1)]).is_none(), "not in order");
}

#[test]
fn a_sample_without_time_or_weight_changes_no_average() {
    let rules = smoothed_by(Smoothing::Weighted { tau_ns: 10 });
    let mut state = MarkState::default();
    state.smoothed = Smoothed { average: 7_000_000, count: 1, sampled_ns: 9, ..state.smoothed };
    let seen = Seen {
        given: Price::new(100).unwrap(),
        index: Price::new(100),
        last: None,
        bid: None,
        ask: None,
        time_ns: 9,
        rate_ppb: 0,
        left_ns: 0,
        interval_ns: 0,
    };
    assert_eq!(state.advance(&rules, &seen, domain()), Ok(Price::new(107)));
}

#[test]
fn a_flag_of_a_position_leaves_the_others_alone() {
    let mut position: Position = zerocopy::FromZeros::new_zeroed();
    assert!(position.is_plain());
    for _ in 0..2 {
        position.set_locked(true);
        position.set_cross(true);
        assert!(position.is_locked() && position.is_cross() && !position.is_fund());
    }
    position.set_cross(false);
    assert!(position.is_locked() && !position.is_cross() && !position.is_plain());
    position.set_fund();
    position.set_locked(false);
    assert!(!position.is_locked() && position.is_fund());
}

/// The reference asks the same type, so no comparison of engines would see it err.
#[test]
fn a_set_of_prices_holds_those_alone() {
    assert_eq!(MarkInputs::new(&[]), None);
    for bits in 1..1_u32 << MarkInput::ALL.len() {
        let those = MarkInput::ALL.into_iter().filter(|input| bits & (1 << *input as u32) != 0);
        let those: Vec<MarkInput> = those.collect();
        assert!(MarkInputs::new(&those).unwrap().iter().eq(those));
    }
}
