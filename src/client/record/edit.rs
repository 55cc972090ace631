//! Setting and erasing at a path.

use super::{
    change::Change,
    document::{Container, Document, Node},
    literal::push_string,
    path::{Path, Step},
    scan::{InvalidJson, trimmed},
    value::Kind,
};
use crate::client::limits::RECORD_MAX_FILL;

/// Why an edit was refused. The document is then as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditError {
    /// The value is not JSON.
    InvalidJson(InvalidJson),
    /// The path names a property of an array; an index was expected.
    NotAnIndex {
        /// How many names and indices of the path lead to the array.
        depth: usize,
    },
    /// More elements than [`RECORD_MAX_FILL`] would have to be filled with null.
    TooFarBeyondEnd,
    /// The whole record cannot be erased at a path; the path of a value was expected.
    NothingToErase,
}

impl Document {
    /// Puts a value at a path, in place of what is there; at the empty path it becomes the whole document.
    ///
    /// What is missing on the way is made: an array before an index in brackets, an object before a name. So is
    /// what the path leads through and is neither: a scalar or null. Elements missing before an index become null.
    ///
    /// # Errors
    /// A value that is not JSON; a name where an array is; an index too far beyond the end.
    pub fn set<'p>(&mut self, path: &'p Path, text: &str) -> Result<Change<'p>, EditError> {
        self.edit(path, Some(trimmed(text).map_err(EditError::InvalidJson)?))
    }

    /// Takes out what is at a path: a member of an object with its key; of an array, which keeps its length, the element
    /// becomes null. Erasing beyond the end of an array or a key that is not there changes nothing.
    ///
    /// What is missing on the way is made as by [`set`](Self::set), because the server makes it; the last object or
    /// array is then empty.
    ///
    /// # Errors
    /// A name where an array is; an index too far beyond the end; the empty path.
    pub fn erase<'p>(&mut self, path: &'p Path) -> Result<Change<'p>, EditError> {
        if path.is_root() { Err(EditError::NothingToErase) } else { self.edit(path, None) }
    }

    fn edit<'p>(&mut self, path: &'p Path, value: Option<&str>) -> Result<Change<'p>, EditError> {
        let mut change = Change::new(path);
        self.root.edit(value, &mut change)?;
        Ok(change)
    }
}

impl Node {
    /// The change has led here. Recursive, as deep as a path can be.
    fn edit(&mut self, value: Option<&str>, change: &mut Change<'_>) -> Result<(), EditError> {
        let Change { path, depth, .. } = *change;
        let kind = self.value().kind();
        if let Some((step, rest)) = path.steps_from(depth).split_first()
            && let Some(container) = self.container()
        {
            if container.is_array && step.index.is_none() {
                return Err(EditError::NotAnIndex { depth });
            }
            change.depth += 1;
            let Some(at) = container.find(path, step) else { return container.add(step, value, change) };
            if rest.is_empty() {
                change.before = container.put(at, value);
            } else if let Some(node) = container.nodes.get_mut(at) {
                node.edit(value, change)?;
            }
            return Ok(());
        }
        change.before = Some(self.replace(&nested(path, depth, value)?));
        change.is_patch_fatal = depth < path.depth() && (kind == Kind::Null || depth == 0);
        Ok(())
    }
}

impl Container {
    /// Gives a node another value or takes it out; returns what was there.
    fn put(&mut self, at: usize, value: Option<&str>) -> Option<Node> {
        if let Some(value) = value.or(self.is_array.then_some("null")) {
            return self.nodes.get_mut(at).map(|node| node.replace(value));
        }
        let before = self.nodes.remove(at);
        // Other members with the same key would come to light.
        while let Some(at) = self.nodes.iter().position(|node| node.has_key_of(&before)) {
            self.nodes.remove(at);
        }
        Some(before)
    }

    /// Makes what the step lacks that the change has taken last.
    fn add(&mut self, step: &Step, value: Option<&str>, change: &mut Change<'_>) -> Result<(), EditError> {
        let Change { path, depth, .. } = *change;
        if value.is_none() && depth == path.depth() {
            return Ok(());
        }
        let text = nested(path, depth, value)?;
        if !self.is_array {
            self.nodes.push(Node::named(path.name(step), &text));
            return Ok(());
        }
        let (length, index) = (self.nodes.len() as u32, step.index.unwrap_or_default());
        if (index - length) as usize > RECORD_MAX_FILL {
            return Err(EditError::TooFarBeyondEnd);
        }
        for _ in length..index {
            self.nodes.push(Node::element("null"));
        }
        self.nodes.push(Node::element(&text));
        change.filled = length..index;
        Ok(())
    }
}

/// The value inside everything that the steps after the first `depth` make.
fn nested(path: &Path, depth: usize, value: Option<&str>) -> Result<String, EditError> {
    let steps = path.steps_from(depth);
    let mut fill = 0_usize;
    for step in steps {
        if step.is_index {
            fill = fill.saturating_add(step.index.unwrap_or_default() as usize);
        }
    }
    if fill > RECORD_MAX_FILL {
        return Err(EditError::TooFarBeyondEnd);
    }
    let mut text = String::with_capacity(path.text().len() + 5 * fill + 5 * steps.len() + value.map_or(0, str::len));
    for (at, step) in steps.iter().enumerate() {
        text.push(if step.is_index { '[' } else { '{' });
        if value.is_none() && at + 1 == steps.len() {
            continue;
        }
        if step.is_index {
            for _ in 0..step.index.unwrap_or_default() {
                text.push_str("null,");
            }
        } else {
            push_string(&mut text, path.name(step));
            text.push(':');
        }
    }
    text.push_str(value.unwrap_or_default());
    for step in steps.iter().rev() {
        text.push(if step.is_index { ']' } else { '}' });
    }
    Ok(text)
}
