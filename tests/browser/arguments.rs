//! What is wrong is refused at the call, with its name, and nothing of it takes effect.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{JsClient, Page, Recorder, Replaced, SocketsMade, TestClient, js, next_task, property, servers};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// Checks that this is a `DeepstreamError` with the code, and that its message has all of the words.
fn assert_refused<T>(outcome: Result<T, JsValue>, code: &str, words: &[&str]) {
    let Err(error) = outcome else { panic!("{words:?}: nothing was thrown") };
    assert!(error.is_instance_of::<js_sys::Error>());
    let message = property(&error, "message");
    assert_eq!(property(&error, "name"), "DeepstreamError", "{message}");
    assert_eq!(property(&error, "code"), code, "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is missing in: {message}");
    }
}

#[wasm_bindgen_test]
async fn wrong_options_name_the_option_and_what_was_expected_and_given() {
    let page = Page::watch();
    let sockets = SocketsMade::count();
    for (options, words) in [
        ("{ heartbeatInterval: '60000' }", ["heartbeatInterval", "expected a number of milliseconds", "got '60000'"]),
        ("{ heartbeatInterval: 0 }", ["heartbeatInterval", "from 1 to", "got 0"]),
        ("{ heartbeatInterval: NaN }", ["heartbeatInterval", "a number of milliseconds", "got NaN"]),
        ("{ heartbeatInterval: null }", ["heartbeatInterval", "a number of milliseconds", "got null"]),
        ("{ maxReconnectAttempts: 1.5 }", ["maxReconnectAttempts", "a whole number", "got 1.5"]),
        ("{ maxReconnectInterval: -1 }", ["maxReconnectInterval", "from 0 to", "got -1"]),
        ("{ reconnectJitter: 2 }", ["reconnectJitter", "from 0 to 1", "got 2"]),
        ("{ reconnectBackoff: 'slow' }", ["reconnectBackoff", "'linear' or 'exponential'", "got 'slow'"]),
        ("{ heartbeatFailure: {} }", ["heartbeatFailure", "'reconnect' or 'stop'", "got an object"]),
        ("{ lazyConnect: 1 }", ["lazyConnect", "true or false", "got 1"]),
        ("{ path: 'deepstream' }", ["path", "starts with '/'", "got 'deepstream'"]),
        ("{ mergeStrategy: 'REMOTE_WINS' }", ["mergeStrategy", "a function", "got 'REMOTE_WINS'"]),
        ("{ connectTimeout: Symbol('soon') }", ["connectTimeout", "a number of milliseconds", "got a symbol"]),
        ("{ connectTimeout: 10n }", ["connectTimeout", "a number of milliseconds", "got 10"]),
        ("{ connectTimeout: [10] }", ["connectTimeout", "a number of milliseconds", "got an array"]),
        ("{ connectTimeout: () => 10 }", ["connectTimeout", "a number of milliseconds", "got a function"]),
        ("{ connectTimeout: Object.create(null) }", ["connectTimeout", "a number of milliseconds", "got an object"]),
    ] {
        assert_refused(JsClient::make(&servers::real().into(), &js(options)), "INVALID_OPTION", &words);
    }
    for (options, got) in
        [("'fast'", "got 'fast'"), ("1", "got 1"), ("[]", "got an array"), ("() => {}", "got a function")]
    {
        let outcome = JsClient::make(&servers::real().into(), &js(options));
        assert_refused(outcome, "INVALID_ARGUMENT", &["options", "expected an object", got]);
    }
    next_task().await;
    assert_eq!(sockets.so_far(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn options_left_out_or_undefined_have_their_defaults() {
    let page = Page::watch();
    for options in ["undefined", "null", "{}", "{ heartbeatInterval: undefined, nonsense: undefined }"] {
        JsClient::make(&servers::real().into(), &js(options)).unwrap();
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn wrong_urls_are_named_with_what_was_expected() {
    let page = Page::watch();
    let sockets = SocketsMade::count();
    for (url, words) in [
        ("undefined", ["url", "expected a string", "got undefined"]),
        ("null", ["url", "expected a string", "got null"]),
        ("6020", ["url", "expected a string", "got 6020"]),
        ("new URL('ws://localhost')", ["url", "expected a string", "got an object"]),
        ("''", ["url", "a host such as 'localhost:6020'", "got ''"]),
        ("'http://localhost:6020'", ["url", "ws:// or wss://", "got 'http://localhost:6020'"]),
        ("'https://localhost'", ["url", "ws:// or wss://", "got 'https://localhost'"]),
        ("'/deepstream'", ["url", "a host", "got '/deepstream'"]),
        ("'localhost:99999'", ["url", "a valid WebSocket URL", "got 'localhost:99999'"]),
        ("'local host'", ["url", "without white space", "got 'local host'"]),
        ("'localhost#here'", ["url", "fragment", "got 'localhost#here'"]),
    ] {
        assert_refused(JsClient::make(&js(url), NOTHING), "INVALID_ARGUMENT", &words);
    }
    next_task().await;
    assert_eq!(sockets.so_far(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_long_value_is_shortened_in_the_message() {
    let page = Page::watch();
    let error = JsClient::make(&js("'ß'.repeat(1000) + ' '"), NOTHING).map(|_| ()).unwrap_err();
    let message = property(&error, "message");
    assert!(message.contains("ßßß") && message.contains('…') && message.chars().count() < 200, "{message}");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn wrong_arguments_of_methods_change_nothing() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let TestClient { client: js_client, events, .. } = &client;
    let (function, listeners) = (Recorder::new().function, js_client.event_names());
    let name = "a non-empty string";
    let bad_name =
        [(js("undefined"), "got undefined"), (js("''"), "got ''"), (js("7"), "got 7"), (js("{}"), "got an object")];
    for (value, got) in &bad_name {
        assert_refused(js_client.on(value, &function, NOTHING), "INVALID_ARGUMENT", &["event", name, got]);
        assert_refused(js_client.once(value, &function, NOTHING), "INVALID_ARGUMENT", &["event", name, got]);
        // Left out, the name stands for all.
        if !value.is_undefined() {
            assert_refused(js_client.off(value, &function, NOTHING), "INVALID_ARGUMENT", &["event", name, got]);
        }
        assert_refused(events.subscribe(value, &function), "INVALID_ARGUMENT", &["name", name, got]);
        assert_refused(events.unsubscribe(value, &function), "INVALID_ARGUMENT", &["name", name, got]);
        assert_refused(events.emit(value, NOTHING), "INVALID_ARGUMENT", &["name", name, got]);
    }
    let no_function = js("'not a function'");
    let words = ["callback", "expected a function", "got 'not a function'"];
    assert_refused(js_client.on(&"error".into(), &no_function, NOTHING), "INVALID_ARGUMENT", &words);
    assert_refused(js_client.on(&"error".into(), NOTHING, NOTHING), "INVALID_ARGUMENT", &["callback", "got undefined"]);
    assert_refused(js_client.once(&"error".into(), &no_function, NOTHING), "INVALID_ARGUMENT", &words);
    assert_refused(js_client.off(&"error".into(), &no_function, NOTHING), "INVALID_ARGUMENT", &words);
    assert_refused(js_client.resume(&no_function), "INVALID_ARGUMENT", &words);
    assert_refused(js_client.login(&js("{}"), &no_function), "INVALID_ARGUMENT", &words);
    assert_refused(events.subscribe(&"news".into(), &no_function), "INVALID_ARGUMENT", &words);
    assert_refused(events.subscribe(&"news".into(), NOTHING), "INVALID_ARGUMENT", &["callback", "got undefined"]);
    assert_refused(events.unsubscribe(&"news".into(), &no_function), "INVALID_ARGUMENT", &words);

    for (params, got) in [("'ada'", "got 'ada'"), ("7", "got 7"), ("true", "got true"), ("[1]", "got an array")] {
        let words = ["params", "expected an object or a callback", got];
        assert_refused(js_client.login(&js(params), NOTHING), "INVALID_ARGUMENT", &words);
    }
    assert_eq!(js_client.event_names(), listeners);
    assert!(events.event_names().is_empty());
    assert_eq!(js_client.state(), "OPEN");
    client.gets_an_echo().await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_json_cannot_say_is_refused_with_the_cause() {
    let page = Page::watch();
    let client = TestClient::open(&servers::scripted("echo")).await;
    let heard = client.hears("news");
    for (data, cause) in [
        ("(() => { const loop = {}; loop.loop = loop; return loop; })()", "circular"),
        ("10n", "BigInt"),
        ("{ toJSON() { throw new Error('not me'); } }", "not me"),
    ] {
        let outcome = client.events.emit(&"news".into(), &js(data));
        let thrown = js_sys::Reflect::get(outcome.as_ref().unwrap_err(), &"cause".into()).unwrap();
        assert!(property(&thrown, "message").contains(cause), "{}", property(&thrown, "message"));
        assert_refused(outcome, "INVALID_ARGUMENT", &["data", cause]);
        assert_refused(client.client.login(&js(data), NOTHING), "INVALID_ARGUMENT", &["params"]);
    }
    for (data, got) in [("() => {}", "got a function"), ("Symbol()", "got a symbol")] {
        let words = ["data", "expected what JSON can say", got];
        assert_refused(client.events.emit(&"news".into(), &js(data)), "INVALID_ARGUMENT", &words);
    }
    assert_eq!(heard.count(), 0, "what is refused is not delivered here either");
    client.gets_an_echo().await;
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn unknown_options_are_told_once_with_the_nearest_name() {
    let page = Page::watch();
    let warnings = Recorder::new();
    let console = Replaced::with("console", "warn", &warnings.function);
    let options = js("{ heartBeatIntervall: 1, colour: 'green', lazyConnect: true }");
    let client = JsClient::make(&servers::real().into(), &options);
    drop(console);
    assert!(client.is_ok());
    assert_eq!(
        warnings.texts(),
        [
            "deepstream: unknown option heartBeatIntervall, did you mean heartbeatInterval?",
            "deepstream: unknown option colour",
        ]
    );
    page.was_quiet().await;
}
