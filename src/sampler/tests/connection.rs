//! Attempts to connect, and the end of connections.

use super::rig::{Answer, Rig, Script, Seen, closed, error, samples, screen};
use crate::model::{HostUpdate, SampleKind};
use crate::sources::FailureScope;
use std::sync::mpsc as blocking;

#[tokio::test(start_paused = true)]
async fn the_wait_between_attempts_doubles_and_a_good_sample_resets_it() {
    let fails = |count| std::iter::repeat_n(error(FailureScope::Connection), count);
    let mut rig = Rig::new(Script { connects: fails(6).collect(), ..Script::default() }, screen());
    for (at, wait) in [(0, 1), (1000, 2), (3000, 4), (7000, 8), (15_000, 16), (31_000, 30)] {
        rig.expect([(at, Seen::Connecting), (at, Seen::Failed(Some(wait)))]).await;
    }
    rig.expect([(61_000, Seen::Connecting), (61_000, Seen::Connected), (61_000, Seen::First)]).await;
    rig.notice(closed(FailureScope::Connection));
    rig.expect([(61_000, Seen::Failed(Some(1))), (62_000, Seen::Connecting)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_good_sample_does_not_reset_the_wait() {
    let lost = || Answer::Fails(FailureScope::Connection);
    let mut rig = Rig::new(samples([lost(), lost()]), screen());
    for (at, wait) in [(0, 1), (1000, 2)] {
        rig.expect([(at, Seen::Connecting), (at, Seen::Connected), (at, Seen::Failed(Some(wait)))]).await;
    }
    rig.skip(2).await;
    rig.expect([(3000, Seen::First)]).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_permanent_error_the_wait_is_long() {
    let mut rig = Rig::new(Script { connects: [error(FailureScope::Permanent)].into(), ..Script::default() }, screen());
    rig.expect([(0, Seen::Connecting), (0, Seen::Failed(Some(30))), (30_000, Seen::Connecting)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_sample_costs_a_tick_and_the_next_is_a_difference_again() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Fails(FailureScope::Sample)]), screen());
    rig.skip(3).await;
    rig.expect([(300, Seen::Failed(None)), (1300, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_after_a_loss_begins_with_a_keyframe() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Fails(FailureScope::Connection)]), screen());
    rig.skip(3).await;
    rig.expect([(300, Seen::Failed(Some(1))), (1300, Seen::Connecting), (1300, Seen::Connected)]).await;
    rig.expect([(1300, Seen::First), (1600, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_source_costs_its_thread_only() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Panics]), screen());
    rig.skip(3).await;
    rig.expect([(300, Seen::Failed(Some(1))), (1300, Seen::Connecting), (1300, Seen::Connected)]).await;
    rig.expect([(1300, Seen::First)]).await;
    assert_eq!(rig.script.lock().unwrap().sources_made, 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_during_a_call_is_reported_at_once() {
    let (release, until) = blocking::channel();
    let mut rig = Rig::new(samples([Answer::Good, Answer::Hangs(until)]), screen());
    rig.skip(3).await;
    rig.move_to(300).await;
    rig.wait_for_requests(2).await;
    rig.notice(closed(FailureScope::Connection));
    assert_eq!(rig.next().await.1, Seen::Failed(Some(1)));
    release.send(()).unwrap();
    assert_eq!(rig.next().await.1, Seen::Connecting);
}

#[tokio::test(start_paused = true)]
async fn without_its_handle_the_task_ends_even_in_a_call() {
    let (_release, until) = blocking::channel();
    let mut rig = Rig::new(samples([Answer::Hangs(until)]), screen());
    rig.skip(2).await;
    rig.wait_for_requests(1).await;
    drop(rig.handle);
    while let Some((_, update)) = rig.updates.recv().await {
        assert!(
            matches!(update, HostUpdate::Keyframe(sample) if sample.kind == SampleKind::StateOnly),
            "no more than was on its way"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_away_is_tried_at_short_intervals() {
    let away = std::iter::repeat_n(error(FailureScope::Away), 6).collect();
    let mut rig = Rig::new(Script { connects: away, ..Script::default() }, screen());
    let mut tries = Vec::new();
    while tries.len() < 6 {
        if let (at, Seen::Connecting) = rig.next().await {
            tries.push(at);
        }
    }
    assert_eq!(tries, [0, 1000, 2000, 3000, 4000, 5000]);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_accepts_and_resets_is_tried_once_a_second() {
    let lost = std::iter::repeat_with(|| Answer::Fails(FailureScope::Away)).take(12);
    let mut rig = Rig::new(samples(lost), screen());
    for at in (0..12_000).step_by(1000) {
        rig.expect([(at, Seen::Connecting), (at, Seen::Connected), (at, Seen::Failed(Some(1)))]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_that_start_a_daemon_begin_three_seconds_apart() {
    let fails = std::iter::repeat_with(|| error(FailureScope::AwayOnDemand)).take(3);
    let mut rig = Rig::new(Script { connects: fails.collect(), ..Script::default() }, screen());
    for at in [0, 3000, 6000] {
        rig.expect([(at, Seen::Connecting), (at, Seen::Failed(Some(3)))]).await;
    }
    rig.expect([(9000, Seen::Connecting), (9000, Seen::Connected), (9000, Seen::First)]).await;
    rig.notice(closed(FailureScope::AwayOnDemand));
    rig.expect([(9000, Seen::Failed(Some(3))), (12_000, Seen::Connecting)]).await;
}
