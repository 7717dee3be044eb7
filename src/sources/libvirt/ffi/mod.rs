//! A safe interface to libvirt's C library. This is the only `unsafe` code of vtop.
//!
//! Every call returns plain data, or a type that owns the memory and frees it when it is dropped. A value that borrows from
//! libvirt's memory has the lifetime of its owner, and the owner has the lifetime of the connection. No raw pointer is visible
//! outside of this module.
#![allow(unsafe_code)]

mod connection;
mod domain;
mod error;
mod events;
mod node;
mod stats;
mod text;
mod typed_params;

pub(super) use connection::Connection;
pub(super) use domain::{BlockSizes, Control, Domain, DomainInfo, OwnedDomain, VcpuInfo};
pub(super) use error::LibvirtError;
pub(super) use events::{CloseReason, Event, Handler};
pub(super) use stats::{Record, Records};

use error::{check, check_pointer};
use text::{borrowed_text, c_string, owned_text};
