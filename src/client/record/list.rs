//! Arrays that two sides changed.

use std::borrow::Cow;

use super::keys::Keys;

/// What an array becomes in which two sides changed elements.
pub(super) enum Merge<'a> {
    /// Each element is merged by itself.
    ByIndex,
    /// The texts of the elements.
    AsSet(Vec<&'a str>),
    /// It cannot be merged.
    Conflict,
}

/// How to merge an array, given the texts of its elements. See [`merge`](super::merge()) for the rules.
pub(super) fn merge<'a>(
    base: &'a [Cow<'a, str>],
    preferred: &'a [Cow<'a, str>],
    other: &'a [Cow<'a, str>],
) -> Merge<'a> {
    let is_in_place = base.len() == preferred.len()
        && base.len() == other.len()
        && !is_moved(base, preferred)
        && !is_moved(base, other);
    let (Some(base_set), Some(preferred_set), Some(other_set)) = (set(base), set(preferred), set(other)) else {
        return if is_in_place { Merge::ByIndex } else { Merge::Conflict };
    };
    // Both sides may have put the same at different indices.
    let collides = |(at, (own, old)): (usize, (&Cow<'_, str>, &Cow<'_, str>))| {
        let found = other_set.find(own).filter(|_| own != old);
        found.is_some_and(|found| found != at && other.get(found) != base.get(found))
    };
    if is_in_place && !preferred.iter().zip(base).enumerate().any(collides) {
        Merge::ByIndex
    } else {
        Merge::AsSet(merge_sets(&base_set, &preferred_set, &other_set))
    }
}

/// Whether one of the elements that a side replaced is there at a new index.
fn is_moved(base: &[Cow<'_, str>], side: &[Cow<'_, str>]) -> bool {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (old, new) in base.iter().zip(side) {
        if old != new {
            before.push(&**old);
            after.push(&**new);
        }
    }
    let before = Keys::of(before);
    after.iter().any(|text| before.contains(text))
}

/// The elements, if they are strings without repetition.
fn set<'a>(elements: &'a [Cow<'a, str>]) -> Option<Keys<'a>> {
    let mut texts = Vec::new();
    for text in elements {
        if text.as_bytes().first() != Some(&b'"') {
            return None;
        }
        texts.push(&**text);
    }
    let keys = Keys::of(texts);
    (!keys.has_duplicates()).then_some(keys)
}

fn merge_sets<'a>(base: &Keys<'a>, preferred: &Keys<'a>, other: &Keys<'a>) -> Vec<&'a str> {
    let only_other_is_reordered = is_in_order_of(base, preferred) && !is_in_order_of(base, other);
    let (main, second) = if only_other_is_reordered { (other, preferred) } else { (preferred, other) };

    // What the second side added, by what it follows there: position in main + 1, or 0 for the beginning.
    let mut added_after = Vec::new();
    added_after.resize_with(main.all().len() + 1, Vec::new);
    let mut anchor = 0;
    for text in second.all() {
        if let Some(position) = main.find(text) {
            anchor = position + 1;
        } else if !base.contains(text)
            && let Some(added) = added_after.get_mut(anchor)
        {
            added.push(*text);
        }
    }

    let mut merged = Vec::new();
    let mut added_after = added_after.into_iter();
    let mut added = added_after.next().unwrap_or_default();
    for (text, mut added_behind) in main.all().iter().zip(added_after) {
        let is_kept = second.contains(text);
        if is_kept {
            merged.append(&mut added);
        }
        if is_kept || !base.contains(text) {
            merged.push(*text);
        }
        added.append(&mut added_behind);
    }
    merged.append(&mut added);
    merged
}

/// Whether those that are in both are in the same order.
fn is_in_order_of(base: &Keys<'_>, side: &Keys<'_>) -> bool {
    let mut least = 0;
    for text in side.all() {
        if let Some(position) = base.find(text) {
            if position < least {
                return false;
            }
            least = position;
        }
    }
    true
}
