//! The recorded cascade at its own times, faster and faster.

use seawall_engine::core::Engine;
use seawall_engine::ring::Transport;

use super::{Findings, Lab, LabError, Unit};
use crate::load::{Arrivals, DriverOptions, Plan, drive};
use crate::scenario::Flow;

/// How many times faster than recorded.
const SPEEDS: [f64; 3] = [1.0, 10.0, 100.0];
/// Most recorded time that is replayed, from the onset of the cascade on.
const WINDOW_NS: u64 = 10_000_000_000;

pub(super) fn run<R: Transport>(lab: &Lab<'_>, say: &dyn Fn(&str)) -> Result<Findings, LabError> {
    let onset = lab.stream.phases.iter().find(|phase| phase.name == "onset");
    let Some(from_ns) = onset.map(|phase| phase.first_time_ns) else {
        let reason = "the stream does not say where its cascade begins".to_owned();
        return Err(LabError::Impossible { experiment: "replay", reason });
    };
    let inputs = &lab.stream.inputs;
    let end = inputs.partition_point(|input| input.time_ns < from_ns + WINDOW_NS);
    let plan = Plan::new(&inputs[..end], |input| lab.stream.flow(input), &[])?.timed_from(from_ns);
    let columns = [
        ("seconds", "lasted", Unit::Ns),
        ("msgs_per_s", "inputs/s", Unit::PerSecond),
        ("maker_ack_p50_ns", "maker ack p50", Unit::Ns),
        ("taker_ack_p50_ns", "taker ack p50", Unit::Ns),
        ("forced_ack_p50_ns", "forced ack p50", Unit::Ns),
        ("p99_ns", "all p99", Unit::Ns),
        ("undisturbed_p99_ns", "und. p99", Unit::Ns),
        ("refused", "refused", Unit::Count),
        ("taker_filled", "taker filled", Unit::Part),
        ("forced_filled", "forced filled", Unit::Part),
    ];
    let question = format!(
        "{} s of the cascade from its onset on, at its recorded times",
        (inputs[end - 1].time_ns.saturating_sub(from_ns)).div_ceil(1_000_000_000)
    );
    let mut found = Findings::new("replay", question, &columns);
    let horizon_ns = DriverOptions::new(lab.topology, None).horizon_ns;
    for speed in SPEEDS {
        say(&format!("the cascade at {speed} times its speed"));
        let options = DriverOptions {
            arrivals: Arrivals::Recorded { speed },
            // Any possible rate: the recorded times say when.
            ..lab.options(Some(1e6))
        };
        let outcome = drive::<R, _>(&plan, Engine::new(&lab.stream.config), &options)?.0;
        found.sound &= outcome.counts.reconciles();
        let ack = |flow| {
            let histogram = outcome.flow_total(flow, |cell| &cell.order_to_ack);
            (!histogram.is_empty()).then(|| histogram.value_at_quantile(0.5) as f64)
        };
        let clean = &outcome.undisturbed.undisturbed;
        let cells = vec![
            Some(outcome.wall_ns as f64),
            Some(outcome.msgs_per_s()),
            ack(Flow::Maker),
            ack(Flow::Taker),
            ack(Flow::Forced),
            Some(outcome.undisturbed.raw.value_at_quantile(0.99) as f64),
            (!clean.is_empty()).then(|| clean.value_at_quantile(0.99) as f64),
            Some(outcome.counts.refused as f64),
            outcome.filled.taker.rate(),
            outcome.filled.forced.rate(),
        ];
        found.line(format!("{speed} x"), cells);
    }
    found.notes.push(format!(
        "filled: lots within {} ms of the scheduled send (forced: of the input that triggered) over \
         lots sent, of orders that trade on arrival; orders that rest first are left out",
        horizon_ns / 1_000_000
    ));
    found.notes.push(
        "nobody reacts here: the same inputs come, only sooner. What load does to a market whose \
         agents react is measured in virtual time (latency.service_scale)"
            .to_owned(),
    );
    Ok(found)
}
