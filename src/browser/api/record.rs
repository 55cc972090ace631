//! `client.record`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{
    DeepstreamClient, Member,
    client::delivery_of,
    errors::{self, DeepstreamError, invalid},
};
use crate::{
    browser::sink::told,
    client::{
        ClientError, Command, ListenCommand, RecordCommand, RecordFailure, RecordNews, Strategy,
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
        RecordNews::Error(error) => {
            sink.failed(name, &DeepstreamError::from_client(error, "reason", Member::Absent))
        }
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

/// What can be asked for of records. Only what is said here of the arguments of
/// [`record_command`](DeepstreamClient::record_command) is looked at; who wants no ticket says so with `is_awaited`.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum RecordAction {
    /// Change an open record at a path.
    Set = "set",
    /// Change a record, open or not. The delivery (`number`) and the life in milliseconds (`second`) are for one that is not.
    SetData = "setData",
    /// Put an entry into an open list, whatever it is; `number` for the index.
    AddEntry = "addEntry",
    /// Take an entry out of an open list: see `EntryEdit`.
    RemoveEntry = "removeEntry",
    /// Put an entry into an open queue.
    Enqueue = "enqueue",
    /// Take an entry out of an open queue.
    Dequeue = "dequeue",
    /// Open a record once more, with the strategy `number` of `js/merge.ts`. Returns 1 if it is the first time.
    Open = "open",
    /// Take back one `Open`.
    Discard = "discard",
    /// Fail if this is not a path.
    CheckPath = "checkPath",
    /// Tell from now on what is new at a path.
    Watch = "watch",
    /// End that, for a path as it was written.
    Unwatch = "unwatch",
    /// Wait until the record was loaded.
    AwaitReady = "awaitReady",
    /// Delete a record.
    Delete = "delete",
    /// Read a record.
    Snapshot = "snapshot",
    /// Ask for the version of a record; -1 where there is none.
    Head = "head",
    /// Tell that a record is no longer open to what is asked of it.
    Refuse = "refuse",
    /// Settle conflicts of an open record with the strategy `number` from now on.
    SetStrategy = "setStrategy",
    /// Answer the question `number` of `merge`: the data, or nothing to delete the record.
    AnswerMerge = "answerMerge",
    /// Answer it with what went wrong, in words.
    FailMerge = "failMerge",
    /// Have records that others open, and that match a pattern, offered to the sink.
    Listen = "listen",
    /// End that.
    Unlisten = "unlisten",
    /// Say that what was offered under `number` is provided here.
    Accept = "accept",
    /// Say that it is not.
    Reject = "reject",
    /// Answer the question `number` of `load`: the data and its version (`second`), or nothing.
    LookedUp = "lookedUp",
    /// Tell, in words, that storage does not do what it should.
    StorageFailed = "storageFailed",
    /// Tell that storage has been emptied.
    StorageCleared = "storageCleared",
    /// Have storage keep all records that are open.
    Save = "save",
    /// Call `somethingHappened` from now on, or no longer (`number`).
    WatchStates = "watchStates",
}

/// What can be asked of a record and is answered with a number; 1 stands for yes.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum RecordNumber {
    /// The version; nothing before it was loaded.
    Version = "version",
    /// Whether it was loaded.
    IsReady = "isReady",
    /// Whether what is seen comes from storage, and the server has not confirmed it.
    IsFromStorage = "isFromStorage",
    /// Whether somebody provides it.
    HasProvider = "hasProvider",
}

/// What can be asked of a record and is answered with a text.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum RecordText {
    /// The JSON text at a path; nothing if there is nothing.
    Value = "value",
    /// The same of a record that is given as text, instead of its name.
    ValueIn = "valueIn",
    /// Where it stands; nothing for one that is not open.
    State = "state",
}

/// Records, by name. Without a path, the whole record is meant.
#[wasm_bindgen]
impl DeepstreamClient {
    /// Says who is told what becomes of records.
    pub fn attach(&self, sink: RecordSink) {
        self.driver.record_sink.replace(Some(sink));
    }

    /// The names of the records that are open.
    #[wasm_bindgen(js_name = recordNames)]
    pub fn record_names(&self) -> Vec<String> {
        self.driver.with_records(|records| records.names().map(String::from).collect())
    }

    /// Does what is asked for. Returns the ticket of its outcome, where nothing else is said.
    ///
    /// # Errors
    /// Anything but a path; after a panic.
    #[allow(clippy::too_many_arguments)]
    #[wasm_bindgen(js_name = recordCommand)]
    pub fn record_command(
        &self,
        what: RecordAction,
        name: &str,
        data: Option<String>,
        path: Option<String>,
        is_awaited: Option<bool>,
        number: Option<u32>,
        second: Option<u32>,
    ) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let driver = &self.driver;
        let ticket = driver.tickets.next();
        let mut result = ticket.0;
        let (data, path) = (data.as_deref(), path.as_deref());
        let awaited = is_awaited.unwrap_or_default().then_some(ticket);
        let id = number.unwrap_or_default();
        let entries = |is_queue, is_removal| {
            let edit = EntryEdit { is_queue, is_removal, index: number.map(u32::cast_signed) };
            RecordCommand::ChangeEntries { name, edit, entry: data.unwrap_or("null"), ticket: awaited }
        };
        let offered = |accept| RecordCommand::Listen(ListenCommand::Answer { subscription: name, offer: id, accept });
        let command = match what {
            RecordAction::Set => RecordCommand::Write { name, edits: vec![(read_path(path)?, data)], ticket: awaited },
            RecordAction::SetData => RecordCommand::SetData {
                name,
                path: read_path(path)?,
                data,
                delivery: delivery_of(id),
                ttl_ms: second.map(u64::from),
                ticket: awaited,
            },
            RecordAction::AddEntry => entries(false, false),
            RecordAction::RemoveEntry => entries(false, true),
            RecordAction::Enqueue => entries(true, false),
            RecordAction::Dequeue => entries(true, true),
            RecordAction::Open => {
                result = driver.with_records(|records| u32::from(!records.is_held(name)));
                RecordCommand::Open { name, strategy: strategy_of(id) }
            }
            RecordAction::Discard => RecordCommand::Discard(name),
            RecordAction::CheckPath => return read_path(path).map(|_| result),
            RecordAction::Watch => RecordCommand::Watch { name, path: read_path(path)? },
            RecordAction::Unwatch => RecordCommand::Unwatch { name, path: path.unwrap_or_default() },
            RecordAction::AwaitReady => RecordCommand::AwaitReady { name, ticket },
            RecordAction::Delete => RecordCommand::Delete { name, ticket },
            RecordAction::Snapshot => RecordCommand::Snapshot { name, ticket },
            RecordAction::Head => RecordCommand::Head { name, ticket },
            RecordAction::Refuse => {
                let error = ClientError::Record { what: RecordFailure::NotOpen, name: name.into() };
                match awaited {
                    Some(ticket) => driver.settle(ticket, Err(error)),
                    None => driver.error(&error),
                }
                return Ok(result);
            }
            RecordAction::SetStrategy => RecordCommand::SetStrategy { name, strategy: strategy_of(id) },
            RecordAction::AnswerMerge => RecordCommand::AnswerMerge { question: id, answer: Ok(data) },
            RecordAction::FailMerge => {
                RecordCommand::AnswerMerge { question: id, answer: Err(data.unwrap_or_default()) }
            }
            RecordAction::Listen => RecordCommand::Listen(ListenCommand::Listen(name)),
            RecordAction::Unlisten => RecordCommand::Listen(ListenCommand::Unlisten(name)),
            RecordAction::Accept => offered(true),
            RecordAction::Reject => offered(false),
            RecordAction::LookedUp => {
                let version = second.unwrap_or_default().cast_signed();
                RecordCommand::LookedUp { lookup: id, name, found: data.map(|data| (version, data)) }
            }
            RecordAction::StorageFailed => RecordCommand::StorageFailed { words: data.unwrap_or_default() },
            RecordAction::StorageCleared => RecordCommand::StorageCleared,
            RecordAction::Save => RecordCommand::Save,
            RecordAction::WatchStates => {
                driver.are_record_states_watched.set(id > 0);
                return Ok(result);
            }
            RecordAction::__Invalid => return Ok(result),
        };
        driver.command(Command::Record(command));
        Ok(result)
    }

    /// Changes an open record at several paths at once: paths and data in turn. Returns the ticket of the outcome.
    ///
    /// # Errors
    /// Anything but paths; after a panic.
    #[wasm_bindgen(js_name = setMulti)]
    pub fn set_multi(&self, name: &str, edits: &Array, is_awaited: bool) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let mut read = Vec::new();
        for position in (0..edits.length()).step_by(2) {
            let [path, data] = [position, position + 1].map(|position| edits.get(position).as_string());
            read.push((read_path(path.as_deref())?, data));
        }
        let ticket = self.driver.tickets.next();
        let edits = read.iter().map(|(path, data)| (path.clone(), data.as_deref())).collect();
        let awaited = is_awaited.then_some(ticket);
        self.driver.command(Command::Record(RecordCommand::Write { name, edits, ticket: awaited }));
        Ok(ticket.0)
    }

    /// Tells the server that records have changed in its storage. Returns the ticket of the outcome.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn notify(&self, names: &Array) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let names = names.iter().filter_map(|name| name.as_string().map(Box::from)).collect();
        let ticket = self.driver.tickets.next();
        self.driver.command(Command::Record(RecordCommand::Notify { names, ticket }));
        Ok(ticket.0)
    }

    /// Answers with a number.
    #[wasm_bindgen(js_name = recordNumber)]
    pub fn record_number(&self, what: RecordNumber, name: &str) -> Option<i32> {
        self.driver.with_records(|records| match what {
            RecordNumber::Version => records.version(name),
            RecordNumber::IsReady => Some(records.is_ready(name).into()),
            RecordNumber::IsFromStorage => Some(records.is_from_storage(name).into()),
            RecordNumber::HasProvider => Some(records.has_provider(name).into()),
            RecordNumber::__Invalid => None,
        })
    }

    /// Answers with a text.
    ///
    /// # Errors
    /// Anything but a path.
    #[wasm_bindgen(js_name = recordText)]
    pub fn record_text(
        &self,
        what: RecordText,
        name: &str,
        path: Option<String>,
    ) -> Result<Option<String>, DeepstreamError> {
        let path = read_path(path.as_deref())?;
        Ok(self.driver.with_records(|records| match what {
            RecordText::Value => records.get(name, &path).map(String::from),
            RecordText::ValueIn => {
                let mut document = Document::parse(name).unwrap_or_default();
                document.get(&path).map(|value| value.text().into_owned())
            }
            RecordText::State => records.state(name).map(String::from),
            RecordText::__Invalid => None,
        }))
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

/// A path into a record; nothing is the whole record.
fn read_path(text: Option<&str>) -> Result<Path, DeepstreamError> {
    let Some(text) = text else { return Ok(Path::default()) };
    let parsed =
        if text.is_empty() { Err("a non-empty string") } else { Path::parse(text).map_err(|error| error.expected) };
    parsed.map_err(|expected| invalid("path", expected, &text.into(), "argument"))
}
