//! Tasks that panic.

use super::rig::{Answer, Rig, Script, Seen, make_source, samples, screen};
use crate::model::{Failure, HostUpdate};
use crate::sampler::{Settings, spawn};
use crate::time::Interval;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_is_reported_and_started_again_after_a_wait() {
    let mut rig = Rig::new(Script { task_panics: 3, ..Script::default() }, screen());
    let Some((7, HostUpdate::Failed(failure))) = rig.updates.recv().await else { panic!("a failure") };
    assert_eq!(failure.message, "sampling of this host stopped, which is a bug in vtop");
    assert!(failure.is_bug);
    rig.expect([(1000, Seen::Failed(Some(2))), (3000, Seen::Failed(Some(4)))]).await;
    rig.expect([(7000, Seen::Connecting), (7000, Seen::Connected), (7000, Seen::First), (7300, Seen::Delta)]).await;
}

// In real time: a paused time would move whenever the other host waits for its thread.
#[tokio::test]
async fn a_host_whose_task_panics_costs_another_host_nothing() {
    let (sender, mut updates) = mpsc::channel(64);
    let scripts = [usize::MAX, 0].map(|task_panics| Arc::new(Mutex::new(Script { task_panics, ..Script::default() })));
    let settings = || Settings::screen(Interval::from_seconds(0.1).unwrap());
    let _handles = [0, 1].map(|host| spawn(host, make_source(&scripts[host]), settings(), sender.clone()));
    let (mut failures, mut samples) = (0, 0);
    // The first panic is reported at once, the second one a second later.
    while failures < 2 || samples < 8 {
        match updates.recv().await.expect("both hosts are sampled") {
            (0, HostUpdate::Failed(Failure { is_bug: true, .. })) => failures += 1,
            (1, HostUpdate::Delta(_)) => samples += 1,
            (1, HostUpdate::Connecting | HostUpdate::Connected(_) | HostUpdate::Keyframe(_) | HostUpdate::Late(_)) => {}
            (host, update) => panic!("host {host}: {update:?}"),
        }
    }
    assert_eq!(scripts[1].lock().unwrap().sources_made, 1, "its connection stays");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_sampled_before_a_panic_has_its_loss_and_its_return_as_events() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Panics]), screen());
    rig.skip(3).await;
    // The source panics at 300 ms, and the task when it makes another source.
    rig.script.lock().unwrap().task_panics = 1;
    rig.expect([(300, Seen::Failed(Some(1))), (1300, Seen::Failed(Some(1)))]).await;
    rig.expect([(2300, Seen::Connecting), (2300, Seen::Connected), (2300, Seen::First)]).await;
    let kinds: Vec<_> = rig.events.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["connection_lost", "connection_back"]);
}

#[tokio::test(start_paused = true)]
async fn without_its_handle_a_task_is_not_started_again() {
    let mut rig = Rig::new(Script { task_panics: 1, ..Script::default() }, screen());
    rig.skip(1).await;
    drop(rig.handle);
    assert_eq!(rig.updates.recv().await, None);
    assert_eq!(rig.script.lock().unwrap().sources_made, 1);
}
