//! Units. Every raw figure has a type with its unit, so that KiB and bytes cannot be mixed.

/// A raw value: an unsigned integer in one unit.
pub trait Amount: Copy {
    /// The bare number, in the unit that the type names.
    fn value(self) -> u64;
}

impl Amount for u64 {
    fn value(self) -> u64 {
        self
    }
}

macro_rules! amounts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub u64);
        impl Amount for $name {
            fn value(self) -> u64 { self.0 }
        }
    )*};
}

amounts! {
    /// Bytes (8 bit each).
    Bytes;
    /// Nanoseconds, of CPU or of waiting.
    Nanoseconds;
    /// Requests to a block device: reads, writes or flushes.
    Operations;
    /// Network packets.
    Packets;
    /// Events: page faults, huge page allocations, errors.
    Events;
}

impl Bytes {
    /// From the KiB in which libvirt gives memory figures; saturates.
    pub fn from_kib(kib: u64) -> Self {
        Self(kib.saturating_mul(1024))
    }
}

/// Unit of a figure. The view formats figures by it, and the keys of JSON and CSV end with its [suffix](Unit::suffix).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Percent; the figure's description says what 100 % is (one core, all cores, the whole memory).
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Requests to a block device.
    Operations,
    /// Requests to a block device per second (IOPS).
    OperationsPerSecond,
    /// Network packets.
    Packets,
    /// Network packets per second.
    PacketsPerSecond,
    /// Events that are counted one by one: page faults, errors.
    Events,
    /// Events per second.
    EventsPerSecond,
    /// Nanoseconds: CPU time, or the time of a request.
    Nanoseconds,
    /// A moment, in seconds since 1970.
    UnixSeconds,
    /// A plain number, as requests in flight.
    Count,
}

impl Unit {
    /// The end of a key that has this unit. Empty for what is counted one by one: its key names what is counted.
    pub fn suffix(self) -> &'static str {
        match self {
            Unit::Percent => "percent",
            Unit::Bytes => "bytes",
            Unit::BytesPerSecond => "bytes_per_second",
            Unit::OperationsPerSecond | Unit::PacketsPerSecond | Unit::EventsPerSecond => "per_second",
            Unit::Nanoseconds => "nanoseconds",
            Unit::UnixSeconds => "seconds",
            Unit::Count => "count",
            Unit::Operations | Unit::Packets | Unit::Events => "",
        }
    }
}
