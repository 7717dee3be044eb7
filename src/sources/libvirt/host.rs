//! The node: what it is, and what it does now.

use super::explain;
use super::ffi::{Connection, LibvirtError};
use crate::model::{Call, Counter, CpuTimes, Groups, HostInfo, NodeMemory, NodeSample};
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::units::{Bytes, Nanoseconds};

/// What the host is. Drivers do not tell everything; what one does not tell stays empty, and is no reason to fail.
pub(crate) fn info(connection: &Connection) -> HostInfo {
    let node = connection.node_info().unwrap_or_default();
    let uri = connection.uri().unwrap_or_default();
    HostInfo {
        hostname: connection.hostname().unwrap_or_else(|_| uri.clone()),
        uri,
        driver: connection.driver().unwrap_or_default(),
        hypervisor_version: connection.hypervisor_version().ok().and_then(version),
        libvirt_version: connection.libvirt_version().ok().and_then(version),
        cpu_model: node.model,
        cpus: node.cpus.max(1),
        mhz: (node.mhz > 0).then_some(node.mhz),
        topology: (node.nodes, node.sockets, node.cores, node.threads),
        local: Groups::empty(),
        synthetic: false,
    }
}

/// 7002022 -> `7.2.22`; 0 is "not known".
pub(super) fn version(packed: u64) -> Option<String> {
    (packed > 0).then(|| format!("{}.{}.{}", packed / 1_000_000, packed / 1_000 % 1_000, packed % 1_000))
}

/// What the host does now. The error is one of a connection that is gone.
pub(crate) fn sample(
    connection: &Connection,
    unsupported: &mut UnsupportedCalls,
    driver: &str,
) -> Result<NodeSample, LibvirtError> {
    let mut ask = |call, answer: &dyn Fn() -> Result<Vec<(String, u64)>, LibvirtError>| {
        if unsupported.has(call) {
            return Ok(None);
        }
        match answer() {
            Ok(fields) => Ok(Some(fields)),
            Err(error) if !connection.is_alive() => Err(error),
            Err(error) => {
                if explain::is_unsupported(call, &error) {
                    unsupported.add(call, explain::unsupported(&error, driver));
                }
                Ok(None)
            }
        }
    };
    let cpu = ask(Call::NodeCpuStats, &|| connection.node_cpu_stats())?;
    let memory = ask(Call::NodeMemoryStats, &|| connection.node_memory_stats())?;
    Ok(NodeSample {
        cpu: cpu.and_then(|fields| cpu_times(&fields)),
        memory: memory.and_then(|fields| node_memory(&fields)),
    })
}

fn field(fields: &[(String, u64)], name: &str) -> Option<u64> {
    fields.iter().find(|(field, _)| field == name).map(|&(_, value)| value)
}

fn cpu_times(fields: &[(String, u64)]) -> Option<CpuTimes> {
    let time = |name| field(fields, name).map(|time| Counter(Nanoseconds(time)));
    Some(CpuTimes {
        kernel: time("kernel")?,
        user: time("user")?,
        idle: time("idle")?,
        // FreeBSD has none: its CPUs are idle while they wait.
        iowait: time("iowait").unwrap_or(Counter(Nanoseconds(0))),
    })
}

fn node_memory(fields: &[(String, u64)]) -> Option<NodeMemory> {
    let size = |name| field(fields, name).map(Bytes::from_kib);
    Some(NodeMemory {
        total: size("total")?,
        local: size("free")?,
        buffers: size("buffers").unwrap_or_default(),
        cached: size("cached").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_unpacked() {
        assert_eq!(version(7_002_022).as_deref(), Some("7.2.22"));
        assert_eq!(version(9_000_000).as_deref(), Some("9.0.0"));
        assert_eq!(version(2).as_deref(), Some("0.0.2"));
        assert_eq!(version(0), None);
    }

    #[test]
    fn a_node_without_a_needed_field_has_no_figures() {
        let fields = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 7)).collect::<Vec<_>>();
        assert!(cpu_times(&fields(&["kernel", "user", "idle", "iowait", "intr"])).is_some());
        assert!(cpu_times(&fields(&["kernel", "user"])).is_none());
        assert_eq!(node_memory(&fields(&["total", "free"])).map(|memory| memory.total), Some(Bytes(7 * 1024)));
        assert!(node_memory(&fields(&["free"])).is_none());
    }
}
