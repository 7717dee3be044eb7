//! The flag `VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT`: libvirt leaves out the groups of a domain instead of waiting for the
//! job of another client. Drivers without it refuse the whole call.

use crate::sources::libvirt::ffi::LibvirtError;
use std::sync::atomic::{AtomicBool, Ordering};
use virt::sys;

const NOWAIT: u32 = sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;

/// Makes a call with the flag, or without the flag if the driver does not have it. `supported` is what is known of this
/// connection: it becomes false once a call failed with the flag and the same call succeeded without it.
pub(super) fn without_waiting<T>(
    supported: &AtomicBool,
    call: impl Fn(u32) -> Result<T, LibvirtError>,
) -> Result<T, LibvirtError> {
    if !supported.load(Ordering::Relaxed) {
        return call(0);
    }
    match call(NOWAIT) {
        // Other arguments have the same error.
        Err(error) if error.code as u32 == sys::VIR_ERR_INVALID_ARG => {
            let answer = call(0)?;
            supported.store(false, Ordering::Relaxed);
            Ok(answer)
        }
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn error(code: u32) -> LibvirtError {
        LibvirtError { code: code as i32, domain: 0, message: "no".to_owned() }
    }

    /// Makes one call to a driver; its answer, the flags that it got, and what is known afterwards.
    fn ask(
        known: bool,
        driver: impl Fn(u32) -> Result<&'static str, u32>,
    ) -> (Result<&'static str, i32>, Vec<u32>, bool) {
        let (supported, flags) = (AtomicBool::new(known), RefCell::<Vec<u32>>::default());
        let answer = without_waiting(&supported, |flag| {
            RefCell::borrow_mut(&flags).push(flag);
            driver(flag).map_err(error)
        });
        (answer.map_err(|error| error.code), flags.into_inner(), supported.into_inner())
    }

    #[test]
    fn a_driver_without_the_flag_is_asked_without_it_from_then_on() {
        let driver = |flag| if flag == 0 { Ok("stats") } else { Err(sys::VIR_ERR_INVALID_ARG) };
        assert_eq!(ask(true, driver), (Ok("stats"), vec![NOWAIT, 0], false));
        assert_eq!(ask(false, driver), (Ok("stats"), vec![0], false));
    }

    #[test]
    fn another_invalid_argument_does_not_cost_the_flag() {
        let invalid = sys::VIR_ERR_INVALID_ARG as i32;
        assert_eq!(ask(true, |_| Err(sys::VIR_ERR_INVALID_ARG)), (Err(invalid), vec![NOWAIT, 0], true));
        let other = sys::VIR_ERR_NO_DOMAIN;
        assert_eq!(ask(true, |_| Err(other)), (Err(other as i32), vec![NOWAIT], true));
        assert_eq!(ask(true, |_| Ok("stats")), (Ok("stats"), vec![NOWAIT], true));
    }
}
