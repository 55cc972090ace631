//! The compiled half of `client.record`: what it takes, what it tells whom, and when. What is made of that in TypeScript is
//! tested end to end.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{JsClient, Page, Recorder, TestClient, callback, invoke, js, property, servers, text, until};

const NOTHING: &JsValue = &JsValue::UNDEFINED;
const REMOTE_WINS: u32 = 0;

#[wasm_bindgen(raw_module = "/target/browser-tests/client.js")]
extern "C" {
    #[wasm_bindgen(js_name = compiledRecords)]
    fn records_of(client: &JsClient) -> JsRecords;
}

#[wasm_bindgen]
extern "C" {
    /// What JavaScript can ask of the compiled half.
    #[derive(Clone)]
    type JsRecords;

    #[wasm_bindgen(method)]
    fn attach(this: &JsRecords, sink: &JsValue);
    #[wasm_bindgen(method)]
    fn revision(this: &JsRecords) -> u32;
    #[wasm_bindgen(method)]
    fn names(this: &JsRecords) -> Vec<String>;
    #[wasm_bindgen(method, catch)]
    fn open(this: &JsRecords, name: &JsValue, strategy: u32) -> Result<bool, JsValue>;
    #[wasm_bindgen(method)]
    fn discard(this: &JsRecords, name: &str);
    #[wasm_bindgen(method, catch)]
    fn watch(this: &JsRecords, name: &str, path: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn get(this: &JsRecords, name: &str, path: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    fn version(this: &JsRecords, name: &str) -> Option<i32>;
    #[wasm_bindgen(method, js_name = awaitReady)]
    fn await_ready(this: &JsRecords, name: &str, done: &JsValue);
    #[wasm_bindgen(method, catch)]
    fn set(this: &JsRecords, name: &str, path: &JsValue, data: &JsValue, done: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = setMulti)]
    fn set_multi(this: &JsRecords, name: &str, edits: &Array, done: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = setData)]
    fn set_data(
        this: &JsRecords,
        name: &JsValue,
        path: &JsValue,
        data: &JsValue,
        done: &JsValue,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn delete(this: &JsRecords, name: &JsValue, done: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn snapshot(this: &JsRecords, name: &JsValue, done: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn head(this: &JsRecords, name: &JsValue, done: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn notify(this: &JsRecords, names: &JsValue, done: &JsValue) -> Result<(), JsValue>;
}

/// A sink that records what it is told of changes and ends.
struct Sink {
    changed: Recorder,
    ended: Recorder,
    ready: Recorder,
    closed: Recorder,
    object: Object,
}

impl Sink {
    fn attach(records: &JsRecords) -> Self {
        let [changed, ended, ready, closed] = [(); 4].map(|()| Recorder::new());
        let object = js("{ conflict() {}, failed() {}, providerChanged() {} }").unchecked_into::<Object>();
        let functions = [("changed", &changed), ("ended", &ended), ("ready", &ready), ("closed", &closed)];
        for (name, recorder) in functions {
            Reflect::set(&object, &name.into(), &recorder.function).expect("an object");
        }
        records.attach(&object);
        Self { changed, ended, ready, closed, object }
    }

    fn replace(&self, name: &str, function: &JsValue) {
        Reflect::set(&self.object, &name.into(), function).expect("an object");
    }
}

/// A client that is logged in, with a record of this name.
async fn with_record(name: &str) -> (TestClient, JsRecords, Sink) {
    let client = TestClient::open(servers::real()).await;
    let records = records_of(&client.client);
    let sink = Sink::attach(&records);
    assert!(records.open(&name.into(), REMOTE_WINS).expect("to be opened"), "it is the first time");
    assert!(!records.open(&name.into(), REMOTE_WINS).expect("to be opened"), "it is open already");
    until("the record is ready", || sink.ready.count() == 1).await;
    (client, records, sink)
}

#[wasm_bindgen_test]
async fn values_come_as_they_were_written_and_only_where_somebody_watches() {
    let page = Page::watch();
    let (_client, records, sink) = with_record("values").await;
    records.watch("values", &"a.b".into()).expect("a path");
    let done = Recorder::new();
    records.set("values", NOTHING, &js("{ a: { b: '\\uD83E \"' }, c: 1.50 }"), &done.function).expect("accepted");
    records.set("values", &"c".into(), &js("2"), NOTHING).expect("accepted");
    records
        .set_multi("values", &js("['a.b', '[null]', 'c', undefined, 'e', '1']").unchecked_into(), NOTHING)
        .expect("accepted");
    let changes: Vec<_> =
        sink.changed.calls().into_iter().map(|[_, path, value]| [text(&path), text(&value)]).collect();
    assert_eq!(changes, [["a.b", "\"\\ud83e \\\"\""], ["a.b", "[null]"]].map(|pair| pair.map(String::from)));
    assert_eq!(text(&records.get("values", NOTHING).expect("a path")), r#"{"a":{"b":[null]},"e":1}"#);
    until("the server has it", || done.count() == 1).await;
    assert!(done.calls().iter().all(|[error, ..]| error.is_null()));
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn whatever_a_sink_does_while_it_is_told_comes_in_order() {
    let page = Page::watch();
    let (client, records, sink) = with_record("order").await;
    records.watch("order", &"n".into()).expect("a path");
    let (told, inner) = (Recorder::new(), records.clone());
    let tell = told.function.clone().unchecked_into::<Function>();
    let close = client.client.clone();
    sink.replace(
        "changed",
        &callback(move |_, _, value| {
            let revision = inner.revision();
            tell.call1(NOTHING, &value).expect("a recorder");
            match text(&value).as_str() {
                "1" => {
                    inner.set("order", &"n".into(), &2.into(), NOTHING).expect("accepted");
                    assert_eq!(text(&inner.get("order", &"n".into()).expect("a path")), "2", "it is there at once");
                    assert_ne!(inner.revision(), revision);
                }
                "2" => inner.discard("order"),
                _ => close.close().expect("accepted"),
            }
        }),
    );
    records.set("order", &"n".into(), &1.into(), NOTHING).expect("accepted");
    records.set("order", &"n".into(), &3.into(), NOTHING).expect("accepted");
    assert_eq!(told.texts(), ["1", "2", "3"]);
    assert_eq!(sink.closed.count(), 1);
    assert!(records.names().is_empty());
    assert_eq!(records.version("order"), None);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_a_sink_throws_is_reported_and_stops_nothing() {
    let page = Page::watch();
    let (_client, records, sink) = with_record("throwing").await;
    records.watch("throwing", &"n".into()).expect("a path");
    sink.replace("changed", &js("() => { throw new Error('changed') }"));
    let done = Recorder::new();
    records.set("throwing", &"n".into(), &1.into(), &js("() => { throw new Error('done') }")).expect("accepted");
    records.delete(&"throwing".into(), &done.function).expect("accepted");
    until("the record is deleted", || done.count() == 1 && sink.ended.count() == 1).await;
    page.saw(&["changed", "done"]).await;
}

#[wasm_bindgen_test]
async fn everything_asked_for_is_settled_once_when_the_client_closes() {
    let page = Page::watch();
    for state in ["CHALLENGING", "RECONNECTING", "OFFLINE", "new"] {
        let client = TestClient::in_state(state).await;
        let records = records_of(&client.client);
        Sink::attach(&records);
        records.open(&"open".into(), REMOTE_WINS).expect("accepted");
        let outcomes: [Recorder; 7] = [(); 7].map(|()| Recorder::new());
        let done = |which: usize| &outcomes[which].function;
        records.await_ready("open", done(0));
        records.set("open", &"a".into(), &1.into(), done(1)).expect("accepted");
        records.set_data(&"other".into(), &"a".into(), &1.into(), done(2)).expect("accepted");
        records.snapshot(&"other".into(), done(3)).expect("accepted");
        records.head(&"other".into(), done(4)).expect("accepted");
        records.notify(&js("['other']"), done(5)).expect("accepted");
        records.delete(&"another".into(), done(6)).expect("accepted");
        client.client.close().expect("accepted");
        for (which, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.count(), 1, "{state} {which}");
            let [error, ..] = &outcome.calls()[0];
            assert!(["IS_CLOSED", "client offline"].contains(&property(error, "code").as_str()), "{state} {which}");
        }
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn bad_arguments_are_refused_at_the_call() {
    let page = Page::watch();
    let client = TestClient::new(servers::real());
    let records = js("(client) => client.record").unchecked_into::<Function>();
    let records = records.call1(NOTHING, &client.client).expect("records");
    let note = js("(records) => records.getRecord('note')").unchecked_into::<Function>();
    let note = note.call1(NOTHING, &records).expect("a record");
    let refused = |call: &str, code: &str| {
        let function = js(&format!("(records, note) => {call}")).unchecked_into::<Function>();
        let refusal = function.call2(NOTHING, &records, &note).expect_err(call);
        assert_eq!(property(&refusal, "code"), code, "{call}");
        assert!(property(&refusal, "message").contains("expected"), "{call}");
    };
    for call in [
        "records.getRecord('')",
        "records.getRecord(5)",
        "note.set(undefined)",
        "note.set(undefined, 5)",
        "note.set(null)",
        "note.set(5)",
        "note.set('', {})",
        "note.set('a[', 1)",
        "note.set('[0]', 1)",
        "note.set(5, 1)",
        "note.set('a', () => 1)",
        "note.set('a', 1n)",
        "note.set('a', Symbol())",
        "note.setMulti({ a: 1, 'b]': 2 })",
        "note.setMulti({ '': 1 })",
        "note.get('a[x]')",
        "note.get(5)",
        "note.subscribe('a b[', () => {})",
        "records.setData('', {})",
        "records.setData(5, {})",
        "records.setData('other', {}, () => {}, 5)",
        "records.snapshot(undefined, () => {})",
        "records.snapshot('')",
        "records.head({})",
        "records.delete(undefined)",
        "records.notify([], () => {})",
        "records.notify(['a', 5], () => {})",
        "records.notify(['a', ''])",
        "records.notify('a')",
    ] {
        refused(call, "INVALID_ARGUMENT");
    }
    for options in ["{ ttl: 0 }", "{ delivery: 'now' }", "{ key: 'a' }"] {
        refused(&format!("records.setData('other', {{}}, () => {{}}, {options})"), "INVALID_OPTION");
    }
    assert_eq!(text(&invoke(&note, "get")), "{}");
    page.was_quiet().await;
}
