//! The configuration of a run of vtop.

use crate::outputs::Format;
use crate::sources::libvirt::LibvirtOptions;
use crate::sources::synthetic::SyntheticOptions;
use crate::table::query::Query;
use crate::time::Interval;
use crate::view::Symbols;

/// What this run does. Every value has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What is sampled.
    pub target: Target,
    /// Time between two samples.
    pub interval: Interval,
    /// Where the figures go.
    pub mode: Mode,
    /// The theme at the start, an index into [`crate::view::theme_names`]; `None`: the one for the terminal's ground.
    pub theme: Option<usize>,
    /// The query of the lists at the start, and of what an output writes.
    pub filter: Query,
    /// Symbols of charts; `None`: what the terminal and the locale can show.
    pub symbols: Option<Symbols>,
}

/// What is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A hypervisor.
    Libvirt(LibvirtOptions),
    /// A synthetic host, for a demonstration.
    Synthetic(SyntheticOptions),
}

/// Where the figures go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To the terminal, interactively.
    Screen,
    /// To standard output.
    Report {
        /// In which format.
        format: Format,
        /// How many records; `None`: until a signal or the reader ends it.
        records: Option<u64>,
    },
}
