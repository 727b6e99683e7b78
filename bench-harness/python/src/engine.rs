//! One shard, driven by hand.

use pyo3::prelude::*;
use seawall::scenario;
use seawall_engine::core::Engine as Shard;
use seawall_engine::types::{
    AccountId, Event, Input, Money, NewOrder, OrderId, OrderKind, Price, Qty, Seq, Sequenced, Side,
    SymbolId,
};

use crate::error::{failed, refused};

/// The market of a scenario without its traders: every call is one input and returns its events.
///
/// Prices are in ticks, quantities in lots, amounts in money units, times in nanoseconds. A rejection
/// is an event, not an exception; an impossible argument is an ``InputError``.
#[pyclass(module = "seawall._seawall", unsendable)]
pub(crate) struct Engine {
    shard: Shard,
    accounts_max: u32,
    seq: Seq,
    time_ns: u64,
}

#[pymethods]
impl Engine {
    /// The market of a scenario; `sets` are KEY=VALUE.
    #[new]
    #[pyo3(signature = (scenario="flash-crash", sets=vec![]))]
    fn new(scenario: &str, sets: Vec<String>) -> PyResult<Self> {
        let scenario = scenario::load(scenario, &sets, None).map_err(refused)?;
        let config = scenario.shard_config();
        let accounts_max = scenario.accounts().max(2);
        Ok(Self { shard: Shard::new(&config), accounts_max, seq: Seq(0), time_ns: 0 })
    }

    /// The time of the inputs that follow; it does not fall.
    #[getter]
    fn get_time_ns(&self) -> u64 {
        self.time_ns
    }

    #[setter]
    fn set_time_ns(&mut self, time_ns: u64) -> PyResult<()> {
        if time_ns < self.time_ns {
            let now = self.time_ns;
            return Err(refused(format!("time_ns is {time_ns}, expected at least {now}")));
        }
        self.time_ns = time_ns;
        Ok(())
    }

    /// Money comes in.
    fn deposit<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        amount: i64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let input = Input::Deposit { account: AccountId(account), amount: Money::new(amount) };
        self.apply(py, input)
    }

    /// Money goes out.
    fn withdraw<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        amount: i64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let input = Input::Withdraw { account: AccountId(account), amount: Money::new(amount) };
        self.apply(py, input)
    }

    /// The mark price is set.
    #[pyo3(signature = (price_ticks, symbol=0))]
    fn mark<'py>(
        &mut self,
        py: Python<'py>,
        price_ticks: u32,
        symbol: u16,
    ) -> PyResult<Bound<'py, PyAny>> {
        let input = Input::Mark { symbol: SymbolId(symbol), price: price(price_ticks)? };
        self.apply(py, input)
    }

    /// A new order. `kind` is limit, post-only, ioc, fok or market; a market order has no price.
    #[pyo3(signature = (
        account, order, side, qty_lots, price_ticks=None, kind="limit", reduce_only=false, symbol=0
    ))]
    #[allow(clippy::too_many_arguments, reason = "an order's fields, by keyword in Python")]
    fn order<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        order: u64,
        side: &str,
        qty_lots: u32,
        price_ticks: Option<u32>,
        kind: &str,
        reduce_only: bool,
        symbol: u16,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limit = || {
            let missing = || refused(format!("a {kind} order has a price_ticks"));
            price_ticks.ok_or_else(missing).and_then(price)
        };
        let kind = match kind {
            "limit" => OrderKind::Limit(limit()?),
            "post-only" => OrderKind::PostOnly(limit()?),
            "ioc" => OrderKind::ImmediateOrCancel(limit()?),
            "fok" => OrderKind::FillOrKill(limit()?),
            "market" if price_ticks.is_some() => {
                return Err(refused("a market order has no price_ticks"));
            }
            "market" => OrderKind::Market,
            _ => {
                return Err(refused(format!(
                    "kind is {kind:?}, expected limit, post-only, ioc, fok or market"
                )));
            }
        };
        let side = side_of(side)?;
        let (symbol, account, order) = (SymbolId(symbol), AccountId(account), OrderId(order));
        let qty = qty(qty_lots)?;
        self.apply(
            py,
            Input::Order(NewOrder { symbol, account, order, side, qty, kind, reduce_only }),
        )
    }

    /// Cancels a resting order.
    #[pyo3(signature = (account, order, symbol=0))]
    fn cancel<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        order: u64,
        symbol: u16,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (symbol, account, order) = (SymbolId(symbol), AccountId(account), OrderId(order));
        self.apply(py, Input::Cancel { symbol, account, order })
    }

    /// Reprices or resizes a resting order; a smaller quantity at the same price keeps its place.
    #[pyo3(signature = (account, order, price_ticks, qty_lots, symbol=0))]
    fn replace<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        order: u64,
        price_ticks: u32,
        qty_lots: u32,
        symbol: u16,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (symbol, account, order) = (SymbolId(symbol), AccountId(account), OrderId(order));
        let (price, qty) = (price(price_ticks)?, qty(qty_lots)?);
        self.apply(py, Input::Replace { symbol, account, order, price, qty })
    }

    /// Time passes: forced steps that wait are taken.
    fn step<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.apply(py, Input::Step)
    }

    /// Levels of a side, best first: (price_ticks, qty_lots).
    #[pyo3(signature = (side, symbol=0))]
    fn depth(&self, side: &str, symbol: u16) -> PyResult<Vec<(u32, u64)>> {
        let side = side_of(side)?;
        let levels = self.shard.depth(self.symbol(symbol)?, side);
        Ok(levels.map(|(price, lots)| (price.ticks(), lots)).collect())
    }

    /// Orders and lots ahead of a resting order, or None if it does not rest.
    #[pyo3(signature = (order, symbol=0))]
    fn queue_ahead(&self, order: u64, symbol: u16) -> PyResult<Option<(u32, u64)>> {
        Ok(self.shard.queue_ahead(self.symbol(symbol)?, OrderId(order)))
    }

    /// Cash of an account, in money units.
    fn cash(&self, account: u32) -> i64 {
        self.shard.cash(AccountId(account)).units()
    }

    /// Position of an account in lots: negative for a short.
    #[pyo3(signature = (account, symbol=0))]
    fn position_lots(&self, account: u32, symbol: u16) -> PyResult<i64> {
        let symbol = self.symbol(symbol)?;
        if account >= self.accounts_max {
            let most = self.accounts_max - 1;
            return Err(refused(format!("account is {account}, expected 0 to {most}")));
        }
        Ok(self.shard.position(symbol, AccountId(account)).lots)
    }

    /// What the books do not add up by: 0, or the engine has a bug.
    fn conservation_error(&self) -> i64 {
        i64::try_from(self.shard.conservation_error()).unwrap_or(i64::MAX)
    }
}

impl Engine {
    fn symbol(&self, symbol: u16) -> PyResult<SymbolId> {
        if self.shard.has_symbol(SymbolId(symbol)) {
            return Ok(SymbolId(symbol));
        }
        Err(refused(format!("symbol is {symbol}, expected 0: a scenario has one market")))
    }

    fn apply<'py>(&mut self, py: Python<'py>, input: Input) -> PyResult<Bound<'py, PyAny>> {
        self.seq = self.seq.next();
        let time_ns = self.time_ns;
        let mut said: Vec<Event> = Vec::new();
        self.shard
            .apply(&Sequenced { seq: self.seq, time_ns, ingress_ns: time_ns, input }, &mut said);
        let text = serde_json::to_string(&said).map_err(failed)?;
        py.import("json")?.call_method1("loads", (text,))
    }
}

fn side_of(side: &str) -> PyResult<Side> {
    match side {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(refused(format!("side is {side:?}, expected buy or sell"))),
    }
}

fn price(ticks: u32) -> PyResult<Price> {
    Price::new(ticks).ok_or_else(|| refused(format!("price_ticks is {ticks}, expected 1 to 2^28")))
}

fn qty(lots: u32) -> PyResult<Qty> {
    Qty::new(lots).ok_or_else(|| refused(format!("qty_lots is {lots}, expected 1 to 2^31")))
}
