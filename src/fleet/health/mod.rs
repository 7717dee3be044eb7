//! What is wrong with a domain or a host, and why a figure is missing.

mod devices;
mod domain;
mod finding;
mod host;
mod limits;
mod missing;
mod top_consumer;
mod worst;

pub use finding::{Finding, Problem};
pub use host::{HostFinding, HostProblem};
pub use limits::{HOST_CPU, HOST_MEMORY, Limits, guest_figures_age_limit};
pub use missing::Missing;
pub use top_consumer::{SharedCpus, TopConsumer, TopConsumers};
