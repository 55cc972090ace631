//! Lists and queues: changes of their entries that can be made to whatever the record turns out to have.

use super::{
    document::Document,
    literal::push_string,
    path::Path,
    value::{Form, Value},
};
use crate::names::{NameMap, joined};

/// A change of the entries of a list or of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryEdit {
    /// Whether the record is a queue, kept as a doubly linked list, and not an array.
    pub is_queue: bool,
    /// Whether the entry is taken out, and not put in.
    pub is_removal: bool,
    /// Where. Without it, an entry is put at the end; of a list it is taken out wherever it is, of a queue the first that is
    /// equal. A negative one takes out the last that is equal.
    pub index: Option<i32>,
}

impl EntryEdit {
    /// The JSON text of the record after the change; `None` if it is as before. The entry is JSON text, too.
    pub fn applied_to(self, document: &mut Document, entry: &str) -> Option<String> {
        let mut entries = if self.is_queue { queued(document) } else { listed(document) };
        let before = entries.len();
        if self.is_removal {
            let removed = Value::parse(entry).ok()?;
            let mut found = None;
            for at in (0..before).rev() {
                if entries.get(at).is_some_and(|its| Value(Form::Text(its)).is_equal(&removed)) {
                    match self.index {
                        None if !self.is_queue => drop(entries.remove(at)),
                        Some(..0) => drop(found.get_or_insert(at)),
                        index if index.is_none_or(|index| index as usize == at) => found = Some(at),
                        _ => {}
                    }
                }
            }
            found.map(|at| entries.remove(at));
            if entries.len() == before {
                return None;
            }
        } else {
            let index = self.index.and_then(|index| usize::try_from(index).ok());
            entries.insert(index.unwrap_or(before).min(before), entry.into());
        }
        Some(if self.is_queue { queue(&entries) } else { ["[", &joined(&entries, ","), "]"].concat() })
    }
}

fn listed(document: &Document) -> Vec<Box<str>> {
    let mut texts = Vec::new();
    for element in document.value().elements() {
        texts.push(element.to_text());
    }
    texts
}

/// The head `h` has the key of the first node in `n`, and each node that of the next one; a queue that others have tangled
/// ends where it comes back to itself.
fn queued(document: &mut Document) -> Vec<Box<str>> {
    let mut entries = Vec::new();
    let mut seen = NameMap::new();
    let mut node = String::from("h");
    while let Some(key) = at(&node, ".n").and_then(|path| document.get(&path)?.string()) {
        if key.is_empty() || seen.contains(&key) {
            break;
        }
        let Some(entry) = at(&key, ".d").and_then(|path| Some(document.get(&path)?.to_text())) else { break };
        entries.push(entry);
        seen.get_or_insert_with(&key, || ());
        node = key;
    }
    entries
}

fn at(node: &str, member: &str) -> Option<Path> {
    Path::parse(&[node, member].concat()).ok()
}

fn queue(entries: &[Box<str>]) -> String {
    let key = |index: usize| if index < entries.len() { index.to_string() } else { String::new() };
    let mut text = String::from("{\"h\":");
    push_link(&mut text, &key(0), &key(entries.len().wrapping_sub(1)));
    for (index, entry) in entries.iter().enumerate() {
        text.push_str("},\"");
        text.push_str(&key(index));
        text.push_str("\":");
        push_link(&mut text, &key(index + 1), &key(index.wrapping_sub(1)));
        text.push_str(",\"d\":");
        text.push_str(entry);
    }
    text.push_str("}}");
    text
}

/// Begins a node with the keys of the next and the previous one.
fn push_link(text: &mut String, next: &str, previous: &str) {
    text.push_str("{\"n\":");
    push_string(text, next);
    text.push_str(",\"p\":");
    push_string(text, previous);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(record: &str, is_removal: bool, index: Option<i32>) -> Option<String> {
        let edit = EntryEdit { is_queue: false, is_removal, index };
        edit.applied_to(&mut Document::parse(record).unwrap(), "\"c\"")
    }

    #[test]
    fn entries_of_a_list_come_and_go() {
        for (record, index, expected) in [
            ("[\"a\",\"b\"]", None, "[\"a\",\"b\",\"c\"]"),
            ("[\"a\",\"b\"]", Some(0), "[\"c\",\"a\",\"b\"]"),
            ("[\"a\",\"b\"]", Some(9), "[\"a\",\"b\",\"c\"]"),
            ("{}", None, "[\"c\"]"),
        ] {
            assert_eq!(list(record, false, index).as_deref(), Some(expected));
        }
        for (record, index, expected) in [
            ("[\"c\",\"b\",\"\\u0063\"]", None, Some("[\"b\"]")),
            ("[\"c\",\"b\",\"c\"]", Some(2), Some("[\"c\",\"b\"]")),
            ("[\"c\",\"b\",\"c\"]", Some(1), None),
            ("[\"a\"]", None, None),
            ("{}", None, None),
        ] {
            assert_eq!(list(record, true, index).as_deref(), expected);
        }
    }

    #[test]
    fn entries_of_a_queue_come_and_go() {
        let mut document = Document::default();
        let mut change = |is_removal, index, entry: &str| {
            let edit = EntryEdit { is_queue: true, is_removal, index };
            if let Some(text) = edit.applied_to(&mut document, entry) {
                document = Document::parse(&text).unwrap();
            }
            queued(&mut document).join("")
        };
        for (is_removal, index, entry, expected) in [
            (true, None, "1", ""),
            (false, None, "1", "1"),
            (false, None, "2", "12"),
            (false, Some(0), "2", "212"),
            (false, Some(1), "3", "2312"),
            (true, Some(-1), "2", "231"),
            (true, Some(0), "3", "231"),
            (true, Some(1), "3", "21"),
            (true, None, "2", "1"),
            (true, None, "1", ""),
        ] {
            assert_eq!(change(is_removal, index, entry), expected, "{is_removal} {index:?} {entry}");
        }
        assert_eq!(document.value().text(), "{\"h\":{\"n\":\"\",\"p\":\"\"}}");
    }

    #[test]
    fn a_tangled_queue_ends() {
        for (record, expected) in [
            ("{\"h\":{\"n\":\"a\",\"p\":\"b\"},\"a\":{\"d\":1,\"n\":\"b\"},\"b\":{\"d\":2,\"n\":\"a\"}}", "12"),
            ("{\"h\":{\"n\":\"a\"},\"a\":{\"d\":1,\"n\":\"gone\"}}", "1"),
            ("{\"h\":{\"n\":5}}", ""),
            ("[1]", ""),
        ] {
            assert_eq!(queued(&mut Document::parse(record).unwrap()).join(""), expected);
        }
    }
}
