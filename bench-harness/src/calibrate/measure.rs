//! What is measured of an order flow, recorded or run, by one code: arrivals, sizes, distances,
//! lives, and the book they make.

use seawall_engine::types::Side;

use super::book::{Book, Placed, Resting};
use super::sample::{Distribution, Reservoir};

/// Kinds of arrivals: limit orders, orders that take, and cancels, by side.
pub const KINDS: [&str; 6] = [
    "limit buys",
    "limit sells",
    "market buys",
    "market sells",
    "cancelled bids",
    "cancelled offers",
];
/// Most arrivals of one kind whose times are kept: 64 MiB of them. The record is read no further.
pub const TIMES_MAX: usize = 1 << 23;
/// Orders and takes that are kept of all that came.
pub const SAMPLE_MAX: usize = 1 << 18;
/// Time between two looks at the book.
const GRID_NS: u64 = 250_000_000;
/// Looks between two mid prices of a return: one second.
const RETURN_LOOKS: u32 = 4;
/// Greatest distances of the depth profile's rows: 0, 1, 2, 4 and so on.
pub const DEPTH_ROWS: usize = 26;

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its owner cancelled it.
    Cancelled,
    /// It was executed in full, or the record lost it.
    Taken,
    /// It still rested when the record ended.
    Resting,
}

/// One limit order, from its arrival to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Ticks behind the best price of its side as it came; below zero inside the spread. `None`
    /// where that side was empty.
    pub behind: Option<i64>,
    /// The spread as it came, in ticks; 0 where a side was empty.
    pub spread: u32,
    /// Its size as it came.
    pub lots: u32,
    /// From its arrival to its end.
    pub life_ns: u64,
    /// How it ended.
    pub fate: Fate,
}

impl Seen {
    /// Ticks from the best price of the other side as it came, where both sides were there.
    pub fn away(&self) -> Option<u64> {
        let away = i64::from(self.spread) + self.behind?;
        // An order that met a stale one stood beyond the best price.
        (self.spread > 0).then_some(away.max(1).unsigned_abs())
    }
}

/// The mean book by distance from the best price, both sides together, over the time in which
/// both were there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DepthProfile {
    /// Lots by row, per side.
    pub lots: Vec<f64>,
    /// Orders by row, per side.
    pub orders: Vec<f64>,
}

/// Greatest distance of a row of the depth profile, in ticks.
pub fn depth_to(row: usize) -> u64 {
    if row == 0 { 0 } else { 1 << (row - 1) }
}

/// The row of a distance.
fn depth_row(ticks: u32) -> usize {
    let bits = ticks.checked_sub(1).map_or(0, |less| 33 - less.leading_zeros() as usize);
    bits.min(DEPTH_ROWS - 1)
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// How long the flow was watched.
    pub seconds: f64,
    /// Arrivals by kind, in seconds from the start.
    pub times_s: [Vec<f64>; 6],
    /// A sample of the limit orders.
    pub orders: Vec<Seen>,
    /// A sample of the sizes of orders that took.
    pub takes: Distribution,
    /// The spread over time, in ticks.
    pub spread: Distribution,
    /// The book.
    pub depth: DepthProfile,
    /// Standard deviation of the mid price's return over a second, in bp.
    pub volatility_bp: f64,
    /// The first mid price, in ticks.
    pub mid_ticks: Option<f64>,
    /// Parts of orders that were cancelled; the model has none.
    pub reductions: u64,
    /// Orders that entered the record late, and are no arrivals.
    pub late: u64,
    /// Resting orders that a later one would have met, and that were taken out.
    pub stale: u64,
    /// Whether the record went on beyond [`TIMES_MAX`] arrivals of one kind.
    pub cut: bool,
}

impl Measured {
    /// Times between neighbouring arrivals of a kind, in seconds.
    pub fn gaps(&self, kind: usize) -> Distribution {
        gaps(&self.times_s[kind])
    }

    /// Times of all orders that took, rising.
    pub fn takes_s(&self) -> Vec<f64> {
        let mut takes: Vec<f64> = self.times_s[2].iter().chain(&self.times_s[3]).copied().collect();
        takes.sort_unstable_by(f64::total_cmp);
        takes
    }

    /// Sizes of the limit orders.
    pub fn sizes(&self) -> Distribution {
        Distribution::of(self.orders.iter().map(|order| u64::from(order.lots)))
    }

    /// Their distances from the other side's best price, in ticks.
    pub fn away(&self) -> Distribution {
        Distribution::of(self.orders.iter().filter_map(Seen::away))
    }

    /// Their distances behind the best price in ticks; below zero inside the spread.
    pub fn distances(&self) -> Distribution {
        let behind = self.orders.iter().filter_map(|order| order.behind);
        Distribution::new(behind.map(|ticks| ticks as f64).collect())
    }
}

/// Times between neighbours of rising times.
pub(super) fn gaps(times_s: &[f64]) -> Distribution {
    Distribution::new(times_s.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

/// Follows a flow.
#[derive(Debug)]
pub struct Measure {
    book: Book,
    start_ns: u64,
    now_ns: u64,
    look_ns: u64,
    looks: u32,
    times_s: [Vec<f64>; 6],
    orders: Reservoir<Seen>,
    takes: Reservoir<u64>,
    spread: Reservoir<u64>,
    depth_looks: u64,
    depth_lots: [u64; DEPTH_ROWS],
    depth_orders: [u64; DEPTH_ROWS],
    mid: Option<f64>,
    first_mid: Option<f64>,
    squares: f64,
    returns: u64,
    reductions: u64,
    late: u64,
    stale: u64,
}

impl Measure {
    /// Watches from `start_ns` on.
    pub fn new(start_ns: u64) -> Self {
        Self {
            book: Book::default(),
            start_ns,
            now_ns: start_ns,
            look_ns: start_ns,
            looks: 0,
            times_s: Default::default(),
            orders: Reservoir::new(SAMPLE_MAX),
            takes: Reservoir::new(SAMPLE_MAX),
            spread: Reservoir::new(SAMPLE_MAX),
            depth_looks: 0,
            depth_lots: [0; DEPTH_ROWS],
            depth_orders: [0; DEPTH_ROWS],
            mid: None,
            first_mid: None,
            squares: 0.0,
            returns: 0,
            reductions: 0,
            late: 0,
            stale: 0,
        }
    }

    /// Whether it has seen as many arrivals of one kind as it keeps.
    pub fn is_full(&self) -> bool {
        self.times_s.iter().any(|times| times.len() >= TIMES_MAX)
    }

    /// An order that is there already: it did not arrive, and how long it has been there is not
    /// known.
    pub fn there(&mut self, order: u64, side: Side, ticks: u32, lots: u32) {
        self.enter(order, Resting { side, ticks, lots, placed: None });
    }

    /// An order that is there already, or a part of it, left before the watch began.
    pub fn forget(&mut self, order: u64, lots: u32) {
        self.book.reduce(order, lots);
    }

    /// An order that entered the record late.
    pub fn late(&mut self, time_ns: u64, order: u64, side: Side, ticks: u32, lots: u32) {
        self.advance(time_ns);
        self.late += 1;
        self.there(order, side, ticks, lots);
    }

    /// A limit order joined the book.
    pub fn add(&mut self, time_ns: u64, order: u64, side: Side, ticks: u32, lots: u32) {
        self.advance(time_ns);
        self.arrive(side.index());
        let behind = self.book.behind(side, ticks);
        let spread = self.book.spread().unwrap_or(0);
        let placed = Placed { time_ns, behind, spread, lots };
        self.enter(order, Resting { side, ticks, lots, placed: Some(placed) });
    }

    /// An order, or a part of it, was cancelled.
    pub fn cancel(&mut self, time_ns: u64, order: u64, lots: u32) {
        self.advance(time_ns);
        let Some((resting, gone)) = self.book.reduce(order, lots) else { return };
        if gone {
            self.arrive(4 + resting.side.index());
            self.end(&resting, Fate::Cancelled);
        } else {
            self.reductions += 1;
        }
    }

    /// An order to `side` took from resting ones.
    pub fn take(&mut self, time_ns: u64, side: Side, fills: &[(u64, u32)]) {
        self.advance(time_ns);
        self.arrive(2 + side.index());
        self.takes.push(fills.iter().map(|(_, lots)| u64::from(*lots)).sum());
        for (order, lots) in fills {
            if let Some((resting, true)) = self.book.reduce(*order, *lots) {
                self.end(&resting, Fate::Taken);
            }
        }
    }

    /// The flow ended.
    pub fn finish(mut self, end_ns: u64, cut: bool) -> Measured {
        self.advance(end_ns);
        for resting in std::mem::take(&mut self.book).into_orders() {
            self.end(&resting, Fate::Resting);
        }
        let sides = 2.0 * self.depth_looks.max(1) as f64;
        let mean = |sums: &[u64]| sums.iter().map(|sum| *sum as f64 / sides).collect();
        Measured {
            seconds: (self.now_ns - self.start_ns) as f64 / 1e9,
            times_s: self.times_s,
            orders: self.orders.kept().to_vec(),
            takes: Distribution::of(self.takes.kept().iter().copied()),
            spread: Distribution::of(self.spread.kept().iter().copied()),
            depth: DepthProfile { lots: mean(&self.depth_lots), orders: mean(&self.depth_orders) },
            volatility_bp: (self.squares / self.returns.max(1) as f64).sqrt(),
            mid_ticks: self.first_mid,
            reductions: self.reductions,
            late: self.late,
            stale: self.stale,
            cut,
        }
    }

    fn arrive(&mut self, kind: usize) {
        self.times_s[kind].push((self.now_ns - self.start_ns) as f64 / 1e9);
    }

    fn enter(&mut self, order: u64, resting: Resting) {
        while let Some(stale) = self.book.crossed_by(resting.side, resting.ticks) {
            self.stale += 1;
            self.lose(stale);
        }
        if self.book.contains(order) {
            self.lose(order);
        }
        self.book.add(order, resting);
    }

    /// The record lost an order.
    fn lose(&mut self, order: u64) {
        if let Some((resting, _)) = self.book.reduce(order, u32::MAX) {
            self.end(&resting, Fate::Taken);
        }
    }

    fn end(&mut self, resting: &Resting, fate: Fate) {
        let Some(placed) = resting.placed else { return };
        let Placed { time_ns, behind, spread, lots } = placed;
        let life_ns = self.now_ns - time_ns;
        self.orders.push(Seen { behind, spread, lots, life_ns, fate });
    }

    /// Goes on to a time, and looks at the book on the way.
    fn advance(&mut self, time_ns: u64) {
        while self.look_ns < time_ns {
            self.look();
            self.look_ns += GRID_NS;
        }
        self.now_ns = self.now_ns.max(time_ns);
    }

    fn look(&mut self) {
        self.looks += 1;
        let (Some(spread), Some(bid)) = (self.book.spread(), self.book.best(Side::Buy)) else {
            return;
        };
        self.spread.push(u64::from(spread));
        self.depth_looks += 1;
        for side in [Side::Buy, Side::Sell] {
            for (ticks, level) in self.book.levels(side) {
                let row = depth_row(ticks);
                self.depth_lots[row] += level.lots;
                self.depth_orders[row] += u64::from(level.orders);
            }
        }
        if self.looks.is_multiple_of(RETURN_LOOKS) {
            let mid = f64::from(bid) + f64::from(spread) / 2.0;
            self.first_mid.get_or_insert(mid);
            if let Some(before) = self.mid.replace(mid) {
                let bp = (mid / before - 1.0) * 1e4;
                self.squares += bp * bp;
                self.returns += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn rows_of_depth_double() {
        let ticks = [0_u32, 1, 2, 3, 4, 5, 8, 9];
        let rows = ticks.map(depth_row);
        assert_eq!(rows, [0, 1, 2, 3, 3, 4, 4, 5]);
        for (ticks, row) in ticks.into_iter().zip(rows) {
            assert!(u64::from(ticks) <= depth_to(row));
        }
    }

    #[test]
    fn a_small_flow_by_hand() {
        let mut measure = Measure::new(0);
        measure.there(1, Side::Buy, 100, 10);
        measure.there(2, Side::Sell, 110, 20);
        measure.add(SECOND, 3, Side::Buy, 104, 5); // four inside a spread of ten
        measure.add(2 * SECOND, 4, Side::Sell, 113, 7); // three behind
        measure.cancel(3 * SECOND, 3, 5);
        measure.take(4 * SECOND, Side::Buy, &[(2, 20), (4, 2)]);
        measure.cancel(5 * SECOND, 4, 1);
        let measured = measure.finish(10 * SECOND, false);
        let counts = measured.times_s.each_ref().map(Vec::len);
        assert_eq!(counts, [1, 1, 1, 0, 1, 0]);
        assert_eq!(measured.takes.values(), [22.0]);
        assert_eq!(measured.reductions, 1);
        let cancelled = Seen {
            behind: Some(-4),
            spread: 10,
            lots: 5,
            life_ns: 2 * SECOND,
            fate: Fate::Cancelled,
        };
        let resting =
            Seen { behind: Some(3), spread: 6, lots: 7, life_ns: 8 * SECOND, fate: Fate::Resting };
        assert_eq!(measured.orders, [cancelled, resting]);
        assert!((measured.seconds - 10.0).abs() < 1e-9);
        // Looks at 0, 0.25 … 9.75 s; the best bid is at 104 from 1 s to 3 s.
        let spread = measured.spread;
        assert_eq!((spread.n(), spread.share(6.0)), (40, 8.0 / 40.0));
    }
}
