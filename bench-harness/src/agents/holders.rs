//! Leveraged holders: positions that are there before the run starts, and nobody trades.
//!
//! Longs buy from hedgers and shorts sell to them in block trades at their entry prices, so
//! positions sum to zero. Leverage and sizes are power laws; entries scatter around the price at
//! the start, and those that would already have been liquidated are folded back: they would not
//! be there.

use seawall_engine::types::{AccountId, Contract, Input, Money, Ppm, Price, Qty, Side, SymbolId};

use super::keyed::{Draw, Key, PowerLaw, Purpose};
use super::number::{price, qty, real, whole};
use super::portfolios::{self, Leg};
use crate::scenario::{COIN, Defence, Scenario, small};

/// One position before the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holding {
    pub(super) account: AccountId,
    pub(super) side: Side,
    initial: Ppm,
    entry: Price,
    pub(super) lots: Qty,
    hedger: AccountId,
    /// Whether its account is cross.
    cross: bool,
}

/// The inputs that open every account, set its leverage and build its position, in order.
pub fn opening(scenario: &Scenario) -> Vec<Input> {
    let (lanes, accounts) = (scenario.lanes(), scenario.portfolio_accounts());
    let mut inputs = Vec::new();
    for lane in &lanes {
        let mut legs = portfolios::legs(lane, &accounts);
        legs.extend(probe_hedges(&lanes[0], lane));
        open_market(lane, &legs, &mut inputs);
    }
    portfolios::open(&lanes, &accounts, &mut inputs);
    if let Some(second) = lanes.get(1) {
        open_probe_hedges(second, &probe_hedges(&lanes[0], second), &mut inputs);
    }
    inputs
}

/// The watched positions' hedges, where they have any: the other side of the second market.
fn probe_hedges(first: &Scenario, lane: &Scenario) -> Vec<Leg> {
    if lane.lane_number() != 1 || first.probe.defence != Defence::Hedge {
        return Vec::new();
    }
    let value = first.contract().value(first.reference(), first.probe.lots);
    let value = real(value.units().unsigned_abs()) / real(first.market.money_scale);
    let lots = qty(portfolios::lots_worth(lane, value));
    let side = if first.probe.long { Side::Sell } else { Side::Buy };
    first.roles().probes.map(|account| Leg { account: AccountId(account), side, lots }).collect()
}

/// Builds those hedges at the price at the start, with a margin like that of the position itself.
fn open_probe_hedges(second: &Scenario, legs: &[Leg], inputs: &mut Vec<Input>) {
    if legs.is_empty() {
        return;
    }
    let (symbol, price) = (second.symbol(), second.reference());
    inputs.push(Input::Mark { symbol, price });
    for leg in legs {
        let lots = leg.lots.lots();
        let initial = margin_rates(second, lots, initial_rate(second.probe.leverage)).0;
        let value = second.contract().value(price, u64::from(lots));
        let (account, amount) = (leg.account, initial.of_ceil(value) + Money::new(1));
        inputs.push(Input::Deposit { account, amount });
        inputs.push(Input::Leverage { symbol, account, initial });
        inputs.push(portfolios::block(second, leg));
    }
}

/// Opens the accounts of one market; `legs` are the positions that its hedgers will take on besides.
fn open_market(scenario: &Scenario, legs: &[Leg], inputs: &mut Vec<Input>) {
    let roles = scenario.roles();
    let symbol = scenario.symbol();
    let holdings = holdings(scenario);
    inputs.reserve(holdings.len() * 3 + 2 * roles.hedgers.len() + 2 * roles.takers.len());
    let mut open = |account: u32, amount: Money, initial: Ppm| {
        let account = AccountId(account);
        inputs.push(Input::Deposit { account, amount });
        inputs.push(Input::Leverage { symbol, account, initial });
    };
    for maker in roles.makers.clone() {
        open(maker, scenario.money(scenario.makers.deposit_currency), Ppm::ONE);
    }
    for taker in roles.takers.clone() {
        open(taker, scenario.money(scenario.takers.deposit_currency), Ppm::ONE);
    }
    open(roles.shock, shock_deposit(scenario), Ppm::ONE);
    open(roles.background, scenario.money(scenario.background.deposit_currency), Ppm::ONE);
    for account in roles.arbitrageurs.clone() {
        open(account, scenario.money(scenario.arbitrageurs.deposit_currency), Ppm::ONE);
    }
    for account in roles.hunter.clone() {
        open(account, scenario.money(scenario.hunter.deposit_currency), Ppm::ONE);
    }
    for account in roles.spoofer.clone() {
        open(account, scenario.money(scenario.spoofer.deposit_currency), Ppm::ONE);
    }
    for account in roles.flow.clone() {
        open(account, scenario.money(scenario.flow.deposit_currency), Ppm::ONE);
    }
    let contract = scenario.contract();
    let holders = &scenario.holders;
    let hedged = initial_rate(holders.hedger_leverage.min(holders.leverage_cap));
    for (hedger, gross) in roles.hedgers.clone().zip(gross_by_hedger(scenario, &holdings, legs)) {
        // A tenth more than the margin of everything it takes on, so that no block is refused.
        open(hedger, hedged.of_ceil(gross) + Money::new(gross.units() / 10 + 1), hedged);
    }
    for holding in holdings.iter().filter(|holding| !holding.cross) {
        let margin = holding.initial.of_ceil(holding.value(contract));
        open(holding.account.0, margin + Money::new(1), holding.initial);
    }
    open_cross(scenario, &holdings, inputs);
    if scenario.lane_number() == 0 {
        inputs.extend(scenario.fund_deposits());
    }
    inputs.extend(holdings.iter().map(|holding| holding.block(symbol)));
    open_griefer(scenario, inputs);
}

/// Both sides of the griefer's position, at the price at the start.
fn open_griefer(scenario: &Scenario, inputs: &mut Vec<Input>) {
    let accounts = scenario.roles().griefer;
    let Some(spec) = scenario.griefer.as_ref().filter(|_| !accounts.is_empty()) else { return };
    let (symbol, price) = (scenario.symbol(), scenario.reference());
    let (buyer, seller) = (AccountId(accounts.start), AccountId(accounts.start + 1));
    let rate = initial_rate(spec.short_leverage);
    let of_buyer = margin_rates(scenario, small(spec.lots + spec.pump_lots), rate).0;
    let of_seller = margin_rates(scenario, small(spec.lots), rate).0;
    let margin = of_seller.of_ceil(scenario.contract().value(price, spec.lots));
    for (account, amount, initial) in [
        (buyer, scenario.money(spec.deposit_currency), of_buyer),
        (seller, margin + Money::new(1), of_seller),
    ] {
        inputs.push(Input::Deposit { account, amount });
        inputs.push(Input::Leverage { symbol, account, initial });
    }
    inputs.push(Input::Block { symbol, buyer, seller, price, qty: qty(small(spec.lots)) });
}

/// Opens the cross accounts. They are admitted at the mark, so there is one: the price at the
/// start. What an entry has lost against it by then they have paid: their equity is their initial
/// margin.
fn open_cross(scenario: &Scenario, holdings: &[Holding], inputs: &mut Vec<Input>) {
    let mut cross = holdings.iter().filter(|holding| holding.cross).peekable();
    if cross.peek().is_none() {
        return;
    }
    let start = scenario.reference();
    if scenario.collateral.enabled {
        inputs.push(Input::AssetPrice { asset: COIN, price: start });
    }
    let symbol = scenario.symbol();
    inputs.push(Input::Mark { symbol, price: start });
    let contract = scenario.contract();
    for holding in cross {
        let Holding { account, initial, lots, .. } = *holding;
        let entry = holding.value(contract);
        let now = contract.value(start, u64::from(lots.lots()));
        let lost = (-contract.profit(holding.side, entry, now)).max(Money::ZERO);
        let margin = initial.of_ceil(entry.max(now));
        let coins = scenario.posted_lots(margin);
        let amount = margin + lost + Money::new(2) - scenario.counted(coins);
        inputs.push(Input::Deposit { account, amount });
        inputs.push(Input::Leverage { symbol, account, initial });
        inputs.push(Input::MarginMode { account, cross: true });
        if let Some(qty) = Qty::new(coins) {
            inputs.push(Input::DepositAsset { account, asset: COIN, qty });
        }
    }
}

/// Accounts whose leverage is above one, hedgers not counted.
pub fn leveraged(scenario: &Scenario) -> u64 {
    let in_market = |lane: &Scenario| {
        holdings(lane).iter().filter(|holding| holding.initial < Ppm::ONE).count() as u64
    };
    scenario.lanes().iter().map(in_market).sum::<u64>() + portfolios::leveraged(scenario)
}

impl Holding {
    fn value(&self, contract: Contract) -> Money {
        contract.value(self.entry, u64::from(self.lots.lots()))
    }

    /// Where it is about to be liquidated, in ticks; `None` without leverage.
    pub(super) fn liquidation_ticks(&self, scenario: &Scenario) -> Option<f64> {
        let (_, maintenance) = margin_rates(scenario, self.lots.lots(), self.initial);
        let initial = f64::from(self.initial.parts()) / 1e6;
        let entry = f64::from(self.entry.ticks());
        (initial < 1.0).then(|| match self.side {
            Side::Buy => entry * (1.0 - initial) / (1.0 - maintenance),
            Side::Sell => entry * (1.0 + initial) / (1.0 + maintenance),
        })
    }

    fn block(&self, symbol: SymbolId) -> Input {
        let (buyer, seller) = match self.side {
            Side::Buy => (self.account, self.hedger),
            Side::Sell => (self.hedger, self.account),
        };
        Input::Block { symbol, buyer, seller, price: self.entry, qty: self.lots }
    }
}

fn shock_deposit(scenario: &Scenario) -> Money {
    let contract = scenario.contract();
    let value = contract.value(scenario.reference(), scenario.shock.sell_lots.max(1));
    // Twice the notional: room for fees and for the reservation of orders on their way.
    value + value + Money::new(1)
}

fn gross_by_hedger(scenario: &Scenario, holdings: &[Holding], legs: &[Leg]) -> Vec<Money> {
    let roles = scenario.roles();
    let contract = scenario.contract();
    let mut gross = vec![Money::ZERO; small(scenario.holders.hedgers) as usize];
    for holding in holdings {
        gross[(holding.hedger.0 - roles.hedgers.start) as usize] += holding.value(contract);
    }
    for leg in legs {
        let value = contract.value(scenario.reference(), u64::from(leg.lots.lots()));
        gross[(hedger_of(scenario, leg.account).0 - roles.hedgers.start) as usize] += value;
    }
    gross
}

/// Every position before the run.
pub(super) fn holdings(scenario: &Scenario) -> Vec<Holding> {
    let spec = &scenario.holders;
    let roles = scenario.roles();
    let sizes =
        PowerLaw::new(real(spec.size_min_lots), real(spec.size_max_lots), spec.size_exponent);
    let leverage = |low: f64, high: f64, exponent: f64| PowerLaw::new(low, high, exponent);
    let long =
        leverage(spec.long_leverage_min, spec.long_leverage_max, spec.long_leverage_exponent);
    let short =
        leverage(spec.short_leverage_min, spec.short_leverage_max, spec.short_leverage_exponent);
    let longs_end = roles.holders.start + small(spec.longs);
    let holding = |account: u32, side: Side, lots: u32, leverage: f64, noise: f64| {
        let (initial, maintenance) = margin_rates(scenario, lots, initial_rate(leverage));
        let number = scenario.drawn_by(AccountId(account));
        let mut mode = Key::new(scenario.seed, number, Purpose::MarginMode).at(0);
        let cross = mode.unit() * 1e6 < real(spec.cross_ppm);
        Holding {
            account: AccountId(account),
            side,
            initial,
            entry: entry(scenario, side, initial, maintenance, noise),
            lots: qty(lots),
            hedger: hedger_of(scenario, AccountId(account)),
            cross,
        }
    };
    let noise = |draw: &mut Draw| draw.normal().clamp(-4.0, 4.0) * spec.entry_dispersion_bp / 1e4;
    let holders = roles.holders.clone().map(|account| {
        let number = scenario.drawn_by(AccountId(account));
        let mut draw = Key::new(scenario.seed, number, Purpose::Holder).at(0);
        let (side, law) =
            if account < longs_end { (Side::Buy, &long) } else { (Side::Sell, &short) };
        let lots = whole(sizes.draw(&mut draw), 1, small(spec.size_max_lots));
        let leverage = law.draw(&mut draw).min(spec.leverage_cap);
        holding(account, side, lots, leverage, noise(&mut draw))
    });
    let probe = &scenario.probe;
    let probes = roles.probes.clone().map(|account| {
        // Keyed by its number among the watched, not by its account: the same for any crowd.
        let number = u64::from(account - roles.probes.start) + 1;
        let mut draw = Key::new(scenario.seed, u32::MAX, Purpose::Holder).at(number);
        let side = if probe.long { Side::Buy } else { Side::Sell };
        let alone = holding(account, side, small(probe.lots), probe.leverage, noise(&mut draw));
        Holding { cross: probe.cross || probe.defence == Defence::Hedge, ..alone }
    });
    holders.chain(probes).collect()
}

/// Who takes the other side of an account's position.
pub(super) fn hedger_of(scenario: &Scenario, account: AccountId) -> AccountId {
    let number = scenario.drawn_by(account) % small(scenario.holders.hedgers);
    AccountId(scenario.roles().hedgers.start + number)
}

/// One over the leverage, rounded up: never more leverage than was drawn.
pub(super) fn initial_rate(leverage: f64) -> Ppm {
    let parts = whole((1e6 / leverage - 1e-6).ceil(), 1, Ppm::SCALE);
    Ppm::new(parts).unwrap_or(Ppm::ONE)
}

/// The rate an account may have at its size, and its maintenance rate.
pub(super) fn margin_rates(scenario: &Scenario, lots: u32, chosen: Ppm) -> (Ppm, f64) {
    // The entry may lie above the reference price, so the tier is that of a somewhat larger value.
    let value = scenario.contract().value(scenario.reference(), u64::from(lots));
    let value = value + Money::new(value.units() / 5);
    let tier = scenario
        .market
        .tiers
        .iter()
        .rev()
        .find(|tier| scenario.money(tier.floor_currency) <= value)
        .unwrap_or(&scenario.market.tiers[0]);
    let least = Ppm::new(small(tier.initial_ppm)).unwrap_or(Ppm::ONE);
    (chosen.max(least), real(tier.maintenance_ppm) / 1e6)
}

/// An entry price of one who is still there: its trigger price lies at least the stated distance
/// from the price at the start. `noise` beyond that is folded back.
fn entry(scenario: &Scenario, side: Side, initial: Ppm, maintenance: f64, noise: f64) -> Price {
    let reference = real(scenario.market.reference_ticks);
    let distance = scenario.holders.trigger_distance_min_bp / 1e4;
    let rate = f64::from(initial.parts()) / 1e6;
    let shift = match side {
        // A long at entry e is triggered near e (1 - i) / (1 - m).
        Side::Buy if rate < 1.0 => {
            fold((1.0 - distance) * (1.0 - maintenance) / (1.0 - rate) - 1.0, noise)
        }
        Side::Buy => noise,
        Side::Sell => -fold(1.0 - (1.0 + distance) * (1.0 + maintenance) / (1.0 + rate), -noise),
    };
    let low = small(scenario.market.reference_ticks / 4);
    price(whole(reference * (1.0 + shift), low.max(1), low.saturating_mul(8)))
}

/// Reflects what lies beyond a bound.
fn fold(bound: f64, value: f64) -> f64 {
    if value > bound { 2.0 * bound - value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn holders_are_alive_leveraged_and_balanced() {
        let scenario = load("flash-crash", &[], Some(3)).expect("it is valid");
        let holdings = holdings(&scenario);
        assert_eq!(leveraged(&scenario), 15_000);
        let reference = real(scenario.market.reference_ticks);
        for holding in &holdings {
            let entry = f64::from(holding.entry.ticks());
            let rate = f64::from(holding.initial.parts()) / 1e6;
            // Where a position without maintenance margin would be bankrupt.
            let bankrupt = match holding.side {
                Side::Buy => entry * (1.0 - rate) < reference,
                Side::Sell => entry * (1.0 + rate) > reference,
            };
            assert!(bankrupt, "{holding:?} is beyond its bankruptcy price at the start");
        }
        let high = holdings.iter().filter(|holding| holding.initial.parts() < 100_000).count();
        assert!(high * 5 > holdings.len(), "{high} have more than tenfold leverage");
        let longs = holdings.iter().filter(|holding| holding.side == Side::Buy).count();
        assert_eq!((longs, holdings.len() - longs), (12_000, 3_000));
    }

    #[test]
    fn a_cap_of_one_leaves_nobody_leveraged() {
        let scenario = load("no-leverage", &[], None).expect("it is valid");
        assert_eq!(leveraged(&scenario), 0);
    }
}
