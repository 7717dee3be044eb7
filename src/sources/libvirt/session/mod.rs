//! One open connection, and how a sample is read over it.
//!
//! | file | contents |
//! | --- | --- |
//! | `state` | the connection and what is kept along it |
//! | `sample`, `assemble` | chooses the way to read a sample; its last steps |
//! | `bulk`, `bulk_error` | bulk calls, and why a driver has no use of them |
//! | `degraded` | bulk calls while calls hang in some domains |
//! | `per_domain` | one call for each domain and group |
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
