//! The scenario as a file: every number with what it was fitted from.

use std::fmt::Write as _;
use std::path::Path;

use super::error::CalibrateError;
use super::measure::Measured;
use super::model::{Model, most};
use crate::feeds::Format;
use crate::scenario::order_flow::{Curve, OrderFlow, Stream};

/// Time before the watch begins, in which the book at the start becomes the flow's own.
pub(super) const WARMUP_MS: u64 = 60_000;
/// A day, the longest run.
const RUN_MS_MAX: u64 = 86_400_000;
/// Bounds of the engine's money and prices, less room for sums.
const MONEY_MAX: f64 = (1_u64 << 58) as f64;
const LOTS_MAX: u64 = (1 << 31) - 1;
const REFERENCE_MAX: f64 = ((1_u64 << 28) / 20) as f64;

/// Where a record comes from and in what units it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) format: Format,
    pub(super) instrument: Option<&'a str>,
    /// A tick, in price units of the format.
    pub(super) tick: u32,
}

/// The market's numbers.
struct Market {
    money_scale: u64,
    unit: u64,
    reference: u64,
    lots_max: u64,
    order_max: u64,
    deposit: u64,
    orders_max: u64,
    watched_ms: u64,
}

impl Market {
    /// When a shock would come: a quarter into the watched time.
    fn shock_ms(&self) -> u64 {
        WARMUP_MS + (self.watched_ms / 4).max(100)
    }
}

/// The file's text. `seconds` is how long the run is watched.
pub(super) fn text(
    source: Source<'_>,
    measured: &Measured,
    model: &Model,
    seconds: f64,
) -> Result<String, CalibrateError> {
    let beyond = |what: String| CalibrateError::Beyond { path: source.path.to_owned(), what };
    let reference = measured.mid_ticks.unwrap_or(0.0).round();
    if !(100.0..=REFERENCE_MAX).contains(&reference) {
        let what = format!(
            "its price is {reference} ticks, expected 100 to {REFERENCE_MAX}: choose another --tick"
        );
        return Err(beyond(what));
    }
    let watched_ms = super::curve::whole(seconds * 1e3).max(1);
    if WARMUP_MS + watched_ms > RUN_MS_MAX {
        let most = (RUN_MS_MAX - WARMUP_MS) / 1_000;
        return Err(beyond(format!(
            "it is {seconds:.0} s long, expected at most {most}: use --seconds"
        )));
    }
    let market = Market { watched_ms, ..market(source, measured, &model.flow, reference) };
    let mut text = head(source, measured, watched_ms);
    market_text(&mut text, source, measured, &market);
    people_text(&mut text, source, measured, &model.flow, &market);
    flow_text(&mut text, measured, model, &market);
    Ok(text)
}

fn market(source: Source<'_>, measured: &Measured, flow: &OrderFlow, reference: f64) -> Market {
    let units = f64::from(source.format.price_units());
    let lot = 1.0 / f64::from(source.format.lots_per_unit());
    // What a tick is worth in one lot, in the currency; money counts no coarser than that.
    let tick_value = f64::from(source.tick) / units * lot;
    let scale = (1.0 / tick_value).max(1e6).round();
    let unit = (scale * tick_value).round();
    let lots_max = (MONEY_MAX / (20.0 * reference * unit)).floor();
    let lots_max = super::curve::whole(lots_max).min(LOTS_MAX);
    let largest = flow.placements.iter().map(|placement| most(&placement.lots));
    let largest = largest.max().unwrap_or(1).max(most(&flow.take_lots));
    // Of everything that rests or is taken while the record goes on, several times over.
    let resting: f64 = measured.depth.lots.iter().sum::<f64>() * 2.0;
    let sizes = measured.sizes().mean().unwrap_or(1.0);
    let came = sizes * (measured.times_s[0].len() + measured.times_s[1].len()) as f64;
    let value = (resting + came) * reference * tick_value;
    let orders: f64 = measured.depth.orders.iter().sum();
    Market {
        watched_ms: 0,
        money_scale: super::curve::whole(scale),
        unit: super::curve::whole(unit),
        reference: super::curve::whole(reference),
        lots_max,
        order_max: (largest * 4).min(lots_max),
        deposit: super::curve::whole((value * 4.0).min(MONEY_MAX / scale / 8.0)).max(1),
        orders_max: super::curve::whole(orders * 16.0).next_power_of_two().clamp(1 << 16, 1 << 22),
    }
}

fn head(source: Source<'_>, measured: &Measured, watched_ms: u64) -> String {
    let file = source.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = file.unwrap_or_default();
    let of = source.instrument.map_or(String::new(), |name| format!(", {name}"));
    let name = "calibrated";
    let counts = measured.times_s.each_ref().map(Vec::len);
    let [limit_buys, limit_sells, market_buys, market_sells, bids, offers] = counts;
    let seconds = measured.seconds;
    let about = format!("order flow fitted to {file}{of}");
    let source_line = format!("seawall calibrate, from {file}{of} ({})", source.format.name());
    let duration_ms = WARMUP_MS + watched_ms;
    let mut text = format!(
        "# Order flow fitted by `seawall calibrate` to {file}{of}
# ({}, {seconds:.1} s: {limit_buys} limit buys, {limit_sells} limit sells, {market_buys} market buys,
# {market_sells} market sells, {bids} cancelled bids, {offers} cancelled offers).
#
# As it is, nobody is leveraged and nothing is sold: the calm market of the record. For a cascade in it, give it
# holders and a shock, for instance
#   seawall run THIS.toml --set holders.longs=2000 --set holders.shorts=500 --set shock.sell_lots=LOTS
# The price moves by the flow alone: nothing ties it to the index, so the mark is the book's.
base = \"flash-crash\"
",
        source.format.name(),
    );
    let quoted = |key: &str, value: &str| format!("{key} = {}\n", toml::Value::from(value));
    text += &quoted("name", name);
    text += &quoted("family", "calibrated");
    text += &quoted("about", &about);
    text += &quoted(
        "description",
        &format!("{about}. Add holders and a shock for a cascade in this market."),
    );
    text += &quoted("source", &source_line);
    text += "agents = [\"oracle\", \"flow\", \"shock\"]\n";
    let _ = write!(
        text,
        "
[clock]
# The book at the start becomes the flow's own; then as long as was asked for, or as the record.
warmup_ms = {WARMUP_MS}
duration_ms = {duration_ms}
"
    );
    text
}

fn market_text(text: &mut String, source: Source<'_>, measured: &Measured, market: &Market) {
    let Market { money_scale, unit, reference, lots_max, order_max, orders_max, .. } = market;
    let (tick, units) = (source.tick, source.format.price_units());
    let per_unit = source.format.lots_per_unit();
    let volatility = measured.volatility_bp;
    let shock_ms = market.shock_ms();
    let _ = write!(
        text,
        "
[market]
# A tick is {tick}/{units} of the currency, a lot 1/{per_unit} of the instrument's unit.
money_scale = {money_scale}
contract_unit = {unit}
# The record's first mid price.
reference_ticks = {reference}
# Four times the record's largest order; positions as large as the engine's money allows.
order_max_lots = {order_max}
position_max_lots = {lots_max}
orders_max = {orders_max}
market_band_ppm = 50_000

[latency]
# Recorded times are the exchange's own, and so are the flow's: nothing waits for the engine.
service_input_ns = 1_000
service_event_ns = 100

[index]
# Of the record's mid price over a second. Nobody listed in `agents` looks at the index; arbitrageurs would.
volatility_bp = {volatility:.4}

[mark]
book_weight_ppm = 1_000_000

[shock]
# Nothing yet. It would come a quarter into the watched time.
start_ms = {shock_ms}
sell_lots = 0
index_drop_bp = 0.0
"
    );
}

fn people_text(
    text: &mut String,
    source: Source<'_>,
    measured: &Measured,
    flow: &OrderFlow,
    market: &Market,
) {
    let per_unit = f64::from(source.format.lots_per_unit());
    let median = measured.takes.quantile(0.5).unwrap_or(1.0);
    let least = super::curve::whole(median).clamp(1, market.order_max);
    let largest = most(&flow.take_lots).clamp(least, market.order_max);
    let (deposit, shock_ms) = (market.deposit, market.shock_ms());
    let _ = write!(
        text,
        "
[holders]
# Nobody yet. Positions would be as large as the record's orders that took: from their median to their largest.
longs = 0
shorts = 0
size_min_lots = {least}
size_max_lots = {largest}

[makers]
# Not listed in `agents`: the flow fills the book.
count = 1
deposit_currency = 1
level_lots = 1
inventory_limit_lots = 1

[takers]
# Not listed either.
count = 1
deposit_currency = 1
size_min_lots = 1
size_max_lots = {least}

[background]
deposit_currency = {deposit}
# The record's own lots.
lots_per_unit = {per_unit:?}

[hunter]
start_ms = {shock_ms}
deposit_currency = {deposit}

[spoofer]
start_ms = {shock_ms}
deposit_currency = {deposit}

[arbitrageurs]
count = 1
deposit_currency = {deposit}
order_lots = {least}
"
    );
}

fn flow_text(text: &mut String, measured: &Measured, model: &Model, market: &Market) {
    let flow = &model.flow;
    let branching = flow.branching();
    let paces = model.paced.filter(|paced| paced.used).map_or(String::new(), |paced| {
        format!(
            "
# Each has a pace too: drawn gaps are KS {:.3} from the record's with paces and {:.3} without (mean over orders).",
            paced.distance_with, paced.distance_without
        )
    });
    let _ = write!(
        text,
        "
[flow]
deposit_currency = {}
gateway_ns = {}
ack_ns = {}
feed_ns = {}
# When orders come: a Hawkes process of four kinds, fitted by maximum likelihood to {} arrivals; its branching ratio
# is {branching:.3}. Each kind has a row for what limit buys, limit sells, market buys and market sells set off.{paces}
memory_us = {:?}
",
        market.deposit,
        flow.gateway_ns,
        flow.ack_ns,
        flow.feed_ns,
        measured.times_s[..4].iter().map(Vec::len).sum::<usize>(),
        flow.memory_us,
    );
    let _ = writeln!(text, "# Sizes of {} orders that took.", measured.takes.n());
    curve(text, "take_lots", &flow.take_lots);
    let _ = write!(
        text,
        "# The record's median spread.
spread_start_ticks = {}
# The median spread that limit orders met: the shares of placements below differ between narrow and wide.
spread_ticks = {:?}
# The record's mean book, each side, by distance from the best price: the book at the start.
depth = [
",
        flow.spread_start_ticks,
        flow.spread_ticks,
    );
    for row in &flow.depth {
        let (to, orders, lots) = (row.to_ticks, row.orders, row.lots);
        let _ = writeln!(text, "  {{ to_ticks = {to}, orders = {orders:?}, lots = {lots:?} }},");
    }
    *text += "]\n";
    let names = ["limit_buys", "limit_sells", "market_buys", "market_sells"];
    for ((name, stream), times) in names.iter().zip(flow.streams()).zip(&measured.times_s) {
        stream_text(text, name, stream, times.len() as f64 / measured.seconds);
    }
    for placement in &flow.placements {
        let _ = write!(text, "\n[[flow.placements]]\nshare_ppm = {:?}\n", placement.share_ppm);
        curve(text, "inside_ppm", &placement.inside_ppm);
        curve(text, "behind_ticks", &placement.behind_ticks);
        curve(text, "lots", &placement.lots);
        *text += "# Kaplan and Meier's share cancelled by then; executions and the record's end cut lives short.\n";
        curve(text, "life_us", &placement.life_us);
    }
}

fn stream_text(text: &mut String, name: &str, stream: &Stream, rate: f64) {
    let own = stream.own_per_second;
    let _ = write!(
        text,
        "\n[flow.{name}]\n# {rate:.4} a second in the record.\nown_per_second = {own:?}\n"
    );
    *text += "excited_ppm = [\n";
    for row in &stream.excited_ppm {
        let _ = writeln!(text, "  {row:?},");
    }
    *text += "]\n";
    if stream.pace.len() > 1 {
        *text += "# What the rate is multiplied with, by how long ago the last order of this kind came.\n";
    }
    curve(text, "pace", &stream.pace);
}

/// A curve, several pairs to a line.
fn curve(text: &mut String, key: &str, curve: &Curve) {
    const PER_LINE: usize = 8;
    if curve.len() <= PER_LINE / 2 {
        let _ = writeln!(text, "{key} = {curve:?}");
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for pairs in curve.chunks(PER_LINE) {
        let pairs: Vec<String> = pairs.iter().map(|pair| format!("{pair:?}")).collect();
        let _ = writeln!(text, "  {},", pairs.join(", "));
    }
    *text += "]\n";
}
