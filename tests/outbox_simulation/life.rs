//! Lives of a few pages, made up of chance: a time of faults, and then one in which nothing goes wrong any more and
//! everything must arrive.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::{ConnectionState, Entry, Instant, Output, limits::ORPHAN_GRACE_MS},
    wire::decode,
};

use crate::{
    chance::{
        FOREIGN, Knobs, LOGINS, NAMES, PROCEDURES, Wishes, befall, befall_storage, draw_pause, has_room,
        relieve_storage, revive,
    },
    model::Model,
    world::{
        ClientId, Dice, Reply, Wish, World,
        browser::BrowserId,
        network::Route,
        server::{AtLogin, Policy},
    },
};

/// How many of the last outputs of each page are told when something is wrong.
const STORY: usize = 60;

/// Longer than everything that anybody waits for without a fault, in milliseconds.
const A_LONG_WHILE: u64 = 400_000;

/// Longer than it takes to send what is there, when nobody else may have it, in milliseconds.
const A_WHILE: u64 = 20_000;

/// Browsers with pages in them, a server, and somebody who reads all that arrives.
pub struct Life {
    pub world: World,
    dice: Dice,
    knobs: Knobs,
    browsers: Vec<BrowserId>,
    pages: Vec<ClientId>,
    wishes: Vec<Wishes>,
    reader: ClientId,
    model: Model,
}

impl Life {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let knobs = Knobs::draw(&mut dice);
        let mut world = World::with_chance(dice.seed(), knobs.latency_ms.clone(), knobs.max_timer_delay_ms);
        world.server().policy = healthy(&knobs);
        let reader = world.add_client();
        world.open(reader);
        for name in NAMES {
            world.subscribe(reader, name);
        }
        world.provide(reader, PROCEDURES[0]);
        world.client_mut(reader).react(|output| match output {
            Output::RpcRequest(request) => {
                vec![Reply::Send(request.data.as_deref().unwrap_or("null").into()).to(request)]
            }
            _ => vec![],
        });
        let browsers: Vec<_> = (0..knobs.browsers).map(|_| world.add_browser()).collect();
        for browser in &browsers {
            let browser = world.browser(*browser);
            browser.has_locks = knobs.has_locks;
            browser.storage_takes_ms.clone_from(&knobs.storage_takes_ms);
            browser.news_take_ms = knobs.news_take_ms.clone();
            browser.storage.extend(FOREIGN.map(|(key, value)| (key.into(), value.into())));
        }
        let mut life = Self {
            world,
            browsers,
            pages: Vec::new(),
            wishes: Vec::new(),
            reader,
            model: Model::new(!knobs.has_locks && knobs.storage_takes_ms.is_some()),
            knobs,
            dice,
        };
        life.open_page();
        life
    }

    pub fn live(&mut self) {
        self.suffer();
        self.heal();
        self.check_that_survivors_have_sent_theirs();
        self.let_everybody_else_finish();
        self.check();
        self.end();
    }

    // ---- the time of faults ----

    fn suffer(&mut self) {
        for _ in 0..self.knobs.turns {
            if has_room(self.pages.len()) && (self.there().is_empty() || self.dice.happens(0.1)) {
                self.open_page();
            }
            let there = self.there();
            if there.is_empty() {
                break;
            }
            let page = *self.dice.one_of(&there);
            if self.dice.happens(self.knobs.fault_share) {
                befall(&mut self.world, page, &mut self.dice);
            } else if self.knobs.storage_may_fail && self.dice.happens(0.1) {
                let browser = *self.dice.one_of(&self.browsers);
                befall_storage(&mut self.world, browser, &mut self.dice);
                self.model.on_storage_fault(&mut self.world, browser);
            } else {
                let index = self.pages.iter().position(|it| *it == page).expect("it is one of them");
                let wishes: Vec<_> =
                    (0..self.dice.between(1..=4)).map(|_| self.wishes[index].draw(&self.knobs)).collect();
                if self.dice.happens(0.5) {
                    self.world.task(page, wishes);
                } else {
                    for wish in wishes {
                        self.world.wish(page, wish);
                    }
                }
            }
            self.observe();
            let pause = draw_pause(&mut self.dice);
            self.run_for(pause);
            if self.dice.happens(self.knobs.relief_share) {
                self.relieve();
            }
        }
    }

    fn open_page(&mut self) {
        let browser = *self.dice.one_of(&self.browsers);
        let options = self.knobs.draw_options(&mut self.dice);
        let page = self.world.add_client_in(browser, |default| *default = options);
        let first = self.pages.len() as u64 * 1_000_000;
        self.wishes.push(Wishes::new(first, self.dice.seed(), self.knobs.deliveries));
        let (mut calls, share) =
            (Wishes::new(first + 500_000, self.dice.seed(), self.knobs.deliveries), self.knobs.callback_share);
        self.world.client_mut(page).react(move |_| if calls.happens(share) { vec![calls.offer()] } else { vec![] });
        self.pages.push(page);
        self.model.open_page(page, browser);
        if self.dice.happens(0.8) {
            self.log_in(page);
        }
        self.observe();
    }

    fn log_in(&mut self, page: ClientId) {
        let credentials = self.knobs.draw_login(&mut self.dice);
        self.world.wish(page, Wish::Login(Some(credentials.into())));
    }

    /// Whatever went wrong for longer comes right again.
    fn relieve(&mut self) {
        for page in self.pages.clone() {
            self.world.network().route(page, Route::Clear);
        }
        for browser in self.browsers.clone() {
            relieve_storage(&mut self.world, browser);
        }
        self.world.server().policy = healthy(&self.knobs);
        self.world.server().start();
    }

    // ---- the time in which nothing goes wrong any more ----

    fn heal(&mut self) {
        self.relieve();
        for page in self.pages.clone() {
            self.world.client_mut(page).stop_reacting();
            revive(&mut self.world, page);
            if self.model.is_there(page) && self.dice.happens(0.7) {
                self.world.wish(page, Wish::Resume);
                self.log_in(page);
            }
        }
        self.observe();
        self.run_for(A_LONG_WHILE);
    }

    fn check_that_survivors_have_sent_theirs(&mut self) {
        for page in self.there() {
            let client = self.world.client_mut(page);
            let credentials = self.model.credentials(page);
            if client.state() != ConnectionState::Open {
                continue;
            }
            let entries = client.entries();
            let counted: usize = entries.iter().map(Entry::bytes).sum();
            assert_eq!(client.client().outbox().bytes(), counted, "{page:?} counts its bytes");
            for entry in entries {
                let payload: u64 = entry.data.as_deref().and_then(|data| data.parse().ok()).expect("a payload");
                let event = &self.model.events[&payload];
                let is_theirs = event.owner.is_some() && event.credentials.as_deref() == credentials;
                // A call that storage does not let go of waits for the next session.
                let may_wait = event.call.is_some() && self.knobs.storage_may_fail;
                assert!(!is_theirs || may_wait, "{page:?} keeps {payload} back, logged in with {credentials:?}");
            }
        }
    }

    /// Whoever is still there goes, one way or the other; then every user comes once to every browser.
    fn let_everybody_else_finish(&mut self) {
        for page in self.there() {
            if self.dice.happens(0.5) {
                self.world.crash(page);
            } else {
                self.world.close(page);
            }
            self.observe();
        }
        self.run_for(A_LONG_WHILE);
        // What came before the first login is known by what it was to be made with. The last one finds nothing but leases.
        let logins = [LOGINS[0], LOGINS[1], LOGINS[2], LOGINS[0]];
        for browser in self.browsers.clone() {
            for (credentials, _) in logins {
                let page = self.world.add_client_in(browser, |_| {});
                self.model.open_page(page, browser);
                self.world.login(page, credentials);
                self.world.run_until_open(page);
                self.run_for(A_WHILE);
                let outbox = self.world.client(page).client().outbox();
                assert_eq!((outbox.len(), outbox.bytes()), (0, 0), "{page:?} has sent everything");
                self.world.close(page);
                self.pages.push(page);
                self.run_for(1_000);
            }
        }
    }

    // ---- what must hold then ----

    fn check(&mut self) {
        self.observe();
        let asked = self.world.client(self.reader).asked();
        let executed: Vec<u64> = asked.iter().filter_map(|it| it.data.as_deref()?.parse().ok()).collect();
        self.model.check_executions(&executed);
        let server = self.world.server();
        let arrived = [server.emitted(), server.called()].concat();
        self.model.check_arrivals(&arrived, self.knobs.storage_may_fail);
        for page in self.world.clients() {
            self.check_that_nothing_came_twice(page);
        }
        for browser in self.browsers.clone() {
            self.check_storage(browser);
        }
    }

    fn check_that_nothing_came_twice(&self, page: ClientId) {
        let mut seen = BTreeSet::new();
        for (name, payload) in NAMES.iter().flat_map(|name| self.received(page, name)) {
            let event = &self.model.events[&payload];
            assert!(seen.insert(payload), "{payload} came to {page:?} twice");
            assert_eq!(event.name, name);
            assert!(event.page != page, "{payload} came back to {page:?}, which has emitted it");
        }
    }

    fn received<'a>(&'a self, page: ClientId, name: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        let payloads = self.world.client(page).received(name).into_iter();
        payloads.map(move |payload| (name, payload.parse().expect("payloads are numbers")))
    }

    fn check_storage(&mut self, browser: BrowserId) {
        let storage = self.world.browser(browser).storage.clone();
        for (key, value) in FOREIGN {
            assert_eq!(storage.get(key).map(String::as_str), Some(value), "{key} is not ours");
        }
        let own = storage.iter().filter(|(key, _)| !FOREIGN.iter().any(|(foreign, _)| foreign == key));
        // Who removes the last expired entry of somebody else leaves the lease to the next one who looks.
        let is_old = self.world.now().as_ms() > ORPHAN_GRACE_MS;
        let stays = |key: &str, value: &str| {
            key.ends_with("/user")
                || key.ends_with("/storage")
                || key.ends_with("/cleared")
                || (is_old && key.ends_with("/lease"))
                || self.may_stay(value)
        };
        let (stay, gone): (Vec<_>, Vec<_>) = own.partition(|(key, value)| stays(key, value));
        let is_lease_of_what_stays = |key: &str| {
            let client = key.strip_suffix("lease").unwrap_or(key);
            stay.iter().any(|(stays, _)| stays.starts_with(client))
        };
        let left: Vec<_> = gone.into_iter().filter(|(key, _)| !is_lease_of_what_stays(key)).collect();
        assert!(left.is_empty(), "{browser:?} still holds {left:?}");
    }

    /// What was entrusted by somebody who cannot log in stays until it expires.
    fn may_stay(&self, value: &str) -> bool {
        let events = &self.model.events;
        let mut its_own = events.iter().filter(|(payload, event)| value.contains(&event.in_storage(**payload)));
        its_own.any(|(_, event)| event.owner.is_none())
    }

    fn end(&mut self) {
        self.world.close(self.reader);
        self.run_for(600_000);
        for page in self.world.clients() {
            assert_eq!(self.world.client(page).owed().len(), 0);
            assert_eq!(self.world.client(page).timer(), None);
        }
        assert_eq!(self.world.server().connections(), 0);
        let complaints: Vec<_> = self.world.complaints().collect();
        assert!(complaints.is_empty(), "the server complains: {complaints:?}");
    }

    // ---- what is told of it ----

    pub fn story(&self) -> Vec<Vec<(Instant, Output)>> {
        self.world.clients().map(|page| self.world.client(page).history().to_vec()).collect()
    }

    /// Prints what happened last.
    pub fn tell(&mut self) {
        for page in self.world.clients() {
            let gone = if self.world.client(page).is_crashed() { ", crashed" } else { "" };
            eprintln!("\n{page:?} in {:?}{gone}", self.model.browser(page));
            let history = self.world.client(page).history();
            for (at, output) in &history[history.len().saturating_sub(STORY)..] {
                let output = match output {
                    Output::Send(socket, frame) => format!("Send({socket:?}, {:?})", decode(frame).collect::<Vec<_>>()),
                    output => format!("{output:?}"),
                };
                eprintln!("{:>9} ms  {output}", at.as_ms());
            }
        }
        for browser in self.browsers.clone() {
            eprintln!("\n{browser:?}: {:#?}", self.world.browser(browser).storage);
        }
        eprintln!("\nnow {} ms", self.world.now().as_ms());
    }

    // ---- steps ----

    /// The pages that may still want something.
    fn there(&self) -> Vec<ClientId> {
        self.pages.iter().copied().filter(|page| self.model.is_there(*page)).collect()
    }

    fn run_for(&mut self, ms: u64) {
        let end = self.world.now().after_ms(ms);
        while self.world.step(end) {
            self.observe();
        }
    }

    fn observe(&mut self) {
        let works = !self.knobs.storage_may_fail && self.knobs.storage_takes_ms.is_none();
        self.model.observe(&mut self.world, works);
    }
}

/// A server in which nothing goes wrong.
fn healthy(knobs: &Knobs) -> Policy {
    let logins = LOGINS.map(|(credentials, user)| {
        let answer = match user {
            Some(user) => AtLogin::Succeed(knobs.names_users.then(|| format!("{{\"id\":\"{user}\"}}"))),
            None => AtLogin::Refuse(None),
        };
        (credentials.into(), answer)
    });
    Policy { logins: BTreeMap::from(logins), mute: BTreeSet::from(["mute".into()]), ..Policy::default() }
}
