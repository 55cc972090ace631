//! What a record's data is, and what may be done to it: pure functions of JSON text and paths.
//!
//! A [`Document`] is JSON text that is taken apart one level at a time, only where a [`Path`] leads: an edit touches its
//! path and nothing else, and whatever was not taken apart is handed out as the text that came in.
//!
//! What `JSON.stringify` makes comes out as it went in, character by character: order of keys, form of numbers, escapes.
//! Of two members with the same key the last one counts, as for `JSON.parse`. Keys like `"7"` stay where they were
//! written; JavaScript itself puts them first, in ascending order, when it parses the text.
//!
//! Edits lead to the same data as those of the server, which applies the same paths
//! (`tests/record_edit.rs` compares them).

mod change;
mod document;
mod edit;
mod edits;
mod entries;
mod equal;
mod keys;
mod list;
mod literal;
mod merge;
mod path;
mod scan;
mod value;

pub use self::{
    change::Change,
    document::Document,
    edit::EditError,
    edits::{Edit, Watch},
    entries::EntryEdit,
    equal::is_equal_or_absent,
    literal::push_string,
    merge::{Merged, Side, merge},
    path::{Path, PathError},
    scan::InvalidJson,
    value::{Kind, Value},
};
