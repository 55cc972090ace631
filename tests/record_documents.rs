//! Odd records and odd edits, case by case.

#![cfg(not(target_arch = "wasm32"))]

use deepstream_wasm::client::{
    limits::{RECORD_MAX_DEPTH, RECORD_MAX_FILL},
    record::{Document, EditError, InvalidJson, Path, Value},
};

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

/// The record after an edit; `None` erases.
#[track_caller]
fn edited(text: &str, at: &str, value: Option<&str>) -> Result<String, EditError> {
    let path = path(at);
    let mut document = Document::parse(text).unwrap();
    let result = match value {
        Some(value) => document.set(&path, value),
        None => document.erase(&path),
    };
    result.map(|_| document.value().text().into_owned())
}

fn is_equal(left: &str, right: &str) -> bool {
    let (left, right) = (Value::parse(left).unwrap(), Value::parse(right).unwrap());
    assert_eq!(left.is_equal(&right), right.is_equal(&left));
    left.is_equal(&right)
}

#[test]
fn only_what_is_edited_is_written_anew() {
    let text = r#"{"z":1e+21,"10":{"k\u0061":["\ud800",-0.50]},"a":"\/"}"#;
    assert_eq!(
        edited(text, "z", Some("[ 1 ]")).as_deref(),
        Ok(r#"{"z":[ 1 ],"10":{"k\u0061":["\ud800",-0.50]},"a":"\/"}"#)
    );
    assert_eq!(
        edited(text, "10.ka[1]", Some("{}")).as_deref(),
        Ok(r#"{"z":1e+21,"10":{"k\u0061":["\ud800",{}]},"a":"\/"}"#)
    );
    assert_eq!(edited(text, "10", None).as_deref(), Ok(r#"{"z":1e+21,"a":"\/"}"#));
}

#[test]
fn the_empty_path_is_the_whole_record() {
    assert_eq!(edited("{}", "", Some(" [1] ")).as_deref(), Ok("[1]"));
    assert_eq!(edited("{}", "", None), Err(EditError::NothingToErase));
    let root = path("");
    let mut document = Document::parse("[1]").unwrap();
    let mut change = document.set(&root, "[2]").unwrap();
    assert_eq!(change.before().unwrap().text(), "[1]");
    assert!(change.substitute(&mut document).is_none());
    assert!(change.is_seen_at(&path("0"), &mut document));
    assert!(!change.is_seen_at(&path("1"), &mut document));
}

#[test]
fn a_record_that_is_a_scalar_is_replaced_and_sent_as_a_whole() {
    for text in ["null", "1", r#""text""#] {
        let (mut document, path) = (Document::parse(text).unwrap(), path("a[1]"));
        let change = document.set(&path, "true").unwrap();
        let (depth, value) = change.substitute(&mut document).unwrap();
        assert_eq!((&*path.prefix_text(depth), &*value.text()), ("", r#"{"a":[null,true]}"#));
    }
}

#[test]
fn what_leads_through_null_is_sent_as_a_patch_of_the_null() {
    let (mut document, path) = (Document::parse(r#"{"a":[0,null]}"#).unwrap(), path("a[1].b.c"));
    let change = document.erase(&path).unwrap();
    assert_eq!(change.before().unwrap().text(), "null");
    let (depth, value) = change.substitute(&mut document).unwrap();
    assert_eq!((&*path.prefix_text(depth), &*value.text()), ("a[1]", r#"{"b":{}}"#));
}

#[test]
fn of_members_with_the_same_key_the_last_counts() {
    let text = r#"{"a":1,"b":2,"\u0061":3}"#;
    assert_eq!(Document::parse(text).unwrap().get(&path("a")).unwrap().text(), "3");
    assert_eq!(edited(text, "a", Some("4")).as_deref(), Ok(r#"{"a":1,"b":2,"\u0061":4}"#));
    assert_eq!(edited(text, "a", None).as_deref(), Ok(r#"{"b":2}"#));
    assert!(!is_equal(r#"{"a":2,"a":2}"#, r#"{"b":3,"a":2}"#));
}

#[test]
fn a_refused_edit_changes_nothing() {
    let text = r#"{"a":[1],"b":null}"#;
    let mut document = Document::parse(text).unwrap();
    for (at, value, expected) in [
        ("a.x", "1", EditError::NotAnIndex { depth: 1 }),
        ("a.length", "0", EditError::NotAnIndex { depth: 1 }),
        ("a.01.b", "0", EditError::NotAnIndex { depth: 1 }),
        ("a", "{a:1}", EditError::InvalidJson(InvalidJson { at: 1 })),
        ("a[4294967294]", "0", EditError::TooFarBeyondEnd),
        ("a[3][20000]", "0", EditError::TooFarBeyondEnd),
        ("b[20000]", "0", EditError::TooFarBeyondEnd),
        ("c[6000][6000]", "0", EditError::TooFarBeyondEnd),
        // Together 2^32, which is 0 for a processor of 32 bits.
        ("c[4294967294][2]", "0", EditError::TooFarBeyondEnd),
    ] {
        assert_eq!(document.set(&path(at), value).unwrap_err(), expected, "{at}");
        assert_eq!(document.value().text(), text);
    }
}

#[test]
fn an_array_is_filled_up_to_a_bound() {
    let at = |index: usize| format!("a[{index}]");
    for text in ["{}", r#"{"a":[]}"#] {
        assert!(edited(text, &at(RECORD_MAX_FILL), Some("1")).is_ok());
        assert_eq!(edited(text, &at(RECORD_MAX_FILL + 1), Some("1")), Err(EditError::TooFarBeyondEnd));
    }
}

#[test]
fn depth_does_not_matter_to_what_is_not_looked_into() {
    let levels = 20_000;
    let text = ["{\"a\":".repeat(levels), "[1]".into(), "}".repeat(levels)].concat();
    let other = text.replace("[1]", "[2]");
    let mut document = Document::parse(&text).unwrap();
    assert_eq!(document.value().text(), text);
    assert!(document.value().is_equal(&Value::parse(&text).unwrap()));
    assert!(!document.value().is_equal(&Value::parse(&other).unwrap()));

    let deepest = path(&vec!["a"; RECORD_MAX_DEPTH].join("."));
    assert!(document.get(&deepest).is_some());
    assert!(document.value().is_equal(&Value::parse(&text).unwrap()));
    document.set(&deepest, "1").unwrap();
    assert!(!document.value().is_equal(&Value::parse(&text).unwrap()));
}

#[test]
fn equal_is_what_javascript_parses_to_the_same() {
    for (left, right) in [
        (r#"{"a":1,"b":[{"c":2,"d":3}]}"#, r#"{ "b" : [ {"d":3.0,"c":2e0} ] , "\u0061":1 }"#),
        (r#"{"b":1,"a":1,"10":1,"9":1}"#, r#"{"9":1,"10":1,"b":1,"a":1}"#),
        (r#"["\u00e4\/"]"#, r#"["ä/"]"#),
        ("[-0,1e21]", "[0,1e+21]"),
    ] {
        assert!(is_equal(left, right), "{left} {right}");
    }
    for (left, right) in [
        ("[1,2]", "[2,1]"),
        ("[1]", "[1,1]"),
        ("{}", "[]"),
        ("null", "0"),
        ("true", "false"),
        ("1", r#""1""#),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#),
        (r#"{"a":null}"#, "{}"),
        (r#""\ud800""#, r#""\ufffd""#),
    ] {
        assert!(!is_equal(left, right), "{left} {right}");
    }
}

#[test]
fn what_nests_too_deep_is_compared_as_text() {
    let nested = |depth: usize, value: &str| format!("{}{value}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_equal(&nested(RECORD_MAX_DEPTH, "1.0"), &nested(RECORD_MAX_DEPTH, "1.00")));
    assert!(!is_equal(&nested(RECORD_MAX_DEPTH + 1, "1.0"), &nested(RECORD_MAX_DEPTH + 1, "1.00")));
    let in_object = |value: &str| format!(r#"{{"b":0,"a":{}}}"#, nested(RECORD_MAX_DEPTH - 1, value));
    let reordered = |value: &str| format!(r#"{{"a":{},"b":0}}"#, nested(RECORD_MAX_DEPTH - 1, value));
    assert!(is_equal(&in_object("1.0"), &reordered("1.00")));
    assert!(!is_equal(&in_object("[1.0]"), &reordered("[1.00]")));
}
