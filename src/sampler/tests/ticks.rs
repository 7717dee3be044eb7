//! When samples are taken and sent.

use super::rig::{Answer, Rig, Script, Seen, output, samples, screen};
use crate::model::{Demand, HostUpdate};
use crate::sources::{Notice, Request};
use crate::time::Interval;
use std::sync::mpsc as blocking;
use std::time::Duration;
use tokio::time::{Instant, advance};
use uuid::Uuid;

#[tokio::test(start_paused = true)]
async fn the_second_sample_comes_soon_and_the_others_at_the_interval() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.expect([(0, Seen::Connecting), (0, Seen::Connected), (0, Seen::First)]).await;
    rig.expect([(300, Seen::Delta), (1300, Seen::Delta), (2300, Seen::Delta), (3300, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_output_has_whole_intervals_only() {
    let mut rig = Rig::new(Script::default(), output());
    rig.skip(2).await;
    rig.expect([(0, Seen::First), (1000, Seen::Delta), (2000, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_causes_a_state_poll_and_many_events_cause_few() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(4).await;
    for _ in 0..1000 {
        rig.notice(Notice::DomainsChanged);
    }
    rig.expect([(350, Seen::StatePoll)]).await;
    rig.notice(Notice::DomainsChanged);
    rig.expect([(700, Seen::StatePoll), (1300, Seen::Delta), (2300, Seen::Delta)]).await;
    let requests = rig.script.lock().unwrap().requests.clone();
    assert_eq!(requests[2], Request::state_only());
    assert_eq!(requests.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_full_sample_makes_a_state_poll_needless() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(4).await;
    advance(Duration::from_millis(980)).await;
    rig.notice(Notice::DomainsChanged);
    rig.expect([(1300, Seen::Delta), (2300, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn another_interval_holds_at_once() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(4).await;
    rig.handle.set_interval(Interval::from_seconds(10.0).unwrap());
    rig.expect([(10_300, Seen::Delta)]).await;
    advance(Duration::from_millis(700)).await;
    rig.handle.set_interval(Interval::from_seconds(0.5).unwrap());
    rig.expect([(11_000, Seen::Delta), (11_500, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn the_focus_reaches_the_next_tick() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(3).await;
    rig.handle.set_demand(Demand { focus: [Uuid::max()].into(), ..Demand::default() });
    rig.skip(1).await;
    let focus: Vec<_> = rig.script.lock().unwrap().requests.iter().map(|request| request.focus.clone()).collect();
    assert_eq!(focus, [[].into(), [Uuid::max()].into()]);
}

#[tokio::test(start_paused = true)]
async fn a_full_channel_costs_ticks_and_no_difference() {
    let mut rig = Rig::with_capacity(Script::default(), output(), 1);
    rig.skip(3).await;
    // The reader takes nothing: one update is in the channel, and the task waits to send one sample.
    rig.fill_channel().await;
    assert_eq!(rig.requests(), 3);
    let mut stamps = Vec::new();
    for _ in 0..4 {
        let delta = loop {
            match rig.updates.recv().await {
                Some((_, HostUpdate::Missed)) => {}
                Some((_, HostUpdate::Delta(delta))) => break delta,
                other => panic!("a delta, not {other:?}"),
            }
        };
        stamps.push((delta.at.monotonic.as_secs(), (Instant::now() - rig.start).as_secs()));
    }
    assert_eq!(stamps[..2].iter().map(|stamp| stamp.0).collect::<Vec<_>>(), [2, 3], "samples 2 and 3 waited");
    assert_eq!(stamps[2].0, 4, "no sample was left out");
    assert_eq!(stamps[3].1, stamps[2].1 + 1, "ticks that were missed are not made up for");
}

#[tokio::test(start_paused = true)]
async fn ticks_that_the_sampler_itself_missed_are_told_before_the_next_sample() {
    let mut rig = Rig::with_capacity(Script::default(), output(), 1);
    rig.skip(3).await;
    let mut seen = Vec::new();
    // The reader takes one update every 10 s. The first of these times may still count for the sample under way.
    for _ in 0..20 {
        advance(Duration::from_secs(10)).await;
        seen.push(rig.next().await.1);
    }
    assert!(seen.windows(2).any(|pair| pair == [Seen::Missed, Seen::Delta]), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn during_a_slow_call_there_is_no_other_and_controls_are_taken() {
    let (release, until) = blocking::channel();
    let mut rig = Rig::new(samples([Answer::Good, Answer::Hangs(until)]), output());
    rig.skip(3).await;
    rig.move_to(1000).await;
    rig.wait_for_requests(2).await;
    advance(Duration::from_millis(4200)).await;
    assert_eq!(rig.requests(), 2, "one call in flight");
    rig.handle.set_interval(Interval::from_seconds(2.0).unwrap());
    release.send(()).unwrap();
    let at = rig.next().await.0;
    let next = rig.next().await.0;
    assert!(at >= 5000, "{at}");
    assert!(next > at && next % 2000 == 1000, "the grid of the last tick holds: {next}");
}
