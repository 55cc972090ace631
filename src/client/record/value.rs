//! Values to be read, compared and written.

use std::borrow::Cow;

use super::{
    document::Container,
    equal,
    literal::{is_name, unescaped},
    scan::{InvalidJson, Parts, trimmed},
};

/// A JSON value, borrowed from a [`Document`](super::Document) or from text.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(pub(super) Form<'a>);

/// How a value is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form<'a> {
    /// As JSON text without white space around it.
    Text(&'a str),
    /// Taken apart.
    Container(&'a Container),
}

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A member of an object or an element of an array.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// As it is written between the quotes; empty in an array.
    pub(super) key: &'a str,
    pub(super) value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The value that JSON text stands for; all of the text is checked.
    ///
    /// # Errors
    /// Text that `JSON.parse` would refuse.
    pub fn parse(text: &'a str) -> Result<Self, InvalidJson> {
        Ok(Self(Form::Text(trimmed(text)?)))
    }

    /// What kind of value it is.
    pub fn kind(&self) -> Kind {
        match self.0 {
            Form::Container(container) if container.is_array => Kind::Array,
            Form::Container(_) => Kind::Object,
            Form::Text(text) => match text.as_bytes().first() {
                Some(b'{') => Kind::Object,
                Some(b'[') => Kind::Array,
                Some(b'"') => Kind::String,
                Some(b't' | b'f') => Kind::Boolean,
                Some(b'n') => Kind::Null,
                _ => Kind::Number,
            },
        }
    }

    /// The characters of a string; `None` for another value, and for one with a lone surrogate.
    pub fn string(&self) -> Option<String> {
        let text = self.text();
        let written = text.strip_prefix('"')?.strip_suffix('"')?;
        unescaped(written)
    }

    /// The members of an object by their keys, but for those whose key has a lone surrogate; `None` for another value.
    pub fn members(&self) -> Option<Vec<(Box<str>, Self)>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let mut members = Vec::new();
        for Part { key, value } in self.parts() {
            if let Some(key) = unescaped(key) {
                members.push((key.into(), value));
            }
        }
        Some(members)
    }

    /// The member of an object with this name; `None` for another value.
    pub fn member(&self, name: &str) -> Option<Self> {
        self.parts().into_iter().rev().find(|part| is_name(part.key, name)).map(|part| part.value)
    }

    /// The elements of an array; none for another value.
    pub fn elements(&self) -> Vec<Self> {
        let mut elements = Vec::new();
        if self.kind() == Kind::Array {
            for part in self.parts() {
                elements.push(part.value);
            }
        }
        elements
    }

    /// Its JSON text; borrowed where nothing in it was taken apart.
    pub fn text(&self) -> Cow<'a, str> {
        match self.0 {
            Form::Text(text) => Cow::Borrowed(text),
            Form::Container(_) => {
                let mut text = String::new();
                self.push_to(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// Its JSON text, to be kept.
    #[inline(never)]
    pub fn to_text(&self) -> Box<str> {
        self.text().into()
    }

    /// Appends its JSON text.
    pub fn push_to(&self, out: &mut String) {
        match self.0 {
            Form::Text(text) => out.push_str(text),
            Form::Container(container) => {
                let (open, close) = if container.is_array { ('[', ']') } else { ('{', '}') };
                out.push(open);
                for (at, node) in container.nodes.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(node.label());
                    node.value().push_to(out);
                }
                out.push(close);
            }
        }
    }

    /// Whether both are the same data.
    ///
    /// The order of keys does not count, nor how characters are escaped, nor how a number is written (`1e21` is `1e+21`,
    /// `-0` is `0`; but all its digits count, also those beyond JavaScript's precision). What nests deeper than
    /// [`RECORD_MAX_DEPTH`](crate::client::limits::RECORD_MAX_DEPTH) is compared as text.
    pub fn is_equal(&self, other: &Value<'_>) -> bool {
        equal::is_equal(*self, *other, 0)
    }

    /// What is in an object or array; nothing for any other value.
    pub(super) fn parts(&self) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        match self.0 {
            Form::Text(text) => {
                if let Some(scanned) = Parts::of(text) {
                    for (key, text) in scanned {
                        parts.push(Part { key, value: Value(Form::Text(text)) });
                    }
                }
            }
            Form::Container(container) => {
                for node in &container.nodes {
                    parts.push(Part { key: node.key(), value: node.value() });
                }
            }
        }
        parts
    }
}
