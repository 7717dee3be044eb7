//! What a domain is like: plain data, from which its definition and its figures are made.

use super::story::Role;
use crate::units::Bytes;
use compact_str::CompactString;

/// One domain of the cast, or a generated one.
#[derive(Clone, Debug)]
pub(super) struct Persona {
    pub(super) name: CompactString,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) role: Role,
    /// The most vCPUs that it can have.
    pub(super) vcpus: u32,
    /// Numbers of those that are offline.
    pub(super) offline: &'static [u32],
    /// Ordinary load of a vCPU, 0 to 1.
    pub(super) load: f64,
    /// Load of a vCPU that only the story gives it, 0 to 1.
    pub(super) burn: f64,
    /// How uneven the load is: 0 (steady) to 0.6.
    pub(super) roughness: f64,
    /// The most memory that it can have.
    pub(super) memory: Bytes,
    /// Share of its memory that the guest's programs need, 0 to 1.
    pub(super) used: f64,
    pub(super) balloon: Balloon,
    pub(super) machine: &'static str,
    pub(super) disks: Vec<Disk>,
    pub(super) nics: Vec<Nic>,
    /// How long it had been running when the story began, in seconds.
    pub(super) uptime: f64,
    /// Its counters move.
    pub(super) busy: bool,
}

/// What the guest tells of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balloon {
    /// Told to have none.
    None,
    /// Has one that nobody asks: no stats period.
    Unasked,
    /// Told something once, long ago.
    Silent,
    /// Tells every second.
    Telling,
}

/// A disk and its load.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    pub(super) target: String,
    pub(super) bus: &'static str,
    pub(super) kind: &'static str,
    pub(super) device: &'static str,
    pub(super) source: Option<String>,
    pub(super) format: &'static str,
    pub(super) cache: &'static str,
    pub(super) serial: Option<&'static str>,
    pub(super) limits: Vec<(String, u64)>,
    pub(super) capacity: Bytes,
    /// Share of the capacity that it takes on the host, 0 to 1.
    pub(super) filled: f64,
    pub(super) load: DiskLoad,
}

/// Ordinary requests to a disk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DiskLoad {
    /// Reads a second, and bytes of each.
    pub(super) reads: f64,
    pub(super) read_size: f64,
    /// Writes a second, and bytes of each.
    pub(super) writes: f64,
    pub(super) write_size: f64,
    /// Flushes a second.
    pub(super) flushes: f64,
    /// Milliseconds for a read or write; a flush takes three times as long.
    pub(super) latency: f64,
    /// It comes in bursts (checkpoints, reports), not evenly.
    pub(super) bursts: bool,
}

/// A NIC and its load.
#[derive(Clone, Debug)]
pub(super) struct Nic {
    pub(super) kind: &'static str,
    pub(super) source: Option<&'static str>,
    pub(super) model: &'static str,
    pub(super) limits: Vec<(String, u64)>,
    /// Packets a second and bytes of each, received; nothing is counted of a user-mode NIC.
    pub(super) receive: (f64, f64),
    /// The same, sent.
    pub(super) transmit: (f64, f64),
    /// Packets that are dropped a second, when the story drops packets.
    pub(super) drops: f64,
}

impl Disk {
    /// A qcow2 image on a virtio bus, under libvirt's usual folder.
    pub(super) fn image(domain: &str, target: &str, gib: u64, filled: f64, load: DiskLoad) -> Self {
        let suffix = if target == "vda" { String::new() } else { format!("-{target}") };
        Self {
            target: target.to_owned(),
            bus: "virtio",
            kind: "file",
            device: "disk",
            source: Some(format!("/var/lib/libvirt/images/{domain}{suffix}.qcow2")),
            format: "qcow2",
            cache: "none",
            serial: None,
            limits: Vec::new(),
            capacity: gibibytes(gib),
            filled,
            load,
        }
    }

    /// An empty CD drive.
    pub(super) fn empty_drive(target: &str) -> Self {
        let load = DiskLoad::default();
        Self { bus: "sata", device: "cdrom", source: None, format: "raw", ..Self::image("", target, 0, 0.0, load) }
    }

    /// Whether the guest can only read it.
    pub(super) fn read_only(&self) -> bool {
        self.device == "cdrom"
    }
}

impl DiskLoad {
    /// Even load with requests of 16 KiB (reads) and 12 KiB (writes), at 0.6 ms each.
    pub(super) fn of(reads: f64, writes: f64, flushes: f64) -> Self {
        Self { reads, read_size: 16_384.0, writes, write_size: 12_288.0, flushes, latency: 0.6, bursts: false }
    }
}

impl Nic {
    /// A virtio NIC on `br0`: packets a second and their bytes, received and sent.
    pub(super) fn bridged(receive: (f64, f64), transmit: (f64, f64)) -> Self {
        Self { kind: "bridge", source: Some("br0"), model: "virtio", limits: Vec::new(), receive, transmit, drops: 0.0 }
    }

    /// Whether the host sees it, so that there are counters.
    pub(super) fn counted(&self) -> bool {
        self.kind != "user"
    }
}

/// The n-th name of a disk on a bus of this prefix: vda … vdz, vdaa …
pub(super) fn target(prefix: &str, n: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = n + 1;
    while rest > 0 {
        letters.push(char::from(b'a' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    prefix.chars().chain(letters.into_iter().rev()).collect()
}

pub(super) fn gibibytes(gib: u64) -> Bytes {
    Bytes(gib << 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_named_as_linux_does() {
        let names = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(|n| target("vd", n));
        assert_eq!(names, ["vda", "vdb", "vdz", "vdaa", "vdab", "vdaz", "vdba", "vdzz", "vdaaa"]);
    }
}
