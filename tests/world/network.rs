//! The network between the clients and the servers: late, and at times faulty.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::RangeInclusive,
};

use deepstream_wasm::client::{Instant, SocketId};

use super::{ClientId, dice::Dice};

/// How long a browser waits for the answer to its close frame before it calls the socket closed, in milliseconds.
const CLOSE_HANDSHAKE_MS: u64 = 30_000;

/// What connects one socket of one client with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId {
    pub client: ClientId,
    pub socket: SocketId,
}

/// Where a client's next attempts to connect end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// At the server.
    Clear,
    /// Nowhere: something on the way refuses.
    Refused,
    /// Nowhere, and nobody says so.
    Lost,
    /// In the browser, which does not even make the socket.
    Forbidden,
}

/// Which of the two directions of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// What arrives somewhere.
#[derive(Debug)]
pub enum Delivery {
    /// A client wants to be connected to the server at the link's URL.
    Dial(LinkId),
    /// The server hears something.
    ToServer(LinkId, Heard),
    /// A socket has something to say to its client.
    ToClient(LinkId, News),
}

impl Delivery {
    fn bytes(&self) -> u64 {
        match self {
            Self::ToServer(_, Heard::Frame(frame)) | Self::ToClient(_, News::Binary(frame)) => frame.len() as u64,
            _ => 0,
        }
    }
}

/// What a server hears over a link.
#[derive(Debug)]
pub enum Heard {
    Frame(Vec<u8>),
    Closed,
}

/// What a socket says to its client.
#[derive(Clone, Debug)]
pub enum News {
    Opened,
    Binary(Vec<u8>),
    Text,
    Oversized(usize),
    Failed,
    Closed(u16),
}

/// What one direction of a client's links is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// How much passes in a second.
    pub bytes_per_second: u64,
    /// How long each byte is on its way beside that, in milliseconds.
    pub delay_ms: u64,
    /// How much the operating system and others take without letting the browser see that it waits, in bytes.
    pub unseen_bytes: u64,
}

impl Speed {
    /// So much in a second, with no further delay, and none of it seen to wait.
    pub const fn of(bytes_per_second: u64) -> Self {
        Self { bytes_per_second, delay_ms: 0, unseen_bytes: u64::MAX }
    }

    /// As fast as can be, but so far away.
    pub const fn far(delay_ms: u64) -> Self {
        Self { bytes_per_second: u64::MAX, delay_ms, unseen_bytes: u64::MAX }
    }
}

struct Link {
    url: String,
    to_server: Lane,
    to_client: Lane,
    /// How much is on its way.
    in_flight: usize,
    was_silenced: bool,
}

/// One direction of a link. What is sent first arrives first.
struct Lane {
    last_arrival: Instant,
    carries: Carries,
    /// When all that was sent has left.
    free_at: Instant,
    /// What was sent and will never leave, in bytes.
    stuck: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    Everything,
    /// Everything sent from now on is lost, and the sender does not notice.
    Silence,
    /// The receiving end is closed.
    Nothing,
}

/// Everything that is on its way, and how long it takes.
pub struct Network {
    /// How long a message takes, in milliseconds; drawn for each.
    pub latency_ms: RangeInclusive<u64>,
    now: Instant,
    dice: Dice,
    on_the_way: BTreeMap<(Instant, u64), Delivery>,
    sent: u64,
    links: BTreeMap<LinkId, Link>,
    routes: BTreeMap<ClientId, Route>,
    /// What is slower than the rest: the way to the server, and the way back.
    speeds: BTreeMap<ClientId, [Option<Speed>; 2]>,
}

impl Network {
    pub const fn new(seed: u64, latency_ms: RangeInclusive<u64>) -> Self {
        Self {
            latency_ms,
            now: Instant::from_ms(0),
            dice: Dice::new(seed),
            on_the_way: BTreeMap::new(),
            sent: 0,
            links: BTreeMap::new(),
            routes: BTreeMap::new(),
            speeds: BTreeMap::new(),
        }
    }

    // ---- faults ----

    /// From now on, attempts of `client` to connect end there.
    pub fn route(&mut self, client: ClientId, route: Route) {
        self.routes.insert(client, route);
    }

    /// From now on, this direction of `client`'s links is no faster, also those to come.
    pub fn slow_down(&mut self, client: ClientId, direction: Direction, speed: Speed) {
        self.speeds.entry(client).or_default()[direction as usize] = Some(speed);
    }

    fn speed(&self, client: ClientId, direction: Direction) -> Option<Speed> {
        self.speeds.get(&client).and_then(|speeds| speeds[direction as usize])
    }

    /// How much of what a client has sent its browser still holds, in bytes.
    pub fn buffered(&self, link: LinkId) -> u64 {
        let speed = self.speed(link.client, Direction::ToServer);
        let (Some(speed), Some(lane)) = (speed, self.links.get(&link).map(|link| &link.to_server)) else { return 0 };
        let waiting = lane.free_at.since_ms(self.now).saturating_mul(speed.bytes_per_second) / 1_000;
        (lane.stuck + waiting).saturating_sub(speed.unseen_bytes)
    }

    /// Resets every link of `client`: both ends are told.
    pub fn cut(&mut self, client: ClientId) {
        for link in self.links_of(client) {
            self.close_towards_client(link, 1006);
            self.close_towards_server(link);
        }
    }

    /// What is sent over `client`'s links from now on is lost in this direction, and nobody is told.
    pub fn silence(&mut self, client: ClientId, direction: Direction) {
        for link in self.links_of(client) {
            if let Some(lane) = self.lane(link, direction).filter(|lane| lane.carries == Carries::Everything) {
                lane.carries = Carries::Silence;
                self.links.entry(link).and_modify(|link| link.was_silenced = true);
            }
        }
    }

    /// [Silences](Self::silence) both directions: the links are half-open on either side.
    pub fn silence_both_ways(&mut self, client: ClientId) {
        self.silence(client, Direction::ToServer);
        self.silence(client, Direction::ToClient);
    }

    /// Nothing arrives over `client`'s links for so long; then all of it does.
    pub fn stall(&mut self, client: ClientId, ms: u64) {
        let until = self.now.after_ms(ms);
        for link in self.links_of(client) {
            for direction in [Direction::ToServer, Direction::ToClient] {
                if let Some(lane) = self.lane(link, direction) {
                    lane.last_arrival = lane.last_arrival.max(until);
                }
            }
        }
    }

    /// Whether the link may be dead without anybody telling the client.
    pub fn is_silent(&self, link: LinkId) -> bool {
        self.links.get(&link).is_none_or(|link| link.was_silenced)
    }

    // ---- what the two ends do ----

    /// A client opens a socket.
    ///
    /// # Errors
    /// The browser's words, where it does not make the socket.
    pub fn dial(&mut self, link: LinkId, url: &str) -> Result<(), &'static str> {
        let route = self.routes.get(&link.client).copied().unwrap_or(Route::Clear);
        if route == Route::Forbidden {
            return Err("SecurityError: an insecure WebSocket connection may not be initiated");
        }
        self.links.insert(link, Link::new(self.now, url));
        match route {
            Route::Clear => self.carry(link, Direction::ToServer, Delivery::Dial(link)),
            Route::Refused => self.refuse(link),
            Route::Lost | Route::Forbidden => {}
        }
        Ok(())
    }

    /// A client sends a frame.
    pub fn send_to_server(&mut self, link: LinkId, frame: Vec<u8>) {
        self.carry(link, Direction::ToServer, Delivery::ToServer(link, Heard::Frame(frame)));
    }

    /// A client closes its socket. The socket still says that it is closed, later.
    pub fn hang_up(&mut self, link: LinkId) {
        let is_silent = self.lane(link, Direction::ToServer).is_some_and(|lane| lane.carries == Carries::Silence);
        self.close_towards_server(link);
        if is_silent {
            self.end(link, Direction::ToClient);
            let late = self.now.after_ms(CLOSE_HANDSHAKE_MS);
            self.enqueue(late, link, Delivery::ToClient(link, News::Closed(1006)));
        }
    }

    /// The server takes the connection.
    pub fn establish(&mut self, link: LinkId) {
        self.send_to_client(link, News::Opened);
    }

    /// Nobody takes the connection.
    pub fn refuse(&mut self, link: LinkId) {
        self.close_towards_client(link, 1006);
    }

    /// Says something to the client over its socket.
    pub fn send_to_client(&mut self, link: LinkId, news: News) {
        self.carry(link, Direction::ToClient, Delivery::ToClient(link, news));
    }

    /// The server's end is closed.
    pub fn close_towards_client(&mut self, link: LinkId, code: u16) {
        self.send_to_client(link, News::Closed(code));
        self.end(link, Direction::ToClient);
    }

    fn close_towards_server(&mut self, link: LinkId) {
        self.carry(link, Direction::ToServer, Delivery::ToServer(link, Heard::Closed));
        self.end(link, Direction::ToServer);
    }

    fn end(&mut self, link: LinkId, direction: Direction) {
        if let Some(lane) = self.lane(link, direction) {
            lane.carries = Carries::Nothing;
        }
    }

    // ---- what arrives ----

    /// When the next thing arrives.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.on_the_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// Time goes on.
    pub const fn advance(&mut self, now: Instant) {
        self.now = now;
    }

    /// What arrives now.
    pub fn take_arrival(&mut self) -> Option<Delivery> {
        let arrival = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= self.now)?;
        Some(arrival.remove())
    }

    /// Forgets a link of which nothing will be heard any more.
    pub fn arrived(&mut self, link: LinkId) {
        if let Entry::Occupied(mut entry) = self.links.entry(link) {
            entry.get_mut().in_flight -= 1;
            if entry.get().is_over() {
                entry.remove();
            }
        }
    }

    /// The URL that was dialled.
    pub fn url(&self, link: LinkId) -> Option<&str> {
        self.links.get(&link).map(|link| link.url.as_str())
    }

    fn links_of(&self, client: ClientId) -> Vec<LinkId> {
        self.links.keys().filter(|link| link.client == client).copied().collect()
    }

    fn lane(&mut self, link: LinkId, direction: Direction) -> Option<&mut Lane> {
        let link = self.links.get_mut(&link)?;
        Some(match direction {
            Direction::ToServer => &mut link.to_server,
            Direction::ToClient => &mut link.to_client,
        })
    }

    fn carry(&mut self, link: LinkId, direction: Direction, delivery: Delivery) {
        let latency_ms = self.dice.between(self.latency_ms.clone());
        let (now, speed) = (self.now, self.speed(link.client, direction));
        let bytes = delivery.bytes();
        let Some(lane) = self.lane(link, direction) else { return };
        if lane.carries == Carries::Silence {
            lane.stuck += bytes;
        }
        if lane.carries == Carries::Everything {
            let earliest = match speed {
                Some(speed) => {
                    lane.free_at = lane.free_at.max(now).after_ms(bytes * 1_000 / speed.bytes_per_second);
                    // A connection is made by TCP before anything asks for it.
                    let trips = if matches!(delivery, Delivery::Dial(_)) { 3 } else { 1 };
                    lane.free_at.after_ms(trips * speed.delay_ms + latency_ms)
                }
                None => now.after_ms(latency_ms),
            };
            lane.last_arrival = lane.last_arrival.max(earliest);
            let at = lane.last_arrival;
            self.enqueue(at, link, delivery);
        }
    }

    fn enqueue(&mut self, at: Instant, link: LinkId, delivery: Delivery) {
        if let Some(link) = self.links.get_mut(&link) {
            link.in_flight += 1;
            self.sent += 1;
            self.on_the_way.insert((at, self.sent), delivery);
        }
    }
}

impl Link {
    fn new(now: Instant, url: &str) -> Self {
        let lane = || Lane { last_arrival: now, carries: Carries::Everything, free_at: now, stuck: 0 };
        Self { url: url.into(), to_server: lane(), to_client: lane(), in_flight: 0, was_silenced: false }
    }

    fn is_over(&self) -> bool {
        let lanes = [&self.to_server, &self.to_client];
        self.in_flight == 0 && lanes.iter().all(|lane| lane.carries == Carries::Nothing)
    }
}
