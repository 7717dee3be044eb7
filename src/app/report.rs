//! The report mode: writes records to standard output until the reader closes it or the count is reached.

use super::error::AppError;
use super::feed::Feed;
use super::live;
use crate::config::Config;
use crate::fleet::Fleet;
use crate::outputs::{Encoder, Format, Record, Report, Rows};
use crate::sampler::Settings;
use crate::table::query::Query;
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::sleep;

/// Writes to standard output. Signals end the process as they usually do.
pub(super) async fn run(config: &Config, format: Format, records: Option<u64>) -> Result<(), AppError> {
    let feed = live::start(live::hosts(config), &Settings::output(config.interval)).map_err(AppError::Setup)?;
    let mut output =
        Output { to: io::stdout().lock(), encoder: format.encoder(), rows: Rows::default(), wanted: records };
    write(feed, config.interval.duration(), config.filter.clone(), &mut output).await
}

/// Where the records go.
struct Output<W> {
    to: W,
    encoder: Box<dyn Encoder>,
    rows: Rows,
    /// How many more records are wanted; `None`: no limit.
    wanted: Option<u64>,
}

impl<W: Write> Output<W> {
    fn wants_more(&self) -> bool {
        self.wanted != Some(0)
    }

    fn write(&mut self, record: &Record<'_>) -> Result<(), AppError> {
        self.rows.clear();
        let written = self.encoder.encode(record, &mut self.rows).and_then(|()| self.rows.write(&mut self.to));
        match written {
            Ok(()) => self.wanted = self.wanted.map(|wanted| wanted.saturating_sub(1)),
            // The reader has all that it wants.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.wanted = Some(0),
            Err(error) => return Err(AppError::Output(error)),
        }
        Ok(())
    }
}

async fn write(
    mut feed: Feed,
    interval: Duration,
    filter: Query,
    output: &mut Output<impl Write>,
) -> Result<(), AppError> {
    let mut fleet = Fleet::new(0);
    feed.add_hosts(&mut fleet);
    let mut report = Report::new(fleet.hosts().len(), interval, feed.now()).filtered(filter);
    while output.wants_more() {
        let due = report.due().map(|due| due.saturating_sub(feed.now().monotonic));
        tokio::select! {
            biased;
            host = feed.apply_next(&mut fleet) => {
                let host = host.ok_or(AppError::ThreadGone("sampler"))?;
                if let Some(record) = report.updated(&fleet, host, feed.now()).map_err(AppError::Unreachable)? {
                    output.write(&record)?;
                }
            }
            () = sleep(due.unwrap_or_default()), if due.is_some() => {
                for record in report.overdue(&fleet, feed.now()).map_err(AppError::Unreachable)? {
                    if output.wants_more() {
                        output.write(&record)?;
                    }
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::feed::Controls;
    use crate::fleet::HostId;
    use crate::model::Demand;
    use crate::model::{Failure, Groups, HostSample, HostUpdate, NodeSample, SampleKind};
    use crate::outputs::FIRST_ANSWER_WITHIN;
    use crate::outputs::csv::Table;
    use crate::time::{Interval, TimerClock, Timestamp};
    use serde_json::Value;
    use std::sync::Arc;
    use tokio::sync::{mpsc, watch};
    use tokio::time::Instant;

    type Updates = mpsc::Receiver<(HostId, HostUpdate)>;

    struct NoControls;

    impl Controls for NoControls {
        fn set_interval(&self, _: Interval) {}
        fn set_demand(&self, _: HostId, _: Demand) {}
    }

    fn feed(updates: Updates) -> Feed {
        Feed::new(updates, watch::channel(vec!["host".to_owned()]).1, NoControls, Arc::new(TimerClock::start()))
    }

    const INTERVAL: Duration = Duration::from_secs(1);
    const NO_ANSWER: &str = "libvirt does not answer the attempt to connect";

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
        let at = Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        HostUpdate::Failed(Failure { message: "gone".into(), advice: None, retry_in: None, at, is_bug: false })
    }

    fn connected() -> HostUpdate {
        HostUpdate::Connected(Arc::default())
    }

    /// What was written, and how it ended. The clock is tokio's.
    async fn report(updates: Updates, format: Format, wanted: Option<u64>) -> (String, Result<(), AppError>) {
        let mut output = Output { to: Vec::new(), encoder: format.encoder(), rows: Rows::default(), wanted };
        let end = write(feed(updates), INTERVAL, Query::default(), &mut output).await;
        (String::from_utf8(output.to).unwrap(), end)
    }

    fn updates(updates: impl IntoIterator<Item = HostUpdate>) -> Updates {
        let (sender, receiver) = mpsc::channel(16);
        updates.into_iter().for_each(|update| sender.try_send((0, update)).unwrap());
        receiver
    }

    fn lines(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn it_ends_after_as_many_records_as_are_wanted() {
        let four = || updates([connected(), sample(0), sample(1), sample(2), sample(3)]);
        let (text, end) = report(four(), Format::Json, Some(2)).await;
        end.unwrap();
        assert_eq!(lines(&text).len(), 2);
        // A record counts, not a row: there are no domains here.
        let (text, end) = report(four(), Format::Csv(Table::Domains), Some(2)).await;
        end.unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
    }

    #[tokio::test]
    async fn a_host_that_was_never_reached_ends_it_and_a_later_failure_is_a_record() {
        let (text, end) = report(updates([HostUpdate::Connecting, failed()]), Format::Json, None).await;
        assert!(matches!(end, Err(AppError::Unreachable(_))) && text.is_empty());
        let later = [connected(), sample(0), failed(), HostUpdate::Connecting, connected(), sample(3)];
        let (text, end) = report(updates(later), Format::Json, Some(2)).await;
        end.unwrap();
        let lines = lines(&text);
        assert_eq!(lines[0]["error"]["message"], "gone");
        assert_eq!((&lines[1]["error"], &lines[1]["elapsed_seconds"]), (&Value::Null, &3.0.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_cannot_be_reached_has_a_record_an_interval_however_often_it_is_tried() {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for update in [connected(), sample(0)] {
                sender.send((0, update)).await.unwrap();
            }
            // An attempt every 100 ms for 2.5 s; then an attempt hangs for 3 s.
            for _ in 0..25 {
                sender.send((0, failed())).await.unwrap();
                sleep(Duration::from_millis(100)).await;
                sender.send((0, HostUpdate::Connecting)).await.unwrap();
            }
            sleep(Duration::from_secs(3)).await;
            for update in [connected(), sample(6)] {
                sender.send((0, update)).await.unwrap();
            }
        });
        let (text, end) = report(receiver, Format::Json, Some(7)).await;
        end.unwrap();
        let errors: Vec<_> = lines(&text).iter().map(|line| line["error"]["message"].clone()).collect();
        let [gone, silent] = ["gone", NO_ANSWER].map(Value::from);
        assert_eq!(errors, [gone.clone(), gone.clone(), gone, silent.clone(), silent.clone(), silent, Value::Null]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_before_the_first_sample_has_its_record_at_once() {
        let start = Instant::now();
        let (text, end) = report(updates([HostUpdate::Connecting, connected(), failed()]), Format::Json, Some(1)).await;
        end.unwrap();
        assert_eq!((lines(&text).len(), start.elapsed()), (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_libvirt_that_never_answers_ends_it() {
        let (sender, receiver) = mpsc::channel(1);
        sender.send((0, HostUpdate::Connecting)).await.unwrap();
        let start = Instant::now();
        let (text, end) = report(receiver, Format::Json, None).await;
        let Err(AppError::Unreachable(hosts)) = end else { panic!("{end:?}") };
        assert_eq!(hosts[0].failure.message, format!("{NO_ANSWER} for 10 s"));
        assert!(start.elapsed() >= FIRST_ANSWER_WITHIN && text.is_empty());
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
        for (kind, fails) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
            let encoder = Format::Json.encoder();
            let mut output = Output { to: Closed(kind), encoder, rows: Rows::default(), wanted: None };
            let samples = updates([connected(), sample(0), sample(1)]);
            let end = write(feed(samples), INTERVAL, Query::default(), &mut output).await;
            assert_eq!(matches!(end, Err(AppError::Output(_))), fails, "{kind}");
        }
    }
}
