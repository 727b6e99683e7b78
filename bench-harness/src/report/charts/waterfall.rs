//! Where the forced quantity went, and who paid the loss: two waterfalls.

use plotly::common::Title;
use plotly::layout::{Axis, AxisRange};
use plotly::{Plot, Trace};
use serde::Serialize;

use super::{Chart, DataTable, colour};
use crate::measure::summary::Summary;
use crate::measure::tables::TimelineRow;
use crate::report::events::{Deleverages, Lots};
use crate::report::run_directory::SavedRun;
use crate::report::{downsample, numbers, story};

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

fn waterfall(steps: &[Step], rise: &'static str) -> Box<Waterfall> {
    let marker = |color| Direction { marker: Stroke { color, width: None } };
    Box::new(Waterfall {
        r#type: "waterfall",
        x: steps.iter().map(|step| step.label.to_owned()).collect(),
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
        increasing: marker(rise),
        decreasing: marker(colour::FUND),
        totals: marker(colour::FORCED),
    })
}

/// Room for every bar and for the numbers above and below them.
fn range(steps: &[Step]) -> AxisRange {
    let (mut end, mut low, mut high) = (0.0_f64, 0.0_f64, 0.0_f64);
    for step in steps {
        end = if step.is_total { step.value } else { end + step.value };
        low = low.min(end);
        high = high.max(end);
    }
    let span = if high > low { high - low } else { 1.0 };
    let falls = low < 0.0 || steps.iter().any(|step| step.value < 0.0);
    let below = if falls { 0.12 * span } else { 0.0 };
    AxisRange::new(low - below, high + 0.12 * span)
}

fn figure(steps: &[Step], unit: &str, rise: &'static str) -> Plot {
    let mut figure = Plot::new();
    figure.add_trace(waterfall(steps, rise));
    figure.set_layout(
        super::layout().x_axis(Axis::new().fixed_range(true)).y_axis(
            Axis::new().title(Title::with_text(unit)).fixed_range(true).range(range(steps)),
        ),
    );
    figure
}

/// What became of the triggered positions: book, fund, auto-deleveraging, and the rest.
pub(super) fn quantity(run: &SavedRun) -> Option<Chart> {
    if run.events.spans_ns.is_empty() {
        return None;
    }
    let Lots {
        triggered_lots: triggered,
        filled_lots: filled,
        taken_over_lots: taken_over,
        deleveraged_lots: deleveraged,
    } = run.events.lots;
    let kept = triggered.saturating_sub(filled + taken_over + deleveraged);
    let parts = [
        ("book", "filled in the book", filled),
        ("fund", "taken over by the insurance fund", taken_over),
        ("ADL", "closed by auto-deleveraging", deleveraged),
        ("kept", "recovered, or open at the end", kept),
        ("all", "triggered", triggered),
    ];
    let mut table = DataTable::new(&["where", "lots", "share"]);
    for (_, meaning, lots) in parts {
        let share = numbers::percent_or_none(downsample::ratio(lots, triggered));
        table.rows.push(vec![meaning.to_owned(), numbers::count(lots), share]);
    }
    let steps = parts.map(|(label, _, lots)| Step {
        label,
        value: lots as f64,
        text: numbers::compact(lots as f64),
        is_total: label == "all",
    });
    let caption = "Lots of all triggered positions: filled in the book, taken over by the insurance \
                   fund at the bankruptcy price, closed against profitable accounts, or kept because \
                   the account was healthy again. What of the fund's own lots was deleveraged later \
                   stands under the fund."
        .to_owned();
    Some(Chart {
        id: "quantity",
        title: "Where the positions went",
        caption,
        height_px: 360,
        is_narrow: true,
        figure: figure(&steps, "lots", colour::MARK).to_json(),
        table,
    })
}

/// How the loss arose, and who bore it: up to the whole loss, then down again payer by payer.
pub(super) fn payers(run: &SavedRun) -> Option<Chart> {
    let loss = Loss::of(run);
    if loss.deficit == 0 && loss.paid() == 0 {
        return None;
    }
    let money = story::currency(&run.summary);
    let parts = [
        ("at once", "loss beyond margin, at the mark of the disposal", loss.deficit, Kind::Rise),
        ("later", "price moves until the fund had unwound", loss.moved(), Kind::Rise),
        ("loss", "loss in all", loss.paid(), Kind::Total),
        ("fund", "paid by the insurance fund, from its own cash", loss.fund, Kind::Fall),
        ("ADL", "paid by deleveraged accounts, against the mark", loss.deleveraged, Kind::Fall),
        ("shared", "paid by everybody, socialised", loss.socialised, Kind::Fall),
    ];
    let mut table = DataTable::new(&["what", "amount"]);
    for (_, meaning, amount, _) in parts {
        table.rows.push(vec![meaning.to_owned(), money.full(amount)]);
    }
    let steps = parts.map(|(label, _, amount, kind)| Step {
        label,
        value: money.units(if kind == Kind::Fall { -amount } else { amount }),
        text: numbers::compact(money.units(amount)),
        is_total: kind == Kind::Total,
    });
    let caption = "How the loss arose: beyond the margin at the moment of disposal, and later, as the \
                   price moved until the fund had unwound. Then who bore it. Deleveraged accounts pay \
                   by closing at a price worse than the mark."
        .to_owned();
    Some(Chart {
        id: "payers",
        title: "Who paid",
        caption,
        height_px: 360,
        is_narrow: true,
        figure: figure(&steps, &run.summary.currency, colour::ADL).to_json(),
        table,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rise,
    Total,
    Fall,
}

/// The loss beyond margin and its bearers, in money units.
struct Loss {
    deficit: i64,
    fund: i64,
    deleveraged: i64,
    socialised: i64,
}

impl Loss {
    fn of(run: &SavedRun) -> Self {
        let liquidation = &run.summary.liquidation;
        Self {
            deficit: liquidation.deficit,
            // What everybody shared refills the fund; the rest it bore itself.
            fund: liquidation.insurance_paid.saturating_sub(liquidation.socialised),
            deleveraged: given_up(&run.summary, &run.tables.timeline, &run.events.deleverages),
            socialised: liquidation.socialised,
        }
    }

    fn paid(&self) -> i64 {
        self.fund.saturating_add(self.deleveraged).saturating_add(self.socialised)
    }

    /// What the price did between disposal and unwinding: positive made it dearer.
    fn moved(&self) -> i64 {
        self.paid().saturating_sub(self.deficit)
    }
}

/// What deleveraged accounts gave up against the mark of the moment, in money units. The value of
/// a tick and lot is taken from the notional, so it is exact for linear contracts.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a sum of money in f64 rounds far below a unit of the page"
)]
fn given_up(summary: &Summary, timeline: &[TimelineRow], adl: &[Deleverages]) -> i64 {
    let counted = &summary.liquidation.adl;
    if (counted.given, counted.needed) != (0, 0) {
        return counted.given;
    }
    // A run saved before that was counted: from the timeline.
    let notional: f64 = adl.iter().map(|point| point.value).sum();
    if notional == 0.0 {
        return 0;
    }
    let given_up: f64 = adl
        .iter()
        .map(|point| {
            let after = timeline.partition_point(|at| at.time_ns < point.time_ns);
            let mark = timeline.get(after).or(timeline.last());
            let at_mark =
                mark.map_or(point.value, |at| point.qty_lots as f64 * f64::from(at.mark_ticks));
            (point.value - at_mark).abs()
        })
        .sum();
    (given_up / notional * summary.liquidation.adl_notional as f64).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Manifest, fixture};

    #[test]
    fn payers_add_up_to_the_loss_and_its_later_moves() {
        let loss = Loss::of(&SavedRun {
            summary: fixture::summary(),
            tables: fixture::tables(),
            events: fixture::events(),
            manifest: Manifest::default(),
        });
        assert_eq!(loss.paid(), loss.deficit + loss.moved());
    }

    #[test]
    fn the_trace_is_the_librarys_own() {
        let step = |value, is_total| Step { label: "book", value, text: String::new(), is_total };
        let steps = [step(7.0, false), step(10.0, true)];
        let trace: serde_json::Value =
            serde_json::from_str(&waterfall(&steps, colour::MARK).to_json()).unwrap();
        assert_eq!(trace["type"], "waterfall");
        assert_eq!(trace["measure"], serde_json::json!(["relative", "absolute"]));
        assert_eq!(trace["y"], serde_json::json!([7.0, 10.0]));
    }
}
