//! How collateral assets are written and read.

use seawall_engine::risk::{CollateralRules, Haircut, HaircutRule};
use seawall_engine::types::Money;

use super::read::Words;

/// One asset's rules.
pub(super) fn line(asset: &CollateralRules) -> String {
    let CollateralRules { unit, reference, lots_max, haircut } = asset;
    let Haircut { rule, floor, cap, interval_ns, lag_ns, step } = haircut;
    let rule = match rule {
        HaircutRule::Fixed => "fixed".to_owned(),
        HaircutRule::Volatility { tau_ns, factor_ppm } => {
            format!("volatility {tau_ns} {factor_ppm}")
        }
        HaircutRule::Depth { symbol, band, full } => {
            format!("depth {symbol:?} {} {full}", band.parts())
        }
    };
    let (floor, cap, step) = (floor.parts(), cap.parts(), step.parts());
    format!(
        "collateral unit {unit} reference {reference} lots {lots_max} haircut {rule} from {floor} \
         to {cap} every {interval_ns} after {lag_ns} step {step}"
    )
}

/// Reads them, the word "collateral" already taken.
pub(super) fn read(words: &mut Words<'_>) -> Result<CollateralRules, String> {
    words.literal("unit")?;
    let unit = words.number("money units")?;
    words.literal("reference")?;
    let reference = words.price()?;
    words.literal("lots")?;
    let lots_max = words.number("a number of lots")?;
    words.literal("haircut")?;
    let rule = match words.word("fixed, volatility or depth")? {
        "fixed" => HaircutRule::Fixed,
        "volatility" => HaircutRule::Volatility {
            tau_ns: words.number("nanoseconds")?,
            factor_ppm: words.number("parts per million")?,
        },
        "depth" => HaircutRule::Depth {
            symbol: words.symbol()?,
            band: words.rate()?,
            full: Money::new(words.number("money units")?),
        },
        word => return Err(format!("{word:?}, expected fixed, volatility or depth")),
    };
    words.literal("from")?;
    let floor = words.rate()?;
    words.literal("to")?;
    let cap = words.rate()?;
    words.literal("every")?;
    let interval_ns = words.number("nanoseconds")?;
    words.literal("after")?;
    let lag_ns = words.number("nanoseconds")?;
    words.literal("step")?;
    let step = words.rate()?;
    let haircut = Haircut { rule, floor, cap, interval_ns, lag_ns, step };
    Ok(CollateralRules { unit, reference, lots_max, haircut })
}
