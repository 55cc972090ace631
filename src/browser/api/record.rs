//! `client.record`.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    errors::{self, DeepstreamError},
    event::delivery_of,
};
use crate::{
    browser::{driver::Driver, sink::told},
    client::{
        ClientError, Command, ListenCommand, RecordCommand, RecordFailure, RecordNews, Strategy, Ticket,
        record::{Document, EntryEdit, Path, Side},
    },
};

#[wasm_bindgen]
extern "C" {
    /// Who is told what becomes of records: `RecordHub` in `js/record-hub.ts`. Values are JSON texts; `undefined` stands
    /// for none.
    #[derive(Clone)]
    pub type RecordSink;

    #[wasm_bindgen(method, catch)]
    fn ready(this: &RecordSink, name: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn changed(this: &RecordSink, name: &str, path: &str, value: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn ended(this: &RecordSink, name: &str, is_deleted: bool, version: Option<i32>, data: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = providerChanged)]
    fn provider_changed(this: &RecordSink, name: &str, has_provider: bool) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn conflict(this: &RecordSink, name: &str, local: Option<&str>, remote: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn failed(this: &RecordSink, name: &str, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn merge(
        this: &RecordSink,
        question: u32,
        name: &str,
        local: Option<&str>,
        local_version: i32,
        remote: Option<&str>,
        remote_version: i32,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn restored(this: &RecordSink, name: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn load(this: &RecordSink, lookup: u32, name: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn store(this: &RecordSink, name: &str, version: i32, data: Option<&str>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = somethingHappened)]
    fn something_happened(this: &RecordSink) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn closed(this: &RecordSink) -> Result<(), JsValue>;
}

/// Tells news about a record.
pub fn tell(sink: &RecordSink, name: &str, news: &RecordNews) {
    told(match news {
        RecordNews::Ready => sink.ready(name),
        RecordNews::Changed { path, value } => sink.changed(name, path, value.as_deref()),
        RecordNews::Discarded(last) => sink.ended(name, false, last.version, &last.data),
        RecordNews::Deleted(last) => sink.ended(name, true, last.version, &last.data),
        RecordNews::Restored => sink.restored(name),
        RecordNews::HasProviderChanged(has_provider) => sink.provider_changed(name, *has_provider),
        RecordNews::Conflict { local, remote } => sink.conflict(name, local.as_deref(), remote.as_deref()),
        RecordNews::Error(error) => sink.failed(name, &DeepstreamError::from_client(error, &js_sys::Object::new())),
    });
}

/// A side of a conflict: the data, and its version.
pub type Contender<'a> = (Option<&'a str>, i32);

/// Asks how a conflict is to be settled.
pub fn ask(sink: &RecordSink, question: u32, name: &str, local: Contender<'_>, remote: Contender<'_>) {
    told(sink.merge(question, name, local.0, local.1, remote.0, remote.1));
}

/// Has a record looked up in storage.
pub fn load(sink: &RecordSink, lookup: u32, name: &str) {
    told(sink.load(lookup, name));
}

/// Has storage keep a record, or forget it.
pub fn store(sink: &RecordSink, name: &str, record: Option<(i32, Box<str>)>) {
    let (version, data) = record.map_or((-1, None), |(version, data)| (version, Some(data)));
    told(sink.store(name, version, data.as_deref()));
}

/// Tells that everything was carried out that followed from something.
pub fn tell_happened(sink: &RecordSink) {
    told(sink.something_happened());
}

/// Tells that the client is closed.
pub fn tell_closed(sink: &RecordSink) {
    told(sink.closed());
}

/// Records, by name: the class behind `client.record`. What JavaScript sees of it is in `js/records.ts`.
///
/// Numbers that are returned are the tickets of outcomes; where somebody may want none, it is `is_awaited` that says so.
#[wasm_bindgen]
pub struct RecordHandler {
    driver: Rc<Driver>,
}

impl RecordHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    fn command(&self, command: RecordCommand<'_>) {
        self.driver.command(Command::Record(command));
    }

    fn ticket(&self, is_awaited: bool) -> Option<Ticket> {
        is_awaited.then(|| self.driver.tickets.next())
    }

    fn ask(
        &self,
        name: &JsValue,
        command: for<'a> fn(&'a str, Ticket) -> RecordCommand<'a>,
    ) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let ticket = self.driver.tickets.next();
        self.command(command(&name, ticket));
        Ok(ticket.0)
    }
}

#[wasm_bindgen]
impl RecordHandler {
    /// Says who is told what becomes of records.
    pub fn attach(&self, sink: RecordSink) {
        self.driver.record_sink.replace(Some(sink));
    }

    /// Whenever this is another number, any record may be another one.
    pub fn revision(&self) -> u32 {
        self.driver.revision.get()
    }

    /// The names of the records that are open.
    pub fn names(&self) -> Vec<String> {
        self.driver.with_records(|records| records.names().map(String::from).collect())
    }

    /// Opens a record once more; says whether it is the first time. The strategy is a number of `js/merge.ts`.
    ///
    /// # Errors
    /// A name that is not a string or empty.
    pub fn open(&self, name: &JsValue, strategy: u32) -> Result<bool, DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let is_first = self.driver.with_records(|records| !records.is_held(&name));
        self.command(RecordCommand::Open { name: &name, strategy: strategy_of(strategy) });
        Ok(is_first)
    }

    /// Takes back one `open`.
    pub fn discard(&self, name: &str) {
        self.command(RecordCommand::Discard(name));
    }

    /// Checks a path.
    ///
    /// # Errors
    /// Anything but a path.
    #[wasm_bindgen(js_name = checkPath)]
    pub fn check_path(&self, path: &JsValue) -> Result<(), DeepstreamError> {
        arguments::path(path).map(drop)
    }

    /// Tells from now on what is new at a path; `undefined` is the whole record.
    ///
    /// # Errors
    /// Anything but a path.
    pub fn watch(&self, name: &str, path: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let path = arguments::path(path)?;
        self.command(RecordCommand::Watch { name, path });
        Ok(())
    }

    /// Ends what `watch` began.
    pub fn unwatch(&self, name: &str, path: &str) {
        self.command(RecordCommand::Unwatch { name, path });
    }

    /// The JSON text at a path; `undefined` if there is nothing.
    ///
    /// # Errors
    /// Anything but a path.
    pub fn get(&self, name: &str, path: &JsValue) -> Result<Option<String>, DeepstreamError> {
        let path = arguments::path(path)?;
        Ok(self.driver.with_records(|records| records.get(name, &path)).map(String::from))
    }

    /// The JSON text at a path of a record that is given as text; `undefined` if there is nothing.
    ///
    /// # Errors
    /// Anything but a path.
    #[wasm_bindgen(js_name = lookInto)]
    pub fn look_into(&self, data: &str, path: &JsValue) -> Result<Option<String>, DeepstreamError> {
        let path = arguments::path(path)?;
        let mut document = Document::parse(data).unwrap_or_default();
        Ok(document.get(&path).map(|value| value.text().into_owned()))
    }

    /// The version; `undefined` before it was loaded.
    pub fn version(&self, name: &str) -> Option<i32> {
        self.driver.with_records(|records| records.version(name))
    }

    /// Whether the record was loaded.
    #[wasm_bindgen(js_name = isReady)]
    pub fn is_ready(&self, name: &str) -> bool {
        self.driver.with_records(|records| records.is_ready(name))
    }

    /// Whether what is seen comes from storage, and the server has not confirmed it.
    #[wasm_bindgen(js_name = isFromStorage)]
    pub fn is_from_storage(&self, name: &str) -> bool {
        self.driver.with_records(|records| records.is_from_storage(name))
    }

    /// Answers what was asked with `load`: the version and the data, or nothing.
    #[wasm_bindgen(js_name = lookedUp)]
    pub fn looked_up(&self, lookup: u32, name: &str, version: i32, data: Option<String>) {
        let found = data.as_deref().map(|data| (version, data));
        self.command(RecordCommand::LookedUp { lookup, name, found });
    }

    /// Tells that storage does not do what it should.
    #[wasm_bindgen(js_name = storageFailed)]
    pub fn storage_failed(&self, words: &str) {
        self.command(RecordCommand::StorageFailed { words });
    }

    /// Tells that storage has been emptied.
    #[wasm_bindgen(js_name = storageCleared)]
    pub fn storage_cleared(&self) {
        self.command(RecordCommand::StorageCleared);
    }

    /// Has storage keep all records that are open.
    pub fn save(&self) {
        self.command(RecordCommand::Save);
    }

    /// Whether somebody provides the record.
    #[wasm_bindgen(js_name = hasProvider)]
    pub fn has_provider(&self, name: &str) -> bool {
        self.driver.with_records(|records| records.has_provider(name))
    }

    /// Where the record stands; `undefined` for one that is not open.
    pub fn state(&self, name: &str) -> Option<String> {
        self.driver.with_records(|records| records.state(name)).map(String::from)
    }

    /// Whether to call `somethingHappened` from now on.
    #[wasm_bindgen(js_name = watchStates)]
    pub fn watch_states(&self, is_watched: bool) {
        self.driver.are_record_states_watched.set(is_watched);
    }

    /// Waits until the record was loaded.
    #[wasm_bindgen(js_name = awaitReady)]
    pub fn await_ready(&self, name: &str) -> u32 {
        let ticket = self.driver.tickets.next();
        self.command(RecordCommand::AwaitReady { name, ticket });
        ticket.0
    }

    /// Changes an open record at one path.
    ///
    /// # Errors
    /// Anything but a path, data that JSON cannot say, a whole record that is neither an object nor an array.
    pub fn set(
        &self,
        name: &str,
        path: &JsValue,
        data: &JsValue,
        is_awaited: bool,
    ) -> Result<Option<u32>, DeepstreamError> {
        errors::ensure_sound()?;
        let (path, text) = edit(path, data)?;
        let ticket = self.ticket(is_awaited);
        self.command(RecordCommand::Write { name, edits: vec![(path, text.as_deref())], ticket });
        Ok(ticket.map(|ticket| ticket.0))
    }

    /// Changes an open record at several paths at once: paths and data in turn.
    ///
    /// # Errors
    /// As for `set`.
    #[wasm_bindgen(js_name = setMulti)]
    pub fn set_multi(&self, name: &str, edits: &Array, is_awaited: bool) -> Result<Option<u32>, DeepstreamError> {
        errors::ensure_sound()?;
        let mut checked = Vec::new();
        for position in (0..edits.length()).step_by(2) {
            checked.push(edit(&edits.get(position), &edits.get(position + 1))?);
        }
        let ticket = self.ticket(is_awaited);
        let edits = checked.iter().map(|(path, text)| (path.clone(), text.as_deref())).collect();
        self.command(RecordCommand::Write { name, edits, ticket });
        Ok(ticket.map(|ticket| ticket.0))
    }

    /// Changes the entries of an open list or queue, whatever they are: see `EntryEdit`.
    ///
    /// # Errors
    /// An entry that JSON cannot say.
    #[wasm_bindgen(js_name = changeEntries)]
    pub fn change_entries(
        &self,
        name: &str,
        is_queue: bool,
        is_removal: bool,
        entry: &JsValue,
        index: Option<i32>,
        is_awaited: bool,
    ) -> Result<Option<u32>, DeepstreamError> {
        errors::ensure_sound()?;
        let text = arguments::json("entry", entry)?;
        let entry = text.as_deref().unwrap_or("null");
        let ticket = self.ticket(is_awaited);
        let edit = EntryEdit { is_queue, is_removal, index };
        self.command(RecordCommand::ChangeEntries { name, edit, entry, ticket });
        Ok(ticket.map(|ticket| ticket.0))
    }

    /// Changes a record, open or not. Delivery and life are for one that is not.
    ///
    /// # Errors
    /// A name that is not a string or empty; as for `set`.
    #[wasm_bindgen(js_name = setData)]
    pub fn set_data(
        &self,
        name: &JsValue,
        path: &JsValue,
        data: &JsValue,
        delivery: u32,
        ttl_ms: Option<u32>,
        is_awaited: bool,
    ) -> Result<Option<u32>, DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let (path, text) = edit(path, data)?;
        let (delivery, ttl_ms) = (delivery_of(delivery), ttl_ms.map(u64::from));
        let ticket = self.ticket(is_awaited);
        self.command(RecordCommand::SetData { name: &name, path, data: text.as_deref(), delivery, ttl_ms, ticket });
        Ok(ticket.map(|ticket| ticket.0))
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// A name that is not a string or empty.
    pub fn delete(&self, name: &JsValue) -> Result<u32, DeepstreamError> {
        self.ask(name, |name, ticket| RecordCommand::Delete { name, ticket })
    }

    /// Reads a record.
    ///
    /// # Errors
    /// A name that is not a string or empty.
    pub fn snapshot(&self, name: &JsValue) -> Result<u32, DeepstreamError> {
        self.ask(name, |name, ticket| RecordCommand::Snapshot { name, ticket })
    }

    /// Asks for the version of a record; -1 where there is none.
    ///
    /// # Errors
    /// A name that is not a string or empty.
    pub fn head(&self, name: &JsValue) -> Result<u32, DeepstreamError> {
        self.ask(name, |name, ticket| RecordCommand::Head { name, ticket })
    }

    /// Tells the server that records have changed in its storage.
    ///
    /// # Errors
    /// Anything but an array of strings that are not empty.
    pub fn notify(&self, names: &JsValue) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let expected = || DeepstreamError::invalid("argument", "names", "an array of non-empty strings", names);
        let array = names.dyn_ref::<Array>().filter(|array| array.length() > 0).ok_or_else(expected)?;
        let texts = array.iter().map(|name| name.as_string().filter(|name| !name.is_empty()).map(Box::from));
        let names = texts.collect::<Option<Vec<_>>>().ok_or_else(expected)?;
        let ticket = self.driver.tickets.next();
        self.command(RecordCommand::Notify { names, ticket });
        Ok(ticket.0)
    }

    /// Tells that a record is no longer open to what is asked of it.
    pub fn refuse(&self, name: &str, is_awaited: bool) -> Option<u32> {
        let error = ClientError::Record { what: RecordFailure::NotOpen, name: name.into() };
        let Some(ticket) = self.ticket(is_awaited) else {
            self.driver.error(&error);
            return None;
        };
        self.driver.settle(ticket, Err(error));
        Some(ticket.0)
    }

    /// Has records that others open, and that match a pattern, offered to the sink.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn listen(&self, pattern: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(RecordCommand::Listen(ListenCommand::Listen(pattern)));
        Ok(())
    }

    /// Ends what `listen` began.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn unlisten(&self, pattern: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(RecordCommand::Listen(ListenCommand::Unlisten(pattern)));
        Ok(())
    }

    /// Says whether what was offered is provided here.
    pub fn answer(&self, subscription: &str, offer: u32, accept: bool) {
        self.command(RecordCommand::Listen(ListenCommand::Answer { subscription, offer, accept }));
    }

    /// How conflicts of an open record are settled from now on.
    #[wasm_bindgen(js_name = setStrategy)]
    pub fn set_strategy(&self, name: &str, strategy: u32) {
        self.command(RecordCommand::SetStrategy { name, strategy: strategy_of(strategy) });
    }

    /// Answers what was asked with `merge`: the data, or nothing to delete the record.
    #[wasm_bindgen(js_name = answerMerge)]
    pub fn answer_merge(&self, question: u32, data: Option<String>) {
        self.command(RecordCommand::AnswerMerge { question, answer: Ok(data.as_deref()) });
    }

    /// Answers what was asked with `merge`: it cannot be said, in words.
    #[wasm_bindgen(js_name = failMerge)]
    pub fn fail_merge(&self, question: u32, words: &str) {
        self.command(RecordCommand::AnswerMerge { question, answer: Err(words) });
    }
}

/// The strategies as `js/merge.ts` numbers them.
const fn strategy_of(number: u32) -> Strategy {
    match number {
        0 => Strategy::RemoteWins,
        1 => Strategy::LocalWins,
        2 => Strategy::ThreeWay(Side::Remote),
        3 => Strategy::ThreeWay(Side::Local),
        _ => Strategy::Custom,
    }
}

fn edit(path: &JsValue, data: &JsValue) -> Result<(Path, Option<String>), DeepstreamError> {
    let path = arguments::path(path)?;
    let text = arguments::json("data", data)?;
    let is_document = || text.as_deref().is_some_and(|text| text.starts_with(['{', '[']));
    if path.is_root() && !is_document() {
        let expected = "an object or an array, since there is no path";
        return Err(DeepstreamError::invalid("argument", "data", expected, data));
    }
    Ok((path, text))
}
