//! The exponential in integers, for averages that forget.

/// Parts of a weight in a whole.
pub(crate) const BILLION: i128 = 1_000_000_000;

/// `2^62 · e^-n`, rounded down. From n = 21 on the weight is less than a billionth.
const WHOLE: [u64; 21] = [
    4_611_686_018_427_387_904,
    1_696_544_475_317_221_318,
    624_123_833_502_197_199,
    229_602_327_090_566_617,
    84_465_975_781_740_359,
    31_073_295_968_587_224,
    11_431_226_756_278_699,
    4_205_313_311_003_847,
    1_547_048_310_802_923,
    569_127_268_043_403,
    209_370_221_323_236,
    77_023_000_018_333,
    28_335_178_204_092,
    10_423_929_523_214,
    3_834_749_367_810,
    1_410_725_454_462,
    518_976_891_834,
    190_920_928_948,
    70_235_884_649,
    25_838_337_995,
    9_505_393_342,
];

/// `10^9 · e^(−elapsed / tau)`, rounded down: what is left of a weight.
///
/// The fraction of `elapsed / tau` goes through the series of the exponential in units of 2^−62, so the
/// result is exact unless the true value lies within some 2^−30 of a whole number.
pub(crate) fn decay_ppb(elapsed_ns: u64, tau_ns: u64) -> i128 {
    let whole = usize::try_from(elapsed_ns / tau_ns).ok().and_then(|n| WHOLE.get(n));
    let Some(&whole) = whole else { return 0 };
    let x = (u128::from(elapsed_ns % tau_ns) << 62) / u128::from(tau_ns);
    let (mut term, mut plus, mut minus) = (1_u128 << 62, 0, 0);
    for n in 1.. {
        if n % 2 == 1 {
            plus += term;
        } else {
            minus += term;
        }
        term = ((term * x) >> 62) / n;
        if term == 0 {
            break;
        }
    }
    let weight = ((plus - minus) * u128::from(whole)) >> 62;
    i128::try_from((weight * 1_000_000_000) >> 62).expect("at most a billion")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_exponential() {
        for (elapsed, tau, expected) in [
            (0, 1, 1_000_000_000),
            (1, 1, 367_879_441),
            (2, 1, 135_335_283),
            (1, 2, 606_530_659),
            (1, 30, 967_216_100),
            (3, 150, 980_198_673),
            (207, 10, 1),
            (208, 10, 0),
            (21, 1, 0),
            (u64::MAX, 1, 0),
        ] {
            assert_eq!(decay_ppb(elapsed, tau), expected, "{elapsed} of {tau}");
        }
    }
}
