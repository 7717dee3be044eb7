//! Every screen at three sizes, drawn from the synthetic host: reviewed snapshots, and colours of chosen cells.

#![allow(unreachable_pub)] // A test target has no outside.

mod console;
mod contrast;
mod devices;
mod drill_down;
mod events;
mod filter;
mod help;
mod hostile;
mod hosts;
mod keys;
mod looks;
mod past;
mod rig;
mod same_figures;
mod selection;
mod shots;
mod sorting;
