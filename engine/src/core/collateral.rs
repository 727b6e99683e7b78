//! Collateral of cross accounts that is not money (`docs/MARGIN.md`, Collateral).
//!
//! What an account's lots of an asset count for falls with the asset's price and with its haircut. An
//! account that stands on them is kept by how little a lot may count for, so a new price or haircut
//! costs the accounts that it reaches.

use super::Engine;
use super::audit::{ensure, ensure_eq};
use super::market::Market;
use crate::liquidation::KeyedHeap;
use crate::risk::{CollateralRules, HaircutRule, HaircutState, Ledger, account_state};
use crate::state::{Decoder, Encoder, StateError, put};
use crate::types::{
    AccountId, AssetId, Event, EventSink, FundCause, Money, Ppm, Price, Qty, RejectReason, Side,
};

type Checked = Result<(), RejectReason>;

/// One asset and who holds it.
#[derive(Debug)]
pub(super) struct Asset {
    id: AssetId,
    rules: CollateralRules,
    state: HaircutState,
    /// By account; a fund's are those that it bought.
    lots: Vec<u32>,
    total: u32,
    /// Accounts that are due when a lot counts for less than their key.
    index: KeyedHeap,
}

impl Asset {
    pub(super) fn new(id: AssetId, rules: &CollateralRules, accounts_max: u32) -> Self {
        let accounts = accounts_max as usize;
        Self {
            id,
            rules: *rules,
            state: HaircutState::default(),
            lots: vec![0; accounts],
            total: 0,
            index: KeyedHeap::new(accounts),
        }
    }

    pub(super) fn lots(&self, account: AccountId) -> u32 {
        self.lots[account.index()]
    }

    /// Its price and the haircut in force, once there is a price.
    pub(super) fn price(&self) -> Option<(Price, Ppm)> {
        self.state.price.map(|price| (price, self.state.in_force()))
    }

    /// What an account's lots count for.
    pub(super) fn value(&self, account: AccountId) -> Money {
        self.value_of(self.lots(account))
    }

    fn value_of(&self, lots: u32) -> Money {
        Money::narrow(self.scaled(lots) / i128::from(Ppm::SCALE))
    }

    /// The same, times a million and not rounded.
    fn scaled(&self, lots: u32) -> i128 {
        let per_unit = i128::from(self.state.counts_for());
        i128::from(lots) * i128::from(self.rules.unit) * per_unit
    }

    /// The fewest lots, of at most `held`, that count for an amount.
    fn lots_for(&self, amount: i128, held: u32) -> u32 {
        let one = self.scaled(1);
        if one == 0 {
            return 0;
        }
        let needed = -(-amount * i128::from(Ppm::SCALE)).div_euclid(one);
        u32::try_from(needed).unwrap_or(u32::MAX).min(held)
    }

    /// Keeps an account by how little a lot may count for if all its lots may lose `part`.
    pub(super) fn place(&mut self, account: AccountId, part: i128) {
        let least = self.value(account).wide() - part;
        if least <= 0 {
            return self.unplace(account);
        }
        let all = i128::from(self.lots(account)) * i128::from(self.rules.unit);
        let key = -(-least * i128::from(Ppm::SCALE)).div_euclid(all);
        self.index.set(account, key);
    }

    pub(super) fn unplace(&mut self, account: AccountId) {
        self.index.remove(account);
    }

    pub(super) fn audit(&self) -> Result<(), String> {
        let held: u64 = self.lots.iter().map(|lots| u64::from(*lots)).sum();
        ensure_eq(&u64::from(self.total), &held, "an asset's lots are those of the accounts")?;
        let bound = self.total <= self.rules.lots_max;
        ensure(bound, "and within the asset's bound")
    }

    pub(super) fn put(&self, out: &mut Encoder<'_>) {
        // The index follows: after a restart every cross account is due.
        let Self { id: _, rules: _, state, lots, total: _, index: _ } = self;
        out.put(state);
        let held = || (0..).map(AccountId).zip(lots).filter(|(_, lots)| **lots != 0);
        out.count(held().count());
        for (account, lots) in held() {
            put!(out; &account, lots);
        }
    }

    pub(super) fn restore(
        &mut self,
        ledger: &Ledger,
        input: &mut Decoder<'_>,
        time_ns: u64,
    ) -> Result<(), StateError> {
        self.state = input.get()?;
        let made = self.state.suits(&self.rules, time_ns);
        input.check(made, || "a price and a haircut of the asset's rules".to_owned())?;
        let mut next = 0;
        for _ in 0..input.count(self.lots.len(), "holders of an asset")? {
            let (account, lots): (AccountId, u32) = (input.get()?, input.get()?);
            let holds = account.index() >= next
                && ledger.is_open(account)
                && (ledger.is_fund(account) || ledger.account(account).is_cross());
            let total = self.total.checked_add(lots).filter(|all| *all <= self.rules.lots_max);
            let Some(total) = total.filter(|_| holds) else {
                return Err(input.refuse("cross accounts by rising id, within the asset's bound"));
            };
            self.total = total;
            self.lots[account.index()] = lots;
            next = account.index() + 1;
        }
        Ok(())
    }
}

impl Market {
    /// What the bids within a part of the best one are worth.
    fn bids_within(&self, band: Ppm) -> i128 {
        let Some(best) = self.book.best(Side::Buy) else { return 0 };
        let limit = self.beyond(best, Side::Sell, band);
        let near = self.book.depth(Side::Buy).take_while(|(price, _)| *price >= limit);
        near.map(|(price, lots)| self.wide_value(price, lots)).sum()
    }
}

impl Engine {
    fn asset(&self, asset: AssetId) -> Result<&Asset, RejectReason> {
        self.assets.get(asset.index()).ok_or(RejectReason::UnknownAsset)
    }

    pub(super) fn set_asset_price(
        &mut self,
        id: AssetId,
        price: Price,
        sink: &mut impl EventSink,
    ) -> Checked {
        let rules = self.asset(id)?.rules;
        let (low, high) = rules.domain();
        if !(low..=high).contains(&price) {
            return Err(RejectReason::PriceOutOfDomain);
        }
        let depth = match rules.haircut.rule {
            HaircutRule::Depth { symbol, band, .. } => {
                self.markets[symbol.index()].bids_within(band)
            }
            _ => 0,
        };
        let asset = &mut self.assets[id.index()];
        asset.state.price(&rules.haircut, price, depth, self.time_ns);
        let haircut = asset.state.in_force();
        sink.event(Event::AssetPriced { asset: id, price, haircut });
        let mut reached = ::core::mem::take(&mut self.scratch_accounts);
        reached.clear();
        asset.index.above(i128::from(asset.state.counts_for()), &mut reached);
        for account in &reached {
            asset.unplace(*account);
            self.ledger.note_due(*account);
        }
        self.scratch_accounts = reached;
        Ok(())
    }

    pub(super) fn deposit_asset(
        &mut self,
        account: AccountId,
        id: AssetId,
        qty: Qty,
        sink: &mut impl EventSink,
    ) -> Checked {
        let asset = self.asset(id)?;
        self.check_client(account)?;
        if !self.ledger.account(account).is_cross() {
            return Err(RejectReason::NotCross);
        }
        if asset.rules.lots_max - asset.total < qty.lots() {
            return Err(RejectReason::AmountOutOfRange);
        }
        let asset = &mut self.assets[id.index()];
        asset.total += qty.lots();
        asset.lots[account.index()] += qty.lots();
        self.ledger.note_due(account);
        sink.event(Event::AssetDeposited { account, asset: id, qty });
        Ok(())
    }

    pub(super) fn withdraw_asset(
        &mut self,
        account: AccountId,
        id: AssetId,
        qty: Qty,
        sink: &mut impl EventSink,
    ) -> Checked {
        let asset = self.asset(id)?;
        self.check_client(account)?;
        if self.ledger.account(account).state & account_state::LOCKED != 0 {
            return Err(RejectReason::InLiquidation);
        }
        if self.time_ns < self.gated_until_ns {
            return Err(RejectReason::WithdrawalsGated);
        }
        let Some(kept) = asset.lots(account).checked_sub(qty.lots()) else {
            return Err(RejectReason::InsufficientCollateral);
        };
        let lost = asset.value(account) - asset.value_of(kept);
        if self.available(account) < lost.wide() {
            return Err(RejectReason::InsufficientCollateral);
        }
        let asset = &mut self.assets[id.index()];
        asset.total -= qty.lots();
        asset.lots[account.index()] = kept;
        self.ledger.note_due(account);
        sink.event(Event::AssetWithdrawn { account, asset: id, qty });
        Ok(())
    }

    /// The fund that answers for an account that owes money buys collateral of it, as much as that
    /// takes.
    pub(super) fn sell_collateral(&mut self, account: AccountId, sink: &mut impl EventSink) {
        let buyer = self.ledger.answering(account);
        let symbol = self.first_symbol_of(buyer);
        for asset in &mut self.assets {
            let money = self.ledger.account(account);
            let lack = -(money.cash + money.reserved).wide();
            if lack <= 0 {
                return;
            }
            let lots = asset.lots_for(lack, asset.lots(account));
            let Some(qty) = Qty::new(lots) else { continue };
            let amount = asset.value_of(lots);
            asset.lots[account.index()] -= lots;
            asset.lots[buyer.index()] += lots;
            self.ledger.account_mut(account).cash += amount;
            let fund = self.ledger.account_mut(buyer);
            fund.cash -= amount;
            let balance = fund.cash;
            sink.event(Event::AssetSold { account, asset: asset.id, qty, amount });
            if amount != Money::ZERO {
                let cause = FundCause::Collateral;
                sink.event(Event::Fund { symbol, cause, amount: -amount, balance });
            }
        }
    }
}
