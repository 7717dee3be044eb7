//! The sampler against a source that does what a test says. Most tests pause the time: it moves when every task waits.

mod connection;
mod events;
mod hangs;
mod rig;
mod supervision;
mod ticks;
