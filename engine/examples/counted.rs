//! Work whose instructions are counted: `.ci/instructions.py` runs one of these under callgrind and
//! compares the count with `.ci/instructions.tsv`.
//!
//! To add an entry, add a line to [`WORK`] and write the table anew. What an entry builds before it
//! calls [`counted_region`] is not counted.
#![allow(missing_docs, reason = "an example has no public items")]

#[path = "../benches/flow/mod.rs"]
mod flow;

#[path = "../benches/flow/crowd.rs"]
mod crowd;

#[path = "../benches/flow/rings.rs"]
mod rings;

use std::hint::black_box;
use std::process::ExitCode;

use seawall_engine::book::OrderBook;
use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::matching::sweep;
use seawall_engine::types::{
    AccountId, Input, Money, NoEvents, OrderId, Price, Qty, Seq, Sequenced, Side, SymbolId,
};

use rings::End;

type Work = (&'static str, fn() -> usize);

/// Name and work; the work says how many operations it did.
const WORK: &[Work] = &[
    ("book", book),
    ("engine", || engine(false)),
    ("engine-liquidation", || engine(true)),
    ("engine-event-hash", event_hash),
    ("mark-1e3", || mark(1_000)),
    ("mark-1e6", || mark(1_000_000)),
    ("mark-cross-1e3", || marks(1_000)),
    ("mark-cross-1e6", || marks(1_000_000)),
    ("ring-push", || rings::one_by_one(End::Push, counted_region)),
    ("ring-pop", || rings::one_by_one(End::Pop, counted_region)),
    ("ring-push-64", || rings::batches(End::Push, counted_region)),
    ("ring-pop-64", || rings::batches(End::Pop, counted_region)),
    ("broadcast-push", || rings::to_reader(End::Push, counted_region)),
    ("broadcast-pop-64", || rings::to_reader(End::Pop, counted_region)),
];

/// Callgrind counts between entry and exit of this function.
#[inline(never)]
fn counted_region(work: &mut dyn FnMut()) {
    work();
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    match WORK.iter().find(|(name, _)| Some(*name) == wanted.as_deref()) {
        Some((_, work)) => println!("{}", work()),
        None if wanted.is_none() => WORK.iter().for_each(|(name, _)| println!("{name}")),
        None => {
            eprintln!("no such work; run without arguments for the names");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// The book alone: orders that join, cross and are taken out, two thousand of them resting.
fn book() -> usize {
    const STEPS: u64 = 50_000;
    const LIVE: u64 = 2_000;
    let price = |ticks| Price::new(ticks).expect("a price");
    let mut book = OrderBook::new((price(1), price(1 << 16)), 1 << 14);
    let mut state = 3;
    let draws: Vec<u64> = (0..STEPS).map(|_| flow::draw(&mut state)).collect();
    counted_region(&mut || {
        for (id, draw) in (1..).zip(&draws) {
            let side = if draw & 1 == 0 { Side::Buy } else { Side::Sell };
            let offset = u32::try_from(draw >> 8 & 0x7F).expect("seven bits");
            let away = if draw & 0x70 == 0 { offset / 2 } else { offset + 64 };
            let ticks = if side == Side::Buy { 30_064 - away } else { 30_000 + away };
            let qty = Qty::new(1 + u32::try_from(draw >> 20 & 0x3F).expect("six bits"));
            let qty = qty.expect("positive");
            let left = if book.crosses(side, price(ticks)) {
                sweep(&mut book, side, price(ticks), qty, |fill| {
                    black_box(fill);
                })
            } else {
                Some(qty)
            };
            if let Some(left) = left {
                book.insert(OrderId(id), 7, side, price(ticks), left);
            }
            if id > LIVE {
                black_box(book.take_out(OrderId((id - LIVE) ^ 0x2A)));
            }
        }
    });
    draws.len()
}

/// The whole engine on a market maker's stream.
fn engine(liquidation: bool) -> usize {
    let stream = flow::stream();
    let mut engine = Engine::new(&flow::config(liquidation));
    let (warm_up, counted) = stream.split_at(flow::INPUTS / 2);
    for input in warm_up {
        engine.apply(input, &mut NoEvents);
    }
    counted_region(&mut || {
        for input in counted {
            engine.apply(input, &mut NoEvents);
        }
    });
    counted.len()
}

/// Marks that trigger nobody, among so many positions, a tenth of them in cross accounts.
fn marks(accounts: u32) -> usize {
    const MARKS: u32 = 10_000;
    let mut crowd = crowd::Crowd::new(accounts);
    counted_region(&mut || (0..MARKS).for_each(|number| crowd.calm_mark(number)));
    assert_eq!(crowd.engine.backlog(), 0, "nobody is triggered");
    MARKS as usize
}

/// The same with liquidation, and its events hashed.
fn event_hash() -> usize {
    let stream = flow::stream();
    let (mut engine, mut hasher) = (Engine::new(&flow::config(true)), EventHasher::default());
    let (warm_up, counted) = stream.split_at(flow::INPUTS / 2);
    for input in warm_up {
        engine.apply(input, &mut hasher);
    }
    counted_region(&mut || {
        for input in counted {
            engine.apply(input, &mut hasher);
        }
    });
    counted.len()
}

/// A mark that triggers nothing, among so many leveraged positions.
fn mark(positions: u32) -> usize {
    const MARKS: u32 = 10_000;
    const MAKER: AccountId = AccountId(1);
    const ENTRY: u32 = 30_000;
    let symbol = SymbolId(0);
    let price = |ticks| Price::new(ticks).expect("a price");
    let mut engine = Engine::new(&flow::config_for(positions + 2, true));
    let mut seq = Seq(0);
    let mut apply = |input| {
        seq = seq.next();
        engine.apply(&Sequenced { seq, time_ns: 0, ingress_ns: 0, input }, &mut NoEvents);
    };
    apply(Input::Deposit { account: MAKER, amount: Money::new(1 << 58) });
    for account in (2..positions + 2).map(AccountId) {
        let qty = Qty::new(1 + account.0 % 50).expect("some lots");
        apply(Input::Deposit { account, amount: Money::new(1 << 38) });
        let (buyer, seller) = (account, MAKER);
        apply(Input::Block { symbol, buyer, seller, price: price(ENTRY), qty });
    }
    apply(Input::Mark { symbol, price: price(ENTRY) });
    counted_region(&mut || {
        for n in 0..MARKS {
            apply(Input::Mark { symbol, price: price(ENTRY - n % 7) });
        }
    });
    MARKS as usize
}
