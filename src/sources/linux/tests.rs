//! CPU time and steal of domains on machines of every kind, each built of files in a temporary directory.

use super::QemuProcesses;
use crate::model::{
    Counter, CpuSample, CpuSource, DomainSample, DomainState, Groups, GuestSide, NetSample, StateReason, VcpuTimes,
};
use crate::units::{Nanoseconds, Packets};
use std::collections::BTreeMap;
use std::fs;
use uuid::Uuid;

const UUID: Uuid = Uuid::from_u128(0x1f04_da58_5fe1_4512_be7b_cf05_93d2_3ce8);

const V1: &str = "\
    24 1 0:21 / /sys rw - sysfs sysfs rw\n\
    30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
    31 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
    32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
    33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
const V1_SPLIT: &str = "\
    32 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
    33 30 0:29 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n";
const V2: &str = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
const HYBRID: &str = "\
    32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
    34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

const V1_DOMAIN: &str = "9:name=systemd:/x\n4:cpu,cpuacct:/machine/qemu-1-a.libvirt-qemu/emulator\n0::/\n";
const V2_DOMAIN: &str = "0::/machine.slice/machine-qemu\\x2d1\\x2da.scope/libvirt/emulator\n";
const V2_FOLDER: &str = "machine.slice/machine-qemu\\x2d1\\x2da.scope/libvirt";

/// A machine with one QEMU process of two vCPUs, which has used 4 ticks in user mode and 5 in the kernel.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(mountinfo: &str) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        machine.write("proc/self/mountinfo", mountinfo);
        machine
    }

    fn with_qemu(mountinfo: &str, cgroup: &str) -> Self {
        let machine = Self::new(mountinfo);
        machine.add_qemu(100, UUID, cgroup);
        machine
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_dir_all(self.0.path().join(path)).unwrap();
    }

    fn add_qemu(&self, pid: u32, uuid: Uuid, cgroup: &str) {
        self.write(&format!("proc/{pid}/cmdline"), &format!("qemu\0-name\0x\0-uuid\0{uuid}\0-S\0"));
        self.write(&format!("proc/{pid}/cgroup"), cgroup);
        self.write(
            &format!("proc/{pid}/stat"),
            &format!("{pid} (qemu-system-x86) S 1 2 3 4 5 6 7 8 9 10 4 5 16 17 18 19 20 21 {pid}000 23\n"),
        );
        self.write(&format!("proc/{pid}/task/{pid}/comm"), "qemu-system-x86\n");
        for vcpu in 0..2 {
            self.write(&format!("proc/{pid}/task/{}/comm", pid + 1 + vcpu), &format!("CPU {vcpu}/KVM\n"));
            self.write(&format!("proc/{pid}/task/{}/schedstat", pid + 1 + vcpu), "5 700 9\n");
        }
    }

    fn processes(&self) -> QemuProcesses {
        QemuProcesses::below(self.0.path().to_owned())
    }
}

/// What is read of a domain with that ID; `None` if its CPU time is not local.
fn read(processes: &mut QemuProcesses, uuid: Uuid, run: u32) -> Option<CpuSample> {
    let domain = DomainSample::new("a", Some(run), DomainState::Running, StateReason(1));
    let mut domains = BTreeMap::from([(uuid, domain)]);
    processes.read_cpu(&mut domains);
    let domain = &domains[&uuid];
    let local = domain.local.contains(Groups::CPU);
    assert_eq!((domain.answered.contains(Groups::CPU), domain.cpu.time.is_some()), (local, local));
    local.then_some(domain.cpu)
}

fn read_once(machine: &Machine) -> Option<CpuSample> {
    read(&mut machine.processes(), UUID, 1)
}

fn nanoseconds(time: u64) -> Option<Counter<Nanoseconds>> {
    Some(Counter(Nanoseconds(time)))
}

fn tick() -> u64 {
    1_000_000_000 / rustix::param::clock_ticks_per_second()
}

/// A reading of the cgroup.
fn of_cgroup([time, user, system]: [u64; 3]) -> Option<CpuSample> {
    let [time, user, system] = [time, user, system].map(nanoseconds);
    let vcpus = Some(VcpuTimes { count: 2, used: Counter(Nanoseconds(10)), delay: Counter(Nanoseconds(1400)) });
    Some(CpuSample { time, user, system, vcpus, source: CpuSource::Cgroup })
}

/// A reading of `/proc/PID/stat`.
fn of_process() -> Option<CpuSample> {
    let cpu = of_cgroup([9 * tick(), 4 * tick(), 5 * tick()])?;
    Some(CpuSample { source: CpuSource::Process, ..cpu })
}

#[test]
fn cgroup_v1_is_read_where_its_controllers_are_mounted() {
    let split = "2:cpuacct:/machine/qemu-1-a.libvirt-qemu/emulator\n";
    for (mounts, cgroup, folder) in [(V1, V1_DOMAIN, "cpu,cpuacct"), (V1_SPLIT, split, "cpuacct")] {
        let machine = Machine::with_qemu(mounts, cgroup);
        let folder = format!("sys/fs/cgroup/{folder}/machine/qemu-1-a.libvirt-qemu");
        machine.write(&format!("{folder}/cpuacct.usage"), "9000\n");
        machine.write(&format!("{folder}/cpuacct.stat"), "user 4\nsystem 5\n");
        assert_eq!(read_once(&machine), of_cgroup([9000, 4 * tick(), 5 * tick()]), "{folder}");
    }
}

#[test]
fn cgroup_v2_is_read() {
    let machine = Machine::with_qemu(V2, V2_DOMAIN);
    let stat = "usage_usec 9\nuser_usec 4\nsystem_usec 5\nnr_periods 0\n";
    machine.write(&format!("sys/fs/cgroup/{V2_FOLDER}/cpu.stat"), stat);
    let mut processes = machine.processes();
    assert_eq!(read(&mut processes, UUID, 1), of_cgroup([9000, 4000, 5000]));
    machine.write(&format!("sys/fs/cgroup/{V2_FOLDER}/cpu.stat"), "usage_usec 10\nuser_usec 5\nsystem_usec 5\n");
    assert_eq!(read(&mut processes, UUID, 1), of_cgroup([10_000, 5000, 5000]), "read again");
}

#[test]
fn the_v2_tree_of_a_hybrid_host_is_read_below_unified() {
    let machine = Machine::with_qemu(HYBRID, &format!("5:memory:/machine/x\n{V2_DOMAIN}"));
    let stat = "usage_usec 9\nuser_usec 4\nsystem_usec 5\n";
    machine.write(&format!("sys/fs/cgroup/unified/{V2_FOLDER}/cpu.stat"), stat);
    assert_eq!(read_once(&machine), of_cgroup([9000, 4000, 5000]));
}

#[test]
fn a_hybrid_host_with_cpuacct_is_read_as_v1() {
    let machine = Machine::with_qemu(&format!("{V1}{HYBRID}"), V1_DOMAIN);
    machine.write("sys/fs/cgroup/cpu,cpuacct/machine/qemu-1-a.libvirt-qemu/cpuacct.usage", "7\n");
    let cpu = read_once(&machine).unwrap();
    assert_eq!((cpu.time, cpu.user, cpu.source), (nanoseconds(7), None, CpuSource::Cgroup));
}

#[test]
fn a_nested_mount_shows_a_part_of_the_tree() {
    let mounts = "30 24 0:26 /machine.slice /host/cgroup rw - cgroup2 cgroup2 rw\n";
    let machine = Machine::with_qemu(mounts, V2_DOMAIN);
    machine.write("host/cgroup/machine-qemu\\x2d1\\x2da.scope/libvirt/cpu.stat", "usage_usec 9\n");
    let cpu = read_once(&machine).unwrap();
    assert_eq!((cpu.time, cpu.source), (nanoseconds(9000), CpuSource::Cgroup));
}

#[test]
fn a_cgroup_of_the_same_name_in_another_part_of_the_tree_is_not_read() {
    // A container whose own tree is mounted over the machine's, with a domain of the same name in it.
    let mounts = format!("{V2}40 30 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    let machine = Machine::with_qemu(&mounts, V2_DOMAIN);
    machine.write(&format!("sys/fs/cgroup/{V2_FOLDER}/cpu.stat"), "usage_usec 77\n");
    assert_eq!(read_once(&machine), of_process());
}

#[test]
fn domains_that_share_a_cgroup_are_read_from_their_processes() {
    let other = Uuid::from_u128(7);
    for (mounts, folder) in [(V2, "sys/fs/cgroup"), (V1, "sys/fs/cgroup/cpu,cpuacct")] {
        for shared in ["user.slice/user-1000.slice/session-2.scope", "system.slice/libvirtd.service", ""] {
            let cgroup = format!("4:cpu,cpuacct:/{shared}\n0::/{shared}\n");
            let machine = Machine::with_qemu(mounts, &cgroup);
            machine.add_qemu(200, other, &cgroup);
            machine.write(&format!("{folder}/{shared}/cpu.stat"), "usage_usec 5000000\n");
            machine.write(&format!("{folder}/{shared}/cpuacct.usage"), "5000000000\n");
            let mut processes = machine.processes();
            assert_eq!(read(&mut processes, UUID, 1), of_process(), "{shared}");
            assert_eq!(read(&mut processes, other, 2), of_process(), "{shared}");
        }
    }
}

#[test]
fn without_readable_cgroups_the_process_is_read() {
    for (mounts, cgroup) in [("", V1_DOMAIN), (V1, V1_DOMAIN), (V2, V2_DOMAIN), (V2, "0::/../../machine/qemu-1-a\n")] {
        assert_eq!(read_once(&Machine::with_qemu(mounts, cgroup)), of_process(), "{cgroup}");
    }
}

#[test]
fn a_container_with_its_own_proc_shows_no_domain() {
    let machine = Machine::new(V2);
    machine.write("proc/1/cmdline", "/usr/bin/vtop\0");
    machine.write("proc/1/cgroup", "0::/\n");
    machine.write(&format!("sys/fs/cgroup/{V2_FOLDER}/cpu.stat"), "usage_usec 9\n");
    assert_eq!(read_once(&machine), None);
}

#[test]
fn a_domain_that_is_claimed_by_two_processes_is_not_read() {
    let machine = Machine::with_qemu("", V1_DOMAIN);
    machine.add_qemu(200, UUID, V1_DOMAIN);
    assert_eq!(read_once(&machine), None);
}

#[test]
fn another_run_is_another_process() {
    let machine = Machine::with_qemu(V1, V1_DOMAIN);
    machine.write("sys/fs/cgroup/cpu,cpuacct/machine/qemu-1-a.libvirt-qemu/cpuacct.usage", "9000\n");
    let mut processes = machine.processes();
    assert_eq!(read(&mut processes, UUID, 1).unwrap().source, CpuSource::Cgroup);
    // Its cgroup is that of run 1.
    assert_eq!(read(&mut processes, UUID, 2), of_process());
    assert_eq!(read(&mut processes, Uuid::from_u128(7), 2), None);
}

#[test]
fn a_process_that_ends_is_not_read_any_more() {
    let machine = Machine::with_qemu(V1, V1_DOMAIN);
    machine.write("sys/fs/cgroup/cpu,cpuacct/machine/qemu-1-a.libvirt-qemu/cpuacct.usage", "9000\n");
    let mut processes = machine.processes();
    assert!(read(&mut processes, UUID, 1).is_some());
    machine.remove("sys/fs/cgroup/cpu,cpuacct/machine");
    machine.remove("proc/100");
    // The files that are still open belong to the old process, as they do in the kernel's file systems.
    let mut processes = machine.processes();
    assert_eq!(read(&mut processes, UUID, 1), None);
}

#[test]
fn files_beyond_the_limit_are_read_all_the_same() {
    let machine = Machine::with_qemu("", "0::/\n");
    let others: Vec<Uuid> = (1..=200).map(Uuid::from_u128).collect();
    for (number, &uuid) in (0..).zip(&others) {
        machine.add_qemu(1000 + 10 * number, uuid, "0::/\n");
    }
    let domain = || DomainSample::new("a", Some(1), DomainState::Running, StateReason(1));
    let mut domains: BTreeMap<Uuid, DomainSample> = others.iter().map(|uuid| (*uuid, domain())).collect();
    let mut processes = machine.processes();
    for _ in 0..2 {
        processes.read_cpu(&mut domains);
        assert!(domains.values().all(|domain| Some(domain.cpu) == of_process()));
        let open = fs::read_dir("/proc/self/fd").unwrap().count();
        assert!(open < 512 + 100, "{open} files are open");
        domains.values_mut().for_each(|sample| *sample = domain());
    }
}

#[test]
fn counters_of_a_nic_come_from_the_network_namespace_of_its_qemu() {
    let machine = Machine::with_qemu(V1, V1_DOMAIN);
    let line = |name: &str, rx: u32, tx: u32| format!("{name}: 0 {rx} 0 0 0 0 0 0 0 {tx} 0 0 0 0 0 0\n");
    machine.write("proc/net/dev", &line("mvt0", 1, 2));
    machine.write("proc/100/net/dev", &(line("mvt0", 30, 40) + &line("etap0", 50, 60)));
    machine.write("proc/100/fdinfo/5", "iff:\tetap0\n");
    fs::create_dir_all(machine.0.path().join("proc/100/fd")).unwrap();
    for (file, target) in [("4", "/dev/tap7"), ("5", "/dev/net/tun")] {
        std::os::unix::fs::symlink(target, machine.0.path().join("proc/100/fd").join(file)).unwrap();
    }
    let mut processes = QemuProcesses::below(machine.0.path().to_owned());
    let mut sample = DomainSample::new("a", Some(1), DomainState::Running, StateReason(1));
    // As libvirt has them: for it, both are TAP devices.
    for (name, rx, tx) in [("mvt0", 40, 30), ("etap0", 60, 50), ("vnet0", 7, 8)] {
        let [rx_packets, tx_packets] = [rx, tx].map(|count| Some(Counter(Packets(count))));
        sample.nics.push(NetSample { name: name.into(), rx_packets, tx_packets, ..NetSample::default() });
    }
    let mut domains = BTreeMap::from([(UUID, sample)]);
    let mut read = |domains: &mut BTreeMap<Uuid, DomainSample>| {
        processes.read_nics(&[(UUID, "mvt0".into()), (UUID, "etap0".into())], domains);
        let total = |count: Option<Counter<Packets>>| count.map(Counter::total);
        let nics = domains[&UUID].nics.iter();
        let seen = nics.map(|nic| (total(nic.rx_packets), total(nic.tx_packets), nic.guest_side));
        seen.collect::<Vec<_>>()
    };
    let [in_front, behind] = [GuestSide::InFront, GuestSide::Behind].map(Some);
    let expected = [(Some(30), Some(40), in_front), (Some(60), Some(50), behind), (Some(7), Some(8), None)];
    assert_eq!(read(&mut domains), expected);
    machine.remove("proc/100");
    assert_eq!(read(&mut domains), [(None, None, in_front), (None, None, behind), (Some(7), Some(8), None)]);
}
