//! What is done to a URI before libvirt gets it.

/// Adds `no_tty=1` to a URI that goes through ssh, unless it says something about it: ssh would otherwise ask for a
/// password in the middle of the screen.
pub fn without_prompts(uri: &str) -> String {
    let Some((scheme, _)) = uri.split_once("://") else { return uri.to_owned() };
    if !scheme.to_ascii_lowercase().ends_with("+ssh") {
        return uri.to_owned();
    }
    let (address, fragment) = match uri.find('#') {
        Some(at) => uri.split_at(at),
        None => (uri, ""),
    };
    let separator = match address.split_once('?') {
        None => "?",
        Some((_, query)) if query.split(['&', ';']).any(|pair| pair.split('=').next() == Some("no_tty")) => {
            return uri.to_owned();
        }
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{address}{separator}no_tty=1{fragment}")
}

/// Whether a URI means this machine: it names no host.
pub(super) fn is_local(uri: &str) -> bool {
    uri.split_once("://").is_some_and(|(_, rest)| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{is_local, without_prompts};

    #[test]
    fn without_a_host_it_is_this_machine() {
        for uri in ["qemu:///system", "qemu+unix:///system?socket=/run/x", "qemu:///session"] {
            assert!(is_local(uri), "{uri}");
        }
        for uri in ["qemu://host/system", "qemu+ssh://root@host/system", "qemu+tcp://127.0.0.1:16509/system", ""] {
            assert!(!is_local(uri), "{uri}");
        }
    }

    #[test]
    fn ssh_is_told_not_to_ask() {
        for (given, expected) in [
            ("qemu+ssh://host/system", "qemu+ssh://host/system?no_tty=1"),
            ("qemu+ssh://root@host:2222/system", "qemu+ssh://root@host:2222/system?no_tty=1"),
            ("QEMU+SSH://host/system", "QEMU+SSH://host/system?no_tty=1"),
            ("qemu+ssh://host/system?keyfile=/k", "qemu+ssh://host/system?keyfile=/k&no_tty=1"),
            ("qemu+ssh://host/system?", "qemu+ssh://host/system?no_tty=1"),
            ("xen+ssh://host/#part", "xen+ssh://host/?no_tty=1#part"),
        ] {
            assert_eq!(without_prompts(given), expected);
        }
    }

    #[test]
    fn the_user_has_the_last_word() {
        for uri in ["qemu+ssh://host/system?no_tty=0", "qemu+ssh://host/system?a=b&no_tty=1", "qemu+ssh://h/?no_tty"] {
            assert_eq!(without_prompts(uri), uri);
        }
    }

    #[test]
    fn a_parameter_with_a_similar_name_is_another_one() {
        assert_eq!(without_prompts("qemu+ssh://h/?not_no_tty=1"), "qemu+ssh://h/?not_no_tty=1&no_tty=1");
    }

    #[test]
    fn other_transports_are_left_alone() {
        for uri in ["qemu:///system", "qemu+tls://host/system", "qemu+libssh://host/", "test:///default", "+ssh", ""] {
            assert_eq!(without_prompts(uri), uri);
        }
    }
}
