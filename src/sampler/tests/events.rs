//! Events on their way to the reader.

use super::rig::{Answer, Rig, Script, Seen, closed, error, output, rebooted, samples, screen};
use crate::model::{Event, EventKind};
use crate::sources::{FailureScope, Notice};

#[tokio::test(start_paused = true)]
async fn many_events_arrive_in_their_order_and_delay_no_sample() {
    let mut rig = Rig::with_capacity(Script::default(), screen(), 4);
    rig.skip(4).await;
    for number in 0..1000 {
        rig.notice(Notice::Event(rebooted(number)));
        rig.notice(Notice::DomainsChanged);
    }
    rig.expect([(350, Seen::StatePoll), (1300, Seen::Delta), (2300, Seen::Delta)]).await;
    assert_eq!(rig.events, (0..1000).map(rebooted).collect::<Vec<_>>());
}

/// How many events of a flood came, and how many were left out.
fn count(events: &[Event]) -> (usize, u64) {
    let kept = events.iter().filter(|event| event.kind == EventKind::Rebooted).count();
    let left_out = events.iter().filter_map(|event| match event.kind {
        EventKind::LeftOut(count) => Some(count),
        _ => None,
    });
    (kept, left_out.sum())
}

#[tokio::test(start_paused = true)]
async fn events_that_a_slow_reader_cannot_get_are_counted() {
    let mut rig = Rig::with_capacity(Script::default(), screen(), 1);
    rig.skip(4).await;
    for number in 0..11_000 {
        rig.notice(Notice::Event(rebooted(number)));
    }
    // No one reads for a while.
    rig.move_to(900).await;
    for _ in 0..11_000 {
        tokio::task::yield_now().await;
    }
    rig.skip(5).await;
    rig.notice(Notice::Event(rebooted(11_000)));
    rig.skip(2).await;
    assert_eq!(count(&rig.events), (10_001, 1_000));
    assert_eq!(rig.events.last(), Some(&rebooted(11_000)));
}

#[tokio::test(start_paused = true)]
async fn events_are_bounded_while_the_sampler_waits_for_its_reader() {
    let mut rig = Rig::with_capacity(Script::default(), output(), 1);
    rig.skip(3).await;
    rig.fill_channel().await;
    // One sample is in the channel, and the sampler waits with the next one: it takes no notices.
    for number in 0..100_000 {
        rig.notice(Notice::Event(rebooted(number)));
        rig.notice(Notice::DomainsChanged);
    }
    rig.skip(8).await;
    assert_eq!(count(&rig.events), (10_000, 90_000));
}

#[tokio::test(start_paused = true)]
async fn the_number_of_events_that_were_left_out_needs_no_other_event() {
    let mut rig = Rig::with_capacity(Script::default(), screen(), 1);
    rig.skip(4).await;
    for number in 0..10_500 {
        rig.notice(Notice::Event(rebooted(number)));
    }
    rig.skip(3).await;
    assert_eq!(count(&rig.events), (10_000, 500));
}

#[tokio::test(start_paused = true)]
async fn the_loss_and_the_return_of_a_connection_are_events() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Good]), screen());
    rig.skip(4).await;
    rig.move_to(800).await;
    rig.notice(Notice::Event(rebooted(2)));
    rig.notice(closed(FailureScope::Connection));
    rig.skip(5).await;
    let events: Vec<_> = rig.events.iter().map(|event| (event.at.monotonic.as_millis(), event.kind.clone())).collect();
    // The source's third sample is of second 3; the loss has the time of the sampler's clock.
    let lost = EventKind::ConnectionLost("it went away".into());
    assert_eq!(events, [(2000, EventKind::Rebooted), (801, lost), (3000, EventKind::ConnectionBack)]);
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_loss_and_a_return_come_before_the_failure_and_the_sample() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Fails(FailureScope::Connection)]), screen());
    rig.skip(3).await;
    assert_eq!(rig.next().await, (300, Seen::Failed(Some(1))));
    assert_eq!(rig.events.len(), 1, "lost");
    rig.skip(2).await;
    assert_eq!(rig.next().await, (1300, Seen::First));
    let kinds: Vec<_> = rig.events.iter().map(|event| event.kind.clone()).collect();
    assert_eq!(kinds, [EventKind::ConnectionLost("it failed".into()), EventKind::ConnectionBack]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_never_reached_was_not_lost() {
    let fails = std::iter::repeat_n(error(FailureScope::Connection), 3).collect();
    let mut rig = Rig::new(Script { connects: fails, ..Script::default() }, screen());
    rig.skip(10).await;
    assert_eq!(rig.events, []);
}
