//! Shares a loss that nobody else covered among the free cash of those who pay, in proportion to it.

use crate::risk::Ledger;
use crate::types::{AccountId, Money};

/// Who of those that pay gives how much of `deficit`: payers ascending, amounts positive, together the deficit or all
/// the cash there is.
pub(crate) fn shares(
    ledger: &Ledger,
    deficit: Money,
    pays: impl Fn(AccountId) -> bool,
    out: &mut Vec<(AccountId, Money)>,
) {
    assert!(deficit.is_positive(), "a deficit is shared when there is one");
    out.clear();
    let payers = ledger.accounts().filter(|(id, account)| account.cash.is_positive() && pays(*id));
    out.extend(payers.map(|(id, account)| (id, account.cash)));
    share_out(deficit, |_, id| ledger.account(id).cash, out);
    out.retain(|(_, share)| share.is_positive());
}

/// Who pays how much of `deficit` in proportion to a weight, as far as free cash goes; what that
/// leaves is shared in proportion to the free cash that is left. `first` is scratch space.
pub(crate) fn weighted_shares(
    ledger: &Ledger,
    deficit: Money,
    pays: impl Fn(AccountId) -> bool,
    weight: impl Fn(AccountId) -> i128,
    first: &mut Vec<(AccountId, Money)>,
    out: &mut Vec<(AccountId, Money)>,
) {
    let payers = |id: &AccountId| ledger.account(*id).cash.is_positive() && pays(*id);
    let ids = || ledger.accounts().map(|(id, _)| id).filter(payers);
    let total: i128 = ids().map(&weight).sum();
    first.clear();
    let mut left = deficit;
    if total > 0 {
        for id in ids() {
            let share = deficit.wide() * weight(id) / total;
            let share = Money::narrow(share.min(ledger.account(id).cash.wide()));
            left -= share;
            first.push((id, share));
        }
    }
    out.clear();
    out.extend(ids().map(|id| (id, ledger.account(id).cash)));
    for ((_, cash), (_, paid)) in out.iter_mut().zip(&*first) {
        *cash -= *paid;
    }
    let paid = |number: usize| first.get(number).map_or(Money::ZERO, |(_, paid)| *paid);
    share_out(left, |number, id| ledger.account(id).cash - paid(number), out);
    for ((_, share), (_, paid)) in out.iter_mut().zip(&*first) {
        *share += *paid;
    }
    out.retain(|(_, share)| share.is_positive());
}

/// Turns cash into shares of `deficit`: all of it, or parts in proportion and a unit each of what
/// rounding left, from the first that still have one.
fn share_out(
    deficit: Money,
    cash: impl Fn(usize, AccountId) -> Money,
    out: &mut [(AccountId, Money)],
) {
    let total: Money = out.iter().map(|(_, cash)| *cash).sum();
    if total <= deficit {
        return;
    }
    let mut left = deficit;
    for (_, share) in out.iter_mut() {
        *share = Money::narrow(deficit.wide() * share.wide() / total.wide());
        left -= *share;
    }
    for (number, (id, share)) in out.iter_mut().enumerate() {
        if left == Money::ZERO {
            break;
        }
        if *share < cash(number, *id) {
            *share += Money::new(1);
            left -= Money::new(1);
        }
    }
    assert!(left == Money::ZERO, "what rounding left is less than one unit per payer");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_weighs_anything_cash_decides() {
        let mut ledger = Ledger::new(4, 1);
        for (account, cash) in [(1, 10), (2, 30), (3, 0)] {
            if cash > 0 {
                ledger.deposit(AccountId(account), Money::new(cash));
            }
        }
        let shares = |weight: [i128; 3]| {
            let (mut first, mut out) = (Vec::new(), Vec::new());
            let weigh = |id: AccountId| weight[id.index() - 1];
            let clients = |id: AccountId| id != AccountId::FUND;
            weighted_shares(&ledger, Money::new(8), clients, weigh, &mut first, &mut out);
            out.iter().map(|(id, share)| (id.0, share.units())).collect::<Vec<_>>()
        };
        assert_eq!(shares([0, 0, 9]), [(1, 2), (2, 6)]);
        assert_eq!(shares([1, 0, 9]), [(1, 8)]);
        assert_eq!(shares([1, 1, 9]), [(1, 4), (2, 4)]);
    }
}
