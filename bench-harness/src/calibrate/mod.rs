//! A recorded order flow becomes a scenario of the laboratory.
//!
//! [`calibrate`] measures the record ([`measure`]), fits a flow to it ([`model`]) and writes that as
//! a scenario whose every number says what it was fitted from. Then it runs the scenario, measures
//! the run by the same code, and says how far the two are apart ([`goodness`]).
//!
//! The record is read as a stream, twice: first for the orders that rested before it began. Memory
//! is the orders that rest at once, samples of [`measure::SAMPLE_MAX`] orders, and the times of
//! arrivals, at most [`measure::TIMES_MAX`] of a kind; a longer record is read up to there.

mod book;
mod curve;
mod error;
pub mod goodness;
pub mod hawkes;
mod lives;
pub mod measure;
pub mod model;
mod pace;
mod record;
pub mod sample;
mod scenario_text;
pub mod tail;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

pub use error::CalibrateError;
use goodness::Goodness;
use hawkes::History;
use measure::Measured;
use model::Model;
use sample::Distribution;

use crate::feeds::{self, Format, OpenOptions};
use crate::scenario::order_flow::STREAMS;
use crate::scenario::{self, Scenario};
use crate::simulation::{self, Progress, RunOptions};

/// What is calibrated, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The record.
    pub file: PathBuf,
    /// Its format; told by the file if not given.
    pub format: Option<Format>,
    /// The instrument, where the file has several.
    pub instrument: Option<String>,
    /// Price step, in price units of the format; one cent if not given.
    pub tick: Option<NonZeroU32>,
    /// How long the run is watched; as long as the record if not given.
    pub seconds: Option<f64>,
}

/// A calibrated scenario before its run.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// What the record holds.
    pub recorded: Measured,
    /// What was fitted.
    pub model: Model,
    /// The scenario's file.
    pub text: String,
    /// The format that the record was read in.
    pub format: Format,
}

/// Measures a record and fits a scenario to it.
///
/// # Errors
///
/// A record that cannot be read, or that has too little to fit to.
pub fn calibrate(request: &Request) -> Result<Calibrated, CalibrateError> {
    let path = &request.file;
    feeds::twice(path, "a file, because a record is measured in two passes")?;
    let format = request.format.map_or_else(|| feeds::detect(path), Ok)?;
    let options = OpenOptions { instrument: request.instrument.clone() };
    let tick = request.tick.map_or(format.tick(), NonZeroU32::get);
    let before = record::before(feeds::open(path, format, &options)?.as_mut(), tick)?;
    let recorded = record::measure(feeds::open(path, format, &options)?.as_mut(), tick, &before)?;
    model::enough(&recorded, path)?;
    let model = model::fit(&recorded);
    let instrument = request.instrument.as_deref();
    let source = scenario_text::Source { path, format, instrument, tick };
    let seconds = request.seconds.unwrap_or(recorded.seconds);
    let text = scenario_text::text(source, &recorded, &model, seconds)?;
    Ok(Calibrated { recorded, model, text, format })
}

impl Calibrated {
    /// The scenario of the file; `name` is what messages call it.
    pub fn scenario(&self, name: &Path, seed: u64) -> Result<Scenario, CalibrateError> {
        Ok(scenario::from_text(&self.text, &name.to_string_lossy(), &[], Some(seed))?)
    }

    /// Runs a scenario and measures it as the record was measured.
    pub fn run(
        scenario: &Scenario,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Measured, CalibrateError> {
        let mut run = record::Run::new(scenario);
        let mut options = RunOptions {
            commands: Some(&mut run),
            progress: Some(progress),
            paired: false,
            ..RunOptions::default()
        };
        simulation::run(scenario, &mut options)?;
        Ok(run.finish())
    }

    /// How far a run is from the record.
    pub fn goodness(&self, synthetic: &Measured) -> Goodness {
        goodness::compare(&self.recorded, synthetic, &self.model)
    }
}

/// The share of limit orders that is cancelled by a time, in seconds (Kaplan and Meier).
pub fn life_curve(of: &Measured) -> Vec<(f64, f64)> {
    lives::cancelled(&of.orders)
}

/// Rescaled times of the record's orders that take: by the process of one memory, and by that of
/// the scenario.
pub fn residuals(calibrated: &Calibrated) -> [Distribution; 2] {
    let Calibrated { recorded, model, .. } = calibrated;
    let alone = History::new(&[recorded.takes_s()], recorded.seconds);
    let one = model.takes.hawkes.residuals(&alone).remove(0);
    let history = History::new(&recorded.times_s[..STREAMS], recorded.seconds);
    let [buys, sells] = [2, 3].map(|kind| model.residuals(&history, kind));
    let both = buys.values().iter().chain(sells.values());
    [one, Distribution::new(both.copied().collect())]
}
