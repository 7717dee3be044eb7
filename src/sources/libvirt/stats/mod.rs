//! Calls that read statistics.
//!
//! | file | contents |
//! | --- | --- |
//! | `bulk_call`, `nowait` | the bulk calls, and their flag that they do not wait for jobs |
//! | `params` | the typed parameters of an answer, parsed |
//! | `record`, `moments` | one record of an answer as a sample, and when it was read |
//! | `extra_groups` | groups of single domains: local files, `cpu_calls`, and bulk calls for sets of domains (`group_sets`, `extra_answer`, `connection_pool`) |
//! | `nowait_retry` | a second call for domains that libvirt skipped |
//! | `per_domain` | one call for each domain and group, for drivers without the bulk call |
//! | `known` | what is known of the domains before a call |
//! | `monitor` | whether the monitor of a QEMU is busy |
//! | `domain_handles` | handles of domains, kept from one sample to the next |
//! | `unsupported` | calls that the driver does not have |

pub(super) mod bulk_call;
mod connection_pool;
mod cpu_calls;
pub(super) mod domain_handles;
mod extra_answer;
pub(super) mod extra_groups;
mod group_sets;
pub(super) mod known;
pub(super) mod moments;
pub(super) mod monitor;
mod nowait;
mod nowait_retry;
pub(super) mod params;
pub(super) mod per_domain;
pub(super) mod record;
pub(super) mod unsupported;

pub(super) use connection_pool::MAX_CALLS;
