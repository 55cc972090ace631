//! Who sees a difference after an edit.

use std::ops::Range;

use super::{
    document::{Document, Node},
    equal::is_equal_or_absent,
    path::{Path, Step},
    value::Value,
};

/// What an edit did to a document.
#[derive(Clone, Debug)]
pub struct Change<'p> {
    pub(super) path: &'p Path,
    /// How many steps of the path lead to the one value that was replaced, taken out or added.
    pub(super) depth: usize,
    /// What was there.
    pub(super) before: Option<Node>,
    /// The elements before an added one that became null.
    pub(super) filled: Range<u32>,
    /// Whether the server would fail at the edit as it was given.
    pub(super) is_patch_fatal: bool,
    /// Whether the value is another one now, once somebody has asked.
    is_different: Option<bool>,
}

impl<'p> Change<'p> {
    /// None yet, of the whole document.
    pub(super) const fn new(path: &'p Path) -> Self {
        Self { path, depth: 0, before: None, filled: 0..0, is_patch_fatal: false, is_different: None }
    }

    /// What the edit replaced or took out, if anything was there: the value at its path, or the scalar that was in the
    /// way. Of an edit of the whole document, all that it was before.
    pub fn before(&self) -> Option<Value<'_>> {
        self.before.as_ref().map(Node::value)
    }

    /// What to send in place of an edit that leads through null (or into a record that is a scalar as a whole): how many names
    /// and indices of its path lead there, none for an UPDATE of the whole record, and the value. `None` where the edit itself
    /// can be sent.
    ///
    /// Server 7.0.2 ends with an exception when a PATCH or ERASE leads through null: for all its clients. It takes
    /// what became of the null instead, as a PATCH of the path that leads there, also in place of an ERASE.
    ///
    /// `after` is the document right after the edit.
    pub fn substitute<'d>(&self, after: &'d mut Document) -> Option<(usize, Value<'d>)> {
        let depth = if self.is_patch_fatal { self.depth } else { return None };
        Some((depth, after.at(self.path, depth)?))
    }

    /// Whether the document is other data than before the edit.
    ///
    /// `after` is the document right after the edit.
    pub fn is_different(&mut self, after: &mut Document) -> bool {
        let before = self.before.as_ref().map(Node::value);
        let is_new = || !is_equal_or_absent(before, after.at(self.path, self.depth));
        *self.is_different.get_or_insert_with(is_new)
    }

    /// Whether the value at a path is another one than before the edit, or is there now and was not, or the reverse.
    ///
    /// `after` is the document right after the edit.
    pub fn is_seen_at(&mut self, path: &Path, after: &mut Document) -> bool {
        let common = self.path.common_steps(path).min(self.depth);
        let rest = path.steps_from(common);
        if rest.is_empty() {
            return self.is_different(after);
        }
        if common < self.depth {
            // Beside the edit.
            return common + 1 == self.depth && matches!(rest, [step] if self.has_filled(step));
        }
        let before = self.before.as_mut().and_then(|node| node.descend(path, rest));
        let value = after.get(path);
        !is_equal_or_absent(before.map(|node| node.value()), value)
    }

    fn has_filled(&self, step: &Step) -> bool {
        step.index.is_some_and(|index| self.filled.contains(&index))
    }
}
