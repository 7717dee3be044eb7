//! Words of a shell command that the operator copies.

use std::borrow::Cow;

/// The word as a shell reads it literally: quoted where it contains anything but letters, digits and a few harmless
/// signs. NUL, which no argument can contain, is left out.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    match shlex::try_quote(word) {
        Ok(quoted) => quoted,
        Err(_) => shell_word(&word.replace('\0', "")).into_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_copied_command_runs_with_the_word_as_it_is() {
        assert_eq!(shell_word("web-01"), "web-01");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("a b; rm x"), "'a b; rm x'");
        assert_eq!(shell_word("{a,b}!"), "'{a,b}!'");
        assert_eq!(shell_word("it's"), "\"it's\"");
        assert_eq!(shell_word("a\0b"), "ab");
    }
}
