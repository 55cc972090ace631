//! Short histories, gone through completely: one page emits, beside another one or not; the connection is cut at each
//! arrival, and the page is gone after each of its outputs.

use std::collections::BTreeSet;

use deepstream_wasm::client::Delivery;

use crate::world::{
    ClientId, Wish, World,
    browser::BrowserId,
    network::{Direction, News},
};

const USER: &str = "{\"user\":\"ada\"}";

/// Longer than any lease and any wait between two attempts, in milliseconds.
const A_LONG_WHILE: u64 = 200_000;

/// What is the same in all variants of a history.
#[derive(Clone, Copy, Debug)]
struct Plot {
    emits: u64,
    has_neighbour: bool,
    has_locks: bool,
    /// Whether the application logs in before it emits.
    logs_in_first: bool,
    /// Whether it emits all but the first event in one task.
    at_once: bool,
}

/// What befalls the page, if it lives to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    cut_at_arrival: usize,
    gone_after_outputs: usize,
}

/// A fate that spares everybody.
const NONE: Fate = Fate { cut_at_arrival: usize::MAX, gone_after_outputs: usize::MAX };

struct Story {
    world: World,
    plot: Plot,
    fate: Fate,
    browser: BrowserId,
    page: ClientId,
    reader: ClientId,
    /// The payloads that were emitted in a task which ended.
    accepted: BTreeSet<u64>,
    arrivals_before: usize,
}

#[test]
fn wherever_a_page_dies_and_the_connection_is_cut_each_event_arrives_once_and_in_order() {
    let mut told = 0;
    for plot in plots() {
        let undisturbed = Story::new(plot, NONE).tell();
        for cut_at_arrival in (1..=undisturbed.arrivals()).chain([usize::MAX]) {
            let cut = Fate { cut_at_arrival, ..NONE };
            let outputs = Story::new(plot, cut).tell().outputs();
            for gone_after_outputs in (1..=outputs).chain([usize::MAX]) {
                Story::new(plot, Fate { gone_after_outputs, ..cut }).tell().check();
                told += 1;
            }
        }
    }
    assert!(told > 10_000, "only {told} stories");
}

fn plots() -> impl Iterator<Item = Plot> {
    let all = (1..=4).flat_map(|emits| [false, true].map(|has_neighbour| (emits, has_neighbour)));
    let all = all.flat_map(|(emits, has_neighbour)| [false, true].map(|has_locks| (emits, has_neighbour, has_locks)));
    let all = all
        .flat_map(|it| [false, true].map(|at_once| (it, at_once)))
        .filter(|((emits, ..), at_once)| !at_once || *emits > 2);
    all.map(|((emits, has_neighbour, has_locks), at_once)| Plot {
        emits,
        has_neighbour,
        has_locks,
        logs_in_first: emits % 2 == 0,
        at_once,
    })
}

impl Story {
    fn new(plot: Plot, fate: Fate) -> Self {
        let mut world = World::new();
        let reader = world.add_open_client();
        world.subscribe(reader, "news");
        let browser = world.add_browser();
        world.browser(browser).has_locks = plot.has_locks;
        if plot.has_neighbour {
            let neighbour = world.add_client_in(browser, |_| {});
            world.subscribe(neighbour, "news");
            world.login(neighbour, USER);
            world.run_until_open(neighbour);
        }
        world.run_for(1_000);
        let arrivals_before = world.deliveries();
        let page = world.add_client_in(browser, |options| options.reconnect_interval_increment_ms = 100);
        if fate.gone_after_outputs < usize::MAX {
            world.crash_after(page, fate.gone_after_outputs);
        }
        Self { world, plot, fate, browser, page, reader, accepted: BTreeSet::new(), arrivals_before }
    }

    fn tell(mut self) -> Self {
        if self.plot.logs_in_first {
            self.world.wish(self.page, Wish::Login(Some(USER.into())));
        }
        self.emit(&[1]);
        if !self.plot.logs_in_first {
            self.world.wish(self.page, Wish::Login(Some(USER.into())));
        }
        self.run_for(70);
        let payloads: Vec<u64> = (2..=self.plot.emits).collect();
        for payloads in payloads.chunks(if self.plot.at_once { 4 } else { 1 }) {
            self.emit(payloads);
            // The next one goes out while a PING is on its way.
            self.run_for(15);
        }
        self.run_for(1_000);
        self
    }

    /// Emits events in one task.
    fn emit(&mut self, payloads: &[u64]) {
        let wish = |payload: &u64| Wish::Offer {
            name: "news".into(),
            data: payload.to_string(),
            delivery: Delivery::Durable,
            ttl_ms: None,
            key: None,
            receipt: payload.is_multiple_of(2),
        };
        self.world.task(self.page, payloads.iter().map(wish).collect());
        if !self.world.client(self.page).is_crashed() {
            self.accepted.extend(payloads);
        }
    }

    fn run_for(&mut self, ms: u64) {
        let end = self.world.now().after_ms(ms);
        while self.world.step(end) {
            if self.arrivals() == self.fate.cut_at_arrival {
                self.fate.cut_at_arrival = usize::MAX;
                self.cut();
            }
        }
    }

    /// What the page sends is lost from now on; it hears so a little later, and until then what the server has sent.
    fn cut(&mut self) {
        if self.world.client(self.page).live_link().is_some() {
            self.world.network().silence(self.page, Direction::ToServer);
            self.world.socket_says(self.page, News::Closed(1006));
        }
    }

    fn arrivals(&self) -> usize {
        self.world.deliveries() - self.arrivals_before
    }

    fn outputs(&self) -> usize {
        self.world.client(self.page).history().len()
    }

    /// Somebody comes after the page, and everything must be as if nothing had happened.
    fn check(mut self) {
        let (plot, fate) = (self.plot, self.fate);
        if !self.world.client(self.page).is_crashed() {
            let outbox = self.world.client(self.page).client().outbox();
            assert_eq!((outbox.len(), outbox.bytes()), (0, 0), "{plot:?} {fate:?}");
            assert!(self.world.client(self.page).owed().is_empty(), "{plot:?} {fate:?}");
            self.world.close(self.page);
        }
        if !plot.has_neighbour {
            let next = self.world.add_client_in(self.browser, |_| {});
            self.world.login(next, USER);
        }
        self.world.run_for(A_LONG_WHILE);

        let mut arrived: Vec<u64> = Vec::new();
        for emitted in self.world.server().emitted() {
            let payload = emitted.data.as_deref().and_then(|data| data.parse().ok()).expect("a payload");
            if !arrived.contains(&payload) {
                arrived.push(payload);
            }
        }
        assert!(arrived.is_sorted(), "{plot:?} {fate:?}: {arrived:?}");
        assert!(self.accepted.iter().all(|payload| arrived.contains(payload)), "{plot:?} {fate:?}: {arrived:?}");
        let arrived: Vec<_> = arrived.iter().map(u64::to_string).collect();
        assert_eq!(self.world.client(self.reader).received("news"), arrived, "{plot:?} {fate:?}");
        if plot.has_neighbour {
            let neighbour = self.world.clients().nth(1).expect("there is one");
            let received = self.world.client(neighbour).received("news");
            assert_eq!(received, arrived, "beside it, {plot:?} {fate:?}");
        }
        let storage = &self.world.browser(self.browser).storage;
        let stays = |key: &&String| ["/user", "/storage", "/lease"].iter().any(|end| key.ends_with(end));
        let left: Vec<_> = storage.keys().filter(|key| !stays(key)).collect();
        assert!(left.is_empty(), "{plot:?} {fate:?}: {left:?}");
    }
}
