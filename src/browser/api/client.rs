//! What JavaScript asks of a client, in one object.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::{
    errors::{self, DeepstreamError, invalid},
    options::{self, Given},
    outbox,
};
#[cfg(feature = "records")]
use crate::{browser::api::record, client::RecordCommand};
use crate::{
    browser::{driver::Driver, sink::Sink},
    client::{
        ClientError, Command, Delivery, EventCommand, Failure, Kind, ListenCommand, Offer, PresenceCommand, RpcAnswer,
        RpcCommand, RpcRequestId, Ticket, UrlError, parse_url,
    },
};

/// What an application can ask for. Only what is said here of the arguments of [`command`](DeepstreamClient::command) is
/// looked at.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Action {
    /// Send an event: its payload and `key`; `flag` for a receipt, `number` for the delivery, `second` for its life in
    /// milliseconds.
    Emit = "emit",
    /// Have events of this name come to the sink, or ask again where the server has refused that. Returns the number by which
    /// the sink is told of them; when that has ended, another name may get it. 0 if it has ended already.
    Subscribe = "subscribe",
    /// End that.
    Unsubscribe = "unsubscribe",
    /// Report that a stream of events is read so slowly that some are lost.
    ReportOverflow = "reportOverflow",
    /// Report that the data of an event is not JSON.
    ReportInvalid = "reportInvalid",
    /// Have subscriptions that match a pattern offered to the sink; `flag` for records that others open.
    Listen = "listen",
    /// End that.
    Unlisten = "unlisten",
    /// Say that what was offered under `number` is provided here.
    Accept = "accept",
    /// Say that it is not.
    Reject = "reject",
    /// Have the sink told of a user, of all of them without a name; or ask again where the server has refused that.
    SubscribePresence = "subscribePresence",
    /// End that.
    UnsubscribePresence = "unsubscribePresence",
    /// Ask which of the users in `list` are here, or who is here at all.
    QueryPresence = "queryPresence",
    /// Have requests of this name come to the sink.
    Provide = "provide",
    /// End that.
    Unprovide = "unprovide",
    /// Make a call: its payload; `flag` if it may be made twice, `number` for its time limit in milliseconds.
    Make = "make",
    /// The same, even if the page does not live to see it; `second` for how long, in milliseconds.
    MakeDurable = "makeDurable",
    /// Give up the call with the ticket `number`, whose outcome is not known.
    Cancel = "cancel",
    /// Say that the request `number` is worked on.
    AcceptRequest = "acceptRequest",
    /// Say that another provider shall answer it.
    RejectRequest = "rejectRequest",
    /// Answer it with an error.
    AnswerError = "answerError",
    /// Answer it with a result.
    AnswerResult = "answerResult",
    /// Log in, with a JSON object.
    Login = "login",
    /// Let go of the connection for good.
    Close = "close",
    /// Let go of it until `resume`.
    Pause = "pause",
    /// Connect again.
    Resume = "resume",
    /// Have the sink told `connectionChanged` whenever the connection is another one than now.
    WatchConnection = "watchConnection",
    /// Restore the subscriptions, with `resubscribe: 'manual'`.
    Resubscribe = "resubscribe",
    /// Ask the server whether it has everything that is in the outbox now.
    Flush = "flush",
    /// Forget everything that the user of now has entrusted, here and in other pages.
    Clear = "clear",

    /// Change an open record at a path. Without one, the whole record is meant, here and below; with `flag`, the outcome is
    /// awaited.
    Set = "set",
    /// Change it at several paths at once: paths and data in turn in `list`.
    SetMulti = "setMulti",
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
    /// Open a record once more, with the strategy `number` of `js/merge.ts`.
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
    /// Tell the server that the records in `list` have changed in its storage.
    Notify = "notify",
    /// Tell that a record is no longer open to what is asked of it.
    Refuse = "refuse",
    /// Settle conflicts of an open record with the strategy `number` from now on.
    SetStrategy = "setStrategy",
    /// Answer the question `number` of `merge`: the data, or nothing to delete the record.
    AnswerMerge = "answerMerge",
    /// Answer it with what went wrong, in words.
    FailMerge = "failMerge",
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

/// What can be asked and is answered at once.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Question {
    /// Where the connection stands.
    Connection = "connection",
    /// Whether the server has refused to let this client provide the name, in this session.
    IsRefused = "isRefused",
    /// How many entries the outbox has.
    Size = "size",
    /// The bytes of their names and payloads.
    Bytes = "bytes",
    /// When the oldest of them was given, as `Date.now()` has it.
    Oldest = "oldest",
    /// The entries of the outbox, oldest first.
    Entries = "entries",
    /// The same with their payloads.
    EntriesWithPayloads = "entriesWithPayloads",

    /// The JSON text of an open record at a path; nothing if there is nothing.
    Value = "value",
    /// The same of a record that is given as text, instead of its name.
    ValueIn = "valueIn",
    /// The version; nothing before the record was loaded.
    Version = "version",
    /// Whether it is open.
    IsOpen = "isOpen",
    /// Whether it was loaded.
    IsReady = "isReady",
    /// Whether what is seen comes from storage, and the server has not confirmed it.
    IsFromStorage = "isFromStorage",
    /// Whether somebody provides it.
    HasProvider = "hasProvider",
    /// Where it stands; nothing for one that is not open.
    State = "state",
    /// The names of the records that are open.
    Names = "names",
}

/// What goes with an [`Action`].
pub(super) struct Arguments<'a> {
    pub ticket: Ticket,
    pub name: &'a str,
    pub data: Option<&'a str>,
    pub number: Option<u32>,
    pub flag: bool,
    pub key: Option<&'a str>,
    pub second: Option<u32>,
    pub list: &'a [Option<String>],
}

/// A client: what is behind the package's `DeepstreamClient` and its parts, which have checked all arguments. Payloads are
/// JSON texts.
#[wasm_bindgen]
pub struct DeepstreamClient {
    pub(super) driver: Rc<Driver>,
}

#[wasm_bindgen]
impl DeepstreamClient {
    /// Connects to `url`, after the code that runs now, unless `lazyConnect` is set. `sink` is told what happens.
    ///
    /// # Errors
    /// A URL or options that are wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &JsValue, options: &JsValue, sink: Sink) -> Result<Self, DeepstreamError> {
        errors::ensure_sound()?;
        errors::watch_for_panics();
        let Given { options, auth_params, storage } = options::read(options)?;
        let urls = read_urls(url, &options.path)?;
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        Ok(Self { driver: Driver::start(&urls, options, auth_params, storage, sink) })
    }

    /// Does what is asked for. Returns the ticket of its outcome, where nothing else is said. `key` is the path, where it is about a record.
    ///
    /// # Errors
    /// Anything but a path; after a panic.
    #[allow(clippy::too_many_arguments)]
    pub fn command(
        &self,
        what: Action,
        name: &str,
        data: Option<String>,
        number: Option<u32>,
        flag: Option<bool>,
        key: Option<String>,
        second: Option<u32>,
        list: Option<Array>,
    ) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let driver = &self.driver;
        let ticket = driver.tickets.next();
        let mut texts = Vec::new();
        if let Some(list) = &list {
            for text in list.iter() {
                texts.push(text.as_string());
            }
        }
        let (data, flag, id) = (data.as_deref(), flag.unwrap_or_default(), number.unwrap_or_default());
        let answer = |answer| Command::Rpc(RpcCommand::Answer { request: RpcRequestId(id), name, answer });
        let listen = |command| {
            #[cfg(feature = "records")]
            if flag {
                return Command::Record(RecordCommand::Listen(command));
            }
            Command::Event(EventCommand::Listen(command))
        };
        let offered = |accept| listen(ListenCommand::Answer { subscription: name, offer: id, accept });
        let (ttl_ms, key) = (second.map(u64::from), key.as_deref());
        let offer = |kind, delivery, receipt| Offer { kind, name, data, delivery, ttl_ms, key, receipt };
        let command = match what {
            Action::Emit => {
                let (delivery, receipt) = (delivery_of(id), flag.then_some(ticket));
                Command::Event(EventCommand::Emit(offer(Kind::Event, delivery, receipt)))
            }
            Action::Subscribe => {
                driver.command(Command::Event(EventCommand::Subscribe(name)));
                return Ok(driver.event_number(name));
            }
            Action::Unsubscribe => Command::Event(EventCommand::Unsubscribe(name)),
            Action::ReportOverflow => {
                driver.error(&ClientError::about(Failure::StreamOverflow, name, ""));
                return Ok(ticket.0);
            }
            Action::ReportInvalid => {
                driver.error(&ClientError::about(Failure::InvalidEventData, name, ""));
                return Ok(ticket.0);
            }
            Action::Listen => listen(ListenCommand::Listen(name)),
            Action::Unlisten => listen(ListenCommand::Unlisten(name)),
            Action::Accept => offered(true),
            Action::Reject => offered(false),
            Action::SubscribePresence => Command::Presence(match name {
                "" => PresenceCommand::SubscribeAll,
                user => PresenceCommand::Subscribe(user),
            }),
            Action::UnsubscribePresence => Command::Presence(match name {
                "" => PresenceCommand::UnsubscribeAll,
                user => PresenceCommand::Unsubscribe(user),
            }),
            Action::QueryPresence => {
                let mut users = Vec::new();
                texts.iter().flatten().for_each(|user| users.push(user.as_str()));
                Command::Presence(PresenceCommand::Query { ticket, users: list.is_some().then_some(users) })
            }
            Action::Provide => Command::Rpc(RpcCommand::Provide(name)),
            Action::Unprovide => Command::Rpc(RpcCommand::Unprovide(name)),
            Action::Make | Action::MakeDurable => {
                let is_durable = matches!(what, Action::MakeDurable);
                let delivery = if is_durable { Delivery::Durable } else { Delivery::Memory };
                let offer = offer(Kind::Call { idempotent: flag }, delivery, Some(ticket));
                Command::Rpc(RpcCommand::Make { offer, timeout_ms: number.map(u64::from) })
            }
            Action::Cancel => Command::Rpc(RpcCommand::Cancel(Ticket(id))),
            Action::AcceptRequest => answer(RpcAnswer::Accept),
            Action::RejectRequest => answer(RpcAnswer::Reject),
            Action::AnswerError => answer(RpcAnswer::Error(data)),
            Action::AnswerResult => answer(RpcAnswer::Send(data)),
            Action::Login => Command::Login { ticket, params: data },
            Action::Close => Command::Close,
            Action::Pause => Command::Pause,
            Action::Resume => Command::Resume { ticket },
            Action::WatchConnection => {
                driver.watch_connection();
                return Ok(ticket.0);
            }
            Action::Resubscribe => Command::Resubscribe,
            Action::Flush => Command::FlushOutbox { ticket },
            Action::Clear => Command::ClearOutbox,
            #[cfg(feature = "records")]
            what => {
                let arguments = Arguments { ticket, name, data, number, flag, key, second, list: &texts };
                match record::command(driver, what, &arguments)? {
                    Some(command) => Command::Record(command),
                    None => return Ok(ticket.0),
                }
            }
            #[cfg(not(feature = "records"))]
            _ => return Ok(ticket.0),
        };
        driver.command(command);
        Ok(ticket.0)
    }

    /// Answers a question; with `undefined` where there is no answer.
    ///
    /// # Errors
    /// Anything but a path.
    pub fn ask(&self, what: Question, name: &str, path: Option<String>) -> Result<JsValue, DeepstreamError> {
        let driver = &self.driver;
        let entries = |payloads| {
            let array = Array::new();
            driver.for_each_entry(&mut |entry| outbox::push(&array, entry, payloads));
            array.into()
        };
        Ok(match what {
            Question::Connection => driver.snapshot().into(),
            Question::IsRefused => driver.is_provider_refused(name).into(),
            Question::Size => driver.with_outbox(|outbox| outbox.len()).into(),
            Question::Bytes => driver.with_outbox(|outbox| outbox.bytes()).into(),
            Question::Oldest => {
                let mut given = None;
                driver
                    .for_each_entry(&mut |entry| given = given.or(Some(entry.created_ms)).min(Some(entry.created_ms)));
                given.map(|ms| ms as f64).into()
            }
            Question::Entries => entries(false),
            Question::EntriesWithPayloads => entries(true),
            #[cfg(feature = "records")]
            what => return record::ask(driver, what, name, path.as_deref()),
            #[cfg(not(feature = "records"))]
            _ => {
                drop(path);
                JsValue::UNDEFINED
            }
        })
    }

    /// Whenever this is another number, records and entries of the outbox may be others.
    pub fn revision(&self) -> u32 {
        self.driver.revision.get()
    }
}

/// The deliveries as `js/delivery.ts` numbers them.
pub(super) const fn delivery_of(number: u32) -> Delivery {
    match number {
        0 => Delivery::Durable,
        1 => Delivery::Memory,
        _ => Delivery::Drop,
    }
}

fn read_urls(url: &JsValue, default_path: &str) -> Result<Vec<String>, DeepstreamError> {
    let mut urls = Vec::new();
    if Array::is_array(url) {
        for url in url.unchecked_ref::<Array>().iter() {
            urls.push(read_url(&url, default_path)?);
        }
        if urls.is_empty() {
            return Err(invalid("url", "a URL, or an array with one at least", url, "argument"));
        }
    } else {
        urls.push(read_url(url, default_path)?);
    }
    Ok(urls)
}

fn read_url(url: &JsValue, default_path: &str) -> Result<String, DeepstreamError> {
    let invalid = |expected| invalid("url", expected, url, "argument");
    let text = url.as_string().ok_or_else(|| invalid("a string"))?;
    let parsed = parse_url(&text, default_path).map_err(|UrlError(expected)| invalid(expected))?;
    // The rest of what makes a URL valid, such as its port, is the platform's to judge.
    Url::new(&parsed).map_err(|_| invalid("a valid WebSocket URL"))?;
    Ok(parsed)
}
