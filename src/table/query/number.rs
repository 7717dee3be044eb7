//! Numbers with suffixes: `80%`, `20ms`, `1.5G`, `10k`.

use crate::units::Unit;

/// Factors of bytes. A prefix means a power of 1024, as on the screen.
const BYTES: [(&str, f64); 6] = [
    ("", 1.0),
    ("k", 1024.0),
    ("m", 1048576.0),
    ("g", 1073741824.0),
    ("t", 1099511627776.0),
    ("p", 1125899906842624.0),
];
/// Factors of times, to nanoseconds.
const TIMES: [(&str, f64); 7] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9), ("h", 3600e9)];
/// Factors of counts.
const COUNTS: [(&str, f64); 4] = [("", 1.0), ("k", 1e3), ("m", 1e6), ("g", 1e9)];

/// What a value of a unit looks like, for messages.
pub(super) fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "a percentage such as 80",
        Unit::Bytes => "a size such as 512M or 1.5G",
        Unit::BytesPerSecond => "bytes per second such as 10M",
        Unit::Nanoseconds => "a time such as 20ms or 1.5s",
        _ => "a number such as 100 or 10k",
    }
}

/// A value in the unit of a figure. The error says what is allowed.
pub(super) fn read(text: &str, unit: Unit) -> Result<f64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let suffix = suffix.to_lowercase();
    let factor = |factors: &[(&str, f64)], suffix: &str| {
        factors.iter().find(|(name, _)| *name == suffix).map(|(_, factor)| *factor)
    };
    let factor = match unit {
        Unit::Percent => matches!(suffix.as_str(), "" | "%").then_some(1.0),
        Unit::Bytes | Unit::BytesPerSecond => {
            let bare = suffix.strip_suffix("/s").unwrap_or(&suffix);
            let bare = bare.strip_suffix("ib").or_else(|| bare.strip_suffix('b')).unwrap_or(bare);
            factor(&BYTES, bare)
        }
        Unit::Nanoseconds => factor(&TIMES, &suffix),
        _ => factor(&COUNTS, suffix.strip_suffix("/s").unwrap_or(&suffix)),
    };
    let number = digits.parse::<f64>().ok();
    number.zip(factor).map(|(number, factor)| number * factor).ok_or_else(|| format!("{} is required", example(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_suffixes_of_their_unit() {
        for (text, unit, value) in [
            ("80", Unit::Percent, 80.0),
            ("80.5%", Unit::Percent, 80.5),
            ("10M", Unit::BytesPerSecond, 10.0 * 1048576.0),
            ("10MiB/s", Unit::BytesPerSecond, 10.0 * 1048576.0),
            ("1.5g", Unit::Bytes, 1.5 * 1073741824.0),
            ("100", Unit::Bytes, 100.0),
            ("20ms", Unit::Nanoseconds, 20e6),
            ("1.5s", Unit::Nanoseconds, 1.5e9),
            ("700us", Unit::Nanoseconds, 700e3),
            ("10k", Unit::OperationsPerSecond, 10e3),
            ("3", Unit::Count, 3.0),
        ] {
            assert_eq!(read(text, unit), Ok(value), "{text}");
        }
    }

    #[test]
    fn other_values_say_what_is_allowed() {
        for (text, unit, words) in [
            ("20", Unit::Nanoseconds, "a time such as 20ms or 1.5s is required"),
            ("80ms", Unit::Percent, "a percentage such as 80 is required"),
            ("", Unit::Bytes, "a size such as 512M or 1.5G is required"),
            ("1.2.3", Unit::Count, "a number such as 100 or 10k is required"),
            ("x", Unit::PacketsPerSecond, "a number such as 100 or 10k is required"),
        ] {
            assert_eq!(read(text, unit), Err(words.to_owned()), "{text}");
        }
    }
}
