//! Calls that hang. The watchdog waits for threads, so these tests use real time.

use super::rig::{Answer, GUEST, Rig, Script, samples};
use crate::model::{Blocked, BlockedBy, HostUpdate};
use crate::sampler::Settings;
use crate::sources::FailureScope;
use crate::time::Interval;
use std::sync::mpsc as blocking;
use std::time::Duration;
use tokio::sync::mpsc;

/// The next update with domains in it, in real time: the watchdog waits for threads, and a paused clock would not.
async fn next_blocked(updates: &mut mpsc::Receiver<(usize, HostUpdate)>) -> Option<Blocked> {
    loop {
        let update = tokio::time::timeout(Duration::from_secs(60), updates.recv()).await;
        if let HostUpdate::Delta(delta) = update.expect("an update within a minute").expect("the task lives").1 {
            return delta.changed.first().and_then(|(_, domain)| domain.blocked);
        }
    }
}

#[tokio::test]
async fn a_domain_in_which_a_call_hangs_is_bypassed_until_it_answers() {
    let (release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let script = Script { busy: true, ..samples([Answer::Good, Answer::Hangs(until)]) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    while next_blocked(&mut rig.updates).await.is_none() {}
    {
        let script = rig.script.lock().unwrap();
        assert_eq!(script.sources_made, 2, "the connection that found out took over");
        assert_eq!(script.bypasses[0].busy, [GUEST].into());
    }
    rig.script.lock().unwrap().busy = false;
    release.send(()).unwrap();
    while next_blocked(&mut rig.updates).await.is_some() {}
    assert_eq!(rig.script.lock().unwrap().sources_made, 2, "and it goes on");
}

#[tokio::test]
async fn a_hang_lasts_through_a_new_connection_until_a_sample_shows_its_end() {
    let (_release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let answers = [Answer::Good, Answer::Hangs(until), Answer::Good, Answer::Fails(FailureScope::Connection)];
    let script = Script { busy: true, ..samples(answers) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    while next_blocked(&mut rig.updates).await.is_none() {}
    rig.script.lock().unwrap().busy = false;
    let keyframe = loop {
        let update = tokio::time::timeout(Duration::from_secs(60), rig.updates.recv()).await;
        if let HostUpdate::Keyframe(sample) = update.expect("an update within a minute").expect("the task lives").1 {
            break sample;
        }
    };
    let blocked = keyframe.domains[&GUEST].blocked.expect("a sample of the states does not end a hang");
    assert_eq!(blocked.by, BlockedBy::Monitor);
    assert_eq!(next_blocked(&mut rig.updates).await, None);
}

#[tokio::test]
async fn a_domain_that_is_at_work_twice_in_a_row_hangs() {
    let (_release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let script = Script { busy: true, jobs: 2, ..samples([Answer::Good, Answer::Hangs(until)]) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    while next_blocked(&mut rig.updates).await.is_none() {}
    assert_eq!(rig.script.lock().unwrap().monitor_calls, 2);
}

#[tokio::test]
async fn a_domain_that_is_at_work_once_does_not_hang() {
    let (release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let script = Script { jobs: 1, ..samples([Answer::Good, Answer::Hangs(until)]) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    assert_eq!(next_blocked(&mut rig.updates).await, None);
    while rig.script.lock().unwrap().monitor_calls < 3 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert_eq!(next_blocked(&mut rig.updates).await, None);
    assert_eq!(rig.script.lock().unwrap().bypasses, []);
}

#[tokio::test]
async fn a_slow_call_that_no_domain_delays_is_repeated() {
    let (release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let mut rig = Rig::new(samples([Answer::Good, Answer::Hangs(until)]), Settings::screen(interval));
    assert_eq!(next_blocked(&mut rig.updates).await, None);
    // A second source is asked for the reason, finds none, and is dropped.
    while rig.script.lock().unwrap().sources_made < 2 {
        tokio::task::yield_now().await;
    }
    let before = rig.requests();
    release.send(()).unwrap();
    assert_eq!(next_blocked(&mut rig.updates).await, None);
    assert!(rig.requests() > before, "figures of a delayed call are not shown: the sample is repeated");
    assert_eq!(rig.script.lock().unwrap().bypasses, []);
}
