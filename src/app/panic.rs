//! Reports of panics: on the normal screen, never over the figures.

use super::error::{AppError, PANIC_EXIT_CODE};
use super::terminal;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// The most reports that are kept: a sampler that panics starts again, and may panic again.
const MAX_KEPT: usize = 20;
/// Reports of other threads than the main one; printed at the end.
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Installs the panic hook. A panic of this thread leaves the terminal, prints its report and ends the process. The report
/// of another thread is printed at the end: the panic of a source or of a sampler fails its host, that of any other thread ends
/// the program. The first reports are kept; later ones mostly are the same again.
pub(super) fn install() -> Result<(), AppError> {
    let (panic_hook, eyre_hook) = color_eyre::config::HookBuilder::default().into_hooks();
    eyre_hook.install().map_err(|error| AppError::Setup(io::Error::other(error)))?;
    let main = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let report = panic_hook.panic_report(info).to_string();
        if std::thread::current().id() == main {
            terminal::leave();
            print(&report);
            std::process::exit(PANIC_EXIT_CODE.into());
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_KEPT {
            kept.push(report);
        }
    }));
    Ok(())
}

/// Prints the reports of other threads. To be called after the terminal was left.
pub(super) fn print_kept() {
    for report in KEPT.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        print(&report);
    }
}

fn print(report: &str) {
    let _ = writeln!(io::stderr(), "{report}");
}

/// Panics if the variable `VTOP_TEST_PANIC` names this place. Only in debug builds, for tests.
pub(super) fn on_demand(place: &str) {
    if cfg!(debug_assertions) && std::env::var("VTOP_TEST_PANIC").is_ok_and(|wanted| wanted == place) {
        panic!("VTOP_TEST_PANIC={place}");
    }
}
