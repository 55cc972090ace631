//! What callbacks throw reaches the page's global error handling, and nothing else notices.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, Recorder, Replaced, TestClient, js, servers, until};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// A function that throws an error with this message.
fn thrower(message: &str) -> JsValue {
    js(&format!("() => {{ throw new Error('{message}'); }}"))
}

#[wasm_bindgen_test]
async fn thrown_by_listeners() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("client-data"));
    let later = Recorder::new();
    for event in ["connectionStateChanged", "clientDataChanged"] {
        client.client.once(&event.into(), &thrower(event), NOTHING).unwrap();
        client.client.once(&event.into(), &later.function, NOTHING).unwrap();
    }
    let outcome = Recorder::new();
    client.client.login(&js("{ name: 'Ada' }"), &outcome.function).unwrap();
    until("the login", || outcome.count() == 1).await;
    assert_eq!(later.texts(), ["AWAITING_CONNECTION", r#"{"name":"Ada"}"#], "listeners that come after");
    assert_eq!(client.states.count(), 5);
    page.saw(&["connectionStateChanged", "clientDataChanged"]).await;
}

#[wasm_bindgen_test]
async fn thrown_by_error_listeners() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("text"));
    let later = Recorder::new();
    client.client.on(&"error".into(), &thrower("from an error listener"), NOTHING).unwrap();
    client.client.on(&"error".into(), &later.function, NOTHING).unwrap();
    client.logs_in().await;
    until("the error", || later.count() == 1).await;
    client.gets_an_echo().await;
    page.saw(&["from an error listener"]).await;
}

#[wasm_bindgen_test]
async fn thrown_where_attempts_are_used_up() {
    let page = Page::watch();
    let url = servers::scripted("unavailable");
    let client = TestClient::with_options(&url, &js("{ maxReconnectAttempts: 0 }"));
    let later = Recorder::new();
    let event = JsValue::from("MAX_RECONNECTION_ATTEMPTS_REACHED");
    client.client.on(&event, &thrower("at the end"), NOTHING).unwrap();
    client.client.on(&event, &later.function, NOTHING).unwrap();
    client.comes_to("ERROR").await;
    assert_eq!(later.count(), 1);
    page.saw(&["at the end"]).await;
}

#[wasm_bindgen_test]
async fn thrown_where_a_login_fails_on_return() {
    let page = Page::watch();
    let url = servers::scripted(&format!("login-once/{}", js_sys::Math::random()));
    let client = TestClient::open(&url).await;
    let later = Recorder::new();
    let event = JsValue::from("reauthenticationFailure");
    client.client.on(&event, &thrower("refused"), NOTHING).unwrap();
    client.client.on(&event, &later.function, NOTHING).unwrap();
    client.emits("cut me off", NOTHING);
    until("the refusal", || later.count() == 1).await;
    assert_eq!(client.client.state(), "AWAITING_AUTHENTICATION");
    page.saw(&["refused"]).await;
}

#[wasm_bindgen_test]
async fn thrown_by_subscribers_far_and_near() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    client.events.subscribe(&"news".into(), &thrower("from a subscriber")).unwrap();
    let later = client.hears("news");
    client.emits("news", &1.into());
    assert_eq!(later.count(), 1, "emit itself throws nothing");
    until("the echo", || later.count() == 2).await;
    client.emits("news", &2.into());
    until("the next echo", || later.count() == 4).await;
    client.gets_an_echo().await;
    page.saw(&["from a subscriber"; 4]).await;
}

/// All messages of a frame are delivered, whatever the subscriber of the first does.
#[wasm_bindgen_test]
async fn thrown_between_messages_of_one_frame() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("together"));
    let heard = client.hears("news");
    client.events.subscribe(&"news".into(), &thrower("again")).unwrap();
    client.logs_in().await;
    until("all three", || heard.count() == 3).await;
    assert_eq!(heard.texts(), ["1", "2", "3"]);
    page.saw(&["again"; 3]).await;
}

#[wasm_bindgen_test]
async fn thrown_by_callbacks_of_login_and_resume() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("echo"));
    client.client.login(&thrower("after the login"), NOTHING).unwrap();
    client.client.resume(&thrower("after resuming")).unwrap();
    client.comes_to("OPEN").await;
    client.client.login(&thrower("already logged in"), NOTHING).unwrap();
    client.client.resume(&thrower("nothing to resume")).unwrap();
    client.gets_an_echo().await;
    client.client.close().unwrap();
    client.client.login(&thrower("closed"), NOTHING).unwrap();
    client.client.resume(&thrower("closed too")).unwrap();
    page.saw(&["after resuming", "after the login", "already logged in", "nothing to resume", "closed", "closed too"])
        .await;
}

#[wasm_bindgen_test]
async fn anything_may_be_thrown() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    for thrown in ["'a string'", "undefined", "null", "{ an: 'object' }", "42n"] {
        client.events.subscribe(&"news".into(), &js(&format!("() => {{ throw {thrown}; }}"))).unwrap();
    }
    client.emits("news", NOTHING);
    client.gets_an_echo().await;
    client.events.unsubscribe(&"news".into(), NOTHING).unwrap();
    let once = ["a string", "undefined", "null", r#"{"an":"object"}"#, "42"];
    page.saw(&[once, once].concat()).await;
}

/// A page that has no `reportError` gets what was thrown on its console.
#[wasm_bindgen_test]
async fn the_console_is_told_where_there_is_no_global_error_handling() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let console = Recorder::new();
    {
        let _console = Replaced::with("console", "error", &console.function);
        let _no_handler = Replaced::with("globalThis", "reportError", NOTHING);
        client.events.subscribe(&"news".into(), &js("() => { throw 'unheard'; }")).unwrap();
        client.emits("news", NOTHING);
        client.events.unsubscribe(&"news".into(), NOTHING).unwrap();
    }
    assert_eq!(console.texts(), ["unheard"]);
    client.gets_an_echo().await;
    page.was_quiet().await;
}
