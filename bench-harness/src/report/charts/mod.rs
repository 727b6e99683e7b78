//! The pictures of a run: figures for the page's plotting library, each with the table beside it.
//!
//! A figure carries no theme: colours of text, grid and background come from the page, so that
//! light, dark and print share one figure. Series colours are chosen to be read on all three.

mod changes;
mod fills;
mod fund;
mod markets;
mod percentiles;
mod points;
mod queue;
mod timeline;
mod waterfall;

pub(crate) use fills::flows as flow_fill_rates;
pub(super) use markets::table as markets_table;
pub(super) use points::charts as points;
pub(super) use queue::{
    cell as theory_cell, charts as queue_charts, trajectory as queue_trajectory,
};

use plotly::Layout;
use plotly::common::{Anchor, Font, Title};
use plotly::layout::{Annotation, Axis, HoverMode, Margin};

use super::run_directory::SavedRun;

/// A figure and what stands beside it.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Element id, stable between pages.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// How to read it, and what it says, in a sentence or two.
    pub caption: String,
    /// Height on the page, in pixels.
    pub height_px: u32,
    /// Two charts of this kind may stand side by side where there is room.
    pub is_narrow: bool,
    /// The figure, in the plotting library's JSON.
    pub figure: String,
    /// The same in numbers.
    pub table: DataTable,
}

/// A table of formatted numbers.
#[derive(Clone, Debug, Default)]
pub struct DataTable {
    /// Column names.
    pub header: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<String>>,
}

impl DataTable {
    /// Without rows yet.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }
}

/// All charts of a run, in reading order; a chart without data is left out.
pub fn all(run: &SavedRun) -> Vec<Chart> {
    let charts = [
        timeline::chart(run),
        markets::chart(run),
        waterfall::quantity(run),
        waterfall::payers(run),
        percentiles::order_to_ack(run),
        percentiles::order_to_fill(run),
        fills::chart(run),
        fund::chart(run),
    ];
    charts.into_iter().flatten().collect()
}

/// Colours of series, readable on white and on near-black.
pub(super) mod colour {
    pub(in crate::report) const MARK: &str = "#3b7ddd";
    pub(in crate::report) const INDEX: &str = "#8c939d";
    pub(super) const SPREAD: &str = "rgba(59,125,221,0.22)";
    pub(in crate::report) const BID: &str = "#1f9d6b";
    pub(in crate::report) const ASK: &str = "#c4741a";
    pub(in crate::report) const MAKER: &str = "#1f9d6b";
    pub(in crate::report) const TAKER: &str = "#3b7ddd";
    pub(in crate::report) const FORCED: &str = "#d6453d";
    pub(super) const FORCED_FAINT: &str = "rgba(214,69,61,0.25)";
    pub(super) const FUND: &str = "#8a63d2";
    pub(super) const ADL: &str = "#c4741a";
    pub(super) const SHARED: &str = "#8c939d";
    pub(super) const PHASES: [&str; 4] = [
        "rgba(140,147,157,0.00)",
        "rgba(214,160,40,0.13)",
        "rgba(214,69,61,0.13)",
        "rgba(31,157,107,0.09)",
    ];
}

/// The colour of a flow, the same in every chart.
fn flow_colour(flow: &str) -> &'static str {
    match flow {
        "maker" => colour::MAKER,
        "taker" => colour::TAKER,
        _ => colour::FORCED,
    }
}

/// Seconds of virtual time, to the microsecond: more digits only make the page longer.
fn seconds(time_ns: u64) -> f64 {
    (time_ns / 1_000) as f64 / 1e6
}

/// Room for the labels of the left axis.
const LEFT_PX: f64 = 60.0;

pub(super) fn layout() -> Layout {
    Layout::new()
        .auto_size(true)
        .margin(Margin::new().left(60).right(16).top(28).bottom(48))
        .hover_mode(HoverMode::X)
        .paper_background_color("rgba(0,0,0,0)")
        .plot_background_color("rgba(0,0,0,0)")
        .show_legend(false)
}

/// An axis of a panel in a stack of panels that share the time axis.
fn panel_axis(domain: &[f64; 2]) -> Axis {
    Axis::new().domain(domain).anchor("x").fixed_range(true).zero_line(false).n_ticks(5)
}

fn time_axis() -> Axis {
    Axis::new()
        .title(Title::with_text("virtual time (s)"))
        .zero_line(false)
        .show_spikes(true)
        .spike_mode(plotly::layout::SpikeMode::Across)
        .spike_thickness(1)
}

/// A heading inside the figure, at the left of a panel whose top is at `top` of the paper.
/// Names of series stand in their colours, so that no legend is needed.
pub(super) fn panel_title(top: f64, text: &str) -> Annotation {
    Annotation::new()
        .text(text)
        .x_ref("paper")
        .y_ref("paper")
        .x(0.0)
        .x_shift(-LEFT_PX)
        .y(top)
        .x_anchor(Anchor::Left)
        .y_anchor(Anchor::Bottom)
        .show_arrow(false)
        .font(Font::new().size(13))
}

/// A word in a series' colour.
pub(super) fn key(text: &str, colour: &str) -> String {
    format!("<span style=\"color:{colour}\"><b>{text}</b></span>")
}
