//! The line mode: a line of JSON a sample, until nobody wants more.

use super::error::AppError;
use super::feed::Feed;
use super::live;
use crate::config::Config;
use crate::fleet::{Fleet, Link};
use crate::model::Failure;
use crate::outputs::json::{CONNECTING, Line, Lines};
use crate::sampler::Settings;
use crate::time::Timestamp;
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long the first answer may take: a timer that starts vtop again and again is to hear of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes to standard output; signals end the process as they always do, in a line that its reader does not take at the
/// worst.
pub(super) async fn run(config: &Config, count: Option<u64>) -> Result<(), AppError> {
    let feed = live::start(live::hosts(config), &Settings::output(config.interval)).map_err(AppError::Setup)?;
    let mut lines = Written { to: io::stdout().lock(), left: count };
    write(feed, config.interval.duration(), &mut lines).await
}

/// Where lines go, and how many are still wanted.
struct Written<W> {
    to: W,
    left: Option<u64>,
}

impl<W: Write> Written<W> {
    /// Whether there is a line still to come.
    fn wants_more(&self) -> bool {
        self.left != Some(0)
    }

    fn write(&mut self, line: Option<Line<'_>>) -> Result<(), AppError> {
        let Some(line) = line else { return Ok(()) };
        match line.write(&mut self.to) {
            Ok(()) => self.left = self.left.map(|left| left.saturating_sub(1)),
            // The reader has what it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.left = Some(0),
            Err(error) => return Err(AppError::Output(error)),
        }
        Ok(())
    }
}

async fn write(mut feed: Feed, interval: Duration, written: &mut Written<impl Write>) -> Result<(), AppError> {
    let mut fleet = Fleet::new(0);
    feed.add_hosts(&mut fleet);
    let hosts = fleet.hosts().len();
    let mut lines = vec![Lines::default(); hosts];
    // When a host that cannot be reached has its next line: the first as soon as that is told, and then one an interval.
    let mut due = vec![Some(Instant::now() + PATIENCE); hosts];
    let mut told = vec![false; hosts];
    while written.wants_more() {
        let next = due.iter().flatten().min().copied();
        tokio::select! {
            biased;
            host = feed.apply_next(&mut fleet) => {
                let id = host.ok_or(AppError::NoSamples)?;
                let host = &fleet.hosts()[id];
                match (&host.link, &host.info) {
                    (Link::Failing(failure), None) => return Err(AppError::Unreachable(failure.clone())),
                    (Link::Failing(_), Some(_)) if !std::mem::replace(&mut told[id], true) => {
                        due[id] = Some(Instant::now() + interval);
                        written.write(lines[id].failure(host, Timestamp::now()))?;
                    }
                    (Link::Failing(_), Some(_)) => {}
                    (Link::Connecting, _) => due[id] = due[id].or(Some(Instant::now() + interval)),
                    (Link::Live, _) => {
                        (due[id], told[id]) = (None, false);
                        written.write(lines[id].sample(host))?;
                    }
                }
            }
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                for (id, due) in due.iter_mut().enumerate().filter(|(_, due)| due.is_some() && **due == next) {
                    let host = &fleet.hosts()[id];
                    if host.info.is_none() {
                        return Err(AppError::Unreachable(silent()));
                    }
                    written.write(lines[id].failure(host, Timestamp::now()))?;
                    told[id] = true;
                    *due = Some(Instant::now() + interval);
                }
            }
        }
    }
    Ok(())
}

fn silent() -> Failure {
    let seconds = PATIENCE.as_secs();
    Failure {
        message: format!("{CONNECTING} for {seconds} s"),
        advice: Some("it may be frozen or overloaded: look at the daemon, libvirtd or virtqemud".into()),
        retry_in: None,
        at: Timestamp::now(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::HostId;
    use crate::model::{Groups, HostSample, HostUpdate, NodeSample, SampleKind};
    use crate::sampler::Demand;
    use crate::time::Interval;
    use std::sync::Arc;
    use tokio::sync::{mpsc, watch};

    struct NoControls;

    impl crate::app::feed::Controls for NoControls {
        fn set_interval(&self, _: Interval) {}
        fn set_demand(&self, _: HostId, _: Demand) {}
    }

    fn feed(updates: mpsc::Receiver<(HostId, HostUpdate)>) -> Feed {
        Feed::new(updates, watch::channel(vec!["host".to_owned()]).1, NoControls)
    }

    fn sample(second: u64) -> HostUpdate {
        HostUpdate::Keyframe(HostSample {
            at: Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH),
            kind: SampleKind::Full,
            requested: Groups::OVERVIEW,
            node: NodeSample::default(),
            domains: Default::default(),
            unsupported: Arc::default(),
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
    ) -> Result<(), AppError> {
        let (sender, receiver) = mpsc::channel(16);
        for update in updates {
            sender.send((0, update)).await.unwrap();
        }
        drop(sender);
        write(feed(receiver), Duration::from_secs(1), &mut Written { to, left: count }).await
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
        assert!(matches!(ended, Err(AppError::Unreachable(_))) && out.is_empty());
        let updates = [connected(), sample(0), failed(), HostUpdate::Connecting, connected(), sample(3)];
        written(updates, Some(2), &mut out).await.unwrap();
        let lines: Vec<serde_json::Value> =
            out.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert_eq!(lines[0]["error"]["message"], "gone");
        assert_eq!((&lines[1]["error"], &lines[1]["elapsed_seconds"]), (&serde_json::Value::Null, &3.0.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_reached_has_a_line_an_interval_however_often_it_is_tried() {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for update in [connected(), sample(0)] {
                sender.send((0, update)).await.unwrap();
            }
            // Tried every 100 ms for 2.5 s; then an attempt hangs for 3 s.
            for _ in 0..25 {
                sender.send((0, failed())).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
                sender.send((0, HostUpdate::Connecting)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
            for update in [connected(), sample(6)] {
                sender.send((0, update)).await.unwrap();
            }
        });
        let mut written = Written { to: Vec::new(), left: Some(7) };
        write(feed(receiver), Duration::from_secs(1), &mut written).await.unwrap();
        let lines = written.to.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let errors: Vec<_> = lines.map(|line: serde_json::Value| line["error"]["message"].clone()).collect();
        let gone = serde_json::Value::from("gone");
        assert_eq!(errors[..3], [gone.clone(), gone.clone(), gone]);
        assert_eq!(errors[3..6], [CONNECTING, CONNECTING, CONNECTING]);
        assert_eq!(errors[6..], [serde_json::Value::Null], "and then the sample");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_before_the_first_sample_has_its_line_at_once() {
        let (sender, receiver) = mpsc::channel(4);
        for update in [HostUpdate::Connecting, connected(), failed()] {
            sender.send((0, update)).await.unwrap();
        }
        let start = Instant::now();
        let mut written = Written { to: Vec::new(), left: Some(1) };
        write(feed(receiver), Duration::from_secs(1), &mut written).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_libvirt_that_never_answers_ends_it() {
        let (sender, receiver) = mpsc::channel(1);
        sender.send((0, HostUpdate::Connecting)).await.unwrap();
        let mut written = Written { to: Vec::new(), left: None };
        let start = Instant::now();
        let ended = write(feed(receiver), Duration::from_secs(1), &mut written).await;
        assert!(matches!(ended, Err(AppError::Unreachable(failure)) if failure.message.ends_with("for 10 s")));
        assert!(start.elapsed() >= PATIENCE && written.to.is_empty());
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
        assert!(matches!(full, Err(AppError::Output(_))));
    }
}
