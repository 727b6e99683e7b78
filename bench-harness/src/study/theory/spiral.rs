//! Lending-style liquidation: a part of the debt is repaid, and collateral worth it and a bonus is
//! seized. Beyond a loan-to-value of 1/(1 + bonus) each liquidation makes the next one worse.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Adl, Backstop, Discipline, ForcedOrder, LiquidationRules, Plan as Disposal, PriorityKey,
    Residual, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, Ppm, Qty, Seq, Sequenced, SymbolId,
};

use super::row::Row;
use super::sampling::Plan;
use super::venue::ticks;

const SYMBOL: SymbolId = SymbolId(0);
const BORROWER: AccountId = AccountId(1);
const LENDER: AccountId = AccountId(2);
/// Price at which the collateral was bought.
const ENTRY: u32 = 100_000;
const LOTS: u32 = 1 << 20;
/// A bonus of 5 %, as a discount on the price: 1 − 1/1.05.
const BONUS: f64 = 0.05;
const DISCOUNT_PPM: u32 = 47_619;
/// The close factor: small, so that several seizures can be watched.
const PART: f64 = PART_PPM as f64 / 1e6;
const PART_PPM: u32 = 200_000;
/// Seizures that are watched.
const TIMES: usize = 3;

/// Loan-to-value before and after each seizure, against the algebra of it.
pub(super) fn toxic(_plan: Plan, test: &'static str) -> Vec<Row> {
    let threshold = 1.0 / (1.0 + BONUS);
    let mut rows = Vec::new();
    for percent in [82, 90, 94, 95, 96, 98] {
        let start = f64::from(percent) / 100.0;
        let path = loan_to_value(percent);
        let ltv = path[0];
        for (n, pair) in path.windows(2).enumerate() {
            // A share PART of the collateral goes, and 1/(1 + bonus) of its value repays debt.
            let expected = (pair[0] - PART / (1.0 + BONUS)) / (1.0 - PART);
            let name = format!("{test}/ltv-{start:.2}-after-{}", n + 1);
            rows.push(Row::within(name, expected, pair[1], 1e-5, 1));
        }
        let rises = path.windows(2).filter(|pair| pair[1] > pair[0]).count();
        let expected = if ltv > threshold { path.len() - 1 } else { 0 };
        let name = format!("{test}/ltv-{start:.2}-rises");
        rows.push(
            Row::within(name, expected as f64, rises as f64, 0.0, path.len() as u64 - 1)
                .noted(format!("of {} seizures; toxic beyond {threshold:.4}", path.len() - 1)),
        );
    }
    rows
}

/// Loan-to-value at first and after each of the first seizures, while there is a loan with equity.
fn loan_to_value(percent: u32) -> Vec<f64> {
    let mut shop = Shop::open(percent);
    // The mark at which the debt is that part of the value.
    shop.apply(Input::Mark { symbol: SYMBOL, price: ticks(shop.mark) });
    let (debt, value) = shop.debt_and_value();
    let mut path = vec![debt / value];
    for _ in 0..TIMES {
        let before = shop.seized();
        shop.time_ns += 1_000;
        shop.apply(Input::Step);
        let (debt, value) = shop.debt_and_value();
        if shop.seized() == before || debt <= 0.0 || debt >= value {
            break;
        }
        path.push(debt / value);
    }
    path
}

struct Shop {
    engine: Engine,
    seq: Seq,
    time_ns: u64,
    mark: u32,
}

impl Shop {
    /// A borrower at that loan-to-value, in per cent, at the shop's mark.
    fn open(percent: u32) -> Self {
        // Unhealthy just below the start; the position was opened with twice the margin.
        let maintenance = (100 - percent) * 10_100;
        let initial = 2 * maintenance;
        let parts = |parts| Ppm::new(parts).expect("a part of one");
        let tier = MarginTier {
            notional_floor: Money::ZERO,
            initial: parts(initial),
            maintenance: parts(maintenance),
        };
        let market = MarketRules::new(MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 1_000 },
            reference: ticks(ENTRY),
            tiers: vec![tier],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: LOTS,
            position_lots_max: 4 * LOTS,
            market_band: Ppm::ONE,
        });
        let market = market.expect("the market of the validation is well formed");
        let config = ShardConfig::new(3, 4, vec![market], rules());
        let engine = Engine::new(&config.expect("the shard of the validation is well formed"));
        // Debt over price is the loan-to-value.
        let mark = ENTRY / 10_000 * (1_000_000 - initial) / percent;
        let mut shop = Self { engine, seq: Seq(0), time_ns: 0, mark };
        for account in [AccountId::FUND, BORROWER, LENDER] {
            shop.apply(Input::Deposit { account, amount: Money::new(1 << 56) });
        }
        let (buyer, seller) = (BORROWER, LENDER);
        let qty = Qty::new(LOTS).expect("some lots");
        shop.apply(Input::Block { symbol: SYMBOL, buyer, seller, price: ticks(ENTRY), qty });
        // Only the collateral stands for the debt.
        let amount = shop.engine.cash(BORROWER);
        shop.apply(Input::Withdraw { account: BORROWER, amount });
        shop
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        let (seq, time_ns) = (self.seq, self.time_ns);
        let mut events: Vec<Event> = Vec::new();
        let sequenced = Sequenced { seq, time_ns, ingress_ns: time_ns, input };
        self.engine.apply(&sequenced, &mut events);
        let refused = events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(!refused, "nothing here is refused: {events:?}");
    }

    /// Lots that are gone.
    fn seized(&self) -> i64 {
        i64::from(LOTS) - self.engine.position(SYMBOL, BORROWER).lots
    }

    /// Debt and value of the collateral at the mark.
    fn debt_and_value(&self) -> (f64, f64) {
        let position = self.engine.position(SYMBOL, BORROWER);
        let value = position.lots as f64 * f64::from(self.mark) * 1_000.0;
        let profit = value - position.entry.units() as f64;
        (value - position.margin.units() as f64 - profit, value)
    }
}

/// A part of the collateral at a time, to the fund, at the mark less the bonus.
fn rules() -> LiquidationRules {
    let discount = Some(Ppm::new(DISCOUNT_PPM).expect("a part of one"));
    let backstop = Backstop { below_ppm: u32::MAX, whole: false, discount, ..Backstop::default() };
    let order = ForcedOrder { keeps_margin: true, again_ns: 1_000, ..ForcedOrder::default() };
    let adl = Adl { counterparties_max: 0, ..Adl::default() };
    let residual = Residual::Gate(0);
    let part = Ppm::new(PART_PPM).expect("a part of one");
    LiquidationRules {
        enabled: true,
        key: PriorityKey::TriggerTime,
        discipline: Discipline::Weighted { forced: 1, client: u32::MAX },
        plan: Disposal::CloseFactor { part, health: Ppm::ZERO, least: Money::ZERO },
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 1, band: Ppm::ZERO, interval_ns: 1 << 40 },
        triggers_max: 16,
        venue: VenueRules { adl, order, backstop, residual, ..VenueRules::default() },
    }
}
