//! vtop on a real hypervisor: the lab's libvirtd and guests, compared with virsh.
//!
//! Needs root; see `tests/lab/README.md`. Where the lab cannot be had these tests fail, unless `VTOP_LAB=skip` says that
//! this is known.

#![allow(unreachable_pub)] // A test target has no outside.
#![allow(clippy::unwrap_used)] // Nor has it anybody to tell an error to.

mod calls;
mod changes;
mod clients;
mod desk;
mod drivers;
mod figures;
mod lab;
mod pinning;
mod pty;
mod refusals;
mod scale;
mod screen;
#[path = "../shared/mod.rs"]
mod shared;
mod truth;
mod uncounted;
mod virsh;
mod watch;
