//! Remote procedure calls of a client that provides them itself, through a real server. What is provided before the login
//! goes out before any call.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{
    Page, Recorder, Replaced, TestClient, callback, invoke, js, property, servers, settled, signal, text, until,
    with_outbox, with_signal,
};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// A client that is logged in and provides what these expressions are, under their numbers.
async fn open(providers: &[&str]) -> TestClient {
    let client = TestClient::new(servers::real());
    for (number, provider) in providers.iter().enumerate() {
        client.rpc.provide(&client.name(number), &js(provider)).expect("to be accepted");
    }
    client.logs_in().await;
    client
}

impl TestClient {
    /// A name that no other client has.
    fn name(&self, number: usize) -> JsValue {
        thread_local! {
            static UID: std::cell::OnceCell<String> = const { std::cell::OnceCell::new() };
        }
        let uid = UID.with(|uid| uid.get_or_init(|| self.client.uid()).clone());
        format!("{number} of {uid}").into()
    }

    fn makes(&self, number: usize, data: &JsValue) -> JsValue {
        self.rpc.make(&self.name(number), data, NOTHING).expect("a promise")
    }

    async fn result(&self, number: usize, data: &JsValue) -> JsValue {
        settled(self.makes(number, data)).await.expect("a result")
    }

    async fn error(&self, number: usize, data: &JsValue) -> JsValue {
        settled(self.makes(number, data)).await.expect_err("an error")
    }
}

#[wasm_bindgen_test]
async fn a_provider_answers_with_what_it_returns_unless_it_takes_response() {
    let page = Page::watch();
    let client = open(&[
        "(data) => data",
        "async (data) => data",
        "() => 'constant'",
        "(data) => ({ then: (resolve) => resolve(data) })",
        "(data, response) => setTimeout(() => response.send(data), 10)",
        "async (data, response) => { response.send(data); return 'ignored'; }",
        "(...all) => { setTimeout(() => all[1].send(all[0]), 10); }",
        "(data) => { }",
        "(data, response) => response.send()",
    ])
    .await;
    for number in [0, 1, 3, 4, 5, 6] {
        assert_eq!(text(&client.result(number, &js("{ a: [1] }")).await), r#"{"a":[1]}"#, "{number}");
        assert_eq!(text(&client.result(number, &JsValue::NULL).await), "null", "{number}");
    }
    assert_eq!(text(&client.result(2, NOTHING).await), "constant");
    for number in [7, 8] {
        assert!(client.result(number, &1.into()).await.is_undefined(), "{number}");
    }
    assert_eq!(client.errors.count(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_a_provider_throws_is_the_answer() {
    let page = Page::watch();
    let client = open(&[
        "() => { throw new TypeError('not so'); }",
        "async () => { throw new Error('not so'); }",
        "async (data, response) => { throw 'not so'; }",
        "(data, response) => response.error('not so')",
        "() => { throw { why: ['tired'] }; }",
        "() => 1n",
        "() => { throw Symbol('odd'); }",
    ])
    .await;
    for number in 0..4 {
        let error = client.error(number, NOTHING).await;
        assert_eq!(property(&error, "name"), "DeepstreamError");
        assert_eq!(property(&error, "code"), "REQUEST_ERROR");
        assert_eq!(property(&error, "topic"), "RPC");
        assert_eq!(property(&error, "reason"), "not so", "{number}");
        assert!(property(&error, "message").contains("not so"));
    }
    assert_eq!(property(&client.error(4, NOTHING).await, "reason"), r#"{"why":["tired"]}"#);
    assert!(property(&client.error(5, NOTHING).await, "reason").contains("JSON"));
    assert_eq!(property(&client.error(6, NOTHING).await, "reason"), "a symbol");
    assert_eq!(client.errors.count(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_a_provider_throws_after_it_answered_reaches_the_page() {
    let page = Page::watch();
    let client = open(&["(data, response) => { response.send(1); throw new Error('too late'); }"]).await;
    assert_eq!(text(&client.result(0, NOTHING).await), "1");
    page.saw(&["too late"]).await;
}

#[wasm_bindgen_test]
async fn the_last_word_is_said_once() {
    let page = Page::watch();
    let client = open(&["(data, response) => { globalThis.kept = response; response.send(1); }"]).await;
    assert_eq!(text(&client.result(0, NOTHING).await), "1");
    for method in ["send(2)", "error('x')", "reject()"] {
        let code = js(&format!("(() => {{ try {{ kept.{method}; }} catch (error) {{ return error.code; }} }})()"));
        assert_eq!(text(&code), "MULTIPLE_RESPONSE", "{method}");
    }
    js("kept.accept()");
    assert_eq!(text(&client.result(0, NOTHING).await), "1");
    assert_eq!(client.errors.count(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_json_cannot_say_is_no_last_word() {
    let page = Page::watch();
    let client = open(&["(data, response) => {
        try { response.send(1n); } catch (error) { response.send(error.code); }
    }"])
    .await;
    assert_eq!(text(&client.result(0, NOTHING).await), "INVALID_ARGUMENT");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_provider_may_accept_when_it_likes() {
    let page = Page::watch();
    let client = open(&[
        "(data, response) => {
            const was = response.autoAccept;
            response.autoAccept = false;
            setTimeout(() => { response.accept(); response.accept(); response.send([was, response.autoAccept]); }, 10);
        }",
        "(data, response) => { response.autoAccept = false; }",
    ])
    .await;
    assert_eq!(text(&client.result(0, NOTHING).await), "[true,false]");
    assert_eq!(property(&client.error(1, NOTHING).await, "code"), "ACCEPT_TIMEOUT");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn callbacks_get_what_those_of_the_reference_client_get() {
    let page = Page::watch();
    let client = open(&["(data) => data", "(data, response) => response.error(data)"]).await;
    let told = async |number, data: &JsValue| {
        let recorder = Recorder::new();
        let returned = client.rpc.make(&client.name(number), data, &recorder.function).expect("to be accepted");
        assert!(returned.is_undefined());
        until("the outcome", || recorder.count() == 1).await;
        let [error, result, _] = recorder.calls().remove(0);
        (text(&error), text(&result))
    };
    let expected = |error: &str, result: &str| (error.to_owned(), result.to_owned());
    assert_eq!(told(0, &1.into()).await, expected("null", "1"));
    assert_eq!(told(0, NOTHING).await, expected("null", "undefined"));
    assert_eq!(told(1, &js("{ why: 1 }")).await, expected(r#"{"why":1}"#, "undefined"));
    for falsy in ["''", "0", "null", "undefined", "false"] {
        assert_eq!(told(1, &js(falsy)).await, expected("REQUEST_ERROR", "undefined"), "{falsy}");
    }
    assert_eq!(told(2, NOTHING).await, expected("NO_RPC_PROVIDER", "undefined"));

    let thrower = js("() => { throw new Error('from a callback'); }");
    client.rpc.make(&client.name(0), NOTHING, &thrower).expect("to be accepted");
    client.result(0, NOTHING).await;
    page.saw(&["from a callback"]).await;
}

#[wasm_bindgen_test]
async fn a_signal_cancels_and_is_let_go_of() {
    let page = Page::watch();
    let client = open(&["(data) => data", "(data, response) => {}"]).await;
    let signal = signal();
    let makes = |number| client.rpc.make(&client.name(number), &1.into(), &with_signal(&signal)).expect("a promise");
    let (answered, cancelled) = (makes(0), makes(1));
    assert_eq!(text(&invoke(&signal, "count")), "2");
    assert_eq!(text(&settled(answered).await.expect("a result")), "1");
    assert_eq!(text(&invoke(&signal, "count")), "1");
    invoke(&signal, "abort");
    assert_eq!(text(&settled(cancelled).await.expect_err("the reason")), "no longer needed");
    assert_eq!(text(&invoke(&signal, "count")), "0");
    assert_eq!(text(&settled(makes(0)).await.expect_err("the reason")), "no longer needed");
    assert_eq!(text(&invoke(&signal, "count")), "0");

    let controller = js("new AbortController()");
    let real = Reflect::get(&controller, &"signal".into()).expect("a signal");
    let call = client.rpc.make(&client.name(1), NOTHING, &with_signal(&real)).expect("a promise");
    invoke(&controller, "abort");
    assert_eq!(property(&settled(call).await.expect_err("an error"), "name"), "AbortError");
    // Nobody looks at this one.
    let controller = js("new AbortController()");
    let real = Reflect::get(&controller, &"signal".into()).expect("a signal");
    client.rpc.make(&client.name(1), NOTHING, &with_signal(&real)).expect("a promise");
    invoke(&controller, "abort");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_is_wrong_is_refused_at_the_call() {
    let page = Page::watch();
    let client = TestClient::new(&servers::scripted("silent"));
    let code = |outcome: Result<JsValue, JsValue>| property(&outcome.expect_err("an error"), "code");
    let make = |name: &str, data: &str, options: &str| client.rpc.make(&js(name), &js(data), &js(options));
    for (name, data, options, expected) in [
        ("''", "1", "undefined", "INVALID_ARGUMENT"),
        ("1", "1", "undefined", "INVALID_ARGUMENT"),
        ("'a'", "1n", "undefined", "INVALID_ARGUMENT"),
        ("'a'", "() => {}", "undefined", "INVALID_ARGUMENT"),
        ("'a'", "1", "'callback'", "INVALID_ARGUMENT"),
        ("'a'", "1", "{ timeout: -1 }", "INVALID_OPTION"),
        ("'a'", "1", "{ delivery: 'drop' }", "INVALID_OPTION"),
        ("'a'", "1", "{ ttl: 0 }", "INVALID_OPTION"),
        ("'a'", "1", "{ timeout: NaN }", "INVALID_OPTION"),
        ("'a'", "1", "{ timeout: '1' }", "INVALID_OPTION"),
        ("'a'", "1", "{ timeout: 3e9 }", "INVALID_OPTION"),
        ("'a'", "1", "{ idempotent: 1 }", "INVALID_OPTION"),
        ("'a'", "1", "{ signal: {} }", "INVALID_OPTION"),
        ("'a'", "1", "{ signal: new AbortController() }", "INVALID_OPTION"),
    ] {
        assert_eq!(code(make(name, data, options)), expected, "make({name}, {data}, {options})");
    }
    let provide = |name: &str, provider: &str| client.rpc.provide(&js(name), &js(provider)).map(|()| NOTHING.clone());
    assert_eq!(code(provide("''", "() => 1")), "INVALID_ARGUMENT");
    assert_eq!(code(provide("'a'", "1")), "INVALID_ARGUMENT");
    assert!(client.rpc.provider_names().is_empty(), "nothing is half-done");
    provide("'a'", "() => 1").expect("to be accepted");
    assert_eq!(code(provide("'a'", "() => 1")), "MULTIPLE_PROVIDERS");
    assert_eq!(client.rpc.provider_names(), ["a"]);
    assert_eq!(code(client.rpc.unprovide(&1.into()).map(|()| NOTHING.clone())), "INVALID_ARGUMENT");

    let warnings = Recorder::new();
    let console = Replaced::with("console", "warn", &warnings.function);
    client.rpc.unprovide(&"b".into()).expect("to be accepted");
    drop(console);
    assert!(warnings.texts()[0].contains("NOT_PROVIDED") && warnings.texts()[0].contains('b'));
    client.rpc.unprovide(&"a".into()).expect("to be accepted");
    assert!(client.rpc.provider_names().is_empty());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn every_method_may_be_called_from_a_provider() {
    let page = Page::watch();
    let client = TestClient::new(servers::real());
    let (inner, outer) = (client.name(0), client.name(1));
    client.rpc.provide(&inner, &js("(data) => data + 1")).expect("to be accepted");
    let calls = Recorder::new();
    let provider = {
        let (rpc, calls, inner, outer) = (client.rpc.clone(), calls.clone(), inner.clone(), outer.clone());
        callback(move |data, response, _| {
            rpc.unprovide(&outer).expect("to be accepted");
            rpc.provide(&outer, &js("() => 'the next one'")).expect("to be accepted");
            rpc.make(&inner, &data, &calls.function).expect("to be accepted");
            let send: Function = Reflect::get(&response, &"send".into()).expect("a method").unchecked_into();
            send.call1(&response, &data).expect("to be accepted");
        })
    };
    client.rpc.provide(&outer, &provider).expect("to be accepted");
    client.logs_in().await;
    assert_eq!(text(&client.result(1, &1.into()).await), "1");
    until("the call within the call", || calls.count() == 1).await;
    assert_eq!(calls.second_texts(), ["2"]);
    assert_eq!(text(&client.result(1, &1.into()).await), "the next one");

    client.rpc.unprovide(&inner).expect("to be accepted");
    let closing = {
        let client = client.client.clone();
        callback(move |_, _, _| client.close().expect("to be accepted"))
    };
    client.rpc.provide(&inner, &closing).expect("to be accepted");
    let call = client.makes(0, NOTHING);
    assert_eq!(property(&settled(call).await.expect_err("an error"), "code"), "IS_CLOSED");
    assert!(client.rpc.provider_names().is_empty());
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_durable_call_waits_in_the_outbox_and_is_answered() {
    let page = Page::watch();
    let client = TestClient::with_options(servers::real(), &with_outbox("{ key: `${Math.random()}` }"));
    client.rpc.provide(&client.name(0), &js("(data) => data + 1")).unwrap();
    let make = |options: &str| client.rpc.make(&client.name(0), &js("1"), &js(options)).expect("a promise");
    let results = ["{ delivery: 'durable' }", "{ delivery: 'durable', idempotent: true, ttl: 60000 }"].map(make);
    assert_eq!(client.client.outbox().size(), 2);
    let entries = client.client.outbox().entries(NOTHING).unwrap();
    assert_eq!(property(&entries.get(0), "kind"), "call");
    client.logs_in().await;
    for result in results {
        assert_eq!(settled(result).await.unwrap().as_f64(), Some(2.0));
    }
    until("an empty outbox", || client.client.outbox().size() == 0).await;
    page.was_quiet().await;
}
