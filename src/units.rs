//! Units of what libvirt reports. A raw figure always carries one, so that KiB never meet bytes by accident.

/// A raw quantity: an unsigned integer in one unit.
pub trait Quantity: Copy {
    /// The bare number, in the unit that the type names.
    fn value(self) -> u64;
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub u64);
        impl Quantity for $name {
            fn value(self) -> u64 { self.0 }
        }
    )*};
}

quantities! {
    /// Bytes (8 bit each).
    Bytes;
    /// Nanoseconds, of CPU or of waiting.
    Nanoseconds;
    /// Requests to a block device: reads, writes or flushes.
    Operations;
    /// Network packets.
    Packets;
    /// Things counted one by one: page faults, huge page allocations, errors.
    Events;
}

impl Bytes {
    /// From the KiB in which libvirt gives memory figures; saturates.
    pub fn from_kib(kib: u64) -> Self {
        Self(kib.saturating_mul(1024))
    }
}

/// How a derived figure is to be read: what its number counts. Formatting happens at the cell (`view`), not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Percent; what 100 % stands for is said by the metric (one core, all cores, the whole memory).
    Percent,
    /// Bytes held.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Operations a second (IOPS).
    OperationsPerSecond,
    /// Packets a second.
    PacketsPerSecond,
    /// Events a second.
    EventsPerSecond,
    /// Nanoseconds for one operation.
    Nanoseconds,
    /// A plain mean number, as requests in flight.
    Count,
}

impl Unit {
    /// The ending of a machine-readable name, so that a reader of JSON never guesses.
    pub fn suffix(self) -> &'static str {
        match self {
            Unit::Percent => "percent",
            Unit::Bytes => "bytes",
            Unit::BytesPerSecond => "bytes_per_second",
            Unit::OperationsPerSecond | Unit::PacketsPerSecond | Unit::EventsPerSecond => "per_second",
            Unit::Nanoseconds => "nanoseconds",
            Unit::Count => "count",
        }
    }
}
