//! The twelve domains of the story: typical domains of a host with 32 CPUs and 256 GiB.

use super::profile::{Balloon, Disk, DiskLoad, Nic, Profile, gibibytes};
use super::story::{Chapter, Role};
use crate::units::Bytes;

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

/// The profiles of the twelve domains. The most important ones for the story come first: a host with fewer domains shows those.
pub(super) fn cast() -> Vec<Profile> {
    vec![
        ci_runner(),
        db_primary(),
        web("web-01", Role::Peer, 41.0 * DAY),
        web("web-02", Role::Lead(Chapter::Crash), 0.0),
        mail(),
        proxy(),
        batch_report(),
        k8s_node(),
        win_erp(),
        db_replica(),
        legacy_xp(),
        backup(),
    ]
}

/// The profile of an ordinary Linux server, from which the other profiles differ in a few fields.
fn server(name: &str, title: &str, role: Role, vcpus: u32, memory_gib: u64) -> Profile {
    Profile {
        name: name.into(),
        title: Some(title.to_owned()),
        description: None,
        role,
        vcpus,
        offline: &[],
        load: 0.2,
        burn: 0.0,
        roughness: 0.6,
        memory: gibibytes(memory_gib),
        used: 0.5,
        balloon: Balloon::Reporting,
        machine: "pc-q35-9.2",
        disks: vec![Disk::image(name, "vda", 40, 0.4, DiskLoad::of(12.0, 30.0, 3.0))],
        nics: vec![Nic::bridged((120.0, 400.0), (110.0, 500.0))],
        uptime: 20.0 * DAY,
        busy: true,
    }
}

fn ci_runner() -> Profile {
    let name = "ci-runner-03";
    let scratch = DiskLoad { write_size: 65_536.0, ..DiskLoad::of(40.0, 60.0, 1.0) };
    Profile {
        description: Some("Builds for all teams; not to be trusted with the others' CPU time.".to_owned()),
        load: 0.04,
        burn: 0.92,
        used: 0.35,
        disks: vec![Disk { cache: "unsafe", ..Disk::image(name, "vda", 200, 0.55, scratch) }, Disk::empty_drive("sda")],
        nics: vec![
            Nic::bridged((90.0, 900.0), (60.0, 300.0)),
            Nic { kind: "user", source: None, ..Nic::bridged((0.0, 0.0), (0.0, 0.0)) },
        ],
        uptime: 6.0 * DAY,
        ..server(name, "CI runner, 16 jobs", Role::Lead(Chapter::NoisyNeighbour), 16, 32)
    }
}

fn db_primary() -> Profile {
    let name = "db-primary";
    let data = DiskLoad { latency: 0.8, write_size: 16_384.0, ..DiskLoad::of(1200.0, 600.0, 90.0) };
    let log = DiskLoad { latency: 0.3, write_size: 8192.0, ..DiskLoad::of(0.0, 240.0, 120.0) };
    let checkpoint = DiskLoad { bursts: true, write_size: 131_072.0, ..DiskLoad::of(2.0, 60.0, 1.0) };
    Profile {
        description: Some("PostgreSQL, the one that counts. Ask the database team before a restart.".to_owned()),
        load: 0.44,
        used: 0.72,
        disks: vec![
            Disk { serial: Some("PGDATA-0001"), ..Disk::image(name, "vda", 500, 0.71, data) },
            Disk {
                kind: "block",
                source: Some("/dev/vg_fast/db-primary-wal".to_owned()),
                format: "raw",
                serial: Some("PGWAL-0001"),
                filled: 1.0,
                ..Disk::image(name, "vdb", 64, 1.0, log)
            },
            Disk {
                kind: "network",
                source: Some("rbd-ssd/db-primary-archive".to_owned()),
                format: "raw",
                cache: "writeback",
                ..Disk::image(name, "vdc", 1024, 0.33, checkpoint)
            },
            Disk::empty_drive("sda"),
        ],
        nics: vec![
            Nic::bridged((4200.0, 260.0), (4800.0, 900.0)),
            Nic { kind: "network", source: Some("replication"), ..Nic::bridged((300.0, 90.0), (900.0, 1200.0)) },
        ],
        uptime: 58.0 * DAY,
        ..server(name, "PostgreSQL primary", Role::Lead(Chapter::SlowDisk), 8, 64)
    }
}

fn web(name: &str, role: Role, uptime: f64) -> Profile {
    Profile {
        load: 0.38,
        used: 0.46,
        disks: vec![Disk::image(name, "vda", 40, 0.31, DiskLoad::of(15.0, 45.0, 4.0))],
        nics: vec![Nic::bridged((3100.0, 420.0), (3600.0, 1100.0))],
        uptime,
        ..server(name, "Shop front end", role, 4, 8)
    }
}

fn mail() -> Profile {
    let spool = DiskLoad { latency: 2.1, ..DiskLoad::of(25.0, 70.0, 20.0) };
    Profile {
        description: Some("Postfix and Dovecot; its spool is on the old NFS filer.".to_owned()),
        load: 0.18,
        used: 0.61,
        disks: vec![
            Disk::image("mail", "vda", 20, 0.52, DiskLoad::of(3.0, 8.0, 1.0)),
            Disk {
                source: Some("/srv/nfs/vm/mail-spool.qcow2".to_owned()),
                ..Disk::image("mail", "vdb", 300, 0.93, spool)
            },
        ],
        nics: vec![Nic::bridged((210.0, 700.0), (190.0, 650.0))],
        uptime: 44.0 * DAY,
        ..server("mail", "Mail", Role::Lead(Chapter::IoError), 2, 4)
    }
}

fn proxy() -> Profile {
    let limits = [("inbound average", 125_000), ("inbound peak", 250_000)];
    Profile {
        load: 0.33,
        used: 0.4,
        disks: vec![Disk::image("proxy", "vda", 10, 0.22, DiskLoad::of(1.0, 12.0, 2.0))],
        nics: vec![
            Nic {
                limits: limits.map(|(name, limit)| (name.to_owned(), limit)).to_vec(),
                drops: 4000.0,
                ..Nic::bridged((9000.0, 610.0), (8200.0, 640.0))
            },
            Nic { kind: "network", source: Some("dmz"), ..Nic::bridged((7600.0, 640.0), (8300.0, 600.0)) },
        ],
        uptime: 33.0 * DAY,
        ..server("proxy", "Reverse proxy", Role::Lead(Chapter::Drops), 4, 2)
    }
}

fn batch_report() -> Profile {
    let report = DiskLoad { bursts: true, read_size: 131_072.0, latency: 1.6, ..DiskLoad::of(180.0, 40.0, 2.0) };
    let swap = DiskLoad { read_size: 4096.0, write_size: 4096.0, ..DiskLoad::of(30.0, 40.0, 0.0) };
    let limits = [("total_iops_sec", 1500), ("total_bytes_sec", 209_715_200)];
    Profile {
        load: 0.36,
        used: 0.58,
        disks: vec![
            Disk {
                limits: limits.map(|(name, limit)| (name.to_owned(), limit)).to_vec(),
                ..Disk::image("batch-report", "vda", 120, 0.48, report)
            },
            Disk { serial: Some("SWAP"), ..Disk::image("batch-report", "vdb", 16, 0.3, swap) },
        ],
        uptime: 11.0 * DAY,
        ..server("batch-report", "Nightly and not so nightly reports", Role::Lead(Chapter::Squeeze), 4, 24)
    }
}

fn k8s_node() -> Profile {
    Profile {
        load: 0.3,
        used: 0.55,
        disks: vec![
            Disk::image("k8s-node-4", "vda", 80, 0.29, DiskLoad::of(35.0, 90.0, 9.0)),
            Disk {
                kind: "network",
                source: Some("rbd-ssd/k8s-node-4-data".to_owned()),
                format: "raw",
                ..Disk::image("k8s-node-4", "vdb", 200, 0.17, DiskLoad::of(50.0, 60.0, 12.0))
            },
        ],
        nics: vec![Nic::bridged((2400.0, 500.0), (2500.0, 520.0))],
        uptime: 0.0,
        ..server("k8s-node-4", "Kubernetes worker", Role::Lead(Chapter::Newcomer), 8, 32)
    }
}

fn win_erp() -> Profile {
    let data = DiskLoad { latency: 1.9, ..DiskLoad::of(70.0, 55.0, 6.0) };
    let image = |target: &str, gib, filled, load| Disk {
        bus: "sata",
        source: Some(format!("/var/lib/libvirt/images/win2022-erp-{target}.qcow2")),
        ..Disk::image("win2022-erp", target, gib, filled, load)
    };
    Profile {
        description: Some("Windows Server 2022 without virtio drivers.".to_owned()),
        load: 0.21,
        used: 0.8,
        balloon: Balloon::None,
        disks: vec![
            image("sda", 120, 0.62, DiskLoad { latency: 1.4, ..DiskLoad::of(20.0, 25.0, 3.0) }),
            image("sdb", 400, 0.77, data),
            Disk::empty_drive("sdc"),
        ],
        nics: vec![Nic { model: "e1000e", ..Nic::bridged((640.0, 380.0), (700.0, 720.0)) }],
        uptime: 9.0 * DAY,
        ..server("win2022-erp", "ERP (Windows Server 2022)", Role::Bystander, 8, 16)
    }
}

fn db_replica() -> Profile {
    let data = DiskLoad { latency: 0.9, ..DiskLoad::of(210.0, 380.0, 45.0) };
    let checkpoint = DiskLoad { bursts: true, write_size: 131_072.0, ..DiskLoad::of(5.0, 50.0, 1.0) };
    Profile {
        offline: &[4, 5],
        load: 0.22,
        used: 0.66,
        balloon: Balloon::Stopped,
        disks: vec![
            Disk { serial: Some("PGDATA-0002"), ..Disk::image("db-replica", "vda", 500, 0.7, data) },
            Disk::image("db-replica", "vdb", 200, 0.4, checkpoint),
        ],
        nics: vec![
            Nic::bridged((700.0, 200.0), (800.0, 700.0)),
            Nic { kind: "network", source: Some("replication"), ..Nic::bridged((900.0, 1200.0), (300.0, 90.0)) },
        ],
        uptime: 51.0 * DAY,
        ..server("db-replica", "PostgreSQL replica", Role::Bystander, 8, 32)
    }
}

fn legacy_xp() -> Profile {
    Profile {
        description: Some("Do not delete: the label printer's configuration program.".to_owned()),
        memory: Bytes(512 << 20),
        balloon: Balloon::None,
        machine: "pc-i440fx-2.11",
        disks: vec![Disk {
            bus: "ide",
            source: Some("/var/lib/libvirt/images/legacy-xp.img".to_owned()),
            format: "raw",
            ..Disk::image("legacy-xp", "hda", 20, 1.0, DiskLoad::default())
        }],
        nics: vec![Nic {
            kind: "network",
            source: Some("default"),
            model: "rtl8139",
            ..Nic::bridged((0.0, 0.0), (0.0, 0.0))
        }],
        uptime: 0.0,
        busy: false,
        ..server("legacy-xp", "Label printer", Role::Off, 1, 1)
    }
}

fn backup() -> Profile {
    let target = Disk {
        kind: "network",
        source: Some("rbd-hdd/backup-store".to_owned()),
        format: "raw",
        ..Disk::image("backup", "vdb", 8192, 0.6, DiskLoad::default())
    };
    Profile {
        disks: vec![Disk::image("backup", "vda", 20, 0.3, DiskLoad::default()), target],
        uptime: 0.0,
        busy: false,
        ..server("backup", "Backups, started at night", Role::Off, 2, 4)
    }
}
