//! Checks of which insurance fund answers for which market, and of what each has.

use super::check::Check;
use super::error::{Fault, Hint, ScenarioError};
use super::funds::FundScope;
use super::further::{FIRST_MARKET, is_plain_name};
use super::spec::Scenario;
use super::text::nearest;

impl Check<'_> {
    /// Groups where the scope is one of groups and nowhere else, and amounts for funds that are
    /// there. Names were checked.
    pub(super) fn funds(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let scope = s.liquidation.fund_scope;
        if scope == FundScope::Group && s.markets.is_empty() {
            let expected = "`venue` where there is one market: there is nothing to group";
            return self.refuse("liquidation.fund_scope", &"`group`", &expected);
        }
        for (lane, name) in s.lanes().iter().zip(s.market_names()) {
            let key = if name == FIRST_MARKET {
                "market.fund_group".to_owned()
            } else {
                format!("markets.{name}.market.fund_group")
            };
            self.fund_group(scope, &key, &lane.market.fund_group)?;
        }
        s.funds.iter().try_for_each(|(name, own)| {
            self.fund_name(s, name)?;
            self.within(&format!("funds.{name}.start_currency"), own.start_currency, 0, 1 << 40)
        })
    }

    fn fund_group(&self, scope: FundScope, key: &str, group: &str) -> Result<(), ScenarioError> {
        match scope {
            FundScope::Group if group.is_empty() => {
                let expected = format!("a group for every market beside it: {key} is empty");
                self.refuse("liquidation.fund_scope", &"`group`", &expected)
            }
            FundScope::Group if !is_plain_name(group) => {
                let expected = "a name of small letters, digits and hyphens";
                self.refuse(key, &format!("`{group}`"), &expected)
            }
            FundScope::Symbol | FundScope::Venue if !group.is_empty() => {
                let expected = "empty unless liquidation.fund_scope is `group`";
                self.refuse(key, &format!("`{group}`"), &expected)
            }
            _ => Ok(()),
        }
    }

    fn fund_name(&self, s: &Scenario, name: &str) -> Result<(), ScenarioError> {
        let known = s.fund_names();
        let (expected, near) = if s.liquidation.fund_scope == FundScope::Venue {
            let expected = "nothing where liquidation.fund_scope is `venue`: what the one fund has \
                            is liquidation.fund_currency";
            (expected.to_owned(), None)
        } else if known.iter().any(|fund| fund == name) {
            return Ok(());
        } else {
            let near = nearest(name, known.iter().map(String::as_str));
            (format!("the name of a fund there is: {}", known.join(", ")), near)
        };
        Err(Fault::OutOfRange {
            place: self.places.of_table(&format!("funds.{name}")),
            key: "funds".to_owned(),
            found: format!("`{name}`"),
            expected,
            hint: Hint(near),
        }
        .into())
    }
}
