//! Random collateral assets and what accounts do with them.

use seawall_engine::risk::{CollateralRules, Haircut, HaircutRule, MarketSpec};
use seawall_engine::types::{AccountId, AssetId, Input, Money, Price, Qty, SymbolId};

use super::Generator;
use super::dice::Dice;
use crate::reference::Reference;
use crate::setup::rate;

/// None, or a few.
pub(super) fn assets(dice: &mut Dice, markets: &[MarketSpec]) -> Vec<CollateralRules> {
    (0..dice.pick(&[0, 1, 1, 2])).map(|_| asset(dice, markets)).collect()
}

fn asset(dice: &mut Dice, markets: &[MarketSpec]) -> CollateralRules {
    let number = dice.index(markets.len());
    let market = &markets[number];
    let symbol = SymbolId(u16::try_from(number).expect("few markets"));
    let floor = dice.pick(&[0, 10_000, 100_000, 500_000]);
    let interval_ns = dice.pick(&[1, 30, 300]);
    // A lot is worth about what one of the market's is.
    let lot = market.contract.value(market.reference, 1).units();
    let unit = (lot / i64::from(market.reference.ticks())).clamp(1, 1 << 20);
    let rule = match dice.range(1, 3) {
        1 => HaircutRule::Fixed,
        2 => HaircutRule::Volatility {
            tau_ns: dice.pick(&[1, 100, 2_000]),
            factor_ppm: dice.pick(&[100_000, 3_000_000, 40_000_000]),
        },
        _ => HaircutRule::Depth {
            symbol,
            band: rate(dice.pick(&[0, 20_000, 300_000])),
            full: Money::new(lot.saturating_mul(dice.pick(&[1, 20, 200])).clamp(1, 1 << 60)),
        },
    };
    CollateralRules {
        unit,
        reference: market.reference,
        lots_max: dice.pick(&[60, 2_000]),
        haircut: Haircut {
            rule,
            floor: rate(floor),
            cap: rate(dice.pick(&[floor, 600_000.max(floor), 1_000_000])),
            interval_ns,
            lag_ns: dice.pick(&[0, 0, interval_ns, 20 * interval_ns]),
            step: rate(dice.pick(&[1_000, 50_000, 1_000_000, 1_000_000])),
        },
    }
}

impl Generator {
    pub(super) fn collateral(&mut self, shard: &Reference) -> Input {
        if self.setup.collateral.is_empty() {
            return Input::Step;
        }
        let number = self.dice.index(self.setup.collateral.len());
        let asset = AssetId(u16::try_from(number).expect("few assets"));
        if self.dice.percent(55) || shard.asset_price_of(asset).is_none() {
            return self.asset_price(shard, asset);
        }
        let mut account = self.client();
        for _ in 0..4 {
            if shard.is_cross(account) {
                break;
            }
            account = self.client();
        }
        let lots = Qty::new(self.dice.range_u32(1, self.habits.lots)).expect("at least one");
        if self.dice.percent(70) {
            return Input::DepositAsset { account, asset, qty: lots };
        }
        let held = Qty::new(shard.collateral(asset, account));
        let qty = if self.dice.percent(30) { held.unwrap_or(lots) } else { lots };
        Input::WithdrawAsset { account, asset, qty }
    }

    /// A walk around the reference price, with jumps.
    fn asset_price(&mut self, shard: &Reference, asset: AssetId) -> Input {
        let reference = self.setup.collateral[asset.index()].reference;
        let now = shard.asset_price_of(asset).unwrap_or(reference).ticks();
        let percent = self.dice.pick(&[60, 85, 96, 99, 100, 101, 104, 118, 150]);
        let strayed = now > 3 * reference.ticks() || now < reference.ticks() / 3;
        let now = if strayed && self.dice.percent(50) { reference.ticks() } else { now };
        let ticks = u64::from(now) * percent / 100 + self.dice.range(0, 1);
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
        let (low, high) = ((reference.ticks() / 20).max(1), reference.ticks() * 20);
        let price = Price::new(ticks.clamp(low, high)).expect("a price of the domain");
        Input::AssetPrice { asset, price }
    }

    /// One wrong thing about collateral.
    pub(super) fn wrong_collateral(&mut self) -> Input {
        let nothing = AssetId(self.dice.pick(&[7, u16::MAX]));
        let account = self.dice.pick(&[AccountId::FUND, AccountId(u32::MAX), AccountId(1)]);
        let asset = self.dice.pick(&[AssetId(0), AssetId(0), nothing]);
        match self.dice.range(1, 5) {
            1 => Input::AssetPrice { asset: nothing, price: Price::MIN },
            2 => Input::AssetPrice { asset, price: Price::MAX },
            3 => Input::DepositAsset { account, asset, qty: Qty::MAX },
            4 => Input::DepositAsset { account, asset, qty: Qty::new(1).expect("a lot") },
            _ => Input::WithdrawAsset { account, asset, qty: Qty::MAX },
        }
    }
}
