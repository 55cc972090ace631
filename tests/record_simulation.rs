//! Lives of a few clients that write to the same records, made up of chance: a time of faults, and then one in which
//! nothing goes wrong any more and everybody must end with the same.
//!
//! One seed draws everything. `DEEPSTREAM_SIMULATION_SEEDS` says how many lives there are, and
//! `DEEPSTREAM_SIMULATION_SEED` replays one.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::{ConnectionState, Output, PageSignal, RecordNews, limits, record::Value},
    wire::{Message, RecordAction, decode},
};

#[path = "record_simulation/chance.rs"]
mod chance;
#[path = "record_simulation/ledger.rs"]
mod ledger;
mod world;

use self::{
    chance::{Application, Knobs, LONGEST_STALL, NAMES, befall},
    ledger::Ledger,
    world::{
        ClientId, Dice, RecordWish, Wish, World,
        browser::BrowserId,
        lives::{Lived, live_all},
        network::Route,
    },
};

/// How many lives are simulated when nobody says otherwise.
const DEFAULT_SEEDS: u64 = 2_000;

/// How many of the last outputs of each client are told when something is wrong.
const STORY: usize = 80;

/// Enough for everybody to find the way back and settle everything, in milliseconds.
const RECOVERY: u64 = 120_000;

/// How many pages there are in one life, killed ones included.
const MOST_PAGES: usize = 12;

/// The one that speaks past the records of its client.
const STRANGER: usize = 0;

#[test]
fn whatever_happened_everybody_ends_with_the_same_records() {
    live_all::<Life>("record_simulation", DEFAULT_SEEDS);
}

/// A world, and what is known of the applications in it.
struct Life {
    world: World,
    dice: Dice,
    knobs: Knobs,
    clients: Vec<ClientId>,
    applications: Vec<Application>,
    ledger: Ledger,
    /// Questions about conflicts that were not answered, by client.
    questions: Vec<(ClientId, Question)>,
    /// How much of each client's history was looked at.
    heard: BTreeMap<ClientId, usize>,
}

/// An application is asked to settle a conflict.
struct Question {
    number: u32,
    name: String,
    local: Option<String>,
    remote: Option<String>,
}

impl Lived for Life {
    fn new(seed: u64) -> Self {
        Self::new(seed)
    }

    fn live(&mut self) {
        self.live();
    }

    fn tell(&mut self) {
        self.tell();
    }
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let knobs = Knobs::draw(&mut dice);
        let mut world = World::with_chance(dice.seed(), knobs.latency_ms.clone(), knobs.max_timer_delay_ms);
        if knobs.has_storage {
            world.server().add_storage();
        }
        world.server().policy.store_delay_ms = knobs.store_delay_ms;
        let mut life = Self {
            world,
            knobs,
            clients: Vec::new(),
            applications: Vec::new(),
            dice,
            ledger: Ledger::default(),
            questions: Vec::new(),
            heard: BTreeMap::new(),
        };
        for _ in 0..=life.knobs.clients {
            let browser = life.world.add_browser();
            life.world.browser(browser).lookups_take_ms = life.knobs.lookups_take_ms.clone();
            life.open_page(browser);
        }
        life
    }

    fn open_page(&mut self, browser: BrowserId) {
        let page = self.world.add_client_in(browser, |options| self.knobs.set(options));
        let application = Application::new(page.index(), &self.knobs, self.dice.seed());
        let strategy = application.strategy;
        self.world.client_mut(page).react(move |output| match output {
            Output::Record { name, news: RecordNews::Restored } => {
                vec![Wish::Record(RecordWish::SetStrategy { name: name.to_string(), strategy })]
            }
            _ => vec![],
        });
        self.applications.push(application);
        let is_only_one = self.there().iter().all(|there| self.world.home(*there) != browser);
        self.ledger.open_page(page, browser, is_only_one);
        self.clients.push(page);
        self.world.wish(page, Wish::Login(Some("{}".into())));
    }

    /// The pages that were not killed.
    fn there(&self) -> Vec<ClientId> {
        self.clients.iter().copied().filter(|client| !self.world.client(*client).is_crashed()).collect()
    }

    /// Kills a page, or opens one in a browser that there is.
    fn kill_or_open(&mut self, client: ClientId) {
        let browser = self.world.home(client);
        match self.dice.between(0..=3) {
            0 => self.world.crash(client),
            1 | 2 => self.world.crash_after(client, self.dice.between(0..=12) as usize),
            _ if self.clients.len() < MOST_PAGES => self.open_page(browser),
            _ => {}
        }
    }

    /// Opens a page wherever the last one was killed, or closed its client.
    fn reopen(&mut self) {
        if !self.knobs.has_crashes {
            return;
        }
        let there = self.there().into_iter().filter(|client| !self.applications[client.index()].is_closed);
        let there: BTreeSet<_> = there.map(|client| self.world.home(client)).collect();
        for browser in self.ledger.browsers().difference(&there) {
            self.open_page(*browser);
        }
    }

    fn live(&mut self) {
        self.suffer();
        self.heal();
        if self.knobs.may_miss_a_version() {
            self.touch();
        }
        self.check_convergence();
        self.check_that_nobody_waits();
        self.ledger.check(&self.world, &self.knobs);
        self.check_complaints();
        self.end();
        if self.knobs.offline_enabled && !self.knobs.may_miss_a_version() {
            self.check_what_is_kept();
        }
    }

    // ---- the time of faults ----

    fn suffer(&mut self) {
        for _ in 0..self.knobs.turns {
            self.reopen();
            let client = *self.dice.one_of(&self.there());
            if self.knobs.has_crashes && client.index() != STRANGER && self.dice.happens(0.05) {
                self.kill_or_open(client);
            } else if self.dice.happens(self.knobs.fault_share) {
                befall(&mut self.world, client, &mut self.dice, &self.knobs);
            } else if client.index() == STRANGER {
                self.speak_as_stranger();
            } else if self.dice.happens(0.2) {
                self.answer_one();
            } else {
                self.wish(client);
            }
            let pause = self.knobs.draw_pause(&mut self.dice);
            self.run_for(pause);
            if self.dice.happens(self.knobs.relief_share) {
                self.relieve();
            }
        }
    }

    fn wish(&mut self, client: ClientId) {
        let application = &mut self.applications[client.index()];
        let Some(wish) = application.draw(&mut self.world, client) else { return };
        let ticket = self.world.wish(client, Wish::Record(wish.clone()));
        if self.world.client(client).is_crashed() {
            // It was not there to be told that this was accepted.
            return self.ledger.note_interrupted(client, &wish);
        }
        self.ledger.note(client, &wish, ticket);
        self.listen();
    }

    /// A program that asks for no version changes a record.
    fn speak_as_stranger(&mut self) {
        if !self.knobs.has_stranger {
            return;
        }
        let name = *self.dice.one_of(&NAMES[..self.knobs.names]);
        let value = self.ledger.next_value().to_string();
        let whole = ["{\"a\":", &value, ",\"o\":{\"x\":1},\"l\":[1,2,3]}"].concat();
        let is_whole = self.dice.happens(0.3);
        let message = Message {
            name: Some(name),
            version: Some(-1),
            path: (!is_whole).then_some("a"),
            data: Some(if is_whole { &whole } else { &value }),
            ..Message::new(if is_whole { RecordAction::CreateAndUpdate } else { RecordAction::CreateAndPatch })
        };
        if self.world.say_as(self.clients[STRANGER], &message) {
            self.ledger.note_stranger(name);
        }
    }

    fn answer_one(&mut self) {
        if self.questions.is_empty() {
            return;
        }
        let at = self.dice.between(0..=self.questions.len() as u64 - 1) as usize;
        let (client, question) = self.questions.remove(at);
        if self.world.client(client).is_crashed() {
            return;
        }
        let value = self.ledger.next_value();
        let answer = self.applications[client.index()].answer(&question, value);
        self.ledger.note_answer(client, &question.name);
        let wish = RecordWish::AnswerMerge { question: question.number, answer };
        self.world.wish(client, Wish::Record(wish));
        self.listen();
    }

    /// Whatever went wrong for longer comes right again.
    fn relieve(&mut self) {
        for client in self.clients.clone() {
            self.world.network().route(client, Route::Clear);
        }
        self.world.server().policy.denied_rights.clear();
        self.world.server().start();
    }

    // ---- the time in which nothing goes wrong any more ----

    fn heal(&mut self) {
        self.relieve();
        for client in self.there() {
            self.world.client_mut(client).outlive();
        }
        self.reopen();
        for client in self.there() {
            let closed = self.applications[client.index()].is_closed;
            if !closed {
                self.world.resume(client);
                self.world.page_says(client, PageSignal::Woke);
            }
        }
        // A connection that is dead is left only then, where others were lost while data was awaited.
        let longest_silence = limits::AWAITED_SILENCE_MS << limits::AWAITED_SILENCE_DOUBLINGS;
        self.run_for(LONGEST_STALL + longest_silence + RECOVERY);
        if self.knobs.has_denials {
            // What was refused is asked for again in the next session.
            for client in self.there() {
                self.world.network().cut(client);
            }
            self.run_for(RECOVERY);
        }
        self.answer_all();
        for client in &self.there() {
            let expected = match self.applications[client.index()].is_closed {
                true => ConnectionState::Closed,
                false => ConnectionState::Open,
            };
            assert_eq!(self.world.client(*client).state(), expected, "{client:?}");
        }
    }

    fn answer_all(&mut self) {
        for _ in 0..200 {
            self.listen();
            if self.questions.is_empty() {
                return;
            }
            self.answer_one();
            self.run_for(2_000);
        }
        panic!("the applications are asked without end");
    }

    /// Where nobody can know that something was missed, the next write must bring it to light.
    fn touch(&mut self) {
        for name in NAMES {
            for _ in 0..2 {
                let value = self.ledger.next_value().to_string();
                // Who has something else with the right version cannot see that from a change at one path.
                let (action, path, data) = if self.knobs.forgets() {
                    (RecordAction::CreateAndUpdate, None, ["{\"touched\":", &value, "}"].concat())
                } else {
                    (RecordAction::CreateAndPatch, Some("touched"), value)
                };
                let message =
                    Message { name: Some(name), version: Some(-1), path, data: Some(&data), ..Message::new(action) };
                assert!(self.world.say_as(self.clients[STRANGER], &message));
                self.run_for(RECOVERY);
            }
            self.ledger.note_stranger(name);
        }
        self.answer_all();
    }

    // ---- what must hold then ----

    fn check_convergence(&mut self) {
        let records = self.world.server().records();
        for client in self.there() {
            for name in NAMES {
                let Some(data) = self.world.client_mut(client).record(name, "") else { continue };
                if self.world.client(client).client().records().version(name).is_none() {
                    panic!("{client:?} never got {name}");
                }
                let Some((version, expected)) = records.get(name) else {
                    panic!("{client:?} has {name}, which the server has not: {data}");
                };
                let own = Value::parse(&data).expect("records are JSON");
                let is_same = own.is_equal(&Value::parse(expected).expect("records are JSON"));
                assert!(is_same, "{client:?} has {name} {data}\nand the server {version} {expected}");
                let own_version = self.world.client(client).client().records().version(name);
                assert_eq!(own_version, Some(*version), "{client:?} {name}");
                assert!(self.world.record_subscriptions(client).contains(&name), "{client:?} {name}");
            }
            for name in self.world.record_subscriptions(client) {
                // What an earlier page has left keeps a record here that nobody holds.
                let is_known = self.world.client(client).client().records().state(name).is_some();
                assert!(is_known, "{client:?} is subscribed to {name} and does not know");
            }
        }
    }

    /// Whatever storage has of a record must once have been on the server, with that version.
    fn check_what_is_kept(&mut self) {
        let past = self.world.past_of_records().to_vec();
        for browser in self.ledger.browsers() {
            for (name, (version, data)) in &self.world.browser(browser).records {
                let kept = Value::parse(data).expect("records are JSON");
                let was_there = past
                    .iter()
                    .filter(|(its, at, _)| its == name && at == version)
                    .any(|(_, _, data)| kept.is_equal(&Value::parse(data).expect("records are JSON")));
                assert!(was_there, "{browser:?} has {name} {version} {data}, which the server never had");
            }
        }
    }

    fn check_that_nobody_waits(&mut self) {
        for client in &self.there() {
            let is_open = self.world.client(*client).state() == ConnectionState::Open;
            assert_eq!(self.world.client(*client).client().outbox().len(), 0, "{client:?} has not sent everything");
            let home = self.world.home(*client);
            let stored = self
                .world
                .browser(home)
                .storage
                .keys()
                .filter(|key| !key.ends_with("/user") && !key.ends_with("/storage"))
                .count();
            assert!(stored == 0 || !is_open, "{client:?} has left something in storage");
            let owed: Vec<_> = self.world.client(*client).owed().iter().collect();
            assert!(owed.is_empty(), "{client:?} still waits for {owed:?}");
        }
    }

    fn check_complaints(&self) {
        for complaint in self.world.complaints() {
            // A deletion that overtakes a write leads to that, and where the store takes time, so does a subscription that
            // makes a record while it is being made. No client could know.
            let starts_over = self.knobs.has_deletions || self.knobs.store_delay_ms > 0;
            let is_too_far = starts_over && complaint.starts_with("a version too far ahead");
            assert!(is_too_far, "{complaint}");
        }
    }

    fn end(&mut self) {
        for client in self.there() {
            self.world.close(client);
        }
        self.run_for(1_000);
        for client in &self.there() {
            assert_eq!(self.world.client(*client).timer(), None);
        }
    }

    // ---- steps ----

    fn run_for(&mut self, ms: u64) {
        let end = self.world.now().after_ms(ms);
        while self.world.step(end) {}
        self.listen();
    }

    /// Takes in what the clients put out since the last time.
    fn listen(&mut self) {
        for client in self.clients.clone() {
            let from = self.heard.entry(client).or_default();
            let history = self.world.client(client).history();
            let news: Vec<_> = history[*from..].iter().map(|(_, output)| output.clone()).collect();
            *from = history.len();
            for output in news {
                self.hear(client, output);
            }
        }
    }

    fn hear(&mut self, client: ClientId, output: Output) {
        match output {
            Output::AskMerge { question, name, local, remote, .. } => {
                let text = |text: Option<Box<str>>| text.map(String::from);
                let (local, remote) = (text(local), text(remote));
                self.questions.push((client, Question { number: question, name: name.into(), local, remote }));
            }
            Output::Record { name, news: RecordNews::Deleted(_) | RecordNews::Discarded(_) } => {
                self.applications[client.index()].handles.remove(&*name);
            }
            Output::Record { name, news: RecordNews::Changed { path, value } } => {
                self.applications[client.index()].is_told(&name, &path, value.as_deref());
            }
            Output::Settle(ticket, outcome) => self.ledger.settle(client, ticket, outcome.err().map(|it| it.code())),
            _ => {}
        }
    }

    /// Prints what happened last.
    fn tell(&mut self) {
        eprintln!("{:?}", self.knobs);
        for client in &self.clients {
            eprintln!("\n{client:?} {:?}", self.applications[client.index()].strategy);
            let history = self.world.client(*client).history();
            for (at, output) in &history[history.len().saturating_sub(STORY)..] {
                let output = match output {
                    Output::Send(socket, frame) => format!("Send({socket:?}, {:?})", decode(frame).collect::<Vec<_>>()),
                    output => format!("{output:?}"),
                };
                eprintln!("{:>9} ms  {output}", at.as_ms());
            }
        }
        let past = self.world.server().past_of_records().to_vec();
        eprintln!("\nthe server, now {} ms", self.world.now().as_ms());
        for (name, version, data) in &past[past.len().saturating_sub(STORY)..] {
            eprintln!("{name} {version} {data}");
        }
        for complaint in self.world.complaints() {
            eprintln!("{complaint}");
        }
    }
}

/// All numbers in a JSON text that can be values of applications.
fn values_in(text: &str) -> BTreeSet<u64> {
    let numbers = text.split(|character: char| !character.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    numbers.filter(|value| *value >= ledger::FIRST_VALUE).collect()
}
