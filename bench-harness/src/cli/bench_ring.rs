//! `seawall bench ring`: what a hand-off between two cores costs, ring by ring.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use seawall_engine::pipeline::our_cores;
use seawall_engine::ring::{ArrayQueueRing, SeqSlotRing};
use serde::Serialize;

use super::CliError;
use crate::load::ring_bench::{BATCH, Effort, RingProcess, measure};
use crate::load::transport::{DisruptorRing, RingbufRing, RtrbRing};
use crate::measure::metric::Metric;
use crate::report::Manifest;
use crate::study::two_samples::{TwoSamples, median, two_samples};

/// A kind of ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum RingKind {
    /// Our own: the sequence number travels in the slot.
    SeqSlot,
    /// The `rtrb` crate.
    Rtrb,
    /// The `disruptor` crate.
    Disruptor,
    /// The `ringbuf` crate.
    Ringbuf,
    /// crossbeam's `ArrayQueue`.
    ArrayQueue,
}

impl RingKind {
    fn measure(self, cores: [usize; 2]) -> RingProcess {
        let effort = Effort::default();
        match self {
            Self::SeqSlot => measure::<SeqSlotRing>(cores, effort),
            Self::Rtrb => measure::<RtrbRing>(cores, effort),
            Self::Disruptor => measure::<DisruptorRing>(cores, effort),
            Self::Ringbuf => measure::<RingbufRing>(cores, effort),
            Self::ArrayQueue => measure::<ArrayQueueRing>(cores, effort),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Measures what handing a message to another core costs: round trip and throughput of our ring
/// and of others, beside the bare cache line.
///
/// Every measurement is a process of its own; the rings take turns, so that a change of the
/// machine meets all of them. Each process measures the bare cache line as well.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench ring                               ten processes of each ring, about a minute
  seawall bench ring --ring seq-slot --ring rtrb --processes 20
  seawall bench ring --json > before.json          for `seawall compare before.json after.json`

Exit status: 0 done, 2 bad input or no second core.")]
pub(super) struct RingArgs {
    /// Only this ring; may be given more than once.
    #[arg(long = "ring", value_enum, value_name = "RING")]
    rings: Vec<RingKind>,
    /// Processes of each ring.
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    processes: u16,
    /// The two cores, as `0,1`; the last two that are ours if not given.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    cores: Vec<usize>,
    /// Measures one ring in this process and prints it as JSON: what the processes do.
    #[arg(long, value_enum, hide = true)]
    one: Option<RingKind>,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    json: bool,
    /// No progress on standard error.
    #[arg(long, short)]
    quiet: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    manifest: Manifest,
    cores: [usize; 2],
    bars: Vec<Bar>,
    metrics: Vec<Metric>,
    processes: Vec<RingProcess>,
}

/// A ratio and the bound it should keep.
#[derive(Serialize)]
struct Bar {
    what: String,
    at_most: Option<f64>,
    at_least: Option<f64>,
    #[serde(flatten)]
    measured: TwoSamples,
    met: bool,
}

/// Runs and prints.
pub(super) fn run(args: &RingArgs, out: &mut impl Write) -> Result<(), CliError> {
    let cores = two_cores(&args.cores)?;
    if let Some(ring) = args.one {
        serde_json::to_writer(&mut *out, &ring.measure(cores)).map_err(io::Error::from)?;
        return Ok(writeln!(out)?);
    }
    let rings = match args.rings.as_slice() {
        [] => RingKind::value_variants(),
        rings => rings,
    };
    let processes = measure_in_turns(args, rings, cores)?;
    let bars = bars(&processes);
    if args.json {
        let metrics = metrics(&processes, rings);
        let manifest = Manifest::of_this_process();
        let report = Report { manifest, cores, bars, metrics, processes };
        serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(out, &processes, rings, &bars, cores)?;
    }
    Ok(out.flush()?)
}

/// The two cores to use, checked.
pub(super) fn two_cores(asked: &[usize]) -> Result<[usize; 2], CliError> {
    let ours = our_cores();
    let listed = || ours.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    match *asked {
        [] => match *ours {
            [.., first, second] => Ok([first, second]),
            _ => Err(CliError::Usage(format!(
                "a hand-off needs two cores, and this process may use {}",
                ours.len()
            ))),
        },
        [first, second] if first != second => {
            match [first, second].into_iter().find(|core| !ours.contains(core)) {
                None => Ok([first, second]),
                Some(core) => Err(CliError::Usage(format!(
                    "--cores: core {core} does not exist or is not ours, expected two of {}",
                    listed()
                ))),
            }
        }
        _ => Err(CliError::Usage(format!("--cores: expected two different ones of {}", listed()))),
    }
}

fn measure_in_turns(
    args: &RingArgs,
    rings: &[RingKind],
    cores: [usize; 2],
) -> Result<Vec<RingProcess>, CliError> {
    let total = usize::from(args.processes) * rings.len();
    let bar = if args.quiet { ProgressBar::hidden() } else { ProgressBar::new(total as u64) };
    if let Ok(style) = ProgressStyle::with_template("bench ring {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let mut processes = Vec::with_capacity(total);
    for round in 0..usize::from(args.processes) {
        for place in 0..rings.len() {
            // Another order each round, so that no ring always follows the same other.
            processes.push(one(rings[(place + round) % rings.len()], cores)?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(processes)
}

fn one(ring: RingKind, cores: [usize; 2]) -> Result<RingProcess, CliError> {
    let name = ring.name();
    let [first, second] = cores.map(|core| core.to_string());
    let output = Command::new(std::env::current_exe()?)
        .args(["bench", "ring", "--one", &name, "--cores", &format!("{first},{second}")])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(CliError::Usage(format!("the process that measured {name} failed")));
    }
    Ok(serde_json::from_slice(&output.stdout).map_err(io::Error::from)?)
}

fn of(processes: &[RingProcess], ring: &str, value: impl Fn(&RingProcess) -> f64) -> Vec<f64> {
    processes.iter().filter(|process| process.ring == ring).map(value).collect()
}

type Value = fn(&RingProcess) -> f64;
const SPIN: Value = |process| process.round_trip_spin_ns.p50 as f64;
const PAUSE: Value = |process| process.round_trip_pause_ns.p50 as f64;
const BATCHES: Value = |process| process.batch_msgs_per_s;

fn metrics(processes: &[RingProcess], rings: &[RingKind]) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for name in rings.iter().map(|ring| ring.name()) {
        let of = |value: Value| of(processes, &name, value);
        metrics.push(Metric::lower(format!("{name}/round_trip_spin_p50_ns"), of(SPIN)));
        metrics.push(Metric::lower(format!("{name}/round_trip_pause_p50_ns"), of(PAUSE)));
        metrics.push(Metric::higher(format!("{name}/batch_{BATCH}_msgs_per_s"), of(BATCHES)));
    }
    metrics
}

/// The bars of our ring, for the rings that were measured.
fn bars(processes: &[RingProcess]) -> Vec<Bar> {
    let ours = |value: Value| of(processes, "seq-slot", value);
    let bounce: [Value; 2] = [|p| p.bounce_spin_ns.p50 as f64, |p| p.bounce_pause_ns.p50 as f64];
    let mut bars = Vec::new();
    let mut add =
        |what: String, base: Vec<f64>, mine: Vec<f64>, most: Option<f64>, least: Option<f64>| {
            if let Some(measured) = two_samples(&base, &mine)
                && let Some(ratio) = measured.ratio
            {
                let met = most.is_none_or(|most| ratio <= most) && least.is_none_or(|l| ratio >= l);
                bars.push(Bar { what, at_most: most, at_least: least, measured, met });
            }
        };
    let vs = |what: &str, other: &str| format!("{what}, seq-slot / {other}");
    let base = [ours(bounce[0]), ours(bounce[1])];
    add(vs("round trip, spin", "bare line"), base[0].clone(), ours(SPIN), Some(1.4), None);
    add(vs("round trip, pause", "bare line"), base[1].clone(), ours(PAUSE), Some(2.3), None);
    for (other, most) in [("disruptor", 1.05), ("rtrb", 0.95)] {
        for (what, value) in [("round trip, spin", SPIN), ("round trip, pause", PAUSE)] {
            add(vs(what, other), of(processes, other, value), ours(value), Some(most), None);
        }
    }
    for other in ["rtrb", "disruptor", "ringbuf"] {
        let what = vs("batches of 64", other);
        add(what, of(processes, other, BATCHES), ours(BATCHES), None, Some(1.0));
    }
    bars
}

fn print(
    out: &mut impl Write,
    processes: &[RingProcess],
    rings: &[RingKind],
    bars: &[Bar],
    [first, second]: [usize; 2],
) -> Result<(), CliError> {
    let clock_ns = median(&processes.iter().map(|p| p.clock_cost_ns).collect::<Vec<_>>());
    writeln!(
        out,
        "messages of 56 bytes on lines of 64, rings of 1,024, between cores {first} and {second}; \
         {} processes each, in turns\nmedian [min - max] over processes; a round trip includes \
         one clock reading ({:.0} ns)\n",
        processes.len() / rings.len(),
        clock_ns.unwrap_or(0.0)
    )?;
    let mut table =
        plain_table(&["", "spin p50 ns", "p99", "pause p50 ns", "p99", "batches of 64, M/s"]);
    let cells = |values: Vec<f64>, unit: f64| {
        let (least, most) = values
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(a, b), value| (a.min(*value), b.max(*value)));
        let middle = median(&values).unwrap_or(0.0);
        format!("{:.0} [{:.0} - {:.0}]", middle / unit, least / unit, most / unit)
    };
    let all = |value: Value| processes.iter().map(value).collect::<Vec<f64>>();
    table.add_row([
        "bare cache line".to_owned(),
        cells(all(|p| p.bounce_spin_ns.p50 as f64), 1.0),
        cells(all(|p| p.bounce_spin_ns.p99 as f64), 1.0),
        cells(all(|p| p.bounce_pause_ns.p50 as f64), 1.0),
        cells(all(|p| p.bounce_pause_ns.p99 as f64), 1.0),
    ]);
    for name in rings.iter().map(|ring| ring.name()) {
        let of = |value: Value| of(processes, &name, value);
        table.add_row([
            name.clone(),
            cells(of(SPIN), 1.0),
            cells(of(|p| p.round_trip_spin_ns.p99 as f64), 1.0),
            cells(of(PAUSE), 1.0),
            cells(of(|p| p.round_trip_pause_ns.p99 as f64), 1.0),
            cells(of(BATCHES), 1e6),
        ]);
    }
    writeln!(out, "{table}\n")?;
    if processes.iter().any(|process| !process.pinned) {
        writeln!(out, "Not every thread could be pinned: expect more noise.")?;
    }
    let mut table = plain_table(&["ratio of medians", "95 % interval", "", "bar", ""]);
    for bar in bars {
        let of = bar.measured;
        let interval = of.ratio_low.zip(of.ratio_high);
        table.add_row([
            bar.what.clone(),
            interval.map_or_else(|| "one process".into(), |(l, h)| format!("[{l:.2} - {h:.2}]")),
            of.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            match (bar.at_most, bar.at_least) {
                (Some(most), _) => format!("at most {most}"),
                (_, least) => format!("at least {}", least.unwrap_or(0.0)),
            },
            if bar.met { "met" } else { "MISSED" }.to_owned(),
        ]);
    }
    Ok(writeln!(out, "{table}")?)
}

fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}
