//! What is left when a client is gone: nothing.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{
    JsClient, Page, Recorder, Replaced, SocketsMade, TestClient, callback, js, memory_bytes, options, servers, until,
};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

#[wasm_bindgen_test]
async fn nothing_reopens_after_close() {
    let page = Page::watch();
    for state in ["new", "INITIALISING", "CHALLENGING", "AWAITING_AUTHENTICATION", "OPEN", "RECONNECTING", "OFFLINE"] {
        let client = TestClient::in_state(state).await;
        let sockets = SocketsMade::count();
        client.client.close().unwrap();
        assert_eq!(client.client.state(), "CLOSED");
        let told = client.states.count();
        client.client.pause().unwrap();
        client.client.resume(NOTHING).unwrap();
        client.client.login(NOTHING, NOTHING).unwrap();
        client.client.close().unwrap();
        client.emits("news", NOTHING);
        // As long as a client with these options would need to try again, many times over.
        let bystander = TestClient::new(&servers::scripted("cut"));
        let sockets_of_bystander = servers::scripted("cut");
        until("another client has tried again and again", || sockets.so_far_to(&sockets_of_bystander) >= 10).await;
        bystander.client.close().unwrap();
        assert_eq!(client.client.state(), "CLOSED", "from {state}");
        assert_eq!(client.states.count(), told, "from {state}");
        assert_eq!(sockets.so_far(), sockets.so_far_to(&sockets_of_bystander), "from {state}");
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_paused_client_has_no_socket_until_it_is_resumed() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let heard = client.hears("news");
    client.client.pause().unwrap();
    assert_eq!(client.client.state(), "OFFLINE");
    servers::until_seen("all sockets are closed", |report| report.open == 0).await;
    client.emits("news", &1.into());
    assert_eq!(heard.count(), 1, "locally");
    client.client.resume(NOTHING).unwrap();
    client.comes_to("OPEN").await;
    until("the echo", || heard.count() == 2).await;
    let told = client.states.texts();
    assert_eq!(told.iter().filter(|state| *state == "OFFLINE").count(), 1);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn closing_in_the_very_first_callback_is_the_end() {
    let page = Page::watch();
    let sockets = SocketsMade::count();
    let client = TestClient::new(&servers::scripted("deepstream"));
    let close = {
        let client = client.client.clone();
        callback(move |_, _, _| client.close().unwrap())
    };
    client.client.once(&"connectionStateChanged".into(), &close, NOTHING).unwrap();
    let later = Recorder::new();
    client.client.on(&"connectionStateChanged".into(), &later.function, NOTHING).unwrap();
    until("everything is told", || later.count() == 4).await;
    // The socket leads to the first two in one step. In this order also for those told after the one that closes.
    for told in [&client.states, &later] {
        assert_eq!(told.texts(), ["AWAITING_CONNECTION", "CHALLENGING", "CLOSING", "CLOSED"]);
    }
    assert!(sockets.so_far() <= 1);
    servers::until_seen("all sockets are closed", |report| report.open == 0).await;
    page.was_quiet().await;
}

/// What callbacks hold on to would otherwise live as long as whoever holds the client.
#[wasm_bindgen_test]
async fn a_closed_client_lets_go_of_its_callbacks() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    client.hears("news");
    assert!(client.client.has_listeners("error"));
    client.client.close().unwrap();
    assert!(client.client.event_names().is_empty());
    assert!(client.events.event_names().is_empty());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn whoever_listens_to_a_closed_client_hears_that_it_is_closed_once() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    client.client.close().unwrap();
    let errors = Recorder::new();
    for name in ["news", "more news"] {
        client.client.on(&"error".into(), &errors.function, NOTHING).unwrap();
        client.emits(name, NOTHING);
        assert!(!client.client.has_listeners("error"), "and is let go of again");
    }
    let heard = client.hears("news");
    assert!(client.events.event_names().is_empty());
    client.emits("news", NOTHING);
    assert_eq!(heard.count(), 0);
    assert_eq!(errors.second_texts(), ["IS_CLOSED", "IS_CLOSED"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_closed_client_no_longer_listens_to_the_page() {
    let page = Page::watch();
    let (added, removed) = (Recorder::new(), Recorder::new());
    let noting = |method: &'static str, recorder: &Recorder| {
        let note = js(&format!(
            "(note, method = EventTarget.prototype.{method}) =>
                function (name, ...rest) {{ note(name); return method.call(this, name, ...rest); }}"
        ));
        let noting = note.unchecked_into::<Function>().call1(NOTHING, &recorder.function).unwrap();
        Replaced::with("EventTarget.prototype", method, &noting)
    };
    let replaced = [noting("addEventListener", &added), noting("removeEventListener", &removed)];
    let client = TestClient::open(&servers::scripted("echo")).await;
    client.client.close().unwrap();
    drop(replaced);
    for expected in ["online", "storage"] {
        assert!(added.texts().contains(&expected.into()), "{:?}", added.texts());
    }
    let sorted = |recorder: &Recorder| {
        let mut names = recorder.texts();
        names.sort();
        names
    };
    assert_eq!(sorted(&added), sorted(&removed));
    page.was_quiet().await;
}

/// Two hundred clients, three times: sockets and memory are given back.
#[wasm_bindgen_test]
async fn clients_that_are_closed_leave_nothing_behind() {
    const CLIENTS: usize = 200;
    // Chromium makes sockets wait where many to the same server are being opened.
    const AT_A_TIME: usize = 5;
    let page = Page::watch();
    servers::reset().await;
    let mut memory_after = Vec::new();
    for round in 1..=3 {
        for _ in 0..CLIENTS / AT_A_TIME {
            open_and_close(AT_A_TIME).await;
        }
        servers::until_seen("all sockets are closed", |report| report.open == 0).await;
        assert_eq!(servers::report().await.opened as usize, round * CLIENTS);
        garbage_is_collected().await;
        memory_after.push(memory_bytes());
    }
    assert_eq!(memory_after[2], memory_after[1], "after each round: {memory_after:?}");
    page.was_quiet().await;
}

/// Has the browser collect what nobody holds, and the module notice.
async fn garbage_is_collected() {
    let collected = Recorder::new();
    let watch = js("(told) => {
        globalThis.finalizers ??= new Set();
        const finalizer = new FinalizationRegistry(told);
        finalizers.add(finalizer);
        finalizer.register({});
    }");
    watch.unchecked_into::<Function>().call1(NOTHING, &collected.function).unwrap();
    until("the garbage is collected", || {
        js("gc()");
        collected.count() > 0
    })
    .await;
}

/// Clients that are used, closed and dropped.
async fn open_and_close(count: usize) {
    let (url, options) = (servers::scripted("echo").into(), options());
    let (state, news) = (JsValue::from("connectionStateChanged"), JsValue::from("news"));
    let (ignore, user, data) = (callback(|_, _, _| {}), js("{ name: 'Ada' }"), js("{ long: 'x'.repeat(1000) }"));
    let clients: Vec<_> = (0..count).map(|_| JsClient::make(&url, &options).unwrap()).collect();
    for client in &clients {
        client.on(&state, &ignore, NOTHING).unwrap();
        client.events().subscribe(&news, &ignore).unwrap();
        client.login(&user, NOTHING).unwrap();
    }
    until("all are open", || clients.iter().all(|client| client.state() == "OPEN")).await;
    for client in clients {
        client.events().emit(&news, &data).unwrap();
        client.close().unwrap();
        client.is_garbage();
    }
}
