//! What environment variables set.

use super::settings::{Given, Origin, PartialSettings};
use std::ffi::OsString;

/// Reads the variables of [`PartialSettings`]. An empty variable counts as unset.
pub(super) fn read(variable: impl Fn(&str) -> Option<OsString>) -> PartialSettings {
    let given = |name, option| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some(Given { text: value.to_string_lossy().into_owned(), origin: Origin::Variable { name, option } })
    };
    PartialSettings {
        connect: given("LIBVIRT_DEFAULT_URI", "--connect"),
        delay: given("VTOP_DELAY", "--delay"),
        ..PartialSettings::default()
    }
}
