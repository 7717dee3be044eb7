//! Counters of network devices as the kernel has them: `/proc/PID/net/dev` of a QEMU, in the network namespace of its devices.
//!
//! A device counts what it receives and transmits on its own side. The guest is behind a TAP device, which so transmits what the
//! guest receives, but in front of a macvtap device, which receives what the guest receives. For an interface of type `ethernet`,
//! libvirt takes every device for a TAP device.

use crate::model::{Counter, GuestSide, NetSample};
use crate::units::{Bytes, Packets};
use std::path::Path;

/// The kind of a device, from the files that a QEMU has open; `process`: its directory under `/proc`. `None`: vtop may not read
/// them, or the QEMU has no such device.
pub(super) fn guest_side(process: &Path, device: &str) -> Option<GuestSide> {
    let mut has_macvtap = false;
    for entry in std::fs::read_dir(process.join("fd")).ok()?.flatten() {
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        let target = target.to_string_lossy();
        if target.starts_with("/dev/net/tun") {
            let info = std::fs::read_to_string(process.join("fdinfo").join(entry.file_name())).unwrap_or_default();
            if info.lines().any(|line| line.strip_prefix("iff:").is_some_and(|name| name.trim() == device)) {
                return Some(GuestSide::Behind);
            }
        }
        has_macvtap |= is_macvtap(&target);
    }
    has_macvtap.then_some(GuestSide::InFront)
}

/// `/dev/tapN`, N is the index of the interface.
fn is_macvtap(path: &str) -> bool {
    let number = path.strip_prefix("/dev/tap").map(|rest| rest.trim_end_matches(" (deleted)"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The text of `/proc/PID/net/dev`; `process`: the directory under `/proc`.
pub(super) fn read(process: &Path) -> Option<String> {
    std::fs::read_to_string(process.join("net/dev")).ok()
}

/// Sets the counters of a NIC from the line of its device. Without such a line it has none.
pub(super) fn count(text: &str, side: GuestSide, nic: &mut NetSample) {
    nic.guest_side = Some(side);
    let numbers = numbers(text, &nic.name);
    let number = |field: usize| numbers.as_ref()?.get(field).copied();
    let bytes = |field| number(field).map(|count| Counter(Bytes(count)));
    let packets = |field| number(field).map(|count| Counter(Packets(count)));
    // The fields of transmit follow the eight of receive.
    let (rx, tx) = match side {
        GuestSide::Behind => (8, 0),
        GuestSide::InFront => (0, 8),
    };
    (nic.rx_bytes, nic.rx_packets, nic.rx_errors, nic.rx_drops) =
        (bytes(rx), packets(rx + 1), packets(rx + 2), packets(rx + 3));
    (nic.tx_bytes, nic.tx_packets, nic.tx_errors, nic.tx_drops) =
        (bytes(tx), packets(tx + 1), packets(tx + 2), packets(tx + 3));
}

fn numbers(text: &str, device: &str) -> Option<Vec<u64>> {
    let line = text.lines().find_map(|line| {
        let (name, numbers) = line.split_once(':')?;
        (name.trim() == device).then_some(numbers)
    })?;
    line.split_ascii_whitespace().map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const TEXT: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  mvt0:     111      11    1    2    0     0          0         7      999      99    3    4    0     0       0          0
";

    fn counted(side: GuestSide, device: &str) -> [Option<u64>; 8] {
        let mut nic = NetSample { name: device.into(), rx_bytes: Some(Counter(Bytes(5))), ..NetSample::default() };
        count(TEXT, side, &mut nic);
        let [rx, tx] = [nic.rx_bytes, nic.tx_bytes].map(|bytes| bytes.map(Counter::total));
        let packets = [nic.rx_packets, nic.rx_errors, nic.rx_drops, nic.tx_packets, nic.tx_errors, nic.tx_drops];
        let [a, b, c, d, e, f] = packets.map(|packets| packets.map(Counter::total));
        [rx, a, b, c, tx, d, e, f]
    }

    #[test]
    fn a_guest_in_front_of_its_device_receives_what_the_device_receives() {
        let expected = [111, 11, 1, 2, 999, 99, 3, 4].map(Some);
        assert_eq!(counted(GuestSide::InFront, "mvt0"), expected);
    }

    #[test]
    fn a_guest_behind_its_device_receives_what_the_device_transmits() {
        let expected = [999, 99, 3, 4, 111, 11, 1, 2].map(Some);
        assert_eq!(counted(GuestSide::Behind, "mvt0"), expected);
    }

    #[test]
    fn a_device_that_is_gone_has_no_counters() {
        assert_eq!(counted(GuestSide::Behind, "mvt"), [None; 8]);
    }

    #[test]
    fn the_open_files_tell_a_tap_device_from_a_macvtap_device() {
        let folder = tempfile::tempdir().unwrap();
        let process = folder.path();
        for name in ["fd", "fdinfo"] {
            std::fs::create_dir(process.join(name)).unwrap();
        }
        assert_eq!(guest_side(process, "etap0"), None);
        symlink("/dev/net/tun", process.join("fd/35")).unwrap();
        std::fs::write(process.join("fdinfo/35"), "pos:\t0\nflags:\t0104002\niff:\tetap0\n").unwrap();
        assert_eq!(guest_side(process, "etap0"), Some(GuestSide::Behind));
        assert_eq!(guest_side(process, "etap"), None, "the QEMU has another device open");
        symlink("/dev/tap5", process.join("fd/34")).unwrap();
        assert_eq!(guest_side(process, "mvt0"), Some(GuestSide::InFront));
        assert_eq!(guest_side(process, "etap0"), Some(GuestSide::Behind));
        assert_eq!(guest_side(&process.join("none"), "mvt0"), None);
    }

    #[test]
    fn only_a_number_follows_the_name_of_a_macvtap_file() {
        assert!(is_macvtap("/dev/tap12") && is_macvtap("/dev/tap12 (deleted)"));
        assert!(!is_macvtap("/dev/tap") && !is_macvtap("/dev/tape0") && !is_macvtap("/dev/net/tun"));
    }
}
