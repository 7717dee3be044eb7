//! A text as an expression.

use super::expression::{Comparison, Expression, TextTest};
use super::field::{self, Field};
use super::needle::Needle;
use super::number;
use regex::{Regex, RegexBuilder};
use std::fmt;
use std::ops::Range;

/// Most bytes of memory that a regular expression may take.
const MAX_PATTERN_BYTES: usize = 256 * 1024;
/// Most parentheses and negations inside of each other.
const MAX_DEPTH: usize = 50;

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The bytes of the text that are wrong; empty at its end if something is missing.
    pub place: Range<usize>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Parses a text; `None`: it is empty.
pub(super) fn parse(text: &str) -> Result<Option<Expression>, QueryError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    parser.skip_blanks();
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let expression = parser.any()?;
    match parser.rest().chars().next() {
        None => Ok(Some(expression)),
        Some(_) => Err(parser.error(parser.at..parser.at + 1, "this ) closes no (")),
    }
}

/// The operators, the longer ones first.
const OPERATORS: [(&str, Operator); 11] = [
    (">=", Operator::Figure(Comparison::GreaterOrEqual)),
    ("<=", Operator::Figure(Comparison::LessOrEqual)),
    ("!=", Operator::Equal(false)),
    ("!~", Operator::Matches(false)),
    ("=~", Operator::Matches(true)),
    ("==", Operator::Equal(true)),
    (">", Operator::Figure(Comparison::Greater)),
    ("<", Operator::Figure(Comparison::Less)),
    ("=", Operator::Equal(true)),
    ("~", Operator::Matches(true)),
    (":", Operator::Contains),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Figure(Comparison),
    /// Equal, or not.
    Equal(bool),
    /// Matches, or not.
    Matches(bool),
    Contains,
}

struct Parser<'a> {
    text: &'a str,
    /// The byte that comes next.
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, place: Range<usize>, message: impl Into<String>) -> QueryError {
        QueryError { place, message: message.into() }
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes a word of the language, if it comes next as a whole.
    fn takes(&mut self, word: &str) -> bool {
        let is_word = self.rest().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let after = self.rest().get(word.len()..).and_then(|rest| rest.chars().next());
        let ends = after.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')'));
        if is_word && ends {
            self.at += word.len();
            self.skip_blanks();
        }
        is_word && ends
    }

    fn is_at_end_of_term(&self) -> bool {
        matches!(self.rest().chars().next(), None | Some(')'))
    }

    /// Terms with `or` between them.
    fn any(&mut self) -> Result<Expression, QueryError> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    /// Terms with `and` between them, or nothing.
    fn all(&mut self) -> Result<Expression, QueryError> {
        let mut parts = vec![self.term()?];
        loop {
            let before = self.at;
            if self.is_at_end_of_term() || self.takes("or") {
                self.at = before;
                break;
            }
            self.takes("and");
            parts.push(self.term()?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn term(&mut self) -> Result<Expression, QueryError> {
        self.depth += 1;
        let term = if self.depth > MAX_DEPTH {
            Err(self.error(self.at..self.at, format!("more than {MAX_DEPTH} parts inside of each other")))
        } else {
            self.term_in_depth()
        };
        self.depth -= 1;
        self.skip_blanks();
        term
    }

    fn term_in_depth(&mut self) -> Result<Expression, QueryError> {
        let start = self.at;
        if self.takes("not") {
            return Ok(Expression::Not(Box::new(self.term()?)));
        }
        match self.rest().chars().next() {
            None => Err(self.error(start..start, "a word or a comparison is missing here")),
            Some(')') => Err(self.error(start..start + 1, "a word or a comparison is missing before this )")),
            Some('!') => {
                self.at += 1;
                self.skip_blanks();
                Ok(Expression::Not(Box::new(self.term()?)))
            }
            Some('(') => {
                self.at += 1;
                self.skip_blanks();
                let inside = self.any()?;
                if !self.rest().starts_with(')') {
                    return Err(self.error(start..start + 1, "this ( is not closed by a )"));
                }
                self.at += 1;
                Ok(inside)
            }
            Some('"') => Ok(Expression::Word(Needle::new(&self.quoted()?))),
            Some('/') if let Some(end) = self.end_of_pattern() => {
                let place = start + 1..end;
                self.at = end + 1;
                Ok(Expression::Pattern(self.pattern(place)?))
            }
            Some(_) => {
                if self.takes("and") || self.takes("or") {
                    return Err(self.error(start..self.at, "a word or a comparison is missing before this"));
                }
                self.comparison_or_word()
            }
        }
    }

    /// Where the `/` is that ends a regular expression; `None`: the text is a path.
    fn end_of_pattern(&self) -> Option<usize> {
        let word = self.rest().split_whitespace().next()?;
        let end = word.trim_end_matches(')');
        let inside = end.strip_prefix('/')?.strip_suffix('/')?;
        (!inside.is_empty() && !inside.replace("\\/", "").contains('/')).then_some(self.at + end.len() - 1)
    }

    fn pattern(&self, place: Range<usize>) -> Result<Regex, QueryError> {
        let text = self.text[place.clone()].replace("\\/", "/");
        let pattern = RegexBuilder::new(&text).case_insensitive(true).size_limit(MAX_PATTERN_BYTES).build();
        pattern.map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.error(place, format!("no regular expression: {why}"))
        })
    }

    /// A text in quotes, which are no part of it.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let rest = &self.rest()[1..];
        let Some(end) = rest.find('"') else {
            return Err(self.error(start..start + 1, "this quote is not closed"));
        };
        self.at = start + end + 2;
        Ok(rest[..end].to_owned())
    }

    fn comparison_or_word(&mut self) -> Result<Expression, QueryError> {
        let start = self.at;
        let rest = self.rest();
        let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
        let behind = rest[name.len()..].trim_start();
        let operator = OPERATORS.iter().find(|(sign, _)| behind.starts_with(sign)).filter(|_| !name.is_empty());
        let is_near = rest[name.len()..].len() == behind.len();
        match (field::find(name), operator) {
            // Of a MAC address or a path, and a word before a negation.
            (_, Some((_, Operator::Contains))) if !is_near => self.word(),
            (Some(field), Some((sign, operator))) => {
                self.at = self.text.len() - behind.len() + sign.len();
                self.skip_blanks();
                self.comparison(start, name, field, sign, *operator)
            }
            (None, Some((sign, operator)))
                if matches!(operator, Operator::Figure(_)) || sign.starts_with('!') && is_near =>
            {
                let place = start..start + name.len();
                Err(self.error(place, format!("no figure is called {name}{}", nearest(name))))
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Expression, QueryError> {
        let rest = self.rest();
        let word = &rest[..rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(rest.len())];
        self.at += word.len();
        Ok(Expression::Word(Needle::new(word)))
    }

    /// The value behind an operator, and its place.
    fn value(&mut self, ends_at_parenthesis: bool) -> Result<(String, Range<usize>), QueryError> {
        let start = self.at;
        if self.rest().starts_with('"') {
            let text = self.quoted()?;
            return Ok((text, start..self.at));
        }
        let rest = self.rest();
        let is_end = |c: char| c.is_whitespace() || ends_at_parenthesis && c == ')';
        let value = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        self.at += value.len();
        Ok((value.to_owned(), start..self.at))
    }

    fn comparison(
        &mut self,
        start: usize,
        name: &str,
        field: Field,
        sign: &str,
        operator: Operator,
    ) -> Result<Expression, QueryError> {
        let (value, place) = self.value(!matches!(operator, Operator::Matches(_)))?;
        match (field, operator) {
            (Field::Figure(figure), Operator::Figure(_) | Operator::Equal(_)) => {
                let comparison = match operator {
                    Operator::Figure(comparison) => comparison,
                    Operator::Equal(true) => Comparison::Equal,
                    _ => Comparison::NotEqual,
                };
                let limit = number::read(&value, figure.unit).map_err(|message| self.error(place, message))?;
                Ok(Expression::Figure(figure, comparison, limit))
            }
            (Field::Figure(_), _) => {
                Err(self.error(start..place.start, format!("{name} is a figure: compare it with > >= < <= = !=")))
            }
            (Field::Text(_), Operator::Figure(_)) => {
                Err(self.error(start..place.start, format!("{name} is a text: {sign} is for figures; use = != : ~ !~")))
            }
            (Field::Text(_), _) if value.is_empty() => {
                Err(self.error(place, format!("the text that {name} is compared with is missing")))
            }
            (Field::Text(text), Operator::Contains) => {
                Ok(Expression::Text(text, TextTest::Contains(value.to_lowercase())))
            }
            (Field::Text(text), Operator::Equal(is_equal)) => {
                Ok(negated(!is_equal, Expression::Text(text, TextTest::Equals(value.to_lowercase()))))
            }
            (Field::Text(text), Operator::Matches(does_match)) => {
                let bare = value.len() > 2 && value.starts_with('/') && value.ends_with('/');
                let inside = if bare || self.text[place.clone()].starts_with('"') {
                    place.start + 1..place.end - 1
                } else {
                    place
                };
                Ok(negated(!does_match, Expression::Text(text, TextTest::Matches(self.pattern(inside)?))))
            }
        }
    }
}

fn negated(is_negated: bool, expression: Expression) -> Expression {
    if is_negated { Expression::Not(Box::new(expression)) } else { expression }
}

fn one_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

/// The name that is most like a wrong one, as a question.
fn nearest(name: &str) -> String {
    let name = name.to_lowercase();
    let fields = field::fields();
    let alike = |field: &&field::FieldInfo| strsim::jaro_winkler(&field.name, &name);
    let best = fields.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    best.filter(|field| alike(field) > 0.7).map(|field| format!("; did you mean {}?", field.name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, Range<usize>) {
        let error = parse(text).expect_err(text);
        assert!(text.is_char_boundary(error.place.start) && text.is_char_boundary(error.place.end), "{text}");
        (error.message, error.place)
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        for (text, place, message) in [
            ("cpu>", 4..4, "a percentage such as 80 is required"),
            ("cpu>high", 4..8, "a percentage such as 80 is required"),
            ("lat >= 20", 7..9, "a time such as 20ms or 1.5s is required"),
            ("cpuu>80", 0..4, "no figure is called cpuu; did you mean cpu?"),
            ("zzz>80", 0..3, "no figure is called zzz"),
            ("name>80", 0..5, "name is a text: > is for figures; use = != : ~ !~"),
            ("cpu~8", 0..4, "cpu is a figure: compare it with > >= < <= = !="),
            ("state:", 6..6, "the text that state is compared with is missing"),
            ("(web", 0..1, "this ( is not closed by a )"),
            ("web)", 3..4, "this ) closes no ("),
            ("()", 1..2, "a word or a comparison is missing before this )"),
            ("web or", 6..6, "a word or a comparison is missing here"),
            ("or web", 0..3, "a word or a comparison is missing before this"),
            ("not", 3..3, "a word or a comparison is missing here"),
            ("!", 1..1, "a word or a comparison is missing here"),
            ("\"web", 0..1, "this quote is not closed"),
            ("/we[b/", 1..5, "no regular expression: unclosed character class"),
            ("name~we[b", 5..9, "no regular expression: unclosed character class"),
        ] {
            assert_eq!(error(text), (message.to_owned(), place), "{text}");
        }
    }

    #[test]
    fn deep_nesting_and_huge_patterns_are_errors() {
        assert!(error(&"(".repeat(1000)).0.contains("50"));
        assert!(error(&"!".repeat(1000)).0.contains("50"));
        assert!(error("/(a{1000}){1000}/").0.contains("no regular expression"));
    }

    #[test]
    fn plain_words_stay_plain() {
        for text in ["web-01", "52:54:00:ab", "/var/lib/x.qcow2", "a=b", "andy", "order", "notes", "80%", "ünï", "x:y"]
        {
            assert!(matches!(parse(text), Ok(Some(Expression::Word(_)))), "{text}");
        }
        assert!(matches!(parse("web 01"), Ok(Some(Expression::All(parts))) if parts.len() == 2));
        assert!(parse("  ").unwrap().is_none());
    }

    #[test]
    fn operators_bind_not_before_and_before_or() {
        let shape = |text: &str| {
            fn of(expression: &Expression) -> String {
                let list = |parts: &[Expression]| parts.iter().map(of).collect::<Vec<_>>().join(" ");
                match expression {
                    Expression::All(parts) => format!("all({})", list(parts)),
                    Expression::Any(parts) => format!("any({})", list(parts)),
                    Expression::Not(part) => format!("not({})", of(part)),
                    Expression::Word(_) => "word".to_owned(),
                    Expression::Pattern(pattern) => format!("/{pattern}/"),
                    Expression::Figure(_, comparison, limit) => format!("{comparison:?} {limit}"),
                    Expression::Text(text, _) => format!("{text:?}"),
                }
            }
            of(&parse(text).unwrap().unwrap())
        };
        assert_eq!(shape("a b or c"), "any(all(word word) word)");
        assert_eq!(shape("a and b or not c d"), "any(all(word word) all(not(word) word))");
        assert_eq!(shape("a (b or c)"), "all(word any(word word))");
        assert_eq!(shape("!web cpu>80"), "all(not(word) Greater 80)");
        assert_eq!(shape("lat >= 20ms"), "GreaterOrEqual 20000000");
        assert_eq!(shape("net.drop>0 and not name~^test"), "all(Greater 0 not(Name))");
        assert_eq!(shape("state:paused (/^web|^db/)"), "all(State /^web|^db/)");
        assert_eq!(shape("name!~x name!=y"), "all(not(Name) not(Name))");
        assert_eq!(shape("NOT a OR b"), "any(not(word) word)");
    }
}
