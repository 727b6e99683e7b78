//! How rules, inputs and events are written.

use std::fmt::Write as _;

use seawall_engine::core::PositionOrder;
use seawall_engine::liquidation::{
    Adl, Backstop, Discipline, Draw, Fillable, ForcedLimit, FundRules, Minimal, Plan, PriorityKey,
    Residual, Unfilled, VenueRules,
};
use seawall_engine::risk::{AuctionRules, MarketSpec, OrderRules};
use seawall_engine::types::{
    ContractKind, Event, Input, NewOrder, OrderId, OrderKind, Reference, SelfTrade, Side, Trail,
};

use crate::setup::Setup;

/// The rules of a shard, one per line.
pub fn setup_lines(setup: &Setup) -> String {
    let mut text = format!("shard accounts {} orders {}\n", setup.accounts_max, setup.orders_max);
    if setup.funds() > 1 {
        let groups: Vec<String> = setup.fund_groups.iter().map(u32::to_string).collect();
        writeln!(text, "funds {}", groups.join(" ")).expect("it is a string");
    }
    let beside = setup.order_rules.iter().zip(&setup.auctions).zip(&setup.price_rules);
    for (market, ((asks, auctions), prices)) in setup.markets.iter().zip(beside) {
        write_market(&mut text, market);
        if let Some(AuctionRules { band, window_ns, reopen_ns }) = auctions {
            let band = band.parts();
            writeln!(text, "  auctions band {band} window {window_ns} reopen {reopen_ns}")
                .expect("it is a string");
        }
        if *asks != OrderRules::default() {
            let OrderRules { tick, lot, notional_min, price_band } = asks;
            let band = price_band.parts();
            writeln!(text, "  asks tick {tick} lot {lot} notional {notional_min} band {band}")
                .expect("it is a string");
        }
        super::prices::write(&mut text, prices);
    }
    let rules = &setup.liquidation;
    let discipline = match rules.discipline {
        Discipline::Strict { steps_max } => format!("strict {steps_max}"),
        Discipline::Weighted { forced, client } => format!("weighted {forced} per {client}"),
        Discipline::Fifo { steps_max } => format!("fifo {steps_max}"),
        Discipline::RateLimited { steps, interval_ns } => {
            format!("rate-limited {steps} per {interval_ns}")
        }
    };
    let plan = match rules.plan {
        Plan::Full => "full".to_owned(),
        Plan::Fraction { part, lots_min } => format!("fraction {} least {lots_min}", part.parts()),
        Plan::StepDown { tiers } => format!("step-down {tiers}"),
        Plan::PartThenAll { above, part, window_ns } => {
            format!("part-then-all {} above {above} window {window_ns}", part.parts())
        }
        Plan::Minimal(minimal) => format!("minimal {}", minimal_numbers(minimal)),
        Plan::Throttled { minimal, initial, duration_ns } => {
            let numbers = minimal_numbers(minimal);
            format!("throttled {numbers} from {} in {duration_ns}", initial.parts())
        }
        Plan::CloseFactor { part, health, least } => {
            format!("close-factor {} health {} least {least}", part.parts(), health.parts())
        }
    };
    let unwind = &rules.unwind;
    let lines = [
        format!("liquidation {}", if rules.enabled { "on" } else { "off" }),
        format!("key {}{}", key_name(rules.key), key_numbers(rules.key)),
        format!("discipline {discipline}"),
        format!("plan {plan}"),
        format!("liquidation-fee {}", rules.fee.parts()),
        format!(
            "unwind lots {} band {} every {}",
            unwind.lots_max,
            unwind.band.parts(),
            unwind.interval_ns
        ),
        format!("triggers {}", rules.triggers_max),
        format!("positions {}", order_name(setup.position_order)),
    ];
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    for basket in &setup.baskets {
        text.push_str(&super::basket::line(basket));
        text.push('\n');
    }
    for asset in &setup.collateral {
        text.push_str(&super::collateral::line(asset));
        text.push('\n');
    }
    text.push_str(&venue_lines(&rules.venue));
    text
}

/// What differs from the generic rules, one rule per line.
fn venue_lines(venue: &VenueRules) -> String {
    let mut text = String::new();
    let Adl { policy, price, counterparties_max, seed } = venue.adl;
    if venue.adl != Adl::default() {
        let (policy, price) = (policy.name(), price.name());
        writeln!(text, "adl {policy} at {price} most {counterparties_max} seed {seed}")
            .expect("it is a string");
    }
    if venue.rekey {
        text.push_str("rekey on\n");
    }
    let VenueRules { order, backstop, fund, .. } = venue;
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    match order.limit {
        ForcedLimit::Bankruptcy => {}
        ForcedLimit::Band(band) => line(format!("forced-limit band {}", band.parts())),
        ForcedLimit::Fillable(Fillable { adjustment_ppm, spread_ppm }) => {
            line(format!("forced-limit fillable {adjustment_ppm} {spread_ppm}"));
        }
    }
    match order.unfilled {
        Unfilled::Dispose => {}
        Unfilled::Keep => line("unfilled keep".to_owned()),
        Unfilled::Rest(for_ns) => line(format!("unfilled rest {for_ns}")),
    }
    if order.keeps_margin {
        line("keeps-margin on".to_owned());
    }
    if order.part_is_fok {
        line("part-is-fok on".to_owned());
    }
    if order.whole_forfeits {
        line("whole-forfeits on".to_owned());
    }
    if order.again_ns > 0 {
        line(format!("again {}", order.again_ns));
    }
    if *backstop != Backstop::default() {
        let Backstop { below_ppm, whole, discount, notional_max } = backstop;
        let discount = discount.map_or("bankruptcy".to_owned(), |part| part.parts().to_string());
        let whole = on_off(*whole);
        line(format!("backstop below {below_ppm} whole {whole} at {discount} most {notional_max}"));
    }
    if *fund != FundRules::default() {
        let (drawdown, resume) = (fund.drawdown.parts(), fund.resume.parts());
        line(format!("fund drawdown {drawdown} resume {resume} window {}", fund.window_ns));
    }
    match venue.residual {
        Residual::Cash => {}
        Residual::OpenInterest => line("residual open-interest".to_owned()),
        Residual::Winners => line("residual winners".to_owned()),
        Residual::Gate(for_ns) => line(format!("residual gate {for_ns}")),
    }
    if let Some(Draw { most, seed }) = venue.draw {
        line(format!("draw {most} seed {seed}"));
    }
    text
}

fn minimal_numbers(minimal: Minimal) -> String {
    let Minimal { cost, impact, buffer } = minimal;
    format!("cost {} impact {impact} buffer {}", cost.parts(), buffer.parts())
}

/// The numbers of a priority key, each after a space.
fn key_numbers(key: PriorityKey) -> String {
    match key {
        PriorityKey::FillableDistance(Fillable { adjustment_ppm, spread_ppm }) => {
            format!(" {adjustment_ppm} {spread_ppm}")
        }
        PriorityKey::ExpectedShortfall(outlook) | PriorityKey::CMu(outlook) => {
            format!(" {} {}", outlook.sigma.parts(), outlook.cost.parts())
        }
        _ => String::new(),
    }
}

fn write_market(text: &mut String, market: &MarketSpec) {
    let kind = match market.contract.kind {
        ContractKind::Linear => "linear",
        ContractKind::Inverse => "inverse",
    };
    let (unit, reference) = (market.contract.unit, market.reference);
    let mut line = format!("market {kind} unit {unit} reference {reference}\n");
    for tier in &market.tiers {
        let (initial, maintenance) = (tier.initial.parts(), tier.maintenance.parts());
        writeln!(line, "  tier {} {initial} {maintenance}", tier.notional_floor)
            .expect("it is a string");
    }
    let (maker, taker) = (market.maker_fee.parts(), market.taker_fee.parts());
    let (order, position) = (market.order_lots_max, market.position_lots_max);
    write!(line, "  fees {maker} {taker}\n  lots {order} {position}\n").expect("it is a string");
    writeln!(line, "  band {}", market.market_band.parts()).expect("it is a string");
    text.push_str(&line);
}

/// How a priority key is called in scripts.
pub(super) fn key_name(key: PriorityKey) -> &'static str {
    match key {
        PriorityKey::TriggerTime => "trigger-time",
        PriorityKey::MarginRatio => "margin-ratio",
        PriorityKey::BankruptcyDistance => "bankruptcy-distance",
        PriorityKey::Notional => "notional",
        PriorityKey::FillableDistance(_) => "fillable-distance",
        PriorityKey::ExpectedShortfall(_) => "expected-shortfall",
        PriorityKey::CMu(_) => "c-mu",
    }
}

/// An input without its times.
pub fn input_line(input: &Input) -> String {
    match input {
        Input::Order(order) => order_line(order),
        Input::Cancel { symbol, account, order } => {
            format!("cancel {symbol:?} {account:?} {}", id(*order))
        }
        Input::Replace { symbol, account, order, price, qty } => {
            format!("replace {symbol:?} {account:?} {} {qty} at {price}", id(*order))
        }
        Input::Mark { symbol, price } => format!("mark {symbol:?} {price}"),
        Input::Index { symbol, price } => format!("index {symbol:?} {price}"),
        Input::Halt { symbol } => format!("halt {symbol:?}"),
        Input::Reopen { symbol } => format!("reopen {symbol:?}"),
        Input::Indicative { symbol } => format!("indicative {symbol:?}"),
        Input::Link { symbol, account, order, other } => {
            format!("link {symbol:?} {account:?} {} {}", id(*order), id(*other))
        }
        Input::Deposit { account, amount } => format!("deposit {account:?} {amount}"),
        Input::Withdraw { account, amount } => format!("withdraw {account:?} {amount}"),
        Input::Leverage { symbol, account, initial } => {
            format!("leverage {symbol:?} {account:?} {}", initial.parts())
        }
        Input::Block { symbol, buyer, seller, price, qty } => {
            format!("block {symbol:?} {buyer:?} {seller:?} {qty} at {price}")
        }
        Input::Step => "step".to_owned(),
        _ => account_line(input),
    }
}

fn account_line(input: &Input) -> String {
    match input {
        Input::SelfTrade { account, mode, group } => {
            format!("self-trade {account:?} {} group {group}", mode_name(*mode))
        }
        Input::MassCancel { account, symbol, side } => {
            let symbol = symbol.map_or("all".to_owned(), |symbol| format!("{symbol:?}"));
            format!("mass-cancel {account:?} {symbol} {}", side.map_or("both", side_name))
        }
        Input::CancelOnDisconnect { account, enabled } => {
            format!("cancel-on-disconnect {account:?} {}", on_off(*enabled))
        }
        Input::MarginMode { account, cross } => {
            format!("margin-mode {account:?} {}", if *cross { "cross" } else { "isolated" })
        }
        Input::AssetPrice { asset, price } => format!("asset-price {asset:?} {price}"),
        Input::DepositAsset { account, asset, qty } => {
            format!("deposit-asset {account:?} {asset:?} {qty}")
        }
        Input::WithdrawAsset { account, asset, qty } => {
            format!("withdraw-asset {account:?} {asset:?} {qty}")
        }
        Input::Disconnect { account } => format!("disconnect {account:?}"),
        Input::Kill { account, engaged } => {
            let account = account.map_or("all".to_owned(), |account| format!("{account:?}"));
            format!("kill {account} {}", on_off(*engaged))
        }
        _ => unreachable!("only inputs about accounts come here"),
    }
}

/// How an order among the positions of a cross account is called in scripts.
pub(super) fn order_name(order: PositionOrder) -> &'static str {
    match order {
        PositionOrder::LargestLoss => "largest-loss",
        PositionOrder::LargestMaintenance => "largest-maintenance",
        PositionOrder::LargestValue => "largest-value",
        PositionOrder::Symbol => "by-symbol",
    }
}

/// How a self-trade prevention mode is called in scripts.
pub(super) fn mode_name(mode: SelfTrade) -> &'static str {
    match mode {
        SelfTrade::Allow => "allow",
        SelfTrade::CancelNewest => "cancel-newest",
        SelfTrade::CancelOldest => "cancel-oldest",
        SelfTrade::CancelBoth => "cancel-both",
        SelfTrade::Decrement => "decrement",
    }
}

/// How a reference is called in scripts.
pub(super) fn reference_name(reference: Reference) -> &'static str {
    match reference {
        Reference::Last => "last",
        Reference::Mark => "mark",
        Reference::Index => "index",
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn order_line(order: &NewOrder) -> String {
    let kind = match order.kind {
        OrderKind::Limit(price) => format!("limit {price}"),
        OrderKind::PostOnly(price) => format!("post-only {price}"),
        OrderKind::ImmediateOrCancel(price) => format!("ioc {price}"),
        OrderKind::FillOrKill(price) => format!("fok {price}"),
        OrderKind::Market => "market".to_owned(),
        OrderKind::GoodTill { price, expiry_s } => format!("good-till {price} second {expiry_s}"),
        OrderKind::PostOnlySlide(price) => format!("slide {price}"),
        OrderKind::AtLeast { price, min } => format!("at-least {min} at {price}"),
        OrderKind::MarketToLimit => "market-to-limit".to_owned(),
        OrderKind::Stop { watch, take_profit, trigger, limit } => {
            let name = if take_profit { "take-profit" } else { "stop" };
            let limit = limit.map_or(String::new(), |limit| format!(" limit {limit}"));
            format!("{name} {} at {trigger}{limit}", reference_name(watch))
        }
        OrderKind::TrailingStop { watch, by } => {
            let by = match by {
                Trail::Ticks(ticks) => format!("{ticks}"),
                Trail::Part(part) => format!("{} ppm", part.parts()),
            };
            format!("trailing-stop {} by {by}", reference_name(watch))
        }
        OrderKind::Iceberg { price, display } => format!("iceberg {price} shows {display}"),
    };
    let reduce = if order.reduce_only { " reduce-only" } else { "" };
    let NewOrder { symbol, account, side, qty, .. } = order;
    let order = id(order.order);
    format!("order {symbol:?} {account:?} {order} {} {qty} {kind}{reduce}", side_name(*side))
}

/// An event.
pub fn event_line(event: &Event) -> String {
    match event {
        Event::Accepted { .. }
        | Event::Rejected { .. }
        | Event::Rested { .. }
        | Event::Trade { .. }
        | Event::Cancelled { .. }
        | Event::Reduced { .. }
        | Event::Replaced { .. } => order_event(event),
        Event::Marked { symbol, price } => format!("marked {symbol:?} {price}"),
        Event::Deposited { account, amount } => format!("deposited {account:?} {amount}"),
        Event::Withdrawn { account, amount } => format!("withdrawn {account:?} {amount}"),
        Event::LeverageSet { symbol, account, initial } => {
            format!("leverage-set {symbol:?} {account:?} {}", initial.parts())
        }
        Event::Block { symbol, buyer, seller, price, qty } => {
            format!("block {symbol:?} {buyer:?} {seller:?} {qty} at {price}")
        }
        _ => forced_event(event),
    }
}

fn order_event(event: &Event) -> String {
    match event {
        Event::Accepted { symbol, account, order, side, price, qty } => {
            let limit = price.map_or("market".to_owned(), |price| format!("at {price}"));
            let (order, side) = (id(*order), side_name(*side));
            format!("accepted {symbol:?} {account:?} {order} {side} {qty} {limit}")
        }
        Event::Rejected { symbol, account, order, reason } => {
            let order = order.map_or("-".to_owned(), id);
            format!("rejected {symbol:?} {account:?} {order} {reason:?}")
        }
        Event::Rested { symbol, account, order, side, price, qty } => {
            let (order, side) = (id(*order), side_name(*side));
            format!("rested {symbol:?} {account:?} {order} {side} {qty} at {price}")
        }
        Event::Trade { symbol, side, price, qty, taker, taker_account, maker, .. } => {
            let Event::Trade { maker_account, maker_leaves_lots, .. } = event else {
                unreachable!("it is a trade");
            };
            let (taker, maker) = (id(*taker), id(*maker));
            format!(
                "trade {symbol:?} {} {qty} at {price} taker {taker_account:?} {taker} \
                 maker {maker_account:?} {maker} leaves {maker_leaves_lots}",
                side_name(*side)
            )
        }
        Event::Cancelled { symbol, account, order, qty, cause } => {
            format!("cancelled {symbol:?} {account:?} {} {qty} {cause:?}", id(*order))
        }
        Event::Reduced { symbol, account, order, qty, cause } => {
            format!("reduced {symbol:?} {account:?} {} {qty} {cause:?}", id(*order))
        }
        Event::Replaced { symbol, account, order, price, qty, in_place } => {
            let place = if *in_place { "in-place" } else { "requeued" };
            format!("replaced {symbol:?} {account:?} {} {qty} at {price} {place}", id(*order))
        }
        _ => unreachable!("only events of an order come here"),
    }
}

fn forced_event(event: &Event) -> String {
    match event {
        Event::Triggered { symbol, account, side, qty, mark, bankruptcy } => {
            let side = position_name(*side);
            format!(
                "triggered {symbol:?} {account:?} {side} {qty} mark {mark} bankrupt {bankruptcy}"
            )
        }
        Event::Recovered { symbol, account } => format!("recovered {symbol:?} {account:?}"),
        Event::Forced { symbol, account, order, side, limit, qty } => {
            let (order, side) = (id(*order), side_name(*side));
            format!("forced {symbol:?} {account:?} {order} {side} {qty} at {limit}")
        }
        Event::TakenOver { symbol, account, side, qty, price } => {
            let side = position_name(*side);
            format!("taken-over {symbol:?} {account:?} {side} {qty} at {price}")
        }
        Event::Deleveraged { symbol, account, counterparty, side, qty, price } => {
            let side = position_name(*side);
            format!(
                "deleveraged {symbol:?} {account:?} {side} {qty} at {price} against {counterparty:?}"
            )
        }
        Event::Closed { symbol, account } => format!("closed {symbol:?} {account:?}"),
        Event::Fund { symbol, cause, amount, balance } => {
            format!("fund {symbol:?} {cause:?} {amount} balance {balance}")
        }
        Event::Socialised { account, amount } => format!("socialised {account:?} {amount}"),
        _ => account_event(event),
    }
}

fn account_event(event: &Event) -> String {
    match event {
        Event::SelfTradeSet { account, mode, group } => {
            format!("self-trade-set {account:?} {} group {group}", mode_name(*mode))
        }
        Event::Linked { symbol, account, order, other } => {
            format!("linked {symbol:?} {account:?} {} {}", id(*order), id(*other))
        }
        Event::Indexed { symbol, price } => format!("indexed {symbol:?} {price}"),
        Event::StopPlaced { symbol, account, order, side, trigger, qty } => {
            let (order, side) = (id(*order), side_name(*side));
            format!("stop-placed {symbol:?} {account:?} {order} {side} {qty} at {trigger}")
        }
        Event::StopTriggered { symbol, account, order, price } => {
            format!("stop-triggered {symbol:?} {account:?} {} by {price}", id(*order))
        }
        Event::StopRejected { symbol, account, order, reason } => {
            format!("stop-rejected {symbol:?} {account:?} {} {reason:?}", id(*order))
        }
        Event::MarginModeSet { account, cross } => {
            format!("margin-mode-set {account:?} {}", if *cross { "cross" } else { "isolated" })
        }
        Event::AssetPriced { asset, price, haircut } => {
            format!("asset-priced {asset:?} {price} haircut {}", haircut.parts())
        }
        Event::AssetDeposited { account, asset, qty } => {
            format!("asset-deposited {account:?} {asset:?} {qty}")
        }
        Event::AssetWithdrawn { account, asset, qty } => {
            format!("asset-withdrawn {account:?} {asset:?} {qty}")
        }
        Event::AssetSold { account, asset, qty, amount } => {
            format!("asset-sold {account:?} {asset:?} {qty} for {amount}")
        }
        Event::Funded { symbol, rate_ppb, price } => {
            format!("funded {symbol:?} {rate_ppb} at {price}")
        }
        Event::MassCancelled { account, orders } => format!("mass-cancelled {account:?} {orders}"),
        Event::CancelOnDisconnectSet { account, enabled } => {
            format!("cancel-on-disconnect-set {account:?} {}", on_off(*enabled))
        }
        Event::Disconnected { account, orders } => format!("disconnected {account:?} {orders}"),
        Event::KillSwitch { account, engaged } => {
            let account = account.map_or("all".to_owned(), |account| format!("{account:?}"));
            format!("kill-switch {account} {}", on_off(*engaged))
        }
        _ => auction_event(event),
    }
}

fn auction_event(event: &Event) -> String {
    match event {
        Event::Halted { symbol, cause, reference } => {
            let reference = reference.map_or("-".to_owned(), |price| price.to_string());
            format!("halted {symbol:?} {cause:?} reference {reference}")
        }
        Event::Indicative { symbol, price, lots, surplus_lots } => {
            let price = price.map_or("-".to_owned(), |price| price.to_string());
            format!("indicative {symbol:?} {lots} at {price} surplus {surplus_lots}")
        }
        Event::AuctionTrade { symbol, price, qty, buy, buyer, sell, seller } => {
            let (buy, sell) = (id(*buy), id(*sell));
            format!(
                "auction-trade {symbol:?} {qty} at {price} buy {buyer:?} {buy} sell {seller:?} {sell}"
            )
        }
        Event::Uncrossed { symbol, price, lots, surplus_lots } => {
            format!("uncrossed {symbol:?} {lots} at {price} surplus {surplus_lots}")
        }
        Event::Reopened { symbol } => format!("reopened {symbol:?}"),
        _ => unreachable!("only events of auctions come here"),
    }
}

/// `o7` for a client's order, `f12.0` for the first forced order of input 12.
fn id(order: OrderId) -> String {
    if order.is_derived() {
        let (parent, k) = (order.0 << 1 >> 17, order.0 & 0xFFFF);
        format!("f{parent}.{k}")
    } else {
        format!("o{}", order.0)
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn position_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "long",
        Side::Sell => "short",
    }
}
