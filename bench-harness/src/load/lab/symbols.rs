//! How throughput falls with the number of symbols, and what a second shard adds.

use std::sync::Barrier;
use std::thread;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::Discipline;
use seawall_engine::pipeline::{Layout, Topology, our_cores};
use seawall_engine::ring::Transport;
use seawall_engine::types::{
    AccountId, Input, NewOrder, OrderId, OrderKind, Qty, Seq, Sequenced, Side, SymbolId,
};

use super::market::{PLENTY, config_of, price};
use super::{Findings, Lab, LabError, Unit};
use crate::load::{DriverOptions, Outcome, Plan, drive};
use crate::scenario::Flow;
use crate::study::two_samples::median;

/// Symbols of the lines.
const SYMBOLS: [u16; 5] = [1, 10, 100, 1_000, 10_000];
/// Inputs that are timed.
const INPUTS: u64 = 1_000_000;
/// Inputs of each symbol before that: enough to fill its places.
const WARM_UP: u64 = 24;
/// Quotes of a symbol that rest at most.
const PLACES: u64 = 16;
/// One message of a symbol in so many takes.
const TAKE_EVERY: u64 = 8;
/// Where prices start. Low, because a ladder is as long as its prices are high, and memory that an engine
/// gave back is not lazily zeroed for the next one: ten thousand long ladders would be in memory whole.
const REFERENCE_TICKS: u32 = 500;
/// How far from there a quote is at most. Too little to make a position unhealthy, whose
/// margin is 2 %: what is asked is how matching goes with the number of books.
const AWAY_TICKS: u32 = 4;
/// Makers, and as many takers.
const PAIRS: u32 = 32;
/// Recorded time of the timed inputs; those before it are at zero.
const TIMED_NS: u64 = 1;

pub(super) fn run<R: Transport>(lab: &Lab<'_>, say: &dyn Fn(&str)) -> Result<Findings, LabError> {
    let columns = [
        ("pipeline_msgs_per_s", "pipeline", Unit::PerSecond),
        ("ns_per_msg", "each", Unit::Ns),
        ("one_core_msgs_per_s", "1 shard on 1 core", Unit::PerSecond),
        ("two_cores_msgs_per_s", "2 shards on 2", Unit::PerSecond),
        ("scaling", "2 over 1", Unit::Ratio),
    ];
    let question = "throughput by symbols: the pipeline as laid out here, one shard with everything on \
                    one core, and two such shards that share the symbols";
    let mut found = Findings::new("symbols", question, &columns);
    let cores = our_cores();
    for symbols in SYMBOLS {
        say(&format!("{symbols} symbols"));
        let whole = Market::new(symbols, INPUTS);
        let halves = (symbols > 1).then(|| [(); 2].map(|()| Market::new(symbols / 2, INPUTS)));
        let [mut pipeline, mut one, mut two] = [const { Vec::new() }; 3];
        for _ in 0..lab.runs {
            let outcome = whole.drive::<R>(&lab.options(None))?;
            found.sound &= outcome.counts.reconciles() && outcome.counts.forced_orders == 0;
            pipeline.push(outcome.msgs_per_s());
            let [.., first, second] = cores[..] else { continue };
            one.push(side_by_side::<R>(&[&whole], &[first])?);
            // One symbol cannot be shared: two shards have one each.
            let pair = halves.as_ref().map_or([&whole, &whole], |[a, b]| [a, b]);
            two.push(side_by_side::<R>(&pair, &[first, second])?);
        }
        let [pipeline, one, two] = [pipeline, one, two].map(|values| median(&values));
        let scaling = two.zip(one).map(|(two, one)| two / one);
        let name = if symbols == 1 { "1 symbol".to_owned() } else { format!("{symbols} symbols") };
        found.line(name, vec![pipeline, pipeline.map(|rate| 1e9 / rate), one, two, scaling]);
    }
    found.notes.push(format!(
        "{INPUTS} inputs after a warm-up, each of a symbol drawn at random: quotes, cancels, and a take \
         in {TAKE_EVERY}; at most {PLACES} orders of a symbol rest; medians of {} runs",
        lab.runs
    ));
    found.notes.push(
        "on one core generator, engine and recorder take turns; two shards share no ring, no book and \
         no account"
            .to_owned(),
    );
    Ok(found)
}

/// Inputs for so many symbols, and the shard they are for.
struct Market {
    config: ShardConfig,
    inputs: Vec<Sequenced>,
}

impl Market {
    fn new(symbols: u16, timed: u64) -> Self {
        let config = config_of(
            symbols,
            REFERENCE_TICKS,
            2 * PAIRS + 2,
            64,
            Discipline::Strict { steps_max: 8 },
        );
        let mut makes = Maker::new(symbols);
        for account in (1..=2 * PAIRS).map(AccountId) {
            makes.push(0, Input::Deposit { account, amount: PLENTY });
        }
        for symbol in (0..symbols).map(SymbolId) {
            makes.push(0, Input::Mark { symbol, price: price(REFERENCE_TICKS) });
        }
        for symbol in (0..WARM_UP).flat_map(|_| 0..symbols) {
            makes.message(0, symbol);
        }
        let mut source = SplitMix64::seed_from_u64(u64::from(symbols));
        for _ in 0..timed {
            let drawn = (u128::from(source.next_u64()) * u128::from(symbols)) >> 64;
            makes.message(TIMED_NS, u16::try_from(drawn).expect("one of the symbols"));
        }
        Self { config, inputs: makes.inputs }
    }

    fn drive<R: Transport>(&self, options: &DriverOptions) -> Result<Outcome, LabError> {
        let plan = Plan::new(&self.inputs, |_| Flow::Maker, &[])?.timed_from(TIMED_NS);
        Ok(drive::<R, _>(&plan, Engine::new(&self.config), options)?.0)
    }
}

/// Messages a second of shards that each have a core and nothing else in common: the sum.
fn side_by_side<R: Transport>(markets: &[&Market], cores: &[usize]) -> Result<f64, LabError> {
    let start = Barrier::new(markets.len());
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (&market, &core) in markets.iter().zip(cores) {
            let start = &start;
            threads.push(scope.spawn(move || {
                let topology = Topology { layout: Layout::Inline { core: Some(core) }, cores: 1 };
                let options = DriverOptions::new(topology, None);
                start.wait();
                market.drive::<R>(&options).map(|outcome| outcome.msgs_per_s())
            }));
        }
        threads.into_iter().map(|thread| thread.join().expect("the thread ends")).sum()
    })
}

/// Makes the messages of every symbol.
struct Maker {
    inputs: Vec<Sequenced>,
    /// By symbol: messages so far.
    messages: Vec<u64>,
    /// By symbol and place: the order that rests there, if one does.
    places: Vec<Option<OrderId>>,
}

impl Maker {
    fn new(symbols: u16) -> Self {
        let symbols = usize::from(symbols);
        let places = vec![None; symbols * usize::try_from(PLACES).expect("few")];
        Self { inputs: Vec::new(), messages: vec![0; symbols], places }
    }

    fn push(&mut self, time_ns: u64, input: Input) {
        let seq = Seq(self.inputs.len() as u64 + 1);
        self.inputs.push(Sequenced { seq, time_ns, ingress_ns: time_ns, input });
    }

    /// The next message of a symbol: a take now and then, otherwise the next place is quoted, or what
    /// rests there is cancelled.
    fn message(&mut self, time_ns: u64, symbol: u16) {
        let n = self.messages[usize::from(symbol)];
        self.messages[usize::from(symbol)] += 1;
        let maker = AccountId(1 + 2 * (u32::from(symbol) % PAIRS));
        let taker = AccountId(maker.0 + 1);
        let order = OrderId(self.inputs.len() as u64 + 1);
        let new = |account, side, lots, kind| {
            let qty = Qty::new(lots).expect("positive");
            let symbol = SymbolId(symbol);
            let reduce_only = false;
            Input::Order(NewOrder { symbol, account, order, side, qty, kind, reduce_only })
        };
        if n % TAKE_EVERY == TAKE_EVERY - 1 {
            let buys = (n / TAKE_EVERY).is_multiple_of(2);
            let (side, ticks) = if buys { (Side::Buy, 100) } else { (Side::Sell, -100) };
            let limit = price(REFERENCE_TICKS.saturating_add_signed(ticks));
            return self.push(time_ns, new(taker, side, 1, OrderKind::ImmediateOrCancel(limit)));
        }
        // Takes use no place.
        let place = (n - n / TAKE_EVERY) % PLACES;
        let at = usize::from(symbol) * usize::try_from(PLACES).expect("few")
            + usize::try_from(place).expect("few");
        let input = if let Some(order) = self.places[at].take() {
            Input::Cancel { symbol: SymbolId(symbol), account: maker, order }
        } else {
            self.places[at] = Some(order);
            let drawn = u32::try_from(order.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32);
            let away = 1 + drawn.expect("32 bits") % AWAY_TICKS;
            let (side, ticks) = if place.is_multiple_of(2) {
                (Side::Buy, REFERENCE_TICKS - away)
            } else {
                (Side::Sell, REFERENCE_TICKS + away)
            };
            new(maker, side, 10, OrderKind::PostOnly(price(ticks)))
        };
        self.push(time_ns, input);
    }
}

#[cfg(test)]
mod tests {
    use seawall_engine::core::EventHasher;
    use seawall_engine::types::{Event, EventSink};

    use super::*;

    #[derive(Default)]
    struct Seen {
        trades: u64,
        rejected: u64,
        rested: u64,
        triggered: u64,
    }

    impl EventSink for Seen {
        fn event(&mut self, event: Event) {
            match event {
                Event::Trade { .. } => self.trades += 1,
                Event::Rejected { .. } => self.rejected += 1,
                Event::Rested { .. } => self.rested += 1,
                Event::Triggered { .. } => self.triggered += 1,
                _ => {}
            }
        }
    }

    #[test]
    fn every_symbol_quotes_cancels_and_trades() {
        for symbols in [1, 50] {
            let market = Market::new(symbols, 20_000);
            let (mut engine, mut seen) = (Engine::new(&market.config), Seen::default());
            let mut hasher = EventHasher::default();
            for input in &market.inputs {
                engine.apply(input, &mut seen);
            }
            let mut again = Engine::new(&market.config);
            for input in &market.inputs {
                again.apply(input, &mut hasher);
            }
            let Seen { trades, rejected, rested, triggered } = seen;
            let orders = market.inputs.len() as u64;
            assert!(trades > orders / 10 && rested > orders / 3, "{trades} {rested} of {orders}");
            assert!(rejected < orders / 10, "{rejected} of {orders}");
            assert_eq!(triggered, 0, "nobody is liquidated");
            let first = hasher.symbol_digest(SymbolId(0));
            assert!(symbols == 1 || first != hasher.symbol_digest(SymbolId(symbols - 1)));
            assert_eq!(engine.conservation_error(), 0);
        }
    }
}
