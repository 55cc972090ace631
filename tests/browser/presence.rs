//! Presence as an application uses it: `getAll` in its four forms, and subscriptions in theirs.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{
    JsPresence, Page, Recorder, Replaced, TestClient, js, next_task, property, servers, settled, text, until,
};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// A client that is logged in to the real server as a user of this test's own. Returns the user too.
async fn log_in(user: &str) -> (TestClient, String) {
    let client = TestClient::new(servers::real());
    let user = format!("{user} {}", client.client.uid());
    logs_in_as(&client, &user).await;
    (client, user)
}

async fn logs_in_as(client: &TestClient, user: &str) {
    let params = js("{}");
    js_sys::Reflect::set(&params, &"username".into(), &user.into()).unwrap();
    settled(client.client.login(&params, NOTHING).unwrap()).await.expect("to be logged in");
}

/// What a presence callback was told: `+bob` came, `-bob` went.
fn told(recorder: &Recorder) -> Vec<String> {
    let told = |[user, online, _]: [JsValue; 3]| {
        let sign = if online.as_bool().expect("a boolean") { "+" } else { "-" };
        [sign, &text(&user)].concat()
    };
    recorder.calls().into_iter().map(told).collect()
}

/// Waits until the server has handled everything that was asked of the client so far, and answered.
async fn is_in_step(presence: &JsPresence) {
    // Subscriptions are sent by a timer.
    next_task().await;
    settled(presence.get_all(NOTHING, NOTHING).unwrap()).await.expect("an answer");
}

#[wasm_bindgen_test]
async fn questions_are_answered_through_promises() {
    let page = Page::watch();
    let (ann, own_name) = log_in("ann").await;
    let (_bob, bobs_name) = log_in("bob \\\"").await;
    let presence = ann.client.presence();
    let all = settled(presence.get_all(NOTHING, NOTHING).unwrap()).await.unwrap();
    let all: Vec<_> = all.unchecked_into::<js_sys::Array>().iter().map(|user| text(&user)).collect();
    assert!(all.contains(&bobs_name) && !all.contains(&own_name), "{all:?}");

    let users = [&bobs_name, &own_name, "nobody"].map(JsValue::from_str);
    let some = settled(presence.get_all(&js_sys::Array::of(&users), NOTHING).unwrap()).await.unwrap();
    let online = users.map(|user| property(&some, &text(&user)));
    assert_eq!(online, ["true", "true", "false"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn questions_are_answered_through_callbacks() {
    let page = Page::watch();
    let (ann, _) = log_in("ann").await;
    let presence = ann.client.presence();
    let (all, some) = (Recorder::new(), Recorder::new());
    assert!(presence.get_all(&all.function, NOTHING).unwrap().is_undefined());
    assert!(presence.get_all(&js("['nobody']"), &some.function).unwrap().is_undefined());
    until("both are answered", || all.count() == 1 && some.count() == 1).await;
    assert!(all.calls()[0][0].is_null() && js_sys::Array::is_array(&all.calls()[0][1]));
    assert!(some.calls()[0][0].is_null());
    assert_eq!(text(&some.calls()[0][1]), r#"{"nobody":false}"#);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_failure_reaches_promises_and_callbacks_with_its_reason() {
    let page = Page::watch();
    let (ann, _) = log_in("ann").await;
    let presence = ann.client.presence();
    let failed = Recorder::new();
    presence.get_all(&failed.function, NOTHING).unwrap();
    ann.client.pause().unwrap();
    assert_eq!(failed.count(), 1, "within the call");
    assert_eq!(failed.calls()[0][0], "client offline");
    assert!(failed.calls()[0][1].is_undefined());
    let error = settled(presence.get_all(&js("['nobody']"), NOTHING).unwrap()).await.unwrap_err();
    assert_eq!(
        (property(&error, "name"), property(&error, "code")),
        ("DeepstreamError".into(), "client offline".into())
    );
    ann.client.close().unwrap();
    let error = settled(presence.get_all(NOTHING, NOTHING).unwrap()).await.unwrap_err();
    assert_eq!(property(&error, "code"), "IS_CLOSED");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn those_who_come_and_go_are_told_to_each_subscriber_until_they_unsubscribe() {
    let page = Page::watch();
    let (ann, _) = log_in("ann").await;
    let bob = TestClient::new(servers::real());
    let user = bob.client.uid();
    let presence = ann.client.presence();
    let [first, second, everyone] = [(); 3].map(|()| Recorder::new());
    for heard in [&first, &second] {
        presence.subscribe(&user.as_str().into(), &heard.function, NOTHING).unwrap();
    }
    presence.subscribe(&everyone.function, NOTHING, NOTHING).unwrap();
    is_in_step(&presence).await;
    logs_in_as(&bob, &user).await;
    until("all are told", || [&first, &second].iter().all(|heard| heard.count() == 1)).await;

    presence.unsubscribe(&user.as_str().into(), &first.function).unwrap();
    bob.client.close().unwrap();
    until("the second is told", || second.count() == 2).await;
    let (came, went) = (format!("+{user}"), format!("-{user}"));
    assert_eq!(told(&second), [came.as_str(), &went]);
    assert_eq!(told(&first), [came.as_str()]);
    let of_bob: Vec<_> = told(&everyone).into_iter().filter(|told| told.contains(&user)).collect();
    assert_eq!(of_bob, [came, went]);

    presence.unsubscribe(NOTHING, NOTHING).unwrap();
    let heard = everyone.count();
    is_in_step(&presence).await;
    let (carol, _) = log_in("carol").await;
    carol.client.close().unwrap();
    is_in_step(&presence).await;
    assert_eq!((second.count(), everyone.count()), (2, heard));
    assert_eq!(ann.errors.count(), 0, "{:?}", ann.errors.second_texts());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_was_missed_while_away_is_told() {
    let page = Page::watch();
    let (ann, _) = log_in("ann").await;
    let (watcher, _) = log_in("watcher").await;
    let bob = TestClient::new(servers::real());
    let user = bob.client.uid();
    let [heard, watched] = [(); 2].map(|()| Recorder::new());
    for (client, recorder) in [(&ann, &heard), (&watcher, &watched)] {
        let presence = client.client.presence();
        presence.subscribe(&user.as_str().into(), &recorder.function, NOTHING).unwrap();
        is_in_step(&presence).await;
    }
    logs_in_as(&bob, &user).await;
    until("both are told that he came", || heard.count() == 1 && watched.count() == 1).await;
    ann.client.pause().unwrap();
    bob.client.close().unwrap();
    until("the server knows that he went", || watched.count() == 2).await;
    ann.client.resume(NOTHING).unwrap();
    until("it is told", || heard.count() == 2).await;
    assert_eq!(told(&heard), [format!("+{user}"), format!("-{user}")]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn wrong_arguments_are_named_and_change_nothing() {
    let page = Page::watch();
    let (ann, _) = log_in("ann").await;
    let presence = ann.client.presence();
    let function = Recorder::new().function;
    let refused = |outcome: Result<JsValue, JsValue>, words: &[&str]| {
        let error = outcome.expect_err("to be refused");
        assert_eq!(property(&error, "code"), "INVALID_ARGUMENT");
        let message = property(&error, "message");
        assert!(words.iter().all(|word| message.contains(word)), "{words:?} in {message}");
    };
    fn undefined<T>(outcome: Result<T, JsValue>) -> Result<JsValue, JsValue> {
        outcome.map(|_| JsValue::UNDEFINED)
    }
    for user in ["''", "7", "null", "{}"] {
        refused(undefined(presence.subscribe(&js(user), &function, NOTHING)), &["user", "a non-empty string"]);
        refused(undefined(presence.unsubscribe(&js(user), &function)), &["user", "a non-empty string"]);
    }
    refused(undefined(presence.subscribe(NOTHING, NOTHING, NOTHING)), &["callback", "got undefined"]);
    refused(undefined(presence.subscribe(&"bob".into(), NOTHING, NOTHING)), &["callback", "got undefined"]);
    refused(undefined(presence.unsubscribe(&"bob".into(), &js("7"))), &["callback", "got 7"]);
    refused(undefined(presence.unsubscribe(NOTHING, &js("7"))), &["callback", "got 7"]);
    refused(presence.get_all(&js("'bob'"), NOTHING), &["users", "an array of strings", "got 'bob'"]);
    refused(presence.get_all(&js("['bob', 7]"), NOTHING), &["users", "an array of strings", "got 7"]);
    refused(presence.get_all(&js("['bob']"), &js("7")), &["callback", "got 7"]);

    let warnings = Recorder::new();
    let console = Replaced::with("console", "warn", &warnings.function);
    presence.unsubscribe(&"bob".into(), NOTHING).unwrap();
    presence.unsubscribe(&function, NOTHING).unwrap();
    presence.unsubscribe(NOTHING, NOTHING).unwrap();
    drop(console);
    assert_eq!(warnings.count(), 2, "{:?}", warnings.texts());
    assert!(warnings.texts().iter().all(|warning| warning.contains("NOT_SUBSCRIBED")));
    is_in_step(&presence).await;
    page.was_quiet().await;
}
