//! Who arrives when, and how long they are served.

use seawall_engine::liquidation::PriorityKey;

use super::super::noise::Noise;
use super::shop::Shop;

/// Nanoseconds of virtual time in a mean service time.
pub(super) const SERVICE_NS: f64 = 1e6;

/// Law of the service time, of mean one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Exponential,
    Fixed,
    /// Two exponentials, mixed so that the squared coefficient of variation is 4.
    Varied,
}

impl Service {
    pub(super) fn draw(self, noise: &mut Noise) -> f64 {
        match self {
            Self::Fixed => 1.0,
            Self::Exponential => noise.exponential(),
            Self::Varied => {
                // Balanced means: each kind is half of the work.
                let often = 0.5 * (1.0 + (3.0_f64 / 5.0).sqrt());
                let share = if noise.unit() < often { often } else { 1.0 - often };
                noise.exponential() / (2.0 * share)
            }
        }
    }
}

/// What is queued, by whom and in which order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    /// Arrivals of each class per mean service time, the most urgent class first.
    pub(super) arrivals: &'a [f64],
    pub(super) service: Service,
    pub(super) key: PriorityKey,
}

/// One customer that was served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) class: usize,
    pub(super) wait_ns: u64,
    pub(super) sojourn_ns: u64,
}

/// A run: everybody served, and the time integral of the engine's backlog.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) served: Vec<Served>,
    pub(super) backlog_ns: u128,
    pub(super) end_ns: u64,
}

/// A span of virtual time.
fn nanoseconds(services: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "above zero and far below 2^53"
    )]
    {
        (services * SERVICE_NS).round() as u64
    }
}

/// Serves `jobs` customers after `warm_up` others.
pub(super) fn simulate(load: Load<'_>, mut noise: Noise, (warm_up, jobs): (usize, usize)) -> Run {
    let mut shop = Shop::new(load.arrivals.len(), load.key);
    let rate: f64 = load.arrivals.iter().sum();
    let mut left = warm_up + jobs;
    let mut next_ns = nanoseconds(noise.exponential() / rate);
    let mut free_ns = 0;
    let mut run = Run { served: Vec::with_capacity(jobs), ..Run::default() };
    let mut count = 0;
    while left > 0 || shop.engine.backlog() > 0 {
        if shop.engine.backlog() > 0 && (left == 0 || free_ns <= next_ns) {
            shop.advance(free_ns);
            let (class, wait_ns) = shop.serve();
            let service_ns = nanoseconds(load.service.draw(&mut noise));
            free_ns += service_ns;
            count += 1;
            if count > warm_up {
                run.served.push(Served { class, wait_ns, sojourn_ns: wait_ns + service_ns });
            }
        } else {
            shop.advance(next_ns);
            shop.arrive(class_of(load.arrivals, noise.unit() * rate));
            free_ns = free_ns.max(next_ns);
            next_ns += nanoseconds(noise.exponential() / rate);
            left -= 1;
        }
    }
    shop.engine.assert_consistent();
    run.backlog_ns = shop.backlog_ns;
    run.end_ns = shop.now_ns;
    run
}

fn class_of(arrivals: &[f64], mut draw: f64) -> usize {
    for (class, rate) in arrivals.iter().enumerate() {
        if draw < *rate {
            return class;
        }
        draw -= rate;
    }
    arrivals.len() - 1
}
