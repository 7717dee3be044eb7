//! What a host is at one moment, as its hypervisor reports it. Raw figures only; `fleet` derives the rates.
//!
//! Every figure is optional. `None` means that it was not read, which is never the same as 0.

mod blocked;
mod counter;
mod cpu_set;
mod definition;
mod demand;
mod driver;
mod event;
mod event_details;
mod figure;
mod groups;
mod host;
mod lifecycle;
mod named_numbers;
mod sample;
mod severity;
mod state;
pub mod totals;
mod update;

pub use blocked::{Blocked, BlockedBy, HANG_OF_OTHERS, HANG_OF_OWN_CALL, SUSPECTED_HANG};
pub use counter::Counter;
pub use cpu_set::CpuSet;
pub use definition::{DiskDefinition, DomainDefinition, NicDefinition};
pub use demand::{Demand, ShownGroups};
pub use driver::Driver;
pub use event::{Event, EventDomain, EventKind};
pub use event_details::{BlockJob, BlockJobStatus, IoErrorAction, WatchdogAction};
pub use figure::{Info, Quantity};
pub use groups::{Call, Groups, UnsupportedCall};
pub use host::{CpuTimes, HostInfo, NodeMemory, NodeSample};
pub use lifecycle::{Lifecycle, LifecycleDetail};
pub use sample::{
    BlockSample, CpuSample, CpuSource, DomainSample, GuestSide, HostSample, MemorySample, NetSample, SampleKind,
    VcpuSample, VcpuState, VcpuTimes,
};
pub use severity::Severity;
pub use state::{DomainState, StateReason};
pub use update::{Failure, HostUpdate, SampleDelta};
