//! The book that a reader folds from events is the engine's book, order by order, whatever kinds of
//! order, halts and auctions the inputs bring.

use conformance::generator::Generator;
use conformance::reference::Reference;
use seawall_engine::core::Engine;
use seawall_engine::market_data::MarketData;
use seawall_engine::types::{Event, EventSink, OrderId, Price, Side, SymbolId};

const SEEDS: u64 = 60;
const COMMANDS: usize = 2_000;

/// Levels and queues of one side as the engine has them.
fn levels(engine: &Engine, symbol: SymbolId, side: Side) -> Vec<(Price, u64)> {
    engine.depth(symbol, side).collect()
}

fn queue(engine: &Engine, symbol: SymbolId, price: Price) -> Vec<(OrderId, u32)> {
    engine.queue(symbol, price).map(|order| (order.id, order.qty.lots())).collect()
}

fn compare(engine: &Engine, data: &MarketData, symbol: SymbolId) {
    assert_eq!(data.best_bid(), engine.best_bid(symbol));
    assert_eq!(data.best_ask(), engine.best_ask(symbol));
    for side in [Side::Buy, Side::Sell] {
        let depth = levels(engine, symbol, side);
        assert_eq!(data.depth(side), depth);
        for (price, _) in depth {
            assert_eq!(data.queue(price), queue(engine, symbol, price), "{price}");
        }
    }
}

#[test]
fn the_feed_rebuilds_the_book() {
    let (mut parts, mut crossed, mut auction_trades) = (0_u64, 0_u64, 0_u64);
    for seed in 0..SEEDS {
        let mut generator = Generator::new(seed);
        let config = generator.setup().build().expect("rules are valid");
        let (mut engine, mut reference) = (Engine::new(&config), Reference::new(&config));
        let mut feeds: Vec<MarketData> = reference.symbols().map(MarketData::new).collect();
        for _ in 0..COMMANDS {
            let input = generator.next(&reference);
            reference.apply(&input, &mut Vec::new());
            let mut events: Vec<Event> = Vec::new();
            engine.apply(&input, &mut events);
            for event in &events {
                for feed in &mut feeds {
                    feed.event(*event);
                }
                auction_trades += u64::from(matches!(event, Event::AuctionTrade { .. }));
                let used_up = matches!(event, Event::Trade { maker_leaves_lots: 0, .. });
                parts += u64::from(used_up);
            }
            for (symbol, feed) in reference.symbols().zip(&feeds) {
                compare(&engine, feed, symbol);
                let (bid, ask) = (feed.best_bid(), feed.best_ask());
                let crosses = bid.is_some_and(|bid| ask.is_some_and(|ask| bid >= ask));
                assert!(!crosses || engine.is_halted(symbol), "only a halted market may cross");
                crossed += u64::from(crosses);
            }
        }
    }
    assert!(
        parts > 1_000 && crossed > 100 && auction_trades > 100,
        "{parts} {crossed} {auction_trades}"
    );
}
