//! The one run loop: input in, outputs carried out, callbacks called with nothing borrowed, one timer set.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::{
    api::errors::{self, DeepstreamError},
    callbacks::Callbacks,
    promises::{Promises, Rejection},
    socket::Socket,
    timer::{Timer, now},
};
use crate::client::{
    Client, ClientError, Command, ConnectionState, Input, Instant, Options, Output, SocketEvent, SocketId, Ticket,
};

/// A client with its browser. Sockets and timers keep it alive; `close()` lets go of both.
pub struct Driver {
    client: RefCell<Client>,
    socket: RefCell<Option<(SocketId, Socket)>>,
    timer: RefCell<Timer>,
    draining: Cell<bool>,
    /// What `client.on` registers.
    pub listeners: Callbacks,
    /// What `client.event.subscribe` registers.
    pub subscribers: Callbacks,
    /// What `login` and `resume` gave out.
    pub promises: Promises,
}

impl Driver {
    /// Starts a client; it dials after the code that runs now.
    pub fn start(url: &str, options: Options) -> Rc<Self> {
        let seed = js_sys::Math::random().to_bits();
        let driver = Rc::new(Self {
            client: RefCell::new(Client::new(now(), url, options, seed)),
            socket: RefCell::default(),
            timer: RefCell::default(),
            draining: Cell::new(false),
            listeners: Callbacks::default(),
            subscribers: Callbacks::default(),
            promises: Promises::default(),
        });
        driver.set_timer();
        driver
    }

    /// The state that the application sees.
    pub fn state(&self) -> ConnectionState {
        self.client.borrow().state()
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
        self.client.borrow_mut().handle(now(), input);
        if self.draining.replace(true) {
            return;
        }
        while let Some(output) = self.poll() {
            self.carry_out(output);
        }
        self.draining.set(false);
        // What the callbacks of a closed client hold on to would otherwise stay as long as it does.
        if self.client.borrow().is_closed() {
            self.listeners.clear();
            self.subscribers.clear();
        }
        self.set_timer();
    }

    /// The timer fired; a tick follows.
    pub fn timer_fired(&self) {
        self.timer.borrow_mut().fired();
    }

    fn poll(&self) -> Option<Output> {
        self.client.borrow_mut().poll()
    }

    fn set_timer(self: &Rc<Self>) {
        let deadline: Option<Instant> = self.client.borrow().deadline().map(|(at, _)| at);
        self.timer.borrow_mut().set(self, deadline);
    }

    fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::OpenSocket(id, url) => self.open_socket(id, &url),
            Output::Send(id, frame) => self.send(id, &frame),
            Output::AbandonSocket(id) => {
                self.socket.borrow_mut().take_if(|(current, _)| *current == id);
            }
            Output::StateChanged(state) => {
                self.listeners.call("connectionStateChanged", || Array::of1(&state.name().into()));
            }
            Output::Settle(ticket, outcome) => self.settle(ticket, outcome),
            Output::Error(error) => self.error(&error),
            Output::ClientDataChanged(data) => {
                let data = data.map_or_else(|| Object::new().into(), |data| parse(&data));
                self.listeners.call("clientDataChanged", || Array::of1(&data));
            }
            Output::ReauthenticationFailed { reason } => {
                let error = ClientError::InvalidAuthenticationDetails { reason };
                let documented = documented(&reason_of(&error));
                self.listeners.call("reauthenticationFailure", || Array::of1(&documented));
            }
            Output::MaxReconnectionAttemptsReached(attempts) => {
                self.listeners.call("MAX_RECONNECTION_ATTEMPTS_REACHED", || Array::of1(&attempts.into()));
            }
            Output::Event { name, data } => self.event(&name, data.as_deref()),
        }
    }

    fn open_socket(self: &Rc<Self>, id: SocketId, url: &str) {
        match Socket::open(self, id, url) {
            Ok(socket) => *self.socket.borrow_mut() = Some((id, socket)),
            Err(exception) => self.refused(id, &exception),
        }
    }

    fn send(self: &Rc<Self>, id: SocketId, frame: &[u8]) {
        let sent = match &*self.socket.borrow() {
            Some((current, socket)) if *current == id => socket.send(frame),
            _ => Ok(()),
        };
        if let Err(exception) = sent {
            self.refused(id, &exception);
        }
    }

    fn refused(self: &Rc<Self>, id: SocketId, exception: &JsValue) {
        self.handle(Input::Socket(id, SocketEvent::Refused(&errors::words_of(exception))));
    }

    fn settle(&self, ticket: Ticket, outcome: Result<Option<Box<str>>, ClientError>) {
        let outcome = match outcome {
            Ok(data) => Ok(data.map_or(JsValue::NULL, |data| parse(&data))),
            Err(error) => {
                let documented = documented(&reason_of(&error));
                Err(Rejection {
                    error: DeepstreamError::from_client(&error, &documented).into(),
                    documented: documented.into(),
                    expected: error.is_expected(),
                })
            }
        };
        self.promises.settle(ticket, outcome);
    }

    fn error(&self, error: &ClientError) {
        let (code, topic) = (error.code(), error.topic().name());
        let make = || JsValue::from(DeepstreamError::from_client(error, &Object::new()));
        if !self.listeners.call("error", || Array::of3(&make(), &code.into(), &topic.into())) {
            errors::log(&make(), code, topic);
        }
    }

    fn event(&self, name: &str, data: Option<&str>) {
        if !self.subscribers.has(name) {
            return;
        }
        match data.map_or(Ok(JsValue::UNDEFINED), JSON::parse) {
            Ok(data) => {
                self.subscribers.call(name, || Array::of1(&data));
            }
            Err(_) => self.error(&ClientError::InvalidEventData { name: name.into() }),
        }
    }
}

/// Parses what the server says about a login; text that is not JSON is handed on as the string it is.
fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_else(|_| text.into())
}

/// What the reference client gives as `reason`.
fn reason_of(error: &ClientError) -> JsValue {
    match error {
        ClientError::InvalidAuthenticationDetails { reason: Some(reason) } => parse(reason),
        error => error.code().into(),
    }
}

fn documented(reason: &JsValue) -> Object {
    let documented = Object::new();
    let _ = Reflect::set(&documented, &"reason".into(), reason);
    documented
}
