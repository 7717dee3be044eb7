//! Cost of monitoring: CPU time of the client, libvirtd and the QEMUs, compared with a bare loop of one bulk call.
//!
//! ```sh
//! benches/cost/run lab               # 50 suspended guests; as root
//! benches/cost/run lab --busy        # guests at work
//! benches/cost/run lab --quick       # 10 guests, a minute
//! benches/cost/run scale             # the client alone: 10, 100 and 1,000 made-up domains; 10 minutes
//! ```
//!
//! `benches/cost/run help` lists the options.

#![allow(unreachable_pub)] // Nothing uses a bench as a library.

mod clock;
mod lab;
mod machine;
#[allow(dead_code)] // Only what waits for a CPU is asked for here.
#[path = "../../tests/faults/process.rs"]
mod process;
mod program;
mod scale;
#[allow(clippy::unwrap_used)] // of the tests, where a failed unwrap is a failed test
#[path = "../../tests/shared/mod.rs"]
mod shared;
mod side_by_side;
mod table;
mod tap;
mod window;
mod without;

use clap::Parser;
use std::process::ExitCode;

/// Set by the script, so that plain `cargo bench` skips this bench, which takes minutes and a hypervisor.
const ASKED_FOR: &str = "VTOP_COST";

#[derive(Debug, Parser)]
#[command(name = "benches/cost/run", about = "What watching costs", disable_version_flag = true)]
enum Command {
    /// vtop, a bare loop and virt-top in turn on the same guests of a lab (root)
    Lab(side_by_side::Options),
    /// vtop alone, on made-up hosts of growing size
    Scale(scale::Options),
}

fn main() -> ExitCode {
    if std::env::var_os(ASKED_FOR).is_none() {
        println!("cost: DID NOT RUN. It takes minutes, and root for its lab: benches/cost/run help");
        return ExitCode::SUCCESS;
    }
    // cargo adds an argument of its own.
    let words = std::env::args_os().filter(|word| word != "--bench");
    let done = match Command::parse_from(words) {
        Command::Lab(options) => side_by_side::run(&options),
        Command::Scale(options) => scale::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cost: {why}");
            ExitCode::FAILURE
        }
    }
}
