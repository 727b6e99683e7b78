//! Holders who defend themselves: a stop-loss at the venue, or staged deleveraging by hand.
//!
//! Which holder defends itself, how, and how fast it reacts is drawn for each of them. A stop
//! waits at the venue and watches the mark. One who deleverages watches the mark itself, a feed
//! latency late, and needs a moment to act: it sells a part at a time, the further parts when half
//! of the remaining distance to its trigger price is gone each time.

use core::cmp::Reverse;
use core::ops::Range;
use std::collections::BinaryHeap;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Reference, Side, SymbolId};

use super::holders::{self, Holding};
use super::keyed::{Key, Purpose};
use super::number::{nanoseconds, price_ceil, price_floor, qty, real, whole};
use super::{Agent, Latencies, Outbox, View, order_id};
use crate::scenario::{Defence, Scenario};

/// One who deleverages in stages.
#[derive(Clone, Copy, Debug)]
struct Guard {
    account: AccountId,
    side: Side,
    /// Lots of each stage.
    stage_lots: u32,
    stages_left: u32,
    stage: u32,
    /// Where it would be liquidated, in ticks.
    liquidation: f64,
    /// How far the mark may come before the next stage, as a part of the price.
    distance: f64,
    reaction_ns: u64,
}

impl Guard {
    /// The mark at which its next stage is due.
    fn level(&self) -> f64 {
        match self.side {
            Side::Buy => self.liquidation * (1.0 + self.distance),
            Side::Sell => self.liquidation * (1.0 - self.distance),
        }
    }
}

/// All holders who defend themselves.
#[derive(Debug)]
pub struct Defenders {
    symbol: SymbolId,
    latencies: Latencies,
    /// Stops to place at the start.
    stops: Vec<Input>,
    guards: Vec<Guard>,
    /// Guards whose level has not been reached, longs by falling and shorts by rising level.
    watching: [BinaryHeap<(u64, Reverse<u32>)>; 2],
    /// Guards about to act.
    acting: BinaryHeap<Reverse<(u64, u32)>>,
    period_ns: u64,
    look_ns: u64,
}

impl Defenders {
    /// Stops are placed, and watching begins, after the warm-up.
    fn of(scenario: &Scenario, accounts: &Range<u32>) -> Self {
        let spec = &scenario.defenders;
        let start_ns = scenario.clock.warmup_ms * 1_000_000;
        let mut defenders = Self {
            symbol: scenario.symbol(),
            latencies: Latencies::of_takers(scenario),
            stops: Vec::new(),
            guards: Vec::new(),
            watching: Default::default(),
            acting: BinaryHeap::new(),
            period_ns: spec.period_ms * 1_000_000,
            look_ns: start_ns,
        };
        let all = holders::holdings(scenario);
        for holding in all.into_iter().filter(|holding| accounts.contains(&holding.account.0)) {
            defenders.consider(scenario, &holding);
        }
        for number in 0..defenders.guards.len() {
            defenders.watch(number);
        }
        defenders
    }

    /// The watched positions of a scenario, defended as it says.
    pub fn of_probes(scenario: &Scenario) -> Self {
        let mut chosen = scenario.clone();
        let spec = &mut chosen.defenders;
        (spec.stop_ppm, spec.deleverage_ppm) = match scenario.probe.defence {
            // A hedge is there from the start and asks for nothing.
            Defence::None | Defence::Hedge => (0, 0),
            Defence::Stop => (1_000_000, 0),
            Defence::Deleverage => (0, 1_000_000),
        };
        Self::of(&chosen, &scenario.roles().probes)
    }

    /// The holders of a scenario who defend themselves.
    pub fn new(scenario: &Scenario) -> Self {
        Self::of(scenario, &scenario.roles().holders)
    }

    fn consider(&mut self, scenario: &Scenario, holding: &Holding) {
        let Some(liquidation) = holding.liquidation_ticks(scenario) else { return };
        let spec = &scenario.defenders;
        let number = scenario.drawn_by(holding.account);
        let mut draw = Key::new(scenario.seed, number, Purpose::Defender).at(0);
        let choice = draw.unit() * 1e6;
        let distance = real(spec.distance_bp) / 1e4 * (0.5 + draw.unit());
        let reaction_ns = nanoseconds(real(spec.reaction_ms) * 1e6 * draw.exponential());
        let (stops, stages) = (real(spec.stop_ppm), real(spec.deleverage_ppm));
        if choice < stops {
            self.stops.push(stop(self.symbol, holding, liquidation, distance));
        } else if choice < stops + stages {
            let count = u32::try_from(spec.stages).unwrap_or(u32::MAX).max(1);
            self.guards.push(Guard {
                account: holding.account,
                side: holding.side,
                stage_lots: holding.lots.lots().div_ceil(count),
                stages_left: count,
                stage: 0,
                liquidation,
                distance,
                reaction_ns,
            });
        }
    }

    /// Puts a guard where the mark will find it.
    fn watch(&mut self, number: usize) {
        let guard = &self.guards[number];
        let level = u64::from(whole(guard.level(), 1, u32::MAX - 1));
        let place = u32::try_from(number).expect("guards are counted in 32 bits");
        // The heap gives the greatest first: for shorts the lowest level must be that.
        let key = if guard.side == Side::Buy { level } else { u64::MAX - level };
        self.watching[guard.side.index()].push((key, Reverse(place)));
    }

    /// Moves the guards whose level the mark has reached to those about to act.
    fn look(&mut self, view: &View<'_>) {
        let mark = u64::from(view.quote.mark_ticks);
        if mark == 0 {
            return;
        }
        for (side, key) in [(Side::Buy, mark), (Side::Sell, u64::MAX - mark)] {
            let watching = &mut self.watching[side.index()];
            while let Some((_, Reverse(number))) = watching.peek().copied().filter(|g| g.0 >= key) {
                watching.pop();
                let due = view.now_ns + self.guards[number as usize].reaction_ns;
                self.acting.push(Reverse((due, number)));
            }
        }
    }

    fn act(&mut self, number: u32, out: &mut Outbox<'_>) {
        let guard = &mut self.guards[number as usize];
        guard.stages_left -= 1;
        guard.stage += 1;
        guard.distance /= 2.0;
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account: guard.account,
            order: order_id(guard.account, guard.stage),
            side: guard.side.opposite(),
            qty: qty(guard.stage_lots),
            kind: OrderKind::Market,
            reduce_only: true,
        }));
        if guard.stages_left > 0 {
            self.watch(number as usize);
        }
    }
}

/// A stop at the venue that closes everything when the mark comes near the trigger price.
fn stop(symbol: SymbolId, holding: &Holding, liquidation: f64, distance: f64) -> Input {
    let trigger = match holding.side {
        Side::Buy => price_ceil(liquidation * (1.0 + distance)),
        Side::Sell => price_floor(liquidation * (1.0 - distance)),
    };
    Input::Order(NewOrder {
        symbol,
        account: holding.account,
        order: order_id(holding.account, 1),
        side: holding.side.opposite(),
        qty: holding.lots,
        kind: OrderKind::Stop { watch: Reference::Mark, take_profit: false, trigger, limit: None },
        reduce_only: true,
    })
}

impl Agent for Defenders {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        let acting = self.acting.peek().map_or(u64::MAX, |Reverse((due, _))| *due);
        let is_idle = self.stops.is_empty() && self.watching.iter().all(BinaryHeap::is_empty);
        acting.min(if is_idle { u64::MAX } else { self.look_ns })
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        while let Some(Reverse((_, number))) =
            self.acting.peek().copied().filter(|Reverse((due, _))| *due <= view.now_ns)
        {
            self.acting.pop();
            self.act(number, out);
        }
        if self.look_ns <= view.now_ns {
            self.look_ns = view.now_ns + self.period_ns;
            for input in self.stops.drain(..) {
                out.send(input);
            }
            self.look(view);
        }
    }
}
