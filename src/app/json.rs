//! The line mode: a line of JSON a sample, until nobody wants more.

use super::source::{self, Updates};
use super::trouble::Trouble;
use crate::config::Config;
use crate::fleet::{Fleet, Link};
use crate::model::HostUpdate;
use crate::outputs::json::Lines;
use crate::sampler::Settings;
use crate::time::Timestamp;
use std::io::{self, Write};

/// Writes to standard output; signals end the process as they always do, between two lines at the worst.
pub(super) async fn run(config: &Config, count: Option<u64>) -> Result<(), Trouble> {
    let (handles, updates) = source::start(config, Settings::output(config.interval)).map_err(Trouble::Setup)?;
    write(updates, handles.len(), count, &mut io::stdout().lock()).await
}

async fn write(mut updates: Updates, hosts: usize, count: Option<u64>, to: &mut impl Write) -> Result<(), Trouble> {
    let mut fleet = Fleet::new(hosts);
    let mut lines = vec![Lines::default(); hosts];
    let mut left = count;
    while left != Some(0) {
        let (id, update) = updates.recv().await.ok_or(Trouble::NoSamples)?;
        let failed = matches!(update, HostUpdate::Failed(_));
        fleet.apply(id, update);
        let host = &fleet.hosts()[id];
        if let (Link::Failing(failure), None) = (&host.link, &host.info) {
            return Err(Trouble::Unreachable(failure.clone()));
        }
        let line = if failed { lines[id].failure(host, Timestamp::now()) } else { lines[id].sample(host) };
        let Some(line) = line else { continue };
        match line.write(to) {
            Ok(()) => left = left.map(|left| left - 1),
            // The reader has what it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Trouble::Output(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, Groups, HostSample, NodeSample};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::mpsc;

    fn sample(second: u64) -> HostUpdate {
        HostUpdate::Keyframe(HostSample {
            at: Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH),
            asked: Groups::OVERVIEW,
            node: NodeSample::default(),
            domains: Default::default(),
            lacks: Arc::default(),
        })
    }

    fn failed() -> HostUpdate {
        HostUpdate::Failed(Failure { message: "gone".into(), advice: None, retry_in: None, at: Timestamp::now() })
    }

    fn connected() -> HostUpdate {
        HostUpdate::Connected(Arc::default())
    }

    async fn written(
        updates: impl IntoIterator<Item = HostUpdate>,
        count: Option<u64>,
        to: &mut impl Write,
    ) -> Result<(), Trouble> {
        let (sender, receiver) = mpsc::channel(16);
        for update in updates {
            sender.send((0, update)).await.unwrap();
        }
        drop(sender);
        write(receiver, 1, count, to).await
    }

    #[tokio::test]
    async fn it_ends_after_as_many_lines_as_were_asked_for() {
        let mut out = Vec::new();
        written([connected(), sample(0), sample(1), sample(2), sample(3)], Some(2), &mut out).await.unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 2);
    }

    #[tokio::test]
    async fn a_host_that_was_never_reached_ends_it_and_a_later_failure_is_a_line() {
        let mut out = Vec::new();
        let ended = written([HostUpdate::Connecting, failed()], None, &mut out).await;
        assert!(matches!(ended, Err(Trouble::Unreachable(_))) && out.is_empty());
        let updates = [connected(), sample(0), failed(), HostUpdate::Connecting, connected(), sample(3)];
        written(updates, Some(2), &mut out).await.unwrap();
        let lines: Vec<serde_json::Value> =
            out.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert_eq!(lines[0]["error"]["message"], "gone");
        assert_eq!((&lines[1]["error"], &lines[1]["elapsed_seconds"]), (&serde_json::Value::Null, &3.0.into()));
    }

    #[tokio::test]
    async fn a_reader_that_has_enough_is_no_failure() {
        struct Closed(io::ErrorKind);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let updates = || [connected(), sample(0), sample(1)];
        written(updates(), None, &mut Closed(io::ErrorKind::BrokenPipe)).await.unwrap();
        let full = written(updates(), None, &mut Closed(io::ErrorKind::StorageFull)).await;
        assert!(matches!(full, Err(Trouble::Output(_))));
    }
}
