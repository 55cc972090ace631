//! Texts taken apart. Not by the searches of the library: they bring slices that panic, and are compiled anew wherever they are
//! used.

use std::iter;

/// What stands before the first of these ASCII characters, and the rest.
#[inline(never)]
pub fn split_before<'a>(text: &'a str, first: &[u8]) -> (&'a str, &'a str) {
    let end = text.bytes().position(|byte| first.contains(&byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or_default()
}

/// What stands before the first such ASCII character and what stands behind it, if it is there.
#[inline(never)]
pub fn split_once(text: &str, at: u8) -> Option<(&str, &str)> {
    let (before, rest) = split_before(text, &[at]);
    Some((before, rest.get(1..)?))
}

/// The pieces between all such ASCII characters: one more than there are of these.
pub fn split(text: &str, at: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let (piece, behind) = split_before(rest?, &[at]);
        rest = behind.get(1..);
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_as_the_library_would() {
        for text in ["", ";", "a", "a;", ";a", "a;b;;ü", "ü;;", "a b"] {
            assert_eq!(split_once(text, b';'), text.split_once(';'), "{text}");
            assert!(split(text, b';').eq(text.split(';')), "{text}");
        }
    }
}
