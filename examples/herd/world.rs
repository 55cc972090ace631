//! Virtual time, the network and the server: what stands between a crowd and its connections.

use std::collections::{BTreeMap, VecDeque};

use deepstream_wasm::{
    client::{Instant, Rng},
    wire::{self, AuthAction, ConnectionAction, Message},
};

use crate::clients::{Action, Happening, Member};

/// When every connection is cut, in milliseconds of virtual time. Before it, the crowd logs in at its leisure.
const CUT_MS: u64 = 60_000;

/// The crowd logs in over this time, in milliseconds, and has held its sessions for a while when they are cut.
const LOGIN_PERIOD_MS: u64 = 25_000;
const LOGIN_BEGIN_MS: u64 = 30_000;

/// Shortest and longest way between a client and the server, in milliseconds.
const LATENCY_MS: (u64, u64) = (10, 100);

/// How the crowd loses its connections, and what it comes back to.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Seconds from the cut until the server takes connections again.
    pub outage_s: u64,
    /// The WebSocket close code: 1006 for a crash, 1012 for an announced restart.
    pub close_code: u16,
    /// How many connections the server takes in a second; divides 1000.
    pub accepts_per_second: u64,
    /// How many more may wait; the next is refused.
    pub queue_limit: usize,
    /// Seconds after the server's return at which the simulation stops.
    pub patience_s: u64,
}

/// One attempt as the server saw it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Milliseconds since the cut.
    pub at_ms: u64,
    /// The client's first attempt is 1.
    pub nth: u32,
}

/// What became of a crowd. All times are in milliseconds since the cut, in order.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many there are.
    pub clients: usize,
    /// Every attempt, when it reached the server.
    pub attempts: Vec<Attempt>,
    /// When the clients were back.
    pub back_ms: Vec<u64>,
    /// Attempts that were turned away.
    pub refused: usize,
    /// Attempts that the client left because they took too long.
    pub abandoned: usize,
    /// Clients that will not try again.
    pub gave_up: usize,
}

enum Event {
    Due {
        client: u32,
    },
    Cut {
        client: u32,
    },
    /// An attempt reaches the server.
    Knock {
        client: u32,
        socket: u32,
    },
    /// The server has time for the next one in its queue.
    Serve,
    Opened {
        client: u32,
        socket: u32,
    },
    Refused {
        client: u32,
        socket: u32,
    },
    ToServer {
        client: u32,
        socket: u32,
        frame: Vec<u8>,
    },
    ToClient {
        client: u32,
        socket: u32,
        frame: Vec<u8>,
    },
}

struct Seat {
    member: Box<dyn Member>,
    latency_ms: u64,
    /// The socket it holds or waits for.
    socket: Option<u32>,
    arrived: bool,
    attempts: u32,
    /// The deadline an event was queued for.
    due_ms: Option<u64>,
}

struct World {
    scenario: Scenario,
    now_ms: u64,
    /// What is to come, by the millisecond; within one, in the order of its causes.
    events: BTreeMap<u64, Vec<Event>>,
    seats: Vec<Seat>,
    queue: VecDeque<(u32, u32)>,
    outcome: Outcome,
}

/// Cuts a crowd of `clients`, each made by `member` from the time and a seed, and follows it until all are back or have
/// given up.
pub fn simulate(
    scenario: Scenario,
    clients: usize,
    seed: u64,
    member: &dyn Fn(Instant, u64) -> Box<dyn Member>,
) -> Outcome {
    let mut rng = Rng::new(seed);
    let mut world = World {
        scenario,
        now_ms: 0,
        events: BTreeMap::new(),
        seats: Vec::with_capacity(clients),
        queue: VecDeque::new(),
        outcome: Outcome { clients, ..Outcome::default() },
    };
    for client in 0..clients {
        let login_ms = LOGIN_BEGIN_MS + within(&mut rng, LOGIN_PERIOD_MS);
        let latency_ms = LATENCY_MS.0 + within(&mut rng, LATENCY_MS.1 - LATENCY_MS.0 + 1);
        let member = member(Instant::from_ms(login_ms), rng.next_u64());
        world.seats.push(Seat { member, latency_ms, socket: None, arrived: false, attempts: 0, due_ms: None });
        world.follow_deadline(client as u32);
        world.push(CUT_MS + latency_ms, Event::Cut { client: client as u32 });
    }
    world.run();
    world.outcome
}

fn within(rng: &mut Rng, below: u64) -> u64 {
    (rng.fraction() * below as f64) as u64
}

impl World {
    fn run(&mut self) {
        let end_ms = self.up_ms() + 1_000 * self.scenario.patience_s;
        while self.outcome.back_ms.len() + self.outcome.gave_up < self.outcome.clients {
            match self.events.pop_first() {
                Some((at_ms, events)) if at_ms <= end_ms => {
                    self.now_ms = at_ms;
                    events.into_iter().for_each(|event| self.take(event));
                }
                _ => return,
            }
        }
    }

    fn up_ms(&self) -> u64 {
        CUT_MS + 1_000 * self.scenario.outage_s
    }

    fn service_ms(&self) -> u64 {
        1_000 / self.scenario.accepts_per_second
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Due { client } => {
                let seat = &mut self.seats[client as usize];
                if seat.due_ms == Some(self.now_ms) {
                    seat.due_ms = None;
                    self.tell(client, Happening::Due);
                }
            }
            Event::Cut { client } => {
                let seat = &mut self.seats[client as usize];
                assert!(seat.arrived, "everybody has logged in before the cut");
                seat.arrived = false;
                if let Some(socket) = seat.socket.take() {
                    self.tell(client, Happening::Closed(socket, self.scenario.close_code));
                }
            }
            Event::Knock { client, socket } => self.knock(client, socket),
            Event::Serve => self.serve(),
            Event::Opened { client, socket } => {
                if self.seats[client as usize].socket == Some(socket) {
                    self.tell(client, Happening::Opened(socket));
                }
            }
            Event::Refused { client, socket } => {
                let seat = &mut self.seats[client as usize];
                if seat.socket == Some(socket) {
                    seat.socket = None;
                    self.outcome.refused += 1;
                    self.tell(client, Happening::Closed(socket, 1006));
                }
            }
            Event::ToServer { client, socket, frame } => {
                let after_ms = self.seats[client as usize].latency_ms;
                for frame in answers(&frame) {
                    self.push(self.now_ms + after_ms, Event::ToClient { client, socket, frame });
                }
            }
            Event::ToClient { client, socket, frame } => {
                if self.seats[client as usize].socket == Some(socket) {
                    self.tell(client, Happening::Received(socket, &frame));
                }
            }
        }
    }

    /// Before the cut the server has time for everybody; then it is away, and comes back with a queue.
    fn knock(&mut self, client: u32, socket: u32) {
        let latency_ms = self.seats[client as usize].latency_ms;
        let answer_ms = self.now_ms + latency_ms;
        if self.now_ms < CUT_MS {
            return self.push(answer_ms, Event::Opened { client, socket });
        }
        let seat = &mut self.seats[client as usize];
        seat.attempts += 1;
        let attempt = Attempt { at_ms: self.now_ms - CUT_MS, nth: seat.attempts };
        self.outcome.attempts.push(attempt);
        if self.now_ms < self.up_ms() || self.queue.len() > self.scenario.queue_limit {
            return self.push(answer_ms, Event::Refused { client, socket });
        }
        if self.queue.is_empty() {
            self.push(self.now_ms + self.service_ms(), Event::Serve);
        }
        self.queue.push_back((client, socket));
    }

    /// The first in the queue was worked on until now. That its client may have left shows only then.
    fn serve(&mut self) {
        if let Some((client, socket)) = self.queue.pop_front() {
            let latency_ms = self.seats[client as usize].latency_ms;
            self.push(self.now_ms + latency_ms, Event::Opened { client, socket });
        }
        if !self.queue.is_empty() {
            self.push(self.now_ms + self.service_ms(), Event::Serve);
        }
    }

    fn tell(&mut self, client: u32, happening: Happening<'_>) {
        let mut actions = Vec::new();
        self.seats[client as usize].member.handle(Instant::from_ms(self.now_ms), happening, &mut actions);
        for action in actions {
            self.carry_out(client, action);
        }
        self.follow_deadline(client);
    }

    fn carry_out(&mut self, client: u32, action: Action) {
        let seat = &mut self.seats[client as usize];
        let there_ms = self.now_ms + seat.latency_ms;
        match action {
            Action::Dial(socket) => {
                seat.socket = Some(socket);
                self.push(there_ms, Event::Knock { client, socket });
            }
            Action::Send(socket, frame) => self.push(there_ms, Event::ToServer { client, socket, frame }),
            Action::Abandon => {
                if seat.socket.take().is_some() {
                    assert!(!seat.arrived, "a session that nobody cut was given up");
                    self.outcome.abandoned += 1;
                }
            }
            Action::Arrived => {
                seat.arrived = true;
                if self.now_ms > CUT_MS {
                    self.outcome.back_ms.push(self.now_ms - CUT_MS);
                }
            }
            Action::GaveUp => self.outcome.gave_up += 1,
        }
    }

    fn follow_deadline(&mut self, client: u32) {
        let seat = &mut self.seats[client as usize];
        let due_ms = seat.member.deadline().map(|due| due.as_ms().max(self.now_ms));
        if due_ms != seat.due_ms {
            seat.due_ms = due_ms;
            if let Some(due_ms) = due_ms {
                self.push(due_ms, Event::Due { client });
            }
        }
    }

    fn push(&mut self, at_ms: u64, event: Event) {
        self.events.entry(at_ms).or_default().push(event);
    }
}

/// What the server says to a frame.
fn answers(frame: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    wire::decode(frame).filter_map(|message| {
        let answer = match message.expect("clients send what can be decoded").action {
            wire::Action::Connection(ConnectionAction::Challenge) => Message::new(ConnectionAction::Accept),
            wire::Action::Connection(ConnectionAction::Ping) => Message::new(ConnectionAction::Pong),
            wire::Action::Auth(_) => Message::new(AuthAction::AuthSuccessful),
            _ => return None,
        };
        Some(answer.encode())
    })
}
