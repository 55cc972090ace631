//! Whether two values are the same data.

use super::{
    keys::Keys,
    literal::{same_number, same_string},
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
        Kind::Array | Kind::Object if depth >= RECORD_MAX_DEPTH => left.text() == right.text(),
        Kind::Array | Kind::Object => have_equal_parts(&left.parts(), &right.parts(), depth + 1),
    }
}

/// Whether there is the same on both sides, or nothing.
pub(super) fn is_equal_or_absent(left: Option<Value<'_>>, right: Option<Value<'_>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.is_equal(&right),
        (left, right) => left.is_none() && right.is_none(),
    }
}

fn have_equal_parts(left: &[Part<'_>], right: &[Part<'_>], depth: usize) -> bool {
    if left.len() != right.len() {
        return false;
    }
    for (at, (own, its)) in left.iter().zip(right).enumerate() {
        if !same_string(own.key, its.key) {
            let rest = (left.get(at..).unwrap_or_default(), right.get(at..).unwrap_or_default());
            return have_equal_members(rest.0, rest.1, depth);
        }
        if !is_equal(own.value, its.value, depth) {
            return false;
        }
    }
    true
}

/// For objects whose keys are in different orders.
fn have_equal_members(left: &[Part<'_>], right: &[Part<'_>], depth: usize) -> bool {
    let left_keys = keys(left);
    let right_keys = keys(right);
    // The other direction matters where a key comes twice.
    right.iter().all(|part| left_keys.contains(part.key))
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
