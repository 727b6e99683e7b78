//! `matchcore`: a state machine of commands; an order's id is the number of the command that submitted it.

use matchcore::{
    CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome, CommandReport, LimitOrder,
    NewOrder, OrderBook, OrderFlags, OrderId, OrderKind, Price, Quantity, QuantityPolicy,
    SequenceNumber, SubmitCmd, TimeInForce, Timestamp,
};
use seawall_engine::types::Side;

use super::{OwnIds, Peer};

/// The book, and its names for the challenge's orders.
pub(super) struct Matchcore {
    book: OrderBook,
    ids: OwnIds,
    commands: u64,
}

impl Default for Matchcore {
    fn default() -> Self {
        Self { book: OrderBook::new("challenge"), ids: OwnIds::default(), commands: 0 }
    }
}

impl Matchcore {
    fn execute(&mut self, kind: CommandKind) -> CommandOutcome {
        // Commands are numbered from zero, without a gap.
        let meta = CommandMeta {
            sequence_number: SequenceNumber(self.commands),
            timestamp: Timestamp(self.commands),
        };
        self.commands += 1;
        self.book.execute(&Command { meta, kind })
    }
}

impl Peer for Matchcore {
    fn submit(&mut self, order: u64, (side, price, qty): (Side, i64, u32), ioc: bool) -> u64 {
        let side = match side {
            Side::Buy => matchcore::Side::Buy,
            Side::Sell => matchcore::Side::Sell,
        };
        let force = if ioc { TimeInForce::Ioc } else { TimeInForce::Gtc };
        let limit = LimitOrder::new(
            Price(price.unsigned_abs()),
            QuantityPolicy::Standard { quantity: Quantity(u64::from(qty)) },
            OrderFlags::new(side, false, force),
        );
        let outcome =
            self.execute(CommandKind::Submit(SubmitCmd { order: NewOrder::Limit(limit) }));
        // One more than the command's number, since zero is none.
        self.ids.set(order, self.commands);
        match outcome {
            CommandOutcome::Applied(CommandReport::Submit(effects)) => effects
                .target_order()
                .match_result()
                .map_or(0, |result| result.trades().len() as u64),
            _ => 0,
        }
    }

    fn cancel(&mut self, order: u64) -> bool {
        let Some(own) = self.ids.get(order) else { return false };
        let cancel = CancelCmd { order_id: OrderId(own - 1), order_kind: OrderKind::Limit };
        matches!(self.execute(CommandKind::Cancel(cancel)), CommandOutcome::Applied(_))
    }
}
