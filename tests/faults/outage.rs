//! An outage of libvirtd or of the connection to it: measured in the same way for all causes.

use crate::lab::GUESTS;
use crate::program::Program;
use crate::table::{Row, seconds};
use crate::watch::Watch;
use std::time::{Duration, Instant};
use vtop::fleet::Link;
use vtop::fleet::metric::DomainMetric;
use vtop::model::{EventKind, Groups};

const LIMIT: Duration = Duration::from_secs(40);

/// How an outage is caused, and how long it lasts.
pub struct Outage<'a> {
    pub fault: &'a str,
    pub uri: &'a str,
    pub begin: &'a dyn Fn(),
    pub end: &'a dyn Fn(),
    pub length: Duration,
    /// Limit from the end of the outage to the next sample.
    pub back_within: Duration,
}

/// Whether the screen shows live figures.
pub fn is_shown_live(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.contains(" live ")) && text.contains("running")
}

/// Age of the figures on the screen, in seconds.
fn shown_age(text: &str) -> Option<u64> {
    let (_, age) = text.lines().next()?.split_once("figures ")?;
    age.split_once(" s old")?.0.parse().ok()
}

impl Outage<'_> {
    /// The connection closes, and new ones fail.
    pub fn of_the_connection(&self) -> Row {
        let mut watch = Watch::steady(self.uri, 1.0, GUESTS);
        let program = Program::steady(self.uri, &[]);
        let before = program.holdings();
        let cpu = |watch: &Watch| watch.domain("vtop-lab-cpu").unwrap().readings(Groups::BLOCK);
        let (readings, ticks) = (cpu(&watch), watch.host().timeline.last());
        let ((told, away, back), beats) = program.beating(|| {
            let start = Instant::now();
            (self.begin)();
            let told = watch.until(
                "a countdown",
                LIMIT,
                |watch| matches!(&watch.host().link, Link::Failing(failure) if failure.retry_in.is_some()),
            );
            program.wait("a countdown", |text| text.contains("next try in"));
            watch.pass(self.length.saturating_sub(start.elapsed()));
            println!("{:?}\n{}", watch.host().link, program.text());
            if let Link::Failing(failure) = &watch.host().link {
                let names_ssh = failure.message.contains("ssh");
                assert_eq!(names_ssh, self.uri.contains("ssh"), "the reason is of the transport: {failure:?}");
            }
            (self.end)();
            let away = start.elapsed();
            let back = watch.until("samples again", LIMIT, Watch::is_sampled);
            let shown = program.wait("samples again", is_shown_live);
            (told, away, back.max(shown))
        });
        watch.until("rates again", LIMIT, |watch| cpu(watch) > readings + 1);
        let rate = watch.domain("vtop-lab-cpu").unwrap().series.latest(DomainMetric::Cpu);
        assert!(rate.is_some_and(|rate| rate < 250.0), "counters go on: {rate:?}");
        let tells = |watch: &Watch, wanted: fn(&EventKind) -> bool| {
            watch.host().events.iter().any(|(_, event)| wanted(&event.kind))
        };
        watch.until("it is told that it is back", LIMIT, |watch| {
            tells(watch, |kind| *kind == EventKind::ConnectionBack)
        });
        assert!(tells(&watch, |kind| matches!(kind, EventKind::ConnectionLost(_))));
        assert_eq!(watch.host().timeline.first(), 0, "the history goes on");
        assert!(watch.host().timeline.last() > ticks);
        let after = program.process().settled(before);
        program.quit();
        let note = format!(
            "reported after {}; back {} after its return ({} away)",
            seconds(told),
            seconds(back),
            seconds(away)
        );
        assert!(back < self.back_within, "{note}");
        Row {
            fault: self.fault.into(),
            key_to_frame: Some(beats),
            stuck: Some(watch.stuck().max(beats.stuck)),
            blocked: Some((before, after)),
            note,
            ..Row::default()
        }
    }

    /// The connection stays open, and no data arrives.
    pub fn of_answers(&self) -> Row {
        let mut watch = Watch::steady(self.uri, 1.0, GUESTS);
        let program = Program::steady(self.uri, &[]);
        let before = program.holdings();
        watch.measure();
        let ((told, back), beats) = program.beating(|| {
            let start = Instant::now();
            (self.begin)();
            let told = watch.until("it is told", LIMIT, |watch| matches!(watch.host().link, Link::Failing(_)));
            program.wait("it is told", |text| text.contains("libvirt does not answer") || text.contains("next try in"));
            watch.pass(self.length.saturating_sub(start.elapsed()));
            println!("{:?}\n{}", watch.host().link, program.text());
            // vtop still waits, or has just closed the connection.
            let age = shown_age(&program.text());
            assert!(
                age.is_some_and(|age| age + 3 >= self.length.as_secs()),
                "it says how old its figures are: {age:?}"
            );
            (self.end)();
            let back = watch.until("samples again", LIMIT, Watch::is_sampled);
            let shown = program.wait("samples again", is_shown_live);
            (told, back.max(shown))
        });
        watch.pass(Duration::from_secs(2));
        let after = program.process().settled(before);
        program.quit();
        let row = Row {
            fault: self.fault.into(),
            key_to_frame: Some(beats),
            stuck: Some(watch.stuck().max(beats.stuck)),
            blocked: Some((before, after)),
            note: format!("reported after {}; back {} after its return", seconds(told), seconds(back)),
            ..Row::default()
        };
        assert!(back < self.back_within, "back after {back:?}");
        assert!(row.stuck.unwrap() <= 3, "{row:?}");
        row
    }
}
