//! Typed parameters: names, each with a value whose type libvirt states.

use super::borrowed_text;
use crate::sources::libvirt::stats::params::Value;
use std::ffi::CStr;
use virt::sys;

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
pub(super) fn read(param: &sys::virTypedParameter) -> Option<(&str, Value<'_>)> {
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
