//! The one run loop: input in, outputs carried out, callbacks called with nothing borrowed, one timer set.

use std::{
    cell::{Cell, OnceCell, RefCell},
    mem,
    rc::Rc,
};

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

use super::{
    api::{
        Member, array, connection,
        errors::{self, DeepstreamError},
        object, parse,
    },
    locks::Locks,
    page::{self, Page},
    promises::{self, Tickets},
    sink::Sink,
    socket::{ABNORMAL_CLOSURE, Socket},
    storage::{Storage, Store},
    timer::{Timer, clock_offset_ms, now, queue_microtask},
};
#[cfg(feature = "records")]
use crate::{
    browser::{api::record::RecordSink, sink::told},
    client::Records,
};
use crate::{
    client::{
        Client, ClientError, Command, Entry, Input, Log, Options, Output, PageSignal, Snapshot, SocketEvent, SocketId,
        Ticket,
    },
    wire::Topic,
};

/// How much further the wall clock may have gone than the clock that stops while a computer sleeps, in milliseconds,
/// before that counts as having slept; or how far it may have been put back.
const CLOCK_JUMP_MS: f64 = 5_000.0;

/// A client with its browser. What it listens to keeps it alive; `close()` lets go of everything.
pub struct Driver {
    client: RefCell<Client>,
    socket: RefCell<Option<(SocketId, Socket)>>,
    timer: RefCell<Timer>,
    page: Cell<Option<Page>>,
    /// Where the outbox keeps what must survive the page.
    pub storage: Storage,
    /// What the clients of an origin tell by that they are there.
    pub locks: Locks,
    draining: Cell<bool>,
    /// Whether the client is going to hear of the end of the task that runs now.
    waits_for_task_end: Cell<bool>,
    /// What is called then; one for all tasks, because the browser does much for each.
    task_end_listener: OnceCell<Closure<dyn FnMut()>>,
    /// How far the wall clock was ahead of the other when the timer last fired.
    clock_offset_ms: Cell<f64>,
    /// The function in the option `authParams`.
    auth_params: Option<Function>,
    /// `client.connection`, and what it says.
    connection: RefCell<Option<(Snapshot, Object)>>,
    /// Whether that is another one than the listeners to `connectionChanged` know.
    is_connection_untold: Cell<bool>,
    /// Whether there are any, or have been.
    is_connection_watched: Cell<bool>,
    /// Whether the sink looks at the states of records whenever something has happened.
    #[cfg(feature = "records")]
    pub are_record_states_watched: Cell<bool>,
    /// Counts what has happened, for those who remember what they have seen.
    pub revision: Cell<u32>,
    /// For what the application waits for.
    pub tickets: Tickets,
    sink: Sink,
}

impl Driver {
    /// Starts a client; it dials after the code that runs now.
    pub fn start(
        urls: &[&str],
        options: Options,
        auth_params: Option<Function>,
        storage: Option<Store>,
        sink: Sink,
    ) -> Rc<Self> {
        let seed = js_sys::Math::random().to_bits();
        let driver = Rc::new(Self {
            client: RefCell::new(Client::new(now(), urls, options, seed)),
            socket: RefCell::default(),
            timer: RefCell::default(),
            page: Cell::default(),
            storage: Storage::new(storage),
            locks: Locks::default(),
            draining: Cell::new(false),
            waits_for_task_end: Cell::new(false),
            task_end_listener: OnceCell::new(),
            clock_offset_ms: Cell::new(clock_offset_ms()),
            auth_params,
            connection: RefCell::default(),
            is_connection_untold: Cell::default(),
            is_connection_watched: Cell::default(),
            #[cfg(feature = "records")]
            are_record_states_watched: Cell::default(),
            revision: Cell::default(),
            tickets: Tickets::default(),
            sink,
        });
        driver.tell_wall_clock();
        driver.page.set(Some(Page::listen(&driver)));
        driver.start_worker();
        driver.set_timer();
        driver
    }

    fn start_worker(self: &Rc<Self>) {
        let client = self.client.borrow();
        let Some(source) = &client.options().heartbeat_worker else { return };
        if let Err(exception) = self.timer.borrow_mut().use_worker(self, source) {
            errors::warn(&["no heartbeatWorker: ", &errors::words_of(&exception)]);
        }
    }

    /// The connection at this moment, as JavaScript sees it: the same object until something of it is different.
    pub fn snapshot(&self) -> Object {
        let snapshot = self.client.borrow().connection();
        let mut known = self.connection.borrow_mut();
        if let Some((before, object)) = &*known
            && *before == snapshot
        {
            return object.clone();
        }
        let object = connection::snapshot_to_object(&snapshot);
        *known = Some((snapshot, object.clone()));
        self.is_connection_untold.set(true);
        object
    }

    /// Has the sink told whenever the connection is another one than now.
    pub fn watch_connection(&self) {
        self.snapshot();
        self.is_connection_untold.set(false);
        self.is_connection_watched.set(true);
    }

    /// Tells of a connection that is not as it is known; says whether it did.
    fn tell_connection(&self) -> bool {
        if !self.is_connection_watched.get() {
            return false;
        }
        let connection = self.snapshot();
        let is_untold = self.is_connection_untold.take();
        if is_untold {
            self.sink.tell("connectionChanged", &connection);
        }
        is_untold
    }

    /// Lets somebody look into the outbox.
    pub fn with_outbox<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(self.client.borrow().outbox())
    }

    /// Calls `visit` for all that waits for the server.
    pub fn for_each_entry(&self, visit: &mut dyn FnMut(&Entry)) {
        self.client.borrow_mut().for_each_entry(visit);
    }

    /// Whether the server has refused to let this client provide `name`, in this session.
    pub fn is_provider_refused(&self, name: &str) -> bool {
        self.client.borrow().is_provider_refused(name)
    }

    /// Lets somebody look into the records.
    #[cfg(feature = "records")]
    pub fn with_records<T>(&self, look: impl FnOnce(&mut Records) -> T) -> T {
        look(self.client.borrow_mut().records_mut())
    }

    fn tell_wall_clock(self: &Rc<Self>) {
        self.handle(Input::WallClock(js_sys::Date::now() as u64));
    }

    /// Takes in a command of the application.
    pub fn command(self: &Rc<Self>, command: Command<'_>) {
        self.handle(Input::Command(command));
    }

    /// Takes in anything that happened, and carries out what follows from it. Called from within a callback, it
    /// leaves that to the loop that called the callback, so that everything happens in order.
    pub fn handle(self: &Rc<Self>, input: Input<'_>) {
        if errors::panicked() {
            return;
        }
        self.revision.set(self.revision.get().wrapping_add(1));
        self.client.borrow_mut().handle(now(), input);
        if self.draining.replace(true) {
            return;
        }
        loop {
            // Not every change of a state leads to an output.
            #[cfg(feature = "records")]
            if self.are_record_states_watched.get() {
                self.tell_records(RecordSink::something_happened);
            }
            match self.poll() {
                Some(output) => self.carry_out(output),
                None if self.tell_connection() => {}
                None => break,
            }
        }
        self.draining.set(false);
        self.tickets.all_returned();
        // What the callbacks of a closed client hold on to would otherwise stay as long as it does.
        if self.client.borrow().is_closed() {
            self.sink.close();
            self.storage.stop_listening();
            self.page.take();
            self.timer.borrow_mut().stop();
        } else {
            if self.client.borrow().wants_task_end() && !self.waits_for_task_end.replace(true) {
                self.await_task_end();
            }
            self.set_timer();
        }
    }

    /// Does what is to be done when the code that runs now has ended, before anything else happens.
    pub fn await_task_end(self: &Rc<Self>) {
        let listener = self.task_end_listener.get_or_init(|| {
            let driver = Rc::downgrade(self);
            Closure::new(move || driver.upgrade().iter().for_each(Self::on_task_end))
        });
        queue_microtask(listener.as_ref());
    }

    fn on_task_end(self: &Rc<Self>) {
        if self.waits_for_task_end.take() {
            self.handle(Input::TaskEnd);
        }
        let is_due = self.timer.borrow().is_due();
        if is_due {
            self.on_timer();
        }
    }

    /// The timer fired.
    pub fn on_timer(self: &Rc<Self>) {
        self.timer.borrow_mut().fired();
        let offset_ms = clock_offset_ms();
        let jump_ms = offset_ms - self.clock_offset_ms.replace(offset_ms);
        if jump_ms.abs() > CLOCK_JUMP_MS {
            self.tell_wall_clock();
        }
        if jump_ms > CLOCK_JUMP_MS {
            self.handle(Input::Page(PageSignal::Woke));
        }
        self.tell_buffered();
        self.handle(Input::Tick);
    }

    /// Nothing follows from this before the tick that comes next, which is due and must not be asked for again.
    fn tell_buffered(&self) {
        if let Some((id, socket)) = &*self.socket.borrow()
            && !errors::panicked()
        {
            let buffered = SocketEvent::Buffered(socket.buffered());
            self.client.borrow_mut().handle(now(), Input::Socket(*id, buffered));
        }
    }

    fn poll(&self) -> Option<Box<Output>> {
        self.client.borrow_mut().poll()
    }

    fn set_timer(self: &Rc<Self>) {
        let deadline = self.client.borrow().deadline().map(|(at, _)| at);
        self.timer.borrow_mut().set(self, deadline);
    }

    fn carry_out(self: &Rc<Self>, mut output: Box<Output>) {
        match &mut *output {
            Output::OpenSocket(id, url) => self.open_socket(*id, url),
            Output::Send(id, frame) => self.send(*id, mem::take(frame)),
            Output::AbandonSocket(id) => {
                self.socket.borrow_mut().take_if(|(current, _)| current == id);
            }
            Output::StateChanged(state) => {
                self.sink.tell("connectionStateChanged", &state.name().into());
            }
            Output::Settle(ticket, outcome) => self.settle(*ticket, mem::replace(outcome, Ok(None))),
            Output::Error(error) => self.error(error),
            Output::ClientDataChanged(data) => {
                let data = data.as_deref().map_or_else(|| Object::new().into(), parse);
                self.sink.tell("clientDataChanged", &data);
            }
            Output::ReauthenticationFailed { reason } => {
                let error = ClientError::login_refused(reason.as_deref());
                let reason = object(&[("reason", (&reason_of(&error)).into())]);
                self.sink.tell("reauthenticationFailure", &reason);
            }
            Output::MaxReconnectionAttemptsReached(attempts) => {
                self.sink.tell("MAX_RECONNECTION_ATTEMPTS_REACHED", &(*attempts).into());
            }
            Output::ConnectionLost => {
                let connection = self.snapshot();
                self.sink.tell("lostConnection", &connection);
            }
            Output::ConnectionRestored { lasted_ms } => {
                let connection = self.snapshot();
                self.sink.tell_restored(&connection, *lasted_ms as f64);
            }
            Output::Resubscribed { topic, names, gap_ms } => {
                let (names, gap) = (array(names), *gap_ms as f64);
                let details = [("topic", topic.name().into()), ("names", (&names).into()), ("gap", gap.into())];
                self.sink.tell("resubscribed", &object(&details));
            }
            Output::AskCredentials { question, refresh, reason } => {
                self.ask_credentials(*question, *refresh, reason.as_deref());
            }
            Output::Probe(probe) => self.probe(*probe),
            Output::Event { name, data } => {
                let number = self.event_number(name);
                if number > 0 {
                    self.sink.tell_event(number, data.as_deref());
                }
            }
            Output::Presence { user, online, everyone } => self.sink.tell_presence(user, *online, *everyone),
            Output::Offered { topic, pattern, subscription, offer } => {
                self.sink.offer(*topic, pattern, subscription, *offer);
            }
            Output::OfferEnded { topic, subscription, offer } => self.sink.end_offer(*topic, subscription, *offer),
            Output::RpcRequest(request) => self.sink.serve(request),
            // Whoever gets the lock next shall find in storage what was written before.
            Output::ReadStorage { .. } | Output::WriteStorage { .. } | Output::ReleaseLock(_) => {
                Storage::perform(self, output);
            }
            Output::Outbox(news) => self.sink.tell_outbox(news),
            Output::AskLock { name, wait } => Locks::ask(self, name, *wait),
            #[cfg(feature = "records")]
            output => self.tell_records(|sink| sink.carry_out(output)),
        }
    }

    #[cfg(feature = "records")]
    fn tell_records(&self, tell: impl FnOnce(&RecordSink) -> Result<(), JsValue>) {
        if let Some(sink) = self.sink.records() {
            told(tell(&sink));
        }
    }

    fn open_socket(self: &Rc<Self>, id: SocketId, url: &str) {
        match Socket::open(self, id, url) {
            Ok(socket) => *self.socket.borrow_mut() = Some((id, socket)),
            Err(exception) => {
                self.handle(Input::Socket(id, SocketEvent::Refused(&errors::words_of(&exception))));
            }
        }
    }

    fn ask_credentials(self: &Rc<Self>, question: u32, refresh: bool, reason: Option<&str>) {
        let Some(function) = &self.auth_params else { return };
        let reason = reason.map_or(JsValue::UNDEFINED, parse);
        let question_asked = object(&[("refresh", refresh.into()), ("reason", (&reason).into())]);
        let asked = function.call1(&JsValue::UNDEFINED, &question_asked);
        let driver = Rc::clone(self);
        promises::when_settled(asked, move |answer| {
            let answer = answer.and_then(|params| errors::login_params(&params).map_err(JsValue::from));
            let words = answer.as_ref().err().map(errors::words_of).unwrap_or_default();
            let answer = match &answer {
                Ok(Some(params)) => Ok(params.as_str()),
                Ok(None) => Ok("{}"),
                Err(_) => Err(words.as_str()),
            };
            driver.handle(Input::Credentials { question, answer });
        });
    }

    fn probe(self: &Rc<Self>, probe: u32) {
        let url = self.client.borrow().options().probe_url.clone().unwrap_or_default();
        let driver = Rc::clone(self);
        promises::when_settled(page::probe(&url), move |answer| {
            driver.handle(Input::Probed { probe, reachable: answer.is_ok() });
        });
    }

    fn send(self: &Rc<Self>, id: SocketId, frame: Vec<u8>) {
        let sent = match &*self.socket.borrow() {
            Some((current, socket)) if *current == id => socket.send(frame.into()),
            _ => Ok(()),
        };
        if let Err(exception) = sent {
            let reason = errors::words_of(&exception);
            self.handle(Input::Socket(id, SocketEvent::Closed { code: ABNORMAL_CLOSURE, reason: &reason }));
        }
    }

    /// Tells an outcome, when the call that gave out the ticket has returned.
    pub fn settle(self: &Rc<Self>, ticket: Ticket, outcome: Result<Option<Box<str>>, ClientError>) {
        if self.tickets.has_returned(ticket) {
            return self.tell_outcome(ticket, &outcome);
        }
        let driver = Rc::clone(self);
        promises::when_settled(Ok(JsValue::UNDEFINED), move |_| driver.tell_outcome(ticket, &outcome));
    }

    fn tell_outcome(&self, ticket: Ticket, outcome: &Result<Option<Box<str>>, ClientError>) {
        self.sink.settle(
            ticket,
            match outcome {
                Ok(data) => Ok(data.as_deref()),
                Err(error) => {
                    let exception = DeepstreamError::from_client(error, "reason", (&reason_of(error)).into());
                    Err((exception, error.is_expected(), error.outcome()))
                }
            },
        );
    }

    /// Emits `error`.
    pub fn error(&self, error: &ClientError) {
        let reason = if error.closes().is_some() { self.client.borrow().connection().reason } else { None };
        let reason = reason.as_ref().map(connection::reason_to_object);
        let reason = Member::optional(reason.as_deref());
        self.sink.fail(&DeepstreamError::from_client(error, "closeReason", reason));
    }

    /// The number by which the sink is told of events of this name, while somebody here subscribes to it, else 0: so no name
    /// need cross with every event.
    pub fn event_number(&self, name: &str) -> u32 {
        self.client.borrow().event_number(name).map_or(0, |number| number as u32 + 1)
    }
}

/// What the reference client gives as `reason`.
fn reason_of(error: &ClientError) -> JsValue {
    // Code that was written for the reference client asks whether a call has an error, so that of a call is never false.
    let is_told = |reason: &JsValue| error.topic() != Topic::Rpc || reason.is_truthy();
    error.reason().map(parse).filter(is_told).unwrap_or_else(|| error.code().into())
}
