//! The same figures as on the screen, for programs.

pub mod json;
