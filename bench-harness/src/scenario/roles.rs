//! Which account plays which role: contiguous ranges of account ids.

use core::ops::Range;

use seawall_engine::types::AccountId;

/// What an account is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An insurance fund.
    Fund,
    /// Quotes both sides.
    Maker,
    /// Takes liquidity at random.
    Taker,
    /// Sells the shock's metaorder.
    Shock,
    /// Sends the recorded background flow, or rests for the order flow.
    Background,
    /// Short at low leverage, the other side of the holders.
    Hedger,
    /// Holds a leveraged position; trades only to defend it.
    Holder,
    /// Trades the book back to the index.
    Arbitrageur,
    /// Hunts or spoofs.
    Manipulator,
}

/// The flow a client order belongs to in the measures. Orders that the engine derives are forced,
/// whatever their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Orders of makers.
    Maker,
    /// Orders of takers, of the shock and of the background.
    Taker,
    /// Orders of the liquidation engine.
    Forced,
}

/// The accounts of every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Insurance funds.
    pub funds: Range<u32>,
    /// Makers.
    pub makers: Range<u32>,
    /// Takers.
    pub takers: Range<u32>,
    /// The seller of the metaorder.
    pub shock: u32,
    /// The sender of the background.
    pub background: u32,
    /// Hedgers.
    pub hedgers: Range<u32>,
    /// Leveraged holders, longs first.
    pub holders: Range<u32>,
    /// Arbitrageurs; empty if the scenario does not list them, as the further ones.
    pub arbitrageurs: Range<u32>,
    /// The hunter.
    pub hunter: Range<u32>,
    /// The spoofer.
    pub spoofer: Range<u32>,
    /// Positions whose fate is watched.
    pub probes: Range<u32>,
    /// The order flow's two accounts: one rests, one takes.
    pub flow: Range<u32>,
    /// The griefer's two accounts: the side that gains, and the side that is to be liquidated.
    pub griefer: Range<u32>,
}

impl Roles {
    /// Accounts so far, the funds' and those of the markets before included.
    pub fn accounts(&self) -> u32 {
        self.griefer.end
    }

    /// What an account is there for.
    pub fn role(&self, account: AccountId) -> Role {
        let id = account.0;
        if self.funds.contains(&id) {
            Role::Fund
        } else if self.makers.contains(&id) {
            Role::Maker
        } else if self.takers.contains(&id) {
            Role::Taker
        } else if id == self.shock {
            Role::Shock
        } else if id == self.background {
            Role::Background
        } else if self.hedgers.contains(&id) {
            Role::Hedger
        } else if self.holders.contains(&id) || self.probes.contains(&id) {
            Role::Holder
        } else if self.flow.contains(&id) {
            if id == self.flow.start { Role::Background } else { Role::Taker }
        } else if self.arbitrageurs.contains(&id) {
            Role::Arbitrageur
        } else {
            Role::Manipulator
        }
    }

    /// The flow that a client order of this account belongs to.
    pub fn flow(&self, account: AccountId) -> Flow {
        match self.role(account) {
            Role::Maker => Flow::Maker,
            Role::Fund => Flow::Forced,
            _ => Flow::Taker,
        }
    }
}
