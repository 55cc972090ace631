//! A client as JavaScript sees it.

use std::{cell::RefCell, sync::Once};

// Linked for what it exports.
use deepstream_wasm as _;
use wasm_bindgen::prelude::*;

use super::{Recorder, js, next_microtask, servers, settled, until};

// What `scripts/lib/browser-tests.mjs` makes of `support/client.ts`.
#[wasm_bindgen(raw_module = "/target/browser-tests/client.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = makeClient)]
    fn make_client(url: &JsValue, options: &JsValue) -> Result<JsClient, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// The package's class `DeepstreamClient`: every call crosses the boundary as an application's.
    #[derive(Clone)]
    pub type JsClient;

    #[wasm_bindgen(method, catch)]
    pub fn login(this: &JsClient, params: &JsValue, callback: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn close(this: &JsClient) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn pause(this: &JsClient) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn resume(this: &JsClient, callback: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn on(this: &JsClient, event: &JsValue, callback: &JsValue, scope: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn once(this: &JsClient, event: &JsValue, callback: &JsValue, scope: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn off(this: &JsClient, event: &JsValue, callback: &JsValue, scope: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = getConnectionState)]
    pub fn state(this: &JsClient) -> String;
    #[wasm_bindgen(method, js_name = getUid)]
    pub fn uid(this: &JsClient) -> String;
    #[wasm_bindgen(method, js_name = hasListeners)]
    pub fn has_listeners(this: &JsClient, event: &str) -> bool;
    #[wasm_bindgen(method, js_name = eventNames)]
    pub fn event_names(this: &JsClient) -> Vec<String>;
    #[wasm_bindgen(method, getter, js_name = event)]
    pub fn events(this: &JsClient) -> JsEvents;
    #[wasm_bindgen(method, getter)]
    pub fn presence(this: &JsClient) -> JsPresence;

    #[wasm_bindgen(method, getter)]
    pub fn rpc(this: &JsClient) -> JsRpc;

    /// `client.rpc`.
    #[derive(Clone)]
    pub type JsRpc;

    #[wasm_bindgen(method, catch)]
    pub fn provide(this: &JsRpc, name: &JsValue, provider: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn unprovide(this: &JsRpc, name: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn make(this: &JsRpc, name: &JsValue, data: &JsValue, options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = providerNames)]
    pub fn provider_names(this: &JsRpc) -> Vec<String>;
    #[wasm_bindgen(method, getter)]
    pub fn outbox(this: &JsClient) -> JsOutbox;

    /// `client.event`.
    #[derive(Clone)]
    pub type JsEvents;

    #[wasm_bindgen(method, catch)]
    pub fn subscribe(this: &JsEvents, name: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = subscribe)]
    pub fn subscribe_with(
        this: &JsEvents,
        name: &JsValue,
        callback: &JsValue,
        options: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn unsubscribe(this: &JsEvents, name: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn emit(this: &JsEvents, name: &JsValue, data: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn listen(this: &JsEvents, pattern: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn unlisten(this: &JsEvents, pattern: &JsValue) -> Result<(), JsValue>;

    /// `client.presence`.
    #[derive(Clone)]
    pub type JsPresence;

    #[wasm_bindgen(method, catch, js_name = getAll)]
    pub fn get_all(this: &JsPresence, users: &JsValue, callback: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn subscribe(
        this: &JsPresence,
        user: &JsValue,
        callback: &JsValue,
        options: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn unsubscribe(this: &JsPresence, user: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = emit)]
    pub fn emit_with(this: &JsEvents, name: &JsValue, data: &JsValue, options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = eventNames)]
    pub fn event_names(this: &JsEvents) -> Vec<String>;

    /// `client.outbox`.
    #[derive(Clone)]
    pub type JsOutbox;

    #[wasm_bindgen(method, getter)]
    pub fn size(this: &JsOutbox) -> usize;
    #[wasm_bindgen(method, getter)]
    pub fn bytes(this: &JsOutbox) -> usize;
    #[wasm_bindgen(method, getter)]
    pub fn oldest(this: &JsOutbox) -> JsValue;
    #[wasm_bindgen(method, catch)]
    pub fn entries(this: &JsOutbox, options: &JsValue) -> Result<js_sys::Array, JsValue>;
    #[wasm_bindgen(method)]
    pub fn flush(this: &JsOutbox) -> JsValue;
    #[wasm_bindgen(method)]
    pub fn clear(this: &JsOutbox);
    #[wasm_bindgen(method, catch)]
    pub fn on(this: &JsOutbox, event: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn once(this: &JsOutbox, event: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn off(this: &JsOutbox, event: &JsValue, callback: &JsValue) -> Result<(), JsValue>;
}

impl JsClient {
    /// Makes a client.
    pub fn make(url: &JsValue, options: &JsValue) -> Result<Self, JsValue> {
        static KEEP_HOOK: Once = Once::new();
        // The hook that the first client sets would take a failed assertion for a panic of its own, and refuse every
        // later call.
        KEEP_HOOK.call_once(|| {
            let hook_of_the_test_runner = std::panic::take_hook();
            let first = make_client(&"localhost".into(), &js("{ lazyConnect: true }"));
            first.and_then(|client| client.close()).expect("to be accepted");
            std::panic::set_hook(hook_of_the_test_runner);
        });
        let client = make_client(url, options)?;
        MADE.with_borrow_mut(|made| made.push(client.clone()));
        Ok(client)
    }

    /// No longer holds it.
    pub fn is_garbage(self) {
        MADE.with_borrow_mut(|made| made.retain(|client| !js_sys::Object::is(client.as_ref(), self.as_ref())));
    }
}

thread_local! {
    static MADE: RefCell<Vec<JsClient>> = const { RefCell::new(Vec::new()) };
}

/// Closes every client that was made since this was last called.
pub fn close_all_clients() {
    for client in MADE.take() {
        client.close().expect("to be accepted");
    }
}

/// A client whose states and errors are recorded.
pub struct TestClient {
    pub client: JsClient,
    /// `client.event`.
    pub events: JsEvents,
    /// `client.rpc`.
    pub rpc: JsRpc,
    pub states: Recorder,
    pub errors: Recorder,
}

impl TestClient {
    /// A client that sends subscriptions at once and reconnects fast.
    pub fn new(url: &str) -> Self {
        Self::with_options(url, &options())
    }

    pub fn with_options(url: &str, options: &JsValue) -> Self {
        let client = JsClient::make(&url.into(), options).expect("a client");
        let (states, errors) = (Recorder::new(), Recorder::new());
        let nowhere = JsValue::UNDEFINED;
        client.on(&"connectionStateChanged".into(), &states.function, &nowhere).expect("a listener");
        client.on(&"error".into(), &errors.function, &nowhere).expect("a listener");
        Self { events: client.events(), rpc: client.rpc(), client, states, errors }
    }

    /// A client that is logged in.
    pub async fn open(url: &str) -> Self {
        let client = Self::new(url);
        client.logs_in().await;
        client
    }

    /// Logs in without parameters, and gives the client data.
    pub async fn logs_in(&self) -> JsValue {
        let promise = self.client.login(&JsValue::UNDEFINED, &JsValue::UNDEFINED).expect("a promise");
        settled(promise).await.expect("to be logged in")
    }

    /// A client in a state, with a server that leaves it there; `new` is before it dials.
    pub async fn in_state(state: &str) -> Self {
        let script = match state {
            "CHALLENGING" => "silent",
            "RECONNECTING" => "unavailable",
            _ => "echo",
        };
        let client = Self::new(&servers::scripted(script));
        match state {
            "new" => return client,
            "INITIALISING" => next_microtask().await,
            "OPEN" => drop(client.logs_in().await),
            "OFFLINE" => client.client.pause().expect("to be accepted"),
            state => client.comes_to(state).await,
        }
        assert_eq!(client.client.state(), state);
        client
    }

    /// Waits for a state.
    pub async fn comes_to(&self, state: &str) {
        until(&format!("{state} after {:?}", self.states.texts()), || self.client.state() == state).await;
    }

    /// Subscribes to an event.
    pub fn hears(&self, name: &str) -> Recorder {
        let heard = Recorder::new();
        self.events.subscribe(&name.into(), &heard.function).expect("a subscription");
        heard
    }

    /// Emits an event.
    pub fn emits(&self, name: &str, data: &JsValue) {
        self.events.emit(&name.into(), data).expect("to be accepted");
    }

    /// Shows that events still go both ways: to a server that sends them back, and from it.
    pub async fn gets_an_echo(&self) {
        const NAME: &str = "is it there?";
        let heard = self.hears(NAME);
        self.emits(NAME, &"yes".into());
        until("the event is heard here and comes back", || heard.count() == 2).await;
        self.events.unsubscribe(&NAME.into(), &heard.function).expect("to be accepted");
    }
}

/// Options that make tests fast: nothing is collected, and attempts follow each other closely. No client finds what
/// another left in storage.
pub fn options() -> JsValue {
    with_outbox("{ key: `${Math.random()}` }")
}

/// The same with an outbox of one's own.
pub fn with_outbox(outbox: &str) -> JsValue {
    js(&format!(
        "{{ subscriptionInterval: 0, reconnectIntervalIncrement: 10, maxReconnectInterval: 50, outbox: {outbox} }}"
    ))
}
