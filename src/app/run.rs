//! The whole program, from the configuration to the exit code.

use super::error::AppError;
use super::signals::Signal;
use super::{panic, report, screen};
use crate::config::{Config, Mode};
use crate::sources::libvirt;
use std::process::ExitCode;

/// The version of vtop and that of the libvirt library, for `--version` and bug reports.
pub fn version() -> String {
    let libvirt = libvirt::library_version().unwrap_or_else(|| "unknown".into());
    format!("{} (libvirt {libvirt})", env!("CARGO_PKG_VERSION"))
}

/// Runs the program and returns its exit code. If it ends early, the reason is on standard error.
pub fn run(config: Config) -> ExitCode {
    let ended = panic::install().and_then(|()| block_on(config));
    panic::print_kept();
    match ended {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(signal)) => signal.exit_code(),
        Err(error) => {
            error.print();
            error.exit_code()
        }
    }
}

/// Runs one mode. Returns the signal that ended it, if a signal did.
fn block_on(config: Config) -> Result<Option<Signal>, AppError> {
    if config.mode == Mode::Screen {
        screen::check()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AppError::Setup)?;
    let ended = runtime.block_on(async {
        match config.mode {
            Mode::Screen => screen::run(&config).await,
            Mode::Report { format, records } => report::run(&config, format, records).await.map(|()| None),
        }
    });
    // A call to a hypervisor that does not answer cannot be cancelled, so nothing waits for one.
    runtime.shutdown_background();
    ended
}
