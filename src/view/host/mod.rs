//! The top of the screen: the hosts, their connections, their load.

mod draw;
mod heading;
mod load;
mod rows;
mod status;

pub(super) use draw::draw;
pub(super) use status::clock;
