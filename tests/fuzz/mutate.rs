//! One mutation of an input: bytes, numbers, words or lines.

use fastrand::Rng;
use std::ops::Range;

/// Numbers at the limits of types, and text that is hard to display or quote.
const ODD: &[&str] = &[
    "0",
    "-1",
    "1",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "NaN",
    "inf",
    "0x10",
    "+5",
    " 7 ",
    "",
    ".",
    "\0",
    "\x1b[31m",
    "\x1b]0;t\x07",
    "\u{9b}2J",
    "\r\n",
    "\t",
    "\u{202e}",
    "\u{200d}",
    "\u{301}\u{301}",
    "\u{fe0f}",
    "日本語",
    "👩‍👩‍👧‍👦",
    "🇩🇪🇩",
    "لا",
    "ﷺ",
    "&amp;",
    "&#x1b;",
    "&#27;",
    "\"",
    "'",
    "<",
    "]]>",
];

pub fn mutate(input: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Rng) {
    match random.u8(..12) {
        0 => {
            if let Some(byte) = pick(input, random) {
                input[byte] ^= 1 << random.u8(..8);
            }
        }
        1 => {
            if let Some(byte) = pick(input, random) {
                input[byte] = random.u8(..);
            }
        }
        2 => drop(input.drain(range(input.len(), 64, random))),
        3 => {
            let part = input[range(input.len(), 256, random)].to_vec();
            insert(input, &part, random);
        }
        4 => {
            let part = other[range(other.len(), 512, random)].to_vec();
            insert(input, &part, random);
        }
        5 => insert(input, ODD[random.usize(..ODD.len())].as_bytes(), random),
        6 => insert(input, words[random.usize(..words.len())].as_bytes(), random),
        7 => {
            // Replace a number.
            if let Some(number) = run_at(input, random, u8::is_ascii_digit) {
                let odd = if random.bool() { ODD[random.usize(..13)].to_owned() } else { random.u64(..).to_string() };
                input.splice(number, odd.into_bytes());
            }
        }
        8 => {
            // Replace a word.
            if let Some(word) = run_at(input, random, u8::is_ascii_alphabetic) {
                input.splice(word, words[random.usize(..words.len())].bytes());
            }
        }
        9 => {
            if let Some(line) = run_at(input, random, |byte| *byte != b'\n') {
                let copy = [&input[line.clone()], b"\n"].concat();
                let at = if random.bool() { line.start } else { 0 };
                input.splice(at..at, copy);
            }
        }
        10 => {
            if let Some(line) = run_at(input, random, |byte| *byte != b'\n') {
                input.drain(line);
            }
        }
        _ => input.truncate(random.usize(..=input.len())),
    }
}

fn pick(input: &[u8], random: &mut Rng) -> Option<usize> {
    (!input.is_empty()).then(|| random.usize(..input.len()))
}

fn range(length: usize, most: usize, random: &mut Rng) -> Range<usize> {
    let start = random.usize(..=length);
    start..length.min(start + random.usize(..=most))
}

fn insert(input: &mut Vec<u8>, part: &[u8], random: &mut Rng) {
    let at = random.usize(..=input.len());
    input.splice(at..at, part.iter().copied());
}

/// The longest run of such bytes around the first one from a random place on.
fn run_at(input: &[u8], random: &mut Rng, of: impl Fn(&u8) -> bool) -> Option<Range<usize>> {
    let from = pick(input, random)?;
    let inside = from + input[from..].iter().position(&of)?;
    let start = input[..inside].iter().rposition(|byte| !of(byte)).map_or(0, |before| before + 1);
    let end = input[inside..].iter().position(|byte| !of(byte)).map_or(input.len(), |after| inside + after);
    Some(start..end)
}
