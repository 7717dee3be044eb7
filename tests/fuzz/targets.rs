//! The fuzz targets and their invariants.

use super::engine::{Target, hash, root};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;
use std::fs;
use unicode_width::UnicodeWidthStr;
use vtop::model::{BlockSample, Groups};
use vtop::sources::libvirt::fuzzing::{Value, XmlError, parameters, without_prompts, xml};
use vtop::view::Symbols;
use vtop::view::fuzzing::{clean, fit, shorten};

/// Queries: an error has a place inside of the text, and a query finds something or not.
#[test]
fn queries() {
    let seeds = [
        "web",
        "cpu>80 and not name~^test",
        "lat >= 20ms or (state:paused !db)",
        "/^web-[0-9]+$/ net.drop>0",
        "mac=52:54:00:12:34:56 \"two words\"",
        "source!~/nfs/ uuid:1b2c mem<1.5G",
    ];
    Target {
        name: "query",
        longest: 4 * 1024,
        seeds: seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        words: &[
            "(", ")", "!", "not ", " and ", " or ", "\"", "/", "~", ":", ">=", "<", "ms", "GiB", "%", "é", "name",
            "cpu",
        ],
        check: check_query,
    }
    .run();
}

fn check_query(text: &str) -> u64 {
    use vtop::table::query::{Query, complete};
    let completed = complete(text).map_or(0, |completion| completion.names.len());
    match text.parse::<Query>() {
        Ok(query) => {
            assert_eq!(query.text(), text);
            hash(&(query.is_empty(), query.groups(Groups::all()).bits(), completed.min(4)))
        }
        Err(error) => {
            assert!(!error.message.is_empty() && text.get(error.place.clone()).is_some(), "{error:?}");
            let words: String = error.message.chars().take_while(|c| c.is_alphabetic() || *c == ' ').take(24).collect();
            hash(&(words, completed.min(4)))
        }
    }
}

#[test]
fn typed_parameters() {
    let texts = fixtures("domstats");
    let domains = texts.iter().flat_map(|text| text.split("Domain:").skip(1));
    Target {
        name: "parameters",
        longest: 16 * 1024,
        seeds: domains.map(|domain| typed(domain).into_bytes()).collect(),
        words: &[
            "state",
            "reason",
            "cpu",
            "time",
            "balloon",
            "current",
            "vcpu",
            "0",
            "1",
            "net",
            "count",
            "name",
            "rx",
            "tx",
            "bytes",
            "pkts",
            "errs",
            "drop",
            "block",
            "backingIndex",
            "path",
            "rd",
            "wr",
            "fl",
            "reqs",
            "times",
            "capacity",
            "=u",
            "=i",
            "=d",
            "=b",
            "=t",
            ".",
            "vda",
            "block.0.name=tvda\n",
            "block.count=u0\n",
            "vcpu.4294967295.time=u1\n",
            "net.1.name=t\n",
            "block.1.name=tvda\nblock.1.rd.reqs=u1\n",
        ],
        check: check_parameters,
    }
    .run();
}

/// Adds types, which `virsh domstats` does not print, by guessing; mutations change them.
fn typed(domain: &str) -> String {
    let parameter = |line: &str| {
        let (key, value) = line.trim().split_once('=')?;
        let kind = match value {
            "yes" | "no" => 'b',
            _ if value.parse::<u64>().is_ok() => 'u',
            _ if value.parse::<i64>().is_ok() => 'i',
            _ => 't',
        };
        Some(format!("{key}={kind}{value}\n"))
    };
    domain.lines().filter_map(parameter).collect()
}

fn check_parameters(text: &str) -> u64 {
    let params: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).map(|(key, v)| (key, value(v))).collect();
    let figures = parameters(params.iter().cloned());
    let things = figures.disks.len() + figures.nics.len() + figures.vcpus.len();
    assert!(things <= params.len(), "{things} things of {} parameters", params.len());
    assert!(figures.disks.iter().all(|disk| !disk.name.is_empty()));
    assert!(figures.nics.iter().all(|nic| !nic.name.is_empty()));
    for (group, empty) in [
        (Groups::CPU, figures.cpu == Default::default()),
        (Groups::MEMORY, figures.memory == Default::default()),
        (Groups::VCPU, figures.vcpus.is_empty()),
        // libvirt returns the names of disks whose counters it leaves out.
        (Groups::BLOCK, !figures.disks.iter().any(BlockSample::has_counters)),
        (Groups::NET, figures.nics.is_empty()),
    ] {
        assert!(empty || figures.answered.contains(group), "{group:?} has figures and was not answered");
    }
    // Unknown parameters change nothing.
    let strange = [("strange.thing", Value::Bool(true)), ("nothing", Value::Double(f64::NAN)), ("", Value::Signed(-1))];
    assert_eq!(parameters(strange.into_iter().chain(params)), figures);
    let steps = [figures.disks.len(), figures.nics.len(), figures.vcpus.len()].map(|count| count.min(4));
    hash(&(figures.answered.bits(), steps, known(&format!("{figures:?}"))))
}

fn value(text: &str) -> Value<'_> {
    let mut chars = text.chars();
    let kind = chars.next();
    let rest = chars.as_str();
    match kind {
        Some('u') => Value::Unsigned(rest.parse().unwrap_or(u64::MAX)),
        Some('i') => Value::Signed(rest.parse().unwrap_or(i64::MIN)),
        Some('d') => Value::Double(rest.parse().unwrap_or(f64::NAN)),
        Some('b') => Value::Bool(rest == "yes"),
        _ => Value::Text(rest.into()),
    }
}

/// Which figures are present, regardless of their values.
fn known(debug: &str) -> u64 {
    let of_interest = |pair: &&[&str]| pair[0].ends_with(':');
    let words: Vec<_> = debug.split([' ', '(', ')', ',']).collect();
    hash(&words.windows(2).filter(of_interest).map(|pair| (pair[0], pair[1] == "None")).collect::<BTreeSet<_>>())
}

#[test]
fn domain_xml() {
    Target {
        name: "xml",
        longest: 32 * 1024,
        seeds: fixtures("xml").into_iter().map(String::into_bytes).collect(),
        words: &[
            "<domain>",
            "</domain>",
            "<domain type='kvm'>",
            "<devices>",
            "</devices>",
            "<disk>",
            "</disk>",
            "<disk/>",
            "<target dev='vda' bus='virtio'/>",
            "<target/>",
            "<target dir='/'/>",
            "<source file='x'/>",
            "<filesystem>",
            "</filesystem>",
            "<interface type='network'>",
            "</interface>",
            "<memory unit='TiB'>",
            "</memory>",
            "<vcpu>",
            "</vcpu>",
            "<iotune>",
            "</iotune>",
            "<bandwidth>",
            "</bandwidth>",
            "<inbound average='1'/>",
            "<title>",
            "</title>",
            "<stats period='5'/>",
            "<memballoon model='virtio'>",
            "</memballoon>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?xml version='1.0'?>",
            "<!DOCTYPE d [<!ENTITY a 'b'>]>",
            "&a;",
            "&#0;",
            "xmlns:q='u'",
            "xmlns='u'",
            "q:",
            "dev",
            "unit",
            "type",
        ],
        check: check_xml,
    }
    .run();
}

fn check_xml(text: &str) -> u64 {
    let domain = match xml(text) {
        Ok(domain) => domain,
        Err(XmlError::NoDomain(_)) => return 0,
        Err(XmlError::Malformed(why)) => {
            assert!(!why.is_empty());
            return hash(&why.chars().filter(|c| c.is_alphabetic()).take(12).collect::<String>());
        }
    };
    let elements = text.matches('<').count();
    assert!(1 + domain.disks.len() + domain.nics.len() <= elements, "more devices than elements");
    assert!(domain.disks.iter().all(|disk| !disk.target.is_empty() && disk.limits.len() < elements));
    assert!(domain.nics.iter().all(|nic| nic.target.as_deref() != Some("")));
    assert_ne!(domain.title.as_deref(), Some(""));
    let steps = [domain.disks.len(), domain.nics.len()].map(|count| count.min(4));
    hash(&(steps, known(&format!("{domain:?}"))))
}

#[test]
fn uris() {
    let seeds = [
        "qemu:///system",
        "qemu+ssh://root@host:2222/system?keyfile=/k&no_verify=1#part",
        "qemu+ssh://host/system?socket=/run/libvirt/libvirt-sock;no_tty=1",
        "qemu+unix:///system?socket=/tmp/vtop-lab/sock/libvirt-sock",
        "QEMU+SSH://[::1]/system?",
        "test:///default",
        "lxc+tls://host/system?pkipath=/tmp/pki",
        "esx://user@host/dc/cluster?no_verify=1",
    ];
    Target {
        name: "uri",
        longest: 400,
        seeds: seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        words: &[
            "+ssh", "://", "?", "&", ";", "#", "=", "no_tty", "no_tty=1", "no_tty=0", "%20", "qemu", "/", "@", ":",
        ],
        check: check_uri,
    }
    .run();
}

fn check_uri(uri: &str) -> u64 {
    let made = without_prompts(uri);
    assert_eq!(without_prompts(&made), made, "a second time adds nothing");
    let added = made.len() - uri.len();
    if made != uri {
        let separator = added - "no_tty=1".len();
        assert!(separator <= 1, "nothing else was added");
        let mut places = made.match_indices("no_tty=1").filter(|(at, _)| *at >= separator);
        let rest_is_the_same = places.any(|(at, word)| {
            // The text before the separator and after the word is unchanged.
            made.get(..at - separator).is_some_and(|before| [before, &made[at + word.len()..]].concat() == uri)
        });
        assert!(rest_is_the_same, "{made}");
        let scheme = uri.split_once("://").expect("a URI").0;
        assert!(scheme.to_ascii_lowercase().ends_with("+ssh"));
    }
    let signs = ["+", ":", "/", "?", "&", ";", "#", "="].map(|sign| uri.matches(sign).count().min(2));
    hash(&(added, signs))
}

#[test]
fn text_of_others() {
    let seeds = [
        "kubernetes-node-17.example.com",
        "\x1b[31mred\x1b[0m\x1b]0;title\x07",
        "\u{202e}evil\u{2066}x\u{200f}",
        "日本語サーバー",
        "e\u{301}e\u{301}e\u{301}\u{200d}\u{200b}",
        "👩‍👩‍👧‍👦🇩🇪❤️☝🏽",
        "السلام عليكم لا لا",
        "ᄀ가각क्ष्निநி",
        "ｻｰﾊﾞｰ日ﾟ",
        "",
    ];
    Target {
        name: "text",
        longest: 400,
        seeds: seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        words: &[
            "a",
            "日",
            "\u{301}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{fe0e}",
            "👩",
            "🏽",
            "🇩",
            "لا",
            "\x1b",
            "\x07",
            "\u{9c}",
            "\u{ad}",
            "\u{feff}",
            "\u{1160}",
            "ᄀ",
            "\u{e0001}",
            "\u{2028}",
            "…",
            "\u{3099}",
            "\u{34f}",
            "क्",
            "ष",
            "ｶ",
            "\u{ff9e}",
            "\u{ff9f}",
        ],
        check: check_text,
    }
    .run();
}

fn check_text(text: &str) -> u64 {
    let clean_text = clean(text);
    assert!(!clean_text.chars().any(char::is_control));
    assert_eq!(clean(&clean_text), clean_text, "what is clean stays as it is");
    assert_eq!(clean_text.chars().count(), text.chars().count(), "nothing is hidden");
    let mut shapes = Vec::new();
    for place in [0, 1, 2, 3, 7, 20, 40] {
        for symbols in [Symbols::Braille, Symbols::Ascii] {
            for (how, made) in [("fit", fit(text, place, symbols)), ("shorten", shorten(text, place, symbols))] {
                assert!(made.width() <= place, "{how} to {place} is {} wide: {made:?}", made.width());
                shapes.push((made == clean_text, place - on_screen(&made, place, how).min(place)));
            }
        }
    }
    hash(&shapes)
}

/// Columns used on the screen; cells to the right of the place must be unchanged.
fn on_screen(text: &str, place: usize, how: &str) -> usize {
    let area = Rect::new(0, 0, place as u16 + 8, 1);
    let mut buffer = Buffer::empty(area);
    for cell in &mut buffer.content {
        cell.set_char('#');
    }
    let end = usize::from(buffer.set_stringn(0, 0, text, place + 8, Style::new()).0);
    assert!(end <= place, "{how} to {place} takes {end} columns: {text:?}");
    let right: String = buffer.content[place..].iter().map(ratatui::buffer::Cell::symbol).collect();
    assert_eq!(right, "########", "{how} to {place}: {text:?}");
    assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)));
    end
}

/// All fixtures with this extension, sorted by name.
fn fixtures(ending: &str) -> Vec<String> {
    let folders = ["tests/fixtures/captures", "tests/fixtures/xml"].map(|folder| root().join(folder));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("fixtures").flatten());
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == ending));
    files.sort();
    assert!(files.len() > 5, "the captures are there");
    files.into_iter().map(|file| fs::read_to_string(file).expect("a capture")).collect()
}
