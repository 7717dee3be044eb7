//! A domain, and the calls for one domain.

use super::typed_params::Params;
use super::{Connection, LibvirtError, borrowed_text, c_string, check, owned_text};
use compact_str::CompactString;
use std::ffi::{c_int, c_uchar, c_uint};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};
use uuid::Uuid;
use virt::sys;

/// A handle of a domain that a list owns. It contains name, UUID and ID, so these take no call. (They still take a microsecond:
/// libvirt formats the UUID for its log even if it writes none.)
#[derive(Clone, Copy)]
pub(crate) struct Domain<'list> {
    raw: NonNull<sys::virDomain>,
    list: PhantomData<&'list ()>,
}

/// What the monitor of a domain's QEMU does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// No command.
    Free,
    /// A job of libvirt's own (a migration, a backup), perhaps with a command. libvirt returns the time since the job began, not
    /// that of the command.
    Job,
    /// A command, since so long.
    Occupied(std::time::Duration),
}

/// `virDomainInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DomainInfo {
    pub(crate) max_memory_kib: u64,
    pub(crate) memory_kib: u64,
    pub(crate) vcpus: u16,
    pub(crate) cpu_time: u64,
}

/// `virVcpuInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VcpuInfo {
    pub(crate) number: u32,
    pub(crate) state: i32,
    pub(crate) cpu_time: u64,
    pub(crate) cpu: i32,
}

/// `virDomainBlockStatsStruct`; libvirt's -1 is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BlockCounters {
    pub(crate) read_requests: Option<u64>,
    pub(crate) read_bytes: Option<u64>,
    pub(crate) write_requests: Option<u64>,
    pub(crate) write_bytes: Option<u64>,
    pub(crate) errors: Option<u64>,
}

/// `virDomainBlockInfo`, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockSizes {
    pub(crate) capacity: u64,
    pub(crate) allocation: u64,
    pub(crate) physical: u64,
}

/// `virDomainInterfaceStatsStruct`; libvirt's -1 is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NetCounters {
    pub(crate) rx_bytes: Option<u64>,
    pub(crate) rx_packets: Option<u64>,
    pub(crate) rx_errors: Option<u64>,
    pub(crate) rx_drops: Option<u64>,
    pub(crate) tx_bytes: Option<u64>,
    pub(crate) tx_packets: Option<u64>,
    pub(crate) tx_errors: Option<u64>,
    pub(crate) tx_drops: Option<u64>,
}

/// For how many host CPUs one call can return CPU time.
const HOST_CPUS_PER_CALL: u32 = 128;
/// More fields than any driver has (Linux: 3 in total, 2 for each host CPU).
const CPU_FIELDS_MAX: c_uint = 16;
/// More vCPUs than any hypervisor supports. Limits the memory that a wrong answer can allocate.
const VCPUS_MAX: u16 = 16_384;

impl Domain<'_> {
    /// A view of a domain in libvirt's memory; `None` for null.
    ///
    /// # Safety
    /// `raw` is null or a domain that lives as long as the view.
    pub(super) unsafe fn borrowed(raw: sys::virDomainPtr) -> Option<Self> {
        Some(Self { raw: NonNull::new(raw)?, list: PhantomData })
    }

    pub(super) fn as_ptr(&self) -> sys::virDomainPtr {
        self.raw.as_ptr()
    }

    /// The name that the domain had when the list was made.
    pub(crate) fn name(&self) -> CompactString {
        // SAFETY: the domain lives; its name belongs to it and is copied at once.
        unsafe { borrowed_text(sys::virDomainGetName(self.as_ptr())) }.unwrap_or_default().into()
    }

    /// The UUID.
    pub(crate) fn uuid(&self) -> Uuid {
        let mut uuid = [0; 16];
        // SAFETY: the domain lives, and there is room for the 16 bytes that libvirt writes.
        unsafe { sys::virDomainGetUUID(self.as_ptr(), uuid.as_mut_ptr()) };
        Uuid::from_bytes(uuid)
    }

    /// The ID of this run; `None` while the domain is inactive.
    pub(crate) fn id(&self) -> Option<u32> {
        // SAFETY: the domain lives.
        let id = unsafe { sys::virDomainGetID(self.as_ptr()) };
        (id != u32::MAX).then_some(id)
    }

    /// `virDomainIsActive`.
    pub(crate) fn is_active(&self) -> Result<bool, LibvirtError> {
        // SAFETY: the domain lives.
        Ok(check(unsafe { sys::virDomainIsActive(self.as_ptr()) })? == 1)
    }

    /// `virDomainGetState`: state and reason.
    pub(crate) fn state(&self) -> Result<(i32, i32), LibvirtError> {
        let (mut state, mut reason): (c_int, c_int) = (0, 0);
        // SAFETY: the domain lives, and there is a place for each number.
        check(unsafe { sys::virDomainGetState(self.as_ptr(), &mut state, &mut reason, 0) })?;
        Ok((state, reason))
    }

    /// `virDomainGetInfo`.
    pub(crate) fn info(&self) -> Result<DomainInfo, LibvirtError> {
        let mut raw = MaybeUninit::<sys::virDomainInfo>::zeroed();
        // SAFETY: the domain lives, and `raw` has room for the structure.
        check(unsafe { sys::virDomainGetInfo(self.as_ptr(), raw.as_mut_ptr()) })?;
        // SAFETY: all-zero bytes are a valid value, and the call has filled them.
        let raw = unsafe { raw.assume_init() };
        Ok(DomainInfo {
            max_memory_kib: raw.maxMem,
            memory_kib: raw.memory,
            vcpus: raw.nrVirtCpu,
            cpu_time: raw.cpuTime,
        })
    }

    /// `virDomainGetControlInfo`.
    pub(crate) fn control(&self) -> Result<Control, LibvirtError> {
        let mut raw = MaybeUninit::<sys::virDomainControlInfo>::zeroed();
        // SAFETY: the domain lives, and `raw` has room for the structure.
        check(unsafe { sys::virDomainGetControlInfo(self.as_ptr(), raw.as_mut_ptr(), 0) })?;
        // SAFETY: all-zero bytes are a valid value, and the call has filled them.
        let raw = unsafe { raw.assume_init() };
        Ok(match raw.state {
            sys::VIR_DOMAIN_CONTROL_OK => Control::Free,
            sys::VIR_DOMAIN_CONTROL_OCCUPIED => Control::Occupied(std::time::Duration::from_millis(raw.stateTime)),
            // Also VIR_DOMAIN_CONTROL_ERROR: a job without a command, for which libvirt has no start time.
            _ => Control::Job,
        })
    }

    /// `virDomainGetXMLDesc`; of an active domain, as it runs now.
    pub(crate) fn xml(&self) -> Result<String, LibvirtError> {
        // SAFETY: the domain lives, and the answer belongs to the caller.
        unsafe { owned_text(sys::virDomainGetXMLDesc(self.as_ptr(), 0)) }.ok_or_else(LibvirtError::last)
    }

    /// `virDomainGetCPUStats(-1)`: field and nanoseconds, of the domain as a whole. `of` is the connection, which keeps the
    /// number of fields: it takes a call of its own.
    pub(crate) fn cpu_stats_total(&self, of: &Connection) -> Result<Vec<(String, u64)>, LibvirtError> {
        let fields = match of.total_cpu_fields.get() {
            Some(&fields) => fields,
            None => {
                let fields = self.cpu_stats_fields(-1)?;
                *of.total_cpu_fields.get_or_init(|| fields)
            }
        };
        let mut params = Params::room_for(fields as usize);
        // SAFETY: the domain lives, and `params` has room for one CPU's worth of `fields`.
        check(unsafe { sys::virDomainGetCPUStats(self.as_ptr(), params.as_mut_ptr(), fields, -1, 1, 0) })?;
        Ok(params.iter().filter_map(|(key, value)| Some((key.to_owned(), value.as_u64()?))).collect())
    }

    /// `virDomainGetCPUStats(0..)`: CPU time on each host CPU, in nanoseconds; 0 for a CPU that is offline. `of` is the connection,
    /// which keeps the number of CPUs and fields: these take two calls of their own.
    pub(crate) fn cpu_stats_per_host_cpu(&self, of: &Connection) -> Result<Vec<u64>, LibvirtError> {
        let (cpus, fields) = match of.host_cpu_layout.get() {
            Some(&layout) => layout,
            None => {
                // SAFETY: without room and for no CPUs, the call returns the number of CPUs.
                let cpus = check(unsafe { sys::virDomainGetCPUStats(self.as_ptr(), null_mut(), 0, 0, 0, 0) })? as u32;
                let fields = self.cpu_stats_fields(0)?;
                *of.host_cpu_layout.get_or_init(|| (cpus, fields))
            }
        };
        let mut times = Vec::new();
        for first in (0..cpus).step_by(HOST_CPUS_PER_CALL as usize) {
            let count = (cpus - first).min(HOST_CPUS_PER_CALL);
            let mut params = Params::room_for((fields * count) as usize);
            // SAFETY: the domain lives, and `params` has room for `fields` of each of `count` CPUs.
            check(unsafe {
                sys::virDomainGetCPUStats(self.as_ptr(), params.as_mut_ptr(), fields, first as c_int, count, 0)
            })?;
            times.extend(params.rows(fields as usize).map(|mut row| {
                row.find(|(key, _)| *key == "cpu_time").and_then(|(_, value)| value.as_u64()).unwrap_or(0)
            }));
        }
        Ok(times)
    }

    /// How many fields the driver has for each CPU, or in total (`start` = -1). At least 1.
    fn cpu_stats_fields(&self, start: c_int) -> Result<c_uint, LibvirtError> {
        // SAFETY: without room the call says how many fields there are.
        let fields = check(unsafe { sys::virDomainGetCPUStats(self.as_ptr(), null_mut(), 0, start, 1, 0) })?;
        Ok((fields as c_uint).clamp(1, CPU_FIELDS_MAX))
    }

    /// `virDomainGetVcpus`, for at most `max` of them.
    pub(crate) fn vcpus(&self, max: u16) -> Result<Vec<VcpuInfo>, LibvirtError> {
        let max = max.min(VCPUS_MAX);
        let mut raw: Vec<sys::virVcpuInfo> = Vec::new();
        raw.resize_with(max.into(), || sys::virVcpuInfo { number: 0, state: 0, cpuTime: 0, cpu: 0 });
        let no_maps: *mut c_uchar = null_mut();
        // SAFETY: the domain lives, there is room for `max` structures, and no CPU maps are asked for.
        let count = check(unsafe { sys::virDomainGetVcpus(self.as_ptr(), raw.as_mut_ptr(), max.into(), no_maps, 0) })?;
        let infos = raw.iter().take(count as usize);
        Ok(infos
            .map(|raw| VcpuInfo { number: raw.number, state: raw.state, cpu_time: raw.cpuTime, cpu: raw.cpu })
            .collect())
    }

    /// `virDomainBlockStats`, of a target as `vda`.
    pub(crate) fn block_stats(&self, target: &str) -> Result<BlockCounters, LibvirtError> {
        let target = c_string(target)?;
        let mut raw = sys::virDomainBlockStatsStruct { rd_req: -1, rd_bytes: -1, wr_req: -1, wr_bytes: -1, errs: -1 };
        let size = size_of_val(&raw);
        // SAFETY: the domain lives, the target is a C string, and `size` is that of the structure.
        check(unsafe { sys::virDomainBlockStats(self.as_ptr(), target.as_ptr(), &mut raw, size) })?;
        Ok(BlockCounters {
            read_requests: raw.rd_req.try_into().ok(),
            read_bytes: raw.rd_bytes.try_into().ok(),
            write_requests: raw.wr_req.try_into().ok(),
            write_bytes: raw.wr_bytes.try_into().ok(),
            errors: raw.errs.try_into().ok(),
        })
    }

    /// `virDomainBlockStatsFlags`: field and number, of a target as `vda`.
    pub(crate) fn block_stats_flags(&self, target: &str) -> Result<Vec<(String, u64)>, LibvirtError> {
        let target = c_string(target)?;
        // Every driver has fewer, and the call returns how many, so no call for the number is needed.
        let mut params = Params::room_for(16);
        let mut count = params.len() as c_int;
        // SAFETY: the domain lives, the target is a C string, and `count` says for how many there is room.
        check(unsafe {
            sys::virDomainBlockStatsFlags(self.as_ptr(), target.as_ptr(), params.as_mut_ptr(), &mut count, 0)
        })?;
        // A negative number means "not counted"; `as_u64` leaves it out.
        Ok(params.iter().filter_map(|(key, value)| Some((key.to_owned(), value.as_u64()?))).collect())
    }

    /// `virDomainGetBlockInfo`, of a target as `vda`.
    pub(crate) fn block_info(&self, target: &str) -> Result<BlockSizes, LibvirtError> {
        let target = c_string(target)?;
        let mut raw = sys::virDomainBlockInfo { capacity: 0, allocation: 0, physical: 0 };
        // SAFETY: the domain lives, the target is a C string, and there is room for the structure.
        check(unsafe { sys::virDomainGetBlockInfo(self.as_ptr(), target.as_ptr(), &mut raw, 0) })?;
        Ok(BlockSizes { capacity: raw.capacity, allocation: raw.allocation, physical: raw.physical })
    }

    /// `virDomainInterfaceStats`, of a device as `vnet3`.
    pub(crate) fn interface_stats(&self, device: &str) -> Result<NetCounters, LibvirtError> {
        let device = c_string(device)?;
        let mut raw = sys::virDomainInterfaceStatsStruct {
            rx_bytes: -1,
            rx_packets: -1,
            rx_errs: -1,
            rx_drop: -1,
            tx_bytes: -1,
            tx_packets: -1,
            tx_errs: -1,
            tx_drop: -1,
        };
        let size = size_of_val(&raw);
        // SAFETY: the domain lives, the device is a C string, and `size` is that of the structure.
        check(unsafe { sys::virDomainInterfaceStats(self.as_ptr(), device.as_ptr(), &mut raw, size) })?;
        Ok(NetCounters {
            rx_bytes: raw.rx_bytes.try_into().ok(),
            rx_packets: raw.rx_packets.try_into().ok(),
            rx_errors: raw.rx_errs.try_into().ok(),
            rx_drops: raw.rx_drop.try_into().ok(),
            tx_bytes: raw.tx_bytes.try_into().ok(),
            tx_packets: raw.tx_packets.try_into().ok(),
            tx_errors: raw.tx_errs.try_into().ok(),
            tx_drops: raw.tx_drop.try_into().ok(),
        })
    }

    /// `virDomainMemoryStats`: tag and number.
    pub(crate) fn memory_stats(&self) -> Result<Vec<(i32, u64)>, LibvirtError> {
        let mut raw: Vec<sys::virDomainMemoryStatStruct> = Vec::new();
        // With room for values of newer drivers; libvirt returns what fits.
        raw.resize_with(64, || sys::virDomainMemoryStatStruct { tag: -1, val: 0 });
        // SAFETY: the domain lives, and the number of structures is that of the room.
        let count =
            check(unsafe { sys::virDomainMemoryStats(self.as_ptr(), raw.as_mut_ptr(), raw.len() as c_uint, 0) })?;
        Ok(raw.iter().take(count as usize).map(|stat| (stat.tag, stat.val)).collect())
    }
}

/// A domain that was looked up. Dropping it releases it.
pub(crate) struct OwnedDomain(NonNull<sys::virDomain>);

// SAFETY: libvirt's domain objects are reference-counted; any thread may use and release them.
unsafe impl Send for OwnedDomain {}

impl OwnedDomain {
    /// `virDomainLookupByUUID`.
    fn look_up(connection: &Connection, uuid: Uuid) -> Result<Self, LibvirtError> {
        // SAFETY: the connection is open, and libvirt reads the 16 bytes.
        let raw = unsafe { sys::virDomainLookupByUUID(connection.as_ptr(), uuid.as_bytes().as_ptr()) };
        NonNull::new(raw).map(Self).ok_or_else(LibvirtError::last)
    }

    /// A handle that borrows from it.
    pub(crate) fn view(&self) -> Domain<'_> {
        Domain { raw: self.0, list: PhantomData }
    }
}

impl Drop for OwnedDomain {
    fn drop(&mut self) {
        // SAFETY: this value owns one reference, and views of it have ended with it.
        unsafe { sys::virDomainFree(self.0.as_ptr()) };
    }
}

/// The answer of `virConnectListAllDomains`. Dropping it frees it.
pub(crate) struct DomainList<'connection> {
    list: *mut sys::virDomainPtr,
    count: usize,
    connection: PhantomData<&'connection Connection>,
}

impl<'connection> DomainList<'connection> {
    fn all(connection: &'connection Connection) -> Result<Self, LibvirtError> {
        let mut list = null_mut();
        // SAFETY: the connection is open, and `list` is a place for the answer.
        let count = check(unsafe { sys::virConnectListAllDomains(connection.as_ptr(), &mut list, 0) })?;
        Ok(Self { list, count: if list.is_null() { 0 } else { count as usize }, connection: PhantomData })
    }

    /// The domains, in libvirt's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Domain<'_>> {
        (0..self.count).filter_map(move |index| {
            // SAFETY: the list holds `count` domains, which live until `self` is dropped; the item borrows from it.
            unsafe { Domain::borrowed(*self.list.add(index)) }
        })
    }
}

impl Drop for DomainList<'_> {
    fn drop(&mut self) {
        if self.list.is_null() {
            return;
        }
        for domain in self.iter() {
            // SAFETY: the list owns one reference to each of its domains, and no handle that borrows from it is left.
            unsafe { sys::virDomainFree(domain.as_ptr()) };
        }
        // SAFETY: the array itself is from `malloc` and is freed once.
        unsafe { libc::free(self.list.cast()) };
    }
}

impl Connection {
    /// `virDomainLookupByUUID`. It locks no other domain, so it answers while a list would hang.
    pub(crate) fn look_up(&self, uuid: Uuid) -> Result<OwnedDomain, LibvirtError> {
        OwnedDomain::look_up(self, uuid)
    }

    /// `virConnectListAllDomains`: every domain, active or not.
    pub(crate) fn all_domains(&self) -> Result<DomainList<'_>, LibvirtError> {
        DomainList::all(self)
    }
}
