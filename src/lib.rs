//! vtop: a live dashboard in the terminal for libvirt hypervisors.
//!
//! A figure passes through these modules: `sources` → `sampler` → (channel) → `fleet` → `ui` + `view` → terminal, or
//! `fleet` → `outputs` → standard output. A module imports only from layers with a lower number:
//!
//! | layer | modules |
//! | --- | --- |
//! | 0 | [`units`], [`time`], [`text`]: widths, words of shell commands |
//! | 1 | [`model`]: what a host is at one moment |
//! | 2 | [`sources`]: libvirt, Linux, synthetic |
//! | 3 | [`sampler`]: schedule, reconnection, diff |
//! | 4 | [`fleet`]: all hosts, rates, history |
//! | 5 | [`table`]: columns, sort keys |
//! | 6 | [`outputs`]: JSON, CSV; [`ui`]: state, actions, keymap |
//! | 7 | [`view`]: screens and widgets |
//! | 8 | [`config`]: arguments and environment to plain data |
//! | 9 | [`app`]: event loop, terminal |

pub mod app;
pub mod config;
pub mod fleet;
pub mod model;
pub mod outputs;
pub mod sampler;
pub mod sources;
pub mod table;
pub mod text;
pub mod time;
pub mod ui;
pub mod units;
pub mod view;
