//! Numbers as text: three significant digits, never wider than their column.

use super::symbols::Symbols;
use crate::units::Unit;
use std::time::Duration;

/// A figure in its column's unit, without "/s": `12.3M`, `845µs`, `99.5`.
pub(super) fn figure(unit: Unit, value: f64, symbols: Symbols) -> String {
    match unit {
        Unit::Percent => percent(value),
        Unit::Bytes | Unit::BytesPerSecond => scaled(value, 1024.0, &["", "K", "M", "G", "T", "P"]),
        Unit::OperationsPerSecond | Unit::PacketsPerSecond | Unit::EventsPerSecond | Unit::Count => {
            scaled(value, 1000.0, &["", "k", "M", "G", "T"])
        }
        Unit::Operations | Unit::Packets | Unit::Events => scaled(value, 1000.0, &["", "k", "M", "G", "T"]),
        Unit::UnixSeconds => whole(value),
        Unit::Nanoseconds => latency(value, symbols),
    }
}

/// A figure with its full unit: `12.3 MiB/s`, `845µs`, `99.5 %`.
pub(super) fn with_unit(unit: Unit, value: f64, symbols: Symbols) -> String {
    let text = figure(unit, value, symbols);
    match unit {
        Unit::Percent => format!("{text} %"),
        Unit::Bytes => binary(&text, ""),
        Unit::BytesPerSecond => binary(&text, "/s"),
        Unit::OperationsPerSecond => format!("{text} IOPS"),
        Unit::PacketsPerSecond => format!("{text} packets/s"),
        Unit::EventsPerSecond => format!("{text}/s"),
        Unit::Operations => format!("{text} requests"),
        Unit::Packets => format!("{text} packets"),
        Unit::Nanoseconds | Unit::Count | Unit::Events | Unit::UnixSeconds => text,
    }
}

/// A figure with a short unit: `3.46k p/s`.
pub(super) fn with_short_unit(unit: Unit, value: f64, symbols: Symbols) -> String {
    match unit {
        Unit::PacketsPerSecond => format!("{} p/s", figure(unit, value, symbols)),
        _ => with_unit(unit, value, symbols),
    }
}

/// The top of a scale: `≤16M`.
pub(super) fn up_to(value: &str, symbols: Symbols) -> String {
    format!("{}{value}", symbols.signs().up_to)
}

fn binary(text: &str, per: &str) -> String {
    match text.char_indices().next_back() {
        Some((index, prefix)) if prefix.is_ascii_alphabetic() => format!("{} {prefix}iB{per}", &text[..index]),
        _ => format!("{text} B{per}"),
    }
}

/// Bytes in four columns: `1.2G`, `12G`, `999M`.
pub(super) fn short_bytes(value: f64) -> String {
    let (mut value, mut unit) = (value, "");
    for next in ["K", "M", "G", "T", "P"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if value < 9.95 && !unit.is_empty() { format!("{value:.1}{unit}") } else { whole(value) + unit }
}

/// A percentage without its sign: `5.3`, `99.5`, `153`; at most four columns up to 9999.
pub(super) fn percent(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { whole(value) }
}

/// A whole number; from six digits on in scientific notation (`9e18`), which a nonsensical counter can give.
fn whole(value: f64) -> String {
    if value < 99_999.5 { format!("{value:.0}") } else { format!("{value:.0e}") }
}

fn latency(nanoseconds: f64, symbols: Symbols) -> String {
    let micro = symbols.signs().microseconds;
    let (mut value, mut unit) = (nanoseconds, "ns");
    for next in [micro, "ms", "s"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    format!("{}{unit}", digits(value))
}

fn scaled(value: f64, base: f64, units: &[&str]) -> String {
    let (mut value, mut index) = (value, 0);
    while value >= 999.5 && index + 1 < units.len() {
        value /= base;
        index += 1;
    }
    // A whole number of the smallest unit has no fraction; a rate below one has.
    if index == 0 && (value == 0.0 || value >= 99.95) {
        return format!("{value:.0}");
    }
    if index == 0 && base == 1024.0 {
        return format!("{value:.0}");
    }
    format!("{}{}", digits(value), units[index])
}

fn digits(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => whole(value),
    }
}

/// A duration: `42 s`, `12 min`, `3 h`, `5 d`.
pub(super) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", length.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A duration in a few columns: `42s`, `2m50s`, `15m`.
pub(super) fn short_duration(length: Duration) -> String {
    let seconds = length.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes @ 1..10, seconds) if seconds > 0 => format!("{minutes}m{seconds}s"),
        (minutes @ 0..120, _) => format!("{minutes}m"),
        (minutes, _) => format!("{}h", minutes / 60),
    }
}

/// A total: exact up to six digits, then three significant digits.
pub(super) fn total(value: u64, unit: Unit, symbols: Symbols) -> String {
    match unit {
        Unit::BytesPerSecond | Unit::Bytes => with_unit(Unit::Bytes, value as f64, symbols),
        // A counter of nanoseconds, shown as time.
        Unit::Nanoseconds | Unit::Percent => duration(Duration::from_nanos(value)),
        _ if value < 1_000_000 => value.to_string(),
        _ => figure(Unit::Count, value as f64, symbols),
    }
}

/// The top of a chart's scale: 1, 2 or 5 times a power of ten (of two for bytes), not below `value`.
pub(super) fn nice_ceiling(unit: Unit, value: f64) -> f64 {
    let floor = match unit {
        Unit::Percent => 10.0,
        Unit::Bytes | Unit::BytesPerSecond => 1024.0,
        Unit::Nanoseconds => 1000.0,
        _ => 10.0,
    };
    let value = value.max(floor);
    match unit {
        Unit::Bytes | Unit::BytesPerSecond => 2f64.powi(value.log2().ceil() as i32),
        _ => {
            let power = 10f64.powf(value.log10().floor());
            [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|top| *top >= value).unwrap_or(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_figure_has_at_most_eight_columns(mantissa in 0.0f64..10.0, power in -10i32..300) {
            let value = mantissa * 10f64.powi(power);
            for unit in [Unit::Percent, Unit::Bytes, Unit::BytesPerSecond, Unit::OperationsPerSecond, Unit::Nanoseconds] {
                let text = figure(unit, value, Symbols::Braille);
                prop_assert!(text.chars().count() <= 8, "{unit:?} {value}: {text}");
                let top = figure(unit, nice_ceiling(unit, value), Symbols::Braille);
                prop_assert!(top.chars().count() <= 8, "{unit:?} {value}: {top}");
            }
            prop_assert!(short_bytes(value).chars().count() <= 8);
        }
    }
    const B: Symbols = Symbols::Braille;

    #[test]
    fn three_significant_digits() {
        let bytes = |value| figure(Unit::BytesPerSecond, value, B);
        assert_eq!(
            [0.0, 1.0, 512.0, 1000.0, 1536.0, 12_595.2, 1e6, 123.4e6].map(bytes),
            ["0", "1", "512", "0.98K", "1.50K", "12.3K", "977K", "118M"]
        );
        let count = |value| figure(Unit::OperationsPerSecond, value, B);
        assert_eq!([0.25, 3.0, 42.5, 153.0, 1534.0].map(count), ["0.25", "3.00", "42.5", "153", "1.53k"]);
        let time = |value| figure(Unit::Nanoseconds, value, B);
        assert_eq!([845.0, 12_345.0, 1.234e6, 80e6, 2.5e9].map(time), ["845ns", "12.3µs", "1.23ms", "80.0ms", "2.50s"]);
        let share = |value| figure(Unit::Percent, value, B);
        assert_eq!([0.0, 5.34, 99.94, 99.96, 1600.0].map(share), ["0.0", "5.3", "99.9", "100", "1600"]);
    }

    #[test]
    fn units_in_full() {
        assert_eq!(with_unit(Unit::BytesPerSecond, 12.3 * 1_048_576.0, B), "12.3 MiB/s");
        assert_eq!(with_unit(Unit::BytesPerSecond, 12.0, B), "12 B/s");
        assert_eq!(with_unit(Unit::Nanoseconds, 845_000.0, Symbols::Ascii), "845us");
    }

    #[test]
    fn ceilings_are_round_and_not_below_the_value() {
        assert_eq!(nice_ceiling(Unit::Percent, 153.0), 200.0);
        assert_eq!(nice_ceiling(Unit::OperationsPerSecond, 201.0), 500.0);
        assert_eq!(nice_ceiling(Unit::BytesPerSecond, 0.0), 1024.0);
        assert_eq!(nice_ceiling(Unit::BytesPerSecond, 1_048_577.0), 2_097_152.0);
    }

    /// Width of a figure's column.
    const FIGURE_WIDTH: usize = 6;

    proptest! {
        #[test]
        fn a_figure_fits_its_column(exponent in 0.0f64..14.0) {
            let value = 10f64.powf(exponent);
            for unit in [Unit::Bytes, Unit::BytesPerSecond, Unit::OperationsPerSecond, Unit::Count] {
                prop_assert!(figure(unit, value, B).len() < FIGURE_WIDTH, "{}", figure(unit, value, B));
            }
            prop_assert!(short_bytes(value).len() <= 4);
            if value < 1e12 {
                prop_assert!(figure(Unit::Nanoseconds, value, B).chars().count() <= FIGURE_WIDTH);
            }
            for unit in [Unit::Percent, Unit::BytesPerSecond, Unit::OperationsPerSecond, Unit::Nanoseconds] {
                prop_assert!(nice_ceiling(unit, value) >= value * 0.999_999);
            }
        }
    }
}
