//! The top of the screen: one host in two lines, or a heading and a line for each of several.

use super::{heading, load, rows, status};
use crate::fleet::Host;
use crate::view::scene::Scene;
use crate::view::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns for the name of the program and that its figures are synthetic, with a blank behind.
const LEAST: usize = "vtop  DEMO ".len();

pub(in crate::view) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let hosts: Vec<&Host> = match scene.ui.host_shown(scene.fleet) {
        Some(host) => scene.fleet.host(host).into_iter().collect(),
        None => scene.fleet.hosts().iter().collect(),
    };
    let right = status::line(scene, &hosts, usize::from(area.width).saturating_sub(LEAST));
    let right_width = text::width_of(&right) as u16;
    let left = heading::line(scene, &hosts, usize::from(area.width.saturating_sub(right_width + 1)));
    text::set_line(buffer, (area.x, area.y), &left, area.width.saturating_sub(right_width));
    text::set_line(buffer, (area.right().saturating_sub(right_width), area.y), &right, right_width);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match hosts[..] {
        [host] => {
            let lines = load::lines(scene, &[host], usize::from(below.width));
            lines.iter().for_each(|line| text::set_line(buffer, (below.x, below.y), line, below.width));
        }
        _ => rows::draw(scene, buffer, below, &hosts),
    }
}
