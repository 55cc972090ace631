//! `client.outbox`, and what `emit` can be told and tells.

use js_sys::{Array, Date, Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{
    JsClient, Page, Recorder, TestClient, callback, js, memory_bytes, property, servers, settled, text, until,
    with_outbox,
};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// Emits, and gives the receipt.
fn emit(client: &TestClient, data: &str, options: &str) -> JsValue {
    let options = js(&format!("{{ receipt: true, ...{options} }}"));
    client.events.emit_with(&"news".into(), &js(data), &options).expect("to be accepted")
}

/// The code and the outcome with which a receipt is rejected.
async fn rejection(receipt: JsValue) -> [String; 2] {
    let error = settled(receipt).await.expect_err("a rejection");
    assert_eq!(property(&error, "name"), "DeepstreamError");
    ["code", "outcome"].map(|name| property(&error, name))
}

fn offline(outbox: &str) -> TestClient {
    TestClient::with_options(&servers::scripted("unavailable"), &with_outbox(outbox))
}

#[wasm_bindgen_test]
async fn without_a_receipt_nothing_is_returned() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    for options in ["undefined", "{}", "{ receipt: false, ttl: undefined }"] {
        let returned = client.events.emit_with(&"news".into(), NOTHING, &js(options)).unwrap();
        assert!(returned.is_undefined(), "{options}");
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_receipt_resolves_when_the_server_has_it() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let receipts: Vec<_> = (0..20).map(|number| emit(&client, &number.to_string(), "{}")).collect();
    assert!(client.client.outbox().size() > 0);
    for receipt in receipts {
        assert_eq!(text(&settled(receipt).await.unwrap()), "delivered");
    }
    assert_eq!(client.client.outbox().size(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_receipt_says_why_it_will_not_be_sent() {
    let page = Page::watch();
    let client = offline("{ key: `${Math.random()}`, maxEntries: 2, overflow: 'drop-oldest' }");
    assert_eq!(rejection(emit(&client, "1", "{ delivery: 'drop' }")).await, ["OUTBOX_NOT_CONNECTED", "dropped"]);
    assert_eq!(rejection(emit(&client, "1", "{ ttl: 1 }")).await, ["OUTBOX_EXPIRED", "expired"]);
    let oldest = emit(&client, "1", "{}");
    let (second, third) = (emit(&client, "2", "{}"), emit(&client, "3", "{}"));
    assert_eq!(rejection(oldest).await, ["OUTBOX_OVERFLOW", "dropped"]);
    client.client.outbox().clear();
    assert_eq!(rejection(second).await, ["OUTBOX_CLEARED", "dropped"]);
    assert_eq!(rejection(third).await, ["OUTBOX_CLEARED", "dropped"]);

    let full = offline("{ key: `${Math.random()}`, maxBytes: 10 }");
    assert_eq!(rejection(emit(&full, "'0123456789'", "{}")).await, ["OUTBOX_FULL", "dropped"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_receipt_of_a_closed_client_says_whether_the_entry_is_kept() {
    let page = Page::watch();
    let client = offline("{ key: `${Math.random()}` }");
    let (kept, lost) = (emit(&client, "1", "{}"), emit(&client, "2", "{ delivery: 'memory' }"));
    client.client.close().unwrap();
    assert_eq!(rejection(kept).await, ["IS_CLOSED", "kept"]);
    assert_eq!(rejection(lost).await, ["IS_CLOSED", "dropped"]);
    assert_eq!(rejection(emit(&client, "3", "{}")).await, ["IS_CLOSED", "dropped"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_receipt_that_nobody_looks_at_is_no_unhandled_rejection_when_the_client_is_closed() {
    let page = Page::watch();
    let client = offline("{ key: `${Math.random()}` }");
    emit(&client, "1", "{}");
    let _ = client.client.outbox().flush();
    client.client.close().unwrap();
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn the_same_key_shares_one_entry_and_its_fate() {
    let page = Page::watch();
    let client = offline("{ key: `${Math.random()}` }");
    let receipts = [emit(&client, "1", "{ key: 'order 7' }"), emit(&client, "2", "{ key: 'order 7' }")];
    let entries = client.client.outbox().entries(&js("{ payloads: true }")).unwrap();
    assert_eq!(entries.length(), 1);
    assert_eq!([property(&entries.get(0), "key"), property(&entries.get(0), "data")], ["order 7", "1"]);
    client.client.outbox().clear();
    for receipt in receipts {
        assert_eq!(rejection(receipt).await[0], "OUTBOX_CLEARED");
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn wrong_options_of_emit_are_named_with_what_was_expected() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let heard = client.hears("news");
    for (options, words) in [
        ("7", ["argument options", "an object", "got 7"]),
        ("null", ["argument options", "an object", "got null"]),
        ("{ delivery: 'soon' }", ["option delivery", "'durable', 'memory' or 'drop'", "got 'soon'"]),
        ("{ ttl: 0 }", ["option ttl", "milliseconds from 1", "got 0"]),
        ("{ ttl: NaN }", ["option ttl", "milliseconds from 1", "got NaN"]),
        ("{ ttl: '5' }", ["option ttl", "milliseconds from 1", "got '5'"]),
        ("{ key: '' }", ["option key", "a non-empty string", "got ''"]),
        ("{ key: 7 }", ["option key", "a non-empty string", "got 7"]),
        ("{ receipt: 1 }", ["option receipt", "true or false", "got 1"]),
        ("{ reciept: true }", ["option reciept", "delivery, ttl, key or receipt", "got true"]),
    ] {
        let error = client.events.emit_with(&"news".into(), NOTHING, &js(options)).expect_err(options);
        let message = property(&error, "message");
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    assert_eq!(heard.count(), 0, "what is refused is not delivered here either");
    assert_eq!(client.client.outbox().size(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn wrong_options_of_the_outbox_are_named_with_what_was_expected() {
    let page = Page::watch();
    let methods = "getItem() {}, setItem() {}, removeItem() {}";
    for (outbox, words) in [
        ("7".into(), ["option outbox:", "an object", "got 7"]),
        ("{ storage: 'disk' }".into(), ["option outbox.storage", "an object with getItem, setItem", "got 'disk'"]),
        (format!("{{ storage: {{ {methods} }} }}"), ["option outbox.storage", "and keys", "got an object"]),
        ("{ maxEntries: 0 }".into(), ["option outbox.maxEntries", "a whole number from 1", "got 0"]),
        ("{ overflow: 'block' }".into(), ["option outbox.overflow", "'reject' or 'drop-oldest'", "got 'block'"]),
        ("{ key: '' }".into(), ["option outbox.key", "a string that is not empty", "got ''"]),
    ] {
        let made = JsClient::make(&servers::real().into(), &js(&format!("{{ outbox: {outbox} }}")));
        let message = property(&made.err().expect(&outbox), "message");
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn the_outbox_can_be_looked_at() {
    let page = Page::watch();
    let client = offline("{ key: `${Math.random()}` }");
    let outbox = client.client.outbox();
    assert!(outbox.size() == 0 && outbox.bytes() == 0 && outbox.oldest().is_null());
    let before = Date::now().floor();
    client.emits("news", &js("{ text: 'ä' }"));
    client.events.emit_with(&"noise".into(), NOTHING, &js("{ delivery: 'memory', ttl: 60000 }")).unwrap();
    let after = Date::now();
    assert_eq!((outbox.size(), outbox.bytes()), (2, "news".len() + r#"{"text":"ä"}"#.len() + "noise".len()));
    let oldest = outbox.oldest().as_f64().unwrap();
    assert!(before - 1.0 <= oldest && oldest <= after + 1.0, "{before} {oldest} {after}");

    let entries = outbox.entries(NOTHING).unwrap();
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| ["name", "delivery", "isStored", "isSent", "data"].map(|name| property(&entry, name)))
        .collect();
    assert_eq!(
        shown,
        [["news", "durable", "true", "false", "undefined"], ["noise", "memory", "false", "false", "undefined"]]
    );
    let lifetime = |entry: JsValue| {
        let number = |name: &str| Reflect::get(&entry, &name.into()).unwrap().as_f64().unwrap();
        number("expiresAt") - number("createdAt")
    };
    assert!((lifetime(entries.get(0)) - 86_400_000.0).abs() < 100.0);
    assert!((lifetime(entries.get(1)) - 60_000.0).abs() < 100.0);
    let payloads = outbox.entries(&js("{ payloads: true }")).unwrap();
    assert_eq!(property(&payloads.get(0), "data"), r#"{"text":"ä"}"#);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn the_outbox_tells_what_happens_to_it() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("echo"));
    let outbox = client.client.outbox();
    let [changed, sent, dropped] = ["changed", "sent", "dropped"].map(|event| {
        let recorder = Recorder::new();
        outbox.on(&event.into(), &recorder.function).unwrap();
        recorder
    });
    client.emits("news", &1.into());
    client.emits("news", &2.into());
    assert_eq!(changed.count(), 2);
    outbox.clear();
    assert_eq!((changed.count(), outbox.size()), (3, 0));
    let [[entries, reason, _]] = &dropped.calls()[..] else { panic!("one call") };
    assert_eq!((entries.unchecked_ref::<Array>().length(), text(reason)), (2, "cleared".into()));
    assert_eq!(property(&entries.unchecked_ref::<Array>().get(1), "data"), "2");

    client.emits("news", &3.into());
    client.logs_in().await;
    settled(outbox.flush()).await.unwrap();
    let [[entries, ..]] = &sent.calls()[..] else { panic!("one call") };
    assert_eq!(property(&entries.unchecked_ref::<Array>().get(0), "name"), "news");
    assert_eq!(outbox.size(), 0);

    outbox.off(&"changed".into(), NOTHING).unwrap();
    let told = changed.count();
    client.emits("news", &4.into());
    assert_eq!(changed.count(), told);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn the_outbox_knows_its_events() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("echo"));
    let outbox = client.client.outbox();
    for event in ["'change'", "undefined", "7"] {
        let error = outbox.on(&js(event), &Recorder::new().function).expect_err(event);
        let message = property(&error, "message");
        assert!(message.contains("'changed', 'sent', 'dropped' or 'degraded'"), "{message}");
    }
    assert!(outbox.on(&"changed".into(), NOTHING).is_err());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_is_emitted_while_the_outbox_tells_is_sent_in_order() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let heard = client.hears("news");
    let emit_more = {
        let events = client.events.clone();
        let left = std::cell::Cell::new(50);
        callback(move |_, _, _| {
            if left.get() > 0 {
                left.set(left.get() - 1);
                events.emit(&"news".into(), &(50 - left.get()).into()).unwrap();
            }
        })
    };
    client.client.outbox().on(&"changed".into(), &emit_more).unwrap();
    client.client.outbox().on(&"sent".into(), &emit_more).unwrap();
    client.emits("news", &0.into());
    until("all are heard here and come back", || heard.count() == 102).await;
    let outbox = client.client.outbox();
    until("the server has confirmed them", || outbox.size() == 0).await;
    let numbers: Vec<_> = (0..=50).map(|number: i32| number.to_string()).collect();
    assert!(heard.texts().ends_with(&numbers), "as they come back: {:?}", heard.texts());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn many_receipts_are_settled_in_order() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let settled_order = Recorder::new();
    let note = js("(promise, number, note) => promise.then(() => note(number))").unchecked_into::<Function>();
    for number in 0..3_000 {
        note.call3(NOTHING, &emit(&client, "0", "{}"), &number.into(), &settled_order.function).unwrap();
    }
    until("all are settled", || settled_order.count() == 3_000).await;
    let expected: Vec<_> = (0..3_000).map(|number: i32| number.to_string()).collect();
    assert_eq!(settled_order.texts(), expected);
    page.was_quiet().await;
}

/// A thousand entries, twenty times: memory is given back.
#[wasm_bindgen_test]
async fn what_was_sent_leaves_no_memory_behind() {
    const ENTRIES: usize = 1_000;
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let data = js("'x'.repeat(200)");
    let mut memory_after = Vec::new();
    for _ in 0..20 {
        client.client.pause().unwrap();
        for _ in 0..ENTRIES {
            client.emits("news", &data);
        }
        assert_eq!(client.client.outbox().size(), ENTRIES);
        client.client.resume(&callback(|_, _, _| {})).unwrap();
        client.comes_to("OPEN").await;
        settled(client.client.outbox().flush()).await.unwrap();
        assert_eq!(client.client.outbox().size(), 0);
        memory_after.push(memory_bytes());
    }
    // Where the memory of a page is in pieces, it takes some rounds until they fit.
    assert_eq!(memory_after[19], memory_after[9], "after each round: {memory_after:?}");
    page.was_quiet().await;
}
