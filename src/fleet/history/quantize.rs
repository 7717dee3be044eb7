//! Stores a figure in 16 bits, its code: an unsigned floating-point number with 6 bits of exponent and 10 bits of fraction.
//!
//! The error is at most 1 part in 2048 (0.049 %), less than half a unit of the third digit, so three digits are exact. Whole
//! numbers up to 2048, 0 and "none" are exact.

/// The code of a figure.
pub(crate) type Quantized = u16;

/// No figure.
pub(crate) const NONE: Quantized = 0;
/// The figure 0.
const ZERO: Quantized = 1;
/// The least code of a figure that is not 0.
pub(crate) const LEAST: Quantized = 2;

const FRACTION_BITS: u32 = 10;
/// Bits of the fraction of an `f64` that are dropped.
const LEFT_OUT: u32 = f64::MANTISSA_DIGITS - 1 - FRACTION_BITS;
/// The smallest exponent: figures below 2⁻¹² (0.0002, which is shown as 0.00) get the smallest code. The largest exponent is 51:
/// figures from 2⁵² on (4 PiB; 52 days in nanoseconds) get the largest code.
const LEAST_POWER: i32 = -12;
/// The upper bits of an `f64` at code 0.
const BASE: u64 = ((f64::MAX_EXP - 1 + LEAST_POWER) as u64) << FRACTION_BITS;

/// The code of a figure. NaN becomes [`NONE`], a negative number 0.
pub(crate) fn encode(value: f64) -> Quantized {
    if value.is_nan() {
        return NONE;
    }
    if value <= 0.0 {
        return ZERO;
    }
    // Positive floating-point numbers sort like their bits, so rounding the bits rounds the number.
    let rounded = (value.to_bits() + (1 << (LEFT_OUT - 1))) >> LEFT_OUT;
    rounded.saturating_sub(BASE).clamp(LEAST.into(), Quantized::MAX.into()) as Quantized
}

/// The figure of a code; `None` for [`NONE`].
pub(crate) fn decode(code: Quantized) -> Option<f64> {
    match code {
        NONE => None,
        ZERO => Some(0.0),
        code => Some(f64::from_bits((BASE + u64::from(code)) << LEFT_OUT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept(value: f64) -> f64 {
        decode(encode(value)).expect("a figure")
    }

    #[test]
    fn none_stays_none_and_zero_stays_zero() {
        assert_eq!(decode(encode(f64::NAN)), None);
        assert_eq!(decode(encode(0.0)), Some(0.0));
        assert!(kept(f64::MIN_POSITIVE) > 0.0, "a small figure does not become 0");
    }

    #[test]
    fn whole_numbers_up_to_2048_stay_themselves() {
        for number in (0..=2048).map(f64::from) {
            assert_eq!(kept(number), number);
        }
    }

    #[test]
    fn a_figure_out_of_range_becomes_the_nearest_in_range() {
        let least = decode(LEAST).expect("a figure");
        let most = decode(Quantized::MAX).expect("a figure");
        assert!((0.0002..0.00025).contains(&least) && (4e15..4.6e15).contains(&most), "{least} {most}");
        assert_eq!([kept(1e-9), kept(least), kept(most), kept(1e18), kept(f64::MAX)], [least, least, most, most, most]);
    }

    #[test]
    fn every_code_comes_back_and_codes_sort_like_their_figures() {
        let figures: Vec<f64> = (1..=Quantized::MAX).map(|code| decode(code).expect("a figure")).collect();
        assert!(figures.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((1..=Quantized::MAX).zip(figures).all(|(code, figure)| encode(figure) == code));
    }

    proptest! {
        #[test]
        fn three_digits_are_exact(power in -3.5f64..15.6) {
            let value = 10f64.powf(power);
            prop_assert!((kept(value) - value).abs() <= value / 2048.0, "{value} becomes {}", kept(value));
        }
    }
}
