//! What the page notices beside the client.

use std::{cell::RefCell, sync::Once};

use js_sys::{ArrayBuffer, Function, Promise, Reflect, WebAssembly};
use wasm_bindgen::prelude::*;

use super::{Recorder, callback, client::close_all_clients, js, property, text, until};

const REJECTION: &str = "unhandled rejection: ";
const LAST_REJECTION: &str = "the last one";

thread_local! {
    static EXCEPTIONS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = addEventListener)]
    fn add_event_listener(event: &str, listener: &JsValue);
}

/// The page's global error handling during one test. Every test ends with what it has seen.
#[must_use]
pub struct Page {
    was_asked: bool,
}

impl Page {
    /// Starts to watch, with nothing left in storage.
    pub fn watch() -> Self {
        // Those of a test that failed.
        close_all_clients();
        js("localStorage.clear()");
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            add_event_listener("error", &record("error", ""));
            add_event_listener("unhandledrejection", &record("reason", REJECTION));
        });
        EXCEPTIONS.take();
        Self { was_asked: false }
    }

    /// Closes all clients; nothing was thrown into the page, and no promise rejected without anybody looking.
    pub async fn was_quiet(self) {
        self.saw(&[]).await;
    }

    /// Closes all clients; exactly this was thrown into the page, in this order, and no promise rejected without
    /// anybody looking.
    pub async fn saw(mut self, messages: &[&str]) {
        self.was_asked = true;
        close_all_clients();
        // The browser tells of rejections in their order, some time after they came.
        let _ = Promise::reject(&LAST_REJECTION.into());
        let last = [REJECTION, LAST_REJECTION].concat();
        until("the last rejection is told", || EXCEPTIONS.with_borrow(|exceptions| exceptions.last() == Some(&last)))
            .await;
        let exceptions = EXCEPTIONS.with_borrow_mut(|exceptions| {
            exceptions.pop();
            std::mem::take(exceptions)
        });
        assert_eq!(exceptions, messages, "exceptions that reached the page");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        assert!(self.was_asked, "a test must end with what the page saw");
    }
}

/// Records the message of what was thrown, and keeps it from the browser's console.
fn record(what: &'static str, prefix: &'static str) -> JsValue {
    callback(move |event, _, _| {
        let thrown = Reflect::get(&event, &what.into()).expect("an event");
        let is_error = thrown.is_instance_of::<js_sys::Error>();
        let message = if is_error { property(&thrown, "message") } else { text(&thrown) };
        EXCEPTIONS.with_borrow_mut(|exceptions| exceptions.push([prefix, &message].concat()));
        let prevent_default = Reflect::get(&event, &"preventDefault".into()).expect("an event");
        prevent_default.unchecked_into::<Function>().call0(&event).expect("an event");
    })
}

/// Something global that is replaced until this is dropped.
pub struct Replaced {
    object: JsValue,
    name: &'static str,
    original: JsValue,
}

impl Replaced {
    /// Replaces a property of an object, such as `warn` of `console`.
    pub fn with(object: &str, name: &'static str, replacement: &JsValue) -> Self {
        let object = js(object);
        let original = Reflect::get(&object, &name.into()).expect("an object");
        Reflect::set(&object, &name.into(), replacement).expect("an object");
        Self { object, name, original }
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        Reflect::set(&self.object, &self.name.into(), &self.original).expect("an object");
    }
}

/// Notes the sockets that the page makes until this is dropped.
pub struct SocketsMade {
    urls: Recorder,
    _noting: Replaced,
}

impl SocketsMade {
    /// Starts to take notes.
    pub fn count() -> Self {
        let urls = Recorder::new();
        let make = js("(note) => class extends WebSocket { constructor(url) { note(url); super(url); } }");
        let class = make.unchecked_into::<Function>().call1(&JsValue::UNDEFINED, &urls.function).expect("a class");
        Self { urls, _noting: Replaced::with("globalThis", "WebSocket", &class) }
    }

    /// How many sockets to anywhere were made.
    pub fn so_far(&self) -> usize {
        self.urls.count()
    }

    /// How many sockets to this URL were made.
    pub fn so_far_to(&self, url: &str) -> usize {
        self.urls.texts().iter().filter(|made| *made == url).count()
    }
}

/// How much memory the WebAssembly module has, in bytes.
pub fn memory_bytes() -> usize {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<ArrayBuffer>().byte_length() as usize
}
