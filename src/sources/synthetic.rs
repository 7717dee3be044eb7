//! A made-up host.
