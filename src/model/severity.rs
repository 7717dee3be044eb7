//! How serious an event or a finding is.

/// How serious an event or a finding is, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Normal operation.
    Notice,
    /// The operator should look at it.
    Warning,
    /// A guest is affected now, or its state is unknown.
    Critical,
}

impl Severity {
    /// The word for programs (JSON); it does not change between versions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
