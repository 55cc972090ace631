//! Edits at paths lead to the same record as those of the reference server, and of the reference client wherever that one
//! agrees with the server.
//!
//! `tests/golden/record-edits.mjs` makes the fixture with the code of both.

#![cfg(not(target_arch = "wasm32"))]

use deepstream_wasm::client::record::{Change, Document, EditError, Path, Value};

const EDITS: &str = include_str!("golden/record-edits.txt");

struct Edit {
    document: &'static str,
    path: &'static str,
    /// `None` to erase.
    value: Option<&'static str>,
    /// What was there; `Err` where the reference throws.
    before: Result<Option<&'static str>, ()>,
    /// What the server makes of the document; `None` where it throws.
    at_server: Option<&'static str>,
    /// The same of the client.
    at_client: Option<&'static str>,
}

impl Edit {
    /// The client differs from the server where it erases from an array that it makes for that: it fills the array up.
    fn is_filled_by_client(&self) -> bool {
        self.value.is_none() && self.path.trim_end().trim_end_matches('.').ends_with(']')
    }
}

fn edits() -> impl Iterator<Item = Edit> {
    EDITS.lines().filter_map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let [document, path, value, before, at_server, at_client] = columns[..] else { return None };
        let defined = |text| (text != "-").then_some(text);
        let result = |text| (text != "!").then_some(text);
        Some(Edit {
            document,
            path,
            value: defined(value),
            before: result(before).map(defined).ok_or(()),
            at_server: result(at_server),
            at_client: result(if at_client == "=" { at_server } else { at_client }),
        })
    })
}

fn apply<'p>(document: &mut Document, path: &'p Path, value: Option<&str>) -> Result<Change<'p>, EditError> {
    match value {
        Some(value) => document.set(path, value),
        None => document.erase(path),
    }
}

/// The text is the same, unless there are keys that JavaScript moves to the front.
#[track_caller]
fn assert_same(document: &Document, expected: &str, edit: &Edit) {
    let text = document.value().text();
    let has_moved_keys = ["\"0\":", "\"2\":", "\"7\":"].iter().any(|key| expected.contains(key));
    let same = document.value().is_equal(&Value::parse(expected).unwrap());
    assert!(same && (text == expected || has_moved_keys), "{} at {}: {text}", edit.document, edit.path);
}

#[test]
fn edits_lead_to_the_record_that_the_server_has() {
    let (mut same, mut refused, mut substituted) = (0, 0, 0);
    for edit in edits() {
        let path = Path::parse(edit.path).unwrap();
        let mut document = Document::parse(edit.document).unwrap();
        match apply(&mut document, &path, edit.value) {
            Ok(change) => {
                let substitute = change.substitute(&mut document);
                let substitute = substitute.map(|(depth, value)| (path.prefix_text(depth), value.text().into_owned()));
                match (edit.at_server, substitute) {
                    (Some(expected), None) => {
                        assert_same(&document, expected, &edit);
                        same += 1;
                    }
                    // The server throws, and with it ends: it must never see this edit.
                    (None, Some((path, value))) => {
                        if !edit.is_filled_by_client() {
                            assert_same(&document, edit.at_client.unwrap(), &edit);
                        }
                        let path = Path::parse(&path).unwrap();
                        let mut other = Document::parse(edit.document).unwrap();
                        let mut change = other.set(&path, &value).unwrap();
                        assert!(change.substitute(&mut other).is_none() && change.is_different(&mut other));
                        assert_eq!(other.value().text(), document.value().text());
                        substituted += 1;
                    }
                    (at_server, substitute) => {
                        panic!("{} at {}: {at_server:?} {substitute:?}", edit.document, edit.path)
                    }
                }
            }
            // The reference sets a property of the array, which is not part of its JSON.
            Err(EditError::NotAnIndex { .. }) => {
                assert_same(&document, edit.document, &edit);
                assert_same(&document, edit.at_server.unwrap(), &edit);
                refused += 1;
            }
            Err(error) => panic!("{} at {}: {error:?}", edit.document, edit.path),
        }
    }
    assert!(
        same > 2000 && refused > 20 && substituted > 50,
        "{same} same, {refused} refused, {substituted} substituted"
    );
}

#[test]
fn the_client_agrees_with_the_server_apart_from_known_cases() {
    let differing = edits().filter(|edit| edit.at_server.is_some() && edit.at_server != edit.at_client);
    let paths: Vec<_> = differing.map(|edit| (edit.path, edit.is_filled_by_client())).collect();
    assert!(!paths.is_empty() && paths.iter().all(|(_, is_known)| *is_known), "{paths:?}");
}

#[test]
fn values_are_found_where_the_reference_finds_them() {
    let (mut found, mut missing) = (0, 0);
    for edit in edits() {
        let path = Path::parse(edit.path).unwrap();
        let mut document = Document::parse(edit.document).unwrap();
        let value = document.get(&path).map(|value| value.text().into_owned());
        // Where the reference throws, because the path leads into a scalar, there is nothing.
        assert_eq!(value.as_deref(), edit.before.unwrap_or_default(), "{} at {}", edit.document, edit.path);
        if value.is_some() { found += 1 } else { missing += 1 }
    }
    assert!(found > 500 && missing > 500, "{found} found, {missing} missing");
}

#[test]
fn paths_that_nobody_can_mean_are_refused() {
    let odd: Vec<_> = EDITS.lines().filter(|line| !line.contains('\t')).collect();
    assert!(odd.len() > 100);
    for path in odd {
        assert!(Path::parse(path).is_err(), "{path}");
    }
}
