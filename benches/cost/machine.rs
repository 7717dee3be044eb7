//! The machine of a measurement.

use crate::lab::output;
use std::process::Command;

/// CPU, kernel, libvirt and QEMU, in one line.
pub fn describe() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cpus = std::thread::available_parallelism().map_or(0, |count| count.get());
    let kvm = if std::path::Path::new("/dev/kvm").exists() { "KVM" } else { "no KVM" };
    let last_word = |line: Option<&str>| line.and_then(|line| line.split_whitespace().last()).unwrap_or("?").to_owned();
    let libvirt = last_word(said("libvirtd", &["--version"]).lines().next());
    let qemu = said("qemu-system-x86_64", &["--version"]);
    let qemu = qemu.split_whitespace().nth(3).unwrap_or("?");
    let kernel = last_word(Some(&said("uname", &["-r"])));
    format!("{} ({cpus} CPUs, {kvm}), Linux {kernel}, libvirt {libvirt}, QEMU {qemu}", model.unwrap_or("?"))
}

fn said(program: &str, arguments: &[&str]) -> String {
    output(Command::new(program).args(arguments)).unwrap_or_default()
}
