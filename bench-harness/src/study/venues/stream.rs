//! Random inputs for one market under any rules: leveraged positions, a book that is there or not,
//! marks that walk and jump.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use seawall_engine::types::{
    AccountId, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, Seq, Sequenced, Side,
};

use crate::scenario::{SYMBOL, Scenario, venue};

const MAKERS: u32 = 2;
/// Times between inputs: bursts, and long enough for every window and wait of a preset.
const PAUSES_MS: [u64; 8] = [0, 0, 1, 20, 20, 300, 1_100, 13_000];
/// Sizes of positions: in every tier of the default scenario's market.
const SIZES: [u32; 7] = [1, 30, 200, 700, 1_500, 4_500, 9_000];

/// With this bit of a seed, the same noise in a market that is deep enough for the highest tier.
pub const DEEP: u64 = 16;
/// With this bit of a seed, the same noise with pauses of hours in it: funding is paid.
pub const LONG: u64 = 32;
/// Times between its inputs.
const LONG_PAUSES_MS: [u64; 8] = [0, 1, 20, 1_100, 13_000, 600_000, 3_600_000, 7_200_000];
/// Moves of the mark of odd and of even seeds.
const CALM: [u64; 6] = [1_000, 2_000, 3_000, 3_000, 9_000, 40_000];
const HARSH: [u64; 6] = [1_000, 3_000, 3_000, 9_000, 60_000, 150_000];
/// Margins that traders choose: the higher ones for large positions.
const LEVERAGES: [u32; 6] = [20_000, 50_000, 100_000, 100_000, 200_000, 1_000_000];

/// The inputs; they never end. The same configuration and seed give the same ones.
#[derive(Clone, Debug)]
pub struct Stream {
    noise: Xoshiro256PlusPlus,
    accounts: u32,
    /// Whether accounts other than makers may be short.
    shorts: bool,
    /// Whether makers have the margin for positions in the highest tier.
    deep: bool,
    /// Times between inputs, each as likely.
    pauses_ms: [u64; 8],
    /// Whether the venue wants an index with each mark.
    sends_index: bool,
    /// The mark that follows its index.
    next_mark: Option<Input>,
    /// By how much marks move, in millionths, each as likely.
    moves: [u64; 6],
    reference: u32,
    /// Value of a lot at the reference price, in money units.
    lot_units: i64,
    mark: u32,
    orders: u64,
    seq: Seq,
    time_ns: u64,
}

impl Stream {
    /// For the market and the venue of a scenario of at least six accounts.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let accounts = scenario.shard_config().accounts_max();
        let reference = scenario.reference();
        assert!(accounts > MAKERS + 3, "makers trade with others");
        Self {
            noise: Xoshiro256PlusPlus::seed_from_u64(seed & !(DEEP | LONG)),
            deep: seed & DEEP != 0,
            pauses_ms: if seed & LONG == 0 { PAUSES_MS } else { LONG_PAUSES_MS },
            sends_index: scenario.sends_index(),
            next_mark: None,
            accounts,
            moves: if seed.is_multiple_of(2) { HARSH } else { CALM },
            shorts: scenario.venue != venue::LENDING,
            reference: reference.ticks(),
            lot_units: scenario.contract().value(reference, 1).units(),
            mark: reference.ticks(),
            orders: 0,
            seq: Seq(0),
            time_ns: 0,
        }
    }

    fn below(&mut self, n: u64) -> u64 {
        // The bias of a remainder does not matter here.
        self.noise.next_u64() % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let place = self.below(from.len() as u64);
        from[usize::try_from(place).expect("an index")]
    }

    /// A price within so many millionths of the mark.
    fn near(&mut self, parts: u64) -> u32 {
        let distance = u64::from(self.mark) * parts / 1_000_000;
        let low = u64::from(self.mark) - distance;
        let ticks = low + self.below(2 * distance + 1);
        u32::try_from(ticks).expect("near a price")
    }

    fn maker(&mut self) -> AccountId {
        AccountId(1 + u32::from(self.below(2) == 1))
    }

    fn trader(&mut self) -> AccountId {
        let traders = u64::from(self.accounts - 1 - MAKERS);
        AccountId(1 + MAKERS + u32::try_from(self.below(traders)).expect("an account"))
    }

    fn lots_worth(&mut self, least: i64, most: i64) -> Money {
        let span = u64::try_from(most - least).expect("a range");
        let lots = least + i64::try_from(self.below(span)).expect("a range");
        Money::new(lots * self.lot_units)
    }

    /// Money for everybody: plenty for makers, little for the fund.
    fn opening(&mut self, account: AccountId) -> Input {
        let amount = match account.0 {
            0 => self.lots_worth(10, 40),
            1..=MAKERS => Money::new(1_000_000 * self.lot_units),
            _ => self.lots_worth(20, 5_000),
        };
        Input::Deposit { account, amount }
    }

    fn order(&mut self, account: AccountId, side: Side, kind: OrderKind, lots: u32) -> Input {
        self.orders += 1;
        let (order, qty) = (OrderId(self.orders), qty(lots));
        let reduce_only = account.0 > MAKERS && side == Side::Sell && !self.shorts;
        Input::Order(NewOrder { symbol: SYMBOL, account, order, side, qty, kind, reduce_only })
    }

    fn quote(&mut self) -> Input {
        let account = self.maker();
        let at = price(self.near(12_000));
        let side = if at.ticks() < self.mark { Side::Buy } else { Side::Sell };
        let lots = self.pick(&[20, 100, 300, 3_000]);
        self.order(account, side, OrderKind::Limit(at), lots)
    }

    fn take(&mut self) -> Input {
        let account = if self.below(2) == 0 { self.maker() } else { self.trader() };
        let side = self.pick(&[Side::Buy, Side::Sell]);
        let (at, lots) = (price(self.near(15_000)), self.pick(&SIZES));
        self.order(account, side, OrderKind::ImmediateOrCancel(at), lots)
    }

    fn open(&mut self) -> Input {
        let (trader, maker) = (self.trader(), self.maker());
        let short = self.shorts && self.below(3) == 0;
        let (buyer, seller) = if short { (maker, trader) } else { (trader, maker) };
        let (at, lots) = (price(self.near(1_000)), self.pick(&SIZES));
        Input::Block { symbol: SYMBOL, buyer, seller, price: at, qty: qty(lots) }
    }

    fn walk(&mut self) -> Input {
        let parts = self.pick(&self.moves.clone());
        let (low, high) = (self.reference / 2, self.reference / 2 * 3);
        self.mark = self.near(parts).clamp(low, high);
        let mark = Input::Mark { symbol: SYMBOL, price: price(self.mark) };
        if !self.sends_index {
            return mark;
        }
        self.next_mark = Some(mark);
        Input::Index { symbol: SYMBOL, price: price(self.near(2_000)) }
    }

    fn index(&mut self) -> Input {
        Input::Index { symbol: SYMBOL, price: price(self.near(10_000)) }
    }

    fn cancel(&mut self) -> Input {
        let order = OrderId(1 + self.below(self.orders.max(1)));
        Input::Cancel { symbol: SYMBOL, account: self.maker(), order }
    }

    fn leverage(&mut self) -> Input {
        let account = self.trader();
        let initial = ppm(self.pick(&LEVERAGES));
        Input::Leverage { symbol: SYMBOL, account, initial }
    }

    fn money(&mut self) -> Input {
        let account = self.trader();
        let amount = self.lots_worth(1, 60);
        match self.below(5) {
            0 => Input::Deposit { account: AccountId::FUND, amount },
            1 | 2 => Input::Withdraw { account, amount },
            _ => Input::Deposit { account, amount },
        }
    }

    fn input(&mut self) -> Input {
        if let Some(mark) = self.next_mark.take() {
            return mark;
        }
        let number = u32::try_from(self.seq.0 - 1).unwrap_or(u32::MAX);
        if number < self.accounts {
            return self.opening(AccountId(number));
        }
        let maker = number - self.accounts + 1;
        if self.deep && maker <= MAKERS {
            // They are on the other side of everybody.
            let (account, initial) = (AccountId(maker), ppm(200_000));
            return Input::Leverage { symbol: SYMBOL, account, initial };
        }
        if number < 3 * self.accounts {
            return self.leverage();
        }
        match self.below(100) {
            0..=27 => self.quote(),
            28..=35 => self.take(),
            36..=59 => self.open(),
            60..=79 => self.walk(),
            80..=83 => self.index(),
            84..=88 => self.cancel(),
            89..=90 => self.leverage(),
            91..=95 => self.money(),
            _ => Input::Step,
        }
    }
}

impl Iterator for Stream {
    type Item = Sequenced;

    fn next(&mut self) -> Option<Sequenced> {
        self.seq = self.seq.next();
        self.time_ns += self.pick(&self.pauses_ms.clone()) * 1_000_000;
        let (seq, time_ns, input) = (self.seq, self.time_ns, self.input());
        Some(Sequenced { seq, time_ns, ingress_ns: time_ns, input })
    }
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price of the market")
}

fn ppm(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a part of one")
}

fn qty(lots: u32) -> Qty {
    Qty::new(lots).expect("some lots")
}
