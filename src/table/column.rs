//! One column of a list.

use super::sort::SortKey;
use crate::fleet::metric::{DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use crate::model::{Groups, Info};
use std::borrow::Cow;

/// One column of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its name in settings; unique among the columns of a list.
    pub id: &'static str,
    /// The words above it; empty above a chart.
    pub heading: &'static str,
    /// What its cells show.
    pub content: Content,
    /// Smallest width, in cells.
    pub width: u16,
    /// Share of the room that is left over if all columns have their smallest width; 0: the column does not grow.
    pub grow: u16,
    /// Greatest width, in cells.
    pub most: u16,
    /// If the columns do not fit, those with the highest number are left out first. 0: never left out.
    pub rank: u8,
    /// Figures are aligned to the right, words to the left.
    pub right: bool,
    /// What the rows are sorted by when this column has the sort mark. `None`: it does not sort.
    pub sort: Option<SortKey>,
    /// A further sort key that has no column of its own. With the keys `s` and `S` it comes before [`Column::sort`]. Usually it is
    /// the sum of this column and its neighbour (read and written bytes).
    pub sum: Option<SortKey>,
    /// What it shows and where that comes from, if no figure of a catalogue says it.
    text: Option<(&'static str, &'static str)>,
}

/// What the cells of a column show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content {
    /// The sign of the worst finding and the letter of the domain's state.
    State,
    /// Name of the domain.
    Name,
    /// CPU use of the domain over time.
    CpuHistory,
    /// CPU time of this run of the domain.
    CpuTime,
    /// Number of vCPUs that are online.
    VcpuCount,
    /// Used and given memory, over a bar.
    Memory,
    /// Reads and writes of the domain together, per second.
    DiskRequests,
    /// A figure of the domain.
    Domain(DomainMetric),
    /// The sign of the worst figure of the device, and its name.
    Device,
    /// Bytes read and written by the disk together, over time.
    DiskHistory,
    /// Bytes received and sent by the NIC together, over time.
    NicHistory,
    /// Use of the vCPU over time.
    VcpuHistory,
    /// What the device is: source of a disk, bridge of a NIC, state of a vCPU.
    About,
    /// A figure of the disk.
    Disk(DiskMetric),
    /// A figure of the NIC.
    Nic(NicMetric),
    /// A figure of the vCPU.
    Vcpu(VcpuMetric),
    /// The severity of the event, and whether it is new.
    EventSign,
    /// When the event happened.
    EventTime,
    /// Name of the event's domain at that time.
    EventDomain,
    /// What happened.
    Event,
    /// Reason, device and path of the event.
    EventReason,
}

impl Content {
    /// Whether the cells show a value by how much of them is filled: a graph, or a bar.
    pub fn is_chart(self) -> bool {
        matches!(self, Self::CpuHistory | Self::Memory | Self::DiskHistory | Self::NicHistory | Self::VcpuHistory)
    }

    /// The catalogue's description of a figure.
    fn info(self) -> Option<&'static Info> {
        Some(match self {
            Self::Domain(metric) => metric.info(),
            Self::Disk(metric) => metric.info(),
            Self::Nic(metric) => metric.info(),
            Self::Vcpu(metric) => metric.info(),
            _ => return None,
        })
    }

    fn source(self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Domain(metric) => metric.source(),
            Self::Disk(metric) => metric.source(),
            Self::Nic(metric) => metric.source(),
            Self::Vcpu(metric) => metric.source(),
            _ => return None,
        })
    }
}

impl Column {
    /// A figure, aligned to the right.
    pub(super) const fn figure(
        id: &'static str,
        heading: &'static str,
        content: Content,
        width: u16,
        rank: u8,
        sort: SortKey,
    ) -> Self {
        let (grow, most, right, sort) = (0, width, true, Some(sort));
        Self { id, heading, content, width, grow, most, rank, right, sort, sum: None, text: None }
    }

    /// Words or a chart, aligned to the left, of a width between `widths`.
    pub(super) const fn words(
        id: &'static str,
        heading: &'static str,
        content: Content,
        widths: (u16, u16),
        grow: u16,
        rank: u8,
    ) -> Self {
        let (width, most) = widths;
        Self { id, heading, content, width, grow, most, rank, right: false, sort: None, sum: None, text: None }
    }

    /// The same column, which sorts by `key`.
    pub(super) const fn sorted(self, key: SortKey) -> Self {
        Self { sort: Some(key), ..self }
    }

    /// The same column with a further sort key ([`Column::sum`]).
    pub(super) const fn summed(self, key: SortKey) -> Self {
        Self { sum: Some(key), ..self }
    }

    /// The same column with a description: what it shows, and the libvirt parameter or call that this comes from.
    pub(super) const fn described(self, about: &'static str, source: &'static str) -> Self {
        Self { text: Some((about, source)), ..self }
    }

    /// Its heading, or words for a column without one.
    pub fn name(&self) -> &'static str {
        match (self.heading.trim(), self.content) {
            ("", Content::EventSign) => "(sign)",
            ("", _) => "(chart)",
            (heading, _) => heading,
        }
    }

    /// What it shows, as sentences.
    pub fn about(&self) -> &'static str {
        let own = self.text.map(|(about, _)| about);
        own.or(self.content.info().map(|info| info.about)).unwrap_or_default()
    }

    /// The keys of libvirt's typed parameters, or the calls, that it comes from.
    pub fn source(&self) -> Cow<'static, str> {
        let own = self.text.map(|(_, source)| source.into());
        own.or(self.content.source()).unwrap_or_default()
    }
}

impl Content {
    /// The groups of statistics that the cells need; `of_device`: the group of the devices in a list of devices.
    pub(super) fn groups(self, of_device: Groups) -> Groups {
        match self {
            Self::Domain(metric) => metric.group(),
            Self::CpuHistory | Self::CpuTime => Groups::CPU,
            Self::VcpuCount => Groups::VCPU,
            Self::Memory => Groups::MEMORY,
            Self::DiskRequests => Groups::BLOCK,
            Self::Device | Self::About => of_device,
            Self::Disk(_) | Self::DiskHistory => Groups::BLOCK,
            Self::Nic(_) | Self::NicHistory => Groups::NET,
            Self::Vcpu(_) | Self::VcpuHistory => Groups::VCPU,
            // Every sample has these of every domain.
            Self::State | Self::Name => Groups::empty(),
            Self::EventSign | Self::EventTime | Self::EventDomain | Self::Event | Self::EventReason => Groups::empty(),
        }
    }
}
