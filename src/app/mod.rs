//! The application: what touches the terminal, the clock, signals and the process. All other modules get what they need as
//! arguments.
//!
//! | file | contents |
//! | --- | --- |
//! | `run` | the whole program, from the configuration to the exit code |
//! | `feed` | what the application holds of its producers: updates, hosts, controls |
//! | `live` | a feed of hosts that are sampled now |
//! | `screen` | starts the interactive mode, which `event_loop` runs |
//! | `terminal` | raw mode and the alternate screen, and their end on every way out |
//! | `frame`, `encoder`, `writer`, `output` | frames, as bytes, on their way to the terminal, on a thread |
//! | `stderr` | standard error while the screen is up |
//! | `input` | keys, pasted text and answers of the terminal, read on a thread |
//! | `signals`, `stop` | signals of the system |
//! | `panic` | reports of panics |
//! | `report` | the report mode: JSON and CSV |
//! | `error` | why the program ends early, and its exit code |

mod cells;
mod encoder;
mod error;
mod event_loop;
pub mod feed;
mod frame;
mod input;
pub mod live;
mod output;
mod panic;
mod report;
mod run;
mod screen;
mod signals;
mod stderr;
mod stop;
mod terminal;
mod writer;

pub use run::{run, version};
