//! "One cancels other" of `docs/ORDERS.md`.

use seawall_engine::types::{AccountId, CancelCause, Event, OrderId, RejectReason, SymbolId};

use super::{Reference, Refusal};

impl Reference {
    /// Links two orders; a refusal also names the order that it is about.
    pub(super) fn link(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        other: OrderId,
    ) -> Result<(), (Refusal, OrderId)> {
        let s = self.known_symbol(symbol, account).map_err(|refusal| (refusal, order))?;
        let a = self.trader(account).map_err(|refusal| (refusal, order))?;
        let refuse = |reason, about| Err(((a, reason), about));
        if order == other {
            return refuse(RejectReason::LinkToItself, order);
        }
        for id in [order, other] {
            if self.leg(s, id.0).is_none_or(|(owner, _)| owner != a) {
                return refuse(RejectReason::UnknownOrder, id);
            }
        }
        for id in [order, other] {
            if self.leg(s, id.0).is_some_and(|(_, linked)| linked.is_some()) {
                return refuse(RejectReason::AlreadyLinked, id);
            }
        }
        *self.linked(s, order.0) = Some(other.0);
        *self.linked(s, other.0) = Some(order.0);
        self.out.push(Event::Linked { symbol, account, order, other });
        Ok(())
    }

    /// Owner and link of an order that rests or waits.
    fn leg(&self, s: usize, id: u64) -> Option<(usize, Option<u64>)> {
        let market = &self.markets[s];
        let resting = market.orders.iter().filter(|order| order.id == id && !order.is_forced());
        let waiting = market.stops.iter().filter(|stop| stop.id() == id);
        let legs = resting.map(|order| (order.account, order.linked));
        legs.chain(waiting.map(|stop| (stop.owner(), stop.linked))).next()
    }

    fn linked(&mut self, s: usize, id: u64) -> &mut Option<u64> {
        let market = &mut self.markets[s];
        if let Some(order) = market.orders.iter_mut().find(|order| order.id == id) {
            return &mut order.linked;
        }
        let stop = market.stops.iter_mut().find(|stop| stop.id() == id);
        &mut stop.expect("a leg rests or waits").linked
    }

    /// The partner of an order that is gone stays on its own.
    pub(super) fn free(&mut self, s: usize, partner: Option<u64>) {
        if let Some(partner) = partner {
            *self.linked(s, partner) = None;
        }
    }

    /// The partner of an order that traded or triggered is cancelled.
    pub(super) fn cancel_linked(&mut self, s: usize, partner: u64) {
        *self.linked(s, partner) = None;
        let (account, _) = self.leg(s, partner).expect("a leg rests or waits");
        let stops = &mut self.markets[s].stops;
        let lots = match stops.iter().position(|stop| stop.id() == partner) {
            Some(index) => i128::from(stops.remove(index).view().qty.lots()),
            None => self.withdraw_order(s, partner),
        };
        self.say_cancelled(s, account, OrderId(partner), lots, CancelCause::Linked);
    }

    /// Whether an order is linked to one that rests: what it may trade depends on that one.
    pub(super) fn partner_rests(&self, s: usize, partner: Option<u64>) -> bool {
        partner.is_some_and(|id| self.markets[s].orders.iter().any(|order| order.id == id))
    }
}
