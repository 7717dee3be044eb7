//! Sampling while calls hang in some domains.

pub(super) mod bypass;
