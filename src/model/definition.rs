//! The definition of a domain: its XML (`virDomainGetXMLDesc`), which is read again when it has changed.

use super::CpuSet;
use crate::units::Bytes;
use std::time::Duration;

/// What vtop shows of a domain's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainDefinition {
    /// `/domain/@type`: kvm, qemu, lxc, xen, test …
    pub kind: String,
    /// `title`: a line of the owner's choice.
    pub title: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `os/type/@machine`, as `pc-q35-7.2`.
    pub machine: Option<String>,
    /// `os/type/@arch`.
    pub arch: Option<String>,
    /// `vcpu`: the most vCPUs that it can have.
    pub vcpus_max: Option<u32>,
    /// `vcpu/@current`: vCPUs that it starts with; without it, the maximum.
    pub vcpus_current: Option<u32>,
    /// `cputune/vcpupin/@cpuset`, else `vcpu/@cpuset`: the host CPUs that its vCPUs may use, all vCPUs together. `None`: at least
    /// one vCPU is not pinned.
    pub pinned_to: Option<CpuSet>,
    /// `memory`: the most memory that the balloon can give.
    pub memory_max: Option<Bytes>,
    /// `devices/memballoon/@model`; `Some("none")` if the definition excludes one.
    pub balloon_model: Option<String>,
    /// `devices/memballoon/stats/@period`; `None` or zero: the guest reports no figures.
    pub balloon_period: Option<Duration>,
    /// `devices/disk` and, for containers, `devices/filesystem`, in the XML's order.
    pub disks: Vec<DiskDefinition>,
    /// `devices/interface`, in the XML's order.
    pub nics: Vec<NicDefinition>,
}

impl DomainDefinition {
    /// Whether it shares the kernel of its host, and so has processes and no vCPUs.
    pub fn is_container(&self) -> bool {
        matches!(self.kind.as_str(), "lxc" | "openvz")
    }

    /// The NIC with this device on the host (`target/@dev`).
    pub fn nic(&self, target: &str) -> Option<&NicDefinition> {
        self.nics.iter().find(|nic| nic.target.as_deref() == Some(target))
    }
}

/// One `devices/disk`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskDefinition {
    /// `target/@dev`, as `vda`: the disk's name in every statistic.
    pub target: String,
    /// `@type`: file, block, network, volume, …
    pub kind: String,
    /// `@device`: disk, cdrom, floppy or lun.
    pub device: String,
    /// `source`: what it is stored in; `None` for an empty drive. By `@type`: `@file`, `@dev` or `@dir`; network:
    /// `PROTOCOL://HOST:PORT/NAME`; volume: `POOL/VOLUME`; nvme: the PCI address; vhostuser: the socket.
    pub source: Option<String>,
    /// `driver/@type`, as `qcow2`.
    pub format: Option<String>,
    /// `driver/@cache`.
    pub cache: Option<String>,
    /// `target/@bus`, as `virtio`.
    pub bus: Option<String>,
    /// `serial`.
    pub serial: Option<String>,
    /// There is a `readonly` element.
    pub read_only: bool,
    /// `iotune` limits, each with its element's name (`total_iops_sec`), as given.
    pub limits: Vec<(String, u64)>,
    /// `iotune/group_name`: the disks of a group share its limits. `None`: the limits are of this disk alone.
    pub limit_group: Option<String>,
}

/// One `devices/interface`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NicDefinition {
    /// `target/@dev`, as `vnet3`: the NIC's name in every statistic. `None` while the domain is inactive, and for NICs that have
    /// no device on the host, as user-mode and passed-through ones.
    pub target: Option<String>,
    /// `@type`: bridge, network, direct, user, hostdev, …
    pub kind: String,
    /// `source`: what it is connected to. By `@type`: `@bridge`, `@network`, `@dev` or `@name`; vhostuser: the socket; hostdev: the
    /// PCI address; mcast, server, client, udp: `ADDRESS:PORT`.
    pub source: Option<String>,
    /// `source/@bridge`: also the bridge of a network, while the domain runs.
    pub bridge: Option<String>,
    /// `mac/@address`.
    pub mac: Option<String>,
    /// `model/@type`, as `virtio`.
    pub model: Option<String>,
    /// `target/@managed` is `no`: libvirt did not create the device.
    pub unmanaged: bool,
    /// `link/@state` is `down`.
    pub link_down: bool,
    /// `bandwidth/inbound|outbound/@average|@peak|@burst`, named `inbound average` …, in kB/s (burst: KiB).
    pub limits: Vec<(String, u64)>,
}

impl DiskDefinition {
    /// True if it is a drive whose medium can be changed.
    pub fn is_drive(&self) -> bool {
        matches!(self.device.as_str(), "cdrom" | "floppy")
    }

    /// True if statistics name its source as the definition does: a file or a device of the host. libvirt reports another medium of a
    /// drive with an event, so that its definition is newer than its statistics.
    pub fn is_named_by_path(&self) -> bool {
        matches!(self.kind.as_str(), "file" | "block") && !self.is_drive()
    }

    /// True if libvirt has no statistics of such a disk: the requests of a vhost-user disk go past QEMU to another process.
    pub fn is_never_counted(&self) -> bool {
        self.kind == "vhostuser"
    }
}

impl NicDefinition {
    /// True if libvirt has no statistics of such a NIC: it has no device on the host.
    pub fn is_never_counted(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "user" | "hostdev" | "vdpa" | "mcast" | "server" | "client" | "udp" | "internal" | "null"
        )
    }
}
