//! Rows of comma-separated columns, taken apart without allocation.

use super::RowError;

/// Splits a row into exactly `N` columns; `expected` names them for the error.
pub(super) fn columns<'a, const N: usize>(
    row: &'a [u8],
    expected: &'static str,
) -> Result<[&'a [u8]; N], RowError> {
    let mut out: [&[u8]; N] = [&[]; N];
    let mut count = 0;
    for column in row.split(|byte| *byte == b',') {
        if let Some(place) = out.get_mut(count) {
            *place = column;
        }
        count += 1;
    }
    if count == N { Ok(out) } else { Err(RowError::Columns { found: count, expected }) }
}

/// A whole number of 1 to 19 digits, nothing else.
pub(super) fn unsigned(digits: &[u8]) -> Option<u64> {
    // Nineteen nines fit a u64.
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'))
    })
}

/// A number with at most `decimals` decimals, in units of ten to the minus `decimals`.
pub(super) fn scaled(number: &[u8], decimals: usize) -> Option<u64> {
    let (whole, fraction) = match number.iter().position(|byte| *byte == b'.') {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, &number[number.len()..]),
    };
    // What is behind the last place that counts must be zeros.
    let (kept, rest) = fraction.split_at(fraction.len().min(decimals));
    if rest.iter().any(|digit| *digit != b'0') || number.ends_with(b".") {
        return None;
    }
    let places = (0..decimals).map(|place| kept.get(place).copied().unwrap_or(b'0'));
    places.into_iter().try_fold(unsigned(whole)?, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(scaled(b"236.47", 2), Some(23_647));
        assert_eq!(scaled(b"236.5", 2), Some(23_650));
        assert_eq!(scaled(b"236", 2), Some(23_600));
        assert_eq!(scaled(b"236.4700", 2), Some(23_647));
        for bad in [&b"236.471"[..], b"236.", b".5", b"-1", b"1e3", b"", b"2.4x"] {
            assert_eq!(scaled(bad, 2), None, "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(scaled(b"9999999999999999999", 2), None, "overflow is no number");
    }

    #[test]
    fn rows_have_exactly_their_columns() {
        assert_eq!(columns::<2>(b"a,b", "2"), Ok([&b"a"[..], &b"b"[..]]));
        assert_eq!(columns::<2>(b"a,b,c", "2"), Err(RowError::Columns { found: 3, expected: "2" }));
        assert_eq!(columns::<2>(b"", "2"), Err(RowError::Columns { found: 1, expected: "2" }));
    }
}
