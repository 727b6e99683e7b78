//! Probes by place: fills, mark-outs, worth.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CONFIDENCE, Clusters, Measured, PHASES, flow_name};
use crate::study::queue::observation::{Observation, end};
use crate::study::statistics::Proportion;

/// Probes of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Phase at the choice.
    pub phase: &'static str,
    /// `absorbing`: the side that forced orders hit; `other`.
    pub flow: &'static str,
    /// Place of the price, 0 the best; `null` for all levels together.
    pub level: Option<u32>,
    /// Place in the queue in hundredths, or the least of the lots ahead in this bin.
    pub place: u64,
    /// Observed probes.
    pub n: u64,
    /// Probes that were not observed, because their level held no queue; in no other number.
    pub not_observed: u64,
    /// Share that filled within the horizon; `null` if fewer than two seeds saw any.
    pub fill: Option<Measured>,
    /// Share that filled within a second.
    pub fill_1s: Option<Measured>,
    /// Wilson's interval of the share within the horizon, as if probes were independent; `null`
    /// without an observed probe, as are all shares and means.
    pub fill_wilson: Option<[f64; 2]>,
    /// Share whose price moved away first.
    pub moved_away: f64,
    /// Share whose price was crossed: not known.
    pub crossed: f64,
    /// Share still waiting at the horizon.
    pub waiting: f64,
    /// Share that left by their owner's wish, or because the owner was liquidated: orders of the
    /// market only.
    pub cancelled: f64,
    /// Mean lots ahead at the start.
    pub lots_ahead: f64,
    /// Mark-out of the fills after 1 s, in ticks.
    pub mark_out_1s: Option<Measured>,
    /// After 10 s.
    pub mark_out_10s: Option<Measured>,
    /// After 60 s.
    pub mark_out_60s: Option<Measured>,
    /// At the end of the peak.
    pub mark_out_cascade_end: Option<Measured>,
    /// Mark-out after 10 s if filled, else nothing: what the place is worth, in ticks. Probes
    /// whose price was crossed are left out.
    pub value: Option<Measured>,
}

/// What the front is worth against the back of the same queue at the same instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worth {
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Level.
    pub level: u32,
    /// Fill probability, front minus back.
    pub fill: Option<Measured>,
    /// Fill probability within a second, front minus back.
    pub fill_1s: Option<Measured>,
    /// Value, front minus back, in ticks.
    pub value: Option<Measured>,
    /// Mark-out after 10 s where both filled, front minus back, in ticks.
    pub mark_out_both: Option<Measured>,
}

/// What a probe was worth after 10 s: nothing if it did not fill; `None` where that is not known.
pub(super) fn value(row: &Observation) -> Option<f64> {
    match row.end {
        end::FILLED => row.mark_out_10s,
        end::CROSSED | end::NO_QUEUE => None,
        _ => Some(0.0),
    }
}

#[derive(Default)]
struct Gathered {
    ends: [Clusters; 6],
    fill_1s: Clusters,
    lots: Clusters,
    mark_outs: [Clusters; 4],
    value: Clusters,
    not_observed: u64,
}

impl Gathered {
    fn add(&mut self, row: &Observation) {
        if !row.is_observed() {
            self.not_observed += 1;
            return;
        }
        for (code, clusters) in (0..).zip(&mut self.ends) {
            clusters.add(row.seed, f64::from(u8::from(row.end == code)));
        }
        self.fill_1s.add(row.seed, f64::from(u8::from(row.is_filled_by(1_000_000_000))));
        self.lots.add(row.seed, row.lots_ahead as f64);
        let outs = [row.mark_out_1s, row.mark_out_10s, row.mark_out_60s, row.mark_out_cascade_end];
        for (out, clusters) in outs.into_iter().zip(&mut self.mark_outs) {
            if let Some(out) = out {
                clusters.add(row.seed, out);
            }
        }
        if let Some(value) = value(row) {
            self.value.add(row.seed, value);
        }
    }

    fn group(&self, (phase, absorbs): (u32, bool), level: Option<u32>, place: u64) -> Group {
        let (hits, n) = self.ends[0].totals();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of ones")]
        let filled = Proportion { hits: hits as u64, n };
        let wilson = (n > 0).then(|| filled.wilson(CONFIDENCE));
        Group {
            phase: PHASES[phase as usize],
            flow: flow_name(absorbs),
            level,
            place,
            n,
            not_observed: self.not_observed,
            fill: self.ends[0].measured(),
            fill_1s: self.fill_1s.measured(),
            fill_wilson: wilson.map(|band| [band.low, band.high]),
            moved_away: self.ends[1].mean(),
            crossed: self.ends[2].mean(),
            waiting: self.ends[end::WAITING as usize].mean(),
            cancelled: self.ends[end::CANCELLED as usize].mean(),
            lots_ahead: self.lots.mean(),
            mark_out_1s: self.mark_outs[0].measured(),
            mark_out_10s: self.mark_outs[1].measured(),
            mark_out_60s: self.mark_outs[2].measured(),
            mark_out_cascade_end: self.mark_outs[3].measured(),
            value: self.value.measured(),
        }
    }
}

/// Lower ends of the bins of lots ahead.
const LOTS_BINS: [u64; 7] = [0, 1, 50, 100, 200, 400, 800];

pub(super) fn by_rank(rows: &[Observation]) -> Vec<Group> {
    let mut cells: BTreeMap<_, Gathered> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.has_phase()) {
        let key = (row.phase, !row.absorbs, row.level, row.rank_percent);
        cells.entry(key).or_default().add(row);
    }
    cells
        .iter()
        .map(|((phase, other, level, rank), cell)| {
            cell.group((*phase, !other), Some(*level), u64::from(*rank))
        })
        .collect()
}

pub(super) fn by_lots(rows: &[Observation]) -> Vec<Group> {
    let mut cells: BTreeMap<_, Gathered> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_observed() && row.has_phase()) {
        let bin = LOTS_BINS.partition_point(|low| *low <= row.lots_ahead) - 1;
        cells.entry((row.phase, !row.absorbs, LOTS_BINS[bin])).or_default().add(row);
    }
    cells
        .iter()
        .map(|((phase, other, low), cell)| cell.group((*phase, !other), None, *low))
        .collect()
}

pub(super) fn worth(rows: &[Observation]) -> Vec<Worth> {
    // Front and back of one queue at one instant.
    let mut queues: BTreeMap<_, [Option<&Observation>; 2]> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_observed() && row.has_phase()) {
        let place = match row.rank_percent {
            0 => 0,
            100 => 1,
            _ => continue,
        };
        let key = (row.phase, !row.absorbs, row.level, row.seed, row.time_ns);
        queues.entry(key).or_default()[place] = Some(row);
    }
    let mut cells: BTreeMap<_, [Clusters; 4]> = BTreeMap::new();
    for ((phase, other, level, seed, _), pair) in &queues {
        let [Some(front), Some(back)] = *pair else { continue };
        // A queue of nobody has no front and back.
        if back.orders_ahead == 0 {
            continue;
        }
        let cell = cells.entry((*phase, *other, *level)).or_default();
        let filled = |row: &Observation| f64::from(u8::from(row.is_filled()));
        cell[0].add(*seed, filled(front) - filled(back));
        let soon = |row: &Observation| f64::from(u8::from(row.is_filled_by(1_000_000_000)));
        cell[3].add(*seed, soon(front) - soon(back));
        if let (Some(front), Some(back)) = (value(front), value(back)) {
            cell[1].add(*seed, front - back);
        }
        if let (Some(front), Some(back)) = (front.mark_out_10s, back.mark_out_10s) {
            cell[2].add(*seed, front - back);
        }
    }
    let answer = |((phase, other, level), cell): (&(u32, bool, u32), &[Clusters; 4])| Worth {
        phase: PHASES[*phase as usize],
        flow: flow_name(!other),
        level: *level,
        fill: cell[0].measured(),
        fill_1s: cell[3].measured(),
        value: cell[1].measured(),
        mark_out_both: cell[2].measured(),
    };
    cells.iter().map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::queue::observation::EVE;

    fn row(seed: u64, rank_percent: u32, end: u32, out: Option<f64>) -> Observation {
        Observation {
            seed,
            absorbs: true,
            rank_percent,
            orders_ahead: rank_percent / 10,
            lots_ahead: u64::from(rank_percent),
            end,
            wait_ns: if end == end::FILLED { 500_000_000 } else { 10_000_000_000 },
            mark_out_1s: out,
            mark_out_10s: out,
            ..Observation::default()
        }
    }

    fn close(found: Option<Measured>, expected: f64) {
        let found = found.expect("two seeds saw some");
        assert!((found.value - expected).abs() < 1e-12, "{found:?} is not {expected}");
    }

    /// Two seeds, four probes each: filled at a gain of 2, filled at a loss of 4, moved away,
    /// crossed. A probe on the eve and one that was not observed count for nothing.
    fn rows() -> Vec<Observation> {
        let mut rows = Vec::new();
        for seed in [1, 2] {
            rows.push(row(seed, 0, end::FILLED, Some(2.0)));
            rows.push(row(seed, 0, end::FILLED, Some(-4.0)));
            rows.push(row(seed, 0, end::MOVED_AWAY, None));
            rows.push(row(seed, 0, end::CROSSED, None));
            rows.push(row(seed, 0, end::NO_QUEUE, None));
            rows.push(Observation { phase: EVE, ..row(seed, 0, end::FILLED, Some(1e9)) });
        }
        rows
    }

    #[test]
    fn a_group_by_hand() {
        let groups = by_rank(&rows());
        assert_eq!(groups.len(), 1, "{groups:?}");
        let group = &groups[0];
        assert_eq!(
            (group.phase, group.flow, group.level, group.place),
            ("calm", "absorbing", Some(0), 0)
        );
        assert_eq!(group.n, 8);
        close(group.fill, 0.5);
        close(group.fill_1s, 0.5);
        close(group.mark_out_10s, -1.0);
        // (2 − 4 + 0) / 3: the crossed one is left out.
        close(group.value, -2.0 / 3.0);
        assert!((group.moved_away - 0.25).abs() < 1e-12 && (group.crossed - 0.25).abs() < 1e-12);
        assert!(group.waiting.abs() < 1e-12 && group.cancelled.abs() < 1e-12);
        assert!(group.mark_out_60s.is_none(), "never observed is not zero");
        let [low, high] = group.fill_wilson.expect("some were observed");
        assert!(low < 0.5 && high > 0.5);
        assert_eq!(group.not_observed, 2, "one of each seed, and in no share");
    }

    #[test]
    fn a_level_that_is_never_there_is_a_row_without_a_number() {
        let rows = [1, 2].map(|seed| row(seed, 0, end::NO_QUEUE, None));
        let groups = by_rank(&rows);
        let group = &groups[0];
        assert_eq!((groups.len(), group.n, group.not_observed), (1, 0, 2));
        assert_eq!((group.fill, group.fill_wilson, group.value), (None, None, None));
        assert!([group.waiting, group.moved_away, group.lots_ahead].iter().all(|m| m.is_nan()));
        let text = serde_json::to_string(group).expect("plain data");
        assert!(text.contains("\"fill\":null") && text.contains("\"waiting\":null"), "{text}");
    }

    #[test]
    fn one_seed_has_no_interval_and_says_so() {
        let one: Vec<_> = rows().into_iter().filter(|row| row.seed == 1).collect();
        assert!(by_rank(&one)[0].fill.is_none());
    }

    #[test]
    fn the_front_against_the_back_of_the_same_queue() {
        let mut rows = Vec::new();
        for seed in [1, 2] {
            rows.push(row(seed, 0, end::FILLED, Some(3.0)));
            rows.push(row(seed, 100, end::MOVED_AWAY, None));
            // A queue of nobody has neither.
            let alone =
                Observation { time_ns: 7, orders_ahead: 0, ..row(seed, 100, end::FILLED, None) };
            rows.push(Observation { time_ns: 7, ..row(seed, 0, end::FILLED, None) });
            rows.push(alone);
            // Here the back was crossed: no value, but no fill either.
            rows.push(Observation { time_ns: 8, ..row(seed, 0, end::FILLED, Some(1.0)) });
            rows.push(Observation { time_ns: 8, ..row(seed, 100, end::CROSSED, None) });
        }
        let worth = worth(&rows);
        assert_eq!(worth.len(), 1, "{worth:?}");
        close(worth[0].fill, 1.0);
        close(worth[0].value, 3.0);
        assert_eq!(worth[0].value.map(|value| value.n), Some(2));
        assert!(worth[0].mark_out_both.is_none());
    }

    #[test]
    fn bins_of_lots_hold_their_lower_end() {
        let at = |lots_ahead| Observation { lots_ahead, ..row(1, 0, end::FILLED, None) };
        let places: Vec<u64> =
            by_lots(&[at(0), at(1), at(49), at(50), at(5_000)]).iter().map(|g| g.place).collect();
        assert_eq!(places, [0, 1, 50, 800]);
    }
}
