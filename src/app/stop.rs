//! SIGTSTP: blocked, so that the terminal is left before the process stops.

use nix::sys::signal::{SigSet, Signal, raise};
use std::io;

/// SIGTSTP, to be blocked and waited for.
pub(super) fn signal() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTSTP);
    signals
}

/// Stops this process, as SIGTSTP does by default: the system ignores it where no shell could continue the process. To be
/// called after the terminal was left.
pub(super) fn stop_process() -> io::Result<()> {
    let stop = signal();
    stop.thread_unblock()?;
    let raised = raise(Signal::SIGTSTP);
    stop.thread_block()?;
    Ok(raised?)
}
