//! A run as one row of a bench's JSON.

use std::collections::BTreeMap;

use seawall_engine::durability::Durability;
use serde::Serialize;

use super::{Cell, Counts, Outcome};
use crate::measure::histogram::percentiles;
use crate::measure::summary::Percentiles;
use crate::scenario::Flow;

/// Messages per second over the repetitions of a row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Slowest.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Fastest.
    pub max: f64,
}

/// Latencies of one flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowRow {
    /// From the scheduled send to the answer.
    pub order_to_ack: Percentiles,
    /// From the scheduled send to the first fill, of orders that fill on arrival.
    pub order_to_fill: Percentiles,
}

/// Latencies by flow, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowRows {
    /// Orders of makers.
    pub maker: FlowRow,
    /// Orders of takers.
    pub taker: FlowRow,
    /// Forced orders, counted from the scheduled send of the input that triggered them.
    pub forced: FlowRow,
}

/// Latencies of a row, by flow and by phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LatencyRow {
    /// Always `tsc`.
    pub clock: &'static str,
    /// Over all phases.
    #[serde(flatten)]
    pub total: FlowRows,
    /// By phase.
    pub phases: BTreeMap<String, FlowRows>,
}

/// Time by stage of the followed inputs, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StageRow {
    /// From the scheduled to the actual send.
    pub send_lag: Percentiles,
    /// From there until the shard takes it.
    pub ingress_wait: Percentiles,
    /// Inside the engine.
    pub service: Percentiles,
    /// From there until the recorder has the answer.
    pub egress: Percentiles,
}

/// One row: one stream at one rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `capacity`, or the rate.
    pub name: String,
    /// `seawall` and the version.
    pub engine: String,
    /// What was sent.
    pub workload: String,
    /// Its seed, if it has one.
    pub seed: Option<u64>,
    /// Inputs applied per second.
    pub msgs_per_s: Rate,
    /// The median as time per input.
    pub ns_per_msg: f64,
    /// Latencies; none for `capacity`, which has no schedule.
    pub latency_ns: Option<LatencyRow>,
    /// SHA-256 of the stream as a command log, hexadecimal: what `sha256sum commands.swl` prints.
    pub stream_sha256: String,
    /// `match`, `mismatch` or `no reference`.
    pub verdict: &'static str,
    /// Names of the phases, in order.
    pub phases: Vec<String>,
    /// Offered rate, if there is a schedule.
    pub offered_msgs_per_s: Option<f64>,
    /// Hash of the events, hexadecimal.
    pub events_hash: String,
    /// What went in and out.
    pub counts: Counts,
    /// Whether every command was answered exactly once.
    pub reconciled: bool,
    /// Time inside the engine.
    pub service_ns: Percentiles,
    /// From the scheduled to the actual send.
    pub send_lag_ns: Percentiles,
    /// Where the time of one input in sixteen went.
    pub stages_ns: StageRow,
    /// Order to ack of all orders.
    pub order_to_ack_ns: Percentiles,
    /// The same without busy periods that a stall of a spinning thread overlaps.
    pub undisturbed_ns: Percentiles,
    /// Share of orders that this leaves out.
    pub excluded: f64,
    /// Stalls of the spinning threads.
    pub stalls_ns: Percentiles,
    /// Turns of the engine thread that the recorder held up.
    pub gated_turns: u64,
    /// Where the threads ran.
    pub topology: String,
    /// Whether all of them were pinned there.
    pub pinned: bool,
    /// Ring in front of the shard.
    pub transport: &'static str,
    /// Whether the verdict is on a replay of the order in which the shard took the inputs of several
    /// gateways.
    pub replayed: bool,
    /// Cost of one clock reading: two per latency sample on the recorder's side, two per timed
    /// input on the engine's.
    pub clock_cost_ns: f64,
    /// What an acknowledgement promised: a level of durability.
    pub durability: &'static str,
    /// What the log did, if there was one.
    pub log: Option<LogRow>,
    /// Whether its memory was in place.
    pub memory: MemoryRow,
}

/// Memory of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryRow {
    /// Pages touched for the first time while the clock ran.
    pub page_faults: Option<u64>,
    /// Whether all memory was mapped and locked before.
    pub locked: bool,
}

/// What the log of a run did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogRow {
    /// Batches, each one write and, where the level asks for it, one sync.
    pub batches: u64,
    /// Mean inputs of a batch.
    pub batch_mean: f64,
    /// Most inputs of a batch.
    pub batch_max: u64,
}

/// What a row says of its stream.
#[derive(Clone, Debug, Default)]
pub struct RowContext {
    /// What was sent.
    pub workload: String,
    /// Its seed, if it has one.
    pub seed: Option<u64>,
    /// SHA-256 of the stream as a command log, hexadecimal.
    pub stream_sha256: String,
    /// Hash of the events of the run that recorded the stream, if it is known.
    pub reference_hash: Option<u128>,
    /// What an acknowledgement promises.
    pub durability: Option<Durability>,
}

/// The row of one or several runs of the same kind. Rates are over all of them, the rest is the
/// last one's.
///
/// Panics without a run.
pub fn row(name: &str, runs: &[Outcome], context: &RowContext) -> Row {
    let last = runs.last().expect("a row has a run");
    let msgs_per_s = rate(runs);
    Row {
        name: name.to_owned(),
        engine: concat!("seawall ", env!("CARGO_PKG_VERSION")).to_owned(),
        workload: context.workload.clone(),
        seed: context.seed,
        ns_per_msg: 1e9 / msgs_per_s.median,
        msgs_per_s,
        latency_ns: last.pace.is_open().then(|| latency(last)),
        stream_sha256: context.stream_sha256.clone(),
        verdict: verdict(runs, context.reference_hash),
        phases: phases(last),
        offered_msgs_per_s: last.pace.msgs_per_s(),
        events_hash: format!("{:032x}", last.events_hash),
        counts: last.counts,
        reconciled: runs.iter().all(|run| run.counts.reconciles()),
        service_ns: percentiles(&last.service),
        send_lag_ns: percentiles(&last.send_lag),
        stages_ns: StageRow {
            send_lag: percentiles(&last.stages.send_lag),
            ingress_wait: percentiles(&last.stages.ingress_wait),
            service: percentiles(&last.stages.service),
            egress: percentiles(&last.stages.egress),
        },
        order_to_ack_ns: percentiles(&last.undisturbed.raw),
        undisturbed_ns: percentiles(&last.undisturbed.undisturbed),
        excluded: last.undisturbed.excluded(),
        stalls_ns: percentiles(&last.stalls),
        gated_turns: last.shard.gated_turns,
        topology: last.topology.to_string(),
        pinned: last.pinned,
        transport: last.transport,
        replayed: last.replay_hash.is_some(),
        clock_cost_ns: last.clock_cost_ns,
        durability: context.durability.unwrap_or(Durability::None).name(),
        log: last.log.map(|log| LogRow {
            batches: log.batches,
            batch_mean: log.inputs as f64 / log.batches.max(1) as f64,
            batch_max: log.batch_max,
        }),
        memory: MemoryRow { page_faults: last.page_faults, locked: last.memory_locked },
    }
}

fn rate(runs: &[Outcome]) -> Rate {
    let mut rates: Vec<f64> = runs.iter().map(Outcome::msgs_per_s).collect();
    rates.sort_by(f64::total_cmp);
    Rate { min: rates[0], median: rates[rates.len() / 2], max: rates[rates.len() - 1] }
}

fn phases(run: &Outcome) -> Vec<String> {
    let maker = run.cells.iter().filter(|cell| cell.flow == Flow::Maker);
    maker.map(|cell| cell.phase.clone()).collect()
}

/// A run that refused something has sent another stream: there is nothing to compare it with, but
/// its own journal.
fn verdict(runs: &[Outcome], reference_hash: Option<u128>) -> &'static str {
    if runs.iter().all(|run| run.replay_hash.is_some()) {
        let same = runs.iter().all(|run| run.replay_hash == Some(run.events_hash));
        return if same { "match" } else { "mismatch" };
    }
    match reference_hash {
        Some(reference) if runs.iter().all(|run| run.counts.refused == 0) => {
            let same = runs.iter().all(|run| run.events_hash == reference);
            if same { "match" } else { "mismatch" }
        }
        _ => "no reference",
    }
}

fn latency(run: &Outcome) -> LatencyRow {
    let total = |flow| FlowRow {
        order_to_ack: percentiles(&run.flow_total(flow, |cell| &cell.order_to_ack)),
        order_to_fill: percentiles(&run.flow_total(flow, |cell| &cell.order_to_fill)),
    };
    let mut phases: BTreeMap<String, FlowRows> = BTreeMap::new();
    for cell in &run.cells {
        *flow_mut(phases.entry(cell.phase.clone()).or_default(), cell.flow) = flow_row(cell);
    }
    let (maker, taker, forced) = (total(Flow::Maker), total(Flow::Taker), total(Flow::Forced));
    LatencyRow { clock: "tsc", total: FlowRows { maker, taker, forced }, phases }
}

fn flow_row(cell: &Cell) -> FlowRow {
    FlowRow {
        order_to_ack: percentiles(&cell.order_to_ack),
        order_to_fill: percentiles(&cell.order_to_fill),
    }
}

const fn flow_mut(rows: &mut FlowRows, flow: Flow) -> &mut FlowRow {
    match flow {
        Flow::Maker => &mut rows.maker,
        Flow::Taker => &mut rows.taker,
        Flow::Forced => &mut rows.forced,
    }
}
