//! libvirt's errors in words for the operator: what failed, why, and what to do next.
//!
//! Errors of connecting come from the client library in this process, and vtop sets no locale: their text is English, so it can be
//! searched for words. Errors of a daemon can be in any language, so only their code is used.

use super::ffi::{CloseReason, LibvirtError};
use super::transport::{Activation, Transport};
use crate::model::{Call, Driver};
use crate::sources::{FailureScope, SourceError};
use crate::text::shell_word;
use virt::sys;

/// Schemes of libvirt's drivers, each with its modular daemon (`virtqemud` …) if there is one.
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

/// What a connection is to reach.
pub(crate) struct Target<'a> {
    /// The URI that the operator gave, if any.
    given: Option<&'a str>,
    /// The URI that is meant by it.
    meant: Option<String>,
    transport: Transport,
}

impl<'a> Target<'a> {
    /// `meant`: the given URI, or what an alias or the default stands for; `None`: libvirt chooses.
    pub(crate) fn new(given: Option<&'a str>, meant: Option<String>) -> Self {
        let transport = Transport::of(meant.as_deref());
        Self { given, meant, transport }
    }
}

/// Why a connection could not be opened. Errors that the operator must fix (permissions, logins) are permanent at the first
/// attempt. If vtop was connected before, the daemon may just be starting again, so the next attempts follow sooner.
pub(crate) fn connecting(error: &LibvirtError, target: &Target<'_>, connected_before: bool) -> SourceError {
    let (uri, meant, transport) = (target.given, target.meant.as_deref(), target.transport);
    let shown = uri.filter(|uri| !uri.is_empty()).unwrap_or("the default hypervisor");
    let scheme = meant.and_then(|uri| uri.split([':', '+']).next()).unwrap_or("");
    let operators = if connected_before { FailureScope::Connection } else { FailureScope::Permanent };
    let text = error.message.as_str();
    let say = |why: String, advice: Option<String>, scope| SourceError {
        message: format!("cannot connect to {shown}: {why}"),
        advice,
        scope,
    };

    match error.code as u32 {
        sys::VIR_ERR_NO_CONNECT => say(
            "libvirt has no driver for it".to_owned(),
            Some(format!("check the URI's spelling; if it is right, install libvirt's {scheme} driver")),
            FailureScope::Permanent,
        ),
        sys::VIR_ERR_INVALID_ARG => say(text.to_owned(), Some(URI_ADVICE.to_owned()), FailureScope::Permanent),
        sys::VIR_ERR_INTERNAL_ERROR if text.contains("parse URI") => {
            say("this is not a URI".to_owned(), Some(URI_ADVICE.to_owned()), FailureScope::Permanent)
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
        // The test driver has no daemon: its errors are about the file that the URI names.
        _ if scheme == "test" => say(
            text.to_owned(),
            Some("test:///default needs no file; test:///PATH reads libvirt's XML of a <node> from there".to_owned()),
            FailureScope::Permanent,
        ),
        _ => {
            if let Some(socket) = quoted_after(text, "Failed to connect socket to '") {
                let (why, advice, scope) = local_socket(text, socket, scheme, operators, transport);
                say(why, Some(advice), scope)
            } else if transport == Transport::Ssh && is_end(text) {
                let words = text.strip_prefix(RECEIVING);
                let (why, advice, scope) = ssh(words.unwrap_or_default(), meant, operators);
                let lost = || "ssh ended at once, and libvirt did not keep its message".to_owned();
                say(words.map_or_else(lost, |_| why), Some(advice), scope)
            } else if matches!(transport, Transport::Local(_)) && is_end(text) {
                let (why, advice) = ended_before_answer(text);
                say(why, Some(advice), scope_of_end(transport))
            } else if transport == Transport::Command
                && let Some(words) = text.strip_prefix(RECEIVING)
            {
                let advice = "try the command of the URI by hand".to_owned();
                say(
                    format!("the command of the URI has ended: {}", without_ending(words)),
                    Some(advice),
                    FailureScope::Connection,
                )
            } else if let Some(server) = quoted_after(text, "unable to connect to server at '") {
                let advice = format!(
                    "check that the daemon there listens (libvirtd-tcp.socket, libvirtd-tls.socket, virtproxyd-*.socket) \
                     and that no firewall drops {server}"
                );
                say(text.to_owned(), Some(advice), FailureScope::Connection)
            } else if text.contains("ertificate") {
                let advice =
                    "the TLS transport needs a CA certificate and a client certificate: see libvirt's page on \
                              TLS, or use qemu+ssh://"
                        .to_owned();
                say(text.to_owned(), Some(advice), operators)
            } else if text.contains("resolve address") || text.contains("IP address lookup") {
                let advice = "check the host's name and this machine's DNS".to_owned();
                say(text.to_owned(), Some(advice), FailureScope::Connection)
            } else if is_end(text) {
                let why = format!(
                    "the connection ended before the first answer: {}",
                    text.strip_prefix(RECEIVING).unwrap_or(text)
                );
                say(why, Some(general_advice(uri)), FailureScope::Connection)
            } else {
                say(text.to_owned(), Some(general_advice(uri)), FailureScope::Connection)
            }
        }
    }
}

/// How libvirt's errors begin where the other side has ended while libvirt reads. What a command wrote to its stderr follows.
const RECEIVING: &str = "Cannot recv data: ";

/// What libvirt says where the other side of the connection has ended.
const ENDS: [&str; 5] = [
    RECEIVING,
    "Cannot write data: ",
    "End of file while reading data",
    // A hangup, or an error.
    "event on socket",
    "client socket is closed",
];

/// True if the other side of the connection ended it.
fn is_end(text: &str) -> bool {
    ENDS.iter().any(|words| text.contains(words))
}

/// A daemon of this machine that accepted the connection and ended it.
fn ended_before_answer(text: &str) -> (String, String) {
    let verb = if text.contains("reset by peer") { "reset" } else { "closed" };
    (
        format!("the libvirt daemon {verb} the connection before its first answer"),
        "it is starting or ending; vtop tries again by itself; for the reason, see journalctl -u libvirtd (or virtqemud)"
            .to_owned(),
    )
}

/// What ends with a connection that the other side has ended, and when to try again.
fn scope_of_end(transport: Transport) -> FailureScope {
    match transport {
        Transport::Local(_) if transport.starts_daemon() => FailureScope::AwayOnDemand,
        Transport::Local(_) => FailureScope::Away,
        _ => FailureScope::Connection,
    }
}

const URI_ADVICE: &str = "write it as qemu:///system, qemu+ssh://host/system, lxc:///system, xen:///system";

/// The advice for an error that vtop has no better advice for: try virsh with the same URI, and how URIs are written.
fn general_advice(uri: Option<&str>) -> String {
    let connect = uri.filter(|uri| !uri.is_empty()).map(|uri| format!(" -c {}", shell_word(uri))).unwrap_or_default();
    format!("try by hand: virsh -r{connect} list; if the URI is wrong, {URI_ADVICE}")
}

/// A socket on this machine that did not answer.
fn local_socket(
    text: &str,
    socket: &str,
    scheme: &str,
    operators: FailureScope,
    transport: Transport,
) -> (String, String, FailureScope) {
    if text.ends_with("Permission denied") {
        let advice = "join the group that may use it: sudo usermod -aG libvirt $USER, then log in again".to_owned();
        return (format!("no permission to use {socket}"), advice, operators);
    }
    let driver = SCHEMES.iter().find(|(known, _)| *known == scheme);
    if driver.is_none() && !scheme.is_empty() {
        let why = format!("libvirt has no driver for the scheme {scheme}");
        return (why, URI_ADVICE.to_owned(), FailureScope::Permanent);
    }
    let why = if text.ends_with("Connection refused") {
        format!("the libvirt daemon is not running: no process listens at {socket}")
    } else if text.ends_with("No such file or directory") {
        format!("the libvirt daemon is not running: there is no {socket}")
    } else if text.contains("reset by peer") {
        let (why, advice) = ended_before_answer(text);
        return (why, advice, scope_of_end(transport));
    } else {
        return (
            text.to_owned(),
            "check the libvirt daemon: systemctl status libvirtd (or virtqemud)".to_owned(),
            FailureScope::Connection,
        );
    };
    let daemon = socket.rsplit('/').next().and_then(|file| file.split("-sock").next()).unwrap_or("");
    let advice = if socket.starts_with("/run/user/") || socket.contains("/.cache/libvirt") {
        format!("start it as this user: {} --daemon", if daemon == "libvirt" { "libvirtd" } else { daemon })
    } else if let Some((_, Some(own))) = driver.filter(|_| daemon == "libvirt") {
        format!(
            "start it: sudo systemctl start libvirtd.socket (or {own}.socket, on a host with a daemon for each driver)"
        )
    } else if daemon == "libvirt" {
        "start it: sudo systemctl start libvirtd.socket".to_owned()
    } else if daemon.starts_with("virt") {
        format!("start it: sudo systemctl start {daemon}.socket")
    } else {
        "start the daemon that belongs to this socket, or check the path in the URI".to_owned()
    };
    // Where nothing listens, systemd does not either.
    let scope = match transport {
        Transport::Local(Activation::Client) => FailureScope::AwayOnDemand,
        _ => FailureScope::Away,
    };
    (why, advice, scope)
}

/// The words of a command, without the error of the system that libvirt adds to them.
fn without_ending(words: &str) -> &str {
    [": Connection reset by peer", ": Input/output error", ": Broken pipe"]
        .iter()
        .find_map(|ending| words.strip_suffix(ending))
        .unwrap_or(words)
        .trim()
}

/// Why ssh, or the program that it started on the host, has ended: message, advice and scope. `words` is the error message of ssh.
fn ssh(words: &str, uri: Option<&str>, operators: FailureScope) -> (String, String, FailureScope) {
    let words = without_ending(words);
    let host = uri
        .and_then(|uri| uri.split_once("://"))
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
        .filter(|host| !host.is_empty())
        .unwrap_or("localhost");
    let by_hand = format!("try by hand: ssh {} virsh -r list", shell_word(host));
    let (advice, scope) = if words.contains("resolve hostname") {
        ("check the host's name and this machine's DNS".to_owned(), FailureScope::Connection)
    } else if words.contains("Permission denied") {
        (format!("vtop asks for no password: load a key with ssh-add, then {by_hand}"), operators)
    } else if words.contains("Host key verification failed") {
        (format!("accept the host's key once: ssh {host}"), operators)
    } else if words.contains("command not found") || words.contains("not found") {
        ("install netcat, or libvirt's virt-ssh-helper, on the host".to_owned(), operators)
    } else if words.contains("No such file or directory") || words.contains("unix connect failed") {
        (
            format!("the libvirt daemon on the host is not running: ssh {host} sudo systemctl start libvirtd.socket"),
            FailureScope::Connection,
        )
    } else {
        (by_hand, FailureScope::Connection)
    };
    (format!("ssh: {}", words.strip_prefix("ssh: ").unwrap_or(words)), advice, scope)
}

/// Why a sample failed on a connection over `transport`.
pub(crate) fn sampling(
    error: &LibvirtError,
    connection_stands: bool,
    reason: Option<CloseReason>,
    transport: Transport,
) -> SourceError {
    if !connection_stands {
        let Some(reason) = reason else {
            return SourceError {
                message: format!("connection lost: {}", error.message),
                ..closed(CloseReason::Error, transport)
            };
        };
        return closed(reason, transport);
    }
    let (message, advice) = match error.code as u32 {
        sys::VIR_ERR_OPERATION_TIMEOUT => (
            format!("another job holds a domain: {}", error.message),
            Some("virsh domjobinfo DOMAIN shows the job".to_owned()),
        ),
        sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED => (
            format!("the daemon denied access: {}", error.message),
            Some("have a polkit rule allow this user to read domains".to_owned()),
        ),
        _ => (
            format!("libvirt could not read the domains: {}", error.message),
            Some("try by hand, with the same -c: virsh -r domstats".to_owned()),
        ),
    };
    SourceError { message, advice, scope: FailureScope::Sample }
}

/// The end of a connection over `transport` that closed by itself.
pub(crate) fn closed(reason: CloseReason, transport: Transport) -> SourceError {
    let (message, scope) = match reason {
        CloseReason::EndOfFile => {
            ("the libvirt daemon closed the connection: it ended or was restarted", scope_of_end(transport))
        }
        CloseReason::Keepalive => ("the libvirt daemon has not answered for 20 s", FailureScope::Connection),
        CloseReason::Error => ("the connection broke", scope_of_end(transport)),
    };
    let advice = "vtop connects again by itself; for the reason, see journalctl -u libvirtd (or virtqemud)";
    SourceError { message: message.to_owned(), advice: Some(advice.to_owned()), scope }
}

/// Whether the driver does not support a call at all: it fails for every domain.
pub(crate) fn is_unsupported(call: Call, error: &LibvirtError) -> bool {
    match error.code as u32 {
        sys::VIR_ERR_NO_SUPPORT => true,
        // For a call on one device, the error may hold for this kind of device only.
        sys::VIR_ERR_OPERATION_UNSUPPORTED => {
            !matches!(call, Call::BlockStats | Call::BlockStatsFlags | Call::BlockInfo | Call::InterfaceStats)
        }
        _ => false,
    }
}

/// Whether the error means that the domain does not exist any more. The code "operation invalid" does not mean that: a cgroup
/// controller that is not mounted has it too.
pub(crate) fn is_no_domain(error: &LibvirtError) -> bool {
    error.code as u32 == sys::VIR_ERR_NO_DOMAIN
}

/// Whether the error means that another job holds the domain. Every further call on this domain would wait 30 s and fail too.
pub(crate) fn is_busy(error: &LibvirtError) -> bool {
    error.code as u32 == sys::VIR_ERR_OPERATION_TIMEOUT
}

/// Why a call failed, in a few words for the operator.
pub(crate) fn unsupported(error: &LibvirtError, driver: &Driver) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u32, domain: u32, message: &str) -> LibvirtError {
        LibvirtError { code: code as i32, domain: domain as i32, message: message.to_owned() }
    }

    /// `super::connecting` on a machine where systemd starts nothing.
    fn connecting(error: &LibvirtError, uri: Option<&str>, connected_before: bool) -> SourceError {
        let mut target = Target::new(uri, uri.filter(|uri| !uri.is_empty()).map(str::to_owned));
        if target.transport == Transport::Local(Activation::SocketUnit) {
            target.transport = Transport::Local(Activation::None);
        }
        super::connecting(error, &target, connected_before)
    }

    /// What a first attempt at `uri` says where libvirt fails with this message of its RPC part.
    fn rpc(uri: &str, message: &str) -> SourceError {
        connecting(&error(sys::VIR_ERR_SYSTEM_ERROR, sys::VIR_FROM_RPC, message), Some(uri), false)
    }

    #[test]
    fn a_daemon_that_is_not_there_names_what_starts_it() {
        for (uri, socket, advice) in [
            (
                "qemu:///system",
                "/var/run/libvirt/libvirt-sock-ro",
                "start it: sudo systemctl start libvirtd.socket (or virtqemud.socket, on a host with a daemon for each driver)",
            ),
            ("qemu:///system", "/var/run/libvirt/virtqemud-sock-ro", "start it: sudo systemctl start virtqemud.socket"),
            ("xen:///", "/var/run/libvirt/virtxend-sock", "start it: sudo systemctl start virtxend.socket"),
            ("qemu:///session", "/run/user/1000/libvirt/virtqemud-sock", "start it as this user: virtqemud --daemon"),
            ("qemu:///session", "/home/a/.cache/libvirt/libvirt-sock", "start it as this user: libvirtd --daemon"),
            (
                "qemu+unix:///system?socket=/x",
                "/x",
                "start the daemon that belongs to this socket, or check the path in the URI",
            ),
        ] {
            for (why, words) in
                [("No such file or directory", "there is no"), ("Connection refused", "no process listens at")]
            {
                let said = rpc(uri, &format!("Failed to connect socket to '{socket}': {why}"));
                assert_eq!(
                    said.message,
                    format!("cannot connect to {uri}: the libvirt daemon is not running: {words} {socket}")
                );
                assert_eq!(said.advice.as_deref(), Some(advice));
                let scope = if uri == "qemu:///session" { FailureScope::AwayOnDemand } else { FailureScope::Away };
                assert_eq!(said.scope, scope, "{uri}");
            }
        }
    }

    #[test]
    fn permission_is_the_operators_at_first_and_a_matter_of_time_later() {
        let denied = error(
            sys::VIR_ERR_SYSTEM_ERROR,
            sys::VIR_FROM_RPC,
            "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
        );
        let first = connecting(&denied, Some("qemu:///system"), false);
        assert_eq!(first.scope, FailureScope::Permanent);
        assert!(first.advice.unwrap().contains("usermod -aG libvirt"));
        // A daemon that starts again makes its socket first and opens it to the group then.
        assert_eq!(connecting(&denied, Some("qemu:///system"), true).scope, FailureScope::Connection);
    }

    #[test]
    fn the_end_of_a_connection_has_the_words_of_its_transport() {
        let reset = "Cannot recv data: Connection reset by peer";
        let ends = [
            (reset, "reset"),
            ("Failed to connect socket to '/run/libvirt/libvirt-sock': Connection reset by peer", "reset"),
            ("Cannot write data: Broken pipe", "closed"),
            ("End of file while reading data: Input/output error", "closed"),
            ("internal error: client socket is closed", "closed"),
            ("internal error: received hangup event on socket", "closed"),
        ];
        for (text, verb) in ends {
            for before in [false, true] {
                let rpc = error(sys::VIR_ERR_SYSTEM_ERROR, sys::VIR_FROM_RPC, text);
                let said = connecting(&rpc, Some("qemu:///system"), before);
                let why = format!("the libvirt daemon {verb} the connection before its first answer");
                assert_eq!(said.message, format!("cannot connect to qemu:///system: {why}"));
                assert_eq!(said.scope, FailureScope::Away, "{text}");
                assert!(said.advice.unwrap().contains("journalctl"));
                assert_eq!(connecting(&rpc, Some("qemu:///session"), before).scope, FailureScope::AwayOnDemand);
            }
        }
        for (uri, why) in [
            ("qemu+tcp://h/system", "the connection ended before the first answer: Connection reset by peer"),
            ("qemu+tls://h/system", "the connection ended before the first answer: Connection reset by peer"),
            ("qemu://h/system", "the connection ended before the first answer: Connection reset by peer"),
            ("qemu+libssh2://h/system", "the connection ended before the first answer: Connection reset by peer"),
            ("qemu+ext:///system?command=/bin/nc", "the command of the URI has ended: Connection reset by peer"),
            ("qemu+ssh://h/system", "ssh: Connection reset by peer"),
        ] {
            let said = rpc(uri, reset);
            assert_eq!(said.message, format!("cannot connect to {uri}: {why}"));
            assert_eq!(said.scope, FailureScope::Connection, "{uri}");
        }
        let said = rpc("qemu+ext:///system?command=/x", "Cannot recv data: sh: /x: not found: Input/output error");
        assert!(said.message.ends_with("the command of the URI has ended: sh: /x: not found"), "{said}");
        let said = rpc("qemu+ssh://h/system", "internal error: client socket is closed");
        assert!(said.message.ends_with("ssh ended at once, and libvirt did not keep its message"), "{said}");
    }

    #[test]
    fn an_alias_has_the_transport_of_its_uri() {
        let reset =
            error(sys::VIR_ERR_SYSTEM_ERROR, sys::VIR_FROM_RPC, "Cannot recv data: no route: Connection reset by peer");
        let target = Target::new(Some("hail"), Some("qemu+ssh://root@hail/system".to_owned()));
        let said = super::connecting(&reset, &target, false);
        assert_eq!(said.message, "cannot connect to hail: ssh: no route");
        assert_eq!(said.advice.as_deref(), Some("try by hand: ssh root@hail virsh -r list"));
    }

    #[test]
    fn a_connection_of_this_machine_that_closes_is_tried_soon() {
        let local = Transport::Local(Activation::None);
        for (reason, transport, scope) in [
            (CloseReason::EndOfFile, local, FailureScope::Away),
            (CloseReason::Error, local, FailureScope::Away),
            (CloseReason::Keepalive, local, FailureScope::Connection),
            (CloseReason::EndOfFile, Transport::Local(Activation::SocketUnit), FailureScope::AwayOnDemand),
            (CloseReason::EndOfFile, Transport::Local(Activation::Client), FailureScope::AwayOnDemand),
            (CloseReason::EndOfFile, Transport::Ssh, FailureScope::Connection),
            (CloseReason::EndOfFile, Transport::Network, FailureScope::Connection),
        ] {
            assert_eq!(closed(reason, transport).scope, scope, "{reason:?} {transport:?}");
        }
        assert_eq!(sampling(&error(1, 7, "odd"), false, None, local).scope, FailureScope::Away);
    }

    #[test]
    fn ssh_speaks_for_itself() {
        let said = |words: &str| rpc("qemu+ssh://ops@node1/system?no_tty=1", &format!("Cannot recv data: {words}"));
        let lost = said("ssh: Could not resolve hostname node1: Name or service not known: Connection reset by peer");
        assert!(lost.message.ends_with("ssh: Could not resolve hostname node1: Name or service not known"), "{lost}");
        assert_eq!(lost.scope, FailureScope::Connection);

        let denied = said("ops@node1: Permission denied (publickey,password).: Connection reset by peer");
        assert!(denied.message.ends_with("ssh: ops@node1: Permission denied (publickey,password)."), "{denied}");
        assert_eq!(
            denied.advice.as_deref(),
            Some("vtop asks for no password: load a key with ssh-add, then try by hand: ssh ops@node1 virsh -r list")
        );
        assert_eq!(denied.scope, FailureScope::Permanent);

        let key = said("Host key verification failed.: Connection reset by peer");
        assert_eq!(key.advice.as_deref(), Some("accept the host's key once: ssh ops@node1"));
        assert!(said("bash: nc: command not found: Connection reset by peer").advice.unwrap().contains("netcat"));
        let refused = said("ssh: connect to host node1 port 22: Connection refused: Connection reset by peer");
        assert_eq!(refused.advice.as_deref(), Some("try by hand: ssh ops@node1 virsh -r list"));
        assert_eq!(refused.scope, FailureScope::Connection);
    }

    #[test]
    fn ssh_that_ends_at_once_is_named_where_libvirt_has_lost_its_words() {
        for text in ["internal error: client socket is closed", "Cannot write data: Broken pipe"] {
            let said = rpc("qemu+ssh://ops@node1/system?no_tty=1", text);
            assert!(said.message.ends_with("ssh ended at once, and libvirt did not keep its message"), "{said}");
            assert_eq!(said.advice.as_deref(), Some("try by hand: ssh ops@node1 virsh -r list"));
            assert_eq!(said.scope, FailureScope::Connection);
            assert!(rpc("qemu+tcp://node1/system", text).message.ends_with(text), "nobody else's words");
        }
    }

    #[test]
    fn a_uri_that_means_nothing_is_permanent() {
        for said in [
            connecting(&error(5, 0, "no connection driver available for foo:///x"), Some("foo:///x"), true),
            connecting(&error(1, 45, "internal error: Unable to parse URI ://"), Some("://"), true),
            connecting(&error(8, 0, "invalid argument"), Some("x"), true),
            rpc("foo:///bar", "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory"),
        ] {
            assert_eq!(said.scope, FailureScope::Permanent, "{said}");
            assert!(said.advice.is_some(), "{said}");
        }
    }

    #[test]
    fn other_ways_to_fail_say_what_to_do() {
        for (said, words) in [
            (
                rpc("qemu+tcp://h/", "unable to connect to server at 'h:16509': Connection refused"),
                "firewall drops h:16509",
            ),
            (rpc("qemu+tls://h/", "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file"), "qemu+ssh://"),
            (rpc("qemu+libssh://h/", "Unable to resolve address 'h' service '22': Name or service not known"), "DNS"),
            (connecting(&error(45, 7, "authentication failed: no"), Some("qemu:///system"), false), "polkit"),
            (connecting(&error(88, 55, "access denied"), None, false), "polkit"),
            (
                connecting(&error(27, 17, "XML error: failed to parse '/nofile'"), Some("test:///nofile"), false),
                "test:///default",
            ),
            (rpc("qemu+ssh:///system", "Cannot recv data: Connection refused"), "ssh localhost virsh -r list"),
            (sampling(&error(1, 7, "internal error: odd"), true, None, Transport::Network), "virsh -r domstats"),
        ] {
            let advice = said.advice.clone().unwrap_or_default();
            assert!(advice.contains(words), "{said}: {advice}");
        }
    }

    #[test]
    fn an_error_that_nothing_is_known_of_has_a_way_out_too() {
        for (uri, by_hand) in [
            (Some("hyperv://h/"), "virsh -r -c hyperv://h/ list;"),
            (Some("qemu:///system"), "virsh -r -c qemu:///system list;"),
            (Some("qemu+tls://h/system?no_verify=1&x=y"), "virsh -r -c 'qemu+tls://h/system?no_verify=1&x=y' list;"),
            (Some("qemu:///it's"), "virsh -r -c \"qemu:///it's\" list;"),
            (None, "virsh -r list;"),
            (Some(""), "virsh -r list;"),
        ] {
            let odd = error(sys::VIR_ERR_CONFIG_UNSUPPORTED, 0, "unsupported configuration: odd");
            let said = connecting(&odd, uri, false);
            assert!(said.message.ends_with(": unsupported configuration: odd"), "{said}");
            assert_eq!(said.scope, FailureScope::Connection);
            let advice = said.advice.unwrap_or_default();
            assert!(advice.contains(by_hand) && advice.contains("qemu+ssh://host/system"), "{advice}");
        }
    }

    #[test]
    fn a_sample_fails_alone_or_with_its_connection() {
        let closed = error(1, 7, "internal error: client socket is closed");
        let lost = sampling(&closed, false, Some(CloseReason::EndOfFile), Transport::Network);
        assert_eq!(lost.scope, FailureScope::Connection);
        assert_eq!(lost.message, "the libvirt daemon closed the connection: it ended or was restarted");
        assert_eq!(sampling(&closed, false, None, Transport::Network).scope, FailureScope::Connection);
        let busy = sampling(&error(68, 10, "cannot acquire state change lock"), true, None, Transport::Network);
        assert_eq!(busy.scope, FailureScope::Sample);
        assert!(busy.message.contains("cannot acquire state change lock"));
    }

    #[test]
    fn unsupported_calls_have_words() {
        assert_eq!(
            unsupported(&error(3, 0, "this function is not supported"), &Driver::Lxc),
            "not supported by the LXC driver"
        );
        let cgroup = error(84, 54, "operation 'getCpuacctPercpuUsage' not supported for backend 'cgroup V2'");
        assert_eq!(unsupported(&cgroup, &Driver::Qemu), "not with cgroup v2: it does not count CPU time per host CPU");
        assert!(is_unsupported(Call::CpuStatsPerCpu, &cgroup));
        let device = error(84, 10, "not for this kind of device");
        assert!(!is_unsupported(Call::InterfaceStats, &device), "other domains have other devices");
        let dead = error(55, 20, "Requested operation is not valid: domain is not running");
        assert!(!is_unsupported(Call::MemoryStats, &dead) && !is_no_domain(&dead));
        assert!(is_no_domain(&error(42, 10, "Domain not found")));
        assert!(is_busy(&error(68, 10, "Timed out")));
    }
}
