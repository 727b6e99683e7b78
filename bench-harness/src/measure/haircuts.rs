//! What auto-deleveraging took from whom: overshoot, worst shares, and the leverage it left
//! (Chitra, arXiv:2512.01112; Campbell, Hey, Moallemi and Nutz, arXiv:2603.15963).

use std::collections::BTreeMap;

use seawall_engine::core::Engine;
use seawall_engine::types::{AccountId, Contract, Money, Price, Side, SymbolId};

use super::summary::AdlSummary;

/// One deleveraging, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Whose position was closed, and its side.
    pub(super) account: AccountId,
    pub(super) side: Side,
    /// Who gave up a position for it.
    pub(super) counterparty: AccountId,
    pub(super) lots: u64,
    pub(super) price: Price,
}

/// Follows who gave what.
#[derive(Debug, Default)]
pub(super) struct Haircuts {
    /// By account, in money units: what a winner gave up at the mark, and what a loser lacked there.
    given: BTreeMap<AccountId, i64>,
    lacked: BTreeMap<AccountId, i64>,
    /// Given with the input under way.
    now: BTreeMap<AccountId, i64>,
    share_max: Option<f64>,
    leverage_max: Option<f64>,
}

impl Haircuts {
    /// A position was closed against another one at a price, while the mark stood there;
    /// `bankruptcy` is the closed one's bankruptcy price, as far as it is known.
    pub(super) fn hit(&mut self, contract: Contract, hit: &Hit, mark: Price, bankruptcy: Price) {
        let value = |price: Price| contract.value(price, hit.lots);
        // The loser's side profits when the price rises; the winner gives what it gets less.
        let gap = |price: Price| -contract.profit(hit.side, value(price), value(mark)).units();
        let given = gap(hit.price);
        *self.given.entry(hit.counterparty).or_default() += given;
        *self.now.entry(hit.counterparty).or_default() += given;
        *self.lacked.entry(hit.account).or_default() += gap(bankruptcy).max(0);
    }

    /// The engine is done with an input.
    #[inline]
    pub(super) fn end(&mut self, engine: &Engine, contracts: &[Contract]) {
        if !self.now.is_empty() {
            self.look(engine, contracts);
        }
    }

    /// What those who were hit had and have.
    fn look(&mut self, engine: &Engine, contracts: &[Contract]) {
        for (account, given) in core::mem::take(&mut self.now) {
            let after = engine.equity(account).units() as f64;
            let before = after + given as f64;
            if before > 0.0 {
                let share = given as f64 / before;
                self.share_max = Some(self.share_max.map_or(share, |most| most.max(share)));
            }
            let held = (0..)
                .zip(contracts)
                .map(|(n, contract)| value_of(engine, SymbolId(n), *contract, account));
            let value: Money = held.sum();
            if after > 0.0 {
                let leverage = value.units() as f64 / after;
                self.leverage_max =
                    Some(self.leverage_max.map_or(leverage, |most| most.max(leverage)));
            }
        }
    }

    pub(super) fn summarise(&self) -> AdlSummary {
        let sum = |of: &BTreeMap<AccountId, i64>| of.values().sum::<i64>();
        let most = |of: &BTreeMap<AccountId, i64>| of.values().copied().max().unwrap_or(0);
        let (given, lacked) = (sum(&self.given), sum(&self.lacked));
        let ratio = |a: i64, b: i64| (b > 0).then(|| a as f64 / b as f64);
        AdlSummary {
            given,
            needed: lacked,
            overshoot: given - lacked,
            top_winner_share: ratio(most(&self.given), lacked),
            top_winner_to_loser: ratio(most(&self.given), most(&self.lacked)),
            haircut_max: self.share_max,
            leverage_after_max: self.leverage_max,
        }
    }
}

/// What an account's position in a market is worth at the mark.
fn value_of(engine: &Engine, symbol: SymbolId, contract: Contract, account: AccountId) -> Money {
    let lots = engine.position(symbol, account).lots.unsigned_abs();
    engine.mark(symbol).map_or(Money::ZERO, |mark| contract.value(mark, lots))
}

#[cfg(test)]
mod tests {
    use seawall_engine::types::ContractKind;

    use super::*;

    fn price(ticks: u32) -> Price {
        Price::new(ticks).expect("a price")
    }

    #[test]
    fn at_the_bankruptcy_price_winners_give_what_is_missing_and_no_more() {
        let contract = Contract { kind: ContractKind::Linear, unit: 10 };
        let hit = |price, counterparty, lots| Hit {
            account: AccountId(1),
            side: Side::Buy,
            counterparty: AccountId(counterparty),
            lots,
            price,
        };
        let mut haircuts = Haircuts::default();
        // A long that is bankrupt at 100 while the mark is 90 lacks 10 ticks a lot.
        haircuts.hit(contract, &hit(price(100), 2, 3), price(90), price(100));
        haircuts.hit(contract, &hit(price(100), 3, 1), price(90), price(100));
        let adl = haircuts.summarise();
        assert_eq!((adl.given, adl.needed, adl.overshoot), (400, 400, 0));
        assert_eq!((adl.top_winner_share, adl.top_winner_to_loser), (Some(0.75), Some(0.75)));
        // At the mark nobody gives anything, and what is missing is somebody else's.
        haircuts.hit(contract, &hit(price(90), 2, 1), price(90), price(100));
        assert_eq!(haircuts.summarise().overshoot, -100);
    }
}
