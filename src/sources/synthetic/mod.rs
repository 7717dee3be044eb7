//! A made-up host, for looking at vtop where there is no hypervisor, and for tests: a small cast of domains that goes
//! through an incident, over and over.
//!
//! It enters where real data does: raw totals and gauges, never rates. Every figure is a function of the seed and of
//! the time since the start (counters are integrated in closed form), so neither the pace of sampling nor a missed
//! sample changes a total, and the same seed tells the same story.
//!
//! The story repeats every 240 s ([`CYCLE`]); its chapters overlap, and what happens to one domain shows in others:
//!
//! | seconds | [`Chapter`] | who | what is seen |
//! | --- | --- | --- | --- |
//! | 5–75 | `NoisyNeighbour` | `ci-runner-03` | burns its 16 vCPUs; steal climbs in everyone else, who get less CPU |
//! | 25–225 | `Newcomer` | `k8s-node-4` | starts: new run ID, counters from 0; from 222 it shuts down |
//! | 40–120 | `SlowDisk` | `db-primary`, `vda` | 0.8 → 80 ms a request, IOPS down to a quarter, flushes slower, more in flight; the web servers lose traffic, the host waits for I/O |
//! | 95–135 | `Crash` | `web-02` | dies (shut off: crashed) and is started again: new run ID; `web-01` takes its load |
//! | 110–190 | `Squeeze` | `batch-report` | the balloon takes 55 % of its memory: nothing usable left, swapping, major faults |
//! | 150–200 | `Drops` | `proxy` | a flood of packets, of which it drops thousands a second |
//! | 170–200 | `IoError` | `mail` | paused on an I/O error, then resumed |
//!
//! What changes a domain's state is told too, in the words of libvirt's events.
//!
//! The cast has its lacks, as life has: `win2022-erp` has no balloon, `db-replica`'s guest fell silent long ago and two
//! of its vCPUs are offline, `ci-runner-03` has a user-mode NIC without counters, `backup` and `legacy-xp` are off.
//! Domains beyond the cast of twelve are generated; one in five of them is busy, the others' counters stand still.

mod announcer;
mod cast;
mod definition;
mod envelope;
mod extras;
mod guest;
mod host;
mod memory;
mod moment;
mod node;
mod noise;
mod options;
mod persona;
mod source;
mod story;
#[cfg(test)]
mod tests;

pub use options::{Clock, SIMULATED_START, SyntheticOptions};
pub use source::SyntheticSource;
pub use story::{CYCLE, Chapter};
