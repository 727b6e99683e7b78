//! Arbitrary inputs for property tests.

use proptest::prelude::*;
use seawall_engine::types::{
    AccountId, AssetId, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, Reference,
    SelfTrade, Seq, Sequenced, Side, SymbolId, Trail,
};

fn price() -> impl Strategy<Value = Price> {
    (1..=Price::MAX.ticks()).prop_map(|ticks| Price::new(ticks).expect("in the domain"))
}

fn qty() -> impl Strategy<Value = Qty> {
    (1..=Qty::MAX.lots()).prop_map(|lots| Qty::new(lots).expect("in the domain"))
}

fn kind() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        price().prop_map(OrderKind::Limit),
        price().prop_map(OrderKind::PostOnly),
        price().prop_map(OrderKind::ImmediateOrCancel),
        price().prop_map(OrderKind::FillOrKill),
        Just(OrderKind::Market),
        (price(), any::<u32>())
            .prop_map(|(price, expiry_s)| OrderKind::GoodTill { price, expiry_s }),
        price().prop_map(OrderKind::PostOnlySlide),
        (price(), qty()).prop_map(|(price, min)| OrderKind::AtLeast { price, min }),
        Just(OrderKind::MarketToLimit),
        (price(), qty()).prop_map(|(price, display)| OrderKind::Iceberg { price, display }),
        (0..3_usize, any::<bool>(), price(), proptest::option::of(price())).prop_map(
            |(watch, take_profit, trigger, limit)| {
                let watch = Reference::ALL[watch];
                OrderKind::Stop { watch, take_profit, trigger, limit }
            }
        ),
        (0..3_usize, any::<u32>()).prop_map(|(watch, ticks)| {
            let by = Trail::Ticks(ticks);
            OrderKind::TrailingStop { watch: Reference::ALL[watch], by }
        }),
        (0..3_usize, 0..=Ppm::SCALE).prop_map(|(watch, parts)| {
            let by = Trail::Part(Ppm::new(parts).expect("at most one"));
            OrderKind::TrailingStop { watch: Reference::ALL[watch], by }
        }),
    ]
}

prop_compose! {
    fn order()(
        symbol in any::<u16>(),
        account in any::<u32>(),
        order in any::<u64>(),
        sell in any::<bool>(),
        qty in qty(),
        kind in kind(),
        reduce_only in any::<bool>(),
    ) -> Input {
        Input::Order(NewOrder {
            symbol: SymbolId(symbol),
            account: AccountId(account),
            order: OrderId(order),
            side: if sell { Side::Sell } else { Side::Buy },
            qty,
            kind,
            reduce_only,
        })
    }
}

/// Any input the types can hold, whether or not an engine would accept it.
pub(crate) fn input() -> impl Strategy<Value = Input> {
    let symbol = || any::<u16>().prop_map(SymbolId);
    let account = || any::<u32>().prop_map(AccountId);
    let id = || any::<u64>().prop_map(OrderId);
    let amount = || any::<i64>().prop_map(Money::new);
    prop_oneof![
        order(),
        (symbol(), account(), id()).prop_map(|(symbol, account, order)| Input::Cancel {
            symbol,
            account,
            order
        }),
        (symbol(), account(), id(), price(), qty()).prop_map(
            |(symbol, account, order, price, qty)| Input::Replace {
                symbol,
                account,
                order,
                price,
                qty
            }
        ),
        (symbol(), price()).prop_map(|(symbol, price)| Input::Mark { symbol, price }),
        (symbol(), price()).prop_map(|(symbol, price)| Input::Index { symbol, price }),
        (account(), amount()).prop_map(|(account, amount)| Input::Deposit { account, amount }),
        (account(), amount()).prop_map(|(account, amount)| Input::Withdraw { account, amount }),
        (symbol(), account(), 0..=Ppm::SCALE).prop_map(|(symbol, account, parts)| {
            let initial = Ppm::new(parts).expect("at most one");
            Input::Leverage { symbol, account, initial }
        }),
        (symbol(), account(), account(), price(), qty()).prop_map(
            |(symbol, buyer, seller, price, qty)| Input::Block {
                symbol,
                buyer,
                seller,
                price,
                qty
            }
        ),
        (symbol(), account(), id(), id()).prop_map(|(symbol, account, order, other)| Input::Link {
            symbol,
            account,
            order,
            other
        }),
        (symbol(), 0..3_u8).prop_map(|(symbol, which)| match which {
            0 => Input::Halt { symbol },
            1 => Input::Reopen { symbol },
            _ => Input::Indicative { symbol },
        }),
        Just(Input::Step),
        account_input(),
    ]
}

fn account_input() -> impl Strategy<Value = Input> {
    let account = || any::<u32>().prop_map(AccountId);
    let side = prop_oneof![Just(None), Just(Some(Side::Buy)), Just(Some(Side::Sell))];
    let symbol = proptest::option::of(any::<u16>().prop_map(SymbolId));
    prop_oneof![
        (account(), 0..SelfTrade::ALL.len(), any::<u32>()).prop_map(|(account, mode, group)| {
            Input::SelfTrade { account, mode: SelfTrade::ALL[mode], group }
        }),
        (account(), symbol, side).prop_map(|(account, symbol, side)| Input::MassCancel {
            account,
            symbol,
            side
        }),
        (account(), any::<bool>())
            .prop_map(|(account, enabled)| Input::CancelOnDisconnect { account, enabled }),
        account().prop_map(|account| Input::Disconnect { account }),
        (account(), any::<bool>())
            .prop_map(|(account, cross)| Input::MarginMode { account, cross }),
        (any::<u16>(), price())
            .prop_map(|(asset, price)| Input::AssetPrice { asset: AssetId(asset), price }),
        (account(), any::<u16>(), qty()).prop_map(|(account, asset, qty)| Input::DepositAsset {
            account,
            asset: AssetId(asset),
            qty
        }),
        (account(), any::<u16>(), qty()).prop_map(|(account, asset, qty)| Input::WithdrawAsset {
            account,
            asset: AssetId(asset),
            qty
        }),
        (proptest::option::of(account()), any::<bool>())
            .prop_map(|(account, engaged)| Input::Kill { account, engaged }),
    ]
}

/// A valid stream of at most `len_max` inputs: sequence numbers from 1, time never falls.
pub(crate) fn stream(len_max: usize) -> impl Strategy<Value = Vec<Sequenced>> {
    let step = (input(), 0_u64..1_000_000, 0_u64..1_000);
    proptest::collection::vec(step, 0..len_max).prop_map(|steps| {
        let mut time_ns = 0;
        let sequenced = |(n, (input, gap_ns, wait_ns)): (usize, (Input, u64, u64))| {
            time_ns += gap_ns;
            let ingress_ns = time_ns.saturating_sub(wait_ns);
            Sequenced { seq: Seq(n as u64 + 1), time_ns, ingress_ns, input }
        };
        steps.into_iter().enumerate().map(sequenced).collect()
    })
}
