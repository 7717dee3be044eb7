//! What a fleet says after a stream of updates.

mod devices;
mod findings;
mod hosts;
mod missing;
mod pauses;
mod rates;
mod rig;
