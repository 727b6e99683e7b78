//! What a resting order takes of memory, by what the process takes more of.

use seawall_engine::book::OrderBook;
use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::Cost;

const ORDERS: u32 = 1 << 20;
/// Bytes beyond the ladder.
const BAR: f64 = 64.0;

/// Resident bytes of this process; nothing where the system does not say.
fn resident() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096.0)
}

/// Fills a book at one price, so that the ladder takes one page.
pub(super) fn measure() -> Option<Cost> {
    let price = Price::new(1_000)?;
    let before = resident()?;
    let mut book = OrderBook::new((Price::MIN, Price::new(1 << 20)?), ORDERS);
    for id in 1..=ORDERS {
        book.insert(OrderId(u64::from(id)), 0, Side::Buy, price, Qty::MAX);
    }
    let bytes = (resident()? - before) / f64::from(ORDERS);
    std::hint::black_box(&book);
    Some(Cost::of("book/memory", "bytes per resting order", vec![bytes]).at_most(BAR))
}
