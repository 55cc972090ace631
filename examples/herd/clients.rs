//! The crowd: the real client, and the published schedules of two others.

use deepstream_wasm::client::{
    Client, Command, ConnectionState, Frame, Input, Instant, Options, Output, Rng, SocketEvent, SocketId, Ticket,
};

/// What happens to one of the crowd.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// Its deadline has come.
    Due,
    /// The socket is open.
    Opened(u32),
    /// A frame arrived.
    Received(u32, &'a [u8]),
    /// The socket closed, or was refused (1006).
    Closed(u32, u16),
}

/// What one of the crowd does.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Dials: one attempt.
    Dial(u32),
    /// Sends a frame.
    Send(u32, Vec<u8>),
    /// Lets go of its socket.
    Abandon,
    /// Is connected, and logged in where that is modelled.
    Arrived,
    /// Will not try again.
    GaveUp,
}

/// One of the crowd.
pub trait Member {
    /// Takes in what happened and says what it does.
    fn handle(&mut self, now: Instant, happening: Happening<'_>, actions: &mut Vec<Action>);

    /// When it wants to be told that time has passed.
    fn deadline(&self) -> Option<Instant>;
}

/// This project's client itself.
pub struct Ours(Client);

impl Ours {
    pub fn new(now: Instant, options: Options, seed: u64) -> Self {
        let mut client = Client::new(now, &["wss://herd.example/deepstream"], options, seed);
        client.handle(now, Input::Command(Command::Login { ticket: Ticket(0), params: None }));
        Self(client)
    }
}

impl Member for Ours {
    fn handle(&mut self, now: Instant, happening: Happening<'_>, actions: &mut Vec<Action>) {
        let input = match happening {
            Happening::Due => Input::Tick,
            Happening::Opened(socket) => Input::Socket(SocketId(socket), SocketEvent::Opened),
            Happening::Received(socket, frame) => {
                Input::Socket(SocketId(socket), SocketEvent::Received(Frame::Binary(frame)))
            }
            Happening::Closed(socket, code) => {
                Input::Socket(SocketId(socket), SocketEvent::Closed { code, reason: "" })
            }
        };
        self.0.handle(now, input);
        while let Some(output) = self.0.poll() {
            match *output {
                Output::OpenSocket(socket, _) => actions.push(Action::Dial(socket.0)),
                Output::Send(socket, frame) => actions.push(Action::Send(socket.0, frame)),
                Output::AbandonSocket(_) => actions.push(Action::Abandon),
                Output::StateChanged(ConnectionState::Open) => actions.push(Action::Arrived),
                Output::MaxReconnectionAttemptsReached(_) => actions.push(Action::GaveUp),
                _ => {}
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.deadline().map(|(at, _)| at)
    }
}

/// When another client tries again, as far as it is published.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// The wait in milliseconds after so many failures, the loss of the connection included; `None` to give up.
    pub wait_ms: fn(failures: u32, rng: &mut Rng) -> Option<u64>,
    /// How long an attempt may take, in milliseconds.
    pub connect_timeout_ms: Option<u64>,
}

/// `socket.io-client` 4: 1 s, doubled each time, give or take half of it at random, and then capped at 5 s.
pub const SOCKET_IO: Published = Published {
    wait_ms: |failures, rng| {
        let exact = 1_000_f64 * f64::from(1_u32 << (failures - 1).min(20));
        Some((exact * (0.5 + rng.fraction())).min(5_000.0) as u64)
    },
    connect_timeout_ms: Some(20_000),
};

/// `@deepstream/client` 7: at once, then 4 s, 8 s, 12 s, 16 s, and no more.
pub const REFERENCE: Published = Published {
    wait_ms: |failures, _| (failures <= 5).then(|| (4_000 * u64::from(failures - 1)).min(180_000)),
    connect_timeout_ms: None,
};

/// A client that follows a published schedule. It counts as back when its socket opens.
pub struct Follower {
    schedule: Published,
    rng: Rng,
    failures: u32,
    sockets: u32,
    deadline: Option<Instant>,
    dialling: bool,
}

impl Follower {
    pub fn new(now: Instant, schedule: Published, seed: u64) -> Self {
        Self { schedule, rng: Rng::new(seed), failures: 0, sockets: 0, deadline: Some(now), dialling: false }
    }

    fn fail(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.dialling = false;
        self.failures += 1;
        self.deadline = (self.schedule.wait_ms)(self.failures, &mut self.rng).map(|ms| now.after_ms(ms));
        if self.deadline.is_none() {
            actions.push(Action::GaveUp);
        }
    }
}

impl Member for Follower {
    fn handle(&mut self, now: Instant, happening: Happening<'_>, actions: &mut Vec<Action>) {
        match happening {
            Happening::Due if self.dialling => {
                actions.push(Action::Abandon);
                self.fail(now, actions);
            }
            Happening::Due => {
                self.dialling = true;
                self.sockets += 1;
                self.deadline = self.schedule.connect_timeout_ms.map(|ms| now.after_ms(ms));
                actions.push(Action::Dial(self.sockets));
            }
            Happening::Opened(socket) if socket == self.sockets && self.dialling => {
                self.dialling = false;
                self.failures = 0;
                self.deadline = None;
                actions.push(Action::Arrived);
            }
            Happening::Closed(socket, _) if socket == self.sockets => self.fail(now, actions),
            Happening::Opened(_) | Happening::Received(..) | Happening::Closed(..) => {}
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}
