//! Limits of disks and NICs in words, with units for people.

/// A limit of a disk (`iotune`) or NIC (`bandwidth`) under libvirt's name, as `total 20 IOPS` or `read 10 MiB/s`. A name that is
/// not known stays as it is.
pub fn limit(name: &str, value: u64) -> String {
    disk_limit(name, value).or_else(|| nic_limit(name, value)).unwrap_or_else(|| format!("{name} {value}"))
}

fn disk_limit(name: &str, value: u64) -> Option<String> {
    if name == "size_iops_sec" {
        return Some(format!("a request for each {}", bytes(value)));
    }
    let (direction, rest) = name.split_once('_')?;
    if !["total", "read", "write"].contains(&direction) {
        return None;
    }
    let (unit, burst) = rest.split_once("_sec")?;
    let rate = match unit {
        "iops" => format!("{value} IOPS"),
        "bytes" => format!("{}/s", bytes(value)),
        _ => return None,
    };
    match burst {
        "" => Some(format!("{direction} {rate}")),
        "_max" => Some(format!("{direction} burst {rate}")),
        "_max_length" => Some(format!("{direction} {} burst {value} s", if unit == "iops" { "IOPS" } else { "bytes" })),
        _ => None,
    }
}

/// libvirt has kB/s, and KiB for a burst.
fn nic_limit(name: &str, value: u64) -> Option<String> {
    let (direction, what) = name.split_once(' ')?;
    match what {
        "average" => Some(format!("{direction} {}/s", bytes(value.saturating_mul(1000)))),
        "peak" | "floor" => Some(format!("{direction} {what} {}/s", bytes(value.saturating_mul(1000)))),
        "burst" => Some(format!("{direction} burst {}", bytes(value.saturating_mul(1024)))),
        _ => None,
    }
}

fn bytes(value: u64) -> String {
    let (mut scaled, mut unit) = (value as f64, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if scaled < 1024.0 {
            break;
        }
        (scaled, unit) = (scaled / 1024.0, next);
    }
    let digits = match scaled {
        whole if whole.fract() == 0.0 => 0,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{scaled:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_units() {
        for (name, value, words) in [
            ("total_iops_sec", 20, "total 20 IOPS"),
            ("read_bytes_sec", 10_485_760, "read 10 MiB/s"),
            ("write_bytes_sec", 1_000_000, "write 977 KiB/s"),
            ("total_iops_sec_max", 200, "total burst 200 IOPS"),
            ("total_iops_sec_max_length", 60, "total IOPS burst 60 s"),
            ("read_bytes_sec_max", 1_610_612_736, "read burst 1.50 GiB/s"),
            ("size_iops_sec", 65_536, "a request for each 64 KiB"),
            ("inbound average", 1000, "inbound 977 KiB/s"),
            ("inbound peak", 128, "inbound peak 125 KiB/s"),
            ("outbound burst", 1024, "outbound burst 1 MiB"),
            ("something_else", 5, "something_else 5"),
        ] {
            assert_eq!(limit(name, value), words);
        }
        assert!(limit("inbound average", u64::MAX).ends_with("TiB/s"), "no limit is too large");
    }
}
