//! "Collateral" of `docs/MARGIN.md`. A haircut is made anew of all prices there were.

use seawall_engine::risk::{CollateralRules, Haircut, HaircutRule, Smoothing};
use seawall_engine::types::{
    AccountId, AssetId, Event, FundCause, Ppm, Price, Qty, RejectReason, Side, SymbolId,
};

use super::market::{MILLION, ceil_div, floor_div};
use super::marking::smoothed;
use super::{FUND, Reference, Refusal, account_id, money, price as to_price, qty as to_qty};

const BILLION: i128 = 1_000_000_000;

/// One price input: when, what, and what the bids were worth.
type Priced = (u64, i128, i128);

/// One asset and who holds it.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    rules: CollateralRules,
    prices: Vec<Priced>,
    /// In force after the last of them.
    haircut: i128,
    pub(super) lots: Vec<i128>,
}

impl Asset {
    pub(super) fn new(rules: CollateralRules, accounts_max: usize) -> Self {
        Self { rules, prices: Vec::new(), haircut: 0, lots: vec![0; accounts_max] }
    }

    pub(super) fn price(&self) -> Option<i128> {
        self.prices.last().map(|(_, price, _)| *price)
    }

    /// What a lot counts for, times a million.
    fn worth(&self) -> i128 {
        i128::from(self.rules.unit) * self.price().unwrap_or(0) * (MILLION - self.haircut)
    }

    pub(super) fn value(&self, lots: i128) -> i128 {
        floor_div(lots * self.worth(), MILLION)
    }

    /// What each price input made, by its number.
    fn made(&self) -> Vec<i128> {
        let Haircut { rule, floor, cap, .. } = self.rules.haircut;
        let (floor, cap) = (i128::from(floor.parts()), i128::from(cap.parts()));
        let mut moves: Vec<(u64, i128)> = Vec::new();
        let mut all = Vec::new();
        for (number, (time_ns, price, depth)) in self.prices.iter().enumerate() {
            if number > 0 {
                let before = self.prices[number - 1].1;
                moves.push((*time_ns, (price - before).abs() * BILLION / before));
            }
            let added = match rule {
                HaircutRule::Fixed => 0,
                HaircutRule::Volatility { tau_ns, factor_ppm } => {
                    let average = smoothed(Smoothing::Average { tau_ns }, &moves);
                    floor_div(average * i128::from(factor_ppm), BILLION)
                }
                HaircutRule::Depth { full, .. } => {
                    let missing = (full.wide() - depth).max(0);
                    ceil_div((cap - floor) * missing, full.wide())
                }
            };
            all.push((floor + added).min(cap));
        }
        all
    }

    /// The haircut in force after the last price input.
    fn in_force(&self) -> i128 {
        let Haircut { interval_ns, lag_ns, step, .. } = self.rules.haircut;
        let step = i128::from(step.parts());
        let made = self.made();
        let times: Vec<u64> = self.prices.iter().map(|(time_ns, ..)| *time_ns).collect();
        // Those that were first in their windows.
        let mut taken: Vec<usize> = Vec::new();
        for (number, time_ns) in times.iter().enumerate() {
            let last = taken.last().map(|number| times[*number] / interval_ns);
            if last != Some(time_ns / interval_ns) {
                taken.push(number);
            }
        }
        let mut haircut = made[0];
        let mut served = 1;
        for time_ns in &times {
            let due = taken.iter().filter(|number| times[**number] + lag_ns <= *time_ns).count();
            if due > served {
                let target = made[taken[due - 1]];
                haircut = target.min(haircut + step).max(haircut - step);
                served = due;
            }
        }
        haircut
    }
}

impl Reference {
    fn asset(&self, asset: AssetId, account: usize) -> Result<usize, Refusal> {
        let known = asset.index() < self.assets.len();
        if known { Ok(asset.index()) } else { Err((account, RejectReason::UnknownAsset)) }
    }

    /// What all collateral of an account counts for.
    pub(super) fn collateral_value(&self, account: usize) -> i128 {
        self.assets.iter().map(|asset| asset.value(asset.lots[account])).sum()
    }

    pub(super) fn asset_price(&mut self, id: AssetId, price: Price) -> Result<(), Refusal> {
        let a = self.asset(id, FUND)?;
        let reference = i128::from(self.assets[a].rules.reference.ticks());
        let ticks = i128::from(price.ticks());
        if ticks < (reference / 20).max(1) || ticks > 20 * reference {
            return Err((FUND, RejectReason::PriceOutOfDomain));
        }
        let depth = match self.assets[a].rules.haircut.rule {
            HaircutRule::Depth { symbol, band, .. } => self.bids_within(symbol, band),
            _ => 0,
        };
        let time_ns = self.time_ns;
        let asset = &mut self.assets[a];
        asset.prices.push((time_ns, ticks, depth));
        asset.haircut = asset.in_force();
        let parts = u32::try_from(asset.haircut).expect("a rate");
        let haircut = Ppm::new(parts).expect("a rate");
        self.out.push(Event::AssetPriced { asset: id, price: to_price(ticks), haircut });
        Ok(())
    }

    fn bids_within(&self, symbol: SymbolId, band: Ppm) -> i128 {
        let market = &self.markets[symbol.index()];
        let Some(best) = market.best(Side::Buy).map(|order| order.price) else { return 0 };
        let limit = market.held(best - floor_div(best * i128::from(band.parts()), MILLION));
        let levels = self.depth(symbol, Side::Buy);
        let near = levels.iter().filter(|(price, _)| i128::from(price.ticks()) >= limit);
        near.map(|(price, lots)| market.value(price.ticks().into(), (*lots).into())).sum()
    }

    pub(super) fn deposit_asset(
        &mut self,
        account: AccountId,
        id: AssetId,
        qty: Qty,
    ) -> Result<(), Refusal> {
        let asset = self.asset(id, account.index())?;
        let a = self.client(account)?;
        if !self.cross[a] {
            return Err((a, RejectReason::NotCross));
        }
        let asset = &mut self.assets[asset];
        let lots = i128::from(qty.lots());
        if asset.lots.iter().sum::<i128>() + lots > i128::from(asset.rules.lots_max) {
            return Err((a, RejectReason::AmountOutOfRange));
        }
        asset.lots[a] += lots;
        self.out.push(Event::AssetDeposited { account, asset: id, qty });
        Ok(())
    }

    pub(super) fn withdraw_asset(
        &mut self,
        account: AccountId,
        id: AssetId,
        qty: Qty,
    ) -> Result<(), Refusal> {
        let asset = self.asset(id, account.index())?;
        let a = self.client(account)?;
        if self.cross[a] && self.markets[0].positions[a].locked {
            return Err((a, RejectReason::InLiquidation));
        }
        if self.time_ns < self.gated_until_ns {
            return Err((a, RejectReason::WithdrawalsGated));
        }
        let held = self.assets[asset].lots[a];
        let kept = held - i128::from(qty.lots());
        let lost = self.assets[asset].value(held) - self.assets[asset].value(kept.max(0));
        if kept < 0 || self.available(a) < lost {
            return Err((a, RejectReason::InsufficientCollateral));
        }
        self.assets[asset].lots[a] = kept;
        self.out.push(Event::AssetWithdrawn { account, asset: id, qty });
        Ok(())
    }

    /// The fund buys what the account's debt takes, asset by asset.
    pub(super) fn sell_collateral(&mut self, account: usize) {
        let buyer = self.answering[account];
        for number in 0..self.assets.len() {
            let debt = -(self.cash[account].unwrap_or(0) + self.reserves(account));
            let worth = self.assets[number].worth();
            if debt <= 0 || worth == 0 {
                continue;
            }
            let asset = &mut self.assets[number];
            let lots = ceil_div(debt * MILLION, worth).min(asset.lots[account]);
            if lots == 0 {
                continue;
            }
            let amount = asset.value(lots);
            asset.lots[account] -= lots;
            asset.lots[buyer] += lots;
            *self.cash_of(account) += amount;
            self.out.push(Event::AssetSold {
                account: account_id(account),
                asset: AssetId(u16::try_from(number).expect("few assets")),
                qty: to_qty(lots),
                amount: money(amount),
            });
            if amount != 0 {
                self.fund(self.first_of(buyer), FundCause::Collateral, -amount);
            }
        }
    }
}
