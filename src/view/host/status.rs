//! The right end of the top line: live or frozen, the interval, the time.

use crate::fleet::{Host, Link, TimeCursor, When};
use crate::time::Interval;
use crate::view::scene::Scene;
use crate::view::theme::Role;
use crate::view::{format, text};
use ratatui::text::{Line, Span};
use std::time::Duration;

/// The words on the right for these hosts: all of them, or those that matter most.
pub(super) fn line(scene: &Scene, hosts: &[&Host], room: usize) -> Line<'static> {
    let interval = scene.ui.interval;
    let mut pieces = Vec::new();
    match frozen(scene, hosts, room) {
        Some(words) => {
            pieces.push((0, scene.span(Role::Banner, words)));
            if hosts.iter().any(|host| host.link != Link::Live) {
                pieces.push((1, scene.span(Role::Dim, " ")));
                pieces.extend(connection(scene, hosts).into_iter().map(|(rank, span)| (rank + 1, span)));
            }
        }
        None => pieces.extend(connection(scene, hosts)),
    }
    if let [host] = hosts
        && let Some(took) = host.late.filter(|took| *took > interval.duration())
        && scene.ui.cursor == TimeCursor::Live
    {
        pieces.push((2, scene.span(Role::Warning, late(interval, took))));
    }
    pieces.push((4, scene.span(Role::Dim, format!("  {}s", interval.duration().as_secs_f64()))));
    // Without a connection all figures get older.
    let live = hosts.iter().filter(|host| host.link == Link::Live);
    let oldest = live.map(|host| host.oldest_reading_age()).max().unwrap_or_default();
    if oldest > 2 * interval.duration() && scene.ui.cursor == TimeCursor::Live {
        pieces.push((5, scene.span(Role::Dim, format!(", oldest {}", format::duration(oldest)))));
    }
    pieces.push((3, scene.span(Role::Dim, format!("  {}", clock(scene.now.wall)))));
    within(pieces, room).into()
}

/// The time that is shown, if it is not the present one. Of several hosts the newest sample of that time counts.
fn frozen(scene: &Scene, hosts: &[&Host], room: usize) -> Option<String> {
    let TimeCursor::At(moment) = scene.ui.cursor else { return None };
    let shown = hosts.iter().filter_map(|host| match scene.when(host) {
        // How long before the newest sample; without a connection there is none that comes.
        When::Tick(_, stamp) => {
            let newest = if host.link == Link::Live { host.sampled_at? } else { scene.now };
            Some((stamp, newest.since(stamp).unwrap_or_default()))
        }
        When::Latest => None,
    });
    // A later sample is shown if that moment is not kept any more, and the screen moves on: of several hosts, that of the
    // host that keeps the oldest.
    let (later, until): (Vec<_>, Vec<_>) = shown.partition(|(stamp, _)| stamp.monotonic > moment);
    let newest = until.into_iter().max_by_key(|(stamp, _)| stamp.monotonic);
    let (stamp, age) = newest.or_else(|| later.into_iter().min_by_key(|(stamp, _)| stamp.monotonic))?;
    let word = match stamp.monotonic > moment {
        true if room < 60 => "OLDEST",
        true => "MOVING: oldest kept",
        false => "FROZEN at",
    };
    Some(format!("{word} {}, -{}", clock(stamp.wall), format::duration(age)))
}

/// How the connection is, or of several hosts how many are live.
fn connection(scene: &Scene, hosts: &[&Host]) -> Vec<(u8, Span<'static>)> {
    let [host] = hosts else {
        let live = hosts.iter().filter(|host| host.link == Link::Live).count();
        let role = if live == hosts.len() { Role::Good } else { Role::Warning };
        return vec![(0, scene.span(role, format!("{live}/{} live", hosts.len())))];
    };
    let (role, word) = match &host.link {
        Link::Live => (Role::Good, "live"),
        Link::Connecting => (Role::Warning, "connecting"),
        Link::Failing(_) => (Role::Critical, "NO DATA"),
    };
    let mut pieces = vec![(0, scene.span(role, word))];
    let age = host.sampled_at.and_then(|at| scene.now.since(at)).unwrap_or_default();
    if age > 2 * scene.ui.interval.duration() + Duration::from_secs(1) {
        pieces.push((1, scene.span(Role::Warning, format!(" figures {} old", format::duration(age)))));
    }
    pieces
}

/// The pieces that there is room for. Those with the highest number are left out first; 0 stays.
fn within(mut pieces: Vec<(u8, Span<'static>)>, room: usize) -> Vec<Span<'static>> {
    while text::width_of(pieces.iter().map(|(_, span)| span)) > room {
        let least = pieces.iter().enumerate().max_by_key(|(_, (rank, _))| *rank).filter(|(_, (rank, _))| *rank > 0);
        let Some((index, _)) = least else { break };
        pieces.remove(index);
    }
    pieces.into_iter().map(|(_, span)| span).collect()
}

/// That sampling takes longer than the interval, and the next longer interval that does not.
fn late(interval: Interval, took: Duration) -> String {
    let steps = std::iter::successors(Some(interval.longer()), |step| Some(step.longer()));
    let kept = steps.take(20).find(|step| step.duration() > took).unwrap_or(Interval::MAX);
    let seconds = |length: Duration| format!("{} s", (length.as_secs_f64() * 10.0).round() / 10.0);
    format!(" sampling takes {}; press + for a {} interval", seconds(took), seconds(kept.duration()))
}

/// Hours, minutes and seconds in the operator's time zone.
pub(in crate::view) fn clock(wall: jiff::Timestamp) -> String {
    wall.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_is_left_out_as_a_whole() {
        let left = |room| {
            let pieces = [(0, "live"), (2, " late"), (4, "  1s"), (5, ", oldest 3.0 s"), (3, "  09:01:40")];
            let spans = within(pieces.map(|(rank, words)| (rank, Span::raw(words))).to_vec(), room);
            spans.iter().map(|span| span.content.as_ref()).collect::<String>()
        };
        assert_eq!(left(37), "live late  1s, oldest 3.0 s  09:01:40");
        assert_eq!(left(36), "live late  1s  09:01:40");
        assert_eq!(left(20), "live late  09:01:40");
        assert_eq!(left(18), "live late");
        assert_eq!(left(0), "live");
    }

    #[test]
    fn late_sampling_names_an_interval_that_is_long_enough() {
        let interval = |seconds| Interval::from_seconds(seconds).unwrap();
        let ms = Duration::from_millis;
        assert_eq!(late(interval(1.0), ms(1420)), " sampling takes 1.4 s; press + for a 2 s interval");
        assert_eq!(late(interval(0.1), ms(730)), " sampling takes 0.7 s; press + for a 1 s interval");
        assert_eq!(late(interval(600.0), ms(700_000)), " sampling takes 700 s; press + for a 600 s interval");
    }
}
