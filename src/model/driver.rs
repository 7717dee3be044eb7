//! The hypervisor driver of a connection.

use std::fmt;

/// A libvirt driver (`virConnectGetType`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Driver {
    /// QEMU and KVM.
    Qemu,
    /// Linux containers.
    Lxc,
    /// Xen, through libxl.
    Xen,
    /// libvirt's test driver: made-up domains within the library.
    Test,
    /// Virtuozzo.
    Vz,
    /// bhyve, of FreeBSD.
    Bhyve,
    /// Cloud Hypervisor.
    Ch,
    /// VMware ESX and vCenter.
    Esx,
    /// Microsoft Hyper-V.
    HyperV,
    /// VirtualBox.
    VirtualBox,
    /// VMware Workstation, Player and Fusion.
    Vmware,
    /// OpenVZ.
    OpenVz,
    /// A driver with another name; empty if libvirt returns none.
    Other(String),
}

/// The drivers with a variant of their own, and the names that `virConnectGetType` returns.
const NAMES: [(Driver, &str); 12] = [
    (Driver::Qemu, "QEMU"),
    (Driver::Lxc, "LXC"),
    (Driver::Xen, "Xen"),
    (Driver::Test, "TEST"),
    (Driver::Vz, "vz"),
    (Driver::Bhyve, "BHYVE"),
    (Driver::Ch, "CH"),
    (Driver::Esx, "ESX"),
    (Driver::HyperV, "Hyper-V"),
    (Driver::VirtualBox, "VBOX"),
    (Driver::Vmware, "VMware"),
    (Driver::OpenVz, "OpenVZ"),
];

impl Driver {
    /// The driver with a name, as `virConnectGetType` returns it.
    pub fn from_name(name: &str) -> Self {
        let known = NAMES.into_iter().find(|(_, known)| *known == name).map(|(driver, _)| driver);
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// The name, as `virConnectGetType` returns it.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => NAMES.iter().find(|(driver, _)| driver == known).map_or("", |(_, name)| name),
        }
    }
}

impl Default for Driver {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stays_the_same() {
        assert_eq!(Driver::from_name("QEMU"), Driver::Qemu);
        assert_eq!(Driver::from_name("Hyper-V"), Driver::HyperV);
        assert_eq!(Driver::from_name("qemu"), Driver::Other("qemu".to_owned()));
        for (driver, name) in NAMES {
            assert_eq!((Driver::from_name(name), driver.name()), (driver.clone(), name));
        }
        for name in ["ACRN", ""] {
            assert_eq!(Driver::from_name(name).to_string(), name);
        }
    }
}
