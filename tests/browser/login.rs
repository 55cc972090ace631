//! `login()` in its four forms, and its outcomes.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Page, Recorder, TestClient, js, property, servers, settled, text, until};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

#[wasm_bindgen_test]
async fn a_promise_brings_what_the_server_says_about_the_user() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("client-data"));
    let changes = Recorder::new();
    client.client.on(&"clientDataChanged".into(), &changes.function, NOTHING).unwrap();
    let user = js("{ name: 'Ada', roles: ['writer', null], scores: { chess: 1.5 } }");
    let data = settled(client.client.login(&user, NOTHING).unwrap()).await.unwrap();
    assert_eq!(text(&data), text(&user));
    assert_eq!(changes.texts(), [text(&user)]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn no_data_is_null() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("deepstream"));
    assert!(client.logs_in().await.is_null());
    assert!(client.logs_in().await.is_null(), "again, when it is open");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_callback_gets_success_and_data_and_leaves_no_promise() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("client-data"));
    let outcome = Recorder::new();
    let returned = client.client.login(&js("{ name: 'Ada' }"), &outcome.function).unwrap();
    assert!(returned.is_undefined());
    until("the callback is called", || outcome.count() == 1).await;
    let [success, data, rest] = &outcome.calls()[0];
    assert_eq!((text(success), text(data)), ("true".into(), r#"{"name":"Ada"}"#.into()));
    assert!(rest.is_undefined());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_callback_alone_is_enough() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("deepstream"));
    let outcome = Recorder::new();
    client.client.login(&outcome.function, NOTHING).unwrap();
    until("the callback is called", || outcome.count() == 1).await;
    let [success, data, _] = &outcome.calls()[0];
    assert!(success.is_truthy() && data.is_null());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_refusal_rejects_with_the_reason_and_another_login_may_follow() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("login-refused"));
    let error = settled(client.client.login(NOTHING, NOTHING).unwrap()).await.unwrap_err();
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(property(&error, "name"), "DeepstreamError");
    assert_eq!(property(&error, "code"), "INVALID_AUTHENTICATION_DETAILS");
    assert_eq!(property(&error, "reason"), "refused");
    client.comes_to("AWAITING_AUTHENTICATION").await;

    let outcome = Recorder::new();
    client.client.login(&js("{ password: 'guess' }"), &outcome.function).unwrap();
    until("the callback is called", || outcome.count() == 1).await;
    let [success, data, _] = &outcome.calls()[0];
    assert_eq!((text(success), text(data)), ("false".into(), r#"{"reason":"refused"}"#.into()));
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn too_many_refusals_settle_everything() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("too-many-logins"));
    let refused = settled(client.client.login(NOTHING, NOTHING).unwrap()).await.unwrap_err();
    assert_eq!(property(&refused, "code"), "INVALID_AUTHENTICATION_DETAILS");
    client.comes_to("TOO_MANY_AUTH_ATTEMPTS").await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn whoever_fails_to_come_back_in_is_told() {
    let page = Page::watch();
    let url = servers::scripted(&format!("login-once/{}", js_sys::Math::random()));
    let client = TestClient::open(&url).await;
    let failures = Recorder::new();
    client.client.on(&"reauthenticationFailure".into(), &failures.function, NOTHING).unwrap();
    client.emits("cut me off", NOTHING);
    until("the failure is told", || failures.count() == 1).await;
    assert_eq!(failures.texts(), [r#"{"reason":"refused"}"#]);
    assert_eq!(client.client.state(), "AWAITING_AUTHENTICATION");
    page.was_quiet().await;
}

/// Every promise and every callback, in whatever state the client is, is settled when `close()` returns.
#[wasm_bindgen_test]
async fn closing_settles_everything_that_is_waited_for() {
    let page = Page::watch();
    for state in ["new", "INITIALISING", "CHALLENGING", "RECONNECTING", "OFFLINE"] {
        let client = TestClient::in_state(state).await;
        let (login_outcome, resume_outcome) = (Recorder::new(), Recorder::new());
        let promises = Array::new();
        promises.push(&client.client.login(NOTHING, NOTHING).unwrap());
        client.client.login(&login_outcome.function, NOTHING).unwrap();
        promises.push(&client.client.resume(NOTHING).unwrap());
        client.client.resume(&resume_outcome.function).unwrap();

        client.client.close().unwrap();
        assert_eq!(client.client.state(), "CLOSED");
        assert_eq!(login_outcome.texts(), ["false"], "{state}");
        assert_eq!(property(&resume_outcome.calls()[0][0], "code"), "IS_CLOSED", "{state}");
        for promise in promises {
            let error = settled(promise).await.unwrap_err();
            assert_eq!(property(&error, "code"), "IS_CLOSED", "{state}");
        }
        let afterwards = settled(client.client.login(NOTHING, NOTHING).unwrap()).await.unwrap_err();
        assert_eq!(property(&afterwards, "code"), "IS_CLOSED");
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_login_waits_through_a_pause() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("client-data"));
    let login = client.client.login(&js("{ name: 'Ada' }"), NOTHING).unwrap();
    client.client.pause().unwrap();
    client.client.resume(NOTHING).unwrap();
    assert_eq!(text(&settled(login).await.unwrap()), r#"{"name":"Ada"}"#);
    page.was_quiet().await;
}

/// Nobody has to look at a promise that fails because the application itself gave up.
#[wasm_bindgen_test]
async fn promises_left_alone_when_the_client_closes_are_no_unhandled_rejections() {
    let page = Page::watch();
    let client = TestClient::in_state("CHALLENGING").await;
    client.client.login(NOTHING, NOTHING).unwrap();
    client.client.resume(NOTHING).unwrap();
    client.client.pause().unwrap();
    client.client.resume(NOTHING).unwrap();
    client.client.close().unwrap();
    client.client.login(NOTHING, NOTHING).unwrap();
    client.client.resume(NOTHING).unwrap();
    page.was_quiet().await;
}
