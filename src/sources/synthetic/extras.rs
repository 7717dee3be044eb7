//! Generated domains beyond the twelve of the story, for large hosts. Most of them are idle.

use super::noise::{derive, unit};
use super::profile::{Balloon, Disk, DiskLoad, Nic, Profile, target};
use super::story::Role;
use crate::units::Bytes;

/// One in so many generated domains is busy.
const BUSY_ONE_IN: usize = 5;

/// One in so many generated domains is shut off.
const OFF_ONE_IN: usize = 40;

/// The domain at `index` (from 0) of a host.
pub(super) fn extra(seed: u64, index: usize) -> Profile {
    let seed = derive(seed, index as u64);
    let one_of = |stream: u64, many: u64| (unit(seed, stream) * many as f64) as u64;
    let name = format!("vm-{:04}", index + 1);
    let busy = index % BUSY_ONE_IN == 2;
    let off = index % OFF_ONE_IN == 20;
    let scale = 0.1 + 1.9 * unit(seed, 1).powi(3);
    let load = DiskLoad {
        latency: 0.3 + 2.0 * unit(seed, 2),
        bursts: one_of(3, 4) == 0,
        ..DiskLoad::of(60.0 * scale, 80.0 * scale, 8.0 * scale)
    };
    let memory = Bytes((512 << 20) << one_of(4, 6));
    Profile {
        title: None,
        description: None,
        role: if off { Role::Off } else { Role::Bystander },
        vcpus: 1 << one_of(5, 4),
        offline: &[],
        load: 0.05 + 0.3 * unit(seed, 6),
        burn: 0.0,
        roughness: 0.6,
        memory,
        used: 0.2 + 0.6 * unit(seed, 7),
        balloon: if busy { Balloon::Reporting } else { Balloon::NoPeriod },
        machine: "pc-q35-9.2",
        disks: (0..=one_of(8, 2) as usize)
            .map(|n| Disk::image(&name, &target("vd", n), 20 << n, 0.1 + 0.8 * unit(seed, 9), load))
            .collect(),
        nics: vec![Nic::bridged((900.0 * scale, 500.0), (800.0 * scale, 600.0))],
        uptime: 86_400.0 * 60.0 * unit(seed, 10),
        busy: busy && !off,
        name: name.into(),
    }
}

/// Gives a profile an exact number of disks and NICs.
pub(super) fn resize(profile: &mut Profile, disks: Option<usize>, nics: Option<usize>) {
    if let Some(count) = disks {
        profile.disks.truncate(count);
        let mut names = (0..).map(|n| target("vd", n));
        while profile.disks.len() < count {
            let Some(name) = names.find(|name| profile.disks.iter().all(|disk| disk.target != *name)) else { break };
            profile.disks.push(Disk::image(&profile.name, &name, 10, 0.5, DiskLoad::of(4.0, 6.0, 1.0)));
        }
    }
    if let Some(count) = nics {
        profile.nics.resize_with(count, || Nic::bridged((40.0, 300.0), (30.0, 300.0)));
    }
}
