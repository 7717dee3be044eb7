//! The fuzzing loop: mutate a known input, run the target, keep the input if the result has a new shape.

use super::mutate::mutate;
use fastrand::Rng;
use std::collections::HashSet;
use std::fs;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Number of targets in `tests/fuzz/targets.rs`.
const TARGETS: u32 = 4;
/// Time limit of one input, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most inputs that are kept for a new shape.
const KEPT: usize = 4096;

pub struct Target {
    pub name: &'static str,
    /// Real captures.
    pub seeds: Vec<Vec<u8>>,
    /// Largest input in bytes.
    pub longest: usize,
    /// Words of the format.
    pub words: &'static [&'static str],
    /// Panics on an error, else returns the shape of the result, which stands for coverage.
    pub check: fn(&str) -> u64,
}

impl Target {
    pub fn run(mut self) {
        let folder = root().join("target/fuzz").join(self.name);
        fs::create_dir_all(&folder).expect("target/fuzz");
        let seed = number("VTOP_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..));
        fs::write(folder.join("seed"), format!("VTOP_FUZZ_SEED={seed}\n")).expect("the seed is written");
        let mut random = Rng::with_seed(seed);
        let length = Duration::from_secs(number("VTOP_FUZZ_SECONDS").unwrap_or(240)) / TARGETS;

        let known = regressions(self.name);
        let mut shapes = HashSet::new();
        for input in known.iter().chain(&self.seeds) {
            shapes.insert(self.try_out(&folder, input));
        }
        self.seeds.extend(known);
        let (seeds, start, mut tried) = (self.seeds.len(), Instant::now(), 0u64);
        while start.elapsed() < length {
            for _ in 0..32 {
                let mut input = self.seeds[random.usize(..self.seeds.len())].clone();
                let other = random.usize(..self.seeds.len());
                for _ in 0..=random.u8(..4) {
                    mutate(&mut input, &self.seeds[other], self.words, &mut random);
                }
                input.truncate(self.longest);
                tried += 1;
                if shapes.insert(self.try_out(&folder, &input)) {
                    if self.seeds.len() < KEPT {
                        self.seeds.push(input);
                    } else {
                        let place = random.usize(seeds..KEPT);
                        self.seeds[place] = input;
                    }
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let rate = tried as f64 / seconds;
        eprintln!(
            "{}: {tried} inputs in {seconds:.1} s ({rate:.0}/s) from {seeds} captures, {} shapes of answers, seed {seed}",
            self.name,
            shapes.len()
        );
    }

    /// The shape of the result. An input that fails is printed and kept, then the test fails.
    fn try_out(&self, folder: &Path, input: &[u8]) -> u64 {
        let text = String::from_utf8_lossy(input);
        let began = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| (self.check)(&text)));
        let took = began.elapsed();
        if answer.is_err() || took > PATIENCE {
            let file = folder.join(format!("{:016x}", hash(&input)));
            fs::write(&file, input).expect("the input is written");
            eprintln!("{} broke after {took:?} on {}:\n{:?}\n{text}", self.name, file.display(), text);
        }
        assert!(took <= PATIENCE, "{}: an answer took {took:?}", self.name);
        answer.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn regressions(name: &str) -> Vec<Vec<u8>> {
    let folder = root().join("tests/fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).expect("a corpus entry")).collect()
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// A hash that is the same in every run, so that shapes can be compared and file names are stable.
pub fn hash(value: &impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}
