//! Events between clients, through a real server unless said otherwise.

use js_sys::Object;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, Recorder, Replaced, TestClient, js, servers, text, until};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// One value of every kind, and what must arrive where that is something else.
const PAYLOADS: [(&str, Option<&str>); 24] = [
    ("undefined", None),
    ("null", None),
    ("true", None),
    ("false", None),
    ("0", None),
    ("-0", Some("0")),
    ("-1.5e-7", None),
    ("Number.MAX_VALUE", None),
    ("Number.MAX_SAFE_INTEGER", None),
    ("NaN", Some("null")),
    ("Infinity", Some("null")),
    ("''", None),
    ("'plain'", None),
    ("'Grüße, 世界, 🦀, e\\u0301'", None),
    ("'\\uD83E alone \\uDD80'", None),
    ("'\\0 \\u0001 \\u2028 \" \\\\ / \\n'", None),
    ("[]", None),
    ("[1, [2, [3, null]], 'four']", None),
    ("{}", None),
    ("{ a: { b: [{ c: 'd' }] }, '': 1, '🦀': 2, __proto__: null }", None),
    ("{ gone: undefined, left: 1 }", Some("{ left: 1 }")),
    ("[undefined, () => {}]", Some("[null, null]")),
    ("new Date(0)", Some("'1970-01-01T00:00:00.000Z'")),
    ("'x'.repeat(100000)", None),
];

/// Waits until what the writer emits under this name reaches the reader, who subscribed to it before.
async fn until_connected(writer: &TestClient, reader: &TestClient, name: &str) {
    // A server takes the messages of a connection in order: once it knows this subscription, it knows the one before.
    let knock = format!("{name}: knock");
    let heard = reader.hears(&knock);
    until("the server knows the subscription", || {
        writer.emits(&knock, NOTHING);
        heard.count() > 0
    })
    .await;
}

#[wasm_bindgen_test]
async fn every_kind_of_value_arrives_both_ways() {
    let page = Page::watch();
    let clients = [TestClient::open(servers::real()).await, TestClient::open(servers::real()).await];
    for (writer, reader) in [(&clients[0], &clients[1]), (&clients[1], &clients[0])] {
        let name = format!("values/{}", reader.client.uid());
        let heard = reader.hears(&name);
        until_connected(writer, reader, &name).await;
        for (value, _) in PAYLOADS {
            writer.emits(&name, &js(value));
        }
        until("everything arrives", || heard.count() == PAYLOADS.len()).await;
        for ((sent, arrives), [received, ..]) in PAYLOADS.iter().zip(heard.calls()) {
            assert_eq!(exact(&received), exact(&js(arrives.unwrap_or(sent))), "{sent}");
        }
    }
    assert_eq!(clients.map(|client| client.errors.count()), [0, 0]);
    page.was_quiet().await;
}

/// The type and the content: unlike [`text`], this tells `null` from `'null'`.
fn exact(value: &JsValue) -> (String, String) {
    (text(&value.js_typeof()), text(value))
}

#[wasm_bindgen_test]
async fn names_may_be_any_text() {
    let page = Page::watch();
    let writer = TestClient::open(servers::real()).await;
    let reader = TestClient::open(servers::real()).await;
    for name in ["ü/🦀", "__proto__", "a b\u{0}c", "toString", &"long".repeat(1000)] {
        let heard = reader.hears(name);
        until_connected(&writer, &reader, name).await;
        writer.emits(name, &name.into());
        until("it arrives", || heard.count() > 0).await;
        assert_eq!(heard.texts(), [name]);
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn local_subscribers_get_the_very_same_object_before_emit_returns() {
    let page = Page::watch();
    let client = TestClient::new(servers::real());
    let (first, second) = (client.hears("news"), client.hears("news"));
    let payload = js("{ list: [1], unsayable: undefined }");
    client.emits("news", &payload);
    for heard in [&first, &second] {
        let [[received, more, _]] = &heard.calls()[..] else { panic!("called {} times", heard.count()) };
        assert!(Object::is(received, &payload));
        assert!(more.is_undefined());
    }
    client.logs_in().await;
    client.emits("news", NOTHING);
    assert_eq!(first.count(), 2);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_is_emitted_before_the_login_arrives_after_it_in_order() {
    let page = Page::watch();
    let reader = TestClient::open(servers::real()).await;
    let writer = TestClient::new(servers::real());
    let name = format!("early/{}", writer.client.uid());
    let heard = reader.hears(&name);
    let probe = TestClient::open(servers::real()).await;
    until_connected(&probe, &reader, &name).await;
    for number in 0..100 {
        writer.emits(&name, &number.into());
    }
    writer.logs_in().await;
    until("everything arrives", || heard.count() == 100).await;
    assert_eq!(heard.texts(), (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn unsubscribing_ends_one_callback_or_all() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let [first, second, third] = [(); 3].map(|()| client.hears("news"));
    client.events.unsubscribe(&"news".into(), &first.function).unwrap();
    client.emits("news", &1.into());
    until("the echo", || second.count() == 2).await;
    assert_eq!((first.count(), third.count()), (0, 2));
    assert_eq!(client.events.event_names(), ["news"]);

    client.events.unsubscribe(&"news".into(), NOTHING).unwrap();
    assert!(client.events.event_names().is_empty());
    client.emits("news", &2.into());
    client.gets_an_echo().await;
    assert_eq!([first, second, third].map(|heard| heard.count()), [0, 2, 2]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn names_that_come_and_go_get_their_own_events() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let kept = client.hears("kept");
    for round in 1..=20 {
        let names = [format!("first {round}"), format!("second {round}")];
        let heard = [client.hears(&names[0]), client.hears(&names[1])];
        client.emits(&names[0], &1.into());
        client.emits(&names[1], &2.into());
        client.emits("kept", &round.into());
        // Each once from here, and once from the server.
        until("the echo", || kept.count() == 2 * round).await;
        assert_eq!(heard.each_ref().map(Recorder::texts), [["1", "1"], ["2", "2"]]);
        client.events.unsubscribe(&names[0].as_str().into(), NOTHING).unwrap();
        let next = client.hears(&format!("third {round}"));
        client.emits(&names[1], &3.into());
        client.gets_an_echo().await;
        assert_eq!((heard[0].count(), heard[1].count(), next.count()), (2, 4, 0));
        client.events.unsubscribe(&names[1].as_str().into(), NOTHING).unwrap();
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn unsubscribing_from_nothing_is_told_and_harmless() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let warnings = Recorder::new();
    let console = Replaced::with("console", "warn", &warnings.function);
    client.events.unsubscribe(&"news".into(), NOTHING).unwrap();
    client.events.unsubscribe(&"news".into(), &warnings.function).unwrap();
    drop(console);
    assert_eq!(warnings.count(), 2);
    assert!(warnings.texts()[0].contains("NOT_SUBSCRIBED") && warnings.texts()[0].contains("news"));
    client.gets_an_echo().await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn the_server_hears_of_each_name_once_and_in_bulk() {
    let page = Page::watch();
    servers::reset().await;
    let client = TestClient::new(&servers::scripted("echo"));
    for number in 0..50 {
        client.hears(&format!("name {}", number % 25));
    }
    client.logs_in().await;
    client.gets_an_echo().await;
    // One message for all names that were there at the login, one for the name of the echo.
    assert_eq!(servers::report().await.received("EVENT/SUBSCRIBE"), 2);
    assert_eq!(client.events.event_names().len(), 25);
    assert_eq!(client.errors.count(), 0);
    page.was_quiet().await;
}
