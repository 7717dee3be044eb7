//! Columns of the list of events.

use super::column::{Column, Content};
use super::sort::SortKey;

const fn words(id: &'static str, heading: &'static str, content: Content, widths: (u16, u16), grow: u16) -> Column {
    Column::words(id, heading, content, widths, grow, 0)
}

/// Columns of the list of events, from left to right.
pub(super) const EVENTS: &[Column] = &[
    words("sign", "", Content::EventSign, (2, 2), 0)
        .sorted(SortKey::Trouble)
        .described("Severity of the event, and a mark if you have not seen it.", ""),
    words("time", "TIME", Content::EventTime, (8, 8), 0)
        .sorted(SortKey::Time)
        .described("Time of day; the date of an event that is older than a day.", ""),
    words("domain", "DOMAIN", Content::EventDomain, (12, 30), 2)
        .sorted(SortKey::Name)
        .described("Name of the domain at that time; (host) for an event of the connection.", ""),
    words("event", "EVENT", Content::Event, (14, 19), 2).described("What happened.", ""),
    Column::words("reason", "WHY", Content::EventReason, (10, 160), 3, 1)
        .described("Reason, device, path; before it, how often the event came in a row, and since when.", ""),
];
