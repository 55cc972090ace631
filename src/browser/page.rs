//! What the page tells about itself and its network, passed on as hints.

use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

use super::{api::parse, driver::Driver};
use crate::client::{Input, PageSignal};

#[wasm_bindgen]
extern "C" {
    /// Anything that has `addEventListener`.
    type Target;

    /// Begins to listen.
    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add(this: &Target, name: &str, listener: &Function);

    /// Ends what `add` began with the same arguments.
    #[wasm_bindgen(method, js_name = removeEventListener)]
    fn remove(this: &Target, name: &str, listener: &Function);

    #[wasm_bindgen(catch)]
    fn fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue>;
}

/// The events listened to: on the global object, on `document`, on `navigator.connection`.
const GLOBAL_EVENTS: [&str; 5] = ["online", "offline", "pageshow", "pagehide", "focus"];
const DOCUMENT_EVENTS: [&str; 2] = ["visibilitychange", "resume"];
const NETWORK_EVENTS: [&str; 1] = ["change"];

/// Listens to the page until dropped. What is not there, in a worker or in Node, is left out.
///
/// `freeze` is not listened to: a frozen page runs nothing, and `resume` says when it runs again. `unload` and
/// `beforeunload` would keep the page out of the back/forward cache.
pub struct Page {
    listener: Closure<dyn FnMut(JsValue)>,
    targets: [(Option<JsValue>, &'static [&'static str]); 3],
}

impl Page {
    /// Begins to listen.
    pub fn listen(driver: &Rc<Driver>) -> Self {
        let driver = Rc::clone(driver);
        let global: JsValue = js_sys::global().into();
        let network = property(&global, "navigator").and_then(|navigator| property(&navigator, "connection"));
        let mut network_type = network.as_ref().and_then(type_of);
        let listener = Closure::new(move |event: JsValue| {
            if let Some(signal) = signal(&event, &mut network_type) {
                driver.handle(Input::Page(signal));
            }
        });
        let document = property(&global, "document");
        let targets = [(Some(global), &GLOBAL_EVENTS[..]), (document, &DOCUMENT_EVENTS), (network, &NETWORK_EVENTS)];
        let page = Self { listener, targets };
        page.for_each(Target::add);
        page
    }

    fn for_each(&self, act: fn(&Target, &str, &Function)) {
        for (target, events) in &self.targets {
            let Some(target) = target.as_ref().filter(|target| can_listen(target)) else { continue };
            for event in *events {
                act(target.unchecked_ref(), event, self.listener.as_ref().unchecked_ref());
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.for_each(Target::remove);
    }
}

/// The property `type`: what an event is called, and what kind of network there is.
fn type_of(object: &JsValue) -> Option<String> {
    property(object, "type")?.as_string()
}

fn signal(event: &JsValue, network_type: &mut Option<String>) -> Option<PageSignal> {
    match type_of(event)?.as_str() {
        "online" => Some(PageSignal::Online),
        // It comes for every new estimate of the speed, too. Another network is there already: what was sent over the old
        // one is as good as lost.
        "change" => {
            let before = std::mem::replace(network_type, type_of(&property(event, "target")?));
            (before != *network_type).then_some(PageSignal::Online)
        }
        "offline" => Some(PageSignal::Offline),
        "pagehide" => Some(PageSignal::Left),
        "visibilitychange" => {
            let target = property(event, "target")?;
            let state = property(&target, "visibilityState")?.as_string()?;
            (state == "visible").then_some(PageSignal::Woke)
        }
        _ => Some(PageSignal::Woke),
    }
}

/// Whether it has `addEventListener`.
fn can_listen(target: &JsValue) -> bool {
    property(target, "addEventListener").is_some_and(|method| method.is_function())
}

/// A property that is there; none of `null` and `undefined`, and none that throws.
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

/// Asks a URL for anything at all: a promise that is rejected where there is no answer. Whose answer it is, and what it
/// says, cannot be seen across origins and does not matter.
pub fn probe(url: &str) -> Result<JsValue, JsValue> {
    fetch(url, &parse(r#"{"method":"HEAD","mode":"no-cors","cache":"no-store"}"#))
}
