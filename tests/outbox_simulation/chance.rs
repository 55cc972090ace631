//! What is left to chance in a simulated life: its circumstances, and what befalls it.

use std::ops::RangeInclusive;

use deepstream_wasm::client::{Delivery, Options, PageSignal};

use crate::world::{
    ClientId, Dice, Wish, World,
    browser::BrowserId,
    network::{Direction, Route},
    server::AtLogin,
};

/// Credentials with whom they stand for. Nobody stands behind the last ones.
pub const LOGINS: [(&str, Option<&str>); 4] = [
    ("{\"token\":1}", Some("ada")),
    ("{\"token\":2}", Some("bob")),
    ("{\"token\":3}", Some("ada")),
    ("{\"token\":0}", None),
];

/// What there is to call: the first is provided, the second is not.
pub const PROCEDURES: [&str; 2] = ["serve", "nobody"];

/// What there is to emit; the last one is denied to everybody.
pub const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "mute"];

/// What belongs to somebody else in every storage.
pub const FOREIGN: [(&str, &str); 3] = [
    ("cart", "{\"apples\":3}"),
    ("deepstream-wasm", "not below our prefix"),
    ("deepstream-wasm/ws://other.test/deepstream/0123456789abcdef/1", "1 e u 0 1 1 1\nab"),
];

const DELIVERIES: [Delivery; 3] = [Delivery::Durable, Delivery::Memory, Delivery::Drop];

/// Most pages of one life.
const MOST_PAGES: usize = 9;

/// The circumstances of one life.
pub struct Knobs {
    pub browsers: usize,
    pub has_locks: bool,
    pub storage_takes_ms: Option<RangeInclusive<u64>>,
    pub news_take_ms: RangeInclusive<u64>,
    /// Whether the server says who is logged in; if not, each user has one way only to log in.
    pub names_users: bool,
    pub latency_ms: RangeInclusive<u64>,
    pub max_timer_delay_ms: u64,
    pub turns: u64,
    pub fault_share: f64,
    pub relief_share: f64,
    /// How often an application emits from within a callback.
    pub callback_share: f64,
    /// Whether storage may be full or denied.
    pub storage_may_fail: bool,
    pub deliveries: &'static [Delivery],
}

impl Knobs {
    pub fn draw(dice: &mut Dice) -> Self {
        Self {
            browsers: dice.between(1..=2) as usize,
            has_locks: dice.happens(0.7),
            storage_takes_ms: dice.one_of(&[None, None, None, Some(0..=5), Some(1..=300)]).clone(),
            news_take_ms: dice.one_of(&[0..=0, 0..=3, 0..=40]).clone(),
            names_users: dice.happens(0.8),
            latency_ms: dice.one_of(&[1..=1, 5..=40, 20..=400]).clone(),
            max_timer_delay_ms: *dice.one_of(&[0, 0, 15, 1_500]),
            turns: dice.between(5..=60),
            fault_share: *dice.one_of(&[0.1, 0.3, 0.5]),
            relief_share: *dice.one_of(&[0.05, 0.3, 0.6]),
            callback_share: *dice.one_of(&[0.0, 0.0, 0.05]),
            storage_may_fail: dice.happens(0.3),
            deliveries: if dice.happens(0.5) { &DELIVERIES[..1] } else { &DELIVERIES },
        }
    }

    pub fn draw_options(&self, dice: &mut Dice) -> Options {
        let slowest = *self.latency_ms.end() + self.max_timer_delay_ms;
        Options {
            heartbeat_interval_ms: (*dice.one_of(&[1_000, 30_000])).max(5 * slowest),
            reconnect_interval_increment_ms: *dice.one_of(&[100, 4_000]),
            max_reconnect_interval_ms: *dice.one_of(&[500, 30_000]),
            connect_timeout_ms: 10_000.max(10 * slowest),
            reconnect_jitter: *dice.one_of(&[0.0, 0.5]),
            subscription_timeout_ms: 5_000.max(5 * slowest),
            ..Options::default()
        }
    }

    /// How often each of the credentials is used.
    pub fn draw_login(&self, dice: &mut Dice) -> &'static str {
        let choices: &[usize] = if self.names_users { &[0, 0, 1, 1, 2, 2, 3] } else { &[0, 0, 0, 1, 1, 1, 3] };
        LOGINS[*dice.one_of(choices)].0
    }
}

/// A pause of any scale, from none at all to what outlasts every timer, in milliseconds.
pub fn draw_pause(dice: &mut Dice) -> u64 {
    let longest = *dice.one_of(&[0, 0, 30, 300, 3_000, 12_000, 200_000]);
    dice.between(0..=longest)
}

/// Makes up what applications ask for. No two events have the same payload.
pub struct Wishes {
    dice: Dice,
    emitted: u64,
    first: u64,
    deliveries: &'static [Delivery],
}

impl Wishes {
    pub const fn new(first: u64, seed: u64, deliveries: &'static [Delivery]) -> Self {
        Self { dice: Dice::new(seed), emitted: 0, first, deliveries }
    }

    pub fn draw(&mut self, knobs: &Knobs) -> Wish {
        let name = String::from(*self.dice.one_of(&NAMES));
        match self.dice.between(0..=200) {
            0..=19 => Wish::Subscribe(name),
            20..=29 => Wish::Unsubscribe(name),
            30..=109 => self.offer(),
            110..=139 => self.call(),
            140..=164 => Wish::Login(Some(knobs.draw_login(&mut self.dice).into())),
            165..=174 => Wish::Pause,
            175..=187 => Wish::Resume,
            188..=193 => Wish::FlushOutbox,
            194..=197 => Wish::ClearOutbox,
            _ => Wish::Close,
        }
    }

    pub fn offer(&mut self) -> Wish {
        self.emitted += 1;
        let data = (self.first + self.emitted).to_string();
        Wish::Offer {
            name: (*self.dice.one_of(&NAMES)).into(),
            delivery: *self.dice.one_of(self.deliveries),
            ttl_ms: *self.dice.one_of(&[None, None, None, Some(3_000), Some(100_000)]),
            key: self.dice.happens(0.2).then(|| data.clone()),
            receipt: self.dice.happens(0.3),
            data,
        }
    }

    /// A call; those with an even payload may be executed twice.
    pub fn call(&mut self) -> Wish {
        self.emitted += 1;
        let payload = self.first + self.emitted;
        Wish::MakeDurable {
            name: (*self.dice.one_of(&[PROCEDURES[0], PROCEDURES[0], PROCEDURES[0], PROCEDURES[1]])).into(),
            data: payload.to_string(),
            timeout_ms: *self.dice.one_of(&[None, None, None, Some(3_000)]),
            ttl_ms: *self.dice.one_of(&[None, None, None, Some(3_000), Some(100_000)]),
            idempotent: payload.is_multiple_of(2),
        }
    }

    /// Whether something with this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.dice.happens(probability)
    }
}

const SIGNALS: [PageSignal; 4] = [PageSignal::Woke, PageSignal::Online, PageSignal::Offline, PageSignal::Left];

type Fault = fn(&mut World, ClientId, &mut Dice);

/// What can go wrong, for one page or for all of them.
const FAULTS: &[Fault] = &[
    |world, page, _| world.network().cut(page),
    |world, page, _| world.network().cut(page),
    |world, page, _| world.network().silence_both_ways(page),
    |world, page, _| world.network().silence(page, Direction::ToServer),
    |world, page, _| world.network().silence(page, Direction::ToClient),
    |world, page, dice| world.network().stall(page, dice.between(0..=8_000)),
    |world, page, dice| {
        let route = *dice.one_of(&[Route::Clear, Route::Refused, Route::Lost]);
        world.network().route(page, route);
    },
    |world, page, dice| world.page_says(page, *dice.one_of(&SIGNALS)),
    |world, page, _| {
        world.page_says(page, PageSignal::Left);
        world.freeze(page);
    },
    |world, page, _| world.freeze(page),
    |world, page, _| revive(world, page),
    |world, page, _| world.crash(page),
    |world, page, _| world.crash(page),
    |world, page, dice| {
        let outputs = *dice.one_of(&[1, 2, 3, 4, 5, 8, 13, 21, 34]);
        world.crash_after(page, outputs);
    },
    |world, page, dice| {
        let outputs = *dice.one_of(&[1, 2, 3, 4, 5, 8, 13, 21, 34]);
        world.crash_after(page, outputs);
    },
    |world, _, dice| world.sleep(*dice.one_of(&[1_000, 60_000, 300_000])),
    |world, _, _| world.server().restart(),
    |world, _, _| world.server().kill(),
    |world, _, _| world.server().start(),
    |world, _, dice| world.server().policy.answers_pings = dice.happens(0.7),
    |world, _, dice| {
        let (credentials, _) = *dice.one_of(&LOGINS[..3]);
        world.server().policy.logins.insert(credentials.into(), AtLogin::Silence);
    },
];

/// What can go wrong with the storage of a browser.
const STORAGE_FAULTS: &[fn(&mut World, BrowserId, &mut Dice)] = &[
    |world, browser, dice| world.browser(browser).quota = Some(dice.between(0..=1_500) as usize),
    |world, browser, _| world.browser(browser).is_denied = true,
    |world, browser, _| world.browser(browser).is_readable = false,
    |world, browser, _| world.empty_storage(browser, None, &FOREIGN.map(|(key, _)| key)),
    |world, browser, dice| {
        let page = ClientId::from_index(dice.between(0..=20) as usize);
        world.empty_storage(browser, Some(page), &FOREIGN.map(|(key, _)| key));
    },
    |world, browser, _| relieve_storage(world, browser),
];

/// Lets something go wrong.
pub fn befall(world: &mut World, page: ClientId, dice: &mut Dice) {
    dice.one_of(FAULTS)(world, page, dice);
}

/// Lets something go wrong with storage.
pub fn befall_storage(world: &mut World, browser: BrowserId, dice: &mut Dice) {
    dice.one_of(STORAGE_FAULTS)(world, browser, dice);
}

/// Storage works again.
pub fn relieve_storage(world: &mut World, browser: BrowserId) {
    let browser = world.browser(browser);
    browser.quota = None;
    browser.is_denied = false;
    browser.is_readable = true;
}

/// The page runs again, and is seen.
pub fn revive(world: &mut World, page: ClientId) {
    world.thaw(page);
    world.page_says(page, PageSignal::Woke);
}

/// Whether there may be one more page.
pub fn has_room(pages: usize) -> bool {
    pages < MOST_PAGES
}
