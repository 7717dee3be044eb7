//! Connections to a remote libvirtd: TCP, TLS and ssh.

use crate::lab::Lab;
use crate::outage::Outage;
use crate::program::Program;
use crate::relay::{Relay, To};
use crate::table::{Row, Table};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// Limit: the first try, a second after the cut, fails; the next comes two seconds later.
const CUT: Duration = Duration::from_millis(1500);
const BACK_WITHIN: Duration = Duration::from_secs(3);

fn relay(lab: &Lab) -> Relay {
    Relay::new(To::Socket(lab.folder().join("sock/libvirt-sock")))
}

fn cut(relay: &Relay, uri: &str, fault: &str) -> Row {
    let outage =
        Outage { fault, uri, begin: &|| relay.cut(), end: &|| relay.mend(), length: CUT, back_within: BACK_WITHIN };
    outage.of_the_connection()
}

pub fn tcp_is_cut(lab: &Lab, table: &mut Table) {
    let relay = relay(lab);
    let row = cut(&relay, &tcp(&relay), "a TCP connection is cut");
    table.add(row.clone());
    row.judge();
}

fn tcp(relay: &Relay) -> String {
    format!("qemu+tcp://127.0.0.1:{}/system", relay.port)
}

/// All packets are lost silently. libvirt closes the connection after 20 s, and the next attempt hangs.
pub fn tcp_is_silent(lab: &Lab, table: &mut Table) {
    let relay = relay(lab);
    let outage = Outage {
        fault: "a TCP connection is silent for 24 s",
        uri: &tcp(&relay),
        begin: &|| relay.set_silent(true),
        end: &|| relay.set_silent(false),
        length: Duration::from_secs(24),
        back_within: BACK_WITHIN,
    };
    let row = outage.of_answers();
    table.add(row.clone());
    row.judge();
}

/// libvirtd's TLS port in the lab's network namespace.
const TLS_PORT: u16 = 16514;

pub fn tls_is_cut(lab: &Lab, table: &mut Table) {
    let namespace = format!("/proc/{}/ns/net", lab.daemon_pid());
    let relay = Relay::new(To::Port(namespace.into(), TLS_PORT));
    let certificates = lab.folder().join("pki");
    let uri = format!("qemu+tls://127.0.0.1:{}/system?pkipath={}", relay.port, certificates.display());
    let row = cut(&relay, &uri, "a TLS connection is cut");
    table.add(row.clone());
    row.judge();
}

/// A stand-in for ssh: asks for a password on the terminal unless told not to, and connects through the relay.
struct Ssh {
    command: PathBuf,
}

const PROMPT: &str = "root@lab's password:";

impl Ssh {
    fn new(lab: &Lab, relay: &Relay) -> Self {
        let command = lab.folder().join("ssh");
        let script = format!(
            "#!/bin/sh\n\
             case \" $* \" in\n\
             *BatchMode=yes*) ;;\n\
             *) {{ printf \"{PROMPT} \"; read -r answer; }} </dev/tty >/dev/tty ;;\n\
             esac\n\
             exec busybox nc 127.0.0.1 {}\n",
            relay.port
        );
        std::fs::write(&command, script).unwrap();
        std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { command }
    }

    fn uri(&self, more: &str) -> String {
        format!("qemu+ssh://root@lab/system?command={}{more}", self.command.display())
    }
}

pub fn ssh_is_cut(lab: &Lab, table: &mut Table) {
    let relay = relay(lab);
    let ssh = Ssh::new(lab, &relay);
    let row = cut(&relay, &ssh.uri(""), "a connection through ssh is cut");
    table.add(row.clone());
    row.judge();
    // The stand-in would have asked for a password.
    let program = Program::start(&ssh.uri("&no_tty=0"), &[]);
    program.wait("the prompt that the user insists on", |text| text.contains(PROMPT));
}
