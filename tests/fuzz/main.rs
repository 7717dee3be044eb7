//! Mutated input from outside: no parser panics, hangs, or returns more than its input contains.
//!
//! ```sh
//! cargo test --test fuzz -- --nocapture                       # a minute for each of the four targets
//! VTOP_FUZZ_SECONDS=14400 cargo test --release --test fuzz -- --nocapture
//! ```
//!
//! `VTOP_FUZZ_SECONDS` is the time of all targets together (240); `VTOP_FUZZ_SEED` repeats a run. An input that breaks
//! something is printed, and written to `target/fuzz/TARGET/`: moved to `tests/fuzz/corpus/TARGET/` it is tried first in
//! every run from then on. Where the whole process died, `target/fuzz/TARGET/seed` says how to get there again.

#![allow(unreachable_pub)] // A test target has no outside.

mod engine;
mod mutate;
mod targets;
