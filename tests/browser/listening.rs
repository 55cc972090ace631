//! Providing what others subscribe to, through a real server.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{
    Page, Recorder, Replaced, TestClient, invoke, js, property, servers, settled, signal, text, until, with_signal,
};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// A listener that records what it is asked, and the responses it may answer with.
struct Listener {
    client: TestClient,
    pattern: String,
    asked: Recorder,
}

impl Listener {
    /// A client that listens to names nobody else uses.
    async fn new() -> Self {
        let client = TestClient::open(servers::real()).await;
        let pattern = format!("^{}/", client.client.uid());
        let asked = Recorder::new();
        client.events.listen(&pattern.as_str().into(), &asked.function).expect("to be accepted");
        Self { client, pattern, asked }
    }

    /// A name that matches.
    fn name(&self, last: &str) -> String {
        self.pattern.replace('^', "") + last
    }

    /// Waits until it has been asked so often, and gives the last response.
    async fn response(&self, times: usize) -> JsValue {
        until("the listener is asked", || self.asked.count() >= times).await;
        let calls = self.asked.calls();
        assert_eq!(calls.len(), times, "{:?}", self.asked.texts());
        calls[times - 1][1].clone()
    }
}

/// Takes a function out of a response and calls it.
fn call(response: &JsValue, function: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    Reflect::get(response, &function.into()).expect("an object").unchecked_into::<Function>().call1(NOTHING, argument)
}

/// Accepts, and gives what records the end.
fn accept(response: &JsValue) -> Recorder {
    let stopped = Recorder::new();
    call(response, "onStop", &stopped.function).expect("to be accepted");
    call(response, "accept", NOTHING).expect("to be accepted");
    stopped
}

#[wasm_bindgen_test]
async fn what_is_accepted_is_provided_until_nobody_wants_it_any_more() {
    let page = Page::watch();
    let (listener, reader) = (Listener::new().await, TestClient::open(servers::real()).await);
    let name = listener.name("weather");
    let heard = reader.hears(&name);
    let stopped = accept(&listener.response(1).await);
    listener.client.emits(&name, &"rain".into());
    until("the event arrives", || heard.count() == 1).await;
    assert_eq!((listener.asked.texts(), stopped.count()), (vec![name.clone()], 0));

    reader.events.unsubscribe(&name.as_str().into(), NOTHING).unwrap();
    until("it is over", || stopped.count() == 1).await;
    assert_eq!(stopped.texts(), [name.as_str()]);

    reader.hears(&name);
    listener.response(2).await;
    assert_eq!((stopped.count(), listener.client.errors.count()), (1, 0));
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_has_rejected() {
    let page = Page::watch();
    let (listener, reader) = (Listener::new().await, TestClient::open(servers::real()).await);
    let accepted = Recorder::new();
    let make = js("(accepted) => { let asked = 0; return (name, response) => { asked += 1; \
        if (asked === 1) throw new Error('from a listener'); response.accept(); accepted(name); }; }");
    let throws_once = make.unchecked_into::<Function>().call1(NOTHING, &accepted.function).expect("a function");
    listener.client.events.unlisten(&listener.pattern.as_str().into()).unwrap();
    for end in ["", ".*"] {
        let pattern = [&listener.pattern, end].concat();
        listener.client.events.listen(&pattern.into(), &throws_once).unwrap();
    }
    // The client listens anew once the server has confirmed that it no longer does; the second receipt comes after that.
    for _ in 0..2 {
        let receipt = listener.client.events.emit_with(&"nothing".into(), NOTHING, &js("{ receipt: true }")).unwrap();
        settled(receipt).await.expect("to be delivered");
    }
    reader.hears(&listener.name("weather"));
    until("the next listener accepts", || accepted.count() == 1).await;
    assert_eq!(listener.client.errors.count(), 0, "no LISTEN_RESPONSE_TIMEOUT");
    page.saw(&["from a listener"]).await;
}

#[wasm_bindgen_test]
async fn what_the_server_does_not_hear_about_in_time_is_reported_and_ends_when_it_is_accepted() {
    let page = Page::watch();
    let (listener, reader) = (Listener::new().await, TestClient::open(servers::real()).await);
    let name = listener.name("weather");
    reader.hears(&name);
    let response = listener.response(1).await;
    until("the report", || listener.client.errors.count() == 1).await;
    assert_eq!(listener.client.errors.second_texts(), ["LISTEN_RESPONSE_TIMEOUT"]);
    let [error, ..] = &listener.client.errors.calls()[0];
    assert!(property(error, "message").contains(&name), "{}", text(error));
    assert_eq!(accept(&response).texts(), [name]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_lost_connection_ends_it_and_it_is_offered_again() {
    let page = Page::watch();
    let (listener, reader) = (Listener::new().await, TestClient::open(servers::real()).await);
    let name = listener.name("weather");
    reader.hears(&name);
    let first = listener.response(1).await;
    let stopped = accept(&first);
    listener.client.client.pause().unwrap();
    assert_eq!(stopped.texts(), [name.as_str()]);
    listener.client.client.resume(NOTHING).unwrap();
    let stopped_later = accept(&listener.response(2).await);

    // The answers to the offer of the old session are ignored.
    call(&first, "reject", NOTHING).unwrap();
    listener.client.client.close().unwrap();
    assert_eq!((stopped.count(), stopped_later.texts()), (1, vec![name]));
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn unlisten_ends_what_was_accepted_and_nothing_is_offered_any_more() {
    let page = Page::watch();
    let (listener, reader) = (Listener::new().await, TestClient::open(servers::real()).await);
    reader.hears(&listener.name("weather"));
    let stopped = accept(&listener.response(1).await);
    listener.client.events.unlisten(&listener.pattern.as_str().into()).unwrap();
    assert_eq!(stopped.count(), 1);
    reader.hears(&listener.name("traffic"));
    let other = Listener::new().await;
    reader.hears(&other.name("weather"));
    other.response(1).await;
    assert_eq!((listener.asked.count(), listener.client.errors.count()), (1, 0));
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_pattern_that_is_none_is_reported() {
    let page = Page::watch();
    let listener = Listener::new().await;
    listener.client.events.listen(&"(".into(), &listener.asked.function).unwrap();
    until("the report", || listener.client.errors.count() == 1).await;
    assert_eq!(listener.client.errors.second_texts(), ["INVALID_LISTEN_REGEX"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_is_called_wrongly_throws_or_warns() {
    let page = Page::watch();
    let warnings = Recorder::new();
    let _replaced = Replaced::with("console", "warn", &warnings.function);
    let (listener, reader) = (Listener::new().await, TestClient::open(servers::real()).await);
    let events = &listener.client.events;
    let pattern = JsValue::from(listener.pattern.as_str());
    for (outcome, word) in [
        (events.listen(&"".into(), &listener.asked.function), "pattern"),
        (events.listen(&js("1"), &listener.asked.function), "pattern"),
        (events.listen(&pattern, NOTHING), "callback"),
        (events.unlisten(NOTHING), "pattern"),
    ] {
        let error = outcome.expect_err(word);
        assert!(property(&error, "message").contains(word), "{}", property(&error, "message"));
    }
    assert_eq!(warnings.count(), 0);
    let second = Recorder::new();
    events.listen(&pattern, &second.function).unwrap();
    events.unlisten(&"nobody listens".into()).unwrap();
    let warned = warnings.texts();
    assert!(
        warned.len() == 2 && warned[0].contains("LISTENER_EXISTS") && warned[1].contains("NOT_LISTENING"),
        "{warned:?}"
    );

    reader.hears(&listener.name("weather"));
    let response = listener.response(1).await;
    let error = call(&response, "onStop", &"not a function".into()).expect_err("a callback");
    assert_eq!(property(&error, "code"), "INVALID_ARGUMENT");
    assert_eq!(second.count(), 0, "the first listener stays the one");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_subscription_can_be_ended_alone_and_tells_when_it_is() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let (heard, news) = (Recorder::new(), JsValue::from("news"));
    let signals = [(); 3].map(|()| signal());
    let subscribe = |signal: &JsValue| {
        client.events.subscribe_with(&news, &heard.function, &with_signal(signal)).expect("a subscription")
    };
    let subscriptions = signals.each_ref().map(subscribe);
    // What has ended no longer listens to its signal.
    let counts = || signals.each_ref().map(|signal| text(&invoke(signal, "count")));
    assert_eq!(counts(), ["1", "1", "1"]);
    invoke(&subscriptions[1], "unsubscribe");
    invoke(&subscriptions[1], "unsubscribe");
    assert_eq!(counts(), ["1", "0", "1"]);
    client.emits("news", NOTHING);
    assert_eq!(heard.count(), 2, "the others, which have the same callback, are still there");
    client.events.unsubscribe(&news, &heard.function).unwrap();
    assert_eq!(counts(), ["0", "0", "0"]);

    let by_close = signal();
    subscribe(&by_close);
    assert_eq!(text(&invoke(&by_close, "count")), "1");
    client.client.close().unwrap();
    assert_eq!(text(&invoke(&by_close, "count")), "0");
    page.was_quiet().await;
}
