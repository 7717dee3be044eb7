//! The definition of a synthetic domain.

use super::noise::derive;
use super::profile::{Balloon, Disk, Nic, Profile};
use crate::model::{DiskDefinition, DomainDefinition, NicDefinition};
use std::time::Duration;

/// The definition of a domain with a profile. `devices`: the host's devices of its NICs; `None` while it is inactive.
pub(super) fn definition(profile: &Profile, seed: u64, devices: Option<&[Option<String>]>) -> DomainDefinition {
    DomainDefinition {
        pinned_to: None,
        kind: "kvm".to_owned(),
        title: profile.title.clone(),
        description: profile.description.clone(),
        machine: Some(profile.machine.to_owned()),
        arch: Some("x86_64".to_owned()),
        vcpus_max: Some(profile.vcpus),
        vcpus_current: Some(profile.vcpus - profile.offline.len() as u32),
        memory_max: Some(profile.memory),
        balloon_model: Some(if profile.balloon == Balloon::None { "none" } else { "virtio" }.to_owned()),
        balloon_period: match profile.balloon {
            Balloon::None | Balloon::NoPeriod => None,
            Balloon::Stopped | Balloon::Reporting => Some(Duration::from_secs(1)),
        },
        disks: profile.disks.iter().map(disk).collect(),
        nics: (0..)
            .zip(&profile.nics)
            .map(|(n, it)| nic(it, derive(seed, n), devices.and_then(|names| names.get(n as usize)?.clone())))
            .collect(),
    }
}

fn disk(disk: &Disk) -> DiskDefinition {
    DiskDefinition {
        target: disk.target.clone(),
        kind: disk.kind.to_owned(),
        device: disk.device.to_owned(),
        source: disk.source.clone(),
        format: Some(disk.format.to_owned()),
        cache: (!disk.read_only()).then(|| disk.cache.to_owned()),
        bus: Some(disk.bus.to_owned()),
        serial: disk.serial.map(str::to_owned),
        read_only: disk.read_only(),
        limits: disk.limits.clone(),
        limit_group: None,
    }
}

fn nic(nic: &Nic, seed: u64, device: Option<String>) -> NicDefinition {
    let [a, b, c, ..] = seed.to_be_bytes();
    NicDefinition {
        target: device,
        kind: nic.kind.to_owned(),
        source: nic.source.map(str::to_owned),
        bridge: nic.source.filter(|_| nic.kind == "bridge").map(str::to_owned),
        mac: Some(format!("52:54:00:{a:02x}:{b:02x}:{c:02x}")),
        model: Some(nic.model.to_owned()),
        unmanaged: false,
        link_down: false,
        limits: nic.limits.clone(),
    }
}
