//! Where the outbox is kept: storages that work, that fail, and that answer later.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    locks::locks,
    support::{
        Page, Recorder, Replaced, TestClient, callback, js, next_task, property, servers, settled, text, until,
        until_async, with_outbox,
    },
};

const NOTHING: &JsValue = &JsValue::UNDEFINED;

/// Another `localStorage`, as a getter gives it, until this is dropped.
struct LocalStorage {
    restore: Function,
}

impl LocalStorage {
    fn with(getter: &str) -> Self {
        let restore = js(&format!(
            "(() => {{
                const original = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
                Object.defineProperty(globalThis, 'localStorage', {{ configurable: true, get: {getter} }});
                return () => Object.defineProperty(globalThis, 'localStorage', original);
            }})()"
        ));
        Self { restore: restore.unchecked_into() }
    }
}

impl Drop for LocalStorage {
    fn drop(&mut self) {
        self.restore.call0(NOTHING).expect("to be restored");
    }
}

fn client(script: &str, outbox: &str) -> TestClient {
    TestClient::with_options(&servers::scripted(script), &with_outbox(outbox))
}

fn problems(client: &TestClient) -> Recorder {
    let problems = Recorder::new();
    client.client.on(&"storageDegraded".into(), &problems.function, NOTHING).unwrap();
    problems
}

fn reasons(problems: &Recorder) -> Vec<String> {
    problems.calls().iter().map(|[problem, ..]| property(problem, "reason")).collect()
}

fn stored() -> Vec<String> {
    let keys = js("Object.keys(localStorage).filter((key) => /[/]\\d+$/.test(key)).sort()");
    keys.unchecked_into::<js_sys::Array>().iter().map(|key| text(&key)).collect()
}

/// What another client left there is sent, and nothing is left; `kept` says how many values there are.
async fn hands_over(outbox: &str, kept: &str) {
    let writer = client("unavailable", outbox);
    writer.client.login(&callback(|_, _, _| {}), NOTHING).unwrap();
    for number in 0..20 {
        writer.emits("news", &number.into());
        // Each in a task of its own, and so in a value of its own.
        next_task().await;
    }
    let count = format!("({kept}.join().match(/\\ne /g) ?? []).length");
    until("all are in storage", || js(&count).as_f64() >= Some(20.0)).await;
    writer.client.close().unwrap();
    let heir = client("echo", outbox);
    let heard = heir.hears("news");
    heir.logs_in().await;
    until("everything is heard here and comes back", || heard.count() >= 40).await;
    settled(heir.client.outbox().flush()).await.unwrap();
    let expected: Vec<_> = (0..40).map(|number: i32| (number % 20).to_string()).collect();
    assert_eq!(heard.texts(), expected);
    assert!(writer.errors.second_texts().iter().all(|code| code == "CONNECTION_ERROR"), "{:?}", writer.errors.texts());
    heir.client.close().unwrap();
}

#[wasm_bindgen_test]
async fn what_one_client_keeps_in_local_storage_the_next_one_sends() {
    let page = Page::watch();
    hands_over("{ key: 'same' }", "Object.values(localStorage)").await;
    assert_eq!(stored(), [""; 0]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_one_client_keeps_in_a_storage_of_the_application_the_next_one_sends() {
    let page = Page::watch();
    js("globalThis.kept = new Map()");
    let plain = "getItem: (key) => kept.get(key), setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key), keys: () => kept.keys()";
    let later = "globalThis.most = 0,
        globalThis.later = async function (act) {
            most = Math.max(most, (this.within = (this.within ?? 0) + 1));
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
            this.within--;
            return act();
        }";
    js(later);
    let slow = "later, getItem: async (key) => kept.get(key),
        setItem(key, value) { return this.later(() => kept.set(key, value)) },
        removeItem(key) { return this.later(() => { kept.delete(key) }) },
        keys() { return this.later(() => [...kept.keys()]) }";
    // Now and then an answer at once: it must not overtake.
    let mixed = "later, getItem: (key) => kept.get(key),
        setItem(key, value) { return key.endsWith('3') ? kept.set(key, value) : this.later(() => kept.set(key, value)) },
        removeItem: (key) => { kept.delete(key) }, keys: async () => kept.keys()";
    for methods in [plain, slow, mixed] {
        hands_over(&format!("{{ key: 'ours', storage: {{ {methods} }} }}"), "[...kept.values()]").await;
        until("nothing is left there", || {
            js("[...kept.keys()].every((key) => /(user|storage)$/.test(key))").is_truthy()
        })
        .await;
        js("kept.clear()");
    }
    assert_eq!(text(&js("most")), "1", "one step of a client at a time");
    assert_eq!(stored(), [""; 0], "localStorage is left alone");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn local_storage_is_not_touched_before_it_is_needed() {
    let page = Page::watch();
    let touched = Recorder::new();
    js("(note) => { globalThis.noteTouch = note }")
        .unchecked_into::<Function>()
        .call1(NOTHING, &touched.function)
        .unwrap();
    js("globalThis.realStorage = localStorage");
    let storage = LocalStorage::with("() => { noteTouch(); return realStorage }");
    let lazy = client("echo", "{}");
    assert_eq!(touched.count(), 0);
    let in_memory = client("echo", "{ storage: 'memory' }");
    in_memory.emits("news", NOTHING);
    in_memory.logs_in().await;
    in_memory.gets_an_echo().await;
    in_memory.client.close().unwrap();
    assert_eq!(touched.count(), 0);
    lazy.emits("news", NOTHING);
    assert!(touched.count() > 0, "the getter is watched");
    drop(storage);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_local_storage_that_is_forbidden_is_told_and_sending_goes_on() {
    let page = Page::watch();
    let denied = "() => { throw new DOMException('denied', 'SecurityError') }";
    let broken =
        "() => ({ getItem() { throw new TypeError('broken') }, setItem() { throw new TypeError('broken') }, other: 1,
        'deepstream-wasm/any/0/1': 1, 'deepstream-wasm/user': 2 })";
    for (getter, expected) in [(denied, "SecurityError"), (broken, "broken")] {
        let storage = LocalStorage::with(getter);
        let client = client("echo", "{ key: 'any' }");
        let problems = problems(&client);
        let heard = client.hears("news");
        client.emits("news", &1.into());
        client.emits("news", &2.into());
        client.logs_in().await;
        until("both are sent and come back", || heard.count() == 4).await;
        assert_eq!(reasons(&problems), [expected]);
        client.client.close().unwrap();
        drop(storage);
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn where_local_storage_is_none_that_is_told_unless_there_is_none_at_all() {
    let page = Page::watch();
    let reason = "globalThis.localStorage is not a storage";
    for (getter, expected) in [("() => undefined", &[][..]), ("() => null", &[reason]), ("() => ({})", &[reason])] {
        let storage = LocalStorage::with(getter);
        let client = client("echo", "{}");
        let problems = problems(&client);
        client.emits("news", &1.into());
        client.logs_in().await;
        client.gets_an_echo().await;
        assert_eq!(reasons(&problems), expected, "{getter}");
        client.client.close().unwrap();
        drop(storage);
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_storage_that_is_full_keeps_what_it_can_and_says_so_once() {
    let page = Page::watch();
    let full = js("function (key, value) {
        if (++this.constructor.prototype.written > 3) throw new DOMException(`no room for ${key}`, 'QuotaExceededError');
        return this.constructor.prototype.write.call(this, key, value);
    }");
    js("Object.assign(Storage.prototype, { written: 0, write: Storage.prototype.setItem })");
    let replaced = Replaced::with("Storage.prototype", "setItem", &full);
    let client = client("unavailable", "{ key: 'full' }");
    let (problems, degraded) = (problems(&client), Recorder::new());
    client.client.outbox().on(&"degraded".into(), &degraded.function).unwrap();
    for number in 0..10 {
        client.emits("news", &number.into());
        // Each in a task of its own, so that storage takes or refuses them one by one.
        next_task().await;
    }
    drop(replaced);
    js("delete Storage.prototype.written, delete Storage.prototype.write");
    assert_eq!(client.client.outbox().size(), 10);
    // The first of the three values names the storage.
    assert_eq!(stored().len(), 2);
    assert_eq!(reasons(&problems), ["QuotaExceededError"]);
    assert_eq!(reasons(&degraded), ["QuotaExceededError"]);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_storage_of_the_application_that_fails_is_told_in_its_words() {
    let page = Page::watch();
    for failing in [
        "keys() { throw new Error('no disk') }",
        "keys: async () => { throw new Error('no disk') }",
        "keys: () => 7n, getItem() {}, setItem() { throw new Error('no disk') }",
        "keys: () => ['deepstream-wasm/x/0/1'], getItem() { throw new Error('no disk') }",
        "keys: () => ['deepstream-wasm/x/0/1', 5, null], getItem: async () => { throw new Error('no disk') }",
        "keys: () => [], setItem: async () => { throw new Error('no disk') }",
    ] {
        let storage = format!("{{ getItem() {{}}, setItem() {{}}, removeItem() {{}}, keys() {{}}, {failing} }}");
        let client = client("echo", &format!("{{ key: 'x', storage: {storage} }}"));
        let problems = problems(&client);
        client.emits("news", &1.into());
        client.logs_in().await;
        client.gets_an_echo().await;
        until("the problem is told", || problems.count() == 1).await;
        assert_eq!(reasons(&problems), ["no disk"], "{failing}");
        client.client.close().unwrap();
    }
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn what_nobody_listens_for_is_told_on_the_console() {
    let page = Page::watch();
    let storage = LocalStorage::with("() => { throw new DOMException('denied', 'SecurityError') }");
    let warnings = Recorder::new();
    let console = Replaced::with("console", "warn", &warnings.function);
    let client = client("echo", "{}");
    client.emits("news", NOTHING);
    drop((console, storage));
    assert_eq!(warnings.texts(), ["deepstream: the outbox is kept in memory alone: SecurityError"]);
    page.was_quiet().await;
}

/// What the browser dispatches when another page has changed a `Storage`.
fn storage_event(init: &str) {
    js(&format!(
        "dispatchEvent(Object.defineProperties(new Event('storage'), Object.getOwnPropertyDescriptors({init})))"
    ));
}

#[wasm_bindgen_test]
async fn what_other_pages_do_to_keys_of_others_is_not_looked_at() {
    let page = Page::watch();
    let client = client("unavailable", "{ key: 'mine' }");
    client.emits("news", &1.into());
    let never = "get newValue() { throw new Error('looked at') }";
    storage_event(&format!("{{ key: 'theirs', storageArea: localStorage, {never} }}"));
    storage_event(&format!("{{ key: 'deepstream-wasm/mine/', storageArea: sessionStorage, {never} }}"));
    storage_event(&format!("{{ key: null, storageArea: sessionStorage, {never} }}"));
    assert_eq!(client.client.outbox().size(), 1);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn word_of_a_removal_is_not_believed_of_what_is_there() {
    let page = Page::watch();
    let client = client("unavailable", "{ key: 'mine' }");
    let dropped = Recorder::new();
    client.client.outbox().on(&"dropped".into(), &dropped.function).unwrap();
    for number in 0..3 {
        client.emits("news", &number.into());
        next_task().await;
    }
    client.events.emit_with(&"news".into(), &3.into(), &js("{ delivery: 'memory' }")).unwrap();
    // Before that, another page may have taken this one for gone, and have sent what it removes.
    until_async("the lock is held", async || locks().await == (1, 0)).await;
    let [first, ..] = &stored()[..] else { panic!("three keys") };
    storage_event(&format!("{{ key: {first:?}, storageArea: localStorage, newValue: null }}"));
    assert_eq!(client.client.outbox().size(), 4);
    storage_event("{ key: null, storageArea: localStorage, newValue: null }");
    assert_eq!(client.client.outbox().size(), 4);
    assert_eq!(dropped.count(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn clearing_leaves_what_belongs_to_others() {
    let page = Page::watch();
    js("localStorage.setItem('theirs', 'x'), localStorage.setItem('deepstream-wasm/other/0/1', 'y')");
    let client = client("unavailable", "{ key: 'mine' }");
    client.emits("news", &1.into());
    client.client.outbox().clear();
    assert_eq!(stored(), ["deepstream-wasm/other/0/1"]);
    assert_eq!(text(&js("localStorage.getItem('theirs')")), "x");
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_storage_may_call_back_into_the_client() {
    let page = Page::watch();
    js("globalThis.kept = new Map()");
    let storage = "{ getItem: (key) => kept.get(key), keys: () => kept.keys(), removeItem: (key) => kept.delete(key),
        setItem(key, value) { kept.set(key, value); if (kept.size < 5) emitMore() } }";
    let client = client("echo", &format!("{{ key: 'x', storage: {storage} }}"));
    let emit_more = {
        let events = client.events.clone();
        callback(move |_, _, _| events.emit(&"more".into(), NOTHING).unwrap())
    };
    js("(emitMore) => { globalThis.emitMore = emitMore }")
        .unchecked_into::<Function>()
        .call1(NOTHING, &emit_more)
        .unwrap();
    client.emits("news", &1.into());
    until("it has called back", || js("kept.size").as_f64() >= Some(5.0)).await;
    assert!(client.client.outbox().size() >= 4);
    client.logs_in().await;
    settled(client.client.outbox().flush()).await.unwrap();
    assert_eq!(client.client.outbox().size(), 0);
    page.was_quiet().await;
}

#[wasm_bindgen_test]
async fn a_closed_client_no_longer_hears_of_storage() {
    let page = Page::watch();
    let client = client("unavailable", "{ key: 'mine' }");
    client.emits("news", &1.into());
    client.client.close().unwrap();
    storage_event("{ get key() { throw new Error('heard') }, storageArea: localStorage }");
    page.was_quiet().await;
}
