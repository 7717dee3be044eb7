//! Profiles of domains: plain data, from which definitions and values are made.

use super::story::Role;
use crate::units::Bytes;
use compact_str::CompactString;

/// The profile of one domain.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) name: CompactString,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) role: Role,
    /// The maximum number of vCPUs.
    pub(super) vcpus: u32,
    /// The numbers of vCPUs that are offline.
    pub(super) offline: &'static [u32],
    /// The ordinary load of a vCPU, 0 to 1.
    pub(super) load: f64,
    /// The additional load of a vCPU in the story, 0 to 1.
    pub(super) burn: f64,
    /// How much the load varies: 0 (not at all) to 0.6.
    pub(super) roughness: f64,
    /// The maximum memory.
    pub(super) memory: Bytes,
    /// The share of the memory that the guest's programs need, 0 to 1.
    pub(super) used: f64,
    pub(super) balloon: Balloon,
    pub(super) machine: &'static str,
    pub(super) disks: Vec<Disk>,
    pub(super) nics: Vec<Nic>,
    /// How long the domain had run when the story began, in seconds.
    pub(super) uptime: f64,
    /// Its counters grow.
    pub(super) busy: bool,
}

/// What the guest reports about its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balloon {
    /// No balloon device.
    None,
    /// A balloon without a statistics period: the guest never reports.
    NoPeriod,
    /// The guest has reported, and stopped long ago.
    Stopped,
    /// The guest reports every second.
    Reporting,
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
    /// The share of the capacity that it takes on the host, 0 to 1.
    pub(super) filled: f64,
    pub(super) load: DiskLoad,
}

/// The ordinary load of a disk.
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
    /// Milliseconds of a read or write; a flush takes three times as long.
    pub(super) latency: f64,
    /// The load comes in bursts (checkpoints, reports).
    pub(super) bursts: bool,
}

/// A NIC and its load.
#[derive(Clone, Debug)]
pub(super) struct Nic {
    pub(super) kind: &'static str,
    pub(super) source: Option<&'static str>,
    pub(super) model: &'static str,
    pub(super) limits: Vec<(String, u64)>,
    /// Received packets a second, and bytes of each. A user-mode NIC has no counters.
    pub(super) receive: (f64, f64),
    /// Sent packets a second, and bytes of each.
    pub(super) transmit: (f64, f64),
    /// Dropped packets a second, while packets are dropped in the story.
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

    /// True if the guest cannot write to it.
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

    /// True if it has a device on the host, and so counters.
    pub(super) fn counted(&self) -> bool {
        self.kind != "user"
    }
}

/// The name of the n-th disk with this prefix: vda … vdz, vdaa …
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
