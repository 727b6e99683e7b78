//! The four phases of a run (rule 8 of the house), found on the timeline's grid.

use core::ops::Range;

use super::summary::{Phase, Phases};
use super::tables::TimelineRow;

/// Part of the forced quantity that the peak holds, in hundredths.
const PEAK_PERCENT: u64 = 80;

/// The rows of each phase; an empty range where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhaseRows {
    /// Before the shock.
    pub calm: Range<usize>,
    /// From the shock to the peak. Without forced quantity: while the shock lasts.
    pub onset: Range<usize>,
    /// The shortest interval that holds 80 % of the forced quantity.
    pub peak: Range<usize>,
    /// After it. Without forced quantity: after the shock.
    pub recovery: Range<usize>,
}

impl PhaseRows {
    /// Finds the phases of `timeline`, whose row `n` ends the `n`-th interval of the grid. The
    /// shock starts and ends with the rows `shock` (empty if there is none).
    pub fn find(timeline: &[TimelineRow], shock: Range<usize>) -> Self {
        let end = timeline.len();
        let start = shock.start.min(end);
        let calm = 0..start;
        let Some(peak) = shortest_peak(timeline, start) else {
            let onset = start..shock.end.clamp(start, end);
            return Self { calm, recovery: onset.end..end, onset, peak: 0..0 };
        };
        Self { calm, onset: start..peak.start, recovery: peak.end..end, peak }
    }

    /// The phase number of a row: 0 calm, 1 onset, 2 peak, 3 recovery.
    pub fn number(&self, row: usize) -> u32 {
        match row {
            row if self.calm.contains(&row) => 0,
            row if self.onset.contains(&row) => 1,
            row if self.peak.contains(&row) => 2,
            _ => 3,
        }
    }

    /// The phases as the summary has them. `marks` are times and marks in order; rows are
    /// `sample_ns` long and the first one starts at `start_ns`.
    pub fn summarise(
        &self,
        timeline: &[TimelineRow],
        marks: &[(u64, u32)],
        start_ns: u64,
        sample_ns: u64,
    ) -> Phases {
        let phase = |rows: &Range<usize>| {
            let first = timeline.get(rows.clone())?.first()?;
            let start_ns = (first.time_ns - sample_ns).max(start_ns);
            let end_ns = timeline[rows.end - 1].time_ns;
            Some(describe(&timeline[rows.clone()], marks, start_ns..end_ns))
        };
        Phases {
            calm: phase(&self.calm),
            onset: phase(&self.onset),
            peak: phase(&self.peak),
            recovery: phase(&self.recovery),
        }
    }
}

fn describe(rows: &[TimelineRow], marks: &[(u64, u32)], time: Range<u64>) -> Phase {
    let until = |time_ns: u64| marks.partition_point(|(at, _)| *at <= time_ns);
    let mark_at = |time_ns: u64| until(time_ns).checked_sub(1).map_or(0, |place| marks[place].1);
    let inside = &marks[until(time.start)..until(time.end)];
    let first = inside.first().map_or(0, |(_, mark)| *mark);
    let mark_start = Some(mark_at(time.start)).filter(|mark| *mark > 0).unwrap_or(first);
    let low = inside.iter().map(|(_, mark)| *mark).min().unwrap_or(mark_start);
    Phase {
        start_ns: time.start,
        end_ns: time.end,
        mark_start,
        mark_end: mark_at(time.end),
        mark_low: low.min(mark_start),
        commands: rows.iter().map(|row| row.commands).sum(),
        traded_qty: rows.iter().map(|row| row.traded_lots).sum(),
        forced_qty: rows.iter().map(|row| row.forced_lots).sum(),
    }
}

/// The shortest run of rows, from `start` on, that holds the peak's part of the forced quantity;
/// the earliest of several. `None` without forced quantity.
fn shortest_peak(timeline: &[TimelineRow], start: usize) -> Option<Range<usize>> {
    let total: u64 = timeline[start..].iter().map(|row| row.forced_lots).sum();
    let wanted = (total * PEAK_PERCENT).div_ceil(100);
    if total == 0 {
        return None;
    }
    let mut best: Option<Range<usize>> = None;
    let (mut first, mut held) = (start, 0);
    for (last, row) in timeline.iter().enumerate().skip(start) {
        held += row.forced_lots;
        while held - timeline[first].forced_lots >= wanted {
            held -= timeline[first].forced_lots;
            first += 1;
        }
        let shorter = best.as_ref().is_none_or(|range| last + 1 - first < range.len());
        if held >= wanted && shorter {
            best = Some(first..last + 1);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(forced: &[u64]) -> Vec<TimelineRow> {
        let row = |(n, lots): (u64, &u64)| TimelineRow {
            time_ns: (n + 1) * 10,
            forced_lots: *lots,
            ..TimelineRow::default()
        };
        (0..).zip(forced).map(row).collect()
    }

    #[test]
    fn the_peak_is_the_shortest_interval_with_four_fifths() {
        let timeline = rows(&[0, 0, 1, 0, 3, 5, 0, 0, 1, 0]);
        let phases = PhaseRows::find(&timeline, 2..4);
        assert_eq!(phases.calm, 0..2);
        assert_eq!(phases.onset, 2..4);
        assert_eq!(phases.peak, 4..6);
        assert_eq!(phases.recovery, 6..10);
        assert_eq!([0, 3, 5, 9].map(|row| phases.number(row)), [0, 1, 2, 3]);
    }

    #[test]
    fn without_forced_quantity_there_is_no_peak() {
        let timeline = rows(&[0; 6]);
        let phases = PhaseRows::find(&timeline, 2..4);
        assert_eq!((phases.onset.clone(), phases.recovery.clone()), (2..4, 4..6));
        let summary = phases.summarise(&timeline, &[(5, 100)], 0, 10);
        assert!(summary.peak.is_none());
        assert_eq!(summary.recovery.map(|phase| (phase.start_ns, phase.end_ns)), Some((40, 60)));
        assert_eq!(summary.calm.map(|phase| phase.mark_start), Some(100));
    }
}
