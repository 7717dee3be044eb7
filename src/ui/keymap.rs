//! Which key does what: a table. The help, the README and the dispatch all read it.

use super::action::Action;
use super::state::UiState;
use crate::table::{List, by_letter};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key as it is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character, with Shift already in it.
    Char(char),
    /// Control and a letter.
    Control(char),
    /// Any other key.
    Code(KeyCode),
}

/// One line of the help.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The heading that it stands under.
    pub group: &'static str,
    /// The keys, in words.
    pub keys: &'static str,
    /// What they do.
    pub about: &'static str,
    /// The keys and their actions.
    pub actions: &'static [(Key, Action)],
}

use Key::{Char, Code, Control};

/// A letter and its sort key, from the list of letters ([`crate::table::LETTERS`]).
const fn sort(letter: char) -> (Key, Action) {
    (Char(letter), Action::SortBy(by_letter(letter)))
}

/// All keys. Letters that sort are the same as in virt-top, if virt-top has one for the figure.
pub const BINDINGS: &[Binding] = &[
    Binding {
        group: "Move",
        keys: "↑ ↓ k j",
        about: "row up, row down",
        actions: &[
            (Code(KeyCode::Up), Action::Up),
            (Char('k'), Action::Up),
            (Code(KeyCode::Down), Action::Down),
            (Char('j'), Action::Down),
        ],
    },
    Binding {
        group: "Move",
        keys: "← → h l",
        about: "sort column (table), card (panes), previous or next device (device)",
        actions: &[
            (Code(KeyCode::Left), Action::Left),
            (Char('h'), Action::Left),
            (Code(KeyCode::Right), Action::Right),
            (Char('l'), Action::Right),
        ],
    },
    Binding {
        group: "Move",
        keys: "g G Home End",
        about: "first row, last row",
        actions: &[
            (Char('g'), Action::First),
            (Code(KeyCode::Home), Action::First),
            (Char('G'), Action::Last),
            (Code(KeyCode::End), Action::Last),
        ],
    },
    Binding {
        group: "Move",
        keys: "PgUp PgDn ^b ^f",
        about: "page up, page down",
        actions: &[
            (Code(KeyCode::PageUp), Action::PageUp),
            (Control('b'), Action::PageUp),
            (Code(KeyCode::PageDown), Action::PageDown),
            (Control('f'), Action::PageDown),
        ],
    },
    Binding {
        group: "Move",
        keys: "^u ^d",
        about: "half a page up, half a page down",
        actions: &[(Control('u'), Action::HalfPageUp), (Control('d'), Action::HalfPageDown)],
    },
    Binding {
        group: "Screens",
        keys: "Enter",
        about: "into the domain, the device, or an event's domain",
        actions: &[(Code(KeyCode::Enter), Action::Open)],
    },
    Binding {
        group: "Screens",
        keys: "Esc Backspace",
        about: "from the past to live, then back; in a list: drop the filter",
        actions: &[(Code(KeyCode::Esc), Action::Back), (Code(KeyCode::Backspace), Action::Back)],
    },
    Binding {
        group: "Screens",
        keys: "Tab Shift-Tab",
        about: "next list; in a domain: disks, NICs, vCPUs",
        actions: &[(Code(KeyCode::Tab), Action::NextPane), (Code(KeyCode::BackTab), Action::PreviousPane)],
    },
    Binding {
        group: "Screens",
        keys: "1 2 3 4 5 6",
        about: "table, panes, all disks, all NICs, all vCPUs, events",
        actions: &[
            (Char('1'), Action::Show(List::Table)),
            (Char('2'), Action::Show(List::Panes)),
            (Char('3'), Action::Show(List::Disks)),
            (Char('4'), Action::Show(List::Nics)),
            (Char('5'), Action::Show(List::Vcpus)),
            (Char('6'), Action::Show(List::Events)),
        ],
    },
    Binding {
        group: "Screens",
        keys: "? F1",
        about: "this help",
        actions: &[(Char('?'), Action::Help), (Code(KeyCode::F(1)), Action::Help)],
    },
    Binding {
        group: "Lists",
        keys: "/",
        about: "filter: a name, title, state, UUID, MAC, path or device, or a query: cpu>80 !test, lat >= 20ms or state:paused, /^web/; Enter keeps it, Esc drops it, Tab completes, Up and Down bring back earlier ones, ^w ^u erase a word, all",
        actions: &[(Char('/'), Action::FilterStart)],
    },
    Binding {
        group: "Lists",
        keys: "s S",
        about: "sort by the next column, by the one before",
        actions: &[(Char('s'), Action::SortNext), (Char('S'), Action::SortPrevious)],
    },
    Binding { group: "Lists", keys: "r", about: "reverse the order", actions: &[(Char('r'), Action::Reverse)] },
    Binding {
        group: "Lists",
        keys: "o",
        about: "hold the order while figures go on, sort again",
        actions: &[(Char('o'), Action::HoldOrder)],
    },
    Binding {
        group: "Lists",
        keys: "x",
        about: "leave out domains that are off, unless something is wrong with them; show them",
        actions: &[(Char('x'), Action::HideOff)],
    },
    Binding {
        group: "Lists",
        keys: "! P T M N",
        about: "sort by trouble (and to the first row), CPU, CPU time, memory, name; a list without it gives way to the table",
        actions: &[sort('!'), sort('P'), sort('T'), sort('M'), sort('N')],
    },
    Binding {
        group: "Lists",
        keys: "W D I L B",
        about: "likewise by steal (waiting for CPU), disk bytes, IOPS, latency, network bytes",
        actions: &[sort('W'), sort('D'), sort('I'), sort('L'), sort('B')],
    },
    Binding {
        group: "Time",
        keys: "Space",
        about: "freeze or resume (900 samples are kept)",
        actions: &[(Char(' '), Action::Freeze)],
    },
    Binding {
        group: "Time",
        keys: "< >",
        about: "a sample back, a sample forward",
        actions: &[(Char('<'), Action::TimeBack(1)), (Char('>'), Action::TimeForward(1))],
    },
    Binding {
        group: "Time",
        keys: "{ }",
        about: "30 samples back, 30 samples forward",
        actions: &[(Char('{'), Action::TimeBack(30)), (Char('}'), Action::TimeForward(30))],
    },
    Binding {
        group: "Time",
        keys: "z Z",
        about: "longer, shorter time in the charts: 1 min, each sample, 5 min, 15 min, all; a column shows the largest value in it",
        actions: &[(Char('z'), Action::ZoomOut), (Char('Z'), Action::ZoomIn)],
    },
    Binding {
        group: "Time",
        keys: "+ −",
        about: "sample less often, more often",
        actions: &[
            (Char('+'), Action::IntervalLonger),
            (Char('='), Action::IntervalLonger),
            (Char('-'), Action::IntervalShorter),
            (Char('_'), Action::IntervalShorter),
        ],
    },
    Binding {
        group: "Program",
        keys: "t",
        about: "next theme (on 256 colours or more)",
        actions: &[(Char('t'), Action::NextTheme)],
    },
    Binding { group: "Program", keys: "^l", about: "draw everything anew", actions: &[(Control('l'), Action::Redraw)] },
    Binding {
        group: "Program",
        keys: "^z",
        about: "suspend; fg in the shell brings it back",
        actions: &[(Control('z'), Action::Suspend)],
    },
    Binding {
        group: "Program",
        keys: "q ^c",
        about: "quit; in the help q closes it",
        actions: &[(Char('q'), Action::Quit), (Control('c'), Action::QuitAtOnce)],
    },
];

/// The action of a key in the present state of the screen. `None`: the key has none.
pub fn action_for(event: KeyEvent, ui: &UiState) -> Option<Action> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let key = Key::from(event);
    if ui.filter.editing.is_some() { filter_action(key) } else { lookup(key) }
}

fn lookup(key: Key) -> Option<Action> {
    let all = BINDINGS.iter().flat_map(|binding| binding.actions);
    all.into_iter().find(|(bound, _)| *bound == key).map(|(_, action)| *action)
}

/// While a filter is typed, characters belong to it.
fn filter_action(key: Key) -> Option<Action> {
    match key {
        Char(c) => Some(Action::FilterInsert(c)),
        Code(KeyCode::Backspace) | Control('h') => Some(Action::FilterErase),
        Control('w') => Some(Action::FilterEraseWord),
        Control('u') => Some(Action::FilterEraseAll),
        Code(KeyCode::Tab) => Some(Action::FilterComplete),
        Code(KeyCode::Up) => Some(Action::FilterOlder),
        Code(KeyCode::Down) => Some(Action::FilterNewer),
        Code(KeyCode::Enter) => Some(Action::FilterAccept),
        Code(KeyCode::Esc) => Some(Action::FilterCancel),
        // The help has keys of its own, which would still be text.
        other => lookup(other).filter(|action| *action != Action::Help),
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        match event.code {
            KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Control(c.to_ascii_lowercase()),
            KeyCode::Char(c) => Char(c),
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Code(KeyCode::BackTab),
            code => Code(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::LETTERS;

    /// The letters that sort a list, in the order of the help.
    fn letters(list: List) -> String {
        let all = BINDINGS.iter().flat_map(|binding| binding.actions);
        all.filter_map(|(key, action)| match (key, action) {
            (Char(letter), Action::SortBy(key)) => list.own(*key).map(|_| *letter),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn a_letter_sorts_every_list_that_has_its_figure() {
        assert_eq!(List::ALL.map(letters), ["!PTMNWDILB", "!PTMNWDILB", "NDIL", "NB", "PNW", "!N"]);
    }

    #[test]
    fn every_letter_of_the_sort_keys_is_bound() {
        assert_eq!(letters(List::Table).chars().count(), LETTERS.len());
    }
}
