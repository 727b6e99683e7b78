//! What a differential run has reached: a run that never got there proves nothing.

use std::fmt;

use seawall_engine::liquidation::{
    AdlPolicy, AdlPrice, ForcedLimit, FundRules, LiquidationRules, Plan, Residual, Unfilled,
};
use seawall_engine::types::{
    AccountId, CancelCause, Event, FundCause, HaltCause, Input, OrderKind, Ppm, RejectReason,
    SelfTrade, SymbolId,
};

use crate::setup::Setup;

const CANCELS: [CancelCause; 13] = [
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
    CancelCause::Linked,
    CancelCause::Halt,
    CancelCause::Unfunded,
];

/// How often a whole run must reach everything that it counts.
const OFTEN_MIN: u64 = 1_000;
/// Except what takes several rare things at once.
const RARE_MIN: u64 = 50;
const RARE: [&str; 10] = [
    "auctions at a second price",
    "cancelled Unfunded",
    "collateral sold",
    "fund Collateral",
    "under a fill of one of a cross account",
    "under one withdrawn of a cross account",
    "under what one left deleveraged",
    "under a shortfall paid by another fund",
    "under a cross account's debt paid by another fund",
    "under collateral bought by another fund",
];

const HALTS: [HaltCause; 3] = [HaltCause::Command, HaltCause::Trade, HaltCause::Mark];

const FUNDS: [FundCause; 7] = [
    FundCause::LiquidationFee,
    FundCause::Unwind,
    FundCause::Deleverage,
    FundCause::Shortfall,
    FundCause::Socialised,
    FundCause::Funding,
    FundCause::Collateral,
];

/// Kinds of order.
const KINDS: [&str; 12] = [
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
    "trailing stop",
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
        OrderKind::TrailingStop { .. } => KINDS[11],
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
    /// Trades of auctions.
    pub auction_trades: u64,
    /// Auctions held at a second price.
    pub further_rounds: u64,
    /// Markets reopened.
    pub reopened: u64,
    /// Auctions that were asked about while their sides crossed.
    pub indicatives: u64,
    /// Orders that were linked.
    pub links: u64,
    /// Further parts of iceberg orders.
    pub parts: u64,
    /// Accounts whose margin mode was set to cross.
    pub crossed: u64,
    /// Price inputs of collateral with a haircut above zero.
    pub haircuts: u64,
    /// Deposits of collateral.
    pub collateral: u64,
    /// Withdrawals of collateral.
    pub withdrawn: u64,
    /// Collateral that the fund bought.
    pub sold: u64,
    /// Funding payments.
    pub funded: u64,
    /// Orders that shrank by other means than a trade or a wish.
    pub reduced: u64,
    rejects: Rejects,
    halts: [u64; HALTS.len()],
    cancels: [u64; CANCELS.len()],
    funds: [u64; FUNDS.len()],
    policies: [u64; AdlPolicy::ALL.len()],
    adl_prices: [u64; AdlPrice::ALL.len()],
    rules: Rules,
    kinds: [u64; KINDS.len()],
    modes: [u64; SelfTrade::ALL.len()],
}

/// How often something happened under each rule, in the order of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rules([u64; RULES.len()]);

impl Default for Rules {
    fn default() -> Self {
        Self([0; RULES.len()])
    }
}

/// How often each reason was given, in the order of the reasons.
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
        let trades =
            |event: &Event| matches!(event, Event::Trade { .. } | Event::AuctionTrade { .. });
        self.trading += u64::from(events.iter().any(trades));
        for event in events {
            self.count_event(event);
        }
        let rounds = events.iter().filter(|event| matches!(event, Event::Uncrossed { .. })).count();
        self.further_rounds += u64::from(rounds > 1);
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
    /// `is_cross` says which accounts share their margin.
    pub fn count_rules(
        &mut self,
        setup: &Setup,
        events: &[Event],
        is_cross: impl Fn(AccountId) -> bool,
    ) {
        let rules = &setup.liquidation;
        let deleveraged = |event: &&Event| matches!(event, Event::Deleveraged { .. });
        for _ in events.iter().filter(deleveraged) {
            bump(&mut self.policies, &AdlPolicy::ALL, rules.venue.adl.policy);
            bump(&mut self.adl_prices, &AdlPrice::ALL, rules.venue.adl.price);
        }
        for event in events {
            for (number, reached) in reached(rules, event).into_iter().enumerate() {
                self.rules.0[number] += u64::from(reached);
            }
        }
        if rules.venue.order.unfilled.rests() {
            self.count_resting(events, &is_cross);
        }
        if setup.funds() > 1 {
            self.count_funds(setup, events, is_cross);
        }
    }

    /// Counts what funds other than the first did.
    fn count_funds(
        &mut self,
        setup: &Setup,
        events: &[Event],
        is_cross: impl Fn(AccountId) -> bool,
    ) {
        let is_other = |account: AccountId| (1..setup.funds()).contains(&account.0);
        let has_other = |symbol: SymbolId| setup.fund_groups[symbol.index()] > 0;
        let has_peak = setup.liquidation.venue.fund != FundRules::default();
        for (number, event) in events.iter().enumerate() {
            let label = match *event {
                Event::TakenOver { symbol, .. } if has_other(symbol) => {
                    "a takeover by another fund"
                }
                Event::Forced { account, .. } if is_other(account) => "an unwind of another fund",
                Event::Deleveraged { account, .. } if is_other(account) => {
                    "another fund deleveraged"
                }
                Event::Deleveraged { symbol, account, .. }
                    if account.0 > 0 && has_peak && has_other(symbol) =>
                {
                    "a position deleveraged beside another fund with a peak"
                }
                Event::Fund { symbol, cause, .. } if has_other(symbol) => match cause {
                    FundCause::Socialised => "a loss of another fund socialised",
                    FundCause::Collateral => "collateral bought by another fund",
                    FundCause::Shortfall => match events.get(number + 1) {
                        Some(Event::Closed { account, .. }) if is_cross(*account) => {
                            "a cross account's debt paid by another fund"
                        }
                        _ => "a shortfall paid by another fund",
                    },
                    _ => continue,
                },
                _ => continue,
            };
            bump(&mut self.rules.0, &RULES, label);
        }
    }

    /// Counts what became of forced orders that rest.
    fn count_resting(&mut self, events: &[Event], is_cross: &impl Fn(AccountId) -> bool) {
        let mut withdrawn: Option<AccountId> = None;
        for event in events {
            let label = match *event {
                Event::Rested { order, .. } if order.is_derived() => "a forced order that rests",
                Event::Trade { maker, maker_account, .. } if maker.is_derived() => {
                    if is_cross(maker_account) {
                        bump(&mut self.rules.0, &RULES, "a fill of one of a cross account");
                    }
                    "a fill of one"
                }
                Event::Cancelled { order, account, cause: CancelCause::Liquidation, .. }
                    if order.is_derived() =>
                {
                    withdrawn = Some(account);
                    if is_cross(account) {
                        bump(&mut self.rules.0, &RULES, "one withdrawn of a cross account");
                    }
                    "one withdrawn"
                }
                Event::Recovered { account, .. } if withdrawn == Some(account) => {
                    "a recovery beside one"
                }
                Event::TakenOver { account, .. } if withdrawn == Some(account) => {
                    "what one left taken over"
                }
                Event::Deleveraged { account, .. } if withdrawn == Some(account) => {
                    "what one left deleveraged"
                }
                _ => continue,
            };
            bump(&mut self.rules.0, &RULES, label);
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
            Event::Linked { .. } => self.links += 1,
            Event::Halted { cause, .. } => bump(&mut self.halts, &HALTS, cause),
            Event::AuctionTrade { .. } => self.auction_trades += 1,
            Event::Reopened { .. } => self.reopened += 1,
            Event::Indicative { price: Some(_), .. } => self.indicatives += 1,
            Event::StopPlaced { .. } => self.stops += 1,
            Event::StopTriggered { .. } => self.stops_triggered += 1,
            Event::StopRejected { .. } => self.stops_rejected += 1,
            Event::Indicative { .. }
            | Event::Uncrossed { .. }
            | Event::Accepted { .. }
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
            Event::AssetPriced { haircut, .. } => self.haircuts += u64::from(haircut != Ppm::ZERO),
            Event::AssetDeposited { .. } => self.collateral += 1,
            Event::AssetWithdrawn { .. } => self.withdrawn += 1,
            Event::AssetSold { .. } => self.sold += 1,
            Event::MarginModeSet { cross, .. } => self.crossed += u64::from(cross),
        }
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.scalars_mut().into_iter().zip(other.clone().scalars_mut()) {
            *mine += *theirs;
        }
        add_all(&mut self.rejects.0, &other.rejects.0);
        add_all(&mut self.halts, &other.halts);
        add_all(&mut self.cancels, &other.cancels);
        add_all(&mut self.funds, &other.funds);
        add_all(&mut self.kinds, &other.kinds);
        add_all(&mut self.modes, &other.modes);
        add_all(&mut self.policies, &other.policies);
        add_all(&mut self.adl_prices, &other.adl_prices);
        add_all(&mut self.rules.0, &other.rules.0);
    }

    fn scalars_mut(&mut self) -> [&mut u64; 34] {
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
            &mut self.links,
            &mut self.auction_trades,
            &mut self.further_rounds,
            &mut self.reopened,
            &mut self.indicatives,
            &mut self.funded,
            &mut self.crossed,
            &mut self.haircuts,
            &mut self.collateral,
            &mut self.withdrawn,
            &mut self.sold,
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
            let least = if RARE.contains(&label.as_str()) { RARE_MIN } else { OFTEN_MIN };
            if count < least {
                missing.push(format!("{label} {least} times (but {count})"));
            }
        }
        missing
    }

    /// Everything that must be reached often, with its count.
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
            ("linked", self.links),
            ("auction trades", self.auction_trades),
            ("auctions at a second price", self.further_rounds),
            ("reopened", self.reopened),
            ("indicative prices", self.indicatives),
            ("funding payments", self.funded),
            ("cross accounts", self.crossed),
            ("haircuts above zero", self.haircuts),
            ("collateral deposited", self.collateral),
            ("collateral withdrawn", self.withdrawn),
            ("collateral sold", self.sold),
        ]
        .map(|(label, count)| (label.to_owned(), count))
        .into();
        let rejects = RejectReason::ALL.iter().zip(self.rejects.0);
        named.extend(rejects.map(|(reason, count)| (format!("rejected {reason:?}"), count)));
        let halts = HALTS.iter().zip(self.halts);
        named.extend(halts.map(|(cause, count)| (format!("halted {cause:?}"), count)));
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
        let rules = RULES.iter().zip(self.rules.0);
        named.extend(rules.map(|(rule, count)| (format!("under {rule}"), count)));
        named
    }
}

/// Rules under which something must have happened.
const RULES: [&str; 33] = [
    "step-down",
    "part-then-all",
    "minimal",
    "throttled",
    "close-factor",
    "a band",
    "a fillable price",
    "what is unfilled kept",
    "a killed part",
    "another attempt later",
    "the book passed by",
    "a takeover at a discount",
    "a full backstop",
    "a fund with a peak",
    "a loss by open interest",
    "a loss by winners",
    "a draw",
    "a forced order that rests",
    "a fill of one",
    "a fill of one of a cross account",
    "one withdrawn",
    "one withdrawn of a cross account",
    "a recovery beside one",
    "what one left taken over",
    "what one left deleveraged",
    "a takeover by another fund",
    "an unwind of another fund",
    "another fund deleveraged",
    "a position deleveraged beside another fund with a peak",
    "a loss of another fund socialised",
    "a shortfall paid by another fund",
    "a cross account's debt paid by another fund",
    "collateral bought by another fund",
];

/// Which of them an event happened under.
fn reached(rules: &LiquidationRules, event: &Event) -> [bool; RULES.len()] {
    let (venue, plan) = (&rules.venue, rules.plan);
    let client = |account: AccountId| account != AccountId::FUND;
    let forced = matches!(*event, Event::Forced { account, .. } if client(account));
    let taken = matches!(*event, Event::TakenOver { .. });
    let given = matches!(*event, Event::Deleveraged { account, .. } if client(account));
    let paid = matches!(*event, Event::Socialised { .. });
    let cancelled = |cause: CancelCause| matches!(*event, Event::Cancelled { order, cause: found, .. } if order.is_derived() && found == cause);
    let most = venue.backstop.notional_max.units();
    [
        forced && matches!(plan, Plan::StepDown { .. }),
        forced && matches!(plan, Plan::PartThenAll { .. }),
        forced && matches!(plan, Plan::Minimal(_)),
        forced && matches!(plan, Plan::Throttled { .. }),
        forced && matches!(plan, Plan::CloseFactor { .. }),
        forced && matches!(venue.order.limit, ForcedLimit::Band(_)),
        forced && matches!(venue.order.limit, ForcedLimit::Fillable(_)),
        cancelled(CancelCause::Unfilled) && venue.order.unfilled == Unfilled::Keep,
        cancelled(CancelCause::FillOrKill),
        forced && venue.order.again_ns > 0,
        taken && venue.backstop.below_ppm > 0,
        taken && venue.backstop.discount.is_some(),
        given && most < i64::MAX,
        given && venue.fund != FundRules::default(),
        paid && venue.residual == Residual::OpenInterest,
        paid && venue.residual == Residual::Winners,
        forced && venue.draw.is_some(),
        // Counted with what stands beside them: `count_resting`, `count_funds`.
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
    ]
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
