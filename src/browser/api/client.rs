//! What JavaScript asks of a client, in one object.

use std::rc::Rc;

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::{
    errors::{self, DeepstreamError, invalid},
    options::{self, Given},
    outbox,
};
use crate::{
    browser::{driver::Driver, sink::Sink},
    client::{
        ClientError, Command, Delivery, EventCommand, Kind, ListenCommand, Offer, PresenceCommand, RpcAnswer, RpcCall,
        RpcCommand, RpcRequestId, Ticket, UrlError, parse_url,
    },
};

/// What an application can ask for, apart from records. Only what is said here of the arguments of
/// [`command`](DeepstreamClient::command) is looked at.
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
    /// Have subscriptions that match a pattern offered to the sink.
    Listen = "listen",
    /// End that.
    Unlisten = "unlisten",
    /// Say that a subscription which was offered under `number` is provided here.
    Accept = "accept",
    /// Say that it is not.
    Reject = "reject",
    /// Have the sink told of a user, of all of them without a name; or ask again where the server has refused that.
    SubscribePresence = "subscribePresence",
    /// End that.
    UnsubscribePresence = "unsubscribePresence",
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
    /// Restore the subscriptions, with `resubscribe: 'manual'`.
    Resubscribe = "resubscribe",
    /// Ask the server whether it has everything that is in the outbox now.
    Flush = "flush",
    /// Forget everything that the user of now has entrusted, here and in other pages.
    Clear = "clear",
}

/// What can be asked and is answered with a number.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Count {
    /// How many entries the outbox has.
    Size = "size",
    /// The bytes of their names and payloads.
    Bytes = "bytes",
    /// When the oldest of them was given, as `Date.now()` has it.
    Oldest = "oldest",
    /// 1 if the server has refused to let this client provide the name, in this session.
    IsRefused = "isRefused",
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

    /// Does what is asked for. Returns the ticket of its outcome, where nothing else is said.
    ///
    /// # Errors
    /// None but after a panic.
    #[allow(clippy::too_many_arguments)]
    pub fn command(
        &self,
        what: Action,
        name: &str,
        data: Option<String>,
        key: Option<String>,
        flag: Option<bool>,
        number: Option<u32>,
        second: Option<u32>,
    ) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let driver = &self.driver;
        let ticket = driver.tickets.next();
        let (result, data, flag) = (ticket.0, data.as_deref(), flag.unwrap_or_default());
        let id = number.unwrap_or_default();
        let answer = |answer| Command::Rpc(RpcCommand::Answer { request: RpcRequestId(id), name, answer });
        let offered = |accept| ListenCommand::Answer { subscription: name, offer: id, accept };
        let command = match what {
            Action::Emit => Command::Event(EventCommand::Emit(Offer {
                kind: Kind::Event,
                name,
                data,
                delivery: delivery_of(id),
                ttl_ms: second.map(u64::from),
                key: key.as_deref(),
                receipt: flag.then_some(ticket),
            })),
            Action::Subscribe => {
                driver.command(Command::Event(EventCommand::Subscribe(name)));
                return Ok(driver.event_number(name));
            }
            Action::Unsubscribe => Command::Event(EventCommand::Unsubscribe(name)),
            Action::ReportOverflow => {
                driver.error(&ClientError::StreamOverflow { name: name.into() });
                return Ok(result);
            }
            Action::ReportInvalid => {
                driver.error(&ClientError::InvalidEventData { name: name.into() });
                return Ok(result);
            }
            Action::Listen => Command::Event(EventCommand::Listen(ListenCommand::Listen(name))),
            Action::Unlisten => Command::Event(EventCommand::Listen(ListenCommand::Unlisten(name))),
            Action::Accept => Command::Event(EventCommand::Listen(offered(true))),
            Action::Reject => Command::Event(EventCommand::Listen(offered(false))),
            Action::SubscribePresence => Command::Presence(match name {
                "" => PresenceCommand::SubscribeAll,
                user => PresenceCommand::Subscribe(user),
            }),
            Action::UnsubscribePresence => Command::Presence(match name {
                "" => PresenceCommand::UnsubscribeAll,
                user => PresenceCommand::Unsubscribe(user),
            }),
            Action::Provide => Command::Rpc(RpcCommand::Provide(name)),
            Action::Unprovide => Command::Rpc(RpcCommand::Unprovide(name)),
            Action::Make | Action::MakeDurable => Command::Rpc(RpcCommand::Make(RpcCall {
                ticket,
                name,
                data,
                timeout_ms: number.map(u64::from),
                idempotent: flag,
                is_durable: matches!(what, Action::MakeDurable),
                ttl_ms: second.map(u64::from),
            })),
            Action::Cancel => Command::Rpc(RpcCommand::Cancel(Ticket(id))),
            Action::AcceptRequest => answer(RpcAnswer::Accept),
            Action::RejectRequest => answer(RpcAnswer::Reject),
            Action::AnswerError => answer(RpcAnswer::Error(data)),
            Action::AnswerResult => answer(RpcAnswer::Send(data)),
            Action::Login => Command::Login { ticket, params: data },
            Action::Close => Command::Close,
            Action::Pause => Command::Pause,
            Action::Resume => Command::Resume { ticket },
            Action::Resubscribe => Command::Resubscribe,
            Action::Flush => Command::FlushOutbox { ticket },
            Action::Clear => Command::ClearOutbox,
            Action::__Invalid => return Ok(result),
        };
        driver.command(command);
        Ok(result)
    }

    /// Answers with a number, or nothing where there is none.
    pub fn count(&self, what: Count, name: &str) -> Option<f64> {
        self.driver.with_outbox(|outbox| match what {
            Count::Size => Some(outbox.len() as f64),
            Count::Bytes => Some(outbox.bytes() as f64),
            Count::Oldest => outbox.entries().map(|entry| entry.created_ms as f64).reduce(f64::min),
            Count::IsRefused => Some(f64::from(self.driver.is_provider_refused(name))),
            Count::__Invalid => None,
        })
    }

    /// Whenever this is another number, records and entries of the outbox may be others.
    pub fn revision(&self) -> u32 {
        self.driver.revision.get()
    }

    /// The entries of the outbox, oldest first.
    pub fn entries(&self, payloads: bool) -> Array {
        self.driver.with_outbox(|outbox| outbox::to_array(&mut outbox.entries(), payloads))
    }

    /// Asks which of these users are here, or who is here at all; returns the ticket of the answer.
    ///
    /// # Errors
    /// None but after a panic.
    #[wasm_bindgen(js_name = getAll)]
    pub fn get_all(&self, users: Option<Array>) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let users: Option<Vec<_>> = users.map(|users| users.iter().filter_map(|user| user.as_string()).collect());
        let users = users.as_ref().map(|users| users.iter().map(String::as_str).collect());
        let ticket = self.driver.tickets.next();
        self.driver.command(Command::Presence(PresenceCommand::Query { ticket, users }));
        Ok(ticket.0)
    }

    /// Where the connection stands.
    #[wasm_bindgen(getter)]
    pub fn connection(&self) -> Object {
        self.driver.snapshot()
    }

    /// Has the sink told `connectionChanged` whenever `connection` is another one than now.
    #[wasm_bindgen(js_name = watchConnection)]
    pub fn watch_connection(&self) {
        self.driver.watch_connection();
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
    if !Array::is_array(url) {
        return Ok(vec![read_url(url, default_path)?]);
    }
    let urls = url.unchecked_ref::<Array>();
    if urls.length() == 0 {
        return Err(invalid("url", "a URL, or an array with one at least", url, "argument"));
    }
    urls.iter().map(|url| read_url(&url, default_path)).collect()
}

fn read_url(url: &JsValue, default_path: &str) -> Result<String, DeepstreamError> {
    let invalid = |expected| invalid("url", expected, url, "argument");
    let text = url.as_string().ok_or_else(|| invalid("a string"))?;
    let parsed = parse_url(&text, default_path).map_err(|UrlError(expected)| invalid(expected))?;
    // The rest of what makes a URL valid, such as its port, is the platform's to judge.
    Url::new(&parsed).map_err(|_| invalid("a valid WebSocket URL"))?;
    Ok(parsed)
}
