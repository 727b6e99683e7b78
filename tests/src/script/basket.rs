//! How an index from a basket is written and read.

use std::fmt::Write as _;

use seawall_engine::risk::{Basket, BasketPart};

use super::read::Words;

/// One basket.
pub(super) fn line(basket: &Basket) -> String {
    let mut text = format!("basket {:?}", basket.symbol);
    for BasketPart { symbol, weight_ppm } in &basket.parts {
        write!(text, " {symbol:?} {weight_ppm}").expect("it is a string");
    }
    text
}

/// Reads one, the word "basket" already taken.
pub(super) fn read(words: &mut Words<'_>) -> Result<Basket, String> {
    let symbol = words.symbol()?;
    let mut parts = Vec::new();
    while words.peek().is_some() {
        let symbol = words.symbol()?;
        parts.push(BasketPart { symbol, weight_ppm: words.number("a weight in millionths")? });
    }
    Ok(Basket { symbol, parts })
}
