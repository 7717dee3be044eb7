//! Devices that nobody counts, and devices that only the definition has.

use super::rig::*;
use crate::fleet::metric::{DiskMetric, DomainMetric, HostMetric};
use crate::fleet::{Fleet, Missing, When};
use crate::model::*;
use std::sync::Arc;

const VHOST_USER: &str = "vhost-user disks have no statistics";
const USER: &str = "user-mode NICs have no statistics";

fn disk(target: &str, kind: &str) -> DiskDefinition {
    DiskDefinition { target: target.into(), kind: kind.into(), device: "disk".into(), ..DiskDefinition::default() }
}

fn nic(target: Option<&str>, kind: &str, mac: &str) -> NicDefinition {
    let [target, mac] = [target, Some(mac)].map(|text| text.map(str::to_owned));
    NicDefinition { target, mac, kind: kind.into(), ..NicDefinition::default() }
}

fn defined(sample: DomainSample, disks: &[DiskDefinition], nics: &[NicDefinition]) -> DomainSample {
    let (disks, nics) = (disks.to_vec(), nics.to_vec());
    DomainSample {
        definition: Some(Arc::new(DomainDefinition { disks, nics, ..DomainDefinition::default() })),
        ..sample
    }
}

fn named(mut sample: DomainSample, disk: &str) -> DomainSample {
    sample.disks.push(BlockSample { name: disk.into(), ..BlockSample::default() });
    sample
}

fn vnet(mut sample: DomainSample, name: &str, packets: Option<u64>) -> DomainSample {
    let rx_packets = packets.map(|packets| Counter(crate::units::Packets(packets)));
    sample.nics.push(NetSample { name: name.into(), rx_packets, rx_bytes: None, ..NetSample::default() });
    sample
}

fn full(milliseconds: u64, sample: DomainSample) -> HostUpdate {
    keyframe(at(milliseconds), Groups::OVERVIEW, [sample])
}

fn disks(fleet: &Fleet) -> Vec<(&str, Option<&str>)> {
    only(fleet).disks.iter().map(|disk| (disk.key.as_str(), disk.reason)).collect()
}

fn nics(fleet: &Fleet) -> Vec<(&str, Option<&str>)> {
    only(fleet).nics.iter().map(|nic| (nic.key.as_str(), nic.reason)).collect()
}

#[test]
fn a_vhost_user_disk_has_its_own_reason_and_marks_no_sum() {
    let sample = |cpu| defined(named(domain(1, cpu, &[]), "vda"), &[disk("vda", "vhostuser")], &[]);
    let mut fleet = fleet([full(0, sample(0)), full(1000, sample(100))]);
    for _ in 0..2 {
        assert_eq!(disks(&fleet), [("vda", Some(VHOST_USER))]);
        let host = &fleet.hosts()[0];
        assert_eq!(host.partial_sums(When::Latest), Groups::empty());
        let missing = only(&fleet).missing(host, DomainMetric::DiskRead, When::Latest);
        assert_eq!(missing, Missing::NotCountedDevice(VHOST_USER));
        fleet.apply(0, same(at(2000)));
    }
}

#[test]
fn beside_a_counted_disk_only_the_vhost_user_disk_has_a_reason() {
    let definition = [disk("vda", "vhostuser"), disk("vdb", "file")];
    let sample = |bytes| defined(named(domain(1, 0, &[("vdb", bytes)]), "vda"), &definition, &[]);
    let fleet = fleet([full(0, sample(0)), full(1000, sample(512))]);
    assert_eq!(disks(&fleet), [("vdb", None), ("vda", Some(VHOST_USER))]);
    assert_eq!(only(&fleet).disks[0].series.latest(DiskMetric::ReadBytes), Some(512.0));
    assert_eq!(fleet.hosts()[0].series.latest(HostMetric::DiskRead), Some(512.0));
}

#[test]
fn disks_that_libvirt_left_out_still_mark_the_sums() {
    let mut left_out = defined(domain(1, 0, &[]), &[disk("vda", "file")], &[]);
    left_out.answered -= Groups::BLOCK;
    left_out.unanswered = Groups::BLOCK;
    let fleet = fleet([full(0, left_out)]);
    assert_eq!(disks(&fleet), [("vda", None)], "not read yet");
    assert_eq!(fleet.hosts()[0].partial_sums(When::Latest), Groups::BLOCK);
}

#[test]
fn devices_that_only_the_definition_has_are_listed_with_their_reason() {
    let nics_defined = [
        nic(None, "user", "52:54:00:00:00:01"),
        nic(None, "user", "52:54:00:00:00:02"),
        nic(Some("vnet0"), "bridge", "52:54:00:00:00:03"),
        nic(None, "hostdev", "52:54:00:00:00:04"),
        nic(Some("vhu0"), "vhostuser", "52:54:00:00:00:05"),
    ];
    let disks_defined = [disk("vda", "file"), DiskDefinition { device: "cdrom".into(), ..disk("sda", "file") }];
    let sample = |count: u64| {
        let sample = vnet(domain(1, 0, &[("vda", count)]), "vnet0", Some(count));
        defined(vnet(sample, "vhu0", None), &disks_defined, &nics_defined)
    };
    let mut fleet = fleet([full(0, sample(1)), full(1000, sample(2))]);
    let expected = [
        ("vnet0", None),
        ("vhu0", Some("only Open vSwitch has statistics of vhost-user NICs")),
        ("52:54:00:00:00:01", Some(USER)),
        ("52:54:00:00:00:02", Some(USER)),
        ("52:54:00:00:00:04", Some("passed-through NICs have no statistics on the host")),
    ];
    assert_eq!(nics(&fleet), expected);
    assert_eq!(disks(&fleet), [("vda", None), ("sda", Some("the drive is empty"))]);
    assert_eq!(only(&fleet).disks[1].source(), Some("empty"));
    assert_eq!(only(&fleet).nics[2].defined.as_ref().unwrap().kind, "user");
    // Unplugged: the definition has them no more.
    let kept = vnet(domain(1, 0, &[("vda", 3)]), "vnet0", Some(3));
    fleet.apply(0, full(2000, defined(kept, &disks_defined[..1], &nics_defined[2..3])));
    assert_eq!((nics(&fleet), disks(&fleet)), (vec![("vnet0", None)], vec![("vda", None)]));
}

#[test]
fn a_domain_with_only_uncounted_nics_marks_no_sum() {
    let sample = |cpu| defined(domain(1, cpu, &[]), &[], &[nic(None, "user", "52:54:00:00:00:01")]);
    let fleet = fleet([full(0, sample(0)), full(1000, sample(1))]);
    let host = &fleet.hosts()[0];
    assert_eq!(host.partial_sums(When::Latest), Groups::empty());
    let missing = only(&fleet).missing(host, DomainMetric::NetRx, When::Latest);
    assert_eq!(missing, Missing::NotCountedDevice(USER));
}

#[test]
fn a_nic_is_the_same_in_the_next_run_by_its_mac_address() {
    const MAC: &str = "52:54:00:00:00:01";
    let on = |run, name: &str, packets| {
        let sample = vnet(domain(run, 0, &[]), name, Some(packets));
        defined(sample, &[], &[nic(Some(name), "bridge", MAC)])
    };
    let off = || {
        let mut sample = DomainSample::new("guest", None, DomainState::ShutOff, StateReason(1));
        sample = defined(sample, &[], &[nic(None, "bridge", MAC)]);
        sample
    };
    let mut fleet = fleet([full(0, off())]);
    assert_eq!(nics(&fleet), [(MAC, Some("the domain does not run"))], "it never ran");
    fleet.apply(0, full(1000, on(1, "vnet3", 10)));
    fleet.apply(0, full(2000, on(1, "vnet3", 30)));
    assert_eq!(nics(&fleet), [("vnet3", None)]);
    fleet.apply(0, full(3000, off()));
    assert_eq!(nics(&fleet), [("vnet3", Some("the domain does not run"))], "its past stays under its name");
    fleet.apply(0, full(4000, on(2, "vnet7", 5)));
    assert_eq!(nics(&fleet), [("vnet7", None)]);
    assert!(only(&fleet).nics[0].has_past());
}

#[test]
fn a_container_with_several_file_systems_lists_them_beside_their_sum() {
    let file_system = |target: &str| DiskDefinition { device: "filesystem".into(), ..disk(target, "mount") };
    let sample = |bytes| defined(domain(1, 0, &[("total", bytes)]), &[file_system("/"), file_system("/data")], &[]);
    let fleet = fleet([full(0, sample(1)), full(1000, sample(2))]);
    let reason = Some("the kernel counts the file systems of a container together");
    assert_eq!(disks(&fleet), [("total", None), ("/", reason), ("/data", reason)]);
}

#[test]
fn an_unmanaged_ethernet_nic_has_a_note_unless_the_kernel_counts_it() {
    let unmanaged = NicDefinition { unmanaged: true, ..nic(Some("mvt0"), "ethernet", "52:54:00:00:00:01") };
    let note = |kind: &str, unmanaged_too: bool, guest_side| {
        let defined_nic = NicDefinition { kind: kind.into(), unmanaged: unmanaged_too, ..unmanaged.clone() };
        let mut sample = defined(vnet(domain(1, 0, &[]), "mvt0", Some(1)), &[], &[defined_nic]);
        sample.nics[0].guest_side = guest_side;
        let fleet = fleet([full(0, sample)]);
        only(&fleet).nics[0].note().is_some()
    };
    assert!(note("ethernet", true, None));
    assert!(!note("ethernet", true, Some(GuestSide::InFront)));
    assert!(!note("ethernet", false, None) && !note("bridge", true, None));
}
