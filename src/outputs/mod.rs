//! Outputs for programs (JSON, CSV), with the same figures as on the screen.
//!
//! ```text
//! report    which records are written of each host, and when
//! encoder   the interface of a format: it turns a record into rows of bytes
//! format    the formats
//! entries   which values a host, a domain, a device, an event has, under which key: for all formats
//! fields    values with keys
//! json, csv the encoders
//! ```

pub mod csv;
mod encoder;
mod entries;
mod fields;
mod format;
pub mod json;
mod report;

pub use encoder::{Encoder, Rows};
pub use fields::{Entry, Fields, Value};
pub use format::Format;
pub use report::{Content, FIRST_ANSWER_WITHIN, Record, Report};
