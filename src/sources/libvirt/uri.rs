//! Changes to a URI before libvirt gets it.

use std::path::PathBuf;

/// Adds `no_tty=1` to a URI that uses ssh, unless it has that parameter already. Without it, ssh would write its password prompt
/// onto the screen.
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

/// The URI to open. A URI of ssh gets `no_tty=1`. If `given` is an alias, or `None` (the default), and libvirt's configuration has a
/// URI of ssh for it, that URI with `no_tty=1`; otherwise `given`. `configuration` is called only for an alias or the default.
pub(super) fn to_open(given: Option<&str>, configuration: impl FnOnce() -> Option<String>) -> Option<String> {
    match given {
        Some(uri) if uri.contains(':') => Some(without_prompts(uri)),
        short => {
            let resolved = configuration().and_then(|text| resolve(&text, short)).map(|uri| without_prompts(&uri));
            resolved.filter(|uri| uri.contains("+ssh://")).or_else(|| short.map(str::to_owned))
        }
    }
}

/// The URI that is meant by the given one: an alias, or the default, as libvirt's configuration has it. `None`: the configuration
/// names none, and libvirt chooses a driver of this machine. `configuration` is called only for an alias or the default.
pub(super) fn resolved(given: Option<&str>, configuration: impl FnOnce() -> Option<String>) -> Option<String> {
    match given.filter(|given| !given.is_empty()) {
        Some(uri) if uri.contains(':') => Some(uri.to_owned()),
        short => configuration().and_then(|text| resolve(&text, short)).or_else(|| short.map(str::to_owned)),
    }
}

/// The text of the `libvirt.conf` that libvirt reads for this user.
pub(super) fn configuration() -> Option<String> {
    let folder = match rustix::process::geteuid().is_root() {
        true => PathBuf::from("/etc"),
        false => match std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
            Some(folder) => folder.into(),
            None => PathBuf::from(std::env::var_os("HOME")?).join(".config"),
        },
    };
    std::fs::read_to_string(folder.join("libvirt/libvirt.conf")).ok()
}

/// The URI of an alias in `uri_aliases`, or `uri_default` without an alias.
fn resolve(configuration: &str, alias: Option<&str>) -> Option<String> {
    const QUOTES: [char; 2] = ['"', '\''];
    let is_comment = |line: &str, at: usize| line[..at].matches(QUOTES).count().is_multiple_of(2);
    let code = |line: &'_ str| {
        let comment = line.match_indices('#').map(|(at, _)| at).find(|at| is_comment(line, *at));
        line[..comment.unwrap_or(line.len())].to_owned()
    };
    let text = configuration.lines().map(code).collect::<Vec<_>>().join("\n");
    let value = |key: &str| {
        let after = text.match_indices(key).map(|(at, _)| text[at + key.len()..].trim_start());
        after.filter_map(|rest| rest.strip_prefix('=')).last()
    };
    // Every second part is in quotes, if the closing quotation mark is there.
    let quoted = |text: &str| {
        let parts: Vec<&str> = text.split(QUOTES).collect();
        let whole = parts.chunks_exact(2).take((parts.len() - 1) / 2);
        whole.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect::<Vec<_>>()
    };
    match alias {
        None => quoted(value("uri_default")?.lines().next()?).into_iter().next().map(|(_, uri)| uri),
        Some(alias) => {
            let pairs = quoted(value("uri_aliases")?);
            let mut inside = pairs.iter().take_while(|(between, _)| !between.contains(']'));
            inside.find_map(|(_, pair)| Some(pair.split_once('=').filter(|(name, _)| *name == alias)?.1.to_owned()))
        }
    }
}

/// True if a URI names no host, so that it means this machine.
pub(super) fn is_local(uri: &str) -> bool {
    uri.split_once("://").is_some_and(|(_, rest)| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{is_local, resolved, to_open, without_prompts};

    #[test]
    fn an_alias_or_the_default_may_use_ssh() {
        let configuration = "# uri_aliases = [ \"hail=qemu+ssh://comment/system\", ]\nuri_aliases = [\n  \
            \"v6=qemu+ssh://root@[2001:db8::7]/system\", \"hail=qemu+ssh://root@hail/system\",\n  'sleet=qemu+tls://sleet/system', # it's [wet]\n]\n\
            #uri_default = \"qemu:///system\"\nuri_default = \"qemu+ssh://node7/system\"\n";
        let opened = |given: Option<&str>| to_open(given, || Some(configuration.to_owned()));
        assert_eq!(opened(Some("hail")).unwrap(), "qemu+ssh://root@hail/system?no_tty=1");
        assert_eq!(opened(None).unwrap(), "qemu+ssh://node7/system?no_tty=1");
        assert_eq!(opened(Some("v6")).unwrap(), "qemu+ssh://root@[2001:db8::7]/system?no_tty=1");
        assert_eq!(opened(Some("sleet")).unwrap(), "sleet", "without ssh, libvirt resolves the alias");
        assert_eq!(opened(Some("rain")).unwrap(), "rain");
        assert_eq!(opened(Some("qemu+ssh://h/system")).unwrap(), "qemu+ssh://h/system?no_tty=1");
        let meant = |given: Option<&str>| resolved(given, || Some(configuration.to_owned()));
        for (given, uri) in [
            (Some("sleet"), "qemu+tls://sleet/system"),
            (Some("rain"), "rain"),
            (Some("qemu:///session"), "qemu:///session"),
            (None, "qemu+ssh://node7/system"),
            (Some(""), "qemu+ssh://node7/system"),
        ] {
            assert_eq!(meant(given).as_deref(), Some(uri));
        }
        assert_eq!(resolved(None, || None), None);
        for text in ["", "uri_aliases", "uri_aliases =", "uri_aliases = [", "uri_default = 7", "uri_default=\"", "="] {
            assert_eq!(to_open(None, || Some(text.to_owned())), None, "{text}");
            assert_eq!(to_open(Some("hail"), || Some(text.to_owned())).unwrap(), "hail", "{text}");
        }
        assert_eq!(to_open(None, || None), None);
    }

    #[test]
    fn a_uri_without_a_host_is_this_machine() {
        for uri in ["qemu:///system", "qemu+unix:///system?socket=/run/x", "qemu:///session"] {
            assert!(is_local(uri), "{uri}");
        }
        for uri in ["qemu://host/system", "qemu+ssh://root@host/system", "qemu+tcp://127.0.0.1:16509/system", ""] {
            assert!(!is_local(uri), "{uri}");
        }
    }

    #[test]
    fn ssh_gets_no_terminal() {
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
    fn a_parameter_of_the_user_stays() {
        for uri in ["qemu+ssh://host/system?no_tty=0", "qemu+ssh://host/system?a=b&no_tty=1", "qemu+ssh://h/?no_tty"] {
            assert_eq!(without_prompts(uri), uri);
        }
    }

    #[test]
    fn a_parameter_with_a_similar_name_is_another_one() {
        assert_eq!(without_prompts("qemu+ssh://h/?not_no_tty=1"), "qemu+ssh://h/?not_no_tty=1&no_tty=1");
    }

    #[test]
    fn uris_of_other_transports_stay_as_they_are() {
        for uri in ["qemu:///system", "qemu+tls://host/system", "qemu+libssh://host/", "test:///default", "+ssh", ""] {
            assert_eq!(without_prompts(uri), uri);
        }
    }
}
