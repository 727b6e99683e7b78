//! The shard's canonical bytes: written for snapshots and for the state hash, read back with every
//! check that keeps a damaged or invented snapshot from becoming an engine.

use xxhash_rust::xxh3::Xxh3;

use super::{Engine, ShardConfig};
use crate::canary::{Canary, planted};
use crate::liquidation::Waiting;
use crate::state::{Decoder, Encoder, StateError, put};
use crate::types::{AccountId, NewOrder, SymbolId};

impl Engine {
    /// Hash of everything that decides what the shard will say next: XXH3-128 of
    /// [`Engine::state_bytes`].
    pub fn state_hash(&self) -> u128 {
        let mut hash = Xxh3::new();
        self.put_state(&mut |bytes| hash.update(bytes));
        hash.digest128()
    }

    /// Everything that decides what the shard will say next, as canonical bytes: equal states
    /// have equal bytes (`docs/JOURNAL.md`, Snapshot).
    pub fn state_bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        self.put_state(&mut |bytes| all.extend_from_slice(bytes));
        all
    }

    /// The shard whose [`Engine::state_bytes`] these are. `config` must be the one it was built
    /// from. Never panics, whatever the bytes: they are checked value by value, then the whole is
    /// reconciled as [`Engine::audit`] does.
    pub fn from_state_bytes(config: &ShardConfig, bytes: &[u8]) -> Result<Self, StateError> {
        let mut engine = Self::new(config);
        let mut input = Decoder::new(bytes);
        engine.restore(&mut input)?;
        let end = input.refuse("a state that agrees with itself");
        input.finish()?;
        if let Err(broken) = engine.audit() {
            return Err(StateError { expected: format!("{}: {broken}", end.expected), ..end });
        }
        if engine.state_bytes() != bytes {
            return Err(StateError { expected: "lists in canonical order".to_owned(), ..end });
        }
        Ok(engine)
    }

    fn put_state(&self, each: &mut dyn FnMut(&[u8])) {
        let Self {
            ledger,
            markets,
            queue,
            pace,
            hot,
            next_unwind_ns,
            seq,
            time_ns,
            killed,
            clips,
            cares,
            moved,
            fired,
            parked,
            held,
            assets,
            // Written last, where the rules have it.
            resting: _,
            // Configuration.
            rules: _,
            baskets: _,
            watched_funds: _,
            // Of some venues' rules only: `venue_state`.
            fund_watches: _,
            gated_until_ns: _,
            whole_until_ns: _,
            position_order: _,
            // Follow from what is written.
            fund_symbols: _,
            expiries: _,
            halted: _,
            has_cross: _,
            company: _,
            // A count that decides nothing.
            rechecks: _,
            // Mean something within one input only.
            forced_orders: _,
            deleveraging: _,
            deleveragings: _,
            scratch_accounts: _,
            scratch_shares: _,
            scratch_ranked: _,
            scratch_symbols: _,
            scratch_resting: _,
        } = self;
        let mut out = Encoder::new(each);
        let killed = &(*killed && !planted(Canary::StateForgotten));
        put!(&mut out; seq, time_ns, next_unwind_ns, killed, cares, pace);
        ledger.put(&mut out);
        for asset in assets {
            asset.put(&mut out);
        }
        out.list(hot);
        out.list(clips);
        out.list(moved);
        out.count(fired.len());
        for order in fired {
            out.put(order);
        }
        for market in markets {
            market.put_halt(&mut out, *time_ns);
            market.put_prices(&mut out);
            market.put(&mut out);
        }
        queue.put(&mut out);
        self.put_venue(&mut out);
        put_parked(parked, self.remembers(), &mut out);
        out.count(held.len());
        for order in held {
            out.put(order);
        }
        self.put_resting(&mut out);
        out.finish();
    }

    fn restore(&mut self, input: &mut Decoder<'_>) -> Result<(), StateError> {
        self.seq = input.get()?;
        self.time_ns = input.get()?;
        self.next_unwind_ns = input.get()?;
        self.killed = input.get()?;
        self.cares = input.get()?;
        self.pace = input.get()?;
        let paced = self.pace.suits(&self.rules.discipline, self.time_ns);
        input.check(paced, || "a pace of the discipline".to_owned())?;
        self.ledger.restore(input)?;
        self.has_cross = self.ledger.accounts().any(|(_, account)| account.is_cross());
        for asset in &mut self.assets {
            asset.restore(&self.ledger, input, self.time_ns)?;
        }
        self.hot = self.symbols(input)?;
        let rising = self.hot.is_sorted();
        input.check(rising, || "hot symbols in ascending order".to_owned())?;
        self.clips = self.symbols(input)?;
        self.moved = self.symbols(input)?;
        let fired: Vec<NewOrder> = input.list(self.fired.capacity(), "stops that triggered")?;
        let known = fired.iter().all(|order| order.symbol.index() < self.markets.len());
        input.check(known, || "stops of symbols that exist".to_owned())?;
        self.fired.extend(fired);
        let Self { markets, ledger, expiries, .. } = self;
        for market in &mut *markets {
            market.restore_halt(input, self.time_ns)?;
            market.restore_prices(input, self.time_ns)?;
            market.restore(ledger, input)?;
            if market.halted {
                self.halted.push(market.symbol);
            }
        }
        for market in &*markets {
            for (expiry_s, order) in market.expiring() {
                expiries.push(markets, expiry_s, market.symbol, order);
            }
        }
        self.note_fund_symbols();
        self.restore_queue(input)
    }

    /// A list of symbols that exist, none of them twice.
    fn symbols(&self, input: &mut Decoder<'_>) -> Result<Vec<SymbolId>, StateError> {
        let symbols: Vec<SymbolId> = input.list(self.markets.len(), "symbols")?;
        let mut sorted = symbols.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let is_set = sorted.len() == symbols.len()
            && sorted.last().is_none_or(|symbol| symbol.index() < self.markets.len());
        input.check(is_set, || "symbols that exist, each once".to_owned())?;
        let mut list = Vec::with_capacity(self.markets.len());
        list.extend(symbols);
        Ok(list)
    }

    fn restore_queue(&mut self, input: &mut Decoder<'_>) -> Result<(), StateError> {
        let accounts_max = self.ledger.accounts().count();
        let positions_max = accounts_max.saturating_mul(self.markets.len());
        let waiting: Vec<Waiting> = input.list(positions_max, "positions in liquidation")?;
        let mut seen: Vec<(SymbolId, AccountId)> = Vec::new();
        let mut ranks: Vec<u64> = Vec::new();
        let latest_ns = self.time_ns.saturating_add(self.rules.venue.order.again_ns);
        for waiting in &waiting {
            let Waiting { key: _, entry, symbol, account, since_ns, .. } = waiting;
            let exists = symbol.index() < self.markets.len() && account.index() < accounts_max;
            let waits = exists && self.markets[symbol.index()].position(*account).is_locked();
            input.check(waits && *since_ns <= latest_ns, || {
                "positions that are in liquidation since some time".to_owned()
            })?;
            // A cross account waits as a whole.
            let cross = self.ledger.account(*account).is_cross();
            seen.push((if cross { SymbolId(0) } else { *symbol }, *account));
            ranks.push(*entry);
        }
        ranks.sort_unstable();
        let ranked = ranks.iter().zip(1..).all(|(rank, expected)| *rank == expected);
        input.check(ranked && waiting.is_sorted(), || "the queue in its order".to_owned())?;
        self.restore_venue(waiting, input)?;
        self.restore_parked(&mut seen, input)?;
        self.restore_resting(&mut seen, input)?;
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        input.check(seen.len() == count, || "no position twice in the queue".to_owned())
    }

    /// What waits for halted markets: positions in liquidation, and stops that triggered.
    fn restore_parked(
        &mut self,
        seen: &mut Vec<(SymbolId, AccountId)>,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        let accounts_max = self.ledger.accounts().count();
        let positions_max = accounts_max.saturating_mul(self.markets.len());
        let mut parked: Vec<Waiting> = input.list(positions_max, "positions of halted markets")?;
        let remembers = self.remembers();
        for waiting in &mut parked {
            waiting.first_ns = input.get()?;
            let Waiting { symbol, account, since_ns, first_ns, .. } = *waiting;
            let exists = symbol.index() < self.markets.len() && account.index() < accounts_max;
            let waits = exists
                && self.markets[symbol.index()].halted
                && self.markets[symbol.index()].mark.is_some()
                && self.markets[symbol.index()].position(account).is_locked();
            let was_first = remembers || first_ns == since_ns;
            input.check(waits && was_first && first_ns <= self.time_ns.min(since_ns), || {
                "positions in liquidation of markets that are halted".to_owned()
            })?;
            let cross = self.ledger.account(account).is_cross();
            seen.push((if cross { SymbolId(0) } else { symbol }, account));
        }
        self.queue.enter_after(parked.len() as u64);
        self.parked.extend(parked);
        let held: Vec<NewOrder> = input.list(self.held.capacity(), "stops of halted markets")?;
        let wait = held.iter().all(|order| {
            let market = self.markets.get(order.symbol.index());
            market.is_some_and(|market| market.halted)
        });
        input.check(wait, || "stops of markets that are halted".to_owned())?;
        self.held.extend(held);
        Ok(())
    }
}

/// Positions that wait for their markets, by symbol in the order in which they would be served,
/// with ranks for orders of entry.
///
/// When one was first triggered is written where rules ask for it, as in the queue; elsewhere it
/// decides nothing, and a queue that was read back no longer knows.
fn put_parked(parked: &[Waiting], remembers: bool, out: &mut Encoder<'_>) {
    let mut parked = parked.to_vec();
    parked.sort_unstable_by_key(|waiting| (waiting.symbol, waiting.key, waiting.entry));
    for (waiting, rank) in parked.iter_mut().zip(1..) {
        waiting.entry = rank;
    }
    out.list(&parked);
    for waiting in &parked {
        out.put(if remembers { &waiting.first_ns } else { &waiting.since_ns });
    }
}
