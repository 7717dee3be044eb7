//! Reads arguments and environment variables into one checked [`Config`].
//!
//! Each place gives [`PartialSettings`]: texts, each with its origin. The places are merged once, then resolved once:
//!
//! ```text
//! args         what was typed, and the help
//! environment  variables
//! settings     texts with their origins, and which origin takes precedence
//! resolve      texts to a Config, or an error that names the origin, the value and what is allowed
//! config       the Config
//! ```

mod args;
#[allow(clippy::module_inception)] // Its type is what the module is called after.
mod config;
mod environment;
mod parse;
mod resolve;
mod settings;
#[cfg(test)]
mod tests;

pub use config::{Config, Mode, Target};
pub use parse::parse;
pub use resolve::SettingError;
pub use settings::{Given, Origin, PartialSettings};
