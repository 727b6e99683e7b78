//! From the finished runs of a plan to its dataset and summary, point by point: what is held at once
//! is a block of measures over the runs of one point, however many runs the plan has.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::ops::Range;

use super::dataset::{self, Texts};
use super::error::SweepError;
use super::plan::{Job, Plan};
use super::store::{Store, write_whole_with};
use crate::measure::summary::Summary;
use crate::report::ReportError;
use crate::report::comparison::COMPARED_POINTS;
use crate::study::bootstrap::Bootstrap;
use crate::study::comparison::{Block, Comparison, PointResult};
use crate::study::measures::{self, HEADLINES, Paths};

/// Values that a block holds: 32 MiB of them. Where a point has more, its runs are read again for the
/// measures that are left.
const BLOCK_VALUES: usize = 1 << 22;

/// Merges what is finished: writes the dataset and `sweep.json`, and returns what pages and the
/// terminal show of that: beyond the first [`COMPARED_POINTS`] points headline measures only.
pub fn merge(plan: &Plan, store: &Store) -> Result<Comparison, SweepError> {
    merge_by(plan, store, BLOCK_VALUES)
}

fn merge_by(plan: &Plan, store: &Store, block_values: usize) -> Result<Comparison, SweepError> {
    let (finished, paths) = survey(plan, store)?;
    let directory = store.path().join("dataset");
    // Points of a former plan are no part of this one's dataset.
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(|source| ReportError::write(&directory, &source))?;
    }
    let mut comparison = Comparison::new(&plan.name, &plan.seeds);
    comparison.missing = finished.iter().filter(|finished| !**finished).count();
    let keys: BTreeSet<&String> =
        plan.points.iter().flat_map(|point| &point.settings).map(|(key, _)| key).collect();
    let layout = dataset::Layout {
        directory: &directory,
        keys: &keys.into_iter().cloned().collect::<Vec<_>>(),
        paths: &paths,
    };
    let mut merging = Merging { plan, store, finished, layout, block_values, baseline: None };
    let path = store.path().join("sweep.json");
    write_whole_with(&path, |out| {
        let put = |out: &mut dyn Write, text: &str| {
            out.write_all(text.as_bytes()).map_err(|source| ReportError::write(&path, &source))
        };
        let head = pretty(&comparison);
        let head = head.strip_suffix("[]\n}").expect("the points come last and there are none");
        put(out, head)?;
        let mut bootstrap = Bootstrap::new();
        for number in 0..plan.points.len() {
            let result = merging.point(number, &mut bootstrap)?;
            // As the whole would have it, two levels in.
            let text = pretty(&result).replace('\n', "\n    ");
            put(out, if number == 0 { "[\n    " } else { ",\n    " })?;
            put(out, &text)?;
            comparison.points.push(shown(result, number));
        }
        put(out, "\n  ]\n}\n")?;
        Ok(())
    })?;
    Ok(comparison)
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("a comparison is plain data")
}

/// What is shown of a point.
fn shown(mut result: PointResult, number: usize) -> PointResult {
    if number >= COMPARED_POINTS {
        let is_headline = |path: &String| HEADLINES.iter().any(|headline| headline.path == path);
        result.measures.retain(|path, _| is_headline(path));
        result.differences.retain(|path, _| is_headline(path));
    }
    result
}

/// Which runs are finished, point by point, and the measures that any of them has.
fn survey(plan: &Plan, store: &Store) -> Result<(Vec<bool>, Vec<String>), SweepError> {
    let mut finished = Vec::with_capacity(plan.points.len() * plan.seeds.len());
    let mut paths = Paths::default();
    for point in 0..plan.points.len() {
        for seed in &plan.seeds {
            let summary = store.get(plan, Job { point, seed: *seed })?;
            finished.push(summary.is_some());
            if let Some(summary) = summary {
                paths.see(&measures::of(&summary));
            }
        }
    }
    Ok((finished, paths.finish()))
}

struct Merging<'a> {
    plan: &'a Plan,
    store: &'a Store,
    /// By point and seed: a run that is finished meanwhile is not taken in.
    finished: Vec<bool>,
    layout: dataset::Layout<'a>,
    block_values: usize,
    /// The first point's measures, if one block holds them all.
    baseline: Option<Block>,
}

impl Merging<'_> {
    /// Writes a point's file and compares it with the first.
    fn point(
        &mut self,
        number: usize,
        bootstrap: &mut Bootstrap,
    ) -> Result<PointResult, SweepError> {
        let point = &self.plan.points[number];
        let runs = self.seeds(number).count();
        let mut result = PointResult::new(point, runs);
        let (layout, measures) = (self.layout, self.layout.paths.len());
        let widest = runs.max(self.seeds(0).count()).max(1);
        let width = (self.block_values / widest).clamp(1, measures.max(1));
        let (texts, first) = self.read(number, 0..width.min(measures))?;
        let mut first = Some(first);
        let mut next = 0;
        let blocks = || -> Result<Option<Block>, SweepError> {
            if next == measures {
                return Ok(None);
            }
            let range = next..(next + width).min(measures);
            next = range.end;
            let block = match first.take() {
                Some(first) => first,
                None => self.read(number, range.clone())?.1,
            };
            self.compare(&mut result, &block, range, number, bootstrap)?;
            Ok(Some(block))
        };
        layout.write(number, point, &texts, blocks)?;
        Ok(result)
    }

    fn compare(
        &mut self,
        result: &mut PointResult,
        block: &Block,
        range: Range<usize>,
        number: usize,
        bootstrap: &mut Bootstrap,
    ) -> Result<(), SweepError> {
        let paths = &self.layout.paths[range.clone()];
        let is_whole = range == (0..self.layout.paths.len());
        if number == 0 {
            result.add(paths, block, block, bootstrap);
            if is_whole {
                self.baseline = Some(block.clone());
            }
        } else if let Some(baseline) = self.baseline.as_ref().filter(|_| is_whole) {
            result.add(paths, block, baseline, bootstrap);
        } else {
            result.add(paths, block, &self.read(0, range)?.1, bootstrap);
        }
        Ok(())
    }

    /// Seeds of a point's finished runs.
    fn seeds(&self, point: usize) -> impl Iterator<Item = u64> {
        let seeds = &self.plan.seeds;
        let finished = &self.finished[point * seeds.len()..][..seeds.len()];
        seeds.iter().zip(finished).filter(|(_, finished)| **finished).map(|(seed, _)| *seed)
    }

    fn run(&self, point: usize, seed: u64) -> Result<Summary, SweepError> {
        let job = Job { point, seed };
        let gone = || SweepError::Gone { path: self.store.result_path(self.plan, job) };
        self.store.get(self.plan, job)?.ok_or_else(gone)
    }

    /// What a point's runs have besides measures, and some measures.
    fn read(&self, point: usize, range: Range<usize>) -> Result<(Texts, Block), SweepError> {
        let paths = &self.layout.paths[range];
        let (mut texts, mut block) = (Texts::default(), Block::new(paths.len()));
        for seed in self.seeds(point) {
            let run = self.run(point, seed)?;
            block.push(&measures::of(&run), seed, paths);
            texts.push(seed, run.events_hash, run.state_hash);
        }
        Ok((texts, block))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::study::comparison::compare;

    fn plan(place: &Path) -> Plan {
        let path = place.join("plan.toml");
        let text = "seeds = 9\n[grid]\n\"liquidation.discipline\" = [\"strict\", \"fifo\"]\n\
                    [[list]]\n\"liquidation.enabled\" = false\n";
        fs::write(&path, text).unwrap();
        Plan::load(&path).unwrap()
    }

    /// Some runs are missing, and some have no value of a measure or a phase.
    fn fill(plan: &Plan, store: &Store) -> Vec<Vec<Summary>> {
        let run = |job: Job| {
            let at = job.seed * 7 + job.point as u64;
            let mut summary = Summary { seed: job.seed, ..Summary::default() };
            summary.events_hash = format!("{at:032x}");
            summary.commands = at * at % 31;
            summary.liquidation.accounts_closed = at % 5;
            summary.market.amplification = (!at.is_multiple_of(3)).then_some(at as f64 / 8.0);
            (!(job.seed + job.point as u64).is_multiple_of(4)).then_some(summary)
        };
        let of_point = |point| {
            let runs = plan.seeds.iter().filter_map(|seed| {
                let job = Job { point, seed: *seed };
                run(job).inspect(|summary| store.put(plan, job, summary).unwrap())
            });
            runs.collect()
        };
        (0..plan.points.len()).map(of_point).collect()
    }

    fn written(store: &Store) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = (0..3).map(|point| format!("dataset/point={point:05}/runs.parquet"));
        let files = files.chain(["sweep.json".to_owned()]).map(|name| store.path().join(name));
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    #[test]
    fn a_merge_in_small_blocks_is_the_merge_of_the_whole() {
        let place = tempfile::tempdir().unwrap();
        let plan = plan(place.path());
        let store = Store::open(&place.path().join("out"), "test").unwrap();
        let runs = fill(&plan, &store);
        let whole = merge(&plan, &store).unwrap();
        let files = written(&store);
        for values in [1, 20, 100] {
            assert_eq!(merge_by(&plan, &store, values).unwrap(), whole);
            assert!(written(&store) == files, "in blocks of {values} values");
        }
        let at_once = compare(&plan.name, &plan.seeds, &plan.points, &runs);
        assert_eq!(whole, at_once, "of so few points everything is shown");
        let text = fs::read_to_string(store.path().join("sweep.json")).unwrap();
        assert_eq!(text, pretty(&at_once) + "\n");
        assert!(at_once.missing > 0 && at_once.points[1].differences.len() > 3);
    }

    #[test]
    fn a_point_beyond_those_compared_keeps_its_headlines() {
        let mut result = PointResult::default();
        for path in ["commands", "liquidation.deficit"] {
            let mean = Bootstrap::new().mean(&[1.0, 2.0]).unwrap();
            result.measures.insert(path.to_owned(), mean);
        }
        assert_eq!(shown(result.clone(), COMPARED_POINTS - 1), result);
        let kept: Vec<_> = shown(result, COMPARED_POINTS).measures.into_keys().collect();
        assert_eq!(kept, ["liquidation.deficit"]);
    }
}
