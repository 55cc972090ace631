//! Where in a record: `address.streets[2].name`.

use std::ops::Range;

use super::literal;
use crate::client::limits::RECORD_MAX_DEPTH;

/// A path into a record.
///
/// Names are separated by dots, and indices stand in brackets after a name: `a.b[2].c`, `a[0][1]`. White space around
/// what is between two dots is dropped, and so is what is empty: `a..b` is `a.b`. A name is anything without `.`, `[` and
/// `]`. The path without any character is the whole record.
///
/// A name of digits, as in `a.2`, is a key in an object and an index in an array; so is an index in brackets. They
/// differ where there is neither yet: a name makes an object, an index an array.
///
/// Whatever is accepted means the same to the server. What the server takes for something that nobody can mean, such as
/// `[0]` (index 0 of what has the name ""), is refused: see [`PathError`].
///
/// The default is the empty path, of the whole record.
#[derive(Clone, Debug, Default)]
pub struct Path {
    text: Box<str>,
    steps: Box<[Step]>,
}

/// One name or index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Where it is in the text, in bytes. An index is without leading zeros.
    start: u32,
    end: u32,
    /// Of the name.
    pub(super) hash: u32,
    /// Which element of an array it means.
    pub(super) index: Option<u32>,
    /// Whether it makes an array where there is none.
    pub(super) is_index: bool,
}

/// Why text is not a path: what was expected instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathError {
    /// For instance: a name before '['.
    pub expected: &'static str,
    /// Where, in bytes from the beginning of the path.
    pub at: usize,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// A bracket without a name before it, that is not closed, or around anything but an index from 0 to 4294967294;
    /// anything but `.` and `[` after a closed one; white space before a bracket; nothing but dots and white space;
    /// the name `__proto__`, which no server stores; more than [`RECORD_MAX_DEPTH`] names and indices.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut start = 0;
        while start <= text.len() {
            let end = find(text, start, text.len(), b".");
            parse_part(text, trimmed(text, start..end), &mut steps)?;
            start = end + 1;
        }
        if steps.is_empty() && !text.is_empty() {
            return Err(PathError { expected: "a name", at: text.len() });
        }
        Ok(Self { text: text.into(), steps: steps.into() })
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is the path of the whole record.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether both lead to the same place, however they are written.
    pub fn is_same(&self, other: &Self) -> bool {
        self.steps.len() == other.steps.len() && self.common_steps(other) == self.steps.len()
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How many names and indices it has.
    pub(in crate::client) const fn depth(&self) -> usize {
        self.steps.len()
    }

    /// Those behind the first `depth`.
    pub(super) fn steps_from(&self, depth: usize) -> &[Step] {
        self.steps.get(depth..).unwrap_or_default()
    }

    /// What a step is called in an object.
    pub(super) fn name(&self, step: &Step) -> &str {
        self.text.get(step.start as usize..step.end as usize).unwrap_or_default()
    }

    /// With how many equal steps both begin.
    pub(in crate::client) fn common_steps(&self, other: &Self) -> usize {
        let pairs = self.steps.iter().zip(&other.steps);
        pairs.take_while(|(own, its)| own.hash == its.hash && self.name(own) == other.name(its)).count()
    }

    /// The path of its first `depth` steps.
    pub fn prefix_text(&self, depth: usize) -> String {
        let mut text = String::new();
        for step in self.steps.iter().take(depth) {
            let name = self.name(step);
            if step.is_index {
                text.push('[');
                text.push_str(name);
                text.push(']');
            } else {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
        }
        text
    }
}

/// A name and the indices behind it.
fn parse_part(text: &str, part: Range<usize>, steps: &mut Vec<Step>) -> Result<(), PathError> {
    if part.is_empty() {
        return Ok(());
    }
    let mut at = find(text, part.start, part.end, b"[]");
    let name = part.start..at;
    if name.is_empty() {
        return Err(PathError { expected: "a name before '['", at });
    }
    if trimmed(text, name.clone()) != name {
        return Err(PathError { expected: "no white space before '['", at });
    }
    push(text, steps, name, false)?;
    while at < part.end {
        if text.as_bytes().get(at) != Some(&b'[') {
            return Err(PathError { expected: "'.' or '[' after ']', and '[' before it", at });
        }
        let inside = at + 1;
        at = find(text, inside, part.end, b"[]");
        if text.as_bytes().get(at) != Some(&b']') {
            return Err(PathError { expected: "']' after an index", at });
        }
        push(text, steps, trimmed(text, inside..at), true)?;
        at += 1;
    }
    Ok(())
}

fn push(text: &str, steps: &mut Vec<Step>, written: Range<usize>, is_index: bool) -> Result<(), PathError> {
    let Range { mut start, end } = written;
    let starts_with_zero = |start| start + 1 < end && text.as_bytes().get(start) == Some(&b'0');
    if is_index {
        while starts_with_zero(start) {
            start += 1;
        }
    }
    let name = text.get(start..end).unwrap_or_default();
    let index = if starts_with_zero(start) { None } else { array_index(name) };
    let expected = if is_index && index.is_none() {
        "an index from 0 to 4294967294 between '[' and ']'"
    } else if name == "__proto__" {
        "a name other than '__proto__'"
    } else if steps.len() >= RECORD_MAX_DEPTH {
        "fewer names and indices"
    } else {
        let hash = literal::hash(name.as_bytes());
        steps.push(Step { start: start as u32, end: end as u32, hash, index, is_index });
        return Ok(());
    };
    Err(PathError { expected, at: start })
}

/// The number that digits stand for, if an array can have an element of that index.
fn array_index(digits: &str) -> Option<u32> {
    let has_sign = digits.starts_with('+');
    let index = digits.parse::<u64>().ok()?.try_into().ok()?;
    (!has_sign && index < u32::MAX).then_some(index)
}

/// Where the first of these bytes is; `end` if there is none before it.
fn find(text: &str, start: usize, end: usize, wanted: &[u8]) -> usize {
    let mut at = start;
    while at < end && text.as_bytes().get(at).is_some_and(|byte| !wanted.contains(byte)) {
        at += 1;
    }
    at
}

/// Without the white space around it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let mut trimmed = range.end..range.end;
    for (at, character) in text.get(range.clone()).unwrap_or_default().char_indices() {
        if !is_space(character) {
            let at = range.start + at;
            trimmed = trimmed.start.min(at)..at + character.len_utf8();
        }
    }
    trimmed
}

/// What `String.prototype.trim` of JavaScript takes away; the server uses it.
const fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
            | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path in one form: names as they are, indices in brackets.
    fn parsed(text: &str) -> Result<String, PathError> {
        let path = Path::parse(text)?;
        assert_eq!(path.text(), text);
        Ok(path.prefix_text(usize::MAX))
    }

    #[test]
    fn names_and_indices_are_told_apart() {
        for (text, expected) in [
            ("", ""),
            ("a", "a"),
            ("a.b.c", "a.b.c"),
            ("a[2].b", "a[2].b"),
            ("a[0][1]", "a[0][1]"),
            ("a.2.b", "a.2.b"),
            ("2", "2"),
            (" a b .\u{feff}c\u{a0}", "a b.c"),
            ("a..b", "a.b"),
            (".a.", "a"),
            ("a. .b", "a.b"),
            ("a[ 1 ]", "a[1]"),
            ("a[007]", "a[7]"),
            ("a[00]", "a[0]"),
            ("a.007", "a.007"),
            ("a[4294967294]", "a[4294967294]"),
            ("ä\u{1f980}[3].漢", "ä\u{1f980}[3].漢"),
            ("a[0] . b", "a[0].b"),
            ("\u{85}", "\u{85}"),
            ("a-b\"c\\", "a-b\"c\\"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn an_odd_path_is_refused_with_what_was_expected() {
        let index = "an index from 0 to 4294967294 between '[' and ']'";
        let after = "'.' or '[' after ']', and '[' before it";
        for (text, expected, at) in [
            (" ", "a name", 1),
            (".", "a name", 1),
            ("[0]", "a name before '['", 0),
            ("a.[0]", "a name before '['", 2),
            ("]", "a name before '['", 0),
            ("a [0]", "no white space before '['", 2),
            ("a[", "']' after an index", 2),
            ("a[1", "']' after an index", 3),
            ("a[1[2]", "']' after an index", 3),
            ("a[]", index, 2),
            ("a[ ]", index, 3),
            ("a[x]", index, 2),
            ("a[-1]", index, 2),
            ("a[1.5]", "']' after an index", 3),
            ("a[1e3]", index, 2),
            ("a[4294967295]", index, 2),
            ("a[99999999999999999999]", index, 2),
            ("a[0]b", after, 4),
            ("a[0] [1]", after, 4),
            ("a]", after, 1),
            ("a[0]]", after, 4),
            ("a.__proto__.b", "a name other than '__proto__'", 2),
        ] {
            assert_eq!(parsed(text), Err(PathError { expected, at }), "{text:?}");
        }
    }

    #[test]
    fn a_path_has_a_greatest_depth() {
        let deepest = vec!["a"; RECORD_MAX_DEPTH].join(".");
        assert!(Path::parse(&deepest).is_ok());
        let expected = PathError { expected: "fewer names and indices", at: deepest.len() };
        assert_eq!(parsed(&(deepest + "[0]")), Err(PathError { at: expected.at + 1, ..expected }));
    }

    #[test]
    fn the_same_place_can_be_written_in_several_ways() {
        let same = |left: &str, right: &str| Path::parse(left).unwrap().is_same(&Path::parse(right).unwrap());
        assert!(same("a[2].b", " a . 2 . b "));
        assert!(same("", ""));
        assert!(!same("a", "a.b"));
        assert!(!same("a", "b"));
        assert!(!same("a[2]", "a.02"));
    }
}
