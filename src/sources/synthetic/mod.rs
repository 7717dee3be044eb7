//! A synthetic host, for tests, and to try vtop without a hypervisor. A few domains go through a series of problems, again and
//! again.
//!
//! Like a real source, it returns raw totals and gauges, never rates. Every value is a function of the seed and of the time since
//! the start (counters are integrated in closed form). So the total of a counter depends neither on the interval nor on missed
//! samples, and the same seed gives the same values.
//!
//! The story repeats every 240 s ([`CYCLE`]). Its chapters overlap, and a problem of one domain has effects on others:
//!
//! | seconds | [`Chapter`] | domain | what the values show |
//! | --- | --- | --- | --- |
//! | 5–75 | `NoisyNeighbour` | `ci-runner-03` | uses all of its 16 vCPUs; the steal of all other domains rises, and their CPU use falls |
//! | 25–225 | `Newcomer` | `k8s-node-4` | starts: new run ID, counters from 0; from 222 on it shuts down |
//! | 40–120 | `SlowDisk` | `db-primary`, `vda` | 0.8 → 80 ms a request, IOPS down to a quarter, flushes slower, more requests in flight; less traffic of the web servers, I/O wait of the host |
//! | 95–135 | `Crash` | `web-02` | crashes (shut off: crashed) and is started again: new run ID; `web-01` takes its load |
//! | 110–190 | `Squeeze` | `batch-report` | the balloon takes 55 % of its memory: nothing usable left, swapping, major faults |
//! | 150–200 | `Drops` | `proxy` | many packets arrive, and thousands a second are dropped |
//! | 170–200 | `IoError` | `mail` | paused on an I/O error, then resumed |
//!
//! Each change of a domain's state comes with the events that libvirt sends for it.
//!
//! Some domains miss values: `win2022-erp` has no balloon, the guest of `db-replica` stopped reporting its memory long ago and two of
//! its vCPUs are offline, `ci-runner-03` has a user-mode NIC without counters, `backup` and `legacy-xp` are shut off. Domains beyond
//! the twelve of the story are generated; one in five of them is busy, the counters of the others do not change.

mod cast;
mod definition;
mod envelope;
mod event_thread;
mod extras;
mod guest;
mod host;
mod memory;
mod moment;
mod node;
mod noise;
mod options;
mod profile;
mod source;
mod story;
#[cfg(test)]
mod tests;

pub use options::{Clock, SIMULATED_START, SyntheticOptions};
pub use source::SyntheticSource;
pub use story::{CYCLE, Chapter};
