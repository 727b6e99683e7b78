//! Writes a LOBSTER message file of any length, compressed with zstd, to see what a long stream costs:
//!
//! ```text
//! cargo run --release -p seawall --example order_stream -- 1000000000 stream_message_1.csv.zst
//! seawall replay stream_message_1.csv.zst --format lobster
//! ```
//!
//! Orders join at one of eight prices a side and leave from the front of their price, executed or
//! deleted, or from anywhere, so that a few thousand rest at once.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Prices a side; the best are one cent apart.
const LEVELS: usize = 8;
/// Best bid, in 1e-4 dollars.
const BID: usize = 1_000_000;
const TICK: usize = 100;
/// Orders of one price beyond which the oldest leave.
const ORDERS_MAX: usize = 256;
const OPEN_NS: u64 = 34_200_000_000_000;
const CLOSE_NS: u64 = 57_600_000_000_000;

struct Order {
    id: u64,
    shares: u64,
}

/// The orders that rest, first to last, by side and price.
struct Stream {
    levels: Vec<VecDeque<Order>>,
    random: Xoshiro256PlusPlus,
    id: u64,
}

impl Stream {
    fn new() -> Self {
        let levels = (0..2 * LEVELS).map(|_| VecDeque::new()).collect();
        Self { levels, random: Xoshiro256PlusPlus::seed_from_u64(1), id: 0 }
    }

    /// One message, as type, order, size, price and direction.
    fn message(&mut self) -> (u8, u64, u64, usize, i8) {
        let draw = self.random.next_u64();
        let place = usize::try_from(draw % 16).unwrap_or(0);
        let (level, direction) = (place % LEVELS, if place < LEVELS { 1 } else { -1 });
        let price = if direction > 0 { BID - level * TICK } else { BID + (level + 1) * TICK };
        let orders = &mut self.levels[place];
        let action = (draw >> 8) % 100;
        if orders.is_empty() || (action < 50 && orders.len() < ORDERS_MAX) {
            self.id += 1;
            let shares = 100 * (1 + (draw >> 16) % 5);
            orders.push_back(Order { id: self.id, shares });
            return (1, self.id, shares, price, direction);
        }
        // Only the best price is executed, and only from its front.
        if level == 0 && action < 80 {
            let front = &mut orders[0];
            let shares = front.shares.min(100);
            front.shares -= shares;
            let id = front.id;
            if front.shares == 0 {
                orders.pop_front();
            }
            return (4, id, shares, price, direction);
        }
        let at = usize::try_from(draw >> 32).unwrap_or(0) % orders.len();
        if action < 90 && orders[at].shares > 100 {
            orders[at].shares -= 100;
            return (2, orders[at].id, 100, price, direction);
        }
        let Order { id, shares } = orders.remove(at).expect("it is one of them");
        (3, id, shares, price, direction)
    }
}

fn write(messages: u64, out: &mut impl Write) -> io::Result<()> {
    let mut stream = Stream::new();
    for number in 0..messages {
        let share = u128::from(CLOSE_NS - OPEN_NS) * u128::from(number) / u128::from(messages);
        let time_ns = OPEN_NS + u64::try_from(share).unwrap_or(0);
        let (kind, order, shares, price, direction) = stream.message();
        let (seconds, rest) = (time_ns / 1_000_000_000, time_ns % 1_000_000_000);
        writeln!(out, "{seconds}.{rest:09},{kind},{order},{shares},{price},{direction}")?;
    }
    out.flush()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [messages, path] = &arguments[..] else {
        eprintln!("expected MESSAGES FILE");
        return ExitCode::from(2);
    };
    let Ok(messages) = messages.parse() else {
        eprintln!("{messages:?}: expected a number of messages");
        return ExitCode::from(2);
    };
    let wrote = File::create(path).and_then(|file| {
        let out = BufWriter::with_capacity(1 << 20, file);
        let mut encoder = zstd::Encoder::new(out, 1)?;
        write(messages, &mut encoder)?;
        encoder.finish()?.flush()
    });
    match wrote {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}
