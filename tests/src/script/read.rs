//! Reads scripts; what is wrong comes with its line.

use std::fmt;
use std::str::FromStr;

use seawall_engine::core::PositionOrder;
use seawall_engine::liquidation::{
    Adl, AdlPolicy, AdlPrice, Discipline, Draw, Fillable, ForcedLimit, Minimal, Outlook, Plan,
    PriorityKey, Residual, Unfilled, VenueRules,
};
use seawall_engine::risk::{AuctionRules, MarginTier, OrderRules, PriceRules};
use seawall_engine::types::{
    AccountId, AssetId, Contract, ContractKind, Input, Money, NewOrder, OrderId, OrderKind, Ppm,
    Price, Qty, Reference, SelfTrade, Seq, Sequenced, Side, SymbolId, Trail,
};

use super::notation::{key_name, mode_name, order_name, reference_name};
use super::{Entry, Script, basket, collateral, prices};
use crate::setup::Setup;

/// What is wrong with a script, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Line, from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub what: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ReadError {}

/// Reads a whole script.
pub fn read(text: &str) -> Result<Script, ReadError> {
    let mut setup = Setup {
        accounts_max: 16,
        orders_max: 64,
        markets: Vec::new(),
        order_rules: Vec::new(),
        auctions: Vec::new(),
        price_rules: Vec::new(),
        liquidation: Setup::liquidation(),
        position_order: PositionOrder::default(),
        collateral: Vec::new(),
        baskets: Vec::new(),
        fund_groups: Vec::new(),
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut time_ns = 0;
    for (index, raw) in text.lines().enumerate() {
        let line = index + 1;
        let fail = |what| ReadError { line, what };
        let content = raw.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        if let Some(expected) = content.strip_prefix('>') {
            let Some(entry) = entries.last_mut() else {
                return Err(fail("an event without an input before it".to_owned()));
            };
            let words: Vec<&str> = expected.split_whitespace().collect();
            entry.expected.push(words.join(" "));
            continue;
        }
        let mut words = Words(content.split_whitespace().collect::<Vec<_>>().into_iter());
        if rule(&mut setup, &mut words).map_err(fail)? {
            words.done().map_err(fail)?;
            if !entries.is_empty() {
                return Err(fail("a rule after the first input".to_owned()));
            }
            continue;
        }
        let seq = Seq(entries.len() as u64 + 1);
        let input = sequenced(seq, time_ns, &mut words).map_err(fail)?;
        words.done().map_err(fail)?;
        time_ns = input.time_ns;
        entries.push(Entry { line, input, expected: Vec::new() });
    }
    if setup.markets.is_empty() {
        setup.markets.push(Setup::market());
        setup.order_rules.push(OrderRules::default());
        setup.auctions.push(None);
        setup.price_rules.push(PriceRules::default());
    }
    Ok(Script { setup, entries })
}

/// The words of a line.
pub(super) struct Words<'a>(std::vec::IntoIter<&'a str>);

impl<'a> Words<'a> {
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.0.as_slice().first().copied()
    }

    pub(super) fn word(&mut self, expected: &str) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| format!("the line ends, expected {expected}"))
    }

    pub(super) fn literal(&mut self, expected: &str) -> Result<(), String> {
        let word = self.word(expected)?;
        if word == expected { Ok(()) } else { Err(format!("{word:?}, expected {expected:?}")) }
    }

    pub(super) fn number<T: FromStr>(&mut self, expected: &str) -> Result<T, String> {
        let word = self.word(expected)?;
        word.parse().map_err(|_| format!("{word:?}, expected {expected}"))
    }

    /// A number behind a letter, such as `a7`.
    pub(super) fn prefixed<T: FromStr>(
        &mut self,
        letter: char,
        expected: &str,
    ) -> Result<T, String> {
        let word = self.word(expected)?;
        let digits = word.strip_prefix(letter).and_then(|digits| digits.parse().ok());
        digits.ok_or_else(|| format!("{word:?}, expected {expected} such as {letter}1"))
    }

    pub(super) fn symbol(&mut self) -> Result<SymbolId, String> {
        self.prefixed('s', "a symbol").map(SymbolId)
    }

    pub(super) fn asset(&mut self) -> Result<AssetId, String> {
        self.prefixed('c', "a collateral asset").map(AssetId)
    }

    pub(super) fn account(&mut self) -> Result<AccountId, String> {
        self.prefixed('a', "an account").map(AccountId)
    }

    pub(super) fn order(&mut self) -> Result<OrderId, String> {
        if let Some(derived) = self.peek().and_then(|word| word.strip_prefix('f')) {
            let word = self.word("an order")?;
            let (parent, k) = derived.split_once('.').unwrap_or((derived, "0"));
            return match (parent.parse::<u64>(), k.parse::<u16>()) {
                (Ok(parent), Ok(k)) if parent < 1 << 47 => {
                    Ok(OrderId(1 << 63 | parent << 16 | u64::from(k)))
                }
                _ => Err(format!("{word:?}, expected a derived order such as f12.0")),
            };
        }
        self.prefixed('o', "an order").map(OrderId)
    }

    pub(super) fn price(&mut self) -> Result<Price, String> {
        let ticks = self.number("a price in ticks")?;
        Price::new(ticks).ok_or_else(|| format!("{ticks} is not a price in ticks"))
    }

    pub(super) fn qty(&mut self) -> Result<Qty, String> {
        let lots = self.number("a quantity in lots")?;
        Qty::new(lots).ok_or_else(|| format!("{lots} is not a quantity in lots"))
    }

    pub(super) fn rate(&mut self) -> Result<Ppm, String> {
        let parts = self.number("a rate in parts per million")?;
        Ppm::new(parts).ok_or_else(|| format!("{parts} ppm, expected at most {}", Ppm::SCALE))
    }

    /// Takes the word "all" if it is next.
    pub(super) fn all(&mut self) -> Result<bool, String> {
        let all = self.peek() == Some("all");
        if all {
            self.literal("all")?;
        }
        Ok(all)
    }

    pub(super) fn on(&mut self) -> Result<bool, String> {
        match self.word("on or off")? {
            "on" => Ok(true),
            "off" => Ok(false),
            word => Err(format!("{word:?}, expected on or off")),
        }
    }

    pub(super) fn done(&mut self) -> Result<(), String> {
        self.0.next().map_or(Ok(()), |word| Err(format!("{word:?}, expected the end of the line")))
    }
}

/// Reads a line of rules; false if the line is something else.
fn rule(setup: &mut Setup, words: &mut Words<'_>) -> Result<bool, String> {
    let Some(name) = words.peek() else { return Ok(false) };
    if market_rule(setup, name, words)? {
        return Ok(true);
    }
    let rules = &mut setup.liquidation;
    let known = ["shard", "liquidation", "key", "discipline", "plan", "liquidation-fee", "unwind"];
    if name == "funds" {
        words.literal(name)?;
        while words.peek().is_some() {
            setup.fund_groups.push(words.number("a fund's number")?);
        }
        return Ok(true);
    }
    if name == "collateral" {
        words.literal(name)?;
        setup.collateral.push(collateral::read(words)?);
        return Ok(true);
    }
    if name == "basket" {
        words.literal(name)?;
        setup.baskets.push(basket::read(words)?);
        return Ok(true);
    }
    if venue_rule(&mut rules.venue, name, words)? {
        return Ok(true);
    }
    if name == "positions" {
        words.literal(name)?;
        let word = words.word("an order of positions")?;
        let orders = [
            PositionOrder::LargestLoss,
            PositionOrder::LargestMaintenance,
            PositionOrder::LargestValue,
            PositionOrder::Symbol,
        ];
        let found = orders.into_iter().find(|order| order_name(*order) == word);
        setup.position_order = found.ok_or_else(|| format!("{word:?}, expected largest-loss"))?;
        return Ok(true);
    }
    if !known.contains(&name) && !["triggers", "adl", "rekey"].contains(&name) {
        return Ok(false);
    }
    words.literal(name)?;
    match name {
        "shard" => {
            words.literal("accounts")?;
            setup.accounts_max = words.number("a number of accounts")?;
            words.literal("orders")?;
            setup.orders_max = words.number("a number of orders")?;
        }
        "liquidation" => {
            rules.enabled = words.on()?;
        }
        "key" => {
            rules.key = priority_key(words)?;
        }
        "discipline" => rules.discipline = discipline(words)?,
        "plan" => {
            rules.plan = plan(words)?;
        }
        "liquidation-fee" => rules.fee = words.rate()?,
        "unwind" => {
            words.literal("lots")?;
            rules.unwind.lots_max = words.number("a number of lots")?;
            words.literal("band")?;
            rules.unwind.band = words.rate()?;
            words.literal("every")?;
            rules.unwind.interval_ns = words.number("nanoseconds")?;
        }
        "adl" => rules.venue.adl = adl(words)?,
        "rekey" => rules.venue.rekey = words.on()?,
        _ => rules.triggers_max = words.number("a number of positions")?,
    }
    Ok(true)
}

fn plan(words: &mut Words<'_>) -> Result<Plan, String> {
    Ok(match words.word("a plan")? {
        "full" => Plan::Full,
        "fraction" => {
            let part = words.rate()?;
            words.literal("least")?;
            Plan::Fraction { part, lots_min: words.number("a number of lots")? }
        }
        "step-down" => Plan::StepDown { tiers: words.number("a number of tiers")? },
        "part-then-all" => {
            let part = words.rate()?;
            words.literal("above")?;
            let above = Money::new(words.number("an amount")?);
            words.literal("window")?;
            Plan::PartThenAll { above, part, window_ns: words.number("nanoseconds")? }
        }
        "minimal" => Plan::Minimal(minimal(words)?),
        "throttled" => {
            let minimal = minimal(words)?;
            words.literal("from")?;
            let initial = words.rate()?;
            words.literal("in")?;
            Plan::Throttled { minimal, initial, duration_ns: words.number("nanoseconds")? }
        }
        "close-factor" => {
            let part = words.rate()?;
            words.literal("health")?;
            let health = words.rate()?;
            words.literal("least")?;
            Plan::CloseFactor { part, health, least: Money::new(words.number("an amount")?) }
        }
        word => return Err(format!("{word:?}, expected a plan such as full")),
    })
}

fn minimal(words: &mut Words<'_>) -> Result<Minimal, String> {
    words.literal("cost")?;
    let cost = words.rate()?;
    words.literal("impact")?;
    let impact = words.number("10^-12 of a price")?;
    words.literal("buffer")?;
    Ok(Minimal { cost, impact, buffer: words.rate()? })
}

/// Reads a line of a venue's further rules; false if the line is something else.
fn venue_rule(venue: &mut VenueRules, name: &str, words: &mut Words<'_>) -> Result<bool, String> {
    let known = ["forced-limit", "unfilled", "part-is-fok", "again", "backstop", "fund"];
    let more = ["residual", "draw", "whole-forfeits", "keeps-margin"];
    if !known.contains(&name) && !more.contains(&name) {
        return Ok(false);
    }
    words.literal(name)?;
    match name {
        "forced-limit" => {
            venue.order.limit = match words.word("band or fillable")? {
                "band" => ForcedLimit::Band(words.rate()?),
                "fillable" => ForcedLimit::Fillable(Fillable {
                    adjustment_ppm: words.number("parts per million")?,
                    spread_ppm: words.number("parts per million")?,
                }),
                word => return Err(format!("{word:?}, expected band or fillable")),
            }
        }
        "unfilled" => {
            venue.order.unfilled = match words.word("keep or rest")? {
                "keep" => Unfilled::Keep,
                "rest" => Unfilled::Rest(words.number("nanoseconds")?),
                word => return Err(format!("{word:?}, expected keep or rest")),
            }
        }
        "keeps-margin" => venue.order.keeps_margin = words.on()?,
        "part-is-fok" => venue.order.part_is_fok = words.on()?,
        "whole-forfeits" => venue.order.whole_forfeits = words.on()?,
        "again" => venue.order.again_ns = words.number("nanoseconds")?,
        "backstop" => {
            words.literal("below")?;
            venue.backstop.below_ppm = words.number("parts per million")?;
            words.literal("whole")?;
            venue.backstop.whole = words.on()?;
            words.literal("at")?;
            venue.backstop.discount = if words.peek() == Some("bankruptcy") {
                words.literal("bankruptcy")?;
                None
            } else {
                Some(words.rate()?)
            };
            words.literal("most")?;
            venue.backstop.notional_max = Money::new(words.number("an amount")?);
        }
        "fund" => {
            words.literal("drawdown")?;
            venue.fund.drawdown = words.rate()?;
            words.literal("resume")?;
            venue.fund.resume = words.rate()?;
            words.literal("window")?;
            venue.fund.window_ns = words.number("nanoseconds")?;
        }
        "draw" => {
            let most = words.number("a number of positions")?;
            words.literal("seed")?;
            venue.draw = Some(Draw { most, seed: words.number("a seed")? });
        }
        _ => {
            venue.residual = match words.word("who pays")? {
                "open-interest" => Residual::OpenInterest,
                "winners" => Residual::Winners,
                "gate" => Residual::Gate(words.number("nanoseconds")?),
                word => return Err(format!("{word:?}, expected open-interest, winners or gate")),
            }
        }
    }
    Ok(true)
}

fn priority_key(words: &mut Words<'_>) -> Result<PriorityKey, String> {
    let word = words.word("a priority key")?;
    let plain = [
        PriorityKey::TriggerTime,
        PriorityKey::MarginRatio,
        PriorityKey::BankruptcyDistance,
        PriorityKey::Notional,
    ];
    if let Some(key) = plain.into_iter().find(|key| key_name(*key) == word) {
        return Ok(key);
    }
    Ok(match word {
        "fillable-distance" => PriorityKey::FillableDistance(Fillable {
            adjustment_ppm: words.number("parts per million")?,
            spread_ppm: words.number("parts per million")?,
        }),
        "expected-shortfall" => PriorityKey::ExpectedShortfall(outlook(words)?),
        "c-mu" => PriorityKey::CMu(outlook(words)?),
        word => return Err(format!("{word:?}, expected a priority key")),
    })
}

fn outlook(words: &mut Words<'_>) -> Result<Outlook, String> {
    Ok(Outlook { sigma: words.rate()?, cost: words.rate()? })
}

fn adl(words: &mut Words<'_>) -> Result<Adl, String> {
    let word = words.word("an ADL policy")?;
    let policy = AdlPolicy::of_name(word).ok_or_else(|| format!("{word:?}, expected a policy"))?;
    words.literal("at")?;
    let word = words.word("an ADL price")?;
    let price = AdlPrice::of_name(word).ok_or_else(|| format!("{word:?}, expected a price"))?;
    words.literal("most")?;
    let counterparties_max = words.number("a number of accounts")?;
    words.literal("seed")?;
    Ok(Adl { policy, price, counterparties_max, seed: words.number("a seed")? })
}

fn discipline(words: &mut Words<'_>) -> Result<Discipline, String> {
    Ok(match words.word("a discipline")? {
        "strict" => Discipline::Strict { steps_max: words.number("a number of steps")? },
        "fifo" => Discipline::Fifo { steps_max: words.number("a number of steps")? },
        "weighted" => {
            let forced = words.number("a number of steps")?;
            words.literal("per")?;
            Discipline::Weighted { forced, client: words.number("a number of inputs")? }
        }
        "rate-limited" => {
            let steps = words.number("a number of steps")?;
            words.literal("per")?;
            Discipline::RateLimited { steps, interval_ns: words.number("nanoseconds")? }
        }
        word => return Err(format!("{word:?}, expected a discipline")),
    })
}

/// Reads a market, or a property of the market before it.
fn market_rule(setup: &mut Setup, name: &str, words: &mut Words<'_>) -> Result<bool, String> {
    if name == "market" {
        words.literal(name)?;
        let kind = match words.word("linear or inverse")? {
            "linear" => ContractKind::Linear,
            "inverse" => ContractKind::Inverse,
            word => return Err(format!("{word:?}, expected linear or inverse")),
        };
        let mut market = Setup::market();
        words.literal("unit")?;
        market.contract = Contract { kind, unit: words.number("money units")? };
        words.literal("reference")?;
        market.reference = words.price()?;
        setup.markets.push(market);
        setup.order_rules.push(OrderRules::default());
        setup.auctions.push(None);
        setup.price_rules.push(PriceRules::default());
        return Ok(true);
    }
    if prices::LINES.contains(&name) {
        words.literal(name)?;
        let Some(rules) = setup.price_rules.last_mut() else {
            return Err(format!("{name:?} before the first market"));
        };
        prices::read(name, rules, words)?;
        return Ok(true);
    }
    if !["tier", "fees", "lots", "band", "asks", "auctions"].contains(&name) {
        return Ok(false);
    }
    words.literal(name)?;
    let Some(market) = setup.markets.last_mut() else {
        return Err(format!("{name:?} before the first market"));
    };
    match name {
        "tier" => {
            let notional_floor = Money::new(words.number("money units")?);
            if notional_floor == Money::ZERO {
                market.tiers.clear();
            }
            let (initial, maintenance) = (words.rate()?, words.rate()?);
            market.tiers.push(MarginTier { notional_floor, initial, maintenance });
        }
        "fees" => (market.maker_fee, market.taker_fee) = (words.rate()?, words.rate()?),
        "lots" => {
            market.order_lots_max = words.number("a number of lots")?;
            market.position_lots_max = words.number("a number of lots")?;
        }
        "asks" => {
            let asks = setup.order_rules.last_mut().expect("one for every market");
            words.literal("tick")?;
            asks.tick = words.number("ticks")?;
            words.literal("lot")?;
            asks.lot = words.number("lots")?;
            words.literal("notional")?;
            asks.notional_min = Money::new(words.number("money units")?);
            words.literal("band")?;
            asks.price_band = words.rate()?;
        }
        "auctions" => {
            words.literal("band")?;
            let band = words.rate()?;
            words.literal("window")?;
            let window_ns = words.number("nanoseconds")?;
            words.literal("reopen")?;
            let reopen_ns = words.number("nanoseconds")?;
            let rules = AuctionRules { band, window_ns, reopen_ns };
            *setup.auctions.last_mut().expect("one for every market") = Some(rules);
        }
        _ => market.market_band = words.rate()?,
    }
    Ok(true)
}

/// Reads an input with its times.
fn sequenced(seq: Seq, before_ns: u64, words: &mut Words<'_>) -> Result<Sequenced, String> {
    let (mut time_ns, mut ingress_ns) = (before_ns + 1, before_ns + 1);
    if let Some(times) = words.peek().and_then(|word| word.strip_prefix("t=")) {
        let _ = words.word("times")?;
        let (taken, arrived) = times.split_once('/').unwrap_or((times, times));
        let number = |word: &str| word.parse().map_err(|_| format!("{word:?}, expected a time"));
        (time_ns, ingress_ns) = (number(taken)?, number(arrived)?);
        if time_ns < before_ns {
            return Err(format!("time {time_ns} is before the input before it"));
        }
        if ingress_ns > time_ns {
            return Err(format!("ingress {ingress_ns} is after time {time_ns}"));
        }
    }
    Ok(Sequenced { seq, time_ns, ingress_ns, input: input(words)? })
}

fn input(words: &mut Words<'_>) -> Result<Input, String> {
    Ok(match words.word("an input")? {
        "order" => Input::Order(order(words)?),
        "cancel" => Input::Cancel {
            symbol: words.symbol()?,
            account: words.account()?,
            order: words.order()?,
        },
        "replace" => {
            let (symbol, account, order) = (words.symbol()?, words.account()?, words.order()?);
            let qty = words.qty()?;
            words.literal("at")?;
            Input::Replace { symbol, account, order, price: words.price()?, qty }
        }
        "mark" => Input::Mark { symbol: words.symbol()?, price: words.price()? },
        "halt" => Input::Halt { symbol: words.symbol()? },
        "reopen" => Input::Reopen { symbol: words.symbol()? },
        "indicative" => Input::Indicative { symbol: words.symbol()? },
        "link" => Input::Link {
            symbol: words.symbol()?,
            account: words.account()?,
            order: words.order()?,
            other: words.order()?,
        },
        "deposit" => Input::Deposit {
            account: words.account()?,
            amount: Money::new(words.number("an amount")?),
        },
        "withdraw" => Input::Withdraw {
            account: words.account()?,
            amount: Money::new(words.number("an amount")?),
        },
        "leverage" => Input::Leverage {
            symbol: words.symbol()?,
            account: words.account()?,
            initial: words.rate()?,
        },
        "block" => {
            let (symbol, buyer, seller) = (words.symbol()?, words.account()?, words.account()?);
            let qty = words.qty()?;
            words.literal("at")?;
            Input::Block { symbol, buyer, seller, price: words.price()?, qty }
        }
        "step" => Input::Step,
        word => account_input(word, words)?,
    })
}

fn account_input(word: &str, words: &mut Words<'_>) -> Result<Input, String> {
    Ok(match word {
        "self-trade" => {
            let account = words.account()?;
            let word = words.word("a mode")?;
            let found = SelfTrade::ALL.into_iter().find(|mode| mode_name(*mode) == word);
            let mode = found.ok_or_else(|| format!("{word:?}, expected a self-trade mode"))?;
            words.literal("group")?;
            Input::SelfTrade { account, mode, group: words.number("a group")? }
        }
        "mass-cancel" => {
            let account = words.account()?;
            let symbol = if words.all()? { None } else { Some(words.symbol()?) };
            let side = match words.word("buy, sell or both")? {
                "both" => None,
                word => Some(side(word)?),
            };
            Input::MassCancel { account, symbol, side }
        }
        "cancel-on-disconnect" => {
            Input::CancelOnDisconnect { account: words.account()?, enabled: words.on()? }
        }
        "index" => Input::Index { symbol: words.symbol()?, price: words.price()? },
        "margin-mode" => {
            let account = words.account()?;
            let cross = match words.word("cross or isolated")? {
                "cross" => true,
                "isolated" => false,
                word => return Err(format!("{word:?}, expected cross or isolated")),
            };
            Input::MarginMode { account, cross }
        }
        "asset-price" => Input::AssetPrice { asset: words.asset()?, price: words.price()? },
        "deposit-asset" => Input::DepositAsset {
            account: words.account()?,
            asset: words.asset()?,
            qty: words.qty()?,
        },
        "withdraw-asset" => Input::WithdrawAsset {
            account: words.account()?,
            asset: words.asset()?,
            qty: words.qty()?,
        },
        "disconnect" => Input::Disconnect { account: words.account()? },
        "kill" => {
            let account = if words.all()? { None } else { Some(words.account()?) };
            Input::Kill { account, engaged: words.on()? }
        }
        word => return Err(format!("{word:?}, expected a rule or an input")),
    })
}

fn side(word: &str) -> Result<Side, String> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        word => Err(format!("{word:?}, expected buy or sell")),
    }
}

fn reference(words: &mut Words<'_>) -> Result<Reference, String> {
    let word = words.word("last, mark or index")?;
    let found = Reference::ALL.into_iter().find(|other| reference_name(*other) == word);
    found.ok_or_else(|| format!("{word:?}, expected last, mark or index"))
}

fn order(words: &mut Words<'_>) -> Result<NewOrder, String> {
    let (symbol, account, order) = (words.symbol()?, words.account()?, words.order()?);
    let side = side(words.word("buy or sell")?)?;
    let qty = words.qty()?;
    let kind = match words.word("an order kind")? {
        "limit" => OrderKind::Limit(words.price()?),
        "post-only" => OrderKind::PostOnly(words.price()?),
        "ioc" => OrderKind::ImmediateOrCancel(words.price()?),
        "fok" => OrderKind::FillOrKill(words.price()?),
        "market" => OrderKind::Market,
        "market-to-limit" => OrderKind::MarketToLimit,
        "slide" => OrderKind::PostOnlySlide(words.price()?),
        "good-till" => {
            let price = words.price()?;
            words.literal("second")?;
            OrderKind::GoodTill { price, expiry_s: words.number("a second")? }
        }
        name @ ("stop" | "take-profit") => {
            let watch = reference(words)?;
            words.literal("at")?;
            let trigger = words.price()?;
            let mut limit = None;
            if words.peek() == Some("limit") {
                words.literal("limit")?;
                limit = Some(words.price()?);
            }
            OrderKind::Stop { watch, take_profit: name == "take-profit", trigger, limit }
        }
        "trailing-stop" => {
            let watch = reference(words)?;
            words.literal("by")?;
            let distance = words.number("ticks or parts per million")?;
            let by = if words.peek() == Some("ppm") {
                words.literal("ppm")?;
                let part = Ppm::new(distance);
                Trail::Part(part.ok_or_else(|| format!("{distance} ppm is more than all"))?)
            } else {
                Trail::Ticks(distance)
            };
            OrderKind::TrailingStop { watch, by }
        }
        "iceberg" => {
            let price = words.price()?;
            words.literal("shows")?;
            OrderKind::Iceberg { price, display: words.qty()? }
        }
        "at-least" => {
            let min = words.qty()?;
            words.literal("at")?;
            OrderKind::AtLeast { price: words.price()?, min }
        }
        word => return Err(format!("{word:?}, expected an order kind such as limit")),
    };
    let reduce_only = words.peek() == Some("reduce-only");
    if reduce_only {
        words.literal("reduce-only")?;
    }
    Ok(NewOrder { symbol, account, order, side, qty, kind, reduce_only })
}
