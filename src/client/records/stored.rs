//! How what the server has not confirmed stands in storage: as JSON, so that whoever looks into the outbox can read it.
//!
//! A write is `{"version":3,"edits":[{"path":"a.b","data":1},{"path":"c"}]}`: made to version 3, or without a version to
//! whatever the server has; an edit without data erases, and `{"entry":"x","queue":true,"remove":true,"index":0}` changes the
//! entries of a list or queue. Without edits the record is to be deleted. What writes were made to is `{"version":3,"first":7,"data":{}}`: the writes before the number 7 are part of that; the data may be missing.

use crate::client::record::{Document, Edit, EntryEdit, Path, Value, push_string};

/// What writes were made to, as it is read.
#[derive(Debug)]
pub struct StoredBase {
    /// The version.
    pub version: Option<i32>,
    /// The writes with lower numbers are part of it.
    pub first: u64,
    /// The data, if it was kept.
    pub document: Option<Document>,
}

/// The text for a write; without edits for a deletion.
pub fn write_text(version: Option<i32>, edits: &[Edit]) -> Box<str> {
    let mut length = 32;
    edits.iter().for_each(|edit| length += edit.text.as_ref().map_or(0, |text| text.len()) + 48);
    let mut text = String::with_capacity(length);
    text.push('{');
    if let Some(version) = version {
        push(&mut text, "\"version\":", &version.to_string());
    }
    if !edits.is_empty() {
        text.push_str(if version.is_some() { ",\"edits\":[" } else { "\"edits\":[" });
        push_edits(&mut text, edits);
        text.push(']');
    }
    text.push('}');
    text.into()
}

/// Adds what a write changes to an array.
pub fn push_edits(text: &mut String, edits: &[Edit]) {
    for edit in edits {
        text.push_str(if text.ends_with('}') { ",{" } else { "{" });
        push_edit(text, edit);
        text.push('}');
    }
}

fn push_edit(text: &mut String, edit: &Edit) {
    let data = edit.text.as_deref();
    if let (Some(EntryEdit { is_queue, is_removal, index }), Some(entry)) = (edit.entries, data) {
        push(text, "\"entry\":", entry);
        text.push_str(if is_queue { ",\"queue\":true" } else { "" });
        text.push_str(if is_removal { ",\"remove\":true" } else { "" });
        if let Some(index) = index {
            push(text, ",\"index\":", &index.to_string());
        }
        return;
    }
    text.push_str("\"path\":");
    push_string(text, edit.path.text());
    if let Some(data) = data {
        push(text, ",\"data\":", data);
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(value);
}

/// The text for what writes were made to.
pub fn base_text(version: Option<i32>, first: u64, document: Option<&Document>) -> Box<str> {
    let mut text = String::from("{\"first\":");
    text.push_str(&first.to_string());
    if let Some(version) = version {
        push(&mut text, ",\"version\":", &version.to_string());
    }
    if let Some(document) = document {
        text.push_str(",\"data\":");
        document.value().push_to(&mut text);
    }
    text.push('}');
    text.into()
}

/// Reads a write: the version that it was made to, and its edits, none for a deletion; `None` for anything else.
pub fn read_write(text: &str) -> Option<(Option<i32>, Vec<Edit>)> {
    let write = Value::parse(text).ok()?;
    let list = write.member("edits");
    let mut edits = Vec::new();
    for edit in list.map_or(Vec::new(), |list| list.elements()) {
        let text = |name| edit.member(name).map(|value| value.to_text());
        let is_there = |name| edit.member(name).is_some();
        edits.push(match text("entry") {
            Some(entry) => {
                let (is_queue, is_removal, index) = (is_there("queue"), is_there("remove"), number(edit, "index"));
                Edit::of_entries(EntryEdit { is_queue, is_removal, index }, entry)
            }
            None => Edit::new(Path::parse(&edit.member("path")?.string()?).ok()?, text("data")),
        });
    }
    (list.is_none() || !edits.is_empty()).then(|| (number(write, "version"), edits))
}

/// Reads what writes were made to; `None` for anything else.
pub fn read_base(text: &str) -> Option<StoredBase> {
    let base = Value::parse(text).ok()?;
    let document = base.member("data").and_then(|data| Document::parse(&data.text()).ok());
    let first = base.member("first")?.text().parse().ok()?;
    Some(StoredBase { version: number(base, "version"), first, document })
}

fn number(value: Value<'_>, member: &str) -> Option<i32> {
    let text = value.member(member)?.text();
    let digits = text.strip_prefix('-');
    let number = i32::try_from(digits.unwrap_or(&text).parse::<u64>().ok()?).ok()?;
    Some(if digits.is_some() { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(path: &str, text: Option<&str>) -> Edit {
        Edit::new(Path::parse(path).unwrap(), text.map(Into::into))
    }

    #[test]
    fn writes_come_back_as_they_were() {
        for version in [None, Some(0), Some(7)] {
            let added = EntryEdit { is_queue: false, is_removal: false, index: None };
            let removed = EntryEdit { is_queue: true, is_removal: true, index: Some(-1) };
            let edits = [
                edit("a.b", Some("{\"x\":[1,\"\\ud800\"]}")),
                Edit::of_entries(added, "\"x\"".into()),
                edit("", Some("{}")),
                Edit::of_entries(removed, "\"\\ud800\"".into()),
                edit("c\"[1].ü", None),
            ];
            let text = write_text(version, &edits);
            let read = read_write(&text).expect("it can be read");
            assert_eq!(read.0, version);
            let read = read.1;
            let shown = |edits: &[Edit]| -> Vec<_> {
                edits.iter().map(|edit| (edit.path.text().to_owned(), edit.text.clone(), edit.entries)).collect()
            };
            assert_eq!(shown(&read), shown(&edits));
            assert!(read_write(&write_text(version, &[])).is_some_and(|read| read.1.is_empty()));
        }
    }

    #[test]
    fn what_writes_were_made_to_comes_back() {
        let document = Document::parse("{\"a\":[1]}").unwrap();
        for (version, data) in [(Some(3), Some(&document)), (None, None), (Some(0), None)] {
            let read = read_base(&base_text(version, 12, data)).expect("it can be read");
            assert_eq!((read.version, read.first), (version, 12));
            let text = |document: &Document| document.value().text().into_owned();
            assert_eq!(read.document.as_ref().map(text), data.map(text));
        }
    }

    #[test]
    fn anything_else_is_nothing() {
        for text in ["", "nonsense", "{\"edits\":[]}", "{\"edits\":[{\"path\":7}]}", "{\"edits\":[{\"path\":\"a[\"}]}"]
        {
            assert!(read_write(text).is_none(), "{text}");
        }
        for text in ["", "{}", "{\"first\":-1}", "[]"] {
            assert!(read_base(text).is_none(), "{text}");
        }
    }
}
