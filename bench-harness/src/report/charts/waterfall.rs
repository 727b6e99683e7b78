//! Where the forced quantity went, and who paid the loss: two waterfalls.

use plotly::common::Title;
use plotly::layout::Axis;
use plotly::{Plot, Trace};
use serde::Serialize;

use super::{Chart, DataTable, colour};
use crate::measure::summary::Summary;
use crate::measure::tables::Tables;
use crate::report::run_directory::SavedRun;
use crate::report::{numbers, story};

/// The plotting library's waterfall trace, which its Rust types do not cover.
#[derive(Clone, Debug, Serialize)]
struct Waterfall {
    r#type: &'static str,
    x: Vec<String>,
    y: Vec<f64>,
    measure: Vec<&'static str>,
    text: Vec<String>,
    textposition: &'static str,
    hoverinfo: &'static str,
    cliponaxis: bool,
    connector: Connector,
    increasing: Direction,
    decreasing: Direction,
    totals: Direction,
}

#[derive(Clone, Debug, Serialize)]
struct Connector {
    line: Stroke,
}

#[derive(Clone, Debug, Serialize)]
struct Direction {
    marker: Stroke,
}

#[derive(Clone, Debug, Serialize)]
struct Stroke {
    color: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<f64>,
}

impl Trace for Waterfall {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

/// One bar: a total that stands on the axis, or a step from where the last one ended.
struct Step {
    label: &'static str,
    value: f64,
    text: String,
    is_total: bool,
}

fn waterfall(steps: &[Step]) -> Box<Waterfall> {
    let marker = |color| Direction { marker: Stroke { color, width: None } };
    Box::new(Waterfall {
        r#type: "waterfall",
        x: steps.iter().map(|step| step.label.replace(' ', "<br>")).collect(),
        y: steps.iter().map(|step| step.value).collect(),
        measure: steps
            .iter()
            .map(|step| if step.is_total { "absolute" } else { "relative" })
            .collect(),
        text: steps.iter().map(|step| step.text.clone()).collect(),
        textposition: "outside",
        hoverinfo: "text",
        cliponaxis: false,
        connector: Connector { line: Stroke { color: colour::SHARED, width: Some(1.0) } },
        increasing: marker(colour::ADL),
        decreasing: marker(colour::FUND),
        totals: marker(colour::FORCED),
    })
}

fn figure(steps: &[Step], unit: &str) -> Plot {
    let mut figure = Plot::new();
    figure.add_trace(waterfall(steps));
    figure.set_layout(
        super::layout().x_axis(Axis::new().fixed_range(true)).y_axis(
            Axis::new()
                .title(Title::with_text(unit))
                .fixed_range(true)
                .range_mode(plotly::layout::RangeMode::ToZero),
        ),
    );
    figure
}

/// From the triggered positions to what remained: book, fund, auto-deleveraging.
pub(super) fn quantity(run: &SavedRun) -> Option<Chart> {
    let rows = &run.tables.liquidations;
    if rows.is_empty() {
        return None;
    }
    let sum = |field: fn(&crate::measure::tables::LiquidationRow) -> u64| -> u64 {
        rows.iter().map(field).sum()
    };
    let triggered = sum(|row| row.qty_lots);
    let parts = [
        ("filled in the book", sum(|row| row.filled_lots)),
        ("taken over by the fund", sum(|row| row.taken_over_lots)),
        ("closed by ADL", sum(|row| row.deleveraged_lots)),
    ];
    let disposed: u64 = parts.iter().map(|(_, lots)| lots).sum();
    let kept = triggered.saturating_sub(disposed);
    let mut steps = vec![total("triggered", triggered)];
    steps.extend(parts.map(|(label, lots)| minus(label, lots)));
    steps.push(total("kept or still open", kept));
    let mut table = DataTable::new(&["where", "lots", "share"]);
    for (label, lots) in
        [("triggered", triggered)].into_iter().chain(parts).chain([("kept or still open", kept)])
    {
        let share = numbers::percent_or_none(crate::report::downsample::ratio(lots, triggered));
        table.rows.push(vec![label.to_owned(), numbers::count(lots), share]);
    }
    let caption = "Positions that were triggered, in lots: what the book took, what the insurance \
                   fund took over at the bankruptcy price, what was closed against profitable \
                   accounts."
        .to_owned();
    Some(Chart {
        id: "quantity",
        title: "Where the positions went",
        caption,
        height_px: 380,
        is_narrow: true,
        figure: figure(&steps, "lots").to_json(),
        table,
    })
}

fn total(label: &'static str, lots: u64) -> Step {
    Step { label, value: lots as f64, text: numbers::compact(lots as f64), is_total: true }
}

fn minus(label: &'static str, lots: u64) -> Step {
    let value = -(lots as f64);
    Step { label, value, text: numbers::compact(lots as f64), is_total: false }
}

/// From the loss beyond margin to those who paid it.
pub(super) fn payers(run: &SavedRun) -> Option<Chart> {
    let loss = Loss::of(&run.summary, &run.tables);
    if loss.deficit == 0 && loss.fund == 0 && loss.socialised == 0 && loss.deleveraged == 0 {
        return None;
    }
    let money = story::currency(&run.summary);
    let amounts = [
        ("later price moves", -loss.moved()),
        ("insurance fund", loss.fund),
        ("ADL winners", loss.deleveraged),
        ("everybody else", loss.socialised),
    ];
    let step = |label, amount: i64, is_total| Step {
        label,
        value: money.units(if is_total { amount } else { -amount }),
        text: numbers::compact(money.units(amount.abs())),
        is_total,
    };
    let mut steps = vec![step("loss beyond margin", loss.deficit, true)];
    steps.extend(amounts.map(|(label, amount)| step(label, amount, false)));
    let mut table = DataTable::new(&["who", "amount"]);
    table.rows.push(vec!["loss beyond margin".to_owned(), money.full(loss.deficit)]);
    table.rows.push(vec!["later price moves".to_owned(), money.full(loss.moved())]);
    let payers = &amounts[1..];
    table
        .rows
        .extend(payers.iter().map(|&(label, amount)| vec![label.to_owned(), money.full(amount)]));
    let caption = "The loss the liquidated margins did not cover, at the mark when each position was \
                   disposed of; how the price moved until the fund had unwound; and who bore it. ADL \
                   winners pay by closing at a price worse than the mark. Fees the fund took in are \
                   not netted."
        .to_owned();
    Some(Chart {
        id: "payers",
        title: "Who paid",
        caption,
        height_px: 380,
        is_narrow: true,
        figure: figure(&steps, &run.summary.currency).to_json(),
        table,
    })
}

/// The loss beyond margin and its bearers, in money units.
struct Loss {
    deficit: i64,
    fund: i64,
    deleveraged: i64,
    socialised: i64,
}

impl Loss {
    fn of(summary: &Summary, tables: &Tables) -> Self {
        let liquidation = &summary.liquidation;
        Self {
            deficit: liquidation.deficit,
            // What everybody shared refills the fund; the rest it bore itself.
            fund: liquidation.insurance_paid.saturating_sub(liquidation.socialised),
            deleveraged: given_up(summary, tables),
            socialised: liquidation.socialised,
        }
    }

    /// What the price did between disposal and unwinding: positive made it dearer.
    fn moved(&self) -> i64 {
        self.fund
            .saturating_add(self.deleveraged)
            .saturating_add(self.socialised)
            .saturating_sub(self.deficit)
    }
}

/// What deleveraged accounts gave up against the mark of the moment, in money units. The value of
/// a tick and lot is taken from the notional, so it is exact for linear contracts.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a sum of money in f64 rounds far below a unit of the page"
)]
fn given_up(summary: &Summary, tables: &Tables) -> i64 {
    let notional: f64 =
        tables.deleverages.iter().map(|row| row.qty_lots as f64 * f64::from(row.price_ticks)).sum();
    if notional == 0.0 {
        return 0;
    }
    let given_up: f64 = tables
        .deleverages
        .iter()
        .map(|row| {
            let after = tables.timeline.partition_point(|at| at.time_ns < row.time_ns);
            let mark = tables.timeline.get(after).or(tables.timeline.last());
            let mark = mark.map_or(row.price_ticks, |at| at.mark_ticks);
            row.qty_lots as f64 * (f64::from(row.price_ticks) - f64::from(mark)).abs()
        })
        .sum();
    (given_up / notional * summary.liquidation.adl_notional as f64).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn payers_add_up_to_the_loss_and_its_later_moves() {
        let loss = Loss::of(&fixture::summary(), &fixture::tables());
        let paid = loss.fund + loss.deleveraged + loss.socialised;
        assert_eq!(paid, loss.deficit + loss.moved());
    }

    #[test]
    fn the_trace_is_the_librarys_own() {
        let steps = [total("triggered", 10), minus("filled in the book", 7)];
        let trace: serde_json::Value = serde_json::from_str(&waterfall(&steps).to_json()).unwrap();
        assert_eq!(trace["type"], "waterfall");
        assert_eq!(trace["measure"], serde_json::json!(["absolute", "relative"]));
        assert_eq!(trace["y"], serde_json::json!([10.0, -7.0]));
    }
}
