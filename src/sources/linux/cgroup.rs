//! CPU time of a domain's cgroup: `cpuacct.usage` and `cpuacct.stat` (v1), or `cpu.stat` (v2). libvirt takes `cpu.time` of a
//! domain from the same files.
//!
//! Which cgroup a process is in stands in `/proc/PID/cgroup`; where that cgroup is in the file system follows from
//! `/proc/self/mountinfo`. A host can have v1 only, v2 only, or v1 with a v2 tree beside it (hybrid: `unified`).

use super::cached_file::CachedFile;
use super::process_stat::tick_nanoseconds;
use crate::model::{Counter, CpuSample, CpuSource};
use crate::units::Nanoseconds;
use std::path::{Component, Path, PathBuf};

/// The cgroup file systems that are mounted where vtop runs.
#[derive(Debug, Default)]
pub(super) struct CgroupMounts(Vec<CgroupMount>);

/// One mounted cgroup file system.
#[derive(Debug, PartialEq, Eq)]
struct CgroupMount {
    hierarchy: Hierarchy,
    /// The cgroup that the mount point shows: `/`, or a part of the tree.
    root: String,
    point: PathBuf,
}

/// A tree of cgroups that counts CPU time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hierarchy {
    /// The v1 tree with the controller `cpuacct`.
    Cpuacct,
    V2,
}

/// The files with the CPU time of one domain's cgroup.
pub(super) enum CgroupCpu {
    V1 { usage: CachedFile, stat: CachedFile },
    V2 { stat: CachedFile },
}

impl CgroupMounts {
    /// Reads `/proc/self/mountinfo` below `root`. Empty if it cannot be read.
    pub(super) fn read(root: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default(), root)
    }

    fn parse(mountinfo: &str, root: &Path) -> Self {
        let all: Vec<MountLine> = mountinfo.lines().filter_map(MountLine::parse).collect();
        let visible = all.iter().filter(|mount| !all.iter().any(|other| other.hides(mount)));
        let cgroups = visible.filter_map(|mount| {
            let point = root.join(mount.point.strip_prefix("/").ok()?);
            Some(CgroupMount { hierarchy: mount.hierarchy?, root: mount.root.clone(), point })
        });
        Self(cgroups.collect())
    }

    /// The files of the cgroup of a domain with the ID `run`, from the `/proc/PID/cgroup` of its process. `None` if the domain
    /// has no cgroup of its own (`qemu:///session`: all processes of a login share one), or if its cgroup is not mounted here
    /// or cannot be read.
    pub(super) fn domain_cpu(&self, membership: &str, run: u32) -> Option<CgroupCpu> {
        [Hierarchy::Cpuacct, Hierarchy::V2].into_iter().find_map(|hierarchy| {
            let cgroup = domain_cgroup(cgroup_of(membership, hierarchy)?, run)?;
            let mounts = self.0.iter().filter(|mount| mount.hierarchy == hierarchy);
            let folders = mounts.filter_map(|mount| mount.folder(&cgroup));
            folders.map(|folder| CgroupCpu::new(hierarchy, &folder)).find_map(CgroupCpu::if_readable)
        })
    }
}

impl CgroupMount {
    /// Where a cgroup is in the file system. `None` if it is outside of the part of the tree that is mounted.
    fn folder(&self, cgroup: &str) -> Option<PathBuf> {
        let below = match self.root.as_str() {
            "/" => cgroup,
            root => cgroup.strip_prefix(root).filter(|below| below.starts_with('/'))?,
        };
        let below = Path::new(below.trim_start_matches('/'));
        // In a cgroup namespace, cgroups outside of it have paths that begin with `/..`.
        below.components().all(|part| matches!(part, Component::Normal(_))).then(|| self.point.join(below))
    }
}

impl CgroupCpu {
    fn new(hierarchy: Hierarchy, folder: &Path) -> Self {
        let file = |name| CachedFile::new(folder.join(name));
        match hierarchy {
            Hierarchy::Cpuacct => Self::V1 { usage: file("cpuacct.usage"), stat: file("cpuacct.stat") },
            Hierarchy::V2 => Self::V2 { stat: file("cpu.stat") },
        }
    }

    fn if_readable(mut self) -> Option<Self> {
        self.read(false).map(|_| self)
    }

    /// How many files are open.
    pub(super) fn open_files(&self) -> usize {
        match self {
            Self::V1 { usage, stat } => usize::from(usage.is_open()) + usize::from(stat.is_open()),
            Self::V2 { stat } => usize::from(stat.is_open()),
        }
    }

    /// The CPU time now. `None` once the cgroup is gone.
    pub(super) fn read(&mut self, keep_open: bool) -> Option<CpuSample> {
        let [time, user, system] = match self {
            Self::V1 { usage, stat } => {
                let time = usage.read(keep_open, |text| text.trim().parse().ok())?;
                // `cpuacct.stat` counts in clock ticks.
                let part = |text: &str, key| Some(number(text, key)?.saturating_mul(tick_nanoseconds()));
                let parts = stat.read(keep_open, |text| Some([part(text, "user "), part(text, "system ")]));
                let [user, system] = parts.unwrap_or_default();
                [Some(time), user, system]
            }
            Self::V2 { stat } => stat.read(keep_open, |text| {
                let nanoseconds = |key| number(text, key).map(|microseconds| microseconds.saturating_mul(1000));
                let values = ["usage_usec ", "user_usec ", "system_usec "].map(nanoseconds);
                values[0].is_some().then_some(values)
            })?,
        };
        let counter = |time: Option<u64>| time.map(|time| Counter(Nanoseconds(time)));
        Some(CpuSample {
            time: counter(time),
            user: counter(user),
            system: counter(system),
            vcpus: None,
            source: CpuSource::Cgroup,
        })
    }
}

/// The value of a key in lines of `key value`.
fn number(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok()
}

/// The path of a process in a hierarchy, from `/proc/PID/cgroup`: `4:cpu,cpuacct:/a/b` (v1) or `0::/a/b` (v2).
fn cgroup_of(membership: &str, hierarchy: Hierarchy) -> Option<&str> {
    membership.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let is_it = match hierarchy {
            Hierarchy::Cpuacct => controllers.split(',').any(|controller| controller == "cpuacct"),
            Hierarchy::V2 => controllers.is_empty(),
        };
        is_it.then_some(path)
    })
}

/// The cgroup that libvirt made for a domain with the ID `run`, of which the process is in a part (`emulator`). `None` if the
/// process is in no cgroup with the name of that domain: then it shares its cgroup with other processes.
fn domain_cgroup(path: &str, run: u32) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let mut length = parts.iter().rposition(|part| is_domain(part, run))? + 1;
    // With systemd, libvirt has a cgroup below the scope.
    if parts.get(length) == Some(&"libvirt") {
        length += 1;
    }
    Some(parts[..length].join("/"))
}

/// True for the names that libvirt gives to the cgroup of a domain: `qemu-3-name.libvirt-qemu`, `qemu-embed-0123abcd-3-name`
/// (a driver with a root directory of its own), and `machine-qemu\x2d3\x2dname.scope` if systemd makes the cgroup.
fn is_domain(cgroup: &str, run: u32) -> bool {
    // These hold several domains.
    if cgroup.ends_with(".slice") || cgroup.ends_with(".partition") {
        return false;
    }
    let name = cgroup.replace("\\x2d", "-");
    let Some(name) = name.strip_prefix("machine-").unwrap_or(&name).strip_prefix("qemu-") else { return false };
    let mut words = name.split('-');
    let id = match words.next() {
        Some("embed") => words.nth(1),
        first => first,
    };
    id.is_some_and(|id| id.parse() == Ok(run)) && words.next().is_some()
}

/// One line of `/proc/self/mountinfo`.
struct MountLine {
    id: u64,
    parent: u64,
    root: String,
    point: PathBuf,
    /// `None` for other file systems, and for v1 trees without CPU time.
    hierarchy: Option<Hierarchy>,
}

impl MountLine {
    /// `36 35 98:0 /root /mount/point rw,noatime master:1 - cgroup cgroup rw,cpu,cpuacct`
    fn parse(line: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ');
        let (id, parent) = (mount.next()?.parse().ok()?, mount.next()?.parse().ok()?);
        let (root, point) = (unescape(mount.nth(1)?), unescape(mount.next()?).into());
        let mut file_system = file_system.split(' ');
        let kind = file_system.next()?;
        let options = file_system.nth(1).unwrap_or_default();
        let hierarchy = match kind {
            "cgroup2" => Some(Hierarchy::V2),
            "cgroup" => options.split(',').any(|option| option == "cpuacct").then_some(Hierarchy::Cpuacct),
            _ => None,
        };
        Some(Self { id, parent, root, point, hierarchy })
    }

    /// True if this is mounted over `other`, or over a directory above it.
    fn hides(&self, other: &Self) -> bool {
        let is_over = self.parent == other.id && self.point == other.point;
        let is_over_parent =
            self.parent == other.parent && self.point != other.point && other.point.starts_with(&self.point);
        self.id != other.id && (is_over || is_over_parent)
    }
}

/// Spaces, tabs, line ends and backslashes are written as `\040` and the like.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'\\').then(|| u8::from_str_radix(std::str::from_utf8(after.get(..3)?).ok()?, 8).ok());
        match escaped.flatten() {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[3..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_cgroup_tells_whether_it_is_one_domains() {
        for (path, run, cgroup) in [
            ("/machine/qemu-3-web.libvirt-qemu/emulator", 3, Some("/machine/qemu-3-web.libvirt-qemu")),
            ("/machine/qemu-3-web.libvirt-qemu", 3, Some("/machine/qemu-3-web.libvirt-qemu")),
            (
                "/machine.slice/machine-qemu\\x2d12\\x2da\\x2db.scope/libvirt/emulator",
                12,
                Some("/machine.slice/machine-qemu\\x2d12\\x2da\\x2db.scope/libvirt"),
            ),
            ("/machine.slice/machine-qemu\\x2d1\\x2da.scope", 1, Some("/machine.slice/machine-qemu\\x2d1\\x2da.scope")),
            ("/qemu-embed-0123abcd-7-a.libvirt-qemu/emulator", 7, Some("/qemu-embed-0123abcd-7-a.libvirt-qemu")),
            ("/", 1, None),
            ("/user.slice/user-1000.slice/session-2.scope", 2, None),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/virt-manager.scope", 1, None),
            ("/system.slice/libvirtd.service", 1, None),
            // Another domain's, a number inside of a name, and names that end too early.
            ("/machine/qemu-3-web.libvirt-qemu/emulator", 4, None),
            ("/machine/qemu-1-web-3-x.libvirt-qemu/emulator", 3, None),
            ("/machine/qemu-33-web.libvirt-qemu", 3, None),
            ("/machine/qemu-3", 3, None),
            // These hold several domains.
            ("/qemu-3-tenants.partition/other/emulator", 3, None),
            ("/machine-qemu-3-tenants.slice/other.scope", 3, None),
        ] {
            assert_eq!(domain_cgroup(path, run).as_deref(), cgroup, "{path} {run}");
        }
    }

    #[test]
    fn a_mount_of_a_part_of_the_tree_shows_cgroups_below_it_only() {
        let folder = |root: &str, cgroup: &str| {
            let mount = CgroupMount { hierarchy: Hierarchy::V2, root: root.into(), point: "/m".into() };
            mount.folder(cgroup).map(|folder| folder.display().to_string())
        };
        assert_eq!(folder("/", "/machine/a").as_deref(), Some("/m/machine/a"));
        assert_eq!(folder("/machine", "/machine/a").as_deref(), Some("/m/a"));
        assert_eq!(folder("/machine", "/machine2/a"), None);
        assert_eq!(folder("/docker/x", "/machine/a"), None);
        assert_eq!(folder("/", "/../../machine/a"), None, "outside of the cgroup namespace");
        assert_eq!(folder("/../..", "/../../machine/a").as_deref(), Some("/m/machine/a"));
    }

    #[test]
    fn hidden_mounts_are_left_out() {
        let mountinfo = "\
            20 1 0:5 / /sys rw - sysfs sysfs rw\n\
            31 20 0:6 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            32 31 0:7 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n\
            33 32 0:8 /docker/x /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n\
            34 31 0:9 / /sys/fs/cgroup/a\\040b rw shared:1 - cgroup2 cgroup2 rw\n\
            35 31 0:10 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
            40 1 0:11 / /old/cgroup rw - cgroup2 cgroup2 rw\n\
            41 1 0:12 / /old rw - tmpfs tmpfs rw\n\
            this is no mount\n";
        let mounts = CgroupMounts::parse(mountinfo, Path::new("/root"));
        let mount =
            |hierarchy, root: &str, point: &str| CgroupMount { hierarchy, root: root.into(), point: point.into() };
        assert_eq!(
            mounts.0,
            [
                mount(Hierarchy::Cpuacct, "/docker/x", "/root/sys/fs/cgroup/cpuacct"),
                mount(Hierarchy::V2, "/", "/root/sys/fs/cgroup/a b"),
            ]
        );
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape("a\\040b\\134x2d"), "a b\\x2d");
        assert_eq!(unescape("\\04"), "\\04");
        assert_eq!(unescape("\\999"), "\\999");
    }
}
