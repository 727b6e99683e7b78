//! Holds a venue against the reference, event by event, and makes a failure small.

use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use seawall_engine::risk::OrderRules;
use seawall_engine::types::{Event, Ppm, Seq, Sequenced};

use crate::coverage::Coverage;
use crate::generator::Generator;
use crate::reference::Reference;
use crate::script;
use crate::setup::Setup;
use crate::venue::Venue;

/// Inputs between two comparisons of the whole state.
pub const SNAPSHOT_EVERY: usize = 1_000;

/// One seed in so many is audited after every input, the others whenever the state is compared.
pub const AUDITED_SEEDS: u64 = 3;

/// How two engines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of the input after which they differ, from 1.
    pub command: usize,
    /// What differs.
    pub what: What,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The events of the input.
    Events {
        /// Index of the first event that differs.
        first: usize,
        /// What the reference says.
        expected: Vec<Event>,
        /// What the venue said.
        found: Vec<Event>,
    },
    /// The state after it; the lines that differ.
    State(String),
    /// The venue panicked.
    Panic,
    /// The reference did: what the documentation says breaks a promise of its own.
    Contradiction,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Panic => writeln!(f, "the venue panicked at command {}", self.command),
            What::Contradiction => {
                writeln!(f, "the reference panicked at command {}", self.command)
            }
            What::State(lines) => writeln!(f, "state after command {}:\n{lines}", self.command),
            What::Events { first, expected, found } => {
                writeln!(f, "events of command {} differ from event {first} on", self.command)?;
                writeln!(f, "the documentation (reference) says:")?;
                write_events(f, expected)?;
                writeln!(f, "the venue said:")?;
                write_events(f, found)
            }
        }
    }
}

fn write_events(f: &mut fmt::Formatter<'_>, events: &[Event]) -> fmt::Result {
    for (index, event) in events.iter().enumerate() {
        writeln!(f, "  {index:>3}  {}", script::event_line(event))?;
    }
    Ok(())
}

/// Index of the first event in which two lists differ.
pub fn first_difference(expected: &[Event], found: &[Event]) -> Option<usize> {
    if expected == found {
        return None;
    }
    let same = expected.iter().zip(found).take_while(|(one, other)| one == other).count();
    Some(same)
}

/// The reference and a venue, side by side.
#[derive(Debug)]
pub struct Pair<V> {
    reference: Reference,
    venue: V,
    expected: Vec<Event>,
    found: Vec<Event>,
    commands: usize,
    /// Whether the venue is audited after every input.
    audits: bool,
}

impl<V: Venue> Pair<V> {
    /// Both empty.
    pub fn open(setup: &Setup) -> Self {
        let config = setup.build().unwrap_or_else(|error| panic!("rules are valid: {error}"));
        Self {
            reference: Reference::new(&config),
            venue: V::open(&config),
            expected: Vec::new(),
            found: Vec::new(),
            commands: 0,
            audits: false,
        }
    }

    /// The reference.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The reference's events of the last input.
    pub fn events(&self) -> &[Event] {
        &self.expected
    }

    /// Applies one input to both and compares the events.
    pub fn apply(&mut self, input: &Sequenced) -> Result<(), Difference> {
        self.commands += 1;
        self.expected.clear();
        self.found.clear();
        let (reference, expected) = (&mut self.reference, &mut self.expected);
        if catch_unwind(AssertUnwindSafe(|| reference.apply(input, expected))).is_err() {
            return Err(self.difference(What::Contradiction));
        }
        let (venue, found) = (&mut self.venue, &mut self.found);
        let audits = self.audits;
        let step = || {
            venue.apply(input, found);
            if audits {
                venue.audit();
            }
        };
        if catch_unwind(AssertUnwindSafe(step)).is_err() {
            return Err(self.difference(What::Panic));
        }
        match first_difference(&self.expected, &self.found) {
            None => Ok(()),
            Some(first) => Err(self.difference(What::Events {
                first,
                expected: self.expected.clone(),
                found: self.found.clone(),
            })),
        }
    }

    /// Compares everything that can be seen from outside.
    pub fn compare_state(&self) -> Result<(), Difference> {
        let expected = self.reference.snapshot(&self.reference);
        let look = || self.venue.snapshot(&self.reference);
        let Ok(found) = catch_unwind(AssertUnwindSafe(look)) else {
            return Err(self.difference(What::Panic));
        };
        if expected == found {
            return Ok(());
        }
        let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
        let mut lines = String::new();
        for (number, (one, other)) in expected.lines().zip(found.lines()).enumerate() {
            if one != other {
                writeln!(lines, "  line {number}: {} but {}", one.trim(), other.trim())
                    .expect("it is a string");
            }
        }
        Err(self.difference(What::State(lines)))
    }

    fn difference(&self, what: What) -> Difference {
        Difference { command: self.commands, what }
    }
}

/// Applies a list of inputs to both, comparing the state every so often and at the end.
pub fn compare<V: Venue>(
    setup: &Setup,
    inputs: &[Sequenced],
    snapshot_every: usize,
) -> Result<(), Difference> {
    let mut pair = Pair::<V>::open(setup);
    for (index, input) in inputs.iter().enumerate() {
        pair.apply(input)?;
        if (index + 1).is_multiple_of(snapshot_every) {
            pair.compare_state()?;
        }
    }
    pair.compare_state()
}

/// A seed at which a venue differs from the reference.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Seed of the generator.
    pub seed: u64,
    /// Rules of the shard.
    pub setup: Setup,
    /// Inputs up to the difference.
    pub inputs: Vec<Sequenced>,
    /// The difference.
    pub difference: Difference,
}

/// Runs one seed for so many commands.
pub fn run_seed<V: Venue>(
    seed: u64,
    commands: usize,
    coverage: &mut Coverage,
) -> Result<(), Box<Failure>> {
    let mut generator = Generator::new(seed);
    let setup = generator.setup().clone();
    let mut pair = Pair::<V>::open(&setup);
    pair.audits = seed.is_multiple_of(AUDITED_SEEDS);
    let mut inputs = Vec::with_capacity(commands);
    for number in 1..=commands {
        let input = generator.next(pair.reference());
        inputs.push(input);
        let mut outcome = pair.apply(&input);
        if outcome.is_ok() && (number.is_multiple_of(SNAPSHOT_EVERY) || number == commands) {
            outcome = pair.compare_state();
        }
        coverage.count(pair.events());
        coverage.count_input(&input.input, pair.events());
        let is_cross = |account| pair.reference().is_cross(account);
        coverage.count_rules(&setup, pair.events(), is_cross);
        if let Err(difference) = outcome {
            return Err(Box::new(Failure { seed, setup, inputs, difference }));
        }
    }
    Ok(())
}

/// Lists up to this length are also searched for pairs of inputs that can go together, such as a
/// deposit and the only order that it paid for.
const PAIRS_UP_TO: usize = 150;

/// Makes a failure small (delta debugging): plainer rules and fewer inputs, as long as the two
/// still differ. The inputs that are left are numbered anew.
pub fn shrink<V: Venue>(setup: &Setup, inputs: &[Sequenced]) -> (Setup, Vec<Sequenced>) {
    let (mut setup, mut kept) = (setup.clone(), inputs.to_vec());
    if !still_differs::<V>(&setup, &mut kept) {
        return (setup, kept);
    }
    loop {
        // With fewer inputs, plainer rules may do; with plainer rules, fewer inputs.
        make_plainer::<V>(&mut setup, &mut kept);
        drop_chunks::<V>(&setup, &mut kept);
        if make_plainer::<V>(&mut setup, &mut kept) {
            continue;
        }
        if kept.len() > PAIRS_UP_TO || !drop_pair::<V>(&setup, &mut kept) {
            return (setup, kept);
        }
    }
}

/// Makes rules plainer one by one, where the two still differ; says whether any could be.
fn make_plainer<V: Venue>(setup: &mut Setup, kept: &mut Vec<Sequenced>) -> bool {
    let mut any = false;
    for plainer in PLAINER {
        let (mut plain, mut candidate) = (setup.clone(), kept.clone());
        plainer(&mut plain);
        if plain != *setup && plain.build().is_ok() && still_differs::<V>(&plain, &mut candidate) {
            (*setup, *kept) = (plain, candidate);
            any = true;
        }
    }
    any
}

/// Ways to make rules plainer.
const PLAINER: [fn(&mut Setup); 16] = [
    |setup| setup.fund_groups.clear(),
    |setup| setup.auctions.iter_mut().for_each(|auctions| *auctions = None),
    |setup| setup.order_rules.iter_mut().for_each(|rules| *rules = OrderRules::default()),
    |setup| setup.liquidation.venue.order = Setup::liquidation().venue.order,
    |setup| setup.liquidation.venue.backstop = Setup::liquidation().venue.backstop,
    |setup| setup.liquidation.venue.fund = Setup::liquidation().venue.fund,
    |setup| setup.liquidation.venue.residual = Setup::liquidation().venue.residual,
    |setup| setup.liquidation.venue.draw = None,
    |setup| setup.liquidation.venue.adl = Setup::liquidation().venue.adl,
    |setup| setup.liquidation.venue.rekey = false,
    |setup| setup.liquidation.discipline = Setup::liquidation().discipline,
    |setup| setup.liquidation.plan = Setup::liquidation().plan,
    |setup| setup.liquidation.key = Setup::liquidation().key,
    |setup| setup.liquidation.fee = Setup::liquidation().fee,
    |setup| setup.markets.iter_mut().for_each(|market| market.tiers.truncate(1)),
    |setup| {
        for market in &mut setup.markets {
            (market.maker_fee, market.taker_fee) = (Ppm::ZERO, Ppm::ZERO);
        }
    },
];

/// Whether the two differ over a list, which is then cut after the difference.
fn still_differs<V: Venue>(setup: &Setup, inputs: &mut Vec<Sequenced>) -> bool {
    for (input, number) in inputs.iter_mut().zip(1..) {
        input.seq = Seq(number);
    }
    match compare::<V>(setup, inputs, 1) {
        Ok(()) => false,
        Err(difference) => {
            inputs.truncate(difference.command);
            true
        }
    }
}

/// Drops runs of inputs, long ones first, until no single one can go.
fn drop_chunks<V: Venue>(setup: &Setup, kept: &mut Vec<Sequenced>) {
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 {
        let mut start = 0;
        let mut dropped = false;
        while start < kept.len() {
            let end = (start + chunk).min(kept.len());
            let mut candidate = kept.clone();
            candidate.drain(start..end);
            if still_differs::<V>(setup, &mut candidate) {
                *kept = candidate;
                dropped = true;
            } else {
                start = end;
            }
        }
        // A round of single inputs that dropped something may have freed another one.
        chunk = if dropped && chunk == 1 { 1 } else { chunk / 2 };
    }
}

/// Drops the first two inputs that can only go together, if there are two.
fn drop_pair<V: Venue>(setup: &Setup, kept: &mut Vec<Sequenced>) -> bool {
    for second in 1..kept.len() {
        for first in 0..second {
            let mut candidate = kept.clone();
            candidate.remove(second);
            candidate.remove(first);
            if still_differs::<V>(setup, &mut candidate) {
                *kept = candidate;
                return true;
            }
        }
    }
    false
}

impl Failure {
    /// Everything somebody needs to look into it.
    pub fn report<V: Venue>(&self) -> String {
        let (setup, small) = shrink::<V>(&self.setup, &self.inputs);
        let text = script::write(&setup, &small);
        let Self { seed, difference, .. } = self;
        let shrunk = match compare::<V>(&setup, &small, 1) {
            Err(difference) => difference.to_string(),
            Ok(()) => "the shrunk list no longer differs".to_owned(),
        };
        format!(
            "seed {seed}: {difference}\n\
             again: SEAWALL_SEED={seed} cargo test -p conformance --test differential\n\
             {} commands are enough; save them as tests/tests/regressions/NAME.txt:\n\n{text}\n\
             which ends with {shrunk}",
            small.len()
        )
    }
}
