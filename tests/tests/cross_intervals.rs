//! Cross accounts over several symbols, funding and collateral: after every command each account is
//! summed up from scratch. Nobody is triggered early, nobody late, and few are looked at.

use conformance::setup::Setup;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use seawall_engine::core::{Engine, PositionOrder};
use seawall_engine::liquidation::Discipline;
use seawall_engine::risk::{
    CollateralRules, Fair, FundingRules, Haircut, HaircutRule, OrderRules, PriceRules,
};
use seawall_engine::types::{
    AccountId, AssetId, Event, Input, Money, Ppm, Price, Qty, Seq, Sequenced, SymbolId,
};

const SYMBOLS: u16 = 4;
const ACCOUNTS: u32 = 400;
const COMMANDS: u32 = 6_000;
/// Everybody trades with it.
const MAKER: AccountId = AccountId(1);
const COIN: AssetId = AssetId(0);
const MILLION: i128 = 1_000_000;

fn rate(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a rate")
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

fn setup() -> Setup {
    let mut market = Setup::market();
    market.reference = price(1_000);
    market.position_lots_max = 1 << 28;
    let funding = FundingRules {
        interval_ns: 50,
        fair: Fair::Mark,
        interest_ppb: 100_000,
        clamp_ppb: 500_000,
        cap_ppb: 40_000_000,
        divisor: 1,
        on_index: false,
        later: false,
    };
    let mut price_rules = vec![PriceRules::default(); usize::from(SYMBOLS)];
    price_rules[1].funding = Some(funding);
    let mut liquidation = Setup::liquidation();
    // Nobody is served: who was triggered can still be looked at.
    liquidation.discipline = Discipline::Weighted { forced: 1, client: u32::MAX };
    Setup {
        accounts_max: ACCOUNTS + 2,
        orders_max: 16,
        markets: vec![market; usize::from(SYMBOLS)],
        order_rules: vec![OrderRules::default(); usize::from(SYMBOLS)],
        price_rules,
        auctions: vec![None; usize::from(SYMBOLS)],
        liquidation,
        position_order: PositionOrder::default(),
        baskets: Vec::new(),
        fund_groups: Vec::new(),
        collateral: vec![CollateralRules {
            unit: 1,
            reference: price(1_000),
            lots_max: 1 << 20,
            haircut: Haircut {
                rule: HaircutRule::Volatility { tau_ns: 200, factor_ppm: 20_000_000 },
                floor: rate(50_000),
                cap: rate(800_000),
                interval_ns: 1,
                lag_ns: 20,
                step: rate(100_000),
            },
        }],
    }
}

struct Shard {
    engine: Engine,
    seq: Seq,
    random: Xoshiro256PlusPlus,
    triggered: Vec<AccountId>,
}

impl Shard {
    fn draw(&mut self, below: u32) -> u32 {
        u32::try_from(self.random.next_u64() % u64::from(below)).expect("below 2^32")
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        let time_ns = self.seq.0;
        let mut events: Vec<Event> = Vec::new();
        self.engine
            .apply(&Sequenced { seq: self.seq, time_ns, ingress_ns: time_ns, input }, &mut events);
        for event in events {
            if let Event::Triggered { account, .. } = event {
                self.triggered.push(account);
            }
        }
    }

    fn symbols() -> impl Iterator<Item = SymbolId> {
        (0..SYMBOLS).map(SymbolId)
    }

    /// Equity less maintenance, times a million, summed up from what the engine shows; none without a position.
    fn above(&self, account: AccountId) -> Option<i128> {
        let (mut above, mut holds) = (self.engine.cash(account).wide() * MILLION, false);
        for symbol in Self::symbols() {
            let position = self.engine.position(symbol, account);
            let Some(mark) = self.engine.mark(symbol).filter(|_| position.lots != 0) else {
                continue;
            };
            holds = true;
            let (lots, ticks) = (i128::from(position.lots), i128::from(mark.ticks()));
            let profit = lots * ticks - lots.signum() * position.entry.wide();
            above += (profit + position.funding.wide()) * MILLION - lots.abs() * ticks * 50_000;
        }
        if let Some((price, haircut)) = self.engine.haircut(COIN) {
            let lots = i128::from(self.engine.collateral(COIN, account));
            let left = MILLION - i128::from(haircut.parts());
            above += lots * i128::from(price.ticks()) * left / MILLION * MILLION;
        }
        holds.then_some(above)
    }

    fn is_locked(&self, account: AccountId) -> bool {
        self.engine.position(SymbolId(0), account).in_liquidation
    }

    /// A price some tenths of a percent away, the further off its start the likelier back.
    fn walk(&mut self, now: u32) -> Price {
        let step = 1 + self.draw(9);
        let up = self.draw(2_000) >= now;
        price(if up { now + step } else { now - step })
    }

    fn command(&mut self) -> Input {
        let symbol = SymbolId(u16::try_from(self.draw(SYMBOLS.into())).expect("few"));
        let account = AccountId(2 + self.draw(ACCOUNTS));
        let now = self.engine.mark(symbol).expect("every symbol has a mark").ticks();
        match self.draw(100) {
            0..60 => Input::Mark { symbol, price: self.walk(now) },
            60..70 => Input::Index { symbol, price: self.walk(now) },
            70..80 => {
                let now = self.engine.haircut(COIN).map_or(1_000, |(price, _)| price.ticks());
                Input::AssetPrice { asset: COIN, price: self.walk(now) }
            }
            80..95 => {
                let qty = Qty::new(1 + self.draw(60)).expect("some lots");
                let sells = self.draw(2) == 0;
                let (buyer, seller) = if sells { (MAKER, account) } else { (account, MAKER) };
                Input::Block { symbol, buyer, seller, price: price(now), qty }
            }
            95..98 => {
                Input::Withdraw { account, amount: Money::new(i64::from(self.draw(300)) + 1) }
            }
            _ => Input::WithdrawAsset { account, asset: COIN, qty: Qty::new(1).expect("a lot") },
        }
    }
}

#[test]
fn nobody_is_triggered_early_and_nobody_late() {
    let config = setup().build().expect("the rules are valid");
    let mut shard = Shard {
        engine: Engine::new(&config),
        seq: Seq(0),
        random: Xoshiro256PlusPlus::seed_from_u64(5),
        triggered: Vec::new(),
    };
    shard.apply(Input::Deposit { account: MAKER, amount: Money::new(1 << 50) });
    shard.apply(Input::MarginMode { account: MAKER, cross: true });
    for symbol in Shard::symbols() {
        shard.apply(Input::Mark { symbol, price: price(1_000) });
    }
    shard.apply(Input::AssetPrice { asset: COIN, price: price(1_000) });
    for account in (2..ACCOUNTS + 2).map(AccountId) {
        let cash = 2_000 + i64::from(shard.draw(8_000));
        shard.apply(Input::Deposit { account, amount: Money::new(cash) });
        shard.apply(Input::MarginMode { account, cross: true });
        let qty = Qty::new(1 + shard.draw(8)).expect("some lots");
        shard.apply(Input::DepositAsset { account, asset: COIN, qty });
    }
    let mut marks = 0_u64;
    for number in 0..COMMANDS {
        let input = shard.command();
        marks += u64::from(matches!(input, Input::Mark { .. } | Input::AssetPrice { .. }));
        shard.triggered.clear();
        shard.apply(input);
        for account in &shard.triggered {
            let above = shard.above(*account).expect("it has a position");
            assert!(above < 0, "command {number} triggered {account} with {above}: early");
        }
        for account in (2..ACCOUNTS + 2).map(AccountId).filter(|id| !shard.is_locked(*id)) {
            let late = shard.above(account).filter(|above| *above < 0);
            assert_eq!(late, None, "command {number} missed {account}");
        }
    }
    let locked = (2..ACCOUNTS + 2).filter(|id| shard.is_locked(AccountId(*id))).count();
    let (rechecks, all) = (shard.engine.rechecks(), marks * u64::from(ACCOUNTS));
    println!("{marks} price inputs, {locked} of {ACCOUNTS} accounts triggered");
    println!("{rechecks} exact rechecks, {all} if every price input looked at everybody");
    assert!(locked > 20, "some are triggered: {locked}");
    assert!(rechecks * 20 < all, "few are looked at: {rechecks} of {all}");
}
