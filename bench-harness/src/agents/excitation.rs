//! When orders come that set each other off: a Hawkes process of several kinds, whose kernels are
//! sums of exponentials.
//!
//! Each kind has a rate of its own and, for each memory, an excited rate that every order raises
//! and that decays. An exponentially decaying rate gives its next order after a wait that is known
//! in closed form (Dassios and Zhao 2013, Exact simulation of Hawkes process with exponentially
//! decaying intensity), so the next order of the whole is the first of all these waits, without
//! thinning.

use super::keyed::{Draw, Key};
use super::number::{nanoseconds, real};
use super::pace::Pace;
use crate::scenario::order_flow::{OrderFlow, STREAMS};

/// The next order of a flow, again and again.
#[derive(Debug)]
pub(super) struct Excitation {
    draws: Key,
    orders: u64,
    /// By kind, per nanosecond.
    own: [f64; STREAMS],
    /// By memory, per nanosecond.
    decays: Vec<f64>,
    /// Rates set off, by kind and memory, just after `now`.
    excited: [Vec<f64>; STREAMS],
    /// By what an order of a kind (first) raises them.
    jumps: [[Vec<f64>; STREAMS]; STREAMS],
    /// By kind, what its rate is multiplied with.
    paces: [Pace; STREAMS],
    /// When the last order came, in nanoseconds and parts of one.
    now_ns: f64,
    /// When the next one comes, and its kind.
    next: (u64, usize),
}

impl Excitation {
    /// The arrivals of a flow from time zero on, in its long run: excited as it is on average.
    pub(super) fn new(flow: &OrderFlow, draws: Key) -> Self {
        let decays: Vec<f64> = flow.memory_us.iter().map(|us| 1.0 / (real(*us) * 1e3)).collect();
        let streams = flow.streams();
        let offspring =
            |of: usize, by: usize, memory: usize| real(streams[of].excited_ppm[by][memory]) / 1e6;
        let own = streams.map(|stream| stream.own_per_second / 1e9);
        let jump = |of: usize, by: usize| {
            let jump = |(memory, decay): (usize, &f64)| offspring(of, by, memory) * decay;
            decays.iter().enumerate().map(jump).collect()
        };
        let rates =
            mean_rates(&own, |of, by| (0..decays.len()).map(|k| offspring(of, by, k)).sum());
        let excited = |of: usize| {
            let mean = |k| (0..STREAMS).map(|by| offspring(of, by, k) * rates[by]).sum();
            (0..decays.len()).map(mean).collect()
        };
        let mut this = Self {
            draws,
            orders: 0,
            own,
            excited: core::array::from_fn(excited),
            jumps: core::array::from_fn(|by| core::array::from_fn(|of| jump(of, by))),
            decays,
            paces: streams.map(|stream| Pace::new(&stream.pace)),
            now_ns: 0.0,
            next: (0, 0),
        };
        this.schedule();
        this
    }

    /// When the next order comes, in nanoseconds, and its kind.
    pub(super) fn next(&self) -> (u64, usize) {
        self.next
    }

    /// How many came before.
    pub(super) fn orders(&self) -> u64 {
        self.orders
    }

    /// The next order has come: what it sets off, and when the one after it comes.
    pub(super) fn advance(&mut self) {
        let (_, by) = self.next;
        for (excited, jumps) in self.excited.iter_mut().zip(&self.jumps[by]) {
            for (rate, jump) in excited.iter_mut().zip(jumps) {
                *rate += jump;
            }
        }
        self.orders += 1;
        self.schedule();
    }

    fn schedule(&mut self) {
        let mut draw = self.draws.at(self.orders);
        loop {
            let (wait, kind) = self.first(&mut draw);
            // Up to where a factor changes nothing has come, and nothing is known of what comes then.
            let change_ns = self.paces.iter().map(Pace::change_ns).fold(f64::INFINITY, f64::min);
            if self.now_ns + wait < change_ns || change_ns.is_infinite() {
                self.age(wait);
                self.now_ns += wait;
                self.paces[kind].restart(self.now_ns);
                self.next = (nanoseconds(self.now_ns), kind);
                return;
            }
            self.age(change_ns - self.now_ns);
            self.now_ns = change_ns;
            self.paces.iter_mut().for_each(|pace| pace.go_on(change_ns));
        }
    }

    /// The wait for the next order and its kind, if no factor changes before.
    fn first(&self, draw: &mut Draw) -> (f64, usize) {
        let mut first = (f64::INFINITY, 0);
        for (kind, own) in self.own.iter().enumerate() {
            let factor = self.paces[kind].factor();
            let wait = draw.exponential() / (own * factor).max(f64::MIN_POSITIVE);
            if wait < first.0 {
                first = (wait, kind);
            }
            for (rate, decay) in self.excited[kind].iter().zip(&self.decays) {
                let wait = decaying_wait(rate * factor, *decay, draw);
                if wait < first.0 {
                    first = (wait, kind);
                }
            }
        }
        first
    }

    fn age(&mut self, wait_ns: f64) {
        for excited in &mut self.excited {
            for (rate, decay) in excited.iter_mut().zip(&self.decays) {
                *rate *= libm::exp(-decay * wait_ns);
            }
        }
    }
}

/// The wait for the first order of a rate that decays; it may never come.
fn decaying_wait(rate: f64, decay: f64, draw: &mut Draw) -> f64 {
    let hit = draw.exponential();
    // It solves rate / decay * (1 - exp(-decay * wait)) = hit.
    let left = 1.0 - hit * decay / rate.max(f64::MIN_POSITIVE);
    if left > 0.0 { -libm::log(left) / decay } else { f64::INFINITY }
}

/// The long run's rates: what comes of itself and what it sets off, over all generations.
fn mean_rates(own: &[f64; STREAMS], offspring: impl Fn(usize, usize) -> f64) -> [f64; STREAMS] {
    let mut rates = *own;
    // The sum of generations shrinks by the branching ratio each time: at the greatest that the
    // checks let through, below one part in a million after 3,000.
    for _ in 0..3_000 {
        rates = core::array::from_fn(|of| {
            own[of] + (0..STREAMS).map(|by| offspring(of, by) * rates[by]).sum::<f64>()
        });
    }
    rates
}
