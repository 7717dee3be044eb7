//! vtop: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    match vtop::config::parse(std::env::args_os(), |name| std::env::var_os(name), vtop::app::version()) {
        Ok(config) => vtop::app::run(config),
        Err(error) => error.exit(),
    }
}
