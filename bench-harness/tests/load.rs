//! The real-time driver against the engine: every command answered, every event the same.

mod recorded;

use recorded::{Cascade, cascade, flow};
use seawall::load::{
    DriverOptions, Outcome, PhaseStart, Plan, PlanError, RowContext, drive, replay_hash, row,
};
use seawall::scenario::Flow;
use seawall_engine::core::Engine;
use seawall_engine::pipeline::{NullShard, Topology};
use seawall_engine::ring::{ArrayQueueRing, SeqSlotRing, Transport, WaitStrategy};
use seawall_engine::types::Input;

fn phases(cascade: &Cascade) -> [PhaseStart; 2] {
    let phase = |name: &str, first_time_ns| PhaseStart { name: name.to_owned(), first_time_ns };
    [phase("calm", 0), phase("onset", cascade.shock_ns)]
}

/// A run in rings that hold the whole stream, so that a busy machine refuses nothing.
fn roomy(topology: Topology, msgs_per_s: Option<f64>) -> DriverOptions {
    DriverOptions { ingress_slots: 1 << 16, ..DriverOptions::new(topology, msgs_per_s) }
}

fn run<R: Transport>(cascade: &Cascade, options: &DriverOptions) -> Outcome {
    let plan = Plan::new(&cascade.inputs, flow, &phases(cascade)).expect("a plan");
    let (outcome, engine) =
        drive::<R, _>(&plan, Engine::new(&cascade.config), options).expect("a clean end");
    assert_eq!(engine.conservation_error(), 0);
    outcome
}

#[test]
fn a_sustainable_replay_causes_the_recorded_events() {
    let cascade = cascade(20_000);
    for topology in [Topology::choose(&[]), Topology::detect()] {
        let outcome = run::<SeqSlotRing>(&cascade, &roomy(topology, Some(200_000.0)));
        assert_eq!(outcome.events_hash, cascade.events_hash, "{topology}");
        let counts = outcome.counts;
        assert!(counts.reconciles(), "{counts:?}");
        assert_eq!(counts.refused, 0);
        assert_eq!(counts.sent + counts.steps, cascade.inputs.len() as u64);
        assert!(counts.forced_orders > 10, "{counts:?}");
        assert!(counts.trades > 1_000, "{counts:?}");
        assert_eq!(outcome.send_lag.len(), outcome.offered);
        assert!(outcome.wall_ns > 90_000_000, "the schedule is kept: {} ns", outcome.wall_ns);
    }
}

#[test]
fn latency_is_kept_by_flow_and_phase() {
    let cascade = cascade(10_000);
    let outcome = run::<SeqSlotRing>(&cascade, &roomy(Topology::choose(&[]), Some(500_000.0)));
    let is_order = |message: &&_| matches!(message, Input::Order(_) | Input::Replace { .. });
    let orders = |of: Flow| {
        cascade.inputs.iter().map(|m| &m.input).filter(is_order).filter(move |i| flow(i) == of)
    };
    for (of, fills) in [(Flow::Maker, false), (Flow::Taker, true)] {
        let acks = outcome.flow_total(of, |cell| &cell.order_to_ack);
        assert_eq!(acks.len(), orders(of).count() as u64, "every order has one answer");
        let filled = outcome.flow_total(of, |cell| &cell.order_to_fill);
        assert!(filled.len() <= acks.len() && (!fills || filled.len() > acks.len() / 2));
    }
    let forced = |phase: &str| {
        let mut cells = outcome.cells.iter().filter(|cell| cell.flow == Flow::Forced);
        cells.find(|cell| cell.phase == phase).expect("a cell").order_to_ack.len()
    };
    assert_eq!(forced("calm"), 0, "nothing is liquidated before the shock");
    assert!(forced("onset") > 10);
    let context = RowContext { reference_hash: Some(cascade.events_hash), ..RowContext::default() };
    let row = row("500000/s", &[outcome], &context);
    assert_eq!((row.verdict, row.reconciled), ("match", true));
    let offered = row.offered_msgs_per_s.expect("a schedule");
    assert!((offered - 500_000.0).abs() < 1.0, "{offered}");
    let json = serde_json::to_value(&row).expect("a row is JSON");
    for key in
        ["/latency_ns/clock", "/latency_ns/forced/order_to_ack/p50", "/latency_ns/phases/calm"]
    {
        assert!(json.pointer(key).is_some(), "{key} is missing from {json}");
    }
    let text = seawall::load::render(&row);
    assert!(
        text.contains("forced order to ack") && text.contains("refused at the ring 0"),
        "{text}"
    );
    for line in text.lines().take_while(|line| !line.starts_with("sent ")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn as_fast_as_possible_causes_the_recorded_events_too() {
    let cascade = cascade(20_000);
    for topology in [Topology::choose(&[]), Topology::detect()] {
        let options = DriverOptions::new(topology, None);
        for outcome in
            [run::<SeqSlotRing>(&cascade, &options), run::<ArrayQueueRing>(&cascade, &options)]
        {
            assert_eq!(outcome.events_hash, cascade.events_hash, "{topology}");
            assert!(outcome.counts.reconciles() && outcome.counts.refused == 0);
            assert!(outcome.cells.is_empty(), "no schedule, no latency");
        }
    }
}

#[test]
fn overload_is_refused_at_the_ring_and_reconciles() {
    let cascade = cascade(20_000);
    for topology in [Topology::choose(&[]), Topology::detect()] {
        let options = DriverOptions {
            ingress_slots: 8,
            egress_slots: 16,
            ..DriverOptions::new(topology, Some(1e9))
        };
        let outcome = run::<SeqSlotRing>(&cascade, &options);
        let counts = outcome.counts;
        assert!(counts.refused > 1_000, "{counts:?}");
        assert!(counts.reconciles(), "{counts:?}");
        assert_eq!(counts.sent + counts.steps, cascade.inputs.len() as u64);
        let context =
            RowContext { reference_hash: Some(cascade.events_hash), ..RowContext::default() };
        assert_eq!(row("overload", &[outcome], &context).verdict, "no reference");
    }
}

#[test]
fn several_gateways_replay_from_the_order_in_which_they_were_taken() {
    let cascade = cascade(20_000);
    for topology in [Topology::choose(&[]), Topology::detect()] {
        let options = DriverOptions { gateways: 3, ..roomy(topology, Some(500_000.0)) };
        let outcome = run::<SeqSlotRing>(&cascade, &options);
        let counts = outcome.counts;
        assert!(counts.reconciles() && counts.refused == 0, "{counts:?}");
        let taken = outcome.taken.expect("the order is kept");
        assert_eq!(taken.len(), cascade.inputs.len());
        let replayed = replay_hash(&cascade.config, &taken).expect("a sound journal");
        assert_eq!(replayed, outcome.events_hash, "{topology}");
        // The planted bug: an order of taking that is not the shard's.
        let mut wrong = taken;
        let is_order = |input: &&mut _| {
            matches!(input, seawall_engine::types::Sequenced { input: Input::Order(_), .. })
        };
        let mut orders = wrong.iter_mut().filter(is_order).skip(1_000);
        let (first, second) = (orders.next().expect("an order"), orders.next().expect("another"));
        std::mem::swap(&mut first.input, &mut second.input);
        assert_ne!(replay_hash(&cascade.config, &wrong).expect("sound"), outcome.events_hash);
    }
}

#[test]
fn gateways_that_refuse_replay_too() {
    let cascade = cascade(20_000);
    let options = DriverOptions {
        gateways: 4,
        ingress_slots: 32,
        egress_slots: 16,
        ..DriverOptions::new(Topology::detect(), Some(1e9))
    };
    let outcome = run::<SeqSlotRing>(&cascade, &options);
    assert!(outcome.counts.refused > 100 && outcome.counts.reconciles(), "{:?}", outcome.counts);
    let taken = outcome.taken.expect("the order is kept");
    let replayed = replay_hash(&cascade.config, &taken).expect("a sound journal");
    assert_eq!(replayed, outcome.events_hash);
}

#[test]
fn every_wait_strategy_gives_the_same_events() {
    let cascade = cascade(5_000);
    for wait in WaitStrategy::ALL {
        let options = DriverOptions { wait: Some(wait), ..roomy(Topology::detect(), Some(1e6)) };
        let outcome = run::<SeqSlotRing>(&cascade, &options);
        assert_eq!(outcome.events_hash, cascade.events_hash, "{}", wait.name());
    }
}

#[test]
fn lots_count_as_filled_only_within_the_horizon() {
    let cascade = cascade(10_000);
    let filled = |horizon_ns| {
        let roomy = roomy(Topology::choose(&[]), Some(500_000.0));
        run::<SeqSlotRing>(&cascade, &DriverOptions { horizon_ns, ..roomy }).filled
    };
    let (long, none) = (filled(u64::MAX), filled(0));
    assert!(long.taker.rate().is_some_and(|rate| rate > 0.5), "{long:?}");
    assert!(long.forced.rate().is_some_and(|rate| rate > 0.5), "{long:?}");
    assert_eq!((none.taker.filled_lots, none.forced.filled_lots), (0, 0));
    assert_eq!(none.taker.sent_lots, long.taker.sent_lots);
}

#[test]
fn an_answer_waits_for_the_padding() {
    let cascade = cascade(2_000);
    let roomy = roomy(Topology::choose(&[]), Some(20_000.0));
    let outcome = run::<SeqSlotRing>(&cascade, &DriverOptions { pad_ns: 20_000, ..roomy });
    let latency = &outcome.undisturbed.raw;
    assert!(latency.min() >= 20_000 * 99 / 100, "{}", latency.min());
    assert!(outcome.stages.service.min() >= 20_000 * 99 / 100);
    assert_eq!(outcome.events_hash, cascade.events_hash);
}

#[test]
fn a_null_shard_answers_everything() {
    let cascade = cascade(5_000);
    let plan = Plan::new(&cascade.inputs, flow, &[]).expect("a plan");
    let options = roomy(Topology::choose(&[]), Some(1e6));
    let (outcome, NullShard) = drive::<SeqSlotRing, _>(&plan, NullShard, &options).expect("an end");
    assert!(outcome.counts.reconciles(), "{:?}", outcome.counts);
    assert_eq!(outcome.counts.events, outcome.counts.sent);
}

#[test]
fn what_makes_no_plan_is_refused() {
    let cascade = cascade(100);
    let setup = &cascade.inputs[..10];
    assert_eq!(Plan::new(setup, flow, &[]).err(), Some(PlanError::NoOrder));
    let mut backwards = phases(&cascade);
    backwards.reverse();
    let plan = Plan::new(&cascade.inputs, flow, &backwards);
    assert_eq!(plan.err(), Some(PlanError::Phases(2)));
}
