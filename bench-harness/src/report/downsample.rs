//! Fewer points for the page: what no screen can show is left out, extremes never are.
//!
//! Each phase has its own number of buckets, so that a cascade of seconds in a run of minutes
//! keeps its shape when it is zoomed.

use crate::measure::tables::TimelineRow;

/// Rows of one phase, in at most so many chunks of equal length.
fn buckets(rows: &[TimelineRow], per_phase: [usize; 4]) -> impl Iterator<Item = &[TimelineRow]> {
    rows.chunk_by(|left, right| left.phase == right.phase).flat_map(move |phase| {
        let index = usize::try_from(phase[0].phase).map_or(3, |index| index.min(3));
        phase.chunks(phase.len().div_ceil(per_phase[index].max(1)))
    })
}

/// Levels such as prices and depths: of each bucket the rows with the lowest and the highest mark,
/// in time order, and the very last row of the run.
pub fn levels(rows: &[TimelineRow], per_phase: [usize; 4]) -> Vec<TimelineRow> {
    let mut kept = Vec::new();
    for bucket in buckets(rows, per_phase) {
        let by_mark = |&(_, row): &(usize, &TimelineRow)| row.mark_ticks;
        let low = bucket.iter().enumerate().min_by_key(by_mark);
        let high = bucket.iter().enumerate().max_by_key(by_mark);
        let (Some((low, _)), Some((high, _))) = (low, high) else { continue };
        kept.push(bucket[low.min(high)]);
        if low != high {
            kept.push(bucket[low.max(high)]);
        }
    }
    if let (Some(last), Some(end)) = (kept.last().copied(), rows.last())
        && last.time_ns != end.time_ns
    {
        kept.push(*end);
    }
    kept
}

/// Quantities summed over one bucket of the timeline.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    /// The bucket's first row.
    pub first: TimelineRow,
    /// Start of the bucket.
    pub start_ns: u64,
    /// Length of the bucket.
    pub length_ns: u64,
    /// Forced quantity submitted.
    pub forced_lots: u64,
    /// Forced quantity filled.
    pub forced_filled_lots: u64,
    /// Taker quantity submitted.
    pub taker_lots: u64,
    /// Taker quantity filled.
    pub taker_filled_lots: u64,
    /// Maker quantity submitted.
    pub maker_lots: u64,
    /// What of it filled within the horizon.
    pub maker_filled_lots: u64,
}

impl Flow {
    /// A quantity of the bucket as a rate.
    pub fn per_second(&self, quantity: u64) -> f64 {
        if self.length_ns == 0 { 0.0 } else { quantity as f64 / (self.length_ns as f64 / 1e9) }
    }
}

/// Flows: sums over each bucket.
pub fn flows(rows: &[TimelineRow], per_phase: [usize; 4]) -> Vec<Flow> {
    // A row holds what happened since the row before it; the first grid step stands in for the
    // interval before the first row.
    let step_ns = match rows {
        [first, second, ..] => second.time_ns.saturating_sub(first.time_ns),
        _ => 0,
    };
    buckets(rows, per_phase)
        .map(|bucket| {
            let (first, last) = (bucket[0], bucket[bucket.len() - 1]);
            let sum = |field: fn(&TimelineRow) -> u64| bucket.iter().map(field).sum();
            Flow {
                first,
                start_ns: first.time_ns.saturating_sub(step_ns),
                length_ns: last.time_ns.saturating_sub(first.time_ns) + step_ns,
                forced_lots: sum(|row| row.forced_lots),
                forced_filled_lots: sum(|row| row.forced_filled_lots),
                taker_lots: sum(|row| row.taker_lots),
                taker_filled_lots: sum(|row| row.taker_filled_lots),
                maker_lots: sum(|row| row.maker_lots),
                maker_filled_lots: sum(|row| row.maker_filled_lots),
            }
        })
        .collect()
}

/// The most positions that waited at one moment of each bucket, from trigger to flat. Bursts are
/// shorter than the timeline's grid, so they are counted from the triggers and ends of the
/// liquidations themselves.
pub fn waiting(spans_ns: &[(u64, u64)], buckets: &[Flow]) -> Vec<u64> {
    let mut changes: Vec<(u64, bool)> = Vec::with_capacity(2 * spans_ns.len());
    for (trigger_ns, end_ns) in spans_ns {
        changes.push((*trigger_ns, true));
        if *end_ns > 0 {
            changes.push((*end_ns, false));
        }
    }
    // At one instant entries come first: who is served at once has waited, if for no time.
    changes.sort_unstable_by_key(|&(time_ns, enters)| (time_ns, !enters));
    let mut changes = changes.into_iter().peekable();
    let mut now = 0_u64;
    let most = |flow: &Flow| {
        let end_ns = flow.start_ns + flow.length_ns;
        let mut most = now;
        while let Some((_, enters)) = changes.next_if(|&(time_ns, _)| time_ns < end_ns) {
            now = if enters { now + 1 } else { now.saturating_sub(1) };
            most = most.max(now);
        }
        most
    };
    buckets.iter().map(most).collect()
}

/// A ratio, where there is a denominator.
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn extremes_of_the_mark_survive() {
        let rows = fixture::tables().timeline;
        let kept = levels(&rows, [20, 20, 20, 20]);
        assert!(kept.len() <= 161, "{} rows kept", kept.len());
        let lowest = |rows: &[TimelineRow]| rows.iter().map(|row| row.mark_ticks).min();
        let highest = |rows: &[TimelineRow]| rows.iter().map(|row| row.mark_ticks).max();
        assert_eq!(lowest(&kept), lowest(&rows));
        assert_eq!(highest(&kept), highest(&rows));
        assert!(kept.windows(2).all(|pair| pair[0].time_ns < pair[1].time_ns));
        assert_eq!(kept.last().unwrap().time_ns, rows.last().unwrap().time_ns);
    }

    #[test]
    fn flows_lose_no_quantity() {
        let rows = fixture::tables().timeline;
        let forced = |rows: &[TimelineRow]| -> u64 { rows.iter().map(|row| row.forced_lots).sum() };
        let flows = flows(&rows, [7, 7, 7, 7]);
        assert_eq!(flows.iter().map(|flow| flow.forced_lots).sum::<u64>(), forced(&rows));
        let length: u64 = flows.iter().map(|flow| flow.length_ns).sum();
        assert_eq!(length, rows.len() as u64 * (rows[1].time_ns - rows[0].time_ns));
    }

    #[test]
    fn bursts_between_two_samples_are_counted() {
        let bucket = |start_ns| Flow { start_ns, length_ns: 100, ..Flow::default() };
        let rows = [(110, 120), (112, 250), (115, 115), (390, 0)];
        let buckets = [bucket(0), bucket(100), bucket(200), bucket(300), bucket(400)];
        assert_eq!(waiting(&rows, &buckets), [0, 3, 1, 1, 1]);
    }

    #[test]
    fn an_empty_timeline_gives_nothing() {
        assert!(levels(&[], [9; 4]).is_empty());
        assert!(flows(&[], [9; 4]).is_empty());
    }
}
