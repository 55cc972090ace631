//! Where the outbox keeps what must survive the page: the browser's localStorage, or what the application gives.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{driver::Driver, promises};
use crate::{
    client::{Input, Output, StorageEvent, limits::STORAGE_QUEUE_MAX},
    queue::Queue,
};

#[wasm_bindgen]
extern "C" {
    /// The browser's `Storage`, or what an application gives in its place; then each method may return a promise.
    pub type Store;

    #[wasm_bindgen(method, catch, js_name = setItem)]
    fn set(this: &Store, key: &str, value: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeItem)]
    fn remove(this: &Store, key: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/browser/js/arguments.js")]
extern "C" {
    #[wasm_bindgen(js_name = isThenable)]
    fn is_thenable(value: &JsValue) -> bool;
}

#[wasm_bindgen(module = "/src/browser/js/storage.js")]
extern "C" {
    #[wasm_bindgen(js_name = localStore, catch)]
    fn local_store() -> Result<Option<Store>, JsValue>;

    #[wasm_bindgen(js_name = readStore, catch)]
    fn read_store(store: &Store, prefix: &str) -> Result<JsValue, JsValue>;

    /// Who listens to other pages.
    type Watch;

    #[wasm_bindgen(method)]
    fn end(this: &Watch);

    #[wasm_bindgen(js_name = watchStore)]
    fn watch_store(store: &Store, prefix: &str, tell: &JsValue) -> Watch;

    #[wasm_bindgen(js_name = problemOf)]
    fn problem_of(exception: &JsValue) -> String;
}

/// The storage of a client. What is asked of it is done in order, each step when the one before has ended.
#[derive(Default)]
pub struct Storage {
    custom: Option<Store>,
    local: OnceCell<Local>,
    is_busy: Cell<bool>,
    queue: RefCell<Queue<Output>>,
}

impl Storage {
    /// What the application gives, else localStorage. Nothing is touched before it is needed.
    pub fn new(custom: Option<Store>) -> Self {
        Self { custom, ..Self::default() }
    }

    /// Reads, writes, or gives a lock back, after what was asked before.
    pub fn perform(driver: &Rc<Driver>, operation: Box<Output>) {
        let is_full = driver.storage.queue.borrow().len() >= STORAGE_QUEUE_MAX;
        if let Output::WriteStorage { key, value: Some(_) } = &*operation
            && is_full
        {
            driver.handle(Input::Storage(StorageEvent::WriteFailed { key, words: "it is too slow" }));
        } else {
            driver.storage.queue.borrow_mut().push_boxed(operation);
            Self::go_on(driver);
        }
    }

    fn go_on(driver: &Rc<Driver>) {
        while !driver.storage.is_busy.get()
            && let Some(operation) = driver.storage.next()
        {
            match driver.storage.call(driver, &operation) {
                Ok(promise) if is_thenable(&promise) => {
                    driver.storage.is_busy.set(true);
                    let driver = Rc::clone(driver);
                    promises::when_settled(Ok(promise), move |answer| {
                        driver.storage.is_busy.set(false);
                        finish(&driver, &operation, answer.map_err(Some));
                        Self::go_on(&driver);
                    });
                }
                answer => finish(driver, &operation, answer),
            }
        }
    }

    fn next(&self) -> Option<Box<Output>> {
        self.queue.borrow_mut().pop_front()
    }

    fn call(&self, driver: &Rc<Driver>, operation: &Output) -> Answer {
        let answer = match operation {
            Output::ReadStorage { prefix, .. } => read_store(self.store(driver)?, prefix),
            Output::WriteStorage { key, value: Some(value) } => self.store(driver)?.set(key, value),
            Output::WriteStorage { key, value: None } => self.store(driver)?.remove(key),
            Output::ReleaseLock(name) => {
                driver.locks.release(name);
                Ok(JsValue::UNDEFINED)
            }
            _ => Ok(JsValue::UNDEFINED),
        };
        answer.map_err(Some)
    }

    fn store(&self, driver: &Rc<Driver>) -> Result<&Store, Option<JsValue>> {
        if let Some(store) = self.custom.as_ref().or_else(|| self.local.get().map(|local| &local.store)) {
            return Ok(store);
        }
        let store = local_store().map_err(Some)?.ok_or(None)?;
        Ok(&self.local.get_or_init(|| Local::watch(driver, store)).store)
    }

    /// Stops to listen to other pages.
    pub fn stop_listening(&self) {
        if let Some(local) = self.local.get() {
            local.watch.end();
            local.tell.take();
        }
    }
}

/// What a storage returns or throws; nothing is thrown if there is no storage.
type Answer = Result<JsValue, Option<JsValue>>;

fn finish(driver: &Rc<Driver>, operation: &Output, answer: Answer) {
    let words = match &answer {
        Err(Some(exception)) => Some(problem_of(exception)),
        _ => None,
    };
    let mut items = Vec::new();
    driver.handle(Input::Storage(match (operation, answer) {
        (Output::ReadStorage { read, .. }, Ok(found)) => {
            let mut texts = found.unchecked_ref::<Array>().iter();
            while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
                if let (Some(key), Some(value)) = (key.as_string(), value.as_string()) {
                    items.push((key, value));
                }
            }
            StorageEvent::Contents { read: *read, items: &items }
        }
        (Output::ReadStorage { read, .. }, Err(_)) => StorageEvent::Unreadable { read: *read, words: words.as_deref() },
        (Output::WriteStorage { key, .. }, Err(_)) => {
            StorageEvent::WriteFailed { key, words: words.as_deref().unwrap_or("it is gone") }
        }
        _ => return,
    }));
}

/// The browser's own storage, and the ear for what other pages do to it.
struct Local {
    store: Store,
    watch: Watch,
    tell: Cell<Option<Tell>>,
}

/// Called with a key and its value.
type Tell = Closure<dyn FnMut(JsValue, JsValue)>;

impl Local {
    fn watch(driver: &Rc<Driver>, store: Store) -> Self {
        let prefix = driver.with_outbox(|outbox| outbox.keys.all());
        let driver = Rc::clone(driver);
        let tell = Closure::new(move |key: JsValue, value: JsValue| {
            let (key, value) = (key.as_string(), value.as_string());
            driver.handle(Input::Storage(match &key {
                Some(key) => StorageEvent::Changed { key, value: value.as_deref() },
                None => StorageEvent::Emptied,
            }));
        });
        Self { watch: watch_store(&store, &prefix, tell.as_ref()), store, tell: Cell::new(Some(tell)) }
    }
}
