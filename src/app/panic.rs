//! A panic's report: on the normal screen, whole, and never over the figures.

use super::error::{AppError, PANIC_EXIT_CODE};
use super::terminal;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Reports of threads whose end the program survives: told at the end.
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on a panic of this thread gives the terminal back, prints its report and ends the process. One of another
/// thread is reported at the end: a source's is told by its host's line on the screen, a sampler's ends the screen.
pub(super) fn install() -> Result<(), AppError> {
    let (panic_hook, eyre_hook) = color_eyre::config::HookBuilder::default().into_hooks();
    eyre_hook.install().map_err(|error| AppError::Setup(io::Error::other(error)))?;
    let main = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let report = panic_hook.panic_report(info).to_string();
        if std::thread::current().id() == main {
            terminal::give_back();
            print(&report);
            std::process::exit(PANIC_EXIT_CODE.into());
        }
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }));
    Ok(())
}

/// Prints the reports that were kept; for when the terminal is as it was.
pub(super) fn print_kept() {
    for report in KEPT.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        print(&report);
    }
}

fn print(report: &str) {
    let _ = writeln!(io::stderr(), "{report}");
}

/// Panics where the environment asks for it, to test what happens then. Not in a release.
pub(super) fn on_demand(place: &str) {
    if cfg!(debug_assertions) && std::env::var("VTOP_TEST_PANIC").is_ok_and(|wanted| wanted == place) {
        panic!("VTOP_TEST_PANIC={place}");
    }
}
