//! `on`, `once`, `off` and `hasListeners`, and callbacks that change who is called.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, Recorder, TestClient, callback, js, servers, until};

const NOTHING: &JsValue = &JsValue::UNDEFINED;
const STATE: &str = "connectionStateChanged";

#[wasm_bindgen_test]
async fn on_calls_each_time_once_calls_once_and_off_ends_both() {
    let page = Page::watch();
    let TestClient { client, .. } = TestClient::new(&servers::scripted("deepstream"));
    client.off(NOTHING, NOTHING, NOTHING).unwrap();
    assert!(client.event_names().is_empty());
    let [always, once, ended, ended_once] = [(); 4].map(|()| Recorder::new());
    client.on(&STATE.into(), &always.function, NOTHING).unwrap();
    client.once(&STATE.into(), &once.function, NOTHING).unwrap();
    client.on(&STATE.into(), &ended.function, NOTHING).unwrap();
    client.once(&STATE.into(), &ended_once.function, NOTHING).unwrap();
    client.off(&STATE.into(), &ended.function, NOTHING).unwrap();
    client.off(&STATE.into(), &ended_once.function, NOTHING).unwrap();
    assert_eq!(client.event_names(), [STATE]);
    until("some states", || always.count() == 3).await;
    assert_eq!(once.texts(), ["AWAITING_CONNECTION"]);
    assert_eq!((ended.count(), ended_once.count()), (0, 0));

    assert!(client.has_listeners(STATE));
    client.off(&STATE.into(), NOTHING, NOTHING).unwrap();
    assert!(!client.has_listeners(STATE));
    client.pause().unwrap();
    assert_eq!(always.count(), 3);
    page.was_quiet().await;
}

/// A function that listens for the next time only does not end its own listening for all times.
#[wasm_bindgen_test]
async fn the_same_function_may_listen_once_and_always() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("deepstream"));
    let heard = Recorder::new();
    client.client.on(&STATE.into(), &heard.function, NOTHING).unwrap();
    client.client.once(&STATE.into(), &heard.function, NOTHING).unwrap();
    client.comes_to("AWAITING_AUTHENTICATION").await;
    let expected = ["AWAITING_CONNECTION", "AWAITING_CONNECTION", "CHALLENGING", "AWAITING_AUTHENTICATION"];
    assert_eq!(heard.texts(), expected);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn the_scope_is_this_and_tells_listeners_apart() {
    let page = Page::watch();
    let TestClient { client, states, .. } = TestClient::new(&servers::scripted("deepstream"));
    let seen = Array::new();
    let listener = js("(seen) => function () { seen.push(this); }")
        .unchecked_into::<js_sys::Function>()
        .call1(NOTHING, &seen)
        .unwrap();
    let [scope, other_scope] = [js("{ name: 'scope' }"), js("{ name: 'other' }")];
    client.once(&STATE.into(), &listener, &scope).unwrap();
    client.on(&STATE.into(), &listener, &other_scope).unwrap();
    client.off(&STATE.into(), &listener, &other_scope).unwrap();
    until("some states", || states.count() == 3).await;
    assert_eq!(seen.length(), 1);
    assert!(Object::is(&seen.get(0), &scope));
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn listeners_removed_while_they_are_called_are_not_called_any_more_and_added_ones_from_the_next_time_on() {
    let page = Page::watch();
    let TestClient { client, states, .. } = TestClient::new(&servers::scripted("deepstream"));
    let (removed, added) = (Recorder::new(), Recorder::new());
    let change = {
        let (client, removed, added) = (client.clone(), removed.function.clone(), added.function.clone());
        callback(move |_, _, _| {
            client.off(&STATE.into(), &removed, NOTHING).unwrap();
            client.on(&STATE.into(), &added, NOTHING).unwrap();
        })
    };
    client.once(&STATE.into(), &change, NOTHING).unwrap();
    client.on(&STATE.into(), &removed.function, NOTHING).unwrap();
    until("some states", || states.count() == 3).await;
    assert_eq!(removed.count(), 0);
    assert_eq!(added.texts(), ["CHALLENGING", "AWAITING_AUTHENTICATION"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn subscribers_removed_while_they_are_called_are_not_called_any_more_and_added_ones_from_the_next_time_on() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let (removed, added) = (Recorder::new(), Recorder::new());
    let name = JsValue::from("news");
    let change = {
        let (events, removed, added, name) =
            (client.events.clone(), removed.function.clone(), added.function.clone(), name.clone());
        let mut is_first = true;
        callback(move |_, _, _| {
            if std::mem::take(&mut is_first) {
                events.unsubscribe(&name, &removed).unwrap();
                events.subscribe(&name, &added).unwrap();
            }
        })
    };
    client.events.subscribe(&name, &change).unwrap();
    client.events.subscribe(&name, &removed.function).unwrap();
    client.emits("news", &1.into());
    assert_eq!((removed.count(), added.count()), (0, 0), "locally");
    until("the echo", || added.count() == 1).await;
    assert_eq!(removed.count(), 0);
    page.was_quiet().await;
}
