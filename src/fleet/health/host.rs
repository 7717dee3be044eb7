//! What is wrong with a host itself.

use super::limits::{HOST_CPU, HOST_MEMORY};
use crate::fleet::metric::HostMetric;
use crate::fleet::{Host, When};
use crate::model::Severity;

/// One problem of a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostFinding {
    /// How serious it is.
    pub severity: Severity,
    /// What is wrong.
    pub problem: HostProblem,
}

/// What is wrong with a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HostProblem {
    /// Its memory is used, in percent, and what that includes without being in use (see
    /// [`NodeMemory::estimate`](crate::model::NodeMemory::estimate)).
    Memory(f64, Option<&'static str>),
    /// Its CPUs are busy, in percent of all, and no single domain uses a large share of them.
    Cpu(f64),
}

impl HostFinding {
    /// What is wrong, in a few words without the host's name.
    pub fn what(&self) -> String {
        match self.problem {
            HostProblem::Memory(share, None) => format!("host memory {share:.0} % used"),
            HostProblem::Memory(share, Some(estimate)) => format!("host memory {share:.0} % used ({estimate})"),
            HostProblem::Cpu(busy) => format!("host CPU {busy:.0} % busy"),
        }
    }
}

impl Host {
    /// Its used memory, in percent of its total; both without the pool of hugepages.
    pub fn memory_share(&self, when: When) -> Option<f64> {
        let total =
            self.node.memory.map(|memory| memory.total_without_hugepages().0 as f64).filter(|total| *total > 0.0)?;
        self.series.value(HostMetric::MemoryUsed, when).map(|used| 100.0 * used / total)
    }

    /// What is wrong with the host itself. Full CPUs are a finding of its top consumer where it has one.
    pub fn findings(&self, when: When) -> Vec<HostFinding> {
        let memory = self.memory_share(when).and_then(|share| {
            let severity = HOST_MEMORY.severity(share)?;
            let estimate = self.node.memory.and_then(|memory| memory.estimate());
            Some(HostFinding { severity, problem: HostProblem::Memory(share, estimate) })
        });
        let busy = self.series.value(HostMetric::Cpu, when).filter(|busy| *busy >= HOST_CPU.critical);
        let cpu = busy
            .filter(|_| self.top_consumer(when).is_none())
            .map(|busy| HostFinding { severity: Severity::Warning, problem: HostProblem::Cpu(busy) });
        memory.into_iter().chain(cpu).collect()
    }
}
