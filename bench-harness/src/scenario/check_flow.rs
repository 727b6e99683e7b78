//! Checks of `[flow]`.

use super::check::{COUNT_MAX, Check, LATENCY_MAX_NS, PPM, TIME_MS_MAX, bound};
use super::error::ScenarioError;
use super::order_flow::{Curve, STREAMS, Stream};
use super::spec::Scenario;

/// Most pairs of a curve, and most placements, memories, spreads and rows of depth.
const PAIRS_MAX: u64 = 4_096;
const LIST_MAX: u64 = 64;
/// Furthest distance from the best price.
const TICKS_MAX: u64 = 1 << 28;
/// What an order sets off in the long run, at most: at one the flow has no mean rate.
const BRANCHING_MAX: f64 = 0.995;

/// Greatest factor of a pace.
pub(crate) const FACTOR_MAX_PPM: u64 = 1_000 * PPM;

/// What a curve may hold: its least and greatest value, and whether it may end below a million.
#[derive(Clone, Copy)]
struct Values {
    low: u64,
    high: u64,
    may_end_early: bool,
}

impl Check<'_> {
    pub(super) fn flow(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let f = &s.flow;
        self.within("flow.deposit_currency", f.deposit_currency, 1, 1 << 40)?;
        self.within("flow.gateway_ns", f.gateway_ns, 1, LATENCY_MAX_NS)?;
        self.within("flow.ack_ns", f.ack_ns, 1, LATENCY_MAX_NS)?;
        self.within("flow.feed_ns", f.feed_ns, 1, LATENCY_MAX_NS)?;
        self.length("flow.memory_us", f.memory_us.len(), LIST_MAX)?;
        for (n, memory) in f.memory_us.iter().enumerate() {
            self.within(&format!("flow.memory_us[{n}]"), *memory, 1, TIME_MS_MAX * 1_000)?;
        }
        let names = ["limit_buys", "limit_sells", "market_buys", "market_sells"];
        for (name, stream) in names.iter().zip(f.streams()) {
            self.stream(name, stream, f.memory_us.len())?;
        }
        let branching = f.branching();
        if branching > BRANCHING_MAX {
            let expected =
                format!("streams whose orders set off at most {BRANCHING_MAX} orders each");
            return self.refuse(
                "flow",
                &format!("a flow of branching ratio {branching:.3}"),
                &expected,
            );
        }
        let busy = f.branching_when_busy();
        if busy > BRANCHING_MAX {
            let expected = format!("paces whose first factors leave at most {BRANCHING_MAX}");
            let found = format!("a flow of branching ratio {busy:.3} by the first factors of pace");
            return self.refuse("flow", &found, &expected);
        }
        let lots = Values {
            low: 1,
            high: bound(s, "flow", s.market.order_max_lots),
            may_end_early: false,
        };
        self.curve("flow.take_lots", &f.take_lots, lots)?;
        self.within("flow.spread_start_ticks", f.spread_start_ticks, 1, TICKS_MAX)?;
        self.rising("flow.spread_ticks", &f.spread_ticks)?;
        self.placements(s, lots)?;
        self.depth(s)
    }

    fn length(&self, key: &str, length: usize, most: u64) -> Result<(), ScenarioError> {
        let length = length as u64;
        if (1..=most).contains(&length) {
            return Ok(());
        }
        self.refuse(key, &format!("a list of {length}"), &format!("a list of 1 to {most}"))
    }

    fn rising(&self, key: &str, list: &[u64]) -> Result<(), ScenarioError> {
        if list.len() as u64 > LIST_MAX || list.windows(2).any(|pair| pair[0] >= pair[1]) {
            return self.refuse(key, &format!("{list:?}"), &"numbers that rise, 64 at most");
        }
        Ok(())
    }

    fn stream(&self, name: &str, stream: &Stream, memories: usize) -> Result<(), ScenarioError> {
        let key = format!("flow.{name}.own_per_second");
        self.between(&key, stream.own_per_second, 0.0, 1e6)?;
        let key = format!("flow.{name}.excited_ppm");
        let rows = &stream.excited_ppm;
        if rows.len() != STREAMS || rows.iter().any(|row| row.len() != memories) {
            let found = format!("rows of {:?}", rows.iter().map(Vec::len).collect::<Vec<_>>());
            let expected = format!("{STREAMS} rows of {memories}, a number for each of memory_us");
            return self.refuse(&key, &found, &expected);
        }
        for (by, row) in rows.iter().enumerate() {
            for (k, ppm) in row.iter().enumerate() {
                self.within(&format!("{key}[{by}][{k}]"), *ppm, 0, 100 * PPM)?;
            }
        }
        self.pace(&format!("flow.{name}.pace"), &stream.pace)
    }

    fn pace(&self, key: &str, pace: &[[u64; 2]]) -> Result<(), ScenarioError> {
        self.length(key, pace.len(), PAIRS_MAX)?;
        for [from_us, factor] in pace {
            self.within(key, *from_us, 0, TIME_MS_MAX * 1_000)?;
            self.within(key, *factor, 0, FACTOR_MAX_PPM)?;
        }
        if pace[0][0] != 0 || pace.windows(2).any(|pair| pair[0][0] >= pair[1][0]) {
            let found = format!("times from {:?} on", pace[0][0]);
            return self.refuse(key, &found, &"times that rise from 0");
        }
        if pace.last().is_none_or(|last| last[1] == 0) {
            return self.refuse(key, &"a last factor of 0", &"one above 0, or nothing would come");
        }
        Ok(())
    }

    fn placements(&self, s: &Scenario, lots: Values) -> Result<(), ScenarioError> {
        let f = &s.flow;
        self.length("flow.placements", f.placements.len(), LIST_MAX)?;
        let classes = f.spread_ticks.len() + 1;
        for (n, placement) in f.placements.iter().enumerate() {
            let key = |name: &str| format!("flow.placements[{n}].{name}");
            let shares = &placement.share_ppm;
            if shares.len() != classes {
                let found = format!("a list of {}", shares.len());
                let expected =
                    format!("{classes} shares, one more than flow.spread_ticks has numbers");
                return self.refuse(&key("share_ppm"), &found, &expected);
            }
            for share in shares {
                self.within(&key("share_ppm"), *share, 0, PPM)?;
            }
            let values = |low, high| Values { low, high, may_end_early: false };
            self.curve(&key("inside_ppm"), &placement.inside_ppm, values(0, PPM - 1))?;
            self.curve(&key("behind_ticks"), &placement.behind_ticks, values(0, TICKS_MAX))?;
            self.curve(&key("lots"), &placement.lots, lots)?;
            let life = Values { low: 0, high: TIME_MS_MAX * 1_000, may_end_early: true };
            self.curve(&key("life_us"), &placement.life_us, life)?;
        }
        for class in 0..classes {
            let sum: u64 = f.placements.iter().map(|placement| placement.share_ppm[class]).sum();
            if sum == 0 {
                let found = format!("nothing in class {class} of the spread");
                return self.refuse("flow.placements", &found, &"a share above 0 in every class");
            }
        }
        Ok(())
    }

    fn curve(&self, key: &str, curve: &Curve, values: Values) -> Result<(), ScenarioError> {
        self.length(key, curve.len(), PAIRS_MAX)?;
        for [value, share] in curve {
            // A first pair without a share is the end that no value reaches.
            let low = if *share == 0 { 0 } else { values.low };
            self.within(key, *value, low, values.high)?;
            self.within(key, *share, 0, PPM)?;
        }
        let falls = |pair: &&[[u64; 2]]| pair[0][0] >= pair[1][0] || pair[0][1] > pair[1][1];
        if let Some([before, after, ..]) = curve.windows(2).find(falls) {
            let found = format!("{before:?} before {after:?}");
            return self.refuse(key, &found, &"values that rise, and shares that do not fall");
        }
        let end = curve.last().map_or(0, |pair| pair[1]);
        if end != PPM && !values.may_end_early {
            return self.refuse(key, &format!("a curve to {end}"), &"one to 1000000 parts");
        }
        Ok(())
    }

    fn depth(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let depth = &s.flow.depth;
        self.length("flow.depth", depth.len(), LIST_MAX)?;
        let to: Vec<u64> = depth.iter().map(|row| row.to_ticks).collect();
        self.rising("flow.depth", &to)?;
        for (n, row) in depth.iter().enumerate() {
            self.within(&format!("flow.depth[{n}].to_ticks"), row.to_ticks, 0, TICKS_MAX)?;
            let most = COUNT_MAX as f64;
            self.between(&format!("flow.depth[{n}].orders"), row.orders, 0.0, most)?;
            self.between(&format!("flow.depth[{n}].lots"), row.lots, 0.0, 1e15)?;
        }
        Ok(())
    }
}
