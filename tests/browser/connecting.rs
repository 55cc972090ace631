//! From `new` to OPEN, and what happens where there is no socket to be had.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, Replaced, SocketsMade, TestClient, js, next_task, servers, settled, until};

/// What a listener hears; INITIALISING is the state before anybody can listen.
const WAY_TO_OPEN: [&str; 5] =
    ["AWAITING_CONNECTION", "CHALLENGING", "AWAITING_AUTHENTICATION", "AUTHENTICATING", "OPEN"];

#[wasm_bindgen_test]
async fn a_listener_sees_every_state_on_the_way_to_open() {
    let page = Page::watch();
    let client = TestClient::new(servers::real());
    assert_eq!(client.client.state(), "INITIALISING");
    client.logs_in().await;
    assert_eq!(client.client.state(), "OPEN");
    assert_eq!(client.states.texts(), WAY_TO_OPEN);
    assert_eq!(client.errors.count(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn without_a_login_it_waits_for_one() {
    let page = Page::watch();
    let client = TestClient::new(servers::real());
    client.comes_to("AWAITING_AUTHENTICATION").await;
    assert_eq!(client.states.texts(), WAY_TO_OPEN[..3]);
    client.logs_in().await;
    assert_eq!(client.states.texts(), WAY_TO_OPEN);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_redirect_leads_to_another_socket() {
    let page = Page::watch();
    servers::reset().await;
    let client = TestClient::open(&servers::scripted("redirect/echo")).await;
    client.gets_an_echo().await;
    assert!(client.states.texts().contains(&"REDIRECTING".into()), "{:?}", client.states.texts());
    let report = servers::report().await;
    assert_eq!((report.opened, report.open), (2, 1), "the first socket is given up");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_replaced() {
    let page = Page::watch();
    servers::reset().await;
    let client = TestClient::open(&servers::scripted("close/1012")).await;
    until("three sockets, one after the other", || {
        client.states.texts().iter().filter(|state| *state == "OPEN").count() == 3
    })
    .await;
    client.client.close().unwrap();
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_client_that_is_closed_in_the_task_that_made_it_opens_no_socket() {
    let page = Page::watch();
    let sockets = SocketsMade::count();
    let closed = TestClient::new(&servers::scripted("deepstream"));
    closed.client.close().unwrap();
    next_task().await;
    assert_eq!(sockets.so_far(), 0);
    assert_eq!(closed.client.state(), "CLOSED");
    assert_eq!(closed.states.count(), 2, "CLOSING and CLOSED");
    page.was_quiet().await;
}

/// What React's StrictMode does to every component that has a client.
#[wasm_bindgen_test]
async fn mounting_unmounting_and_mounting_again_opens_one_socket() {
    let page = Page::watch();
    let sockets = SocketsMade::count();
    servers::reset().await;
    let mount = || {
        let client = TestClient::new(&servers::scripted("echo"));
        // Nobody looks at the promise, as in an effect: it must not become an unhandled rejection.
        let _ = client.client.login(&JsValue::UNDEFINED, &JsValue::UNDEFINED).unwrap();
        client
    };
    let first = mount();
    first.client.close().unwrap();
    let second = mount();
    second.comes_to("OPEN").await;
    second.gets_an_echo().await;
    let report = servers::report().await;
    assert_eq!((report.opened, report.received("AUTH/REQUEST")), (1, 1), "{report:?}");
    assert_eq!(sockets.so_far(), 1);
    assert_eq!(first.states.count(), 2, "CLOSING and CLOSED");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn where_no_socket_can_be_made_the_client_stops_until_it_is_resumed() {
    let page = Page::watch();
    let no_sockets =
        Replaced::with("globalThis", "WebSocket", &js("class { constructor() { throw new Error('not today'); } }"));
    let client = TestClient::new(&servers::scripted("echo"));
    let login = client.client.login(&JsValue::UNDEFINED, &JsValue::UNDEFINED).unwrap();
    settled(login).await.unwrap_err();
    assert_eq!(client.errors.second_texts(), ["WEBSOCKET_UNAVAILABLE"]);
    drop(no_sockets);
    client.client.resume(&JsValue::UNDEFINED).unwrap();
    client.comes_to("OPEN").await;
    client.gets_an_echo().await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_socket_that_cannot_be_written_to_is_a_lost_connection() {
    let page = Page::watch();
    let mute_sockets =
        Replaced::with("globalThis", "WebSocket", &js("class extends WebSocket { send() { throw 'not today'; } }"));
    let client = TestClient::new(&servers::scripted("echo"));
    client.client.login(&JsValue::UNDEFINED, &JsValue::UNDEFINED).unwrap();
    until("an error", || client.errors.count() >= 1).await;
    assert_eq!(client.errors.second_texts()[0], "CONNECTION_ERROR");
    drop(mute_sockets);
    client.comes_to("OPEN").await;
    client.gets_an_echo().await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_tried_again_and_again() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("unavailable"));
    until("several attempts", || client.errors.count() >= 3).await;
    assert_eq!(client.client.state(), "RECONNECTING");
    page.was_quiet().await;
}
