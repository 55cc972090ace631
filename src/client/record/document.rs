//! A record's data: JSON text, taken apart where it is looked into.

use super::{
    literal,
    path::{Path, Step},
    scan::{InvalidJson, Parts, trimmed},
    value::{Form, Value},
};

/// The data of a record. See the [module](super).
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) root: Node,
}

impl Default for Document {
    /// `{}`
    fn default() -> Self {
        Self { root: Node::element("{}") }
    }
}

impl Document {
    /// A document of JSON text, all of which is checked.
    ///
    /// # Errors
    /// Text that `JSON.parse` would refuse.
    pub fn parse(text: &str) -> Result<Self, InvalidJson> {
        Ok(Self { root: Node::element(trimmed(text)?) })
    }

    /// All of its data.
    pub fn value(&self) -> Value<'_> {
        self.root.value()
    }

    /// The text of all of its data.
    pub fn to_text(&self) -> Box<str> {
        self.value().to_text()
    }

    /// Whether both are the same data, as for [`Value::is_equal`].
    #[inline(never)]
    pub fn is_equal(&self, other: &Self) -> bool {
        self.value().is_equal(&other.value())
    }

    /// The value at a path; `None` (JavaScript's `undefined`) if there is none, also where the path leads into a scalar.
    ///
    /// Takes apart what the path leads through, so that the next one who looks there finds it quickly.
    pub fn get(&mut self, path: &Path) -> Option<Value<'_>> {
        self.at(path, path.depth())
    }

    /// The value that the first `depth` names and indices of a path lead to, as for [`get`](Self::get).
    pub fn at(&mut self, path: &Path, depth: usize) -> Option<Value<'_>> {
        self.root.descend(path, path.steps().get(..depth)?).map(|node| node.value())
    }
}

/// A value with its place in an object or array.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// For a member of an object the key as it is written, in quotes, and a colon; then the value's text, unless it is
    /// taken apart. One piece of memory, because there may be many thousands of nodes.
    text: Box<str>,
    value_at: u32,
    /// Of the key: telling keys apart by it spares looking at the text of every one.
    key_hash: u32,
    container: Option<Box<Container>>,
}

/// An object or array that is taken apart.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) is_array: bool,
    pub(super) nodes: Vec<Node>,
}

impl Node {
    /// An element of an array, or a root.
    pub(super) fn element(value: &str) -> Self {
        Self { text: value.into(), value_at: 0, key_hash: 0, container: None }
    }

    /// A member of an object, by its key as it is written between the quotes.
    fn member(key: &str, value: &str) -> Self {
        let text = ["\"", key, "\":", value].concat().into();
        Self {
            text,
            value_at: key.len() as u32 + 3,
            key_hash: literal::hash(&literal::characters(key)),
            container: None,
        }
    }

    /// A member of an object, by its name.
    pub(super) fn named(name: &str, value: &str) -> Self {
        let mut quoted = String::new();
        literal::push_string(&mut quoted, name);
        Self::member(quoted.get(1..quoted.len() - 1).unwrap_or_default(), value)
    }

    /// The key as it is written between the quotes; empty for an element.
    pub(super) fn key(&self) -> &str {
        let end = (self.value_at as usize).saturating_sub(2);
        self.text.get(1..end).unwrap_or_default()
    }

    /// The key with its quotes and colon; empty for an element.
    pub(super) fn label(&self) -> &str {
        self.text.get(..self.value_at as usize).unwrap_or_default()
    }

    pub(super) fn value(&self) -> Value<'_> {
        match &self.container {
            Some(container) => Value(Form::Container(container)),
            None => Value(Form::Text(self.value_text())),
        }
    }

    fn value_text(&self) -> &str {
        self.text.get(self.value_at as usize..).unwrap_or_default()
    }

    /// Gives it another value and returns itself with the one before.
    pub(super) fn replace(&mut self, value: &str) -> Self {
        let text = [self.label(), value].concat().into();
        std::mem::replace(self, Self { text, container: None, ..*self })
    }

    /// What it holds, taken apart now if it was not yet; `None` for a scalar.
    pub(super) fn container(&mut self) -> Option<&mut Container> {
        if self.container.is_none() {
            let parts = Parts::of(self.value_text())?;
            let is_array = parts.is_array;
            let mut nodes = Vec::new();
            for (key, value) in parts {
                nodes.push(if is_array { Self::element(value) } else { Self::member(key, value) });
            }
            self.container = Some(Box::new(Container { is_array, nodes }));
            self.text = self.label().into();
        }
        self.container.as_deref_mut()
    }

    pub(super) fn has_key_of(&self, other: &Self) -> bool {
        self.key_hash == other.key_hash && literal::same_string(self.key(), other.key())
    }

    /// What the steps lead to.
    pub(super) fn descend(&mut self, path: &Path, steps: &[Step]) -> Option<&mut Self> {
        let mut node = self;
        for step in steps {
            node = node.container()?.find_mut(path, step)?;
        }
        Some(node)
    }
}

impl Container {
    /// Where the step leads. Of several members with the same key, the last one.
    pub(super) fn find(&self, path: &Path, step: &Step) -> Option<usize> {
        if self.is_array {
            let at = step.index? as usize;
            return (at < self.nodes.len()).then_some(at);
        }
        let name = path.name(step);
        self.nodes.iter().rposition(|node| node.key_hash == step.hash && literal::is_name(node.key(), name))
    }

    pub(super) fn find_mut(&mut self, path: &Path, step: &Step) -> Option<&mut Node> {
        let at = self.find(path, step)?;
        self.nodes.get_mut(at)
    }
}
