//! Whether two values are the same data.

use super::{
    keys::Keys,
    literal::{same_number, same_string},
    scan::Scanner,
    value::{Form, Part, Value},
};
use crate::client::limits::RECORD_MAX_DEPTH;

pub(super) fn is_equal(left: Value<'_>, right: Value<'_>, depth: usize) -> bool {
    let (left, right) = (left.text(), right.text());
    left == right || is_next_equal(&mut Scanner::new(&left, 0), &mut Scanner::new(&right, 0), depth)
}

/// Compares the values that are next in two texts, up to the first difference, side by side. What is written alike is only gone
/// past; what is not is taken apart.
fn is_next_equal(left: &mut Scanner<'_>, right: &mut Scanner<'_>, depth: usize) -> bool {
    let bracket = left.peek().filter(|first| matches!(first, b'{' | b'[') && depth < RECORD_MAX_DEPTH);
    if bracket.is_none() || bracket != right.peek() {
        let (Some(own), Some(its)) = (left.next_value(), right.next_value()) else { return false };
        return is_same_scalar(own, its);
    }
    left.at += 1;
    right.at += 1;
    let is_array = bracket == Some(b'[');
    loop {
        let is_same = match (left.next_key(is_array), right.next_key(is_array)) {
            (Some(own), Some(its)) if same_string(own, its) => {
                left.goes_past_the_same(right) || is_next_equal(left, right, depth + 1)
            }
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

/// Of anything but strings and numbers, whether the texts are the same.
fn is_same_scalar(left: &str, right: &str) -> bool {
    match (left.as_bytes().first(), right.as_bytes().first()) {
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => same_number(left, right),
        (Some(b'"'), Some(b'"')) => same_string(left, right),
        _ => left == right,
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
