//! One sample: by bulk calls where the driver has them, otherwise domain by domain.

use super::bulk_error::BulkError;
use super::state::Session;
use crate::model::{HostSample, SampleKind};
use crate::sources::libvirt::definition::Definitions;
use crate::sources::libvirt::ffi::LibvirtError;
use crate::sources::{Bypass, Request};

impl Session {
    /// Reads a sample.
    pub(crate) fn sample(
        &mut self,
        request: &Request,
        definitions: &mut Definitions,
    ) -> Result<HostSample, LibvirtError> {
        if self.take_changes(definitions) {
            self.inactive.list_next_time();
        }
        if request.kind == SampleKind::Full {
            self.read_host_again();
        }
        if !self.per_domain {
            match self.sample_in_bulk(request, definitions) {
                Ok(sample) => return Ok(sample),
                Err(BulkError::Failed(error)) => return Err(error),
                Err(BulkError::Useless) => self.per_domain = true,
            }
        }
        self.sample_per_domain(request, None, definitions)
    }

    /// Reads a sample while calls hang in some domains. With bulk calls, definitions are not read.
    pub(crate) fn sample_degraded(
        &mut self,
        request: &Request,
        bypass: &Bypass,
        definitions: &mut Definitions,
    ) -> Result<HostSample, LibvirtError> {
        if self.take_changes(definitions) {
            self.handles.clear();
        }
        // Changes that this sample does not read are read when no call hangs any more.
        self.inactive.list_next_time();
        if !self.per_domain {
            match self.sample_degraded_in_bulk(request, bypass, definitions) {
                Ok(sample) => return Ok(sample),
                Err(BulkError::Failed(error)) => return Err(error),
                Err(BulkError::Useless) => self.per_domain = true,
            }
        }
        self.sample_per_domain(request, Some(bypass), definitions)
    }
}
