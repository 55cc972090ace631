//! What holds for records whatever their data: found by searching at random.
//!
//! Longer: `DEEPSTREAM_FUZZ_MS=600000 cargo test --release --test record_properties`.
//! A failure prints its seed; to see it again: `ARBTEST_SEED=0x... cargo test --test record_properties`.

#![cfg(not(target_arch = "wasm32"))]

use std::env;

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use deepstream_wasm::client::record::{Change, Document, EditError, Path, Side, Value, merge};

/// How long each test looks for a failure when DEEPSTREAM_FUZZ_MS does not say, in milliseconds.
const DEFAULT_BUDGET: u64 = 1000;

fn search(property: impl FnMut(&mut Unstructured<'_>) -> Result<()>) {
    let budget = env::var("DEEPSTREAM_FUZZ_MS").map(|text| text.parse().expect("a number of milliseconds"));
    arbtest(property).size_max(2048).budget_ms(budget.unwrap_or(DEFAULT_BUDGET)).run();
}

/// Few, so that edits meet.
const NAMES: [&str; 6] = ["a", "b", "c", "1", "ä", "a b"];
const SCALARS: [&str; 12] = [
    "null",
    "true",
    "false",
    "0",
    "-1.5",
    "1e+21",
    r#""""#,
    r#""x""#,
    r#""y""#,
    r#""z""#,
    r#""\ud800\"\\\n""#,
    r#""漢🦀""#,
];

/// Text as `JSON.stringify` makes it.
fn json(chance: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    if depth == 0 || chance.ratio(1, 3)? {
        return Ok((*chance.choose(&SCALARS)?).to_owned());
    }
    container(chance, depth)
}

fn container(chance: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    if chance.ratio(1, 3)? {
        let elements = (0..chance.int_in_range(0..=4)?).map(|_| json(chance, depth - 1)).collect::<Result<Vec<_>>>()?;
        return Ok(format!("[{}]", elements.join(",")));
    }
    object(chance, |chance| json(chance, depth - 1))
}

fn object(
    chance: &mut Unstructured<'_>,
    mut value: impl FnMut(&mut Unstructured<'_>) -> Result<String>,
) -> Result<String> {
    let mut members = Vec::new();
    let rotation = chance.choose_index(NAMES.len())?;
    for at in 0..NAMES.len() {
        if chance.arbitrary()? {
            members.push(format!("\"{}\":{}", NAMES[(at + rotation) % NAMES.len()], value(chance)?));
        }
    }
    Ok(format!("{{{}}}", members.join(",")))
}

fn path(chance: &mut Unstructured<'_>) -> Result<Path> {
    let mut text = String::new();
    for step in 0..chance.int_in_range(1..=4)? {
        if step > 0 && chance.ratio(1, 3)? {
            text.push_str(&format!("[{}]", chance.int_in_range(0..=5)?));
        } else {
            text.push_str(if step > 0 { "." } else { "" });
            text.push_str(chance.choose(&NAMES)?);
        }
    }
    Ok(Path::parse(&text).unwrap())
}

/// Sets or erases something.
fn edit<'p>(
    chance: &mut Unstructured<'_>,
    document: &mut Document,
    path: &'p Path,
) -> Result<std::result::Result<Change<'p>, EditError>> {
    Ok(if chance.ratio(1, 4)? { document.erase(path) } else { document.set(path, &json(chance, 2)?) })
}

/// What somebody else made of it.
fn edited(chance: &mut Unstructured<'_>, base: &str) -> Result<String> {
    let mut document = document(base);
    for _ in 0..chance.int_in_range(0..=3)? {
        let path = path(chance)?;
        let _ = edit(chance, &mut document, &path)?;
    }
    Ok(document.value().text().into_owned())
}

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn value(text: &str) -> Value<'_> {
    Value::parse(text).unwrap()
}

#[test]
fn text_comes_out_as_it_went_in() {
    search(|chance| {
        let text = json(chance, 4)?;
        let mut document = document(&text);
        for _ in 0..3 {
            document.get(&path(chance)?);
            assert_eq!(document.value().text(), text);
        }
        Ok(())
    });
}

#[test]
fn nothing_makes_it_panic() {
    let (mut valid, mut invalid) = (0, 0);
    search(|chance| {
        let mut bytes = if chance.arbitrary()? { container(chance, 3)?.into_bytes() } else { Vec::new() };
        for _ in 0..chance.int_in_range(0..=2)? {
            let at = chance.int_in_range(0..=bytes.len())?;
            let noise: Vec<u8> = chance.arbitrary()?;
            bytes.splice(at..at, noise.into_iter().take(4));
        }
        let text = String::from_utf8_lossy(&bytes);
        let odd: String = chance.arbitrary()?;
        let path = Path::parse(&odd).or_else(|_| Path::parse("a[1].b")).unwrap();
        match Document::parse(&text) {
            Ok(mut document) => {
                valid += 1;
                let before = document.value().text().into_owned();
                if document.set(&path, &odd).is_err() && document.erase(&path).is_err() {
                    assert!(document.value().is_equal(&value(&before)), "a refused edit changes nothing: {before}");
                }
                let after = document.value().text().into_owned();
                Value::parse(&after).expect("an edit makes JSON");
                Value::parse(&merge(value(&before), value(&after), value(&text), Side::Local).text).expect("JSON");
            }
            Err(error) => {
                invalid += 1;
                assert!(error.at <= text.len());
            }
        }
        Ok(())
    });
    assert!(env::var_os("ARBTEST_SEED").is_some() || (valid > 0 && invalid > 0), "{valid} valid, {invalid} invalid");
}

#[test]
fn whoever_sees_another_value_is_told_and_nobody_else() {
    let (mut seen, mut unseen) = (0, 0);
    search(|chance| {
        let mut after = document(&container(chance, 3)?);
        let mut before = after.clone();
        let edited = if chance.ratio(1, 8)? { Path::parse("").unwrap() } else { path(chance)? };
        let Ok(mut change) = edit(chance, &mut after, &edited)? else { return Ok(()) };
        let is_different = !before.value().is_equal(&after.value());
        assert_eq!(change.is_different(&mut after), is_different);
        for _ in 0..8 {
            let subscribed = path(chance)?;
            let expected = match (before.get(&subscribed), after.get(&subscribed)) {
                (Some(old), Some(new)) => !old.is_equal(&new),
                (old, new) => old.is_some() || new.is_some(),
            };
            let is_seen = change.is_seen_at(&subscribed, &mut after);
            let text = before.value().text();
            assert_eq!(is_seen, expected, "{text}, {} edited, {} subscribed", edited.text(), subscribed.text());
            if is_seen { seen += 1 } else { unseen += 1 }
        }
        Ok(())
    });
    assert!(env::var_os("ARBTEST_SEED").is_some() || (seen > 0 && unseen > 0), "{seen} seen, {unseen} unseen");
}

#[test]
fn equality_is_that_of_the_data() {
    search(|chance| {
        let (left, right) = (json(chance, 2)?, json(chance, 2)?);
        let is_equal = value(&left).is_equal(&value(&right));
        assert_eq!(is_equal, canonical(value(&left)) == canonical(value(&right)), "{left} {right}");
        assert_eq!(is_equal, value(&right).is_equal(&value(&left)));
        assert!(value(&left).is_equal(&value(&left)));
        let mut parted = document(&left);
        parted.get(&path(chance)?);
        assert_eq!(is_equal, parted.value().is_equal(&value(&right)));
        Ok(())
    });
}

/// Text in which the members of every object are sorted. Does with public functions what it can be compared with.
fn canonical(value: Value<'_>) -> String {
    use deepstream_wasm::client::record::Kind;

    let mut document = document(&value.text());
    let mut at = |text: &str| {
        let path = Path::parse(text).unwrap();
        document.get(&path).map(canonical)
    };
    match value.kind() {
        Kind::Object => {
            let mut names = NAMES;
            names.sort();
            let members: Vec<_> = names.iter().filter_map(|name| Some(format!("{name}:{}", at(name)?))).collect();
            format!("{{{}}}", members.join(","))
        }
        Kind::Array => {
            let elements: Vec<_> = (0..9).map_while(|index| at(&index.to_string())).collect();
            format!("[{}]", elements.join(","))
        }
        _ => value.text().into_owned(),
    }
}

#[test]
fn a_merge_with_an_unchanged_side_is_the_other_side() {
    search(|chance| {
        let base = container(chance, 3)?;
        let changed = if chance.arbitrary()? { edited(chance, &base)? } else { container(chance, 3)? };
        let (base, changed) = (value(&base), value(&changed));
        for side in [Side::Local, Side::Remote] {
            for (local, remote) in [(changed, base), (base, changed), (changed, changed)] {
                let merged = merge(base, local, remote, side);
                assert!(
                    value(&merged.text).is_equal(&changed),
                    "{} of {} and {}",
                    merged.text,
                    base.text(),
                    changed.text()
                );
                assert!(!merged.has_conflict);
            }
        }
        Ok(())
    });
}

#[test]
fn both_clients_of_a_conflict_come_to_the_same() {
    let mut conflicts = 0;
    search(|chance| {
        let base = container(chance, 3)?;
        let (one, other) = (edited(chance, &base)?, edited(chance, &base)?);
        let (base, one, other) = (value(&base), value(&one), value(&other));
        let merged = merge(base, one, other, Side::Local);
        assert_eq!(merged, merge(base, other, one, Side::Remote));
        // And nothing remains to be merged.
        let merged_value = value(&merged.text);
        assert!(value(&merge(base, merged_value, merged_value, Side::Remote).text).is_equal(&merged_value));
        conflicts += usize::from(merged.has_conflict);
        Ok(())
    });
    assert!(env::var_os("ARBTEST_SEED").is_some() || conflicts > 0);
}

#[test]
fn edits_of_different_members_survive_on_both_sides() {
    let mut survived = 0;
    search(|chance| {
        let base = object(chance, |chance| object(chance, |chance| json(chance, 2)))?;
        let member = |chance: &mut Unstructured<'_>| -> Result<String> {
            Ok([*chance.choose(&NAMES)?, *chance.choose(&NAMES)?].join("."))
        };
        let paths = [member(chance)?, member(chance)?].map(|text| Path::parse(&text).unwrap());
        let (mut local, mut remote) = (document(&base), document(&base));
        let edits = [edit(chance, &mut local, &paths[0])?, edit(chance, &mut remote, &paths[1])?];
        if paths[0].is_same(&paths[1]) || edits.iter().any(|edit| edit.is_err()) {
            return Ok(());
        }
        for side in [Side::Local, Side::Remote] {
            let merged = merge(value(&base), local.value(), remote.value(), side);
            assert!(!merged.has_conflict, "{base}: {} {}", local.value().text(), remote.value().text());
            let mut merged = document(&merged.text);
            for (document, path) in [(&mut local, &paths[0]), (&mut remote, &paths[1])] {
                let (expected, found) = (document.get(path), merged.get(path));
                assert_eq!(
                    found.map(|value| value.text()),
                    expected.map(|value| value.text()),
                    "{base} at {}",
                    path.text()
                );
            }
            survived += 1;
        }
        Ok(())
    });
    assert!(env::var_os("ARBTEST_SEED").is_some() || survived > 0);
}
