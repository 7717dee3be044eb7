//! Properties for any stream of updates: no figure is negative, keyframes and deltas give the same fleet, every screen can
//! be drawn, every record is JSON and CSV.

#![allow(unreachable_pub)] // A test target has no outside.

mod fleets;
mod lines;
mod oracle;
mod screens;
mod stream;
mod world;

/// The number of cases: `usual`, or `PROPTEST_CASES` if it is set.
fn cases(usual: u32) -> proptest::prelude::ProptestConfig {
    let config = proptest::prelude::ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    proptest::prelude::ProptestConfig { cases: if is_set { config.cases } else { usual }, ..config }
}
