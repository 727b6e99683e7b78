//! Halts: when a market stops trading, what waits meanwhile, and how it goes on
//! (`docs/ORDERS.md`, Halts).

use super::Engine;
use super::market::Market;
use crate::liquidation::Waiting;
use crate::risk::AuctionRules;
use crate::types::{Event, EventSink, HaltCause, OrderKind, Price, RejectReason, Side, SymbolId};

type Checked = Result<(), RejectReason>;

/// What a market that can be halted keeps.
#[derive(Clone, Debug)]
pub(super) struct Watchdog {
    rules: AuctionRules,
    /// Price around which the band lies.
    pub(super) reference: Option<Price>,
    /// Window in which that price was taken.
    window: u64,
    /// Time of the last look.
    now_ns: u64,
    /// When a halted market reopens by itself.
    pub(super) due_ns: Option<u64>,
    /// Halted since the engine last looked.
    fresh: bool,
}

impl Watchdog {
    pub(super) fn new(rules: AuctionRules) -> Self {
        Self { rules, reference: None, window: 0, now_ns: 0, due_ns: None, fresh: false }
    }

    /// The price around which the band lies at a time: the one that stood when the window began.
    pub(super) fn reference_at(&self, now_ns: u64, price: Option<Price>) -> Option<Price> {
        let same = now_ns / self.rules.window_ns == self.window;
        self.reference.filter(|_| same).or(price)
    }

    /// As it was when a snapshot was taken.
    pub(super) fn restore(&mut self, reference: Option<Price>, due_ns: Option<u64>, now_ns: u64) {
        let window = now_ns / self.rules.window_ns;
        *self = Self { rules: self.rules, reference, window, now_ns, due_ns, fresh: false };
    }

    fn look(&mut self, now_ns: u64, price: Option<Price>) {
        self.reference = self.reference_at(now_ns, price);
        self.window = now_ns / self.rules.window_ns;
        self.now_ns = now_ns;
    }

    /// Lowest and highest price of the band, if there is one.
    fn band(&self) -> Option<(u32, u32)> {
        let reference = self.reference.filter(|_| self.rules.band.parts() > 0)?;
        let distance = self.rules.band.of_ticks(reference);
        Some((reference.ticks() - distance, reference.ticks() + distance))
    }
}

impl Market {
    /// The price that stands for the market: its mark, or the last trade without one.
    pub(super) fn standing(&self) -> Option<Price> {
        self.mark.or(self.last)
    }

    /// Brings the band up to date before something that may leave it.
    #[inline]
    pub(super) fn look(&mut self, now_ns: u64) {
        if self.watchdog.is_some() {
            self.look_now(now_ns);
        }
    }

    #[cold]
    fn look_now(&mut self, now_ns: u64) {
        let price = self.standing();
        if let Some(watchdog) = &mut self.watchdog
            && !self.halted
        {
            watchdog.look(now_ns, price);
        }
    }

    /// A limit, held to where the band lets trades happen.
    pub(super) fn within_band(&self, side: Side, limit: Price) -> Price {
        let Some((low, high)) = self.watchdog.as_ref().and_then(Watchdog::band) else {
            return limit;
        };
        let ticks = match side {
            Side::Buy => limit.ticks().min(high),
            Side::Sell => limit.ticks().max(low),
        };
        Price::new(ticks).expect("a price at most as far as the limit")
    }

    /// Whether a price lies outside the band.
    pub(super) fn leaves_band(&self, price: Price) -> bool {
        let band = self.watchdog.as_ref().and_then(Watchdog::band);
        !self.halted && band.is_some_and(|(low, high)| !(low..=high).contains(&price.ticks()))
    }

    /// Stops trading: from now on orders join the book without meeting.
    #[cold]
    pub(super) fn halt(&mut self, sink: &mut impl EventSink, cause: HaltCause) {
        let watchdog = self.watchdog.as_mut().expect("a market that can be halted");
        let wait_ns = watchdog.rules.reopen_ns;
        watchdog.due_ns = (wait_ns > 0).then(|| watchdog.now_ns.saturating_add(wait_ns));
        watchdog.fresh = true;
        let reference = watchdog.reference;
        self.halted = true;
        self.book.open_call();
        sink.event(Event::Halted { symbol: self.symbol, cause, reference });
    }

    /// Goes on trading; the sides do not cross any more.
    fn resume(&mut self, now_ns: u64, traded_at: Option<Price>, sink: &mut impl EventSink) {
        self.halted = false;
        self.book.close_call();
        let price = traded_at.or(self.standing());
        let watchdog = self.watchdog.as_mut().expect("a market that was halted");
        watchdog.due_ns = None;
        watchdog.reference = None;
        watchdog.look(now_ns, price);
        sink.event(Event::Reopened { symbol: self.symbol });
    }
}

/// Whether an order of that kind may join a halted market: it must be able to rest, and must not
/// ask what it would meet.
pub(super) const fn joins_call(kind: OrderKind) -> bool {
    matches!(kind, OrderKind::Limit(_) | OrderKind::GoodTill { .. } | OrderKind::Iceberg { .. })
}

impl Engine {
    pub(super) fn halt_by_command(
        &mut self,
        symbol: SymbolId,
        sink: &mut impl EventSink,
    ) -> Checked {
        self.check_symbol(symbol)?;
        let time_ns = self.time_ns;
        let market = &mut self.markets[symbol.index()];
        if market.watchdog.is_none() {
            return Err(RejectReason::NoAuction);
        }
        if market.halted {
            return Err(RejectReason::Halted);
        }
        market.look(time_ns);
        market.halt(sink, HaltCause::Command);
        self.note_halt(symbol);
        Ok(())
    }

    pub(super) fn reopen_by_command(
        &mut self,
        symbol: SymbolId,
        sink: &mut impl EventSink,
    ) -> Checked {
        self.check_halted(symbol)?;
        self.reopen(symbol, sink);
        Ok(())
    }

    pub(super) fn tell_indicative(
        &mut self,
        symbol: SymbolId,
        sink: &mut impl EventSink,
    ) -> Checked {
        self.check_halted(symbol)?;
        let found = self.markets[symbol.index()].clearing();
        sink.event(Event::Indicative {
            symbol,
            price: found.map(|found| found.price),
            lots: found.map_or(0, |found| found.lots),
            surplus_lots: found.map_or(0, |found| found.surplus_lots),
        });
        Ok(())
    }

    fn check_halted(&self, symbol: SymbolId) -> Checked {
        self.check_symbol(symbol)?;
        let market = &self.markets[symbol.index()];
        match (&market.watchdog, market.halted) {
            (None, _) => Err(RejectReason::NoAuction),
            (Some(_), false) => Err(RejectReason::NotHalted),
            (Some(_), true) => Ok(()),
        }
    }

    /// Reopens the markets whose halt is over by now.
    #[inline]
    pub(super) fn reopen_due(&mut self, sink: &mut impl EventSink) {
        if !self.halted.is_empty() {
            self.reopen_all_due(sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn reopen_all_due(&mut self, sink: &mut impl EventSink) {
        while let Some((due_ns, symbol)) = self.next_reopening()
            && due_ns <= self.time_ns
        {
            self.reopen(symbol, sink);
        }
    }

    /// The market that reopens next by itself, and when.
    pub(super) fn next_reopening(&self) -> Option<(u64, SymbolId)> {
        let due = |symbol: &SymbolId| {
            let watchdog = self.markets[symbol.index()].watchdog.as_ref()?;
            Some((watchdog.due_ns?, *symbol))
        };
        self.halted.iter().filter_map(due).min()
    }

    /// Looks whether a market has just been halted: its positions in the queue wait apart.
    #[inline]
    pub(super) fn note_halt(&mut self, symbol: SymbolId) {
        if self.markets[symbol.index()].watchdog.as_ref().is_some_and(|dog| dog.fresh) {
            self.park(symbol);
        }
    }

    #[cold]
    fn park(&mut self, symbol: SymbolId) {
        let market = &mut self.markets[symbol.index()];
        if let Some(watchdog) = &mut market.watchdog {
            watchdog.fresh = false;
        }
        if let Err(place) = self.halted.binary_search(&symbol) {
            self.halted.insert(place, symbol);
        }
        self.queue.take_symbol(symbol, &mut self.parked);
    }

    /// Holds the auction, lets the market trade again, and puts back what waited.
    fn reopen(&mut self, symbol: SymbolId, sink: &mut impl EventSink) {
        self.heat(symbol);
        self.resting.has_moved = true;
        let market = &mut self.markets[symbol.index()];
        let traded_at = market.uncross(&mut self.ledger, sink);
        market.resume(self.time_ns, traded_at, sink);
        self.halted.retain(|other| *other != symbol);
        self.unpark(symbol);
        for _ in 0..self.held.len() {
            let Some(order) = self.held.pop_front() else { break };
            if order.symbol == symbol {
                self.fired.push_back(order);
            } else {
                self.held.push_back(order);
            }
        }
        self.note_fund_symbol(symbol);
        self.check_funds(sink);
    }

    /// Positions that waited apart enter the queue again, in the order in which they would have
    /// been served, with the keys that they have now.
    fn unpark(&mut self, symbol: SymbolId) {
        self.parked.sort_unstable();
        for n in 0..self.parked.len() {
            let waiting = self.parked[n];
            if waiting.symbol == symbol {
                self.enter_after_halt(&waiting);
            }
        }
        self.parked.retain(|waiting| self.markets[waiting.symbol.index()].halted);
    }

    /// Something that waited for a market enters the queue again; what has become flat meanwhile
    /// with the key that it had.
    fn enter_after_halt(&mut self, waiting: &Waiting) {
        let Waiting { symbol, account, since_ns, first_ns, .. } = *waiting;
        let since_ns = since_ns.max(self.time_ns);
        let next = if self.ledger.account(account).is_cross() {
            self.left_in(symbol, account).or_else(|| self.first_to_close(account))
        } else {
            let market = &self.markets[symbol.index()];
            let mark = market.mark.expect("a triggered position has a mark");
            let position = *market.position(account);
            position.side().map(|_| (symbol, position, mark))
        };
        match next {
            Some((symbol, position, mark)) => {
                self.enqueue(symbol, account, &position, mark, (first_ns, since_ns));
            }
            None => self.enter(Waiting { since_ns, ..*waiting }),
        }
    }

    /// Whether a market is halted.
    pub fn is_halted(&self, symbol: SymbolId) -> bool {
        self.markets[symbol.index()].halted
    }

    /// The markets that are halted, ascending.
    #[inline]
    pub fn halted(&self) -> &[SymbolId] {
        &self.halted
    }

    /// First symbol in which the fund may unwind something.
    #[inline]
    pub(super) fn unwind_symbol(&self) -> Option<SymbolId> {
        self.fund_symbols.iter().copied().find(|symbol| !self.is_halted(*symbol))
    }

    /// Positions that wait for their market to reopen.
    pub(super) fn parked_len(&self) -> usize {
        self.parked.len()
    }
}
