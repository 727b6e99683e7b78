//! What a differential run has reached: a run that never got there proves nothing.

use std::fmt;

use seawall_engine::liquidation::{AdlPolicy, AdlPrice, LiquidationRules};
use seawall_engine::types::{
    AccountId, CancelCause, Event, FundCause, Input, OrderKind, RejectReason, SelfTrade,
};

const CANCELS: [CancelCause; 10] = [
    CancelCause::Client,
    CancelCause::Unfilled,
    CancelCause::FillOrKill,
    CancelCause::Liquidation,
    CancelCause::MassCancel,
    CancelCause::Disconnect,
    CancelCause::SelfTrade,
    CancelCause::MinQty,
    CancelCause::Expired,
    CancelCause::ReduceOnly,
];

const FUNDS: [FundCause; 6] = [
    FundCause::LiquidationFee,
    FundCause::Unwind,
    FundCause::Deleverage,
    FundCause::Shortfall,
    FundCause::Socialised,
    FundCause::Funding,
];

/// Kinds of order.
const KINDS: [&str; 11] = [
    "limit",
    "post-only",
    "immediate-or-cancel",
    "fill-or-kill",
    "market",
    "good-till",
    "post-only-slide",
    "at-least",
    "market-to-limit",
    "iceberg",
    "stop",
];

const fn kind_of(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Limit(_) => KINDS[0],
        OrderKind::PostOnly(_) => KINDS[1],
        OrderKind::ImmediateOrCancel(_) => KINDS[2],
        OrderKind::FillOrKill(_) => KINDS[3],
        OrderKind::Market => KINDS[4],
        OrderKind::GoodTill { .. } => KINDS[5],
        OrderKind::PostOnlySlide(_) => KINDS[6],
        OrderKind::AtLeast { .. } => KINDS[7],
        OrderKind::MarketToLimit => KINDS[8],
        OrderKind::Iceberg { .. } => KINDS[9],
        OrderKind::Stop { .. } => KINDS[10],
    }
}

/// Counts over the events of many inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Inputs.
    pub commands: u64,
    /// Inputs without a rejection.
    pub accepted: u64,
    /// Inputs that caused at least one trade.
    pub trading: u64,
    /// Events.
    pub events: u64,
    /// Trades.
    pub trades: u64,
    /// Replaced orders that kept their place.
    pub replaced_in_place: u64,
    /// Replaced orders that lost it.
    pub requeued: u64,
    /// Trades agreed off the book.
    pub blocks: u64,
    /// Positions that entered the queue.
    pub triggered: u64,
    /// Positions that left it healthy.
    pub recovered: u64,
    /// Forced orders of accounts.
    pub forced: u64,
    /// Fills of forced orders, the fund's included.
    pub forced_fills: u64,
    /// Takeovers.
    pub taken_over: u64,
    /// Accounts deleveraged against a liquidated position.
    pub deleveraged: u64,
    /// Accounts deleveraged against the fund.
    pub fund_deleveraged: u64,
    /// Forced orders of the fund.
    pub unwinds: u64,
    /// Payers of socialised losses.
    pub socialised: u64,
    /// Liquidated positions that became flat.
    pub closed: u64,
    /// Stop orders that wait.
    pub stops: u64,
    /// Stop orders that became orders.
    pub stops_triggered: u64,
    /// Stop orders that became orders and were refused.
    pub stops_rejected: u64,
    /// Further parts of iceberg orders.
    pub parts: u64,
    /// Accounts whose margin mode was set to cross.
    pub crossed: u64,
    /// Funding payments.
    pub funded: u64,
    /// Orders that shrank by other means than a trade or a wish.
    pub reduced: u64,
    rejects: Rejects,
    cancels: [u64; CANCELS.len()],
    funds: [u64; FUNDS.len()],
    policies: [u64; AdlPolicy::ALL.len()],
    adl_prices: [u64; AdlPrice::ALL.len()],
    kinds: [u64; KINDS.len()],
    modes: [u64; SelfTrade::ALL.len()],
}

/// Counts by reason.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rejects([u64; RejectReason::ALL.len()]);

impl Default for Rejects {
    fn default() -> Self {
        Self([0; RejectReason::ALL.len()])
    }
}

impl Coverage {
    /// Counts one input's events.
    pub fn count(&mut self, events: &[Event]) {
        self.commands += 1;
        self.events += events.len() as u64;
        let rejected = events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        self.accepted += u64::from(!rejected);
        self.trading += u64::from(events.iter().any(|event| matches!(event, Event::Trade { .. })));
        for event in events {
            self.count_event(event);
        }
        for (number, event) in events.iter().enumerate() {
            if let Event::Rested { order, .. } = *event {
                let part = |other: &Event| matches!(*other, Event::Trade { maker, maker_leaves_lots: 0, .. } if maker == order);
                self.parts += u64::from(events[..number].iter().any(part));
            }
        }
    }

    /// Counts the kind of an order and the mode of self-trade prevention that an input was accepted
    /// with.
    pub fn count_input(&mut self, input: &Input, events: &[Event]) {
        if events.iter().any(|event| matches!(event, Event::Rejected { .. })) {
            return;
        }
        match input {
            Input::Order(order) => {
                let kind = kind_of(order.kind);
                bump(&mut self.kinds, &KINDS, kind);
            }
            Input::SelfTrade { mode, .. } => bump(&mut self.modes, &SelfTrade::ALL, *mode),
            _ => {}
        }
    }

    /// Counts what one input's events reached of the venue's rules.
    pub fn count_rules(&mut self, rules: &LiquidationRules, events: &[Event]) {
        let deleveraged = |event: &&Event| matches!(event, Event::Deleveraged { .. });
        for _ in events.iter().filter(deleveraged) {
            bump(&mut self.policies, &AdlPolicy::ALL, rules.venue.adl.policy);
            bump(&mut self.adl_prices, &AdlPrice::ALL, rules.venue.adl.price);
        }
    }

    fn count_event(&mut self, event: &Event) {
        match *event {
            Event::Rejected { reason, .. } => bump(&mut self.rejects.0, &RejectReason::ALL, reason),
            Event::Cancelled { cause, .. } => bump(&mut self.cancels, &CANCELS, cause),
            Event::Fund { cause, .. } => bump(&mut self.funds, &FUNDS, cause),
            Event::Trade { taker, .. } => {
                self.trades += 1;
                self.forced_fills += u64::from(taker.is_derived());
            }
            Event::Replaced { in_place: true, .. } => self.replaced_in_place += 1,
            Event::Replaced { in_place: false, .. } => self.requeued += 1,
            Event::Block { .. } => self.blocks += 1,
            Event::Triggered { .. } => self.triggered += 1,
            Event::Recovered { .. } => self.recovered += 1,
            Event::Forced { account: AccountId::FUND, .. } => self.unwinds += 1,
            Event::Forced { .. } => self.forced += 1,
            Event::TakenOver { .. } => self.taken_over += 1,
            Event::Deleveraged { account: AccountId::FUND, .. } => self.fund_deleveraged += 1,
            Event::Deleveraged { .. } => self.deleveraged += 1,
            Event::Socialised { .. } => self.socialised += 1,
            Event::Closed { .. } => self.closed += 1,
            Event::Reduced { .. } => self.reduced += 1,
            Event::StopPlaced { .. } => self.stops += 1,
            Event::StopTriggered { .. } => self.stops_triggered += 1,
            Event::StopRejected { .. } => self.stops_rejected += 1,
            Event::Accepted { .. }
            | Event::Rested { .. }
            | Event::Marked { .. }
            | Event::Deposited { .. }
            | Event::Withdrawn { .. }
            | Event::LeverageSet { .. }
            | Event::Indexed { .. }
            | Event::SelfTradeSet { .. }
            | Event::MassCancelled { .. }
            | Event::CancelOnDisconnectSet { .. }
            | Event::Disconnected { .. }
            | Event::KillSwitch { .. } => {}
            Event::Funded { .. } => self.funded += 1,
            Event::MarginModeSet { cross, .. } => self.crossed += u64::from(cross),
        }
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.scalars_mut().into_iter().zip(other.clone().scalars_mut()) {
            *mine += *theirs;
        }
        add_all(&mut self.rejects.0, &other.rejects.0);
        add_all(&mut self.cancels, &other.cancels);
        add_all(&mut self.funds, &other.funds);
        add_all(&mut self.kinds, &other.kinds);
        add_all(&mut self.modes, &other.modes);
        add_all(&mut self.policies, &other.policies);
        add_all(&mut self.adl_prices, &other.adl_prices);
    }

    fn scalars_mut(&mut self) -> [&mut u64; 25] {
        [
            &mut self.commands,
            &mut self.accepted,
            &mut self.trading,
            &mut self.events,
            &mut self.trades,
            &mut self.replaced_in_place,
            &mut self.requeued,
            &mut self.blocks,
            &mut self.triggered,
            &mut self.recovered,
            &mut self.forced,
            &mut self.forced_fills,
            &mut self.taken_over,
            &mut self.deleveraged,
            &mut self.fund_deleveraged,
            &mut self.unwinds,
            &mut self.socialised,
            &mut self.closed,
            &mut self.reduced,
            &mut self.parts,
            &mut self.stops,
            &mut self.stops_triggered,
            &mut self.stops_rejected,
            &mut self.funded,
            &mut self.crossed,
        ]
    }

    /// What a whole run must reach and has not; empty when it is healthy.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if self.accepted * 2 < self.commands {
            missing.push(format!("half accepted ({} of {})", self.accepted, self.commands));
        }
        if self.trading * 5 < self.commands {
            missing.push(format!("a fifth trading ({} of {})", self.trading, self.commands));
        }
        for (label, count) in self.named() {
            if count == 0 {
                missing.push(label);
            }
        }
        missing
    }

    /// Everything that must be reached at least once, with its count.
    fn named(&self) -> Vec<(String, u64)> {
        let mut named: Vec<(String, u64)> = [
            ("trades", self.trades),
            ("replaced in place", self.replaced_in_place),
            ("requeued", self.requeued),
            ("block trades", self.blocks),
            ("triggered", self.triggered),
            ("recovered", self.recovered),
            ("forced orders", self.forced),
            ("forced fills", self.forced_fills),
            ("taken over", self.taken_over),
            ("deleveraged", self.deleveraged),
            ("deleveraged against the fund", self.fund_deleveraged),
            ("fund unwinds", self.unwinds),
            ("socialised payments", self.socialised),
            ("closed", self.closed),
            ("reduced", self.reduced),
            ("iceberg parts", self.parts),
            ("stops placed", self.stops),
            ("stops triggered", self.stops_triggered),
            ("stops rejected", self.stops_rejected),
            ("funding payments", self.funded),
            ("cross accounts", self.crossed),
        ]
        .map(|(label, count)| (label.to_owned(), count))
        .into();
        let rejects = RejectReason::ALL.iter().zip(self.rejects.0);
        named.extend(rejects.map(|(reason, count)| (format!("rejected {reason:?}"), count)));
        let kinds = KINDS.iter().zip(self.kinds);
        named.extend(kinds.map(|(kind, count)| (format!("accepted {kind}"), count)));
        let modes = SelfTrade::ALL.iter().zip(self.modes);
        named.extend(modes.map(|(mode, count)| (format!("self-trade {mode:?}"), count)));
        let cancels = CANCELS.iter().zip(self.cancels);
        named.extend(cancels.map(|(cause, count)| (format!("cancelled {cause:?}"), count)));
        let funds = FUNDS.iter().zip(self.funds);
        named.extend(funds.map(|(cause, count)| (format!("fund {cause:?}"), count)));
        let policies = AdlPolicy::ALL.iter().zip(self.policies);
        named.extend(policies.map(|(one, count)| (format!("adl {}", one.name()), count)));
        let prices = AdlPrice::ALL.iter().zip(self.adl_prices);
        named.extend(prices.map(|(one, count)| (format!("adl at {}", one.name()), count)));
        named
    }
}

fn bump<T: Copy + PartialEq>(counts: &mut [u64], all: &[T], one: T) {
    let index = all.iter().position(|other| *other == one).expect("the list is complete");
    counts[index] += 1;
}

fn add_all(mine: &mut [u64], theirs: &[u64]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commands, accepted, trading, events, .. } = self;
        writeln!(
            f,
            "{commands} commands, {accepted} accepted, {trading} trading, {events} events"
        )?;
        for (label, count) in self.named() {
            writeln!(f, "  {count:>9} {label}")?;
        }
        Ok(())
    }
}
