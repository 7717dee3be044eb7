//! One open connection, and how a sample is read over it.
//!
//! | file | contents |
//! | --- | --- |
//! | `state` | the connection, and what is kept as long as it is open |
//! | `sample`, `assemble` | the choice between the ways to read a sample; the last steps of all of them |
//! | `bulk`, `bulk_error` | a sample by bulk calls, and why it could not be read |
//! | `degraded` | a sample by bulk calls while calls hang in some domains |
//! | `per_domain` | a sample by one call for each domain and group |
//! | `inactive` | domains that are shut off, kept between two lists |

mod assemble;
mod bulk;
mod bulk_error;
mod degraded;
mod inactive;
mod per_domain;
mod sample;
mod state;

pub(super) use state::Session;
