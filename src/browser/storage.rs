//! Where the outbox keeps what must survive the page: the browser's localStorage, or what the application gives.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::{
    api::errors,
    driver::Driver,
    page::{self, Target},
    promises,
};
use crate::{
    client::{Input, StorageEvent, limits::STORAGE_QUEUE_MAX},
    queue::Queue,
};

#[wasm_bindgen]
extern "C" {
    /// The browser's `Storage`, or what an application gives in its place; then each method may return a promise.
    #[derive(Clone, PartialEq)]
    pub type Store;

    #[wasm_bindgen(method, catch, js_name = getItem)]
    fn get(this: &Store, key: &Key) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setItem)]
    fn set(this: &Store, key: &str, value: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeItem)]
    fn remove(this: &Store, key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn keys(this: &Store) -> Result<JsValue, JsValue>;

    /// A string that stays where it is.
    #[derive(Clone)]
    type Key;

    #[wasm_bindgen(method, js_name = startsWith)]
    fn starts_with(this: &Key, prefix: &JsValue) -> bool;

    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn array_of(values: &JsValue) -> Result<Array, JsValue>;

    /// The event by which a browser tells that another page has changed a `Storage`.
    type ChangeEvent;

    #[wasm_bindgen(method, getter)]
    fn key(this: &ChangeEvent) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = newValue)]
    fn new_value(this: &ChangeEvent) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = storageArea)]
    fn storage_area(this: &ChangeEvent) -> JsValue;
}

/// The storage of a client. What is asked of it is done in order, each step when the one before has ended.
#[derive(Default)]
pub struct Storage {
    custom: Option<Store>,
    local: OnceCell<Local>,
    is_busy: Cell<bool>,
    queue: RefCell<Queue<Operation>>,
}

/// Something to be done in storage.
pub enum Operation {
    /// Say what is there under keys that begin so.
    Read {
        /// To be given back with the answer.
        read: u32,
        /// What the keys begin with.
        prefix: Box<str>,
    },
    /// Get the values of the keys found.
    ReadValues {
        /// To be given back with the answer.
        read: u32,
        /// The keys.
        keys: Array,
    },
    /// Set a value or remove it.
    Write {
        /// The key.
        key: Box<str>,
        /// The value; `None` to remove it.
        value: Option<Box<str>>,
    },
    /// Give a lock back: whoever gets it next shall find in storage what was written before.
    Release(Box<str>),
}

impl Storage {
    /// What the application gives, else localStorage. Nothing is touched before it is needed.
    pub fn new(custom: Option<Store>) -> Self {
        Self { custom, ..Self::default() }
    }

    /// Does what is asked, after what was asked before.
    pub fn perform(driver: &Rc<Driver>, operation: Operation) {
        let mut queue = driver.storage.queue.borrow_mut();
        if !driver.storage.is_busy.get() && queue.is_empty() {
            drop(queue);
            return Self::start(driver, operation);
        }
        match operation {
            Operation::Write { key, value: Some(_) } if queue.len() >= STORAGE_QUEUE_MAX => {
                drop(queue);
                driver.handle(Input::Storage(StorageEvent::WriteFailed { key: &key, words: "it is too slow" }));
            }
            operation => queue.push_back(operation),
        }
    }

    fn start(driver: &Rc<Driver>, operation: Operation) {
        match driver.storage.call(driver, &operation) {
            Ok(promise) if is_promise(&promise) => {
                driver.storage.is_busy.set(true);
                let driver = Rc::clone(driver);
                promises::when_settled(Ok(promise), move |answer| {
                    driver.storage.is_busy.set(false);
                    Self::finish(&driver, operation, answer.map_err(|exception| Some(words_of(&exception))));
                    while !driver.storage.is_busy.get()
                        && let Some(next) = driver.storage.next()
                    {
                        Self::start(&driver, next);
                    }
                });
            }
            answer => Self::finish(driver, operation, answer),
        }
    }

    fn next(&self) -> Option<Operation> {
        self.queue.borrow_mut().pop_front().map(|operation| *operation)
    }

    /// What the storage returned or threw; no words if there is none.
    fn call(&self, driver: &Rc<Driver>, operation: &Operation) -> Answer {
        if let Operation::Release(lock) = operation {
            driver.locks.release(lock);
            return Ok(JsValue::UNDEFINED);
        }
        let store = self.store(driver)?;
        let answer = match operation {
            Operation::Read { .. } if self.custom.is_none() => Ok(Object::keys(store.unchecked_ref::<Object>()).into()),
            Operation::Read { .. } => store.keys(),
            Operation::ReadValues { keys, .. } => store.values_of(keys),
            Operation::Write { key, value: Some(value) } => store.set(key, value),
            Operation::Write { key, value: None } => store.remove(key),
            Operation::Release(_) => Ok(JsValue::UNDEFINED),
        };
        answer.map_err(|exception| Some(words_of(&exception)))
    }

    fn store(&self, driver: &Rc<Driver>) -> Result<&Store, Option<String>> {
        if let Some(store) = self.custom.as_ref().or_else(|| self.local.get().map(|local| &local.store)) {
            return Ok(store);
        }
        // The browser throws where the user has forbidden it.
        let found = Reflect::get(&js_sys::global(), &"localStorage".into());
        let found = found.map_err(|exception| Some(words_of(&exception)))?;
        if !found.is_undefined() && page::property(&found, "getItem").is_none() {
            return Err(Some("globalThis.localStorage is not a storage".into()));
        }
        page::property(&found, "getItem").ok_or(None)?;
        Ok(&self.local.get_or_init(|| Local::watch(driver, found.unchecked_into())).store)
    }

    fn finish(driver: &Rc<Driver>, operation: Operation, answer: Answer) {
        match (operation, answer) {
            (Operation::Read { read, prefix }, Ok(keys)) => match keys_with(&prefix, &keys) {
                Ok(keys) => Self::start(driver, Operation::ReadValues { read, keys }),
                Err(exception) => {
                    Self::finish(driver, Operation::Read { read, prefix }, Err(Some(words_of(&exception))))
                }
            },
            (Operation::ReadValues { read, keys }, Ok(values)) => {
                let text_of = |value: JsValue| value.as_string();
                let values = values.unchecked_into::<Array>();
                let items = keys.iter().zip(values.iter());
                let items: Vec<_> = items.filter_map(|(key, value)| Some((text_of(key)?, text_of(value)?))).collect();
                driver.handle(Input::Storage(StorageEvent::Contents { read, items: &items }));
            }
            (Operation::Read { read, .. } | Operation::ReadValues { read, .. }, Err(words)) => {
                driver.handle(Input::Storage(StorageEvent::Unreadable { read, words: words.as_deref() }));
            }
            (Operation::Write { key, .. }, Err(words)) => {
                let words = words.as_deref().unwrap_or("it is gone");
                driver.handle(Input::Storage(StorageEvent::WriteFailed { key: &key, words }));
            }
            (Operation::Write { .. } | Operation::Release(_), _) => {}
        }
    }

    /// Stops to listen to other pages.
    pub fn stop_listening(&self) {
        if let Some(local) = self.local.get() {
            local.listening.take();
        }
    }
}

/// What a storage returns, or what is wrong, in words; no words if there is no storage.
type Answer = Result<JsValue, Option<String>>;

impl Store {
    /// The values of all these keys, or a promise of them.
    fn values_of(&self, keys: &Array) -> Result<JsValue, JsValue> {
        let values = Array::new();
        let mut is_promised = false;
        for key in keys.iter() {
            let value = self.get(key.unchecked_ref())?;
            is_promised |= is_promise(&value);
            values.push(&value);
        }
        Ok(if is_promised { Promise::all(&values).into() } else { values.into() })
    }
}

/// The keys that begin so. Those of others are not even copied.
fn keys_with(prefix: &str, keys: &JsValue) -> Result<Array, JsValue> {
    let prefix = JsValue::from_str(prefix);
    let is_wanted = |key: &JsValue| key.is_string() && key.unchecked_ref::<Key>().starts_with(&prefix);
    Ok(array_of(keys)?.iter().filter(is_wanted).collect())
}

fn is_promise(value: &JsValue) -> bool {
    value.is_object() && page::property(value, "then").is_some_and(|then| then.is_function())
}

/// The browser's own storage, and the ear for what other pages do to it.
struct Local {
    store: Store,
    listening: Cell<Option<Listening>>,
}

struct Listening {
    target: Target,
    listener: Closure<dyn FnMut(ChangeEvent)>,
}

impl Local {
    fn watch(driver: &Rc<Driver>, store: Store) -> Self {
        let target: JsValue = js_sys::global().into();
        let listening = page::can_listen(&target).then(|| Listening::start(driver, target.unchecked_into()));
        Self { store, listening: Cell::new(listening) }
    }
}

impl Listening {
    fn start(driver: &Rc<Driver>, target: Target) -> Self {
        let prefix = JsValue::from_str(&driver.with_outbox(|outbox| outbox.keys.all()));
        let driver = Rc::clone(driver);
        let listener = Closure::new(move |event: ChangeEvent| on_change(&driver, &prefix, &event));
        target.add("storage", listener.as_ref().unchecked_ref());
        Self { target, listener }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.target.remove("storage", self.listener.as_ref().unchecked_ref());
    }
}

/// Another page has changed a `Storage`, which may be the session's or concern others.
fn on_change(driver: &Rc<Driver>, prefix: &JsValue, event: &ChangeEvent) {
    let key = event.key();
    let is_other = key.is_string() && !key.unchecked_ref::<Key>().starts_with(prefix);
    let is_local = || driver.storage.local.get().is_some_and(|local| *local.store == event.storage_area());
    if is_other || !is_local() {
        return;
    }
    match key.as_string() {
        Some(key) => {
            let value = event.new_value();
            driver.handle(Input::Storage(StorageEvent::Changed { key: &key, value: value.as_deref() }));
        }
        // Somebody has cleared it all.
        None => driver.handle(Input::Storage(StorageEvent::Emptied)),
    }
}

/// The messages of what browsers throw may name the key. These exceptions have a number and a name, which says something.
fn words_of(exception: &JsValue) -> String {
    let is_of_browser = page::property(exception, "code").is_some_and(|code| code.as_f64().is_some());
    let name = page::property(exception, "name").filter(|_| is_of_browser).and_then(|name| name.as_string());
    name.unwrap_or_else(|| errors::words_of(exception))
}
