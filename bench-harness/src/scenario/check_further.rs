//! Ranges of what a scenario has beyond one market.

use seawall_engine::risk::BASKET_WEIGHT_PPM_MAX;

use super::check::{COUNT_MAX, Check, LATENCY_MAX_NS, PPM, TIME_MS_MAX};
use super::error::ScenarioError;
use super::further::{FIRST_MARKET, Griefer, KINDS, Portfolios, is_plain_name};
use super::spec::{ContractName, Defence, Scenario};

/// Most further markets: the laboratory simulates the people of each.
const MARKETS_MAX: usize = 15;

impl Check<'_> {
    /// Further markets, and who is in several.
    pub(super) fn further(&self, s: &Scenario) -> Result<(), ScenarioError> {
        if s.markets.len() > MARKETS_MAX {
            let most = format!("at most {MARKETS_MAX} further ones");
            return self.refuse("markets", &s.markets.len(), &most);
        }
        for (name, lane) in s.markets.keys().zip(s.lanes().iter().skip(1)) {
            self.further_market(s, name, lane)?;
        }
        if let Some(portfolios) = &s.portfolios {
            self.portfolios(s, portfolios)?;
        }
        if let Some(griefer) = &s.griefer {
            self.griefer(s, griefer)?;
        }
        self.listed(s)
    }

    fn further_market(
        &self,
        s: &Scenario,
        name: &str,
        lane: &Scenario,
    ) -> Result<(), ScenarioError> {
        if !is_plain_name(name) || name == FIRST_MARKET {
            let expected =
                format!("a name of small letters, digits and hyphens, other than `{FIRST_MARKET}`");
            return self.refuse("markets", &format!("`{name}`"), &expected);
        }
        let prefix = format!("markets.{name}.");
        let own = Check { places: self.places, prefix };
        own.between("correlation", lane.correlation(), 0.0, 1.0)?;
        own.lane(lane)?;
        if let Some(other) = lane.agents.iter().find(|agent| !KINDS.contains(&agent.as_str())) {
            let expected = format!(
                "populations that trade in one market alone: {}; the others belong to the first",
                KINDS.join(", ")
            );
            return own.refuse("agents", &format!("`{other}`"), &expected);
        }
        own.basket(s, name)?;
        let (here, there) = (&lane.market, &s.market);
        let of_first = "as in the first market: one shard, one currency";
        if here.currency != there.currency {
            return own.refuse("market.currency", &here.currency, &of_first);
        }
        if here.money_scale != there.money_scale {
            return own.refuse("market.money_scale", &here.money_scale, &of_first);
        }
        own.within("market.orders_max", here.orders_max, there.orders_max, there.orders_max)
    }

    /// An index is made of other markets of the scenario, each once and with its weight.
    fn basket(&self, s: &Scenario, name: &str) -> Result<(), ScenarioError> {
        let market = &s.markets[name];
        let others: Vec<String> =
            s.market_names().into_iter().filter(|other| other != name).collect();
        for (n, part) in market.basket.iter().enumerate() {
            if !others.contains(part) || market.basket[..n].contains(part) {
                let expected = format!("other markets, each once: {}", others.join(", "));
                return self.refuse("basket", &format!("`{part}`"), &expected);
            }
        }
        let (weights, parts) = (&market.basket_weights_ppm, market.basket.len());
        if weights.len() != parts {
            let expected = format!("as many weights as the basket has markets, {parts}");
            return self.refuse("basket_weights_ppm", &weights.len(), &expected);
        }
        weights.iter().try_for_each(|weight| {
            self.within("basket_weights_ppm", *weight, 1, BASKET_WEIGHT_PPM_MAX)
        })
    }

    fn portfolios(&self, s: &Scenario, p: &Portfolios) -> Result<(), ScenarioError> {
        if s.lanes().iter().any(|lane| lane.market.contract != ContractName::Linear) {
            let expected = "linear contracts in every market: values are split between them";
            return self.refuse("portfolios", &"there", &expected);
        }
        self.within("portfolios.count", p.count, 1, COUNT_MAX)?;
        self.within("portfolios.opposite_ppm", p.opposite_ppm, 0, PPM)?;
        self.within("portfolios.value_max_currency", p.value_max_currency, 1, 1 << 40)?;
        let most = p.value_max_currency;
        self.within("portfolios.value_min_currency", p.value_min_currency, 1, most)?;
        self.between("portfolios.value_exponent", p.value_exponent, 0.1, 10.0)?;
        self.between("portfolios.leverage_max", p.leverage_max, 1.0, 1_000.0)?;
        self.between("portfolios.leverage_min", p.leverage_min, 1.0, p.leverage_max)?;
        self.between("portfolios.leverage_exponent", p.leverage_exponent, 0.01, 10.0)?;
        self.within("portfolios.hedge_ppm", p.hedge_ppm, 0, PPM)?;
        self.within("portfolios.hedge_value_ppm", p.hedge_value_ppm, 0, 10 * PPM)?;
        self.within("portfolios.hedge_distance_bp", p.hedge_distance_bp, 1, 5_000)?;
        self.within("portfolios.hedge_period_ms", p.hedge_period_ms, 1, TIME_MS_MAX)?;
        self.within("portfolios.hedge_reaction_ms", p.hedge_reaction_ms, 0, TIME_MS_MAX)?;
        self.largest_position(s, p)
    }

    /// The venue would refuse a position beyond its bounds, and a leverage beyond a tier's.
    fn largest_position(&self, s: &Scenario, p: &Portfolios) -> Result<(), ScenarioError> {
        let key = "portfolios.value_max_currency";
        for (lane, name) in s.lanes().iter().zip(s.market_names()) {
            let lots = super::super::agents::portfolios::largest_lots(lane);
            let most = lane.market.order_max_lots;
            if lots > most {
                let found = format!("{}, {lots} lots in market `{name}`", p.value_max_currency);
                return self.refuse(key, &found, &format!("at most its order_max_lots = {most}"));
            }
            let value = lane.contract().value(lane.reference(), lots);
            let tiers = lane.market.tiers.iter().rev();
            let tier = tiers.into_iter().find(|tier| lane.money(tier.floor_currency) <= value);
            let most = tier.map_or(1.0, |tier| 1e6 / tier.initial_ppm as f64);
            if p.leverage_max > most {
                let expected =
                    format!("at most {most:.1}, which the tier of the largest position allows");
                return self.refuse("portfolios.leverage_max", &p.leverage_max, &expected);
            }
        }
        Ok(())
    }

    fn griefer(&self, s: &Scenario, g: &Griefer) -> Result<(), ScenarioError> {
        let in_market = |lane: &&Scenario| lane.agents.iter().any(|agent| agent == "griefer");
        if let Some(lane) = s.lanes().iter().find(in_market) {
            let most = lane.market.order_max_lots;
            self.within("griefer.lots", g.lots, 1, most)?;
            self.within("griefer.pump_lots", g.pump_lots, 0, most)?;
            let least = lane.market.tiers.first().map_or(1, |tier| tier.initial_ppm);
            self.between("griefer.short_leverage", g.short_leverage, 1.0, 1e6 / least as f64)?;
        }
        self.within("griefer.deposit_currency", g.deposit_currency, 1, 1 << 40)?;
        self.within("griefer.start_ms", g.start_ms, s.clock.warmup_ms, TIME_MS_MAX)?;
        self.within("griefer.pump_ms", g.pump_ms, 1, TIME_MS_MAX)?;
        self.within("griefer.cover_after_ms", g.cover_after_ms, g.pump_ms, TIME_MS_MAX)?;
        self.within("griefer.cover_ms", g.cover_ms, 1, TIME_MS_MAX)?;
        self.within("griefer.interval_ms", g.interval_ms, 1, g.pump_ms.min(g.cover_ms))?;
        self.within("griefer.gateway_ns", g.gateway_ns, 1, LATENCY_MAX_NS)?;
        self.within("griefer.ack_ns", g.ack_ns, 1, LATENCY_MAX_NS)?;
        self.within("griefer.feed_ns", g.feed_ns, 1, LATENCY_MAX_NS)
    }

    /// Populations whose tables or markets a scenario may leave out.
    fn listed(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let lists = |lane: &Scenario, name: &str| lane.agents.iter().any(|agent| agent == name);
        if s.probe.defence == Defence::Hedge && lists(s, "probe") && s.markets.is_empty() {
            let expected = "another defence, or a further market to hedge in";
            return self.refuse("probe.defence", &"hedge", &expected);
        }
        let griefers = s.lanes().iter().filter(|lane| lists(lane, "griefer")).count();
        if lists(s, "hedges") && s.portfolios.is_none() {
            return self.refuse("agents", &"`hedges`", &"a table [portfolios] beside it");
        }
        if griefers > 0 && s.griefer.is_none() {
            return self.refuse("agents", &"`griefer`", &"a table [griefer] beside it");
        }
        if griefers > 1 {
            return self.refuse("agents", &"`griefer` in several markets", &"in one of them");
        }
        let hedging = s.portfolios.as_ref().filter(|portfolios| portfolios.hedge_ppm > 0);
        if let Some(portfolios) = hedging {
            let key = "portfolios.hedge_ppm";
            let lacks = if s.markets.is_empty() {
                "a further market to hedge in"
            } else if portfolios.spread {
                "portfolios.spread to be false: who holds every market has nothing to hedge in"
            } else if !portfolios.cross {
                "portfolios.cross: a hedge of isolated margin helps nobody"
            } else {
                ""
            };
            if !lacks.is_empty() {
                return self.refuse(key, &portfolios.hedge_ppm, &format!("0, or {lacks}"));
            }
        }
        Ok(())
    }
}
