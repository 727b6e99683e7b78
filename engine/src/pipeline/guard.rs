//! What a gateway lets through: commands of its own accounts, at a bounded rate.
//!
//! It stands before the sequencer, so what it refuses has no sequence number, is in no log and in no
//! hash. It reads no clock; the caller says what time it is.

use thiserror::Error;

use crate::types::{AccountId, Input};

/// Why a command was not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It names an account that is not this gateway's.
    #[error("account {0} is not this gateway's")]
    NotOwned(AccountId),
    /// Only the venue itself may say this: prices, deposits, time, the shard's kill switch.
    #[error("only the venue may send this")]
    VenueOnly,
    /// Too many commands in this window.
    #[error("too many commands: at most {0} in a window")]
    TooManyCommands(u32),
    /// Too many cancels in this window.
    #[error("too many cancels: at most {0} in a window")]
    TooManyCancels(u32),
}

/// How many messages a gateway may send in each window of time. Cancels have a budget of their own:
/// who has used up his orders can still take them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Length of a window, in nanoseconds; at least 1.
    pub window_ns: u64,
    /// Commands that are no cancels.
    pub commands_max: u32,
    /// Cancels, mass cancels and disconnects.
    pub cancels_max: u32,
}

/// One gateway's accounts and budgets.
#[derive(Debug)]
pub struct GatewayGuard {
    /// Ascending.
    accounts: Vec<AccountId>,
    throttle: Throttle,
    window: u64,
    commands: u32,
    cancels: u32,
}

impl GatewayGuard {
    /// A guard for these accounts. The fund's account is nobody's.
    pub fn new(mut accounts: Vec<AccountId>, throttle: Throttle) -> Self {
        assert!(throttle.window_ns > 0, "a window has a length");
        accounts.retain(|account| *account != AccountId::FUND);
        accounts.sort_unstable();
        Self { accounts, throttle, window: 0, commands: 0, cancels: 0 }
    }

    /// Whether a command may go on to the shard at that time. What is refused for its account costs
    /// no budget.
    pub fn check(&mut self, input: &Input, now_ns: u64) -> Result<(), Refusal> {
        let (account, is_cancel) = sender(input).ok_or(Refusal::VenueOnly)?;
        if self.accounts.binary_search(&account).is_err() {
            return Err(Refusal::NotOwned(account));
        }
        let window = now_ns / self.throttle.window_ns;
        if window != self.window {
            (self.window, self.commands, self.cancels) = (window, 0, 0);
        }
        let Throttle { commands_max, cancels_max, .. } = self.throttle;
        let (used, max, refusal) = if is_cancel {
            (&mut self.cancels, cancels_max, Refusal::TooManyCancels(cancels_max))
        } else {
            (&mut self.commands, commands_max, Refusal::TooManyCommands(commands_max))
        };
        if *used == max {
            return Err(refusal);
        }
        *used += 1;
        Ok(())
    }
}

/// Whose command it is and whether it only takes orders away; `None` for what clients may not say.
/// What is not listed is the venue's: a new input is closed to clients until somebody opens it.
const fn sender(input: &Input) -> Option<(AccountId, bool)> {
    match input {
        Input::Order(order) => Some((order.account, false)),
        Input::Replace { account, .. }
        | Input::Leverage { account, .. }
        | Input::SelfTrade { account, .. }
        | Input::CancelOnDisconnect { account, .. }
        | Input::Link { account, .. }
        | Input::MarginMode { account, .. }
        | Input::Kill { account: Some(account), .. } => Some((*account, false)),
        Input::Cancel { account, .. }
        | Input::MassCancel { account, .. }
        | Input::Disconnect { account } => Some((*account, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, SelfTrade, Side, SymbolId,
    };

    const THROTTLE: Throttle = Throttle { window_ns: 100, commands_max: 2, cancels_max: 3 };

    fn leverage(account: u32) -> Input {
        let initial = Ppm::ONE;
        Input::Leverage { symbol: SymbolId(0), account: AccountId(account), initial }
    }

    fn cancel(account: u32) -> Input {
        Input::Cancel { symbol: SymbolId(0), account: AccountId(account), order: OrderId(1) }
    }

    /// Everything that a client may say, for an account.
    fn said_by(account: u32) -> Vec<Input> {
        let (symbol, account) = (SymbolId(0), AccountId(account));
        let (order, other, price, qty) =
            (OrderId(1), OrderId(2), Price::MIN, Qty::new(1).expect("positive"));
        let (side, kind) = (Side::Buy, OrderKind::Market);
        let new = NewOrder { symbol, account, order, side, qty, kind, reduce_only: false };
        vec![
            Input::Order(new),
            Input::Cancel { symbol, account, order },
            Input::Replace { symbol, account, order, price, qty },
            Input::Leverage { symbol, account, initial: Ppm::ONE },
            Input::SelfTrade { account, mode: SelfTrade::Allow, group: 0 },
            Input::MassCancel { account, symbol: None, side: None },
            Input::CancelOnDisconnect { account, enabled: true },
            Input::Disconnect { account },
            Input::MarginMode { account, cross: true },
            Input::Kill { account: Some(account), engaged: true },
            Input::Link { symbol, account, order, other },
        ]
    }

    #[test]
    fn no_command_of_another_account_passes() {
        let roomy = Throttle { commands_max: 100, cancels_max: 100, ..THROTTLE };
        let mut guard = GatewayGuard::new(vec![AccountId(3), AccountId(5)], roomy);
        for input in said_by(5) {
            assert_eq!(guard.check(&input, 0), Ok(()), "{input:?}");
        }
        for stranger in [0, 1, 2, 4, 6, u32::MAX] {
            for input in said_by(stranger) {
                let refused = Err(Refusal::NotOwned(AccountId(stranger)));
                assert_eq!(guard.check(&input, 0), refused, "{input:?}");
            }
        }
    }

    #[test]
    fn budgets_hold_for_every_split_of_a_window() {
        // Every number of orders and of cancels up to twice the budgets, cancels first or last.
        for (orders, cancels) in (0..=4).flat_map(|o| (0..=6).map(move |c| (o, c))) {
            for cancels_first in [false, true] {
                let mut guard = GatewayGuard::new(vec![AccountId(1)], THROTTLE);
                let mut passed = |input: Input, count: u32| {
                    (0..count).filter(|_| guard.check(&input, 7).is_ok()).count()
                };
                let (mut ordered, mut cancelled) = (0, 0);
                for turn in 0..2 {
                    if (turn == 0) == cancels_first {
                        cancelled += passed(cancel(1), cancels);
                    } else {
                        ordered += passed(leverage(1), orders);
                    }
                }
                assert_eq!((ordered, cancelled), (orders.min(2) as usize, cancels.min(3) as usize));
            }
        }
    }

    #[test]
    fn only_its_own_accounts_pass() {
        let mut guard = GatewayGuard::new(vec![AccountId(7), AccountId(0), AccountId(3)], THROTTLE);
        assert_eq!(guard.check(&leverage(3), 0), Ok(()));
        assert_eq!(guard.check(&leverage(4), 0), Err(Refusal::NotOwned(AccountId(4))));
        assert_eq!(guard.check(&leverage(0), 0), Err(Refusal::NotOwned(AccountId::FUND)));
        assert_eq!(guard.check(&leverage(7), 0), Ok(()));
    }

    #[test]
    fn what_is_the_venues_never_passes() {
        let mut guard = GatewayGuard::new(vec![AccountId(1)], THROTTLE);
        let (symbol, price) = (SymbolId(0), Price::MIN);
        let deposit = Input::Deposit { account: AccountId(1), amount: Money::new(5) };
        let kill = Input::Kill { account: None, engaged: true };
        for input in [
            Input::Mark { symbol, price },
            Input::Step,
            deposit,
            kill,
            Input::Halt { symbol },
            Input::Reopen { symbol },
        ] {
            assert_eq!(guard.check(&input, 0), Err(Refusal::VenueOnly), "{input:?}");
        }
    }

    #[test]
    fn cancels_pass_when_orders_no_longer_do() {
        let mut guard = GatewayGuard::new(vec![AccountId(1)], THROTTLE);
        assert_eq!([0, 1].map(|at| guard.check(&leverage(1), at)), [Ok(()); 2]);
        assert_eq!(guard.check(&leverage(1), 2), Err(Refusal::TooManyCommands(2)));
        assert_eq!([3, 4, 5].map(|at| guard.check(&cancel(1), at)), [Ok(()); 3]);
        assert_eq!(guard.check(&cancel(1), 99), Err(Refusal::TooManyCancels(3)));
        assert_eq!(guard.check(&leverage(1), 100), Ok(()), "a new window");
    }
}
