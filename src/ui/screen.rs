//! What fills the screen.

use crate::fleet::DomainId;
use crate::table::{DeviceKey, List};

/// The domain that the user drilled into.
#[derive(Clone, Debug)]
pub struct DomainView {
    /// The domain.
    pub id: DomainId,
    /// The selected device; `None`: the first one.
    pub selected: Option<DeviceKey>,
    /// The first line of the devices on the screen.
    pub offset: usize,
    /// The device that fills the screen.
    pub device: Option<DeviceKey>,
}

/// What fills the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Screen<'a> {
    /// A list of domains, devices or events.
    List(List),
    /// One domain.
    Domain(&'a DomainView),
    /// One device of it.
    Device(DomainId, &'a DeviceKey),
}

impl PartialEq for DomainView {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.device == other.device
    }
}
