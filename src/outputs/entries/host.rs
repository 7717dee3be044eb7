//! The values of a host.

use super::figures::{Counters, Derived, Gauges};
use crate::fleet::{Host, When};
use crate::model::Groups;
use crate::model::totals::HostTotal;
use crate::outputs::fields::{Entry, Fields};

/// A host, and the sums over its domains; without its hostname.
pub(crate) struct HostEntry<'a> {
    pub(crate) host: Option<&'a Host>,
    /// Whether the record has a sample. If not, all figures are written as unknown, because the last ones are old.
    pub(crate) sampled: bool,
}

impl Entry for HostEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        let info = self.host.and_then(|host| host.info.as_deref());
        fields.value("name", self.host.map(|host| host.name.as_str()).filter(|name| !name.is_empty()))?;
        fields.value("uri", info.map(|info| info.uri.as_str()))?;
        fields.value("driver", info.map(|info| info.driver.name()))?;
        fields.value("hypervisor_version", info.and_then(|info| info.hypervisor_version.as_deref()))?;
        fields.value("libvirt_version", info.and_then(|info| info.libvirt_version.as_deref()))?;
        fields.value("cpu_model", info.and_then(|info| info.cpu_model.as_deref()))?;
        fields.value("cpus", info.and_then(|info| info.cpus))?;
        fields.value("mhz", info.and_then(|info| info.mhz))?;
        fields.value("synthetic", info.map(|info| info.synthetic))?;
        let host = self.host.filter(|_| self.sampled);
        Derived(host.map(|host| &host.series)).write(fields)?;
        fields.value("partial_sums", host.map(partial_sums))?;
        let node = host.map(|host| &host.node);
        fields.group("memory", true, &Gauges::<HostTotal>(node))?;
        fields.group("totals", true, &Counters::<HostTotal>(node))
    }
}

/// Which sums do not include all running domains: `disk` stands for the keys that begin with it, `net` likewise.
fn partial_sums(host: &Host) -> Vec<&'static str> {
    let partial = host.partial_sums(When::Latest);
    let sums = [(Groups::BLOCK, "disk"), (Groups::NET, "net")].into_iter();
    sums.filter(|(group, _)| partial.contains(*group)).map(|(_, name)| name).collect()
}
