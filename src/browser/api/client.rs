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

/// Makes an enum that crosses as a number, which the package's TypeScript has a name for and its bundles have not.
macro_rules! crossing {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$about:meta])* $member:ident,)* }) => {
        $(#[$meta])*
        #[wasm_bindgen]
        #[derive(Clone, Copy)]
        pub enum $name { $($(#[$about])* $member,)* }

        impl $name {
            /// The compiler makes more of the conversion that wasm-bindgen has: a comparison for each member.
            fn of(number: u32) -> Option<Self> {
                [$(Self::$member,)*].get(number as usize).copied()
            }
        }
    };
}

crossing! {
/// What an application can ask for. Only what is said here of the arguments of [`command`](DeepstreamClient::command) is
/// looked at.
pub enum Action {
    /// Send an event: its payload and `key`; `flag` for a receipt, `number` for the delivery, `second` for its life in
    /// milliseconds.
    Emit,
    /// Have events of this name come to the sink, or ask again where the server has refused that. Returns the number by which
    /// the sink is told of them; when that has ended, another name may get it. 0 if it has ended already.
    Subscribe,
    /// End that.
    Unsubscribe,
    /// Report that a stream of events is read so slowly that some are lost.
    ReportOverflow,
    /// Report that the data of an event is not JSON.
    ReportInvalid,
    /// Have subscriptions that match a pattern offered to the sink; `flag` for records that others open.
    Listen,
    /// End that.
    Unlisten,
    /// Say that what was offered under `number` is provided here.
    Accept,
    /// Say that it is not.
    Reject,
    /// Have the sink told of a user, of all of them without a name; or ask again where the server has refused that.
    SubscribePresence,
    /// End that.
    UnsubscribePresence,
    /// Ask which of the users in `list` are here, or who is here at all.
    QueryPresence,
    /// Have requests of this name come to the sink.
    Provide,
    /// End that.
    Unprovide,
    /// Make a call: its payload; `flag` if it may be made twice, `number` for its time limit in milliseconds.
    Make,
    /// The same, even if the page does not live to see it; `second` for how long, in milliseconds.
    MakeDurable,
    /// Give up the call with the ticket `number`, whose outcome is not known.
    Cancel,
    /// Say that the request `number` is worked on.
    AcceptRequest,
    /// Say that another provider shall answer it.
    RejectRequest,
    /// Answer it with an error.
    AnswerError,
    /// Answer it with a result.
    AnswerResult,
    /// Log in, with a JSON object.
    Login,
    /// Let go of the connection for good.
    Close,
    /// Let go of it until `resume`.
    Pause,
    /// Connect again.
    Resume,
    /// Have the sink told `connectionChanged` whenever the connection is another one than now.
    WatchConnection,
    /// Restore the subscriptions, with `resubscribe: 'manual'`.
    Resubscribe,
    /// Ask the server whether it has everything that is in the outbox now.
    Flush,
    /// Forget everything that the user of now has entrusted, here and in other pages.
    Clear,

    /// Change an open record at a path. Without one, the whole record is meant, here and below; with `flag`, the outcome is
    /// awaited.
    Set,
    /// Change it at several paths at once: paths and data in turn in `list`.
    SetMulti,
    /// Change a record, open or not. The delivery (`number`) and the life in milliseconds (`second`) are for one that is not.
    SetData,
    /// Put an entry into an open list, whatever it is; `number` for the index.
    AddEntry,
    /// Take an entry out of an open list: see `EntryEdit`.
    RemoveEntry,
    /// Put an entry into an open queue.
    Enqueue,
    /// Take an entry out of an open queue.
    Dequeue,
    /// Open a record once more, with the strategy `number` of `js/merge.ts`.
    Open,
    /// Take back one `Open`.
    Discard,
    /// Fail if this is not a path.
    CheckPath,
    /// Tell from now on what is new at a path.
    Watch,
    /// End that, for a path as it was written.
    Unwatch,
    /// Wait until the record was loaded.
    AwaitReady,
    /// Delete a record.
    Delete,
    /// Read a record.
    Snapshot,
    /// Ask for the version of a record; -1 where there is none.
    Head,
    /// Tell the server that the records in `list` have changed in its storage.
    Notify,
    /// Tell that a record is no longer open to what is asked of it.
    Refuse,
    /// Settle conflicts of an open record with the strategy `number` from now on.
    SetStrategy,
    /// Answer the question `number` of `merge`: the data, or nothing to delete the record.
    AnswerMerge,
    /// Answer it with what went wrong, in words.
    FailMerge,
    /// Answer the question `number` of `load`: the data and its version (`second`), or nothing.
    LookedUp,
    /// Tell, in words, that storage does not do what it should.
    StorageFailed,
    /// Tell that storage has been emptied.
    StorageCleared,
    /// Have storage keep all records that are open.
    Save,
    /// Call `somethingHappened` from now on, or no longer (`number`).
    WatchStates,
}
}

crossing! {
/// What can be asked and is answered at once.
pub enum Question {
    /// Where the connection stands.
    Connection,
    /// Whether the server has refused to let this client provide the name, in this session.
    IsRefused,
    /// How many entries the outbox has.
    Size,
    /// The bytes of their names and payloads.
    Bytes,
    /// When the oldest of them was given, as `Date.now()` has it.
    Oldest,
    /// The entries of the outbox, oldest first.
    Entries,
    /// The same with their payloads.
    EntriesWithPayloads,

    /// The JSON text of an open record at a path; nothing if there is nothing.
    Value,
    /// The same of a record that is given as text, instead of its name.
    ValueIn,
    /// The version; nothing before the record was loaded.
    Version,
    /// Whether it is open.
    IsOpen,
    /// Whether it was loaded.
    IsReady,
    /// Whether what is seen comes from storage, and the server has not confirmed it.
    IsFromStorage,
    /// Whether somebody provides it.
    HasProvider,
    /// Where it stands; nothing for one that is not open.
    State,
    /// The names of the records that are open.
    Names,
}
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
        #[wasm_bindgen(unchecked_param_type = "Action")] what: u32,
        name: &str,
        data: Option<String>,
        number: Option<u32>,
        flag: Option<bool>,
        key: Option<String>,
        second: Option<u32>,
        list: Option<Array>,
    ) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let Some(what) = Action::of(what) else { return Ok(0) };
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
                Command::Presence(PresenceCommand::Query { ticket, users: list.is_some().then(|| names_in(&texts)) })
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
                return record::command(driver, what, &arguments).map(|()| ticket.0);
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
    pub fn ask(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Question")] what: u32,
        name: &str,
        path: Option<String>,
    ) -> Result<JsValue, DeepstreamError> {
        let Some(what) = Question::of(what) else { return Ok(JsValue::UNDEFINED) };
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

/// The names in a list.
pub(super) fn names_in(list: &[Option<String>]) -> Vec<Box<str>> {
    let mut names = Vec::new();
    list.iter().flatten().for_each(|name| names.push(name.as_str().into()));
    names
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
