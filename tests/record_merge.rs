//! What a three-way merge makes, case by case.

#![cfg(not(target_arch = "wasm32"))]

use deepstream_wasm::client::record::{Merged, Side, Value, merge};

fn merged(base: &str, local: &str, remote: &str, preferred: Side) -> Merged {
    let [base, local, remote] = [base, local, remote].map(|text| Value::parse(text).unwrap());
    merge(base, local, remote, preferred)
}

/// The same on either side's preference, without a conflict.
#[track_caller]
fn assert_merges(base: &str, local: &str, remote: &str, expected: &str) {
    for (local, remote) in [(local, remote), (remote, local)] {
        for side in [Side::Local, Side::Remote] {
            let merged = merged(base, local, remote, side);
            let same = Value::parse(&merged.text).unwrap().is_equal(&Value::parse(expected).unwrap());
            assert!(same && !merged.has_conflict, "{merged:?}, expected {expected}");
        }
    }
}

/// As `remote`, if that is preferred, though both changed the same.
#[track_caller]
fn assert_conflict(base: &str, local: &str, remote: &str, expected: &str) {
    assert_eq!(merged(base, local, remote, Side::Remote), Merged { text: expected.into(), has_conflict: true });
    assert_eq!(merged(base, remote, local, Side::Local), Merged { text: expected.into(), has_conflict: true });
}

#[test]
fn changes_of_different_members_are_kept() {
    assert_merges(r#"{"a":1,"b":2}"#, r#"{"a":9,"b":2}"#, r#"{"a":1,"b":8,"c":7}"#, r#"{"a":9,"b":8,"c":7}"#);
    assert_merges(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, r#"{"a":{"b":5,"c":2}}"#, r#"{"a":{"b":5}}"#);
    assert_merges(r#"{"a":1,"b":1}"#, r#"{"b":1}"#, r#"{"a":1}"#, "{}");
    assert_merges("{}", r#"{"new":{"x":1}}"#, r#"{"new":{"y":2}}"#, r#"{"new":{"x":1,"y":2}}"#);
    assert_merges(r#"{"a":1}"#, r#"{"a":{"x":1}}"#, r#"{"a":{"y":2}}"#, r#"{"a":{"x":1,"y":2}}"#);
    assert_merges(r#"{"a":1}"#, r#"{"\u0061":2}"#, r#"{"a":2.0}"#, r#"{"a":2}"#);
}

#[test]
fn a_change_of_the_same_is_that_of_the_preferred_side() {
    assert_conflict(r#"{"a":1,"b":1}"#, r#"{"a":2,"b":2}"#, r#"{"a":3,"b":1}"#, r#"{"a":3,"b":2}"#);
    assert_conflict(r#"{"a":{"x":1}}"#, "{}", r#"{"a":{"x":2}}"#, r#"{"a":{"x":2}}"#);
    assert_conflict(r#"{"a":{"x":1}}"#, r#"{"a":{"x":2}}"#, "{}", "{}");
    assert_conflict(r#"{"a":1}"#, r#"{"a":[]}"#, r#"{"a":{}}"#, r#"{"a":{}}"#);
    assert_conflict("{}", "[1]", "[2]", "[2]");
    assert_conflict("[]", "{}", "[1]", "[1]");
}

#[test]
fn keys_are_in_the_order_of_the_preferred_side() {
    let (base, local, remote) = (r#"{"a":1,"b":1}"#, r#"{"new":1,"b":1,"a":1}"#, r#"{"a":1,"b":2,"added":1}"#);
    assert_eq!(merged(base, local, remote, Side::Remote).text, r#"{"a":1,"b":2,"added":1,"new":1}"#);
    assert_eq!(merged(base, local, remote, Side::Local).text, r#"{"new":1,"b":2,"a":1,"added":1}"#);
}

#[test]
fn elements_of_arrays_of_the_same_length_are_merged_by_index() {
    assert_merges("[1,2,3]", "[9,2,3]", "[1,2,8]", "[9,2,8]");
    assert_merges(r#"[{"a":1,"b":1}]"#, r#"[{"a":2,"b":1}]"#, r#"[{"a":1,"b":2}]"#, r#"[{"a":2,"b":2}]"#);
    assert_merges(r#"["a","b"]"#, r#"["x","b"]"#, r#"["a","y"]"#, r#"["x","y"]"#);
    assert_merges("[0,0,0]", "[1,0,0]", "[0,1,0]", "[1,1,0]");
    assert_conflict("[1,2,3]", "[9,2,7]", "[8,2,3]", "[8,2,7]");
}

#[test]
fn arrays_whose_elements_moved_are_one_value() {
    assert_conflict("[1,2,3]", "[2,1,3]", "[1,2,4]", "[1,2,4]");
    assert_conflict(
        r#"[{"id":1},{"id":2}]"#,
        r#"[{"id":2},{"id":1}]"#,
        r#"[{"id":1,"x":1},{"id":2}]"#,
        r#"[{"id":1,"x":1},{"id":2}]"#,
    );
    assert_conflict("[1,2]", "[0,1]", "[1,3]", "[1,3]");
    assert_conflict("[1,2]", "[1,2,3]", "[4,1,2]", "[4,1,2]");
    assert_conflict("[1,1]", "[1,1,2]", "[1]", "[1]");
}

#[test]
fn lists_of_strings_are_merged_as_sets() {
    assert_merges(r#"["a"]"#, r#"["a","x"]"#, r#"["a","x"]"#, r#"["a","x"]"#);
    assert_merges(r#"["a","b"]"#, r#"["b"]"#, r#"["a","b","x"]"#, r#"["b","x"]"#);
    assert_merges(r#"["a","b"]"#, r#"["x","a","b"]"#, r#"["a","y","b"]"#, r#"["x","a","y","b"]"#);
    assert_merges(r#"["a","b"]"#, r#"["b"]"#, r#"["a"]"#, "[]");
    assert_merges(r#"["a","b"]"#, r#"["b"]"#, r#"["b"]"#, r#"["b"]"#);
    assert_merges(r#"["a","b","c"]"#, r#"["c","b","a"]"#, r#"["a","b","c","x"]"#, r#"["c","x","b","a"]"#);
    let reordered_by_both = merged(r#"["a","b","c"]"#, r#"["c","b","a","x"]"#, r#"["b","a","c","y"]"#, Side::Remote);
    assert_eq!(reordered_by_both.text, r#"["b","a","x","c","y"]"#);
    assert_merges(r#"["a"]"#, r#"["a","\u0062"]"#, r#"["a","b","c"]"#, r#"["a","b","c"]"#);
    // By index, "x" would be there twice.
    assert_eq!(merged(r#"["a","b"]"#, r#"["x","b"]"#, r#"["a","x"]"#, Side::Remote).text, r#"["x"]"#);
}

#[test]
fn what_the_preferred_side_added_at_the_same_place_comes_first() {
    let (base, local, remote) = (r#"["a"]"#, r#"["a","l1","l2"]"#, r#"["a","r1","r2"]"#);
    assert_eq!(merged(base, local, remote, Side::Remote).text, r#"["a","r1","r2","l1","l2"]"#);
    assert_eq!(merged(base, local, remote, Side::Local).text, r#"["a","l1","l2","r1","r2"]"#);
    assert_eq!(merged("{}", r#"["l"]"#, r#"["r"]"#, Side::Remote).text, r#"["r","l"]"#);
}

#[test]
fn of_members_with_the_same_key_the_last_counts() {
    assert_eq!(merged("{}", r#"{"b":1}"#, r#"{"a":1,"a":2}"#, Side::Remote).text, r#"{"a":2,"b":1}"#);
    assert_eq!(merged("{}", r#"{"b":1}"#, r#"{"a":1,"a":2}"#, Side::Local).text, r#"{"b":1,"a":2}"#);
}

#[test]
fn what_nests_too_deep_is_one_value() {
    let nested = |value: &str| [&"{\"a\":".repeat(200), value, &"}".repeat(200)].concat();
    let (base, local, remote) = (nested("{}"), nested(r#"{"x":1}"#), nested(r#"{"y":1}"#));
    assert_conflict(&base, &local, &remote, &remote);
}

#[test]
fn many_entries_are_merged_in_linear_time() {
    let list = |names: &dyn Fn(u32) -> String| {
        let names: Vec<_> = (0..20_000).map(|number| format!("\"{}\"", names(number))).collect();
        format!("[{}]", names.join(","))
    };
    let (base, local) = (list(&|number| format!("a{number}")), list(&|number| format!("l{number}")));
    let remote = list(&|number| format!("a{}", 19_999 - number));
    assert_eq!(merged(&base, &local, &remote, Side::Remote).text, local);
}
