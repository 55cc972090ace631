//! Locks by which clients know of each other, as the browser has them.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, TestClient, callback, js, servers, settled, until_async, with_outbox};

/// How many locks of this package are held and waited for.
pub async fn locks() -> (u32, u32) {
    let ask = "navigator.locks.query().then((state) => ['held', 'pending'].map((kind) =>
        state[kind].filter(({ name }) => name.startsWith('deepstream-wasm/')).length))";
    let counts: js_sys::Array = settled(js(ask)).await.expect("the state").unchecked_into();
    let count = |index| counts.get(index).as_f64().expect("a number") as u32;
    (count(0), count(1))
}

/// A client that is or will be logged in.
fn client(script: &str) -> TestClient {
    let client = TestClient::with_options(&servers::scripted(script), &with_outbox("{ key: 'locks' }"));
    client.client.login(&callback(|_, _, _| {}), &JsValue::UNDEFINED).expect("to be accepted");
    client
}

#[wasm_bindgen_test]
async fn a_client_with_entries_holds_a_lock_until_it_is_closed() {
    let page = Page::watch();
    let writer = client("unavailable");
    until_async("there is nothing to protect yet", async || locks().await == (0, 0)).await;
    writer.emits("news", &1.into());
    until_async("the lock is held", async || locks().await == (1, 0)).await;
    writer.client.close().unwrap();
    until_async("the lock is given back", async || locks().await == (0, 0)).await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn another_client_waits_for_the_lock_and_takes_over_what_is_left() {
    let page = Page::watch();
    let writer = client("unavailable");
    for number in 0..5 {
        writer.emits("news", &number.into());
    }
    until_async("the lock is held", async || locks().await == (1, 0)).await;
    let heir = client("echo");
    let heard = heir.hears("news");
    until_async("the heir waits", async || locks().await == (1, 1)).await;
    assert_eq!(heard.count(), 0);
    writer.client.close().unwrap();
    until_async("they are sent", async || heir.client.outbox().size() == 0 && heard.count() == 10).await;
    assert_eq!(heard.texts(), ["0", "1", "2", "3", "4", "0", "1", "2", "3", "4"], "here, and as they come back");
    until_async("no lock is left", async || locks().await == (0, 0)).await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_client_that_waits_for_a_lock_stops_to_when_it_is_closed() {
    let page = Page::watch();
    let writer = client("unavailable");
    writer.emits("news", &1.into());
    until_async("the lock is held", async || locks().await == (1, 0)).await;
    let heir = client("echo");
    until_async("the heir waits", async || locks().await == (1, 1)).await;
    heir.client.close().unwrap();
    until_async("it no longer does", async || locks().await == (1, 0)).await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn without_locks_a_client_works_all_the_same() {
    let page = Page::watch();
    for locks in ["undefined", "{ request() { throw new Error('no') } }", "{ request: async () => { throw 1 } }"] {
        js(&format!("Object.defineProperty(navigator, 'locks', {{ configurable: true, value: {locks} }})"));
        let client = TestClient::open(&servers::scripted("echo")).await;
        client.gets_an_echo().await;
        settled(client.client.outbox().flush()).await.expect("to be sent");
        client.client.close().unwrap();
        js("delete navigator.locks");
    }
    page.was_quiet().await;
}
