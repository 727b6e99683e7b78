//! A feed as load for a whole engine: inputs of one well-funded account.
//!
//! Every order keeps its recorded id; aggressors get ids of their own from [`TAKER_ID_FIRST`]
//! upwards. One account stands on both sides, so its position stays flat and only the margin of
//! its resting orders counts. Liquidation is off: no mark is ever sent.

use std::collections::HashMap;

use seawall_engine::core::ShardConfig;
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Input, MONEY_MAX_UNITS, Money, NewOrder, ORDERS_MAX,
    OrderId, OrderKind, POSITION_LOTS_MAX, Ppm, Price, QTY_LOTS_MAX, Qty, Seq, Sequenced, Side,
    SymbolId,
};

use super::{FlowAction, FlowEvent, FlowReader, ReplayOptions};
use crate::feeds::{FeedError, Format, RecordReader, RowError};

/// First id of an aggressor: above any id that an exchange hands out in a day.
pub const TAKER_ID_FIRST: u64 = 1 << 62;

const SYMBOL: SymbolId = SymbolId(0);
const ACCOUNT: AccountId = AccountId(1);
/// Money units in one unit of the currency, where a tick of one lot is worth at least one of them.
const MONEY_PER_CURRENCY: i64 = 1_000_000;
const DOMAIN_FACTOR: u32 = 20;

/// Inputs that carry a recorded hour to an engine, read as they are needed.
#[derive(Debug)]
pub struct LoadReader {
    flow: FlowReader,
    /// Read while looking for the first price.
    first: Option<FlowEvent>,
    tick: u32,
    config: ShardConfig,
    seq: Seq,
    takers: u64,
    /// Price and open quantity of live orders, which a replacement has to name.
    live: HashMap<OrderId, (Price, Qty)>,
}

impl LoadReader {
    /// Derives the market from the first price of the feed.
    pub fn open(reader: Box<dyn RecordReader>, options: ReplayOptions) -> Result<Self, FeedError> {
        let mut flow = FlowReader::new(reader);
        let tick = options.tick_units(flow.format());
        let unit = money_per_tick_lot(flow.format(), tick);
        let mut reference = Price::MIN;
        let mut first = None;
        while let Some(event) = flow.event()? {
            if let FlowAction::Add { price, .. } | FlowAction::Take { price, .. } = event.action {
                reference = Price::new(price.ticks() / tick).unwrap_or(Price::MIN);
                first = Some(event);
                break;
            }
            // A reduction or deletion of an order from before the record: nothing to send.
        }
        Ok(Self {
            flow,
            first,
            tick,
            config: config(reference, unit, options.orders_max),
            seq: Seq(0),
            takers: 0,
            live: HashMap::new(),
        })
    }

    /// The shard that the inputs are meant for.
    pub const fn config(&self) -> &ShardConfig {
        &self.config
    }

    /// The next input, or `None` after the last.
    pub fn input(&mut self) -> Result<Option<Sequenced>, FeedError> {
        if self.seq == Seq(0) {
            let amount = Money::new(MONEY_MAX_UNITS / 2);
            return Ok(Some(self.sequenced(0, Input::Deposit { account: ACCOUNT, amount })));
        }
        loop {
            let event = match self.first.take() {
                Some(event) => event,
                None => match self.flow.event()? {
                    Some(event) => event,
                    None => return Ok(None),
                },
            };
            let input = match event.action {
                FlowAction::Add { order, side, price, qty } => {
                    let price = self.on_grid(price)?;
                    self.live.insert(order, (price, qty));
                    Some(new_order(order, side, qty, OrderKind::Limit(price)))
                }
                FlowAction::Take { side, price, qty } => {
                    let price = self.on_grid(price)?;
                    self.takers += 1;
                    self.execute();
                    let order = OrderId(TAKER_ID_FIRST + self.takers - 1);
                    Some(new_order(order, side, qty, OrderKind::ImmediateOrCancel(price)))
                }
                FlowAction::Reduce { order, qty } => self.reduce(order, qty),
                FlowAction::Delete { order } => self.live.remove(&order).map(|_| cancel(order)),
            };
            if let Some(input) = input {
                return Ok(Some(self.sequenced(event.time_ns, input)));
            }
        }
    }

    fn on_grid(&self, price: Price) -> Result<Price, FeedError> {
        let (price, tick) = (price.ticks(), self.tick);
        match Price::new(price / tick) {
            Some(ticks) if price.is_multiple_of(tick) => Ok(ticks),
            _ => Err(self.flow.refused(RowError::OffTick { price, tick })),
        }
    }

    /// Takes what the recorded aggressor took from the live orders.
    fn execute(&mut self) {
        for &(order, qty) in self.flow.executed() {
            shrink(&mut self.live, order, qty);
        }
    }

    fn reduce(&mut self, order: OrderId, qty: Qty) -> Option<Input> {
        if !self.live.contains_key(&order) {
            return None;
        }
        Some(match shrink(&mut self.live, order, qty) {
            Some((price, qty)) => {
                Input::Replace { symbol: SYMBOL, account: ACCOUNT, order, price, qty }
            }
            None => cancel(order),
        })
    }

    fn sequenced(&mut self, time_ns: u64, input: Input) -> Sequenced {
        self.seq = self.seq.next();
        Sequenced { seq: self.seq, time_ns, ingress_ns: time_ns, input }
    }
}

impl Iterator for LoadReader {
    type Item = Result<Sequenced, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.input().transpose()
    }
}

/// Takes `qty` off a live order; says what is left of it.
fn shrink(
    live: &mut HashMap<OrderId, (Price, Qty)>,
    order: OrderId,
    qty: Qty,
) -> Option<(Price, Qty)> {
    let (price, open) = live.get_mut(&order)?;
    match Qty::new(open.lots().saturating_sub(qty.lots())) {
        Some(leaves) => {
            *open = leaves;
            Some((*price, leaves))
        }
        None => {
            live.remove(&order);
            None
        }
    }
}

fn new_order(order: OrderId, side: Side, qty: Qty, kind: OrderKind) -> Input {
    Input::Order(NewOrder {
        symbol: SYMBOL,
        account: ACCOUNT,
        order,
        side,
        qty,
        kind,
        reduce_only: false,
    })
}

const fn cancel(order: OrderId) -> Input {
    Input::Cancel { symbol: SYMBOL, account: ACCOUNT, order }
}

/// What a tick of one lot is worth. Where that would be less than a money unit (Bitstamp's lot is a
/// millionth of a coin), money counts in ticks of lots, 1e-8 dollars there.
fn money_per_tick_lot(format: Format, tick: u32) -> i64 {
    let parts = i64::from(format.price_units()) * i64::from(format.lots_per_unit());
    (MONEY_PER_CURRENCY * i64::from(tick) / parts).max(1)
}

fn config(reference: Price, unit: i64, orders_max: u32) -> ShardConfig {
    // The price domain must exist, and the largest position at its end must be money.
    let reference =
        reference.min(Price::new(Price::MAX.ticks() / DOMAIN_FACTOR).unwrap_or(reference));
    let highest = i64::from(reference.ticks() * DOMAIN_FACTOR);
    let affordable = MONEY_MAX_UNITS / unit / highest;
    let position_lots_max =
        u32::try_from(affordable).unwrap_or(POSITION_LOTS_MAX).clamp(1, POSITION_LOTS_MAX);
    let rate = |parts| Ppm::new(parts).unwrap_or(Ppm::ONE);
    let rules = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit },
        reference,
        tiers: vec![MarginTier {
            notional_floor: Money::ZERO,
            initial: rate(10_000),
            maintenance: rate(5_000),
        }],
        maker_fee: Ppm::ZERO,
        taker_fee: Ppm::ZERO,
        order_lots_max: QTY_LOTS_MAX,
        position_lots_max,
        market_band: Ppm::ONE,
    });
    let liquidation = LiquidationRules {
        enabled: false,
        key: PriorityKey::TriggerTime,
        discipline: Discipline::Strict { steps_max: 1 },
        plan: Plan::Full,
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 1, band: Ppm::ZERO, interval_ns: 1 },
        triggers_max: 1,
        venue: VenueRules::default(),
    };
    let rules = rules.expect("the market is within its bounds by construction");
    ShardConfig::new(2, orders_max.clamp(1, ORDERS_MAX), vec![rules], liquidation)
        .expect("the shard is within its bounds by construction")
}
