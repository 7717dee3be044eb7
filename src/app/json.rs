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
    let (handles, updates) = source::start(config, Settings::output(config.interval));
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
