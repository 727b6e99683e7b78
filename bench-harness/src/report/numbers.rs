//! Numbers as people read them: thousands separators, units that fit, a word where there is none.
//!
//! Exact values live in `summary.json` and the Parquet tables; these strings are for eyes only.

/// What is printed where a measure does not exist.
pub const NONE: &str = "–";

/// A count with thousands separators: `1,234,567`.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A signed integer with thousands separators and a real minus sign.
pub fn signed(value: i64) -> String {
    let digits = grouped(&value.unsigned_abs().to_string());
    if value < 0 { format!("−{digits}") } else { digits }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A decimal with thousands separators and a fixed number of places.
pub fn decimal(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// A large number in few characters: `1.23M`, `45.6k`, `789`.
pub fn compact(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 1e12 => (value / 1e12, "T"),
        size if size >= 1e9 => (value / 1e9, "B"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let places = match scaled.abs() {
        _ if suffix.is_empty() => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{}{suffix}", decimal(scaled, places))
}

/// A duration in the unit that keeps three or four digits: `830 ns`, `12.5 µs`, `3.20 ms`, `1.50 s`.
pub fn duration_ns(value_ns: u64) -> String {
    if value_ns < 1_000 {
        return format!("{value_ns} ns");
    }
    let value = value_ns as f64;
    let (scaled, unit) = match value_ns {
        0..1_000_000 => (value / 1e3, "µs"),
        1_000_000..1_000_000_000 => (value / 1e6, "ms"),
        1_000_000_000..600_000_000_000 => (value / 1e9, "s"),
        _ => (value / 60e9, "min"),
    };
    let places = match scaled {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{} {unit}", decimal(scaled, places))
}

/// Seconds in the unit that fits.
pub fn seconds(value: f64) -> String {
    if value >= 600.0 {
        format!("{} min", decimal(value / 60.0, 1))
    } else if value >= 1.0 {
        format!("{} s", decimal(value, usize::from(value < 100.0)))
    } else {
        format!("{} ms", decimal(value * 1e3, usize::from(value < 0.1)))
    }
}

/// A ratio as a percentage; few places when it is plain, more when it is small.
pub fn percent(ratio: f64) -> String {
    let places = if ratio != 0.0 && ratio.abs() < 0.001 { 3 } else { 1 };
    format!("{} %", decimal(ratio * 100.0, places))
}

/// A ratio as a percentage, or a dash.
pub fn percent_or_none(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| NONE.to_owned(), percent)
}

/// One minus a ratio, as a percentage; in words where the rate rose instead of degrading.
pub fn degradation(value: Option<f64>) -> String {
    match value {
        Some(value) if value <= -1.0 => format!("rose {}-fold", decimal(1.0 - value, 1)),
        other => percent_or_none(other),
    }
}

/// Basis points with one place.
pub fn basis_points(value: f64) -> String {
    format!("{} bp", decimal(value, 1))
}

/// Money units of a settlement currency.
#[derive(Clone, Copy, Debug)]
pub struct Currency<'a> {
    /// Money units per unit of the currency.
    pub scale: i64,
    /// The currency's name.
    pub name: &'a str,
}

impl Currency<'_> {
    /// The amount in units of the currency, for charts.
    pub fn units(self, amount: i64) -> f64 {
        amount as f64 / self.scale.max(1) as f64
    }

    /// The amount in full: `1,234.56 USD`. Amounts above a million drop the cents.
    pub fn full(self, amount: i64) -> String {
        let units = self.units(amount);
        let places = if units.abs() >= 1e6 || units == 0.0 { 0 } else { 2 };
        format!("{} {}", decimal(units, places), self.name).trim_end().to_owned()
    }

    /// The amount in few characters: `1.23M USD`.
    pub fn compact(self, amount: i64) -> String {
        format!("{} {}", compact(self.units(amount)), self.name).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(signed(i64::MIN), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn decimals_round_and_never_print_minus_zero() {
        assert_eq!(decimal(1234.567, 1), "1,234.6");
        assert_eq!(decimal(-0.01, 1), "0.0");
        assert_eq!(decimal(-12.34, 1), "−12.3");
        assert_eq!(decimal(f64::NAN, 1), NONE);
    }

    #[test]
    fn durations_pick_their_unit() {
        assert_eq!(duration_ns(0), "0 ns");
        assert_eq!(duration_ns(830), "830 ns");
        assert_eq!(duration_ns(12_500), "12.5 µs");
        assert_eq!(duration_ns(3_200_000), "3.20 ms");
        assert_eq!(duration_ns(1_500_000_000), "1.50 s");
        assert_eq!(duration_ns(900_000_000_000), "15.0 min");
    }

    #[test]
    fn large_numbers_shrink() {
        assert_eq!(compact(999.0), "999");
        assert_eq!(compact(9_999.0), "9,999");
        assert_eq!(compact(45_600.0), "45.6k");
        assert_eq!(compact(-1_234_567.0), "−1.23M");
    }

    #[test]
    fn money_uses_the_scale() {
        let currency = Currency { scale: 100, name: "USD" };
        assert_eq!(currency.full(123_456), "1,234.56 USD");
        assert_eq!(currency.full(-5), "−0.05 USD");
        assert_eq!(currency.compact(250_000_000), "2.50M USD");
        assert_eq!(Currency { scale: 1, name: "" }.full(7), "7.00");
    }

    #[test]
    fn small_percentages_keep_their_digits() {
        assert_eq!(percent(0.1234), "12.3 %");
        assert_eq!(percent(0.0004), "0.040 %");
        assert_eq!(percent_or_none(None), NONE);
        assert_eq!(degradation(Some(0.305)), "30.5 %");
        assert_eq!(degradation(Some(-0.5)), "−50.0 %");
        assert_eq!(degradation(Some(-21.0)), "rose 22.0-fold");
    }
}
