//! The embedded numbers of `oracles/theory.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// What the theory says.
pub(super) static ORACLES: LazyLock<Oracles> = LazyLock::new(|| {
    let text = include_str!("../../../oracles/theory.toml");
    toml::from_str(text).expect("the embedded oracles are well formed: a test reads them")
});

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Oracles {
    pub(super) cont_stoikov_talreja: ContStoikovTalreja,
    pub(super) cont_de_larrard: ContDeLarrard,
    pub(super) queueing: Queueing,
    pub(super) queue_reactive: QueueReactive,
}

/// Five by five cells, orders at the bid by orders at the ask.
pub(super) type Table = [[f64; 5]; 5];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContStoikovTalreja {
    pub(super) limit: [f64; 5],
    pub(super) cancel: [f64; 5],
    pub(super) market: f64,
    pub(super) mid_up: Table,
    pub(super) table_3_printed: Table,
    /// Places 1 to 5 and 10.
    pub(super) fill: [[f64; 5]; 6],
    pub(super) table_4_printed: Table,
    pub(super) spread: Table,
    pub(super) table_5_printed: Table,
    pub(super) up_given_fill: Table,
    /// Multiple of the market sells, P(fill), P(up given fill).
    pub(super) stress: Vec<[f64; 3]>,
    pub(super) incidence: Vec<Curve>,
    pub(super) uncensored: Vec<Uncensored>,
    pub(super) latency: Vec<Curve>,
}

/// Time and two probabilities, for a number of orders at either best price.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Curve {
    pub(super) bids: u32,
    pub(super) asks: u32,
    pub(super) points: Vec<[f64; 3]>,
}

/// Time and one probability, for a place in the queue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Uncensored {
    pub(super) place: u32,
    pub(super) points: Vec<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContDeLarrard {
    pub(super) survival_limit: f64,
    pub(super) survival_removal: f64,
    pub(super) survival_bids: u32,
    pub(super) survival_asks: u32,
    pub(super) survival: Vec<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queueing {
    pub(super) exponential: Vec<[f64; 5]>,
    pub(super) fixed: Vec<[f64; 5]>,
    pub(super) varied: Vec<[f64; 5]>,
    pub(super) cobham_arrivals: [f64; 3],
    pub(super) cobham_waits: [f64; 3],
    pub(super) cobham_fifo: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueReactive {
    /// By depth and queue size: limit, cancel, market.
    pub(super) depths: Vec<Vec<[f64; 3]>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest difference of two tables.
    fn apart(one: &Table, other: &Table) -> f64 {
        let cells = one.iter().flatten().zip(other.iter().flatten());
        cells.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn exact_tables_are_the_printed_ones() {
        let cst = &ORACLES.cont_stoikov_talreja;
        assert!(apart(&cst.mid_up, &cst.table_3_printed) < 8.4e-4);
        assert!(apart(&cst.spread, &cst.table_5_printed) < 5.4e-4);
    }

    #[test]
    fn table_4_is_printed_with_the_sides_swapped() {
        let cst = &ORACLES.cont_stoikov_talreja;
        let mut swapped = [[0.0; 5]; 5];
        for (b, row) in swapped.iter_mut().enumerate() {
            for (a, cell) in row.iter_mut().enumerate() {
                *cell = 1.0 - cst.fill[a][b];
            }
        }
        assert!(apart(&swapped, &cst.table_4_printed) < 5e-4);
    }

    #[test]
    fn shapes_are_right() {
        let oracles = &*ORACLES;
        assert_eq!(oracles.queue_reactive.depths.len(), 3);
        assert!(oracles.queue_reactive.depths.iter().all(|depth| depth.len() == 51));
        assert!(oracles.cont_stoikov_talreja.latency.iter().all(|curve| curve.points.len() == 7));
    }
}
