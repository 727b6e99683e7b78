//! What one message costs as the book grows, and what waiting for memory costs here.

use std::hint::black_box;

use seawall_engine::book::OrderBook;
use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::Cost;
use crate::measure::cpu_time::thread_cpu_time;

/// Cancels and inserts of a round.
const MESSAGES: u32 = 200_000;
const LEVELS_FEW: u32 = 100;
const ORDERS_OF_LEVELS: u32 = 200_000;
/// Most misses, one after the other, that the largest book may add to a message.
const MISSES: f64 = 5.0;

/// A generator for where the next message goes: its draws must cost less than a miss.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let scaled = ((self.0 >> 32) * u64::from(bound)) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }
}

/// A book of that many orders on that many levels, half of each on either side.
struct Grown {
    book: OrderBook,
    ids: Vec<u64>,
    levels: u32,
    next_id: u64,
    draws: Draws,
}

impl Grown {
    fn new(orders: u32, levels: u32) -> Self {
        let domain = (price(1), price(1 << 18));
        let book = OrderBook::new(domain, orders.next_power_of_two());
        let draws = Draws(0x9E37_79B9_7F4A_7C15);
        let mut grown = Self { book, ids: Vec::new(), levels, next_id: 1, draws };
        for n in 0..orders {
            let id = grown.insert(n % levels);
            grown.ids.push(id);
        }
        grown
    }

    fn insert(&mut self, level: u32) -> u64 {
        let half = self.levels / 2;
        let middle = 1 << 17;
        let (side, ticks) = if level < half {
            (Side::Buy, middle - 1 - level)
        } else {
            (Side::Sell, middle + level - half)
        };
        // Scattered, as clients number their orders.
        let id = self.next_id.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 1;
        self.next_id += 1;
        self.book.insert(OrderId(id), 0, side, price(ticks), Qty::MAX);
        id
    }

    /// Nanoseconds of a message: any resting order is cancelled, another one joins any level.
    fn round(&mut self) -> f64 {
        let resting = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let started = thread_cpu_time();
        for _ in 0..MESSAGES / 2 {
            let which = self.draws.below(resting) as usize;
            black_box(self.book.take_out(OrderId(self.ids[which])));
            let level = self.draws.below(self.levels);
            self.ids[which] = self.insert(level);
        }
        let elapsed = thread_cpu_time().saturating_sub(started);
        elapsed.as_secs_f64() * 1e9 / f64::from(MESSAGES)
    }
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price within the engine's bounds")
}

pub(super) fn measure(rounds: u32) -> Vec<Cost> {
    let mut costs = Vec::new();
    let miss = Cost::of("memory/dependent-miss-64-mib", "ns", (0..rounds).map(chase).collect());
    let few = resting(1_000, rounds);
    let bar = few.median + MISSES * miss.median;
    costs.push(miss);
    costs.push(few);
    costs.extend([10_000, 100_000].map(|orders| resting(orders, rounds)));
    costs.push(resting(1_000_000, rounds).at_most(bar));
    for levels in [100, 1_000, 10_000, 100_000] {
        let mut grown = Grown::new(ORDERS_OF_LEVELS, levels);
        let times = (0..rounds).map(|_| grown.round()).collect();
        costs.push(Cost::of(format!("book/occupied-levels-{levels}"), "ns per message", times));
    }
    costs.extend([10, 100, 1_000, 10_000].map(|ahead| position(ahead, rounds)));
    costs
}

/// What it costs to be told the orders and lots ahead of an order with so many ahead.
fn position(ahead: u32, rounds: u32) -> Cost {
    let mut book = OrderBook::new((price(1), price(1 << 18)), ahead + 1);
    let last = (0..=ahead)
        .map(|n| book.insert(OrderId(u64::from(n)), 0, Side::Buy, price(9), Qty::MAX))
        .last();
    let last = last.expect("one order at least");
    let asked = 1_000_000 / ahead;
    let round = |_| {
        let started = thread_cpu_time();
        for _ in 0..asked {
            black_box(black_box(&book).ahead(last));
        }
        let elapsed = thread_cpu_time().saturating_sub(started);
        elapsed.as_secs_f64() * 1e9 / f64::from(asked)
    };
    let times = (0..rounds).map(round).collect();
    Cost::of(format!("book/queue-position-{ahead}-ahead"), "ns per question", times)
}

fn resting(orders: u32, rounds: u32) -> Cost {
    let mut grown = Grown::new(orders, LEVELS_FEW);
    let times = (0..rounds).map(|_| grown.round()).collect();
    Cost::of(format!("book/resting-orders-{orders}"), "ns per message", times)
}

/// Nanoseconds of a load that waits for the load before it, in a random cycle through 64 MiB.
fn chase(_round: u32) -> f64 {
    const LINES: u32 = 1 << 20;
    const HOPS: u32 = 1 << 20;
    // One pointer per line of 64 bytes: a random permutation of one cycle (Sattolo).
    let mut cycle: Vec<u32> = (0..LINES).collect();
    let mut draws = Draws(7);
    for last in (1..LINES).rev() {
        cycle.swap(last as usize, draws.below(last) as usize);
    }
    let mut lines = vec![[0_u32; 16]; LINES as usize];
    for (line, next) in lines.iter_mut().zip(&cycle) {
        line[0] = *next;
    }
    let mut at = 0;
    let started = thread_cpu_time();
    for _ in 0..HOPS {
        at = lines[at as usize][0];
    }
    let elapsed = thread_cpu_time().saturating_sub(started);
    black_box(at);
    elapsed.as_secs_f64() * 1e9 / f64::from(HOPS)
}

#[cfg(test)]
mod tests {
    use super::{Grown, Side};

    #[test]
    fn a_grown_book_keeps_its_size() {
        let mut grown = Grown::new(1_000, 100);
        assert_eq!(grown.book.depth(Side::Buy).count(), 50);
        grown.round();
        assert_eq!(grown.book.len(), 1_000);
        grown.book.assert_consistent();
    }
}
