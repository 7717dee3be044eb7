//! The bulk calls, and the typed parameters of their answers.

use super::{Connection, Domain, LibvirtError, borrowed_text, check};
use crate::sources::libvirt::stats::params::Value;
use std::ffi::{CStr, c_uint};
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
    pub(super) fn of_all(
        connection: &'connection Connection,
        groups: c_uint,
        flags: c_uint,
    ) -> Result<Self, LibvirtError> {
        let mut list = null_mut();
        // SAFETY: the connection is open and `list` has room for the answer.
        let count = check(unsafe { sys::virConnectGetAllDomainStats(connection.as_ptr(), groups, &mut list, flags) })?;
        Ok(Self { list, count: if list.is_null() { 0 } else { count as usize }, connection: PhantomData })
    }

    /// `virDomainListGetStats`, for domains of this connection.
    pub(super) fn of_domains(
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

/// Typed parameters for a call that fills the caller's array. Dropping them frees the values.
pub(super) struct Params(Vec<sys::virTypedParameter>);

impl Params {
    /// Room for `count`, all empty.
    pub(super) fn room_for(count: usize) -> Self {
        let empty =
            || sys::virTypedParameter { field: [0; 80], type_: 0, value: sys::_virTypedParameterValue { ul: 0 } };
        let mut params = Vec::new();
        params.resize_with(count, empty);
        Self(params)
    }

    pub(super) fn as_mut_ptr(&mut self) -> sys::virTypedParameterPtr {
        self.0.as_mut_ptr()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The values that were filled in.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.0.iter().filter_map(read)
    }

    /// The same, in rows of `width` parameters.
    pub(super) fn rows(&self, width: usize) -> impl Iterator<Item = impl Iterator<Item = (&str, Value<'_>)>> {
        self.0.chunks(width.max(1)).map(|row| row.iter().filter_map(read))
    }
}

impl Drop for Params {
    fn drop(&mut self) {
        // SAFETY: every element is a valid parameter; libvirt frees the strings among them and nothing else.
        unsafe { sys::virTypedParamsClear(self.0.as_mut_ptr(), self.0.len() as i32) };
    }
}

/// One parameter; `None` if it is empty, of an unknown type, or if its name is not text.
fn read(param: &sys::virTypedParameter) -> Option<(&str, Value<'_>)> {
    // SAFETY: the name is an array of bytes; the slice has its length.
    let field = unsafe { std::slice::from_raw_parts(param.field.as_ptr().cast::<u8>(), param.field.len()) };
    let key = CStr::from_bytes_until_nul(field).ok()?.to_str().ok()?;
    // SAFETY (all): `type_` names the field of the union that libvirt has set.
    let value = match u32::try_from(param.type_).ok()? {
        sys::VIR_TYPED_PARAM_INT => Value::Signed(unsafe { param.value.i }.into()),
        sys::VIR_TYPED_PARAM_UINT => Value::Unsigned(unsafe { param.value.ui }.into()),
        sys::VIR_TYPED_PARAM_LLONG => Value::Signed(unsafe { param.value.l }),
        sys::VIR_TYPED_PARAM_ULLONG => Value::Unsigned(unsafe { param.value.ul }),
        sys::VIR_TYPED_PARAM_DOUBLE => Value::Double(unsafe { param.value.d }),
        sys::VIR_TYPED_PARAM_BOOLEAN => Value::Bool(unsafe { param.value.b } != 0),
        // SAFETY: a string parameter holds null or a C string that lives as long as the parameter.
        sys::VIR_TYPED_PARAM_STRING => Value::Text(unsafe { borrowed_text(param.value.s) }?),
        _ => return None,
    };
    Some((key, value))
}
