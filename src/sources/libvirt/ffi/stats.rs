//! The bulk calls, and the records of their answers.

use super::typed_params::read;
use super::{Connection, Domain, LibvirtError, check};
use crate::sources::libvirt::stats::params::Value;
use std::ffi::c_uint;
use std::marker::PhantomData;
use std::ptr::null_mut;
use virt::sys;

/// The answer of a bulk call. Dropping it frees it.
pub(crate) struct Records<'connection> {
    list: *mut sys::virDomainStatsRecordPtr,
    count: usize,
    connection: PhantomData<&'connection Connection>,
}

impl<'connection> Records<'connection> {
    fn of_all(connection: &'connection Connection, groups: c_uint, flags: c_uint) -> Result<Self, LibvirtError> {
        let mut list = null_mut();
        // SAFETY: the connection is open and `list` has room for the answer.
        let count = check(unsafe { sys::virConnectGetAllDomainStats(connection.as_ptr(), groups, &mut list, flags) })?;
        Ok(Self { list, count: if list.is_null() { 0 } else { count as usize }, connection: PhantomData })
    }

    /// `virDomainListGetStats`, for domains of this connection.
    fn of_domains(
        _connection: &'connection Connection,
        domains: &[Domain<'_>],
        groups: c_uint,
        flags: c_uint,
    ) -> Result<Self, LibvirtError> {
        if domains.is_empty() {
            // libvirt takes the connection from the first domain.
            return Ok(Self { list: null_mut(), count: 0, connection: PhantomData });
        }
        let mut raw: Vec<sys::virDomainPtr> = domains.iter().map(Domain::as_ptr).collect();
        raw.push(null_mut());
        let mut list = null_mut();
        // SAFETY: `raw` is an array of valid domains that ends with null, as the call requires; `list` has room for the answer.
        let count = check(unsafe { sys::virDomainListGetStats(raw.as_mut_ptr(), groups, &mut list, flags) })?;
        Ok(Self { list, count: if list.is_null() { 0 } else { count as usize }, connection: PhantomData })
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// One record for each domain, in libvirt's order, which is not stable.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.count).filter_map(move |index| {
            // SAFETY: the list holds `count` pointers to records, each valid until the list is freed, which is when
            // `self` is dropped; the item borrows from `self`.
            let record = unsafe { (*self.list.add(index)).as_ref() }?;
            // SAFETY: a record owns its domain.
            let domain = unsafe { Domain::borrowed(record.dom) }?;
            Some(Record { domain, record })
        })
    }
}

impl Drop for Records<'_> {
    fn drop(&mut self) {
        if !self.list.is_null() {
            // SAFETY: the list is libvirt's, is freed once, and frees its records and their domains with it.
            unsafe { sys::virDomainStatsRecordListFree(self.list) };
        }
    }
}

/// The values of one domain.
pub(crate) struct Record<'list> {
    /// Contains name, UUID and ID.
    pub(crate) domain: Domain<'list>,
    record: &'list sys::virDomainStatsRecord,
}

impl<'list> Record<'list> {
    /// The values, in libvirt's order.
    pub(crate) fn params(&self) -> impl Iterator<Item = (&'list str, Value<'list>)> + use<'list> {
        let params = if self.record.params.is_null() {
            &[]
        } else {
            // SAFETY: there are `nparams` parameters at `params`, which live as long as the list.
            unsafe { std::slice::from_raw_parts(self.record.params, self.record.nparams.max(0) as usize) }
        };
        params.iter().filter_map(read)
    }
}

impl Connection {
    /// `virConnectGetAllDomainStats`.
    pub(crate) fn all_domain_stats(&self, groups: c_uint, flags: c_uint) -> Result<Records<'_>, LibvirtError> {
        Records::of_all(self, groups, flags)
    }

    /// `virDomainListGetStats`, of domains of this connection.
    pub(crate) fn stats_of(
        &self,
        domains: &[Domain<'_>],
        groups: c_uint,
        flags: c_uint,
    ) -> Result<Records<'_>, LibvirtError> {
        Records::of_domains(self, domains, groups, flags)
    }
}
