//! A world in virtual time: clients, servers, and the network between them, driven by the run-loop contract of
//! [`deepstream_wasm::client`]. Everything that is left to chance comes from one seed.

#![allow(dead_code, unused_imports, reason = "every test crate uses a part of it")]

pub mod browser;
mod dice;
pub mod json;
pub mod lives;
pub mod network;
mod reference;
pub mod server;
mod shell;
mod states;
mod watch;
mod wishes;

use std::{collections::BTreeSet, ops::RangeInclusive};

use deepstream_wasm::{
    client::{ConnectionState, Input, Instant, Options, PageSignal, StorageEvent, Ticket},
    wire::Message,
};

use self::{
    browser::{Browser, BrowserId, Browsers},
    network::{Delivery, Heard, LinkId, Network, News},
    server::{FakeServer, Word},
};
pub use self::{
    dice::Dice,
    shell::Shell,
    wishes::{RecordWish, Reply, Wish},
};

/// Where the server of every world is.
pub const SERVER: &str = "ws://deepstream.test/deepstream";

/// How long a message takes in worlds that leave nothing to chance, in milliseconds.
pub const LATENCY: u64 = 10;

/// How long a world runs until it counts as stuck, in milliseconds.
const PATIENCE: u64 = 3_600_000;

/// One of the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(usize);

impl ClientId {
    /// Counts clients from 0 in the order in which they were added.
    pub const fn from_index(index: usize) -> Self {
        Self(index)
    }

    pub const fn index(self) -> usize {
        self.0
    }
}

/// What clients can reach.
pub struct Outside {
    pub network: Network,
    pub browsers: Browsers,
}

/// Clients, servers, and the network between them.
pub struct World {
    now: Instant,
    dice: Dice,
    outside: Outside,
    servers: Vec<FakeServer>,
    clients: Vec<Shell>,
    max_timer_delay_ms: u64,
    deliveries: usize,
}

impl World {
    /// A world in which every message takes [`LATENCY`], and timers fire when they are due.
    pub fn new() -> Self {
        Self::with_chance(0, LATENCY..=LATENCY, 0)
    }

    /// A world in which messages take this long, and timers fire up to so much too late.
    pub fn with_chance(seed: u64, latency_ms: RangeInclusive<u64>, max_timer_delay_ms: u64) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            now: Instant::from_ms(0),
            outside: Outside { network: Network::new(dice.seed(), latency_ms), browsers: Browsers::new(seed) },
            dice,
            servers: vec![FakeServer::new(SERVER)],
            clients: Vec::new(),
            max_timer_delay_ms,
            deliveries: 0,
        }
    }

    // ---- who is in it ----

    /// A client with default options that retries exactly on schedule.
    pub fn add_client(&mut self) -> ClientId {
        self.add_client_with(|_| {})
    }

    /// A client with options of its own.
    pub fn add_client_with(&mut self, change: impl FnOnce(&mut Options)) -> ClientId {
        self.add_client_of(&[SERVER], change)
    }

    /// A client that may connect to any of these servers, in a browser of its own.
    pub fn add_client_of(&mut self, urls: &[&str], change: impl FnOnce(&mut Options)) -> ClientId {
        let browser = self.outside.browsers.add();
        self.add_page(browser, urls, change)
    }

    /// A browser without pages.
    pub fn add_browser(&mut self) -> BrowserId {
        self.outside.browsers.add()
    }

    /// What the pages of a browser share.
    pub fn browser(&mut self, browser: BrowserId) -> &mut Browser {
        self.outside.browsers.get(browser)
    }

    /// `localStorage.clear()` in one of its pages, which is not told, or by the user. What `spared` names comes back at once.
    pub fn empty_storage(&mut self, browser: BrowserId, by: Option<ClientId>, spared: &[&str]) {
        self.outside.browsers.empty(browser, by, spared);
    }

    /// The browser that a client's page is in.
    pub fn home(&self, client: ClientId) -> BrowserId {
        self.outside.browsers.home(client).expect("the page is there")
    }

    /// A client in a page of a browser that there is already.
    pub fn add_client_in(&mut self, browser: BrowserId, change: impl FnOnce(&mut Options)) -> ClientId {
        self.add_page(browser, &[SERVER], change)
    }

    /// A client of one of these servers in a page of a browser that there is already.
    pub fn add_page(&mut self, browser: BrowserId, urls: &[&str], change: impl FnOnce(&mut Options)) -> ClientId {
        let mut options = Options { reconnect_jitter: 0.0, ..Options::default() };
        change(&mut options);
        let id = ClientId(self.clients.len());
        let seed = self.dice.seed();
        self.outside.browsers.open_page(browser, id);
        self.clients.push(Shell::new(id, self.now, urls, options, seed, self.max_timer_delay_ms));
        id
    }

    /// A client that is logged in with `{}`, and has forgotten how it got there.
    pub fn add_open_client(&mut self) -> ClientId {
        let client = self.add_client();
        self.open(client);
        client
    }

    /// Logs in with `{}`, waits until that is done, and makes everybody forget how it went.
    pub fn open(&mut self, client: ClientId) {
        self.login(client, "{}");
        self.run_until_open(client);
        self.client_mut(client).forget();
        self.server().forget_requests();
    }

    pub fn client(&self, client: ClientId) -> &Shell {
        &self.clients[client.0]
    }

    pub fn client_mut(&mut self, client: ClientId) -> &mut Shell {
        &mut self.clients[client.0]
    }

    pub fn clients(&self) -> impl Iterator<Item = ClientId> + use<> {
        (0..self.clients.len()).map(ClientId)
    }

    /// The server that clients dial.
    pub fn server(&mut self) -> &mut FakeServer {
        &mut self.servers[0]
    }

    /// A further server.
    pub fn add_server(&mut self, url: &str) {
        self.servers.push(FakeServer::new(url));
    }

    pub fn server_at(&mut self, url: &str) -> &mut FakeServer {
        self.servers.iter_mut().find(|server| server.url() == url).expect("there is a server at this URL")
    }

    /// Whether the link may be dead without anybody telling the client.
    pub fn is_silent(&self, link: LinkId) -> bool {
        self.outside.network.is_silent(link)
    }

    pub const fn network(&mut self) -> &mut Network {
        &mut self.outside.network
    }

    pub const fn now(&self) -> Instant {
        self.now
    }

    // ---- what applications do ----

    pub fn wish(&mut self, client: ClientId, wish: Wish) -> Option<Ticket> {
        self.clients[client.0].wish(self.now, wish, &mut self.outside)
    }

    /// An application asks for several things in one task of its page. Returns the tickets.
    pub fn task(&mut self, client: ClientId, wishes: Vec<Wish>) -> Vec<Option<Ticket>> {
        self.clients[client.0].task(self.now, wishes, &mut self.outside)
    }

    pub fn login(&mut self, client: ClientId, params: &str) -> Ticket {
        self.wish(client, Wish::Login(Some(params.into()))).expect("login gives a ticket")
    }

    pub fn login_without_params(&mut self, client: ClientId) -> Ticket {
        self.wish(client, Wish::Login(None)).expect("login gives a ticket")
    }

    pub fn resume(&mut self, client: ClientId) -> Ticket {
        self.wish(client, Wish::Resume).expect("resume gives a ticket")
    }

    pub fn pause(&mut self, client: ClientId) {
        self.wish(client, Wish::Pause);
    }

    pub fn close(&mut self, client: ClientId) {
        self.wish(client, Wish::Close);
    }

    pub fn subscribe(&mut self, client: ClientId, name: &str) {
        self.wish(client, Wish::Subscribe(name.into()));
    }

    pub fn unsubscribe(&mut self, client: ClientId, name: &str) {
        self.wish(client, Wish::Unsubscribe(name.into()));
    }

    pub fn emit(&mut self, client: ClientId, name: &str, data: &str) {
        self.wish(client, Wish::Emit { name: name.into(), data: Some(data.into()) });
    }

    /// The page is gone from one moment to the next, with everything that was only in its memory.
    pub fn crash(&mut self, client: ClientId) {
        let now = self.now;
        self.clients[client.0].crash(now, &mut self.outside);
    }

    /// The page will be gone in the middle of what its client wants done, after so many more outputs.
    pub fn crash_after(&mut self, client: ClientId, outputs: usize) {
        self.clients[client.0].crash_after(outputs);
    }

    /// The browser stops running the page, which keeps its locks and its socket.
    pub fn freeze(&mut self, client: ClientId) {
        self.clients[client.0].freeze();
    }

    /// The page runs again, and hears of everything that it has missed.
    pub fn thaw(&mut self, client: ClientId) {
        let now = self.now;
        self.clients[client.0].thaw(now, &mut self.outside);
    }

    /// The application asks who of these users is logged in.
    pub fn query(&mut self, client: ClientId, users: &[&str]) -> Ticket {
        let users = users.iter().map(|user| (*user).into()).collect();
        self.wish(client, Wish::Query(Some(users))).expect("a question gives a ticket")
    }

    /// The application asks who is logged in.
    pub fn query_all(&mut self, client: ClientId) -> Ticket {
        self.wish(client, Wish::Query(None)).expect("a question gives a ticket")
    }

    pub fn listen(&mut self, client: ClientId, pattern: &str) {
        self.wish(client, Wish::Listen(pattern.into()));
    }

    pub fn unlisten(&mut self, client: ClientId, pattern: &str) {
        self.wish(client, Wish::Unlisten(pattern.into()));
    }

    /// The application answers an offer.
    pub fn answer_offer(&mut self, client: ClientId, (offer, subscription): (u32, &str), accept: bool) {
        self.wish(client, Wish::AnswerOffer { subscription: subscription.into(), offer, accept });
    }

    pub fn provide(&mut self, client: ClientId, name: &str) {
        self.wish(client, Wish::Provide(name.into()));
    }

    pub fn unprovide(&mut self, client: ClientId, name: &str) {
        self.wish(client, Wish::Unprovide(name.into()));
    }

    /// Makes a call that has no time limit and must not be executed twice.
    pub fn make(&mut self, client: ClientId, name: &str, data: &str) -> Ticket {
        self.make_with(client, name, data, None, false)
    }

    pub fn make_with(
        &mut self,
        client: ClientId,
        name: &str,
        data: &str,
        timeout_ms: Option<u64>,
        idempotent: bool,
    ) -> Ticket {
        let wish = Wish::Make { name: name.into(), data: Some(data.into()), timeout_ms, idempotent };
        self.wish(client, wish).expect("make gives a ticket")
    }

    /// The page tells something about itself or its network.
    pub fn page_says(&mut self, client: ClientId, signal: PageSignal) {
        self.clients[client.0].on_input(self.now, Input::Page(signal), &mut self.outside);
    }

    /// The browser tells the page that another one has changed storage.
    pub fn storage_changed(&mut self, client: ClientId, key: &str, value: Option<&str>) {
        let event = StorageEvent::Changed { key, value };
        self.clients[client.0].on_input(self.now, Input::Storage(event), &mut self.outside);
    }

    /// The application answers the question for credentials.
    pub fn answer(&mut self, client: ClientId, question: u32, answer: Result<&str, &str>) {
        self.clients[client.0].on_input(self.now, Input::Credentials { question, answer }, &mut self.outside);
    }

    /// The probe comes back.
    pub fn probe_comes_back(&mut self, client: ClientId, probe: u32, reachable: bool) {
        self.clients[client.0].on_input(self.now, Input::Probed { probe, reachable }, &mut self.outside);
    }

    // ---- what the server says out of turn ----

    /// Sends the client these messages in one frame.
    pub fn server_says(&mut self, client: ClientId, messages: &[Message<'_>]) {
        let frame = messages.iter().flat_map(Message::encode).collect();
        self.socket_says(client, News::Binary(frame));
    }

    /// Lets the client's live socket say something.
    pub fn socket_says(&mut self, client: ClientId, news: News) {
        let link = self.client(client).live_link().expect("the client has a socket");
        self.outside.network.send_to_client(link, news);
    }

    // ---- what is said past a client ----

    /// Sends the server a message over the client's connection, as another program would. Says whether there is one.
    pub fn say_as(&mut self, client: ClientId, message: &Message<'_>) -> bool {
        let link = self.client(client).live_link().filter(|_| self.client(client).state() == ConnectionState::Open);
        if let Some(link) = link {
            self.outside.network.send_to_server(link, message.encode());
        }
        link.is_some()
    }

    // ---- what can be asked of the world as a whole ----

    /// The names to which the server has subscribed the client's live connection.
    pub fn subscriptions(&self, client: ClientId) -> Vec<&str> {
        let link = self.client(client).live_link();
        link.map(|link| self.servers[0].subscriptions(link)).unwrap_or_default()
    }

    /// Every state in which any record ever was on the server, oldest first: name, version, and data as JSON text.
    pub fn past_of_records(&self) -> &[(String, i32, String)] {
        self.servers[0].past_of_records()
    }

    /// The records to which the server has subscribed the client's live connection.
    pub fn record_subscriptions(&self, client: ClientId) -> Vec<&str> {
        let link = self.client(client).live_link();
        link.map(|link| self.servers[0].record_subscriptions(link)).unwrap_or_default()
    }

    /// What the server has the client's live connection subscribed to of presence: users, or `%_EVERYONE_%`.
    pub fn watches(&self, client: ClientId) -> Vec<&str> {
        let link = self.client(client).live_link();
        link.map(|link| self.servers[0].watches(link)).unwrap_or_default()
    }

    /// The user as whom the server knows the client's live connection.
    pub fn user_id(&self, client: ClientId) -> Option<&str> {
        self.servers[0].user_id(self.client(client).live_link()?)
    }

    /// The patterns to which the server knows the client's live connection to listen.
    pub fn patterns(&self, client: ClientId) -> Vec<&str> {
        let link = self.client(client).live_link();
        link.map(|link| self.servers[0].patterns(link)).unwrap_or_default()
    }

    /// What the client's live connection provides, for all that the server knows.
    pub fn provided_events(&self, client: ClientId) -> BTreeSet<&str> {
        let link = self.client(client).live_link();
        link.map(|link| self.servers[0].provided_events(link)).unwrap_or_default()
    }

    /// The procedures that the server knows the client's live connection to provide.
    pub fn provided(&self, client: ClientId) -> Vec<&str> {
        let link = self.client(client).live_link();
        link.map(|link| self.servers[0].provided(link)).unwrap_or_default()
    }

    /// The credentials with which a server knows the client's live connection.
    pub fn user(&self, client: ClientId) -> Option<&str> {
        let link = self.client(client).live_link()?;
        self.servers.iter().find_map(|server| server.user(link))
    }

    /// What clients did that no client of this protocol should.
    pub fn complaints(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().flat_map(FakeServer::complaints).map(String::as_str)
    }

    /// How much has arrived over the network so far.
    pub const fn deliveries(&self) -> usize {
        self.deliveries
    }

    // ---- time ----

    /// Lets time pass.
    pub fn run_for(&mut self, ms: u64) {
        let end = self.now.after_ms(ms);
        while self.step(end) {}
    }

    /// Everybody's computer sleeps: time passes and nothing happens, until all that is due happens late.
    pub fn sleep(&mut self, ms: u64) {
        self.advance(self.now.after_ms(ms));
    }

    fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
        self.outside.network.advance(self.now);
        self.outside.browsers.advance(self.now);
    }

    /// Lets time pass until the client is in this state.
    #[track_caller]
    pub fn run_until(&mut self, client: ClientId, state: ConnectionState) {
        let end = self.now.after_ms(PATIENCE);
        while self.client(client).state() != state {
            if !self.step(end) {
                let states = self.client(client).states();
                panic!("never {state:?}, but lately {:?}", &states[states.len().saturating_sub(6)..]);
            }
        }
    }

    /// Lets time pass until the client is logged in.
    #[track_caller]
    pub fn run_until_open(&mut self, client: ClientId) {
        self.run_until(client, ConnectionState::Open);
    }

    /// Lets the next thing happen. If nothing does until `end`, it is `end` afterwards.
    pub fn step(&mut self, end: Instant) -> bool {
        self.pass_words();
        let mail = self.outside.browsers.deadline();
        let arrival = self.outside.network.next_arrival();
        let server = self.servers.iter().filter_map(FakeServer::deadline).min();
        let timer = self.clients.iter().filter_map(Shell::timer).min();
        let next = [mail, arrival, server, timer].into_iter().flatten().min();
        let happens = next.is_some_and(|next| next <= end);
        self.advance(next.unwrap_or(end).min(end));
        if !happens {
            return false;
        }
        if mail.is_some_and(|due| due <= self.now) {
            if let Some((client, mail)) = self.outside.browsers.take_mail() {
                self.clients[client.0].on_mail(self.now, mail, &mut self.outside);
            }
        } else if let Some(delivery) = self.outside.network.take_arrival() {
            self.deliveries += 1;
            self.deliver(delivery);
        } else if server.is_some_and(|due| due <= self.now) {
            self.servers.iter_mut().for_each(|server| server.on_time(self.now));
        } else {
            let mut clients = self.clients.iter_mut();
            let due = clients.find(|client| client.timer().is_some_and(|at| at <= self.now));
            due.expect("something is due").on_timer(self.now, &mut self.outside);
        }
        self.pass_words();
        true
    }

    fn deliver(&mut self, delivery: Delivery) {
        let now = self.now;
        let link = match delivery {
            Delivery::ToClient(link, news) => {
                self.clients[link.client.0].on_news(now, link.socket, &news, &mut self.outside);
                link
            }
            Delivery::Dial(link) => {
                if self.server_of(link).is_some_and(|server| server.on_dial(now, link)) {
                    self.outside.network.establish(link);
                } else {
                    self.outside.network.refuse(link);
                }
                link
            }
            Delivery::ToServer(link, heard) => {
                if let Some(server) = self.server_of(link) {
                    match heard {
                        Heard::Frame(frame) => server.on_frame(now, link, &frame),
                        Heard::Closed => server.on_closed(now, link),
                    }
                }
                link
            }
        };
        self.pass_words();
        self.outside.network.arrived(link);
    }

    fn server_of(&mut self, link: LinkId) -> Option<&mut FakeServer> {
        let url = self.outside.network.url(link)?;
        self.servers.iter_mut().find(|server| server.url() == url)
    }

    /// Hands what the servers have said to the network.
    fn pass_words(&mut self) {
        for (link, word) in self.servers.iter_mut().flat_map(FakeServer::take_words) {
            match word {
                Word::Frame(frame) => self.outside.network.send_to_client(link, News::Binary(frame)),
                Word::Close(code) => self.outside.network.close_towards_client(link, code),
            }
        }
    }
}
