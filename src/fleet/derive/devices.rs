//! What the definition says of the devices of a domain, and why a device has no figures.

use crate::fleet::domain::Domain;
use crate::model::{BlockSample, DiskDefinition, Groups, NetSample, NicDefinition};

impl Domain {
    /// Takes what the definition says of the devices, after it has changed or a device has appeared.
    pub(super) fn define_devices(&mut self) {
        if let Some(definition) = &self.definition {
            self.disks.define(&definition.disks, self.was_read(Groups::BLOCK));
            self.nics.define(&definition.nics, self.was_read(Groups::NET));
        }
    }

    /// Sets why devices have no figures.
    pub(super) fn explain_devices(&mut self) {
        let of_all = (!self.state.is_active()).then_some("the domain does not run");
        let [disks, nics] = [Groups::BLOCK, Groups::NET].map(|group| self.was_read(group));
        self.disks.explain(BlockSample::has_counters, |disk| disk_reason(disk?, disks).or(of_all));
        self.nics.explain(NetSample::has_counters, |nic| nic_reason(nic?, nics).or(of_all));
    }

    fn was_read(&self, group: Groups) -> bool {
        self.state.is_active() && self.read_at(group).is_some()
    }
}

/// Why a disk without counters has none; `None`: it may still come. `was_read`: libvirt has returned the disks of the domain.
fn disk_reason(disk: &DiskDefinition, was_read: bool) -> Option<&'static str> {
    match (disk.kind.as_str(), disk.device.as_str()) {
        ("vhostuser", _) => Some("vhost-user disks have no statistics"),
        _ if !was_read => None,
        (_, "filesystem") => Some("the kernel counts the file systems of a container together"),
        (_, "cdrom" | "floppy") if disk.source.is_none() => Some("the drive is empty"),
        _ => Some("libvirt returns no statistics of this disk"),
    }
}

/// Why a NIC without counters has none; `None`: it may still come. `was_read`: libvirt has returned the NICs of the domain.
fn nic_reason(nic: &NicDefinition, was_read: bool) -> Option<&'static str> {
    match nic.kind.as_str() {
        "user" => Some("user-mode NICs have no statistics"),
        "hostdev" => Some("passed-through NICs have no statistics on the host"),
        "vdpa" => Some("vDPA NICs have no statistics"),
        "mcast" | "server" | "client" | "udp" => Some("socket NICs have no statistics"),
        "internal" => Some("NICs of an internal network have no statistics"),
        "null" => Some("NICs without a connection have no statistics"),
        _ if !was_read => None,
        "vhostuser" => Some("only Open vSwitch has statistics of vhost-user NICs"),
        _ if nic.target.is_none() => Some("this NIC has no device on the host"),
        _ => Some("libvirt returns no statistics of this NIC"),
    }
}
