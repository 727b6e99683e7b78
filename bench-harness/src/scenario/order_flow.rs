//! The keys of `[flow]`: order flow by its distributions, as `seawall calibrate` writes them.

use serde::{Deserialize, Serialize};

/// A distribution of whole numbers by its cumulative shares: pairs of a value and of how many parts
/// per million are at most that. Between two pairs the values are equally likely; what lies at the
/// first pair is at its value. Both rise from pair to pair.
pub type Curve = Vec<[u64; 2]>;

/// Streams of orders that set each other off: limit buys, limit sells, market buys, market sells.
pub const STREAMS: usize = 4;

/// Anonymous order flow: limit orders with a life of their own, and orders that take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFlow {
    /// Cash of each of its two accounts: one rests, one takes.
    pub deposit_currency: u64,
    /// From it to the venue.
    pub gateway_ns: u64,
    /// From the venue to it: what happened to its orders.
    pub ack_ns: u64,
    /// From the venue to it: the market.
    pub feed_ns: u64,
    /// Memories of the excitation: after each its part of the excitation has fallen to 1/e.
    pub memory_us: Vec<u64>,
    /// When limit orders to buy come.
    pub limit_buys: Stream,
    /// When limit orders to sell come.
    pub limit_sells: Stream,
    /// When orders that buy at once come.
    pub market_buys: Stream,
    /// When orders that sell at once come.
    pub market_sells: Stream,
    /// Sizes of orders that take.
    pub take_lots: Curve,
    /// Distance of best bid and best offer at the start.
    pub spread_start_ticks: u64,
    /// Greatest spread of each class of spreads but the last, rising; with as many classes and one
    /// more do the shares of placements differ.
    pub spread_ticks: Vec<u64>,
    /// Where limit orders are placed, how large they are and how long they live.
    pub placements: Vec<Placement>,
    /// The book at the start, for each side.
    pub depth: Vec<DepthRow>,
}

/// When orders of one kind come: a process of its own, and what orders set off (Hawkes).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Orders per second that nothing sets off.
    pub own_per_second: f64,
    /// Orders of this kind that one order sets off: a row for limit buys, limit sells, market buys
    /// and market sells that does, a number for each memory.
    pub excited_ppm: Vec<Vec<u64>>,
    /// By what the rate is multiplied, by how long ago the last order of this kind came: pairs of a
    /// time and of the factor that holds from then on, the first from 0.
    pub pace: Vec<[u64; 2]>,
}

impl Stream {
    /// The pace of a process that does not mind how long ago its last order came.
    pub fn even_pace() -> Vec<[u64; 2]> {
        vec![[0, 1_000_000]]
    }
}

/// One way to place a limit order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// How often, for each class of spreads.
    pub share_ppm: Vec<u64>,
    /// How far inside the spread, as a part of it, from the best price of its side.
    pub inside_ppm: Curve,
    /// How far behind the best price of its side.
    pub behind_ticks: Curve,
    /// Sizes.
    pub lots: Curve,
    /// When it is cancelled; the shares end below a million where some never are.
    pub life_us: Curve,
}

/// Resting orders from the row before up to a distance from the best price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepthRow {
    /// Greatest distance.
    pub to_ticks: u64,
    /// Orders, on average.
    pub orders: f64,
    /// What they hold together, on average.
    pub lots: f64,
}

impl OrderFlow {
    /// The streams in their order.
    pub fn streams(&self) -> [&Stream; STREAMS] {
        [&self.limit_buys, &self.limit_sells, &self.market_buys, &self.market_sells]
    }

    /// By what the sum of all orders grows from one generation to the next that it sets off, in
    /// the long run: the spectral radius of the mean numbers of orders that orders set off. Below
    /// one the flow has a mean rate.
    pub fn branching(&self) -> f64 {
        radius(&self.offspring(|_| 1.0))
    }

    /// The same while orders come so fast that the first factor of every pace holds: below one, or
    /// the flow would never calm down.
    pub fn branching_when_busy(&self) -> f64 {
        let first = |stream: &Stream| stream.pace.first().map_or(1.0, |pair| pair[1] as f64 / 1e6);
        radius(&self.offspring(first))
    }

    fn offspring(&self, factor: impl Fn(&Stream) -> f64) -> [[f64; STREAMS]; STREAMS] {
        self.streams().map(|stream| {
            let row = |by: usize| {
                let row = stream.excited_ppm.get(by);
                let sum: f64 = row.map_or(0.0, |row| row.iter().map(|ppm| *ppm as f64 / 1e6).sum());
                sum * factor(stream)
            };
            [row(0), row(1), row(2), row(3)]
        })
    }
}

/// Spectral radius of a matrix without negative numbers: the mean growth over a hundred steps of
/// the power method, after a hundred that forget where it started.
pub(crate) fn radius(matrix: &[[f64; STREAMS]; STREAMS]) -> f64 {
    let mut vector = [1.0; STREAMS];
    let mut growth = 0.0;
    for step in 0..200 {
        // One is added on the diagonal and taken off again, so that a cycle cannot alternate.
        let next: [f64; STREAMS] = core::array::from_fn(|m| {
            vector[m] + matrix[m].iter().zip(&vector).map(|(a, v)| a * v).sum::<f64>()
        });
        let size: f64 = next.iter().sum();
        vector = next.map(|v| v / size * STREAMS as f64);
        if step >= 100 {
            growth += libm::log(size / STREAMS as f64);
        }
    }
    libm::exp(growth / 100.0) - 1.0
}

#[cfg(test)]
mod tests {
    use super::radius;

    #[test]
    fn the_radius_is_that_of_small_matrices() {
        let mut matrix = [[0.0; 4]; 4];
        assert!(radius(&matrix).abs() < 1e-9);
        (matrix[0][0], matrix[1][1]) = (0.5, 0.3);
        assert!((radius(&matrix) - 0.5).abs() < 1e-3);
        // Two that set off each other only: the square root of the product.
        let mut cycle = [[0.0; 4]; 4];
        (cycle[2][3], cycle[3][2]) = (0.9, 0.4);
        assert!((radius(&cycle) - 0.6).abs() < 1e-3);
    }
}
