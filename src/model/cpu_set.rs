//! A set of host CPUs, as `0-3,8`.

use std::collections::BTreeSet;
use std::fmt;

/// Host CPUs by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuSet(BTreeSet<u32>);

/// No host has CPU numbers above this: a range in a text cannot fill the memory.
const LAST_CPU: u32 = 65_535;

impl CpuSet {
    /// Parses the kernel's and libvirt's notation: numbers and ranges with commas; in libvirt's, `^2` takes CPU 2 out again.
    /// `None`: the text is none, or names no CPU.
    pub fn parse(text: &str) -> Option<Self> {
        let mut cpus = BTreeSet::new();
        for part in text.trim().split(',').map(str::trim) {
            match part.strip_prefix('^') {
                Some(excluded) => drop(cpus.remove(&excluded.parse().ok()?)),
                None => {
                    let (first, last) = part.split_once('-').unwrap_or((part, part));
                    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
                    if first > last || last > LAST_CPU {
                        return None;
                    }
                    cpus.extend(first..=last);
                }
            }
        }
        (!cpus.is_empty()).then_some(Self(cpus))
    }

    /// How many CPUs there are in it.
    pub fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is no CPU in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many CPUs are in both.
    pub fn shared_with(&self, other: &Self) -> u32 {
        u32::try_from(self.0.intersection(&other.0).count()).unwrap_or(u32::MAX)
    }

    /// Adds all CPUs of another set.
    pub fn add(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }
}

impl fmt::Display for CpuSet {
    /// As the kernel writes it: `0-3,8`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cpus = self.0.iter().copied().peekable();
        let mut comma = "";
        while let Some(first) = cpus.next() {
            let mut last = first;
            while let Some(next) = cpus.next_if(|next| *next == last + 1) {
                last = next;
            }
            write!(formatter, "{comma}{first}")?;
            if last > first {
                write!(formatter, "-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notations_of_the_kernel_and_of_libvirt() {
        for (text, expected) in [
            ("0", "0"),
            ("0-3,8\n", "0-3,8"),
            ("8,0-1,2", "0-2,8"),
            ("0-4,^3", "0-2,4"),
            (" 1 , 3 - 3", ""),
            ("0-1023", "0-1023"),
        ] {
            let set = CpuSet::parse(text);
            assert_eq!(set.map(|set| set.to_string()).unwrap_or_default(), expected, "{text}");
        }
        for text in ["", "^0", "0,^0", "3-1", "a", "0-4294967295", "0-99999999999", "-1", "1-", ","] {
            assert_eq!(CpuSet::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sets_share_cpus() {
        let set = |text| CpuSet::parse(text).unwrap();
        assert_eq!(set("0-3").shared_with(&set("2-5")), 2);
        assert_eq!(set("0").shared_with(&set("1")), 0);
        let mut both = set("0");
        both.add(&set("2-3"));
        assert_eq!((both.len(), both.to_string()), (3, "0,2-3".to_owned()));
    }
}
