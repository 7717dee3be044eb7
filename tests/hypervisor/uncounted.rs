//! Devices that libvirt has no statistics of: a vhost-user disk, whose image only qemu-storage-daemon has, and user-mode NICs.

use crate::lab;
use crate::shared::run::text;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use vtop::fleet::{Fleet, When};
use vtop::model::{Groups, GuestSide, HostUpdate};
use vtop::sources::libvirt::{LibvirtOptions, LibvirtSource};
use vtop::sources::{Notify, Request, Source};

const VHOST_USER: &str = "vhost-user disks have no statistics";
const USER: &str = "user-mode NICs have no statistics";

/// Serves an image as a vhost-user disk; ended on drop.
struct StorageDaemon(Child);

impl StorageDaemon {
    fn serve(image: &Path, socket: &Path) -> Self {
        std::fs::File::create(image).unwrap().set_len(8 << 20).unwrap();
        let blockdev = format!("driver=file,node-name=image,filename={}", image.display());
        let address = format!("addr.type=unix,addr.path={}", socket.display());
        let export = format!("type=vhost-user-blk,id=export,node-name=image,writable=on,{address}");
        let daemon =
            Command::new("qemu-storage-daemon").args(["--blockdev", &blockdev, "--export", &export]).spawn().unwrap();
        let (daemon, start) = (Self(daemon), Instant::now());
        while !socket.exists() {
            assert!(start.elapsed() < Duration::from_secs(20), "no {}", socket.display());
            std::thread::sleep(Duration::from_millis(20));
        }
        daemon
    }
}

impl Drop for StorageDaemon {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The guest's only disk is vhost-user, and both of its NICs are user-mode.
fn with_uncounted_devices(xml: &str, socket: &Path) -> String {
    let (before_disks, _) = xml.split_once("    <disk").unwrap();
    let (_, after_nics) = xml.split_once("</interface>").unwrap();
    let devices = format!(
        "<disk type='vhostuser' device='disk'><driver name='qemu' type='raw'/>\
         <source type='unix' path='{}'/><target dev='vda' bus='virtio'/></disk>\
         <interface type='user'><mac address='52:54:00:77:99:01'/><model type='virtio'/></interface>\
         <interface type='user'><mac address='52:54:00:77:99:02'/><model type='virtio'/></interface>",
        socket.display()
    );
    let shared = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>\n  <vcpu>";
    format!("{before_disks}{devices}{after_nics}").replacen("<vcpu>", shared, 1)
}

#[test]
fn devices_without_statistics_have_rows_and_their_own_reasons() {
    let Some(lab) = lab::turn() else { return };
    let folder = tempfile::Builder::new().prefix("vtop-uncounted").tempdir().unwrap();
    let socket = folder.path().join("blk.sock");
    let _daemon = StorageDaemon::serve(&folder.path().join("image.raw"), &socket);
    let name = "vtop-lab-uncounted";
    let guest = lab.define(name, "idle", |xml| with_uncounted_devices(&xml, &socket));
    guest.virsh("start", &["--paused"]);

    let mut source = LibvirtSource::new(LibvirtOptions { uri: Some(lab.uri.clone()), ..LibvirtOptions::default() });
    let info = source.connect(Notify::new(|_| ())).unwrap();
    let mut fleet = Fleet::new(1);
    fleet.apply(0, HostUpdate::Connected(info.into()));
    fleet.apply(0, HostUpdate::Keyframe(source.sample(&Request::state_only()).unwrap()));
    for _ in 0..3 {
        let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
        let read = sample.domains.values().find(|domain| domain.name == name).unwrap();
        assert_eq!((read.unanswered, read.blocked), (Groups::empty(), None), "nothing is left out");
        assert!(read.answered.contains(Groups::BLOCK | Groups::NET));
        fleet.apply(0, HostUpdate::Keyframe(sample));
    }
    let domain = fleet.hosts()[0].domains.values().find(|domain| domain.name == name).unwrap();
    let disks: Vec<_> = domain.disks.iter().map(|disk| (disk.key.as_str(), disk.source(), disk.reason)).collect();
    assert_eq!(disks, [("vda", socket.to_str(), Some(VHOST_USER))]);
    let nics: Vec<_> = domain.nics.iter().map(|nic| (nic.key.as_str(), nic.reason)).collect();
    assert_eq!(nics, [("52:54:00:77:99:01", Some(USER)), ("52:54:00:77:99:02", Some(USER))]);
    assert_eq!(fleet.hosts()[0].partial_sums(When::Latest), Groups::empty());

    let seen = Command::new(crate::shared::program::VTOP)
        .args(["--connect", &lab.uri, "--json", "-n", "2", "-d", "0.5"])
        .output()
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(text(&seen).lines().last().unwrap()).unwrap();
    let domain = line["domains"].as_array().unwrap().iter().find(|domain| domain["name"] == name).unwrap();
    assert_eq!(domain["disks"][0]["kind"], "vhostuser");
    assert_eq!(domain["disks"][0]["reason"], VHOST_USER);
    assert_eq!(domain["nics"][1]["mac"], "52:54:00:77:99:02");
    assert_eq!((&domain["nics"][1]["kind"], &domain["nics"][1]["reason"]), (&"user".into(), &USER.into()));
    assert_eq!(domain["unanswered"], serde_json::json!([]));
}

/// Sends broadcasts into a device.
const BROADCASTS: &str = "
import socket
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('vtopve0', 0))
for _ in range(40):
    out.send(b'\\xff' * 6 + b'\\x02vtop0' + b'\\x88\\xb5' + bytes(60))
";

/// libvirt takes the device of an interface of type `ethernet` for a TAP device, and so swaps the directions of a macvtap device.
#[test]
fn a_macvtap_device_of_an_ethernet_interface_has_the_guests_directions() {
    let Some(lab) = lab::turn() else { return };
    let ip = |words: &str| lab.must(&[&["exec", "ip", "link"][..], &words.split(' ').collect::<Vec<_>>()].concat());
    ip("add vtopve0 type veth peer name vtopve1");
    ip("add link vtopve1 name vtopmvt0 type macvtap mode bridge");
    for device in ["vtopve0", "vtopve1", "vtopmvt0"] {
        ip(&format!("set {device} up"));
    }
    let name = "vtop-lab-macvtap";
    let guest = lab.define(name, "idle", |xml| {
        let (before, rest) = xml.split_once("    <interface").unwrap();
        let (_, after) = rest.split_once("</interface>").unwrap();
        let nic = "<interface type='ethernet'><target dev='vtopmvt0' managed='no'/><model type='virtio'/></interface>";
        format!("{before}{nic}{after}")
    });
    guest.virsh("start", &["--paused"]);

    let mut source = LibvirtSource::new(LibvirtOptions { uri: Some(lab.uri.clone()), ..LibvirtOptions::default() });
    source.connect(Notify::new(|_| ())).unwrap();
    source.sample(&Request::state_only()).unwrap();
    let mut packets = || {
        let sample = source.sample(&Request::of_all(Groups::CHEAP)).unwrap();
        let domain = sample.domains.into_values().find(|domain| domain.name == name).unwrap();
        let nic = domain.nics.into_iter().find(|nic| nic.name == "vtopmvt0").unwrap();
        assert_eq!(nic.guest_side, Some(GuestSide::InFront));
        [nic.rx_packets, nic.tx_packets].map(|count| count.unwrap().total())
    };
    let before = packets();
    lab.must(&["exec", "python3", "-c", BROADCASTS]);
    let after = packets();
    drop(guest);
    ip("del vtopve0");
    assert!(after[0] - before[0] >= 40, "received: {before:?}, {after:?}");
    assert!(after[1] - before[1] < 40, "sent: {before:?}, {after:?}");
}
