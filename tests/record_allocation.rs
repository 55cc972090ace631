//! What records cost in memory.

#![cfg(not(target_arch = "wasm32"))]

use allocation_counter::measure;
use deepstream_wasm::client::record::{Document, Path};

/// 100 kB: a thousand rows of an object.
fn large() -> String {
    let rows: Vec<_> = (0..1000)
        .map(|row| format!(r#""row{row}":{{"id":{row},"name":"{}","tags":["a","b"],"price":1.5}}"#, "x".repeat(50)))
        .collect();
    let text = format!("{{{}}}", rows.join(","));
    assert!(text.len() > 100_000);
    text
}

#[test]
fn a_patch_touches_its_path_alone() {
    let mut document = Document::parse(&large()).unwrap();
    let path = Path::parse("row700.price").unwrap();
    document.set(&path, "2.5").unwrap();
    let other = Path::parse("row701.tags[1]").unwrap();

    for path in [&path, &other] {
        let cost = measure(|| {
            document.set(path, "3.5").unwrap();
        });
        assert!(cost.bytes_total < 1000, "{} bytes to set {}", cost.bytes_total, path.text());
    }
    let cost = measure(|| {
        let mut change = document.set(&path, "4.5").unwrap();
        assert!(change.is_seen_at(&path, &mut document));
        assert!(!change.is_seen_at(&other, &mut document));
    });
    assert!(cost.bytes_total < 100 && cost.count_total < 5, "{cost:?}");
}

#[test]
fn a_document_that_nobody_looks_into_is_its_text() {
    let text = large();
    let cost = measure(|| {
        let document = Document::parse(&text).unwrap();
        assert_eq!(document.value().text(), text);
    });
    assert!(cost.bytes_total < text.len() as u64 + 100, "{cost:?}");
}

#[test]
fn what_is_not_looked_into_stays_text() {
    let text = large();
    let mut document = Document::parse(&text).unwrap();
    let path = Path::parse("row700.price").unwrap();
    let cost = measure(|| {
        assert_eq!(document.get(&path).unwrap().text(), "1.5");
    });
    // The text once more, in pieces, and less than 100 bytes for each row; not for what is in the rows.
    assert!(cost.bytes_max < text.len() as u64 + 100 * 1000, "{cost:?}");
    assert!(cost.count_total < 1100, "{cost:?}");
}

#[test]
fn texts_are_compared_without_being_taken_apart() {
    let text = large();
    let [same, other] =
        [text.clone(), text.replace("\"id\":700", "\"id\":701")].map(|text| text.replace("1.5", "1.50"));
    let [text, same, other] = [&text, &same, &other].map(|text| Document::parse(text).unwrap());
    let cost = measure(|| {
        assert!(text.value().is_equal(&same.value()));
        assert!(!text.value().is_equal(&other.value()));
    });
    assert!(cost.bytes_total < 1000, "{cost:?}");
}
