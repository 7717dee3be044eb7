//! Reads all places, merges and resolves them.

use super::args;
use super::config::Config;
use super::environment;
use super::resolve::resolve;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// Reads the arguments (the first is the program's name) and the environment. `version` is the text of `--version`.
///
/// The error has its message, its stream and its exit code: a usage error, or the text of `--help` or `--version`.
pub fn parse(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    variable: impl Fn(&str) -> Option<OsString>,
    version: String,
) -> Result<Config, clap::Error> {
    let mut command = args::command(version);
    let typed = args::read(&mut command, arguments)?;
    resolve(typed.or(environment::read(variable)))
        .map_err(|error| command.error(ErrorKind::ValueValidation, error.to_string()))
}
