//! The servers that `npm run test:browser` starts.

use std::collections::BTreeMap;

use js_sys::{JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::{js, settled, wait::until_async};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &str, init: &JsValue) -> Promise;

    type Response;

    #[wasm_bindgen(method)]
    fn text(this: &Response) -> Promise;
}

/// The URL of a real deepstream server.
pub fn real() -> &'static str {
    started(option_env!("DEEPSTREAM_TEST_URL"))
}

/// The URL at which the scripted server plays a script, by its name and argument; see `tests/harness/canned-scripts.mjs`.
pub fn scripted(script: &str) -> String {
    format!("{}/{script}", scripted_base())
}

/// What the scripted server has seen since [`reset`].
#[derive(Debug)]
pub struct Report {
    /// How many sockets were opened.
    pub opened: u32,
    /// How many sockets are open, whenever they were opened.
    pub open: u32,
    received: BTreeMap<String, u32>,
}

impl Report {
    /// How many messages of a kind such as `EVENT/EMIT` arrived.
    pub fn received(&self, kind: &str) -> u32 {
        self.received.get(kind).copied().unwrap_or_default()
    }
}

/// Begins to count anew.
pub async fn reset() {
    request("reset", "{ method: 'POST' }").await;
}

/// What was counted.
pub async fn report() -> Report {
    let body = request("report", "undefined").await;
    let report = JSON::parse(&body).expect("JSON");
    let get = |name: &str| Reflect::get(&report, &name.into()).expect("an object");
    let number = |value: JsValue| value.as_f64().expect("a number") as u32;
    let received = Object::entries(get("received").unchecked_ref());
    Report {
        opened: number(get("opened")),
        open: number(get("open")),
        received: received
            .iter()
            .map(|entry| {
                let entry: js_sys::Array = entry.unchecked_into();
                (entry.get(0).as_string().expect("a name"), number(entry.get(1)))
            })
            .collect(),
    }
}

/// Waits until the scripted server has seen this.
pub async fn until_seen(what: &str, condition: impl Fn(&Report) -> bool) {
    until_async(what, async || condition(&report().await)).await;
}

async fn request(path: &str, init: &str) -> String {
    let url = format!("{}/{path}", scripted_base().replacen("ws", "http", 1));
    let response = settled(fetch(&url, &js(init)).into()).await.expect("the scripted server runs");
    let body = response.unchecked_into::<Response>().text();
    settled(body.into()).await.expect("a body").as_string().expect("text")
}

fn scripted_base() -> &'static str {
    started(option_env!("DEEPSTREAM_SCRIPTED_URL"))
}

fn started(address: Option<&'static str>) -> &'static str {
    address.expect("no server was started before this was compiled: run npm run test:browser")
}
