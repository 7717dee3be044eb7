//! The actions that keys stand for, and their effects outside of the screen.

use crate::table::{List, SortKey};
use crate::time::Interval;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// To the left: previous card, previous sort column or previous device.
    Left,
    /// To the right: next card, next sort column or next device.
    Right,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfPageUp,
    /// Half a page down.
    HalfPageDown,
    /// Open the selected domain or device, or the domain of the selected event.
    Open,
    /// Out of this screen; in a list: drop the filter.
    Back,
    /// To the next group of devices (or the next list).
    NextPane,
    /// To the group before.
    PreviousPane,
    /// Begin to type a filter.
    FilterStart,
    /// A character of the filter.
    FilterInsert(char),
    /// Take back the filter's last character.
    FilterErase,
    /// Take back the filter's last word.
    FilterEraseWord,
    /// Take back the whole text of the filter, and go on typing.
    FilterEraseAll,
    /// Complete the last word of the filter.
    FilterComplete,
    /// The filter that was kept before.
    FilterOlder,
    /// The filter that was kept after.
    FilterNewer,
    /// Keep the filter and end typing it.
    FilterAccept,
    /// Back to the filter that was there before.
    FilterCancel,
    /// Sort by the next column.
    SortNext,
    /// Sort by the column before.
    SortPrevious,
    /// Sort by this.
    SortBy(SortKey),
    /// Reverse the order.
    Reverse,
    /// Hold the order of the list, or sort it again.
    HoldOrder,
    /// Leave out domains that are off, or show them again.
    HideOff,
    /// Freeze the screen at the newest sample, or resume.
    Freeze,
    /// Back in time by samples.
    TimeBack(u16),
    /// Forward in time by samples.
    TimeForward(u16),
    /// Charts show a longer time.
    ZoomOut,
    /// Charts show a shorter time.
    ZoomIn,
    /// Sample less often.
    IntervalLonger,
    /// Sample more often.
    IntervalShorter,
    /// Show a list.
    Show(List),
    /// The next theme.
    NextTheme,
    /// Open or close the help.
    Help,
    /// Draw everything anew.
    Redraw,
    /// The terminal has a new size, in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Stop the process, as a shell's ^Z.
    Suspend,
    /// Close the help if it is open, otherwise end.
    Quit,
    /// End, whatever is open.
    QuitAtOnce,
}

/// What an action does outside of the screen; the application carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Sample at this interval.
    SetInterval(Interval),
    /// Clear the terminal and draw all of it.
    Redraw,
}
