//! Orders, changes of orders, and block trades.

use seawall_engine::types::{
    AccountId, Input, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, Reference as Watched, Side,
    SymbolId, Trail,
};

use super::{Generator, Kind};
use crate::reference::{OrderView, Reference};

impl Generator {
    pub(super) fn order(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let account = self.trader(shard, symbol);
        let position = shard.position(symbol, account);
        let mut side = self.side();
        let mut reduce_only = false;
        if position.lots != 0 && self.habits.uses(Kind::ReduceOnly) && self.dice.percent(20) {
            reduce_only = true;
            let wrong_side = self.dice.percent(3);
            side = if (position.lots > 0) == wrong_side { Side::Buy } else { Side::Sell };
        }
        let crossing = self.dice.percent(self.habits.crossing);
        let price = self.limit(shard, symbol, side, crossing);
        let affordable = affordable(shard, symbol, account, price);
        if affordable == 0 && position.lots == 0 && self.dice.percent(85) {
            return self.deposit(shard, symbol, account);
        }
        let most = self.habits.lots.min(affordable.max(1));
        let lots = if self.dice.percent(96) {
            self.dice.range_u32(1, most)
        } else {
            self.dice.range_u32(1, 3 * self.habits.lots)
        };
        let lots = self.on_lot(symbol, lots);
        let mut kind = self.kind(price, crossing, reduce_only, lots);
        if self.habits.uses(Kind::Stop) && self.dice.percent(7) {
            kind = self.stop(shard, symbol, side);
        }
        if self.habits.uses(Kind::Trailing) && self.dice.percent(4) {
            kind = self.trailing(shard, symbol);
        }
        let order = self.new_id(shard, symbol);
        let qty = Qty::new(lots).expect("at least one lot");
        Input::Order(NewOrder { symbol, account, order, side, qty, kind, reduce_only })
    }

    /// Somebody who can trade, mostly.
    fn trader(&mut self, shard: &Reference, symbol: SymbolId) -> AccountId {
        let mut account = self.client();
        for _ in 0..5 {
            let free = !shard.position(symbol, account).in_liquidation;
            if free && shard.cash(account).is_positive() {
                break;
            }
            if self.dice.percent(4) {
                break;
            }
            account = self.client();
        }
        account
    }

    /// The least multiple of the market's lot step that is not below, mostly.
    fn on_lot(&mut self, symbol: SymbolId, lots: u32) -> u32 {
        let step = self.setup.order_rules[symbol.index()].lot;
        if self.dice.percent(3) { lots } else { lots.next_multiple_of(step) }
    }

    /// A multiple of the market's tick step nearby, mostly.
    fn on_tick(&mut self, symbol: SymbolId, price: Price) -> Price {
        let step = self.setup.order_rules[symbol.index()].tick;
        if self.dice.percent(3) {
            return price;
        }
        let ticks = price.ticks() / step * step;
        self.price(symbol, i64::from(if ticks == 0 { step } else { ticks }))
    }

    fn limit(&mut self, shard: &Reference, symbol: SymbolId, side: Side, crossing: bool) -> Price {
        let price = self.raw_limit(shard, symbol, side, crossing);
        self.on_tick(symbol, price)
    }

    fn raw_limit(
        &mut self,
        shard: &Reference,
        symbol: SymbolId,
        side: Side,
        crossing: bool,
    ) -> Price {
        let away = |ticks: i64| match side {
            Side::Buy => -ticks,
            Side::Sell => ticks,
        };
        let opposite = shard.best(symbol, side.opposite()).filter(|_| crossing);
        if let Some(best) = opposite.filter(|_| !shard.is_halted(symbol)) {
            let through = self.dice.pick(&[0, 0, 0, 1, 2, 5]);
            return self.price(symbol, i64::from(best.ticks()) - away(through));
        }
        let centre = self.centre(shard, symbol);
        if crossing && shard.is_halted(symbol) {
            // What joins a call may lie anywhere: far through, it trades at another price.
            let through = self.dice.pick(&[0, 1, 2, 5, centre / 20, centre / 2]);
            return self.price(symbol, centre - away(through));
        }
        let width = u64::try_from(centre).expect("a price") * u64::from(self.habits.spread) / 100;
        let distance = self.dice.range(0, width + 3);
        let distance = i64::try_from(distance).expect("small");
        self.price(symbol, centre + away(distance))
    }

    fn kind(&mut self, price: Price, crossing: bool, reduce_only: bool, lots: u32) -> OrderKind {
        let immediate = OrderKind::ImmediateOrCancel(price);
        if reduce_only {
            return match self.dice.range(1, 7) {
                1 if self.habits.uses(Kind::Market) => OrderKind::Market,
                2 if self.habits.uses(Kind::FillOrKill) => OrderKind::FillOrKill(price),
                3 => OrderKind::Limit(price),
                4 => OrderKind::PostOnly(price),
                5 if self.dice.percent(8) => {
                    OrderKind::Iceberg { price, display: Qty::new(1).expect("one lot") }
                }
                _ => immediate,
            };
        }
        if let Some(kind) = self.rarer_kind(price, crossing, lots) {
            return kind;
        }
        match self.dice.range(1, 20) {
            1..=3 if crossing && self.habits.uses(Kind::Market) => OrderKind::Market,
            4..=6 if crossing && self.habits.uses(Kind::ImmediateOrCancel) => immediate,
            7 | 8 if crossing && self.habits.uses(Kind::FillOrKill) => OrderKind::FillOrKill(price),
            9..=11 if !crossing && self.habits.uses(Kind::PostOnly) => OrderKind::PostOnly(price),
            12 if self.habits.uses(Kind::PostOnly) => OrderKind::PostOnly(price),
            13 if self.habits.uses(Kind::Market) => OrderKind::Market,
            _ => OrderKind::Limit(price),
        }
    }

    /// A stop order, mostly on the side of its reference where it waits.
    fn stop(&mut self, shard: &Reference, symbol: SymbolId, side: Side) -> OrderKind {
        let watch = self.dice.pick(&Watched::ALL);
        let now = shard.watched(symbol, watch).map_or(0, Price::ticks);
        let centre = self.centre(shard, symbol);
        let base = if now == 0 { centre } else { i64::from(now) };
        let take_profit = self.dice.percent(40);
        let above = (side == Side::Buy) != take_profit;
        let width = u64::try_from(base / 12).expect("a price") + 2;
        let distance = i64::try_from(self.dice.range(1, width)).expect("small");
        let wrong_side = self.dice.percent(4);
        let away = if above == wrong_side { -distance } else { distance };
        let trigger = self.price(symbol, base + away);
        let trigger = self.on_tick(symbol, trigger);
        let limit = if self.dice.percent(50) {
            None
        } else {
            Some(self.limit(shard, symbol, side, self.habits.crossing > 50))
        };
        OrderKind::Stop { watch, take_profit, trigger, limit }
    }

    /// A trailing stop, mostly at a distance that a few marks cover.
    fn trailing(&mut self, shard: &Reference, symbol: SymbolId) -> OrderKind {
        let watch = self.dice.pick(&Watched::ALL);
        let centre = u32::try_from(self.centre(shard, symbol)).expect("a price");
        let wrong = self.dice.percent(4);
        let by = if self.dice.percent(50) {
            let ticks = self.dice.range_u32(1, centre / 12 + 2);
            Trail::Ticks(if wrong { self.dice.pick(&[0, u32::MAX]) } else { ticks })
        } else {
            let parts = self.dice.pick(&[1, 3_000, 20_000, 60_000]);
            let parts = if wrong { self.dice.pick(&[0, Ppm::SCALE]) } else { parts };
            Trail::Part(Ppm::new(parts).expect("at most one"))
        };
        OrderKind::TrailingStop { watch, by }
    }

    /// Two live orders of one account, mostly.
    pub(super) fn link(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let mut live: Vec<(AccountId, OrderId)> =
            shard.orders(symbol).iter().map(|order| (order.account, order.order)).collect();
        live.extend(shard.stops(symbol).iter().map(|stop| (stop.account, stop.order)));
        if live.is_empty() {
            return self.order(shard, symbol);
        }
        let (account, order) = live[self.dice.index(live.len())];
        let mut others: Vec<OrderId> = live.iter().map(|(_, order)| *order).collect();
        if self.dice.percent(95) {
            let own = live.iter().filter(|(owner, id)| *owner == account && *id != order);
            others = own.map(|(_, order)| *order).collect();
        }
        if others.is_empty() {
            others.push(if self.dice.percent(10) { order } else { OrderId(999) });
        }
        let mut other = others[self.dice.index(others.len())];
        // A limit order and a stop belong together most of the time.
        if let Some(stop) =
            others.iter().find(|id| shard.stops(symbol).iter().any(|s| s.order == **id))
            && self.dice.percent(60)
        {
            other = *stop;
        }
        Input::Link { symbol, account, order, other }
    }

    fn rarer_kind(&mut self, price: Price, crossing: bool, lots: u32) -> Option<OrderKind> {
        Some(match self.dice.range(1, 20) {
            1 | 2 if self.habits.uses(Kind::GoodTill) => {
                let now = u32::try_from(self.time_ns / 1_000_000_000).expect("a short run");
                OrderKind::GoodTill { price, expiry_s: now + self.dice.range_u32(0, 4) }
            }
            3 if self.habits.uses(Kind::Slide) => OrderKind::PostOnlySlide(price),
            4 if crossing && self.habits.uses(Kind::AtLeast) => {
                let min = self.dice.range_u32(1, lots + 1);
                OrderKind::AtLeast { price, min: Qty::new(min).expect("at least one lot") }
            }
            5 if crossing && self.habits.uses(Kind::MarketToLimit) => OrderKind::MarketToLimit,
            6 | 7 if self.habits.uses(Kind::Iceberg) => {
                let most = if self.dice.percent(5) { lots + 1 } else { lots.div_ceil(2) };
                let display = Qty::new(self.dice.range_u32(1, most)).expect("at least one lot");
                OrderKind::Iceberg { price, display }
            }
            _ => return None,
        })
    }

    /// A small id, so that ids are reused; mostly one that no live order has.
    fn new_id(&mut self, shard: &Reference, symbol: SymbolId) -> OrderId {
        if self.dice.percent(2) {
            return OrderId(self.dice.range(1, (1 << 63) - 1));
        }
        let orders = shard.orders(symbol);
        let mut id = OrderId(self.dice.range(1, 250));
        for _ in 0..4 {
            if orders.iter().all(|order| order.order != id) {
                break;
            }
            id = OrderId(self.dice.range(1, 250));
        }
        id
    }

    /// A live order, mostly, and mostly in its owner's name.
    fn live(&mut self, shard: &Reference, symbol: SymbolId) -> Option<OrderView> {
        let orders = shard.orders(symbol);
        if orders.is_empty() || self.dice.percent(4) {
            return None;
        }
        let index = self.dice.index(orders.len());
        let mut order = orders[index];
        if self.dice.percent(2) {
            order.account = self.client();
        }
        Some(order)
    }

    pub(super) fn cancel(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        match self.live(shard, symbol) {
            Some(live) => Input::Cancel { symbol, account: live.account, order: live.order },
            None if self.dice.percent(60) => self.order(shard, symbol),
            None => {
                let order = OrderId(self.dice.range(1, 250));
                Input::Cancel { symbol, account: self.client(), order }
            }
        }
    }

    pub(super) fn replace(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let Some(live) = self.live(shard, symbol) else { return self.order(shard, symbol) };
        let crossing = self.dice.percent(self.habits.crossing);
        let price = if self.dice.percent(40) {
            live.price
        } else {
            self.limit(shard, symbol, live.side, crossing)
        };
        let lots = match self.dice.range(1, 6) {
            1 | 2 => live.qty.lots(),
            3 => live.qty.lots() + self.dice.range_u32(1, 3),
            _ => self.dice.range_u32(1, live.qty.lots()),
        };
        let lots = if self.dice.percent(50) { self.on_lot(symbol, lots) } else { lots };
        let qty = Qty::new(lots).expect("at least one lot");
        Input::Replace { symbol, account: live.account, order: live.order, price, qty }
    }

    pub(super) fn block(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let (buyer, seller) = (self.trader(shard, symbol), self.trader(shard, symbol));
        let off = self.dice.pick(&[-2, -1, 0, 0, 0, 1, 2]);
        let price = self.price(symbol, self.centre(shard, symbol) + off);
        let both = affordable(shard, symbol, buyer, price)
            .min(affordable(shard, symbol, seller, price))
            .clamp(1, 2 * self.habits.lots);
        let qty = Qty::new(self.dice.range_u32(1, both)).expect("at least one lot");
        Input::Block { symbol, buyer, seller, price, qty }
    }
}

/// How many lots at that price an account's cash would about carry.
fn affordable(shard: &Reference, symbol: SymbolId, account: AccountId, price: Price) -> u32 {
    let lots = 1_000;
    let margin = shard.value(symbol, price, lots) * shard.initial_ppm(symbol, account);
    let carried = shard.cash(account).wide() * 1_000_000 * i128::from(lots) / margin.max(1);
    u32::try_from(carried).unwrap_or(u32::MAX)
}
