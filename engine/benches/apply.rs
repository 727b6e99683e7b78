//! What one input costs: a market maker's stream against the whole engine, by feature.
//!
//! Criterion's bootstrapped means; the numbers to quote are ratios taken in one sitting.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::trackers::{Probe, QueueTrackers, Rank};
use seawall_engine::types::{
    AccountId, Input, Money, NewOrder, NoEvents, OrderId, OrderKind, Price, Qty, Seq, Sequenced,
    Side, SymbolId,
};

mod flow;

use flow::{INPUTS, config, stream};

fn apply(c: &mut Criterion) {
    let stream = stream();
    let mut group = c.benchmark_group("apply");
    group.throughput(Throughput::Elements(INPUTS as u64)).sample_size(20);
    for (name, liquidation) in [("risk", false), ("risk and liquidation", true)] {
        let config = config(liquidation);
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || Engine::new(&config),
                |engine| stream.iter().for_each(|input| engine.apply(input, &mut NoEvents)),
                BatchSize::LargeInput,
            );
        });
    }
    let config = config(true);
    group.bench_function("risk, liquidation and event hash", |b| {
        b.iter_batched_ref(
            || (Engine::new(&config), EventHasher::default()),
            |(engine, hasher)| stream.iter().for_each(|input| engine.apply(input, hasher)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// What trackers add: none attached, and probes and followed orders spread over the prices.
fn trackers(c: &mut Criterion) {
    let stream = stream();
    let config = config(true);
    let (warm, rest) = stream.split_at(INPUTS / 4);
    let mut group = c.benchmark_group("trackers");
    group.throughput(Throughput::Elements(rest.len() as u64)).sample_size(20);
    let warmed = || {
        let mut engine = Engine::new(&config);
        for input in warm {
            engine.apply(input, &mut NoEvents);
        }
        engine
    };
    group.bench_function("without", |b| {
        b.iter_batched_ref(
            warmed,
            |engine| rest.iter().for_each(|input| engine.apply(input, &mut NoEvents)),
            BatchSize::LargeInput,
        );
    });
    for count in [0, 16, 256] {
        group.bench_function(format!("{count} attached"), |b| {
            b.iter_batched_ref(
                || {
                    let engine = warmed();
                    let trackers = attached(&engine, count);
                    (engine, trackers)
                },
                |(engine, trackers)| {
                    for input in rest {
                        trackers.apply(engine, input, &mut NoEvents);
                        trackers.drain().for_each(drop);
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Probes at the back of the queues nearest the market, over and over.
fn attached(engine: &Engine, count: usize) -> QueueTrackers {
    let mut trackers = QueueTrackers::default();
    let symbol = SymbolId(0);
    let prices: Vec<(Side, Price)> = [Side::Buy, Side::Sell]
        .into_iter()
        .flat_map(|side| engine.depth(symbol, side).map(move |(price, _)| (side, price)))
        .collect();
    for (side, price) in prices.iter().cycle().take(count).copied() {
        let probe = Probe { symbol, side, price, rank: Rank::Back, away: None };
        trackers.probe(engine, probe).expect("the price is occupied");
    }
    trackers
}

/// What one question for an order's place costs: a walk of the orders ahead.
fn queue_ahead(c: &mut Criterion) {
    let config = config(false);
    let symbol = SymbolId(0);
    let mut group = c.benchmark_group("queue ahead");
    for orders in [1, 10, 100, 1_000] {
        let mut engine = Engine::new(&config);
        let account = AccountId(1);
        let deposit = Input::Deposit { account, amount: Money::new(1 << 45) };
        let rest = (1..=orders + 1).map(|id| {
            Input::Order(NewOrder {
                symbol,
                account,
                order: OrderId(id),
                side: Side::Buy,
                qty: Qty::new(1).expect("positive"),
                kind: OrderKind::Limit(Price::new(29_000).expect("a price")),
                reduce_only: false,
            })
        });
        for (n, input) in (1..).zip([deposit].into_iter().chain(rest)) {
            let input = Sequenced { seq: Seq(n), time_ns: n, ingress_ns: n, input };
            engine.apply(&input, &mut NoEvents);
        }
        assert_eq!(
            engine.queue_ahead(symbol, OrderId(orders + 1)),
            Some((u32::try_from(orders).expect("small"), orders))
        );
        group.bench_function(format!("{orders} orders"), |b| {
            b.iter(|| engine.queue_ahead(symbol, OrderId(orders + 1)));
        });
    }
    group.finish();
}

criterion_group!(benches, apply, trackers, queue_ahead);
criterion_main!(benches);
