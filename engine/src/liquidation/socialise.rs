//! Shares a loss that nobody else covered among everybody's free cash, in proportion to it.

use crate::risk::Ledger;
use crate::types::{AccountId, Money};

/// Who pays how much of `deficit`: payers ascending, amounts positive, together the deficit or all
/// the cash there is.
pub(crate) fn shares(ledger: &Ledger, deficit: Money, out: &mut Vec<(AccountId, Money)>) {
    assert!(deficit.is_positive(), "a deficit is shared when there is one");
    out.clear();
    let payers = ledger
        .accounts()
        .filter(|(id, account)| *id != AccountId::FUND && account.cash.is_positive());
    out.extend(payers.map(|(id, account)| (id, account.cash)));
    let total: Money = out.iter().map(|(_, cash)| *cash).sum();
    if total <= deficit {
        return;
    }
    let mut left = deficit;
    for (_, share) in out.iter_mut() {
        *share = Money::narrow(deficit.wide() * share.wide() / total.wide());
        left -= *share;
    }
    // Rounding left at most one unit per payer; the first ones that still have cash give it.
    for (id, share) in out.iter_mut() {
        if left == Money::ZERO {
            break;
        }
        if *share < ledger.account(*id).cash {
            *share += Money::new(1);
            left -= Money::new(1);
        }
    }
    assert!(left == Money::ZERO, "what rounding left is less than one unit per payer");
    out.retain(|(_, share)| share.is_positive());
}
