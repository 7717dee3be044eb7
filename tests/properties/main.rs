//! Whatever a host says, and in whichever order: no figure is negative or made up, keyframes and deltas tell the same,
//! every screen can be drawn, every line is JSON.

#![allow(unreachable_pub)] // A test target has no outside.

mod fleets;
mod lines;
mod oracle;
mod screens;
mod stream;
mod world;

/// As many cases as a test wants, or as `PROPTEST_CASES` says.
fn cases(usual: u32) -> proptest::prelude::ProptestConfig {
    let config = proptest::prelude::ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    proptest::prelude::ProptestConfig { cases: if asked { config.cases } else { usual }, ..config }
}
