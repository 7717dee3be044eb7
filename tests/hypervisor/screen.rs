//! Reads figures from a drawn screen by the positions of headings.

use ratatui::buffer::Buffer;

/// The cells of a screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Screen {
    lines: Vec<Vec<String>>,
}

/// A word and its columns: first, and one past the last.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    from: usize,
    to: usize,
}

impl Screen {
    pub fn of_buffer(buffer: &Buffer) -> Self {
        let line = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol().to_owned()).collect();
        Self { lines: (0..buffer.area.height).map(line).collect() }
    }

    pub fn of_terminal(screen: &vt100::Screen) -> Self {
        let (rows, columns) = screen.size();
        let cell = |row: u16, column: u16| match screen.cell(row, column).map(|cell| cell.contents().to_owned()) {
            Some(contents) if !contents.is_empty() => contents,
            _ => " ".to_owned(),
        };
        let [rows, columns] = [rows, columns].map(u16::from);
        Self { lines: (0..rows).map(|row| (0..columns).map(|column| cell(row, column)).collect()).collect() }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| line.concat().trim_end().to_owned() + "\n").collect()
    }

    pub fn contains(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// The text after `label`, up to two blanks or a frame.
    pub fn after(&self, label: &str) -> Option<String> {
        let text = self.text();
        let rest = text.lines().find_map(|line| line.split_once(label))?.1;
        let end = rest.find("  ").into_iter().chain(rest.find('│')).min().unwrap_or(rest.len());
        Some(rest[..end].trim().to_owned())
    }

    /// The table whose heading line has all these titles.
    pub fn table(&self, titles: &[&str]) -> Table<'_> {
        let found = self.lines.iter().position(|line| {
            let words = words(line);
            titles.iter().all(|title| words.iter().any(|word| plain(&word.text) == *title))
        });
        let line = found.unwrap_or_else(|| panic!("no table with {titles:?} on\n{}", self.text()));
        Table { screen: self, line, headings: words(&self.lines[line]) }
    }

    /// The line of a chart's value: `label` at the left end of the frame of this title, and the line below.
    pub fn chart(&self, title: &str, label: &str) -> Option<String> {
        let first = self.lines.iter().position(|line| line.concat().contains(title))?;
        let left = {
            let line = self.lines[first].concat();
            line[..line.find(title)?].rfind('╭').map(|at| line[..at].chars().count())?
        };
        let inside = |line: &Vec<String>| line[left + 1..].concat();
        let rest = self.lines[first + 1..].iter().map(inside).collect::<Vec<_>>();
        let at = rest.iter().position(|line| line.starts_with(label))?;
        // A curve of one line has its value after the name.
        let below: String = rest.get(at + 1)?.chars().take(12).collect();
        Some(below.trim().to_owned())
    }
}

/// A heading without its sort mark.
fn plain(title: &str) -> &str {
    title.trim_matches(['▾', '▴'])
}

fn words(line: &[String]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (x, cell) in line.iter().enumerate() {
        if cell.trim().is_empty() {
            continue;
        }
        match words.last_mut() {
            Some(word) if word.to == x => {
                word.text.push_str(cell);
                word.to = x + 1;
            }
            _ => words.push(Word { text: cell.clone(), from: x, to: x + 1 }),
        }
    }
    words
}

/// A heading line and what is below it.
pub struct Table<'a> {
    screen: &'a Screen,
    line: usize,
    headings: Vec<Word>,
}

impl Table<'_> {
    /// The row in which the word under the left-aligned heading `column` begins with `name`.
    pub fn row(&self, column: &str, name: &str) -> Option<Row<'_>> {
        let from = self.heading(column).from;
        let lines = self.screen.lines[self.line + 1..].iter();
        let mut rows = lines.map(|line| Row { table: self, line });
        rows.find(|row| {
            let text = row.line[from..].concat();
            text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    }

    fn heading(&self, title: &str) -> &Word {
        let found = self.headings.iter().find(|word| plain(&word.text) == title);
        found.unwrap_or_else(|| panic!("no column {title} in {:?}", self.headings))
    }
}

/// A row of a table.
pub struct Row<'a> {
    table: &'a Table<'a>,
    line: &'a [String],
}

impl Row<'_> {
    /// The text between the end of the previous heading and the end of this one.
    pub fn cell(&self, title: &str) -> String {
        let to = self.table.heading(title).to;
        let from = self.table.headings.iter().map(|word| word.to).filter(|end| *end < to).max().unwrap_or(0);
        self.line[from..to].concat().trim().to_owned()
    }

    /// The last word that ends where the heading does.
    pub fn figure(&self, title: &str) -> String {
        let to = self.table.heading(title).to;
        words(self.line).into_iter().find(|word| word.to == to).map(|word| word.text).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        self.line.concat().trim().to_owned()
    }
}

/// Unit of the suffix of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Powers of 1024.
    Bytes,
    /// Powers of 1000.
    Count,
    /// Nanoseconds.
    Time,
    Percent,
}

/// The number that a figure stands for; `None` for the sign of a missing one.
pub fn number(kind: Kind, figure: &str) -> Option<f64> {
    let figure = figure.trim();
    let end = figure.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(figure.len());
    let value: f64 = figure[..end].parse().ok()?;
    let unit = figure[end..].trim().trim_end_matches("/s").trim_end_matches('B').trim_end_matches('i');
    let power = |base: f64, letters: &str| match letters.chars().position(|letter| unit.starts_with(letter)) {
        Some(place) => base.powi(place as i32 + 1),
        None => 1.0,
    };
    Some(
        value
            * match kind {
                Kind::Bytes => power(1024.0, "KMGTP"),
                Kind::Count => power(1000.0, "kMGT"),
                Kind::Percent => 1.0,
                Kind::Time => match unit {
                    "ns" => 1.0,
                    "µs" => 1e3,
                    "ms" => 1e6,
                    "s" => 1e9,
                    "min" => 60e9,
                    _ => panic!("no unit of time: {figure}"),
                },
            },
    )
}

#[test]
fn formatted_figures_are_parsed() {
    for (kind, figure, value) in [
        (Kind::Bytes, "1.50K", 1536.0),
        (Kind::Bytes, "12.0 MiB/s", 12.0 * 1_048_576.0),
        (Kind::Bytes, "512 B/s", 512.0),
        (Kind::Bytes, "128M", 134_217_728.0),
        (Kind::Count, "1.53k", 1530.0),
        (Kind::Count, "42.5", 42.5),
        (Kind::Time, "845µs", 845_000.0),
        (Kind::Percent, "29.7%", 29.7),
    ] {
        let read = number(kind, figure).unwrap();
        assert!((read - value).abs() < 1e-6 * value, "{figure}: {read}");
    }
    assert_eq!(number(Kind::Count, "–"), None);
}
