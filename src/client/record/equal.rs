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
    left == right
        || !differ_in_a_scalar(&left, &right)
            && is_next_equal(&mut Scanner::new(&left, 0), &mut Scanner::new(&right, 0), depth)
}

/// Compares the values that are next in two texts, up to the first difference, side by side: to take them apart level by level
/// would read their texts once for each.
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

/// Whether the first difference of two values is another string or number at the same place, as after most edits: then what
/// is before it need not be understood. `false` may mean anything.
fn differ_in_a_scalar(left: &str, right: &str) -> bool {
    let first_difference = left.bytes().zip(right.bytes()).take_while(|(own, its)| own == its).count();
    let start = scalar_around(left, first_difference);
    match (scalar_at(left, start), scalar_at(right, start)) {
        (Some(own), Some(its)) => !is_same_scalar(own, its),
        _ => false,
    }
}

/// The scalar that begins at a place, if it is no key: these may only be in another order.
fn scalar_at(text: &str, start: usize) -> Option<&str> {
    let mut scanner = Scanner::new(text, start);
    scanner.scalar()?;
    let scalar = text.get(start..scanner.at)?;
    scanner.space();
    (scanner.peek() != Some(b':')).then_some(scalar)
}

/// Where the string or number begins that goes on at a place, if there is one.
fn scalar_around(text: &str, place: usize) -> usize {
    let mut scanner = Scanner::new(text, 0);
    loop {
        scanner.skip_while(|byte| byte != b'"');
        let start = scanner.at;
        if start >= place {
            let mut start = place;
            while let Some(before) = start.checked_sub(1)
                && matches!(text.as_bytes().get(before), Some(b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
            {
                start = before;
            }
            return start;
        }
        if scanner.string().is_none() || scanner.at > place {
            return start;
        }
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
