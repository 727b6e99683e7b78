//! What a scenario may have beyond one market: further markets in the same shard, holders over all
//! of them, and one who griefs the backstop.
//!
//! All of it is optional, and a scenario without it reads and writes as if it were not there.

use seawall_engine::risk::{Basket, BasketPart};
use seawall_engine::types::SymbolId;
use serde::{Deserialize, Serialize};

use super::spec::{
    Arbitrageurs, Defenders, Funding, Holders, Index, Makers, Manipulation, Mark, Market, Scenario,
    Shock, Takers,
};

/// Tables that a further market has of its own; what it does not say is as in the first one.
pub(super) const TABLES: [&str; 12] = [
    "market",
    "index",
    "mark",
    "funding",
    "shock",
    "makers",
    "takers",
    "holders",
    "arbitrageurs",
    "defenders",
    "hunter",
    "spoofer",
];

/// Lists of a further market that are empty unless they are given: the schema shows what they hold.
pub(super) const EXAMPLES: [&str; 2] = ["basket", "basket_weights_ppm"];

/// Populations that a further market may list: those that trade in one market alone.
pub(super) const KINDS: [&str; 9] = [
    "oracle",
    "makers",
    "takers",
    "shock",
    "arbitrageurs",
    "defenders",
    "hunter",
    "spoofer",
    "griefer",
];

/// A further market of the shard, with its own prices and people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherMarket {
    /// Correlation of its index's steps with those of the first market's.
    pub correlation: f64,
    /// Populations that take part in it, by name.
    pub agents: Vec<String>,
    /// Markets whose marks the venue makes its index of; none if the index is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basket: Vec<String>,
    /// Ticks of the index for each tick of those marks, in millionths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basket_weights_ppm: Vec<u64>,
    /// Its contract and its margin rules.
    pub market: Market,
    /// Its exogenous price.
    pub index: Index,
    /// How its mark follows index and book.
    pub mark: Mark,
    /// What its longs pay to its shorts, and when.
    pub funding: Funding,
    /// What shakes it.
    pub shock: Shock,
    /// Who quotes.
    pub makers: Makers,
    /// Who takes.
    pub takers: Takers,
    /// Who holds leveraged positions in it alone.
    pub holders: Holders,
    /// Who trades its book back to its index, if listed.
    pub arbitrageurs: Arbitrageurs,
    /// Which of its holders defend themselves, if listed.
    pub defenders: Defenders,
    /// Who hunts liquidations in it, if listed.
    pub hunter: Manipulation,
    /// Who spoofs in it, if listed.
    pub spoofer: Manipulation,
}

/// Holders with a position in every market, or in the first one and a hedge in the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portfolios {
    /// How many accounts.
    pub count: u64,
    /// Whether their positions share their margin; otherwise each has its own part of it.
    pub cross: bool,
    /// Whether they hold every market in equal value; otherwise the first one alone.
    pub spread: bool,
    /// What part of them is short in the further markets. All are long in the first.
    pub opposite_ppm: u64,
    /// Smallest value of all their positions.
    pub value_min_currency: u64,
    /// Largest value.
    pub value_max_currency: u64,
    /// Exponent of the value's power law.
    pub value_exponent: f64,
    /// Least value over equity.
    pub leverage_min: f64,
    /// Greatest value over equity.
    pub leverage_max: f64,
    /// Exponent of its power law.
    pub leverage_exponent: f64,
    /// What part of them hedges: when the first market's mark comes near their trigger price they
    /// sell the next market short. Needs the population `hedges`.
    pub hedge_ppm: u64,
    /// For how much of their position's value.
    pub hedge_value_ppm: u64,
    /// Mean distance of the mark from the trigger price at which they do; each is drawn within half
    /// of it either way.
    pub hedge_distance_bp: u64,
    /// Time between two looks at the mark.
    pub hedge_period_ms: u64,
    /// Mean time to react.
    pub hedge_reaction_ms: u64,
}

/// One who opens both sides of a large position with two accounts, lets the short one be
/// liquidated, and pumps the price once the backstop holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Griefer {
    /// Lots of each side.
    pub lots: u64,
    /// Leverage of the side that is to be liquidated.
    pub short_leverage: f64,
    /// Cash of the side that gains: margin and money to pump with.
    pub deposit_currency: u64,
    /// When it begins to pump.
    pub start_ms: u64,
    /// How long it pumps.
    pub pump_ms: u64,
    /// How much it buys meanwhile.
    pub pump_lots: u64,
    /// When it begins to sell, from the start.
    pub cover_after_ms: u64,
    /// How long it sells.
    pub cover_ms: u64,
    /// Time between two orders.
    pub interval_ms: u64,
    /// From it to the venue.
    pub gateway_ns: u64,
    /// From the venue to it: what happened to its orders.
    pub ack_ns: u64,
    /// From the venue to it: the market.
    pub feed_ns: u64,
}

/// Whether a market or a group may be called so.
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Which of a scenario's markets is looked at: the first, unless [`Scenario::lanes`] says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lane {
    symbol: u16,
    /// Of a further market; the first one's people come after the funds.
    first_account: Option<u32>,
    correlation: f64,
    index_is_made: bool,
    /// How many insurance funds there are, as the whole scenario counts them.
    pub(super) funds: Option<u32>,
}

impl Default for Lane {
    fn default() -> Self {
        Self { symbol: 0, first_account: None, correlation: 1.0, index_is_made: false, funds: None }
    }
}

/// What the first market is called where several are told apart.
pub const FIRST_MARKET: &str = "first";

impl Scenario {
    /// The market that this scenario is a view of.
    pub fn symbol(&self) -> SymbolId {
        SymbolId(self.lane.symbol)
    }

    /// The number of that market, for draws that belong to a market and not to an account.
    pub(crate) fn lane_number(&self) -> u32 {
        u32::from(self.lane.symbol)
    }

    /// Correlation of its index with the first market's.
    pub(crate) fn correlation(&self) -> f64 {
        self.lane.correlation
    }

    /// Whether the venue makes this market's index itself.
    pub(super) fn index_is_made(&self) -> bool {
        self.lane.index_is_made
    }

    /// The indices that are made of other markets' marks. Names were checked.
    pub(super) fn baskets(&self) -> Vec<Basket> {
        let names = self.market_names();
        let symbol_of = |name: &String| {
            let place = names.iter().position(|known| known == name);
            SymbolId(u16::try_from(place.expect("a known market")).expect("few markets"))
        };
        let with_basket = self.markets.iter().filter(|(_, market)| !market.basket.is_empty());
        let basket = |(name, market): (&String, &FurtherMarket)| Basket {
            symbol: symbol_of(name),
            parts: core::iter::zip(&market.basket, &market.basket_weights_ppm)
                .map(|(of, weight)| BasketPart { symbol: symbol_of(of), weight_ppm: *weight })
                .collect(),
        };
        with_basket.map(basket).collect()
    }

    pub(super) fn first_account(&self) -> u32 {
        self.lane.first_account.unwrap_or_else(|| self.fund_accounts().end)
    }

    /// The scenario as each of its markets sees it, by symbol: the first market's view is the
    /// scenario itself; another one's has its own tables in their place.
    pub fn lanes(&self) -> Vec<Self> {
        let mut lanes = vec![self.clone()];
        let mut first_account = self.roles().accounts();
        for (symbol, further) in (1..).zip(self.markets.values()) {
            let lane = Lane {
                symbol,
                first_account: Some(first_account),
                correlation: further.correlation,
                index_is_made: !further.basket.is_empty(),
                funds: Some(self.fund_accounts().end),
            };
            let view = self.view(lane, further.clone());
            first_account = view.roles().accounts();
            lanes.push(view);
        }
        lanes
    }

    fn view(&self, lane: Lane, further: FurtherMarket) -> Self {
        let FurtherMarket {
            correlation: _,
            agents,
            basket: _,
            basket_weights_ppm: _,
            market,
            index,
            mark,
            funding,
            shock,
            makers,
            takers,
            holders,
            arbitrageurs,
            defenders,
            hunter,
            spoofer,
        } = further;
        Self {
            agents,
            market,
            index,
            mark,
            funding,
            shock,
            makers,
            takers,
            holders,
            arbitrageurs,
            defenders,
            hunter,
            spoofer,
            lane,
            ..self.clone()
        }
    }

    /// Names of the markets, by symbol.
    pub fn market_names(&self) -> Vec<String> {
        let first = core::iter::once(FIRST_MARKET.to_owned());
        first.chain(self.markets.keys().cloned()).collect()
    }

    /// Accounts of those who hold several markets: the last ones.
    pub fn portfolio_accounts(&self) -> core::ops::Range<u32> {
        let first = self.lanes().last().map_or(1, |lane| lane.roles().accounts());
        let count = self.portfolios.as_ref().map_or(0, |portfolios| portfolios.count);
        first..first + super::resolve::small(count)
    }

    /// Accounts of the whole shard, the funds' included.
    pub fn accounts(&self) -> u32 {
        self.portfolio_accounts().end
    }
}
