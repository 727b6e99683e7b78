//! Event tables leave in groups while the run goes on, so that their rows are not kept.

use std::error::Error;

use super::tables::{DeleverageRow, FundRow, LiquidationRow};

/// Rows of one group: large enough to compress well, small enough to hold and to read piecewise.
pub const GROUP_ROWS: usize = 100_000;

/// Where the rows of event tables go once nothing changes them any more. Every call but the last one
/// for a table brings [`TableSink::group_rows`] rows; none brings no rows.
///
/// Liquidations come in the order in which they ended, within a call in that of their triggers.
pub trait TableSink {
    /// Rows of a whole group.
    fn group_rows(&self) -> usize {
        GROUP_ROWS
    }

    /// Takes liquidations.
    fn liquidations(&mut self, rows: &[LiquidationRow]) -> Result<(), TableError>;

    /// Takes auto-deleveragings, in order.
    fn deleverages(&mut self, rows: &[DeleverageRow]) -> Result<(), TableError>;

    /// Takes changes of the fund, in order.
    fn fund(&mut self, rows: &[FundRow]) -> Result<(), TableError>;
}

/// Why a sink could not take rows.
pub type TableError = Box<dyn Error + Send + Sync>;

/// Hands on as many whole groups as there are, from the front.
pub(super) fn whole_groups<R>(
    rows: &mut Vec<R>,
    group: usize,
    mut take: impl FnMut(&mut [R]) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let whole = rows.len() - rows.len() % group;
    rows[..whole].chunks_mut(group).try_for_each(&mut take)?;
    rows.drain(..whole);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_groups_leave() {
        let mut rows: Vec<u32> = (0..7).collect();
        let mut taken = Vec::new();
        let mut take = |rows: &mut [u32]| {
            taken.push(rows.to_vec());
            Ok(())
        };
        whole_groups(&mut rows, 3, &mut take).expect("it takes all");
        whole_groups(&mut rows, 3, &mut take).expect("it takes nothing");
        assert_eq!((taken, rows), (vec![vec![0, 1, 2], vec![3, 4, 5]], vec![6]));
    }
}
