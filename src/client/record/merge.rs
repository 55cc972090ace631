//! Merging two sides' changes since a common version.

use std::borrow::Cow;

use super::{
    equal::{is_equal_or_absent, keys},
    list,
    value::{Kind, Part, Value},
};
use crate::client::limits::RECORD_MAX_DEPTH;

/// One of the two sides of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This client.
    Local,
    /// The server.
    Remote,
}

/// What a merge made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// JSON text.
    pub text: String,
    /// Whether both sides changed the same, differently, so that the other side's change is lost.
    pub has_conflict: bool,
}

/// Keeps what both sides changed since `base`, the last version that both had.
///
/// What only one side changed is as on that side; what both changed the same is as on both. Otherwise:
///
/// - Of two objects each member is merged by itself, also where both are new. Keys are in the order of the preferred
///   side, followed by those that only the other side added.
/// - Of two arrays as long as `base`, each element is merged by itself, unless one side moved elements: an element that
///   it changed is equal to one that it changed at another index.
/// - Of two other arrays of strings, each without repetition, what one side added or removed is added or removed; they
///   are sets with an order. The order is that of the preferred side, unless only the other one changed it; what
///   the other one added follows what it followed there, behind what was added there too. If both are new, or there
///   was no array before, `base` counts as empty.
/// - Anything else, such as a deletion on one side and an edit on the other, is a conflict: it is as on the preferred
///   side.
///
/// Both clients of a conflict, each with the other as its remote side, come to the same text if they prefer the same.
pub fn merge(base: Value<'_>, local: Value<'_>, remote: Value<'_>, preferred: Side) -> Merged {
    let (preferred, other) = match preferred {
        Side::Local => (local, remote),
        Side::Remote => (remote, local),
    };
    let mut merged = Merged { text: String::new(), has_conflict: false };
    merged.push(Sides { base: Some(base), preferred: Some(preferred), other: Some(other) }, 0);
    merged
}

/// The same place in three documents.
#[derive(Clone, Copy)]
struct Sides<'a> {
    base: Option<Value<'a>>,
    preferred: Option<Value<'a>>,
    other: Option<Value<'a>>,
}

impl Merged {
    /// Returns whether there is a value.
    fn push(&mut self, sides: Sides<'_>, depth: usize) -> bool {
        let Sides { base, preferred, other } = sides;
        let winner = if is_equal_or_absent(preferred, other) || is_equal_or_absent(base, other) {
            preferred
        } else if is_equal_or_absent(base, preferred) {
            other
        } else if self.push_parts(sides, depth) {
            return true;
        } else {
            self.has_conflict = true;
            preferred
        };
        if let Some(value) = winner {
            value.push_to(&mut self.text);
        }
        winner.is_some()
    }

    /// Merges two objects or arrays; returns whether this could be done.
    fn push_parts(&mut self, sides: Sides<'_>, depth: usize) -> bool {
        let (Some(preferred), Some(other)) = (sides.preferred, sides.other) else { return false };
        let kind = preferred.kind();
        if kind != other.kind() || depth >= RECORD_MAX_DEPTH {
            return false;
        }
        let base = sides.base.filter(|base| base.kind() == kind).map_or(Vec::new(), |base| base.parts());
        let (preferred, other) = (preferred.parts(), other.parts());
        match kind {
            Kind::Object => {
                self.push_object(&base, &preferred, &other, depth + 1);
                true
            }
            Kind::Array => self.push_array(&base, &preferred, &other, depth + 1),
            _ => false,
        }
    }

    fn push_object(&mut self, base: &[Part<'_>], preferred: &[Part<'_>], other: &[Part<'_>], depth: usize) {
        let (base_keys, preferred_keys, other_keys) = (keys(base), keys(preferred), keys(other));
        self.text.push('{');
        let start = self.text.len();
        let sides = |key| Sides {
            base: value_at(base, base_keys.find(key)),
            preferred: value_at(preferred, preferred_keys.find(key)),
            other: value_at(other, other_keys.find(key)),
        };
        for (at, Part { key, .. }) in preferred.iter().enumerate() {
            if preferred_keys.find(key) == Some(at) {
                self.push_member(key, sides(key), start, depth);
            }
        }
        for (at, Part { key, .. }) in other.iter().enumerate() {
            if other_keys.find(key) == Some(at) && !preferred_keys.contains(key) {
                self.push_member(key, sides(key), start, depth);
            }
        }
        self.text.push('}');
    }

    /// `start` is where the first member of the object is.
    fn push_member(&mut self, key: &str, sides: Sides<'_>, start: usize, depth: usize) {
        let end = self.text.len();
        self.separate(end == start);
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
        if !self.push(sides, depth) {
            self.text.truncate(end);
        }
    }

    /// Returns whether this could be done.
    fn push_array(&mut self, base: &[Part<'_>], preferred: &[Part<'_>], other: &[Part<'_>], depth: usize) -> bool {
        match list::merge(&texts(base), &texts(preferred), &texts(other)) {
            list::Merge::ByIndex => {
                self.text.push('[');
                for (at, ((base, preferred), other)) in base.iter().zip(preferred).zip(other).enumerate() {
                    self.separate(at == 0);
                    let sides =
                        Sides { base: Some(base.value), preferred: Some(preferred.value), other: Some(other.value) };
                    self.push(sides, depth);
                }
            }
            list::Merge::AsSet(elements) => {
                self.text.push('[');
                for (at, text) in elements.iter().enumerate() {
                    self.separate(at == 0);
                    self.text.push_str(text);
                }
            }
            list::Merge::Conflict => return false,
        }
        self.text.push(']');
        true
    }

    fn separate(&mut self, is_first: bool) {
        if !is_first {
            self.text.push(',');
        }
    }
}

fn texts<'a>(parts: &[Part<'a>]) -> Vec<Cow<'a, str>> {
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        texts.push(part.value.text());
    }
    texts
}

fn value_at<'a>(parts: &[Part<'a>], at: Option<usize>) -> Option<Value<'a>> {
    parts.get(at?).map(|part| part.value)
}
