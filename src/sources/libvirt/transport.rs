//! How a connection reaches its daemon.

use std::path::Path;

/// How a connection reaches its daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Through a socket of this machine.
    Local(Activation),
    /// `+ssh`: the program `ssh`.
    Ssh,
    /// `+ext`: a command that the URI names.
    Command,
    /// TCP, TLS, or a library for ssh.
    Network,
}

/// Whether an attempt to connect starts the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// It does not.
    None,
    /// systemd starts the daemon when a client connects: there is a socket unit. Without a listener the attempt starts nothing.
    SocketUnit,
    /// libvirt's client starts the daemon of this user: `qemu:///session`.
    Client,
}

/// Folders with the units of systemd.
const UNIT_FOLDERS: [&str; 5] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];

impl Transport {
    /// The transport of a URI, as libvirt chooses it. `None`: libvirt chooses a driver of this machine.
    pub(crate) fn of(uri: Option<&str>) -> Self {
        Self::on_machine(uri, Path::new("/"), rustix::process::geteuid().is_root())
    }

    fn on_machine(uri: Option<&str>, root: &Path, is_root: bool) -> Self {
        // Without a URI libvirt takes the daemon of the system for root, and that of the user for all others.
        let uri = uri.unwrap_or(if is_root { "qemu:///system" } else { "qemu:///session" });
        let Some((scheme, rest)) = uri.split_once("://") else { return Self::Network };
        let scheme = scheme.to_ascii_lowercase();
        let (driver, transport) =
            scheme.split_once('+').map_or((&*scheme, None), |(driver, name)| (driver, Some(name)));
        let address = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        match transport {
            Some("ssh") => Self::Ssh,
            Some("ext") => Self::Command,
            Some("unix") => Self::Local(activation(driver, path, root)),
            None if host.is_empty() => Self::Local(activation(driver, path, root)),
            _ => Self::Network,
        }
    }

    /// Whether the URI's daemon is started by an attempt to connect, where a process accepted the connection or may have.
    pub(crate) fn starts_daemon(self) -> bool {
        matches!(self, Self::Local(Activation::SocketUnit | Activation::Client))
    }
}

fn activation(driver: &str, path: &str, root: &Path) -> Activation {
    if path == "session" {
        return Activation::Client;
    }
    let units = ["libvirtd.socket".to_owned(), "virtproxyd.socket".to_owned(), format!("virt{driver}d.socket")];
    let is_unit = |folder: &str| units.iter().any(|unit| root.join(folder).join(unit).exists());
    // systemd runs the machine if it made this folder.
    match root.join("run/systemd/system").is_dir() && UNIT_FOLDERS.iter().any(|folder| is_unit(folder)) {
        true => Activation::SocketUnit,
        false => Activation::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_uri_names_the_transport() {
        let machine = tempfile::tempdir().unwrap();
        let of = |uri| Transport::on_machine(Some(uri), machine.path(), false);
        for uri in
            ["qemu:///system", "QEMU:///system", "qemu+unix:///system?socket=/x", "lxc:///", "qemu+unix://h/system"]
        {
            assert_eq!(of(uri), Transport::Local(Activation::None), "{uri}");
        }
        for uri in ["qemu:///session", "qemu+unix:///session?socket=/x"] {
            assert_eq!(of(uri), Transport::Local(Activation::Client), "{uri}");
        }
        assert_eq!(of("qemu+ssh:///system"), Transport::Ssh);
        assert_eq!(of("qemu+ssh://ops@h:22/session"), Transport::Ssh);
        assert_eq!(of("qemu+ext:///system?command=/bin/nc"), Transport::Command);
        for uri in [
            "qemu://h/system",
            "qemu+tcp://h/system",
            "qemu+tls://h/",
            "qemu+libssh://h/",
            "qemu+libssh2://h/",
            "alias",
        ] {
            assert_eq!(of(uri), Transport::Network, "{uri}");
        }
    }

    #[test]
    fn without_a_uri_root_gets_the_system_and_others_their_session() {
        let machine = tempfile::tempdir().unwrap();
        let of = |is_root| Transport::on_machine(None, machine.path(), is_root);
        assert_eq!(of(true), Transport::Local(Activation::None));
        assert_eq!(of(false), Transport::Local(Activation::Client));
    }

    #[test]
    fn a_socket_unit_counts_where_systemd_runs() {
        let machine = tempfile::tempdir().unwrap();
        let of = |uri| Transport::on_machine(Some(uri), machine.path(), true);
        let write = |path: &str| {
            let path = machine.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        write("lib/systemd/system/virtqemud.socket");
        assert_eq!(of("qemu:///system"), Transport::Local(Activation::None), "systemd does not run");
        fs::create_dir_all(machine.path().join("run/systemd/system")).unwrap();
        assert_eq!(of("qemu:///system"), Transport::Local(Activation::SocketUnit));
        assert_eq!(of("lxc:///system"), Transport::Local(Activation::None), "the daemon of another driver");
        write("etc/systemd/system/libvirtd.socket");
        assert_eq!(of("lxc:///system"), Transport::Local(Activation::SocketUnit));
        assert_eq!(of("qemu+ssh:///system"), Transport::Ssh);
    }
}
