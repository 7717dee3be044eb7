//! The names that a query which is being typed can go on with.

use super::field::{FieldInfo, fields};

/// What the last word of a query can become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text, completed as far as all names agree.
    pub text: String,
    /// The names that begin like the last word.
    pub names: Vec<FieldInfo>,
}

/// Completes the last word; `None`: no name begins like it.
pub fn complete(text: &str) -> Option<Completion> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let start = text.rfind(|c| !is_of_name(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let (before, word) = text.split_at(start);
    let word = word.to_lowercase();
    let names: Vec<FieldInfo> = fields().into_iter().filter(|field| field.name.starts_with(&word)).collect();
    let first = names.first()?.name.clone();
    let common = names.iter().fold(first, |common, field| {
        let same = common.chars().zip(field.name.chars()).take_while(|(a, b)| a == b).count();
        common.chars().take(same).collect()
    });
    Some(Completion { text: format!("{before}{common}"), names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_completed_as_far_as_all_names_agree() {
        let text = |typed: &str| complete(typed).map(|completion| completion.text);
        assert_eq!(text("stat").as_deref(), Some("state"));
        assert_eq!(text("web and (stea").as_deref(), Some("web and (steal"));
        assert_eq!(text("not mem").as_deref(), Some("not mem"));
        assert_eq!(text("zzz"), None);
        let names = complete("wr").unwrap().names;
        assert!(names.len() > 1 && names.iter().all(|field| field.name.starts_with("wr")), "{names:?}");
    }
}
