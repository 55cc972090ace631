//! `client.record`.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{
    Member,
    client::{Action, Arguments, Question, delivery_of, names_in},
    errors::{DeepstreamError, invalid},
};
use crate::{
    browser::{driver::Driver, sink::Sink},
    client::{
        ClientError, Command, Output, RecordCommand, RecordFailure, RecordNews, RecordQuestion, Strategy,
        record::{Document, Edit, EntryEdit, Path, Side},
    },
};

#[wasm_bindgen]
extern "C" {
    /// Who is told what becomes of records: `RecordHub` in `js/record-hub.ts`. Values are JSON texts; `undefined` stands
    /// for none.
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

    /// Tells that everything was carried out that followed from something.
    #[wasm_bindgen(method, catch, js_name = somethingHappened)]
    pub fn something_happened(this: &RecordSink) -> Result<(), JsValue>;

    /// Who is told what becomes of records; nobody any more when the client is closed.
    #[wasm_bindgen(method, getter)]
    pub fn records(this: &Sink) -> Option<RecordSink>;
}

impl RecordSink {
    /// Carries out what concerns records.
    pub fn carry_out(&self, output: &Output) -> Result<(), JsValue> {
        match output {
            Output::Record { name, news } => self.tell(name, news),
            Output::LoadRecord { lookup, name } => self.load(*lookup, name),
            Output::StoreRecord { name, record: Some((version, data)) } => self.store(name, *version, Some(data)),
            Output::StoreRecord { name, record: None } => self.store(name, -1, None),
            Output::AskMerge { question, name, local, local_version, remote, remote_version } => {
                let (local, remote) = (local.as_deref(), remote.as_deref());
                self.merge(*question, name, local, *local_version, remote, *remote_version)
            }
            _ => Ok(()),
        }
    }

    fn tell(&self, name: &str, news: &RecordNews) -> Result<(), JsValue> {
        match news {
            RecordNews::Ready => self.ready(name),
            RecordNews::Changed { path, value } => self.changed(name, path, value.as_deref()),
            RecordNews::Discarded(last) => self.ended(name, false, last.version, &last.data),
            RecordNews::Deleted(last) => self.ended(name, true, last.version, &last.data),
            RecordNews::Restored => self.restored(name),
            RecordNews::HasProviderChanged(has_provider) => self.provider_changed(name, *has_provider),
            RecordNews::Conflict { local, remote } => self.conflict(name, local.as_deref(), remote.as_deref()),
            RecordNews::Error(error) => {
                self.failed(name, &DeepstreamError::from_client(error, "reason", Member::Absent))
            }
        }
    }
}

/// Does what is asked for of records.
pub(super) fn command(driver: &Rc<Driver>, what: Action, arguments: &Arguments<'_>) -> Result<(), DeepstreamError> {
    let Arguments { ticket, name, data, number, flag, key: path, second, list } = *arguments;
    let awaited = flag.then_some(ticket);
    let id = number.unwrap_or_default();
    let command = match what {
        Action::SetData => RecordCommand::SetData {
            name,
            edits: edits(what, arguments)?,
            delivery: delivery_of(id),
            ttl_ms: second.map(u64::from),
            ticket: awaited,
        },
        Action::Set | Action::SetMulti | Action::AddEntry | Action::RemoveEntry | Action::Enqueue | Action::Dequeue => {
            RecordCommand::Write { name, edits: edits(what, arguments)?, ticket: awaited }
        }
        Action::Open => RecordCommand::Open { name, strategy: strategy_of(id) },
        Action::Discard => RecordCommand::Discard(name),
        Action::CheckPath => return read_path(path).map(|_| ()),
        Action::Watch => RecordCommand::Watch { name, path: read_path(path)? },
        Action::Unwatch => RecordCommand::Unwatch { name, path: path.unwrap_or_default() },
        Action::AwaitReady => RecordCommand::Ask { name, question: RecordQuestion::Readiness, ticket },
        Action::Delete => RecordCommand::Delete { name, ticket },
        Action::Snapshot => RecordCommand::Ask { name, question: RecordQuestion::Data, ticket },
        Action::Head => RecordCommand::Ask { name, question: RecordQuestion::Version, ticket },
        Action::Notify => RecordCommand::Notify { names: names_in(list), ticket },
        Action::Refuse => {
            let error = ClientError::record(RecordFailure::NotOpen, name);
            match awaited {
                Some(ticket) => driver.settle(ticket, Err(error)),
                None => driver.error(&error),
            }
            return Ok(());
        }
        Action::SetStrategy => RecordCommand::SetStrategy { name, strategy: strategy_of(id) },
        Action::AnswerMerge => RecordCommand::AnswerMerge { question: id, answer: Ok(data) },
        Action::FailMerge => RecordCommand::AnswerMerge { question: id, answer: Err(data.unwrap_or_default()) },
        Action::LookedUp => {
            let version = second.unwrap_or_default().cast_signed();
            RecordCommand::LookedUp { lookup: id, name, found: data.map(|data| (version, data)) }
        }
        Action::StorageFailed => RecordCommand::StorageFailed { words: data.unwrap_or_default() },
        Action::StorageCleared => RecordCommand::StorageCleared,
        Action::Save => RecordCommand::Save,
        Action::WatchStates => {
            driver.are_record_states_watched.set(id > 0);
            return Ok(());
        }
        _ => return Ok(()),
    };
    driver.command(Command::Record(command));
    Ok(())
}

/// The changes that are asked for.
fn edits(what: Action, arguments: &Arguments<'_>) -> Result<Vec<Edit>, DeepstreamError> {
    let mut edits = Vec::new();
    match what {
        Action::Set | Action::SetData => edits.push(read_edit(arguments.key, arguments.data)?),
        Action::SetMulti => {
            for edit in arguments.list.chunks(2) {
                if let [path, data] = edit {
                    edits.push(read_edit(path.as_deref(), data.as_deref())?);
                }
            }
        }
        _ => {
            let edit = EntryEdit {
                is_queue: matches!(what, Action::Enqueue | Action::Dequeue),
                is_removal: matches!(what, Action::RemoveEntry | Action::Dequeue),
                index: arguments.number.map(u32::cast_signed),
            };
            edits.push(Edit::of_entries(edit, arguments.data.unwrap_or("null").into()));
        }
    }
    Ok(edits)
}

/// Answers a question about a record; with `undefined` where there is no answer.
pub(super) fn ask(driver: &Driver, what: Question, name: &str, path: Option<&str>) -> Result<JsValue, DeepstreamError> {
    let path = read_path(path)?;
    Ok(driver.with_records(|records| match what {
        Question::Value => records.get(name, &path).as_deref().into(),
        Question::ValueIn => {
            let mut document = Document::parse(name).unwrap_or_default();
            document.get(&path).map(|value| value.to_text()).as_deref().into()
        }
        Question::Version => records.version(name).into(),
        Question::IsOpen => records.is_held(name).into(),
        Question::IsReady => records.is_ready(name).into(),
        Question::IsFromStorage => records.is_from_storage(name).into(),
        Question::HasProvider => records.has_provider(name).into(),
        Question::State => records.state(name).into(),
        Question::Names => {
            let names = Array::new();
            for name in records.names() {
                names.push(&name.into());
            }
            names.into()
        }
        _ => JsValue::UNDEFINED,
    }))
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

/// A change at a path into a record.
fn read_edit(path: Option<&str>, data: Option<&str>) -> Result<Edit, DeepstreamError> {
    Ok(Edit::new(read_path(path)?, data.map(Into::into)))
}

/// A path into a record; nothing is the whole record.
fn read_path(text: Option<&str>) -> Result<Path, DeepstreamError> {
    let Some(text) = text else { return Ok(Path::default()) };
    let parsed =
        if text.is_empty() { Err("a non-empty string") } else { Path::parse(text).map_err(|error| error.expected) };
    parsed.map_err(|expected| invalid("path", expected, &text.into(), "argument"))
}
