//! libvirt's errors in words for the operator: what failed, why, and what to do next.
//!
//! Connection errors are made on this side, and vtop sets no locale: their text is English and may be looked into.
//! What a daemon says may be in any language, so there the code alone decides.

use super::ffi::{CloseReason, LibvirtError};
use crate::sources::{Severity, SourceError};
use virt::sys;

/// Schemes of libvirt's drivers, each with its daemon where libvirt runs one a driver.
const SCHEMES: [(&str, Option<&str>); 19] = [
    ("bhyve", Some("virtbhyved")),
    ("ch", Some("virtchd")),
    ("esx", None),
    ("gsx", None),
    ("hyperv", None),
    ("lxc", Some("virtlxcd")),
    ("openvz", None),
    ("parallels", None),
    ("phyp", None),
    ("qemu", Some("virtqemud")),
    ("remote", None),
    ("test", None),
    ("vbox", Some("virtvboxd")),
    ("vmwarefusion", None),
    ("vmwareplayer", None),
    ("vmwarews", None),
    ("vpx", None),
    ("vz", Some("virtvzd")),
    ("xen", Some("virtxend")),
];

/// Why a connection could not be opened. An error that only the operator can mend is permanent at the first attempt;
/// later it may be a daemon that is just starting again, and is worth another try.
pub(crate) fn connecting(error: &LibvirtError, uri: Option<&str>, connected_before: bool) -> SourceError {
    let shown = uri.filter(|uri| !uri.is_empty()).unwrap_or("the default hypervisor");
    let scheme = uri.and_then(|uri| uri.split([':', '+']).next()).unwrap_or("");
    let operators = if connected_before { Severity::Connection } else { Severity::Permanent };
    let text = error.message.as_str();
    let say = |why: String, advice: Option<String>, severity| SourceError {
        message: format!("cannot connect to {shown}: {why}"),
        advice,
        severity,
    };

    match error.code as u32 {
        sys::VIR_ERR_NO_CONNECT => say(
            "libvirt has no driver for it".to_owned(),
            Some(format!("check the URI's spelling; if it is right, install libvirt's {scheme} driver")),
            Severity::Permanent,
        ),
        sys::VIR_ERR_INVALID_ARG => say(text.to_owned(), Some(URI_ADVICE.to_owned()), Severity::Permanent),
        sys::VIR_ERR_INTERNAL_ERROR if text.contains("parse URI") => {
            say("this is not a URI".to_owned(), Some(URI_ADVICE.to_owned()), Severity::Permanent)
        }
        sys::VIR_ERR_AUTH_FAILED | sys::VIR_ERR_AUTH_CANCELLED | sys::VIR_ERR_AUTH_UNAVAILABLE => say(
            format!("the daemon refused the login: {text}"),
            Some(
                "vtop asks for no password: put the credentials into libvirt's auth.conf, or have a polkit rule \
                 allow org.libvirt.unix.monitor"
                    .to_owned(),
            ),
            operators,
        ),
        sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED => say(
            format!("the daemon denied access: {text}"),
            Some("have a polkit rule allow this user to read: connect getattr, search-domains".to_owned()),
            operators,
        ),
        _ if scheme == "test" => say(text.to_owned(), None, Severity::Permanent),
        _ => {
            if let Some(socket) = quoted_after(text, "Failed to connect socket to '") {
                let (why, advice, severity) = local_socket(text, socket, scheme, operators);
                say(why, Some(advice), severity)
            } else if let Some(words) = text.strip_prefix("Cannot recv data: ") {
                let (why, advice, severity) = ssh(words, uri, operators);
                say(why, Some(advice), severity)
            } else if let Some(server) = quoted_after(text, "unable to connect to server at '") {
                let advice = format!(
                    "check that the daemon there listens (libvirtd-tcp.socket, libvirtd-tls.socket, virtproxyd-*.socket) \
                     and that no firewall drops {server}"
                );
                say(text.to_owned(), Some(advice), Severity::Connection)
            } else if text.contains("ertificate") {
                let advice =
                    "the TLS transport needs a CA certificate and a client certificate: see libvirt's page on \
                              TLS, or use qemu+ssh://"
                        .to_owned();
                say(text.to_owned(), Some(advice), operators)
            } else if text.contains("resolve address") || text.contains("IP address lookup") {
                let advice = "check the host's name and this machine's DNS".to_owned();
                say(text.to_owned(), Some(advice), Severity::Connection)
            } else {
                say(text.to_owned(), None, Severity::Connection)
            }
        }
    }
}

const URI_ADVICE: &str = "write it as qemu:///system, qemu+ssh://host/system, lxc:///system, xen:///system";

/// A socket on this machine that did not answer.
fn local_socket(text: &str, socket: &str, scheme: &str, operators: Severity) -> (String, String, Severity) {
    if text.ends_with("Permission denied") {
        let advice = "join the group that may use it: sudo usermod -aG libvirt $USER, then log in again".to_owned();
        return (format!("no permission to use {socket}"), advice, operators);
    }
    let driver = SCHEMES.iter().find(|(known, _)| *known == scheme);
    if driver.is_none() && !scheme.is_empty() {
        let why = format!("{scheme}: is no scheme of libvirt's");
        return (why, URI_ADVICE.to_owned(), Severity::Permanent);
    }
    let why = if text.ends_with("Connection refused") {
        format!("the libvirt daemon is not running: nobody answers at {socket}")
    } else if text.ends_with("No such file or directory") {
        format!("the libvirt daemon is not running: there is no {socket}")
    } else {
        return (text.to_owned(), "is the libvirt daemon running?".to_owned(), Severity::Connection);
    };
    let daemon = socket.rsplit('/').next().and_then(|file| file.split("-sock").next()).unwrap_or("");
    let advice = if socket.starts_with("/run/user/") || socket.contains("/.cache/libvirt") {
        format!("start it as this user: {} --daemon", if daemon == "libvirt" { "libvirtd" } else { daemon })
    } else if let Some((_, Some(own))) = driver.filter(|_| daemon == "libvirt") {
        format!("start it: sudo systemctl start libvirtd.socket (or {own}.socket, where there is a daemon a driver)")
    } else if daemon == "libvirt" {
        "start it: sudo systemctl start libvirtd.socket".to_owned()
    } else if daemon.starts_with("virt") {
        format!("start it: sudo systemctl start {daemon}.socket")
    } else {
        "start the daemon that belongs to this socket, or check the path in the URI".to_owned()
    };
    (why, advice, Severity::Connection)
}

/// ssh, or what it started on the other side, has ended: its own words tell why.
fn ssh(words: &str, uri: Option<&str>, operators: Severity) -> (String, String, Severity) {
    let words = [": Connection reset by peer", ": Input/output error", ": Broken pipe"]
        .iter()
        .find_map(|ending| words.strip_suffix(ending))
        .unwrap_or(words)
        .trim();
    let host = uri
        .and_then(|uri| uri.split_once("://"))
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
        .unwrap_or("the host");
    let by_hand = format!("try by hand: ssh {host} virsh -r list");
    let (advice, severity) = if words.contains("resolve hostname") {
        ("check the host's name and this machine's DNS".to_owned(), Severity::Connection)
    } else if words.contains("Permission denied") {
        (format!("vtop asks for no password: load a key with ssh-add, then {by_hand}"), operators)
    } else if words.contains("Host key verification failed") {
        (format!("accept the host's key once: ssh {host}"), operators)
    } else if words.contains("command not found") || words.contains("not found") {
        ("install netcat, or libvirt's virt-ssh-helper, on the host".to_owned(), operators)
    } else if words.contains("No such file or directory") || words.contains("unix connect failed") {
        (
            format!("the libvirt daemon on the host is not running: ssh {host} sudo systemctl start libvirtd.socket"),
            Severity::Connection,
        )
    } else {
        (by_hand, Severity::Connection)
    };
    (format!("ssh: {}", words.strip_prefix("ssh: ").unwrap_or(words)), advice, severity)
}

/// Why a sample failed.
pub(crate) fn sampling(error: &LibvirtError, connection_stands: bool, closed: Option<CloseReason>) -> SourceError {
    if !connection_stands {
        return SourceError {
            message: closed.map_or_else(|| format!("connection lost: {}", error.message), closing),
            advice: Some(
                "vtop connects again by itself; journalctl -u libvirtd (or virtqemud) tells what happened".to_owned(),
            ),
            severity: Severity::Connection,
        };
    }
    let (message, advice) = match error.code as u32 {
        sys::VIR_ERR_OPERATION_TIMEOUT => (
            format!("a domain is held by another job: {}", error.message),
            Some("virsh domjobinfo DOMAIN shows the job".to_owned()),
        ),
        sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED => (
            format!("the daemon denied access: {}", error.message),
            Some("have a polkit rule allow this user to read domains".to_owned()),
        ),
        _ => (format!("libvirt could not read the domains: {}", error.message), None),
    };
    SourceError { message, advice, severity: Severity::Sample }
}

/// Why the connection closed by itself.
pub(crate) fn closing(reason: CloseReason) -> String {
    match reason {
        CloseReason::EndOfFile => "the libvirt daemon hung up: it ended or was restarted",
        CloseReason::Keepalive => "the libvirt daemon has not answered for 20 s",
        CloseReason::Error => "the connection broke",
    }
    .to_owned()
}

/// Whether the driver lacks a call altogether: it will not work for any domain.
pub(crate) fn is_driver_lack(error: &LibvirtError) -> bool {
    matches!(error.code as u32, sys::VIR_ERR_NO_SUPPORT | sys::VIR_ERR_OPERATION_UNSUPPORTED)
}

/// Whether the domain is not there any more. "Operation invalid" is not enough: a cgroup controller that is not
/// mounted has that code too.
pub(crate) fn is_no_domain(error: &LibvirtError) -> bool {
    error.code as u32 == sys::VIR_ERR_NO_DOMAIN
}

/// Whether another job holds the domain, and each call on it would wait 30 s for nothing.
pub(crate) fn is_busy(error: &LibvirtError) -> bool {
    error.code as u32 == sys::VIR_ERR_OPERATION_TIMEOUT
}

/// Why a call has no answer, in a few words.
pub(crate) fn lack(error: &LibvirtError, driver: &str) -> String {
    match error.code as u32 {
        sys::VIR_ERR_NO_SUPPORT => format!("not supported by the {driver} driver"),
        sys::VIR_ERR_OPERATION_UNSUPPORTED if error.message.contains("getCpuacctPercpuUsage") => {
            "not with cgroup v2: it does not count CPU time per host CPU".to_owned()
        }
        sys::VIR_ERR_OPERATION_UNSUPPORTED => format!("not supported by the {driver} driver: {}", error.message),
        sys::VIR_ERR_OPERATION_TIMEOUT => "another job holds the domain".to_owned(),
        sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED => format!("denied: {}", error.message),
        _ => error.message.clone(),
    }
}

/// `vda` out of `… 'vda' …`, where `start` ends with the quotation mark.
fn quoted_after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split('\'').next()
}
