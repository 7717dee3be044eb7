//! The rim: what touches the terminal, the clock, signals and the process. Everything else is handed what it needs.
//!
//! ```text
//! source      from the configuration to something that can be sampled
//! screen      sets up the interactive mode; event_loop runs it
//! terminal    in and out of raw mode and the alternate screen, at every way out
//! input       keys and sizes, from a thread of their own
//! signals     what the system tells the process
//! panic       a report that never meets the alternate screen
//! json        the line mode
//! trouble     why the program ends early, in words, and its exit code
//! ```

mod backend;
mod error;
mod event_loop;
mod input;
mod json;
mod panic;
mod screen;
mod signals;
mod source;
mod terminal;

use crate::config::{Config, Mode};
use crate::sources::libvirt;
use error::AppError;
use signals::Signal;
use std::process::ExitCode;

/// The versions that matter in a report: vtop's, and that of libvirt's library.
pub fn version() -> String {
    let libvirt = libvirt::library_version().unwrap_or_else(|| "unknown".into());
    format!("{} (libvirt {libvirt})", env!("CARGO_PKG_VERSION"))
}

/// Runs until the end, tells on standard error why it came early, and gives the exit code.
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

/// The signal that ended it, if it was one.
fn block_on(config: Config) -> Result<Option<Signal>, AppError> {
    if config.mode == Mode::Screen {
        screen::check()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AppError::Setup)?;
    let ended = runtime.block_on(async {
        match config.mode {
            Mode::Screen => screen::run(&config).await,
            Mode::Json { lines } => json::run(&config, lines).await.map(|()| None),
        }
    });
    // A call into a hung hypervisor cannot be cancelled, so nothing here waits for one.
    runtime.shutdown_background();
    ended
}
