//! Whether two values are the same data.

use super::{
    keys::Keys,
    literal::{same_number, same_string},
    scan::Scanner,
    value::{Form, Kind, Part, Value},
};
use crate::client::limits::RECORD_MAX_DEPTH;

pub(super) fn is_equal(left: Value<'_>, right: Value<'_>, depth: usize) -> bool {
    if let (Form::Text(left), Form::Text(right)) = (left.0, right.0)
        && left == right
    {
        return true;
    }
    let kind = left.kind();
    if kind != right.kind() {
        return false;
    }
    match kind {
        Kind::Null => true,
        Kind::Boolean => left.text() == right.text(),
        Kind::Number => same_number(&left.text(), &right.text()),
        Kind::String => same_string(&left.text(), &right.text()),
        Kind::Array | Kind::Object => {
            let (left, right) = (left.text(), right.text());
            if depth >= RECORD_MAX_DEPTH {
                return left == right;
            }
            !differ_in_a_scalar(&left, &right)
                && is_next_equal(&mut Scanner::new(&left, 0), &mut Scanner::new(&right, 0), depth)
        }
    }
}

/// Compares the values that are next in two texts, up to the first difference, side by side: to take them apart level by level
/// would read their texts once for each.
fn is_next_equal(left: &mut Scanner<'_>, right: &mut Scanner<'_>, depth: usize) -> bool {
    let bracket = left.peek().filter(|first| matches!(first, b'{' | b'[') && depth < RECORD_MAX_DEPTH);
    if bracket.is_none() || bracket != right.peek() {
        let (Some(own), Some(its)) = (left.next_value(), right.next_value()) else { return false };
        return is_equal(Value(Form::Text(own)), Value(Form::Text(its)), RECORD_MAX_DEPTH);
    }
    left.at += 1;
    right.at += 1;
    let is_array = bracket == Some(b'[');
    loop {
        let is_same = match (left.next_key(is_array), right.next_key(is_array)) {
            (Some(own), Some(its)) if same_string(own, its) => is_next_equal(left, right, depth + 1),
            (Some(own), Some(its)) => have_equal_members(&rest(left, own), &rest(right, its), depth + 1),
            (None, None) => {
                left.at += 1;
                right.at += 1;
                return true;
            }
            _ => false,
        };
        if !is_same {
            return false;
        }
    }
}

/// What is left of an object, from the member whose key came last.
fn rest<'a>(scanner: &mut Scanner<'a>, key: &'a str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut next = Some(key);
    while let Some(key) = next
        && let Some(text) = scanner.next_value()
    {
        parts.push(Part { key, value: Value(Form::Text(text)) });
        next = scanner.next_key(false);
    }
    parts
}

/// Whether the first difference of two objects or arrays is another string or number at the same place, as after most
/// edits: then what is before it need not be understood. `false` may mean anything.
fn differ_in_a_scalar(left: &str, right: &str) -> bool {
    let at = common_length(left.as_bytes(), right.as_bytes());
    let (start, is_string) = scalar_around(left.as_bytes(), at);
    let scalar = |text| scalar_at(text, start, is_string);
    match (scalar(left), scalar(right)) {
        (Some(own), Some(its)) if is_string => !same_string(own, its),
        (Some(own), Some(its)) => !same_number(own, its),
        _ => false,
    }
}

/// The string or number that begins at a place, if it is no key: these may only be in another order.
fn scalar_at(text: &str, start: usize, is_string: bool) -> Option<&str> {
    let mut scanner = Scanner::new(text, start);
    (if is_string { scanner.string() } else { scanner.number() })?;
    let scalar = text.get(start..scanner.at)?;
    scanner.space();
    (scanner.peek() != Some(b':')).then_some(scalar)
}

/// How many bytes are the same from the beginning.
fn common_length(left: &[u8], right: &[u8]) -> usize {
    const AT_ONCE: usize = 64;
    let mut length = 0;
    for (own, its) in left.chunks(AT_ONCE).zip(right.chunks(AT_ONCE)) {
        if own != its {
            return length + own.iter().zip(its).take_while(|(own, its)| own == its).count();
        }
        length += own.len();
    }
    length
}

/// Where the string begins that goes on at a place in JSON text, or else a number, if there is one; and whether it is a
/// string.
fn scalar_around(text: &[u8], place: usize) -> (usize, bool) {
    let before = text.get(..place).unwrap_or_default();
    let mut string = None;
    let mut at = 0;
    while let Some(rest) = before.get(at..)
        && let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))
    {
        at += length;
        if before.get(at) == Some(&b'\\') {
            at += 2;
        } else {
            string = if string.is_some() { None } else { Some(at) };
            at += 1;
        }
    }
    let is_of_number = |byte: &&u8| matches!(**byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    match string {
        Some(start) => (start, true),
        None => (place - before.iter().rev().take_while(is_of_number).count(), false),
    }
}

/// Whether there is the same on both sides, or nothing.
pub fn is_equal_or_absent(left: Option<Value<'_>>, right: Option<Value<'_>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.is_equal(&right),
        (left, right) => left.is_none() && right.is_none(),
    }
}

/// For objects whose keys are in different orders.
fn have_equal_members(left: &[Part<'_>], right: &[Part<'_>], depth: usize) -> bool {
    let left_keys = keys(left);
    let right_keys = keys(right);
    // The other direction matters where a key comes twice.
    left.len() == right.len()
        && right.iter().all(|part| left_keys.contains(part.key))
        && left.iter().all(|part| {
            let its = right_keys.find(part.key).and_then(|at| right.get(at));
            its.is_some_and(|its| is_equal(part.value, its.value, depth))
        })
}

pub(super) fn keys<'a>(parts: &[Part<'a>]) -> Keys<'a> {
    let mut written = Vec::with_capacity(parts.len());
    for part in parts {
        written.push(part.key);
    }
    Keys::of(written)
}
