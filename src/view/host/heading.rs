//! The left end of the top line: which host, or how many hosts.

use crate::fleet::{Host, Link};
use crate::view::scene::Scene;
use crate::view::text;
use crate::view::theme::Role;
use ratatui::text::{Line, Span};

/// Most columns of a host's name.
const NAME: usize = 40;
/// Fewest columns that a part of a name needs.
const LEAST_NAME: usize = 4;

pub(super) fn line(scene: &Scene, hosts: &[&Host], room: usize) -> Line<'static> {
    let mut spans = vec![scene.span(Role::Key, "vtop "), Span::raw(" ")];
    if hosts.iter().any(|host| host.info.as_ref().is_some_and(|info| info.synthetic)) {
        spans.push(scene.span(Role::Banner, if room >= 60 { "DEMO, figures are made up" } else { "DEMO" }));
        spans.push(scene.span(Role::Banner, "  "));
    }
    match hosts {
        [host] => one(scene, &mut spans, host, room),
        _ => several(scene, &mut spans, hosts),
    }
    spans.into()
}

/// How many hosts there are, how many have no data, and the domains of all.
fn several(scene: &Scene, spans: &mut Vec<Span<'static>>, hosts: &[&Host]) {
    spans.push(scene.span(Role::Title, format!("{} hosts", hosts.len())));
    let failing = hosts.iter().filter(|host| matches!(host.link, Link::Failing(_))).count();
    if failing > 0 {
        spans.push(scene.span(Role::Critical, format!(", {failing} without data")));
    }
    let domains: usize = hosts.iter().map(|host| host.domains.len()).sum();
    let plural = if domains == 1 { "" } else { "s" };
    spans.push(scene.span(Role::Dim, format!("  {domains} domain{plural}")));
}

/// The name of the host, its hypervisor, its CPUs, its URI, as far as there is room.
fn one(scene: &Scene, spans: &mut Vec<Span<'static>>, host: &Host, room: usize) {
    let Some(info) = &host.info else {
        spans.push(scene.span(Role::Dim, "connecting"));
        return;
    };
    let left = room.saturating_sub(text::width_of(&*spans)).min(NAME);
    if left >= LEAST_NAME {
        spans.push(scene.span(Role::Title, text::fit(&info.hostname, left, scene.palette.symbols)));
    }
    let version = |version: &Option<String>| version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let mut details = vec![format!("{}{}", info.driver, version(&info.hypervisor_version))];
    details.extend(info.libvirt_version.as_ref().map(|libvirt| format!("libvirt {libvirt}")));
    details.extend(info.cpus.map(|cpus| format!("{cpus} CPUs")));
    details.push(info.uri.clone());
    for detail in details {
        let detail = text::clean(&detail);
        let used = text::width_of(&*spans);
        if used + text::width(&detail) + 2 > room {
            break;
        }
        spans.push(scene.span(Role::Dim, format!("  {detail}")));
    }
}
