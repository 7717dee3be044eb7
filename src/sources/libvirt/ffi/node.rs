//! Calls for the node.

use super::{Connection, LibvirtError, borrowed_text, check};
use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::OnceLock;
use virt::sys;

/// `virNodeInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeInfo {
    pub(crate) model: String,
    pub(crate) cpus: u32,
    pub(crate) mhz: u32,
    pub(crate) nodes: u32,
    pub(crate) sockets: u32,
    pub(crate) cores: u32,
    pub(crate) threads: u32,
}

/// More fields than any driver has (Linux: 6 of CPU, 4 of memory).
const FIELDS_MAX: c_int = 64;

impl Connection {
    /// `virNodeGetInfo`.
    pub(crate) fn node_info(&self) -> Result<NodeInfo, LibvirtError> {
        let mut raw = MaybeUninit::<sys::virNodeInfo>::zeroed();
        // SAFETY: the connection is open and `raw` has room for the structure.
        check(unsafe { sys::virNodeGetInfo(self.as_ptr(), raw.as_mut_ptr()) })?;
        // SAFETY: all-zero bytes are a valid value, and the call has filled them.
        let raw = unsafe { raw.assume_init() };
        Ok(NodeInfo {
            // SAFETY: libvirt ends the name within its array.
            model: unsafe { borrowed_text(raw.model.as_ptr()) }.unwrap_or_default().into_owned(),
            cpus: raw.cpus,
            mhz: raw.mhz,
            nodes: raw.nodes,
            sockets: raw.sockets,
            cores: raw.cores,
            threads: raw.threads,
        })
    }

    /// `virNodeGetCPUStats` of all CPUs together: field and nanoseconds.
    pub(crate) fn node_cpu_stats(&self) -> Result<Vec<(String, u64)>, LibvirtError> {
        let all = sys::VIR_NODE_CPU_STATS_ALL_CPUS;
        let count = count_once(&self.node_cpu_fields, |count| {
            // SAFETY: without room, the call only returns the number of fields.
            unsafe { sys::virNodeGetCPUStats(self.as_ptr(), all, null_mut(), count, 0) }
        })?;
        let mut fields: Vec<sys::virNodeCPUStats> = Vec::new();
        fields.resize_with(count, || sys::virNodeCPUStats { field: [0; 80], value: 0 });
        let mut filled = fields.len() as c_int;
        // SAFETY: `filled` is the number of fields for which there is room.
        check(unsafe { sys::virNodeGetCPUStats(self.as_ptr(), all, fields.as_mut_ptr(), &mut filled, 0) })?;
        Ok(fields.iter().take(filled.max(0) as usize).map(|field| (name(&field.field), field.value)).collect())
    }

    /// `virNodeGetMemoryStats` of all cells together: field and KiB.
    pub(crate) fn node_memory_stats(&self) -> Result<Vec<(String, u64)>, LibvirtError> {
        let all = sys::VIR_NODE_MEMORY_STATS_ALL_CELLS;
        let count = count_once(&self.node_memory_fields, |count| {
            // SAFETY: without room, the call only returns the number of fields.
            unsafe { sys::virNodeGetMemoryStats(self.as_ptr(), all, null_mut(), count, 0) }
        })?;
        let mut fields: Vec<sys::virNodeMemoryStats> = Vec::new();
        fields.resize_with(count, || sys::virNodeMemoryStats { field: [0; 80], value: 0 });
        let mut filled = fields.len() as c_int;
        // SAFETY: `filled` is the number of fields for which there is room.
        check(unsafe { sys::virNodeGetMemoryStats(self.as_ptr(), all, fields.as_mut_ptr(), &mut filled, 0) })?;
        Ok(fields.iter().take(filled.max(0) as usize).map(|field| (name(&field.field), field.value)).collect())
    }
}

/// How many fields a call returns; `ask` is called once for each connection.
fn count_once(known: &OnceLock<usize>, ask: impl FnOnce(&mut c_int) -> c_int) -> Result<usize, LibvirtError> {
    if let Some(&count) = known.get() {
        return Ok(count);
    }
    let mut count: c_int = 0;
    check(ask(&mut count))?;
    Ok(*known.get_or_init(|| count.clamp(0, FIELDS_MAX) as usize))
}

/// The name in a fixed array; its last byte is libvirt's NUL.
fn name(field: &[c_char; 80]) -> String {
    let bytes: Vec<u8> = field.iter().take_while(|&&byte| byte != 0).map(|&byte| byte as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
