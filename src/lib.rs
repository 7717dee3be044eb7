//! vtop: a hypervisor while it is in trouble.
//!
//! The way of one number: `sources` → `sampler` → (channel) → `fleet` → `ui` + `view` → terminal, or `outputs`.
//! A module imports only from floors below its own:
//!
//! | floor | modules |
//! | --- | --- |
//! | 0 | [`units`], [`time`] |
//! | 1 | [`model`]: what a host is at one moment |
//! | 2 | [`config`]: arguments to plain data; [`sources`]: libvirt, synthetic |
//! | 3 | [`sampler`]: schedule, reconnection, diff |
//! | 4 | [`fleet`]: all hosts, rates, history |
//! | 5 | [`outputs`]: JSON lines; [`ui`]: state, actions, keymap |
//! | 6 | [`view`]: screens and widgets |
//! | 7 | [`app`]: event loop, terminal |

pub mod app;
pub mod config;
pub mod fleet;
pub mod model;
pub mod outputs;
pub mod sampler;
pub mod sources;
pub mod time;
pub mod ui;
pub mod units;
pub mod view;
