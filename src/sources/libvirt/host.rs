//! The node: what it is, and its CPU time and memory now.

use super::explain;
use super::ffi::{Connection, LibvirtError};
use crate::model::{Call, Counter, CpuTimes, Driver, HostInfo, NodeMemory, NodeSample, SampleKind};
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::sources::linux::NodeFiles;
use crate::units::{Bytes, Nanoseconds};

/// What the host is. A value that the driver does not return, or whose call fails, is `None`.
pub(crate) fn info(connection: &Connection) -> HostInfo {
    let node = connection.node_info().ok();
    let uri = connection.uri().unwrap_or_default();
    HostInfo {
        hostname: connection.hostname().unwrap_or_else(|_| uri.clone()),
        uri,
        driver: connection.driver().map(|name| Driver::from_name(&name)).unwrap_or_default(),
        hypervisor_version: connection.hypervisor_version().ok().and_then(version),
        libvirt_version: connection.libvirt_version().ok().and_then(version),
        cpus: node.as_ref().map(|node| node.cpus).filter(|cpus| *cpus > 0),
        mhz: node.as_ref().map(|node| node.mhz).filter(|mhz| *mhz > 0),
        cpu_model: node.map(|node| node.model).filter(|model| !model.is_empty()),
        parallel_calls: 1,
        synthetic: false,
    }
}

/// 7002022 is `7.2.22`; 0 is not a version.
pub(super) fn version(packed: u64) -> Option<String> {
    (packed > 0).then(|| format!("{}.{}.{}", packed / 1_000_000, packed / 1_000 % 1_000, packed % 1_000))
}

/// Reads CPU time and memory of the node.
pub(crate) struct NodeReader {
    files: Option<NodeFiles>,
}

impl NodeReader {
    /// Reads through libvirt.
    pub(crate) fn remote() -> Self {
        Self { files: None }
    }

    /// Reads from the files of this machine if they agree with libvirt, otherwise through libvirt.
    pub(crate) fn on_this_machine() -> Self {
        Self { files: Some(NodeFiles::default()) }
    }

    /// CPU time and memory now; nothing for a state-only sample. The error is that of a connection that was lost.
    pub(crate) fn read(
        &mut self,
        kind: SampleKind,
        connection: &Connection,
        unsupported: &mut UnsupportedCalls,
        driver: &Driver,
    ) -> Result<NodeSample, LibvirtError> {
        if kind == SampleKind::StateOnly {
            return Ok(NodeSample::default());
        }
        let mut read_libvirt = || read_libvirt(connection, unsupported, driver);
        match &mut self.files {
            Some(files) => files.sample(read_libvirt),
            None => read_libvirt(),
        }
    }
}

fn read_libvirt(
    connection: &Connection,
    unsupported: &mut UnsupportedCalls,
    driver: &Driver,
) -> Result<NodeSample, LibvirtError> {
    let mut read = |call, make: &dyn Fn() -> Result<Vec<(String, u64)>, LibvirtError>| {
        if unsupported.has(call) {
            return Ok(None);
        }
        match make() {
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
    let cpu = read(Call::NodeCpuStats, &|| connection.node_cpu_stats())?;
    let memory = read(Call::NodeMemoryStats, &|| connection.node_memory_stats())?;
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
    // FreeBSD does not count I/O wait.
    Some(CpuTimes { kernel: time("kernel")?, user: time("user")?, idle: time("idle")?, iowait: time("iowait") })
}

fn node_memory(fields: &[(String, u64)]) -> Option<NodeMemory> {
    let size = |name| field(fields, name).map(Bytes::from_kib);
    Some(NodeMemory {
        total: size("total")?,
        free: size("free")?,
        buffers: size("buffers"),
        cached: size("cached"),
        ..NodeMemory::default()
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
    fn missing_fields_are_not_zero() {
        let fields = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 7)).collect::<Vec<_>>();
        let seven = Counter(Nanoseconds(7));
        let times = |iowait| Some(CpuTimes { kernel: seven, user: seven, idle: seven, iowait });
        assert_eq!(cpu_times(&fields(&["kernel", "user", "idle", "iowait", "intr"])), times(Some(seven)));
        assert_eq!(cpu_times(&fields(&["kernel", "user", "idle"])), times(None));
        assert_eq!(cpu_times(&fields(&["kernel", "user"])), None);
        let size = Bytes(7 * 1024);
        let memory =
            |buffers, cached| Some(NodeMemory { total: size, free: size, buffers, cached, ..NodeMemory::default() });
        assert_eq!(node_memory(&fields(&["total", "free", "buffers", "cached"])), memory(Some(size), Some(size)));
        assert_eq!(node_memory(&fields(&["total", "free"])), memory(None, None));
        assert_eq!(node_memory(&fields(&["free"])), None);
    }
}
