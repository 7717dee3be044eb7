//! The sending end of a host's updates.

use super::controls::{Controls, Stopped, unless_stopped};
use crate::model::HostUpdate;
use tokio::sync::{mpsc, watch};

/// Sends the updates of one host.
#[derive(Clone)]
pub(super) struct UpdateSender {
    /// The number of the host, which goes with every update.
    pub(super) host: usize,
    /// The channel to the reader.
    pub(super) channel: mpsc::Sender<(usize, HostUpdate)>,
    /// Says whether the host's handle was dropped.
    pub(super) controls: watch::Receiver<Controls>,
}

impl UpdateSender {
    /// Waits until the reader has room, and sends an update.
    pub(super) async fn send(&self, update: HostUpdate) -> Result<(), Stopped> {
        let permit = unless_stopped(&self.controls, self.channel.reserve()).await?.map_err(|_| Stopped)?;
        permit.send((self.host, update));
        Ok(())
    }
}
