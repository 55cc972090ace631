//! What must become of every event, judged by nothing but what applications asked for and what befell their pages.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::{ClientError, Delivery, DropReason, Instant, OutboxNews, Output, RpcFailure},
    wire::{Action, Message, RpcAction, decode},
};

use crate::{
    chance::LOGINS,
    world::{ClientId, Wish, World, browser::BrowserId, server::Emitted},
};

/// Whom credentials stand for.
pub fn user_of(credentials: &str) -> Option<&'static str> {
    LOGINS.iter().find(|(known, _)| *known == credentials)?.1
}

/// What is asked for of a call, and of nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub idempotent: bool,
    /// How often pages have sent it.
    sent: usize,
}

/// One event that an application emitted, or one call that it made.
#[derive(Debug)]
pub struct Event {
    pub page: ClientId,
    /// Counts all events.
    position: usize,
    pub browser: BrowserId,
    /// What was, or was going to be, logged in with.
    pub credentials: Option<String>,
    /// Whom that stands for; `None` if nobody.
    pub owner: Option<&'static str>,
    pub name: String,
    pub delivery: Delivery,
    pub expires_at: Instant,
    /// Why it need not arrive.
    pub excuse: Option<&'static str>,
    pub was_cleared: bool,
    pub call: Option<Call>,
}

impl Event {
    /// What a value in storage contains that holds it.
    pub fn in_storage(&self, payload: u64) -> String {
        format!("{}{payload}\n", self.name)
    }
}

/// What is known of one page.
#[derive(Debug, Default)]
struct Page {
    browser: Option<BrowserId>,
    credentials: Option<String>,
    wishes_heard: usize,
    outputs_seen: usize,
    is_gone: bool,
}

/// Everything that was emitted, by payload.
#[derive(Debug, Default)]
pub struct Model {
    pub events: BTreeMap<u64, Event>,
    pages: BTreeMap<ClientId, Page>,
    last_clear: Option<Instant>,
    /// Whether pages cannot exclude each other: they have leases only, in storage that answers late.
    pages_may_race: bool,
}

impl Model {
    /// Nothing was asked for yet.
    pub fn new(pages_may_race: bool) -> Self {
        Self { pages_may_race, ..Self::default() }
    }

    /// A page was opened.
    pub fn open_page(&mut self, page: ClientId, browser: BrowserId) {
        self.pages.insert(page, Page { browser: Some(browser), ..Page::default() });
    }

    /// Whether the page may still want something.
    pub fn is_there(&self, page: ClientId) -> bool {
        self.pages.get(&page).is_some_and(|page| !page.is_gone)
    }

    /// Where the page is, or was.
    pub fn browser(&self, page: ClientId) -> Option<BrowserId> {
        self.pages.get(&page)?.browser
    }

    /// With what the page asked to be logged in last.
    pub fn credentials(&self, page: ClientId) -> Option<&str> {
        self.pages.get(&page)?.credentials.as_deref()
    }

    /// Takes in what happened since the last time. Storage that `works` must hold what a page that is gone was given.
    pub fn observe(&mut self, world: &mut World, storage_works: bool) {
        for page in self.pages.keys().copied().filter(|page| self.is_there(*page)).collect::<Vec<_>>() {
            let is_crashed = world.client(page).is_crashed();
            let is_closed = self.hear(world, page, is_crashed);
            self.see(world, page);
            if is_crashed || is_closed {
                self.on_gone(world, page, storage_works, is_crashed);
            }
        }
    }

    /// Takes in what the application asked for; says whether the client was closed.
    fn hear(&mut self, world: &World, page: ClientId, is_crashed: bool) -> bool {
        let wishes = world.client(page).wishes();
        let known = self.pages.entry(page).or_default();
        let browser = known.browser.expect("pages are opened in browsers");
        for (_, wish) in &wishes[std::mem::replace(&mut known.wishes_heard, wishes.len())..] {
            match wish {
                Wish::Login(credentials) => known.credentials.clone_from(credentials),
                Wish::Offer { name, data, delivery, ttl_ms, .. } => {
                    let (now, position) = (world.now(), self.events.len());
                    let event = Event {
                        page,
                        position,
                        browser,
                        credentials: known.credentials.clone(),
                        owner: known.credentials.as_deref().and_then(user_of),
                        name: name.clone(),
                        delivery: *delivery,
                        expires_at: now.after_ms(ttl_ms.unwrap_or(86_400_000)),
                        excuse: is_crashed.then_some("its page went before emit() returned"),
                        // Other pages cannot tell what came in the same millisecond.
                        was_cleared: self.last_clear == Some(now),
                        call: None,
                    };
                    self.events.entry(data.parse().expect("payloads are numbers")).or_insert(event);
                }
                Wish::MakeDurable { name, data, timeout_ms, ttl_ms, idempotent } => {
                    let (now, position) = (world.now(), self.events.len());
                    let limit = timeout_ms.unwrap_or(u64::MAX).min(ttl_ms.unwrap_or(86_400_000));
                    let event = Event {
                        page,
                        position,
                        browser,
                        credentials: known.credentials.clone(),
                        owner: known.credentials.as_deref().and_then(user_of),
                        name: name.clone(),
                        delivery: Delivery::Durable,
                        expires_at: now.after_ms(limit),
                        excuse: is_crashed.then_some("its page went before make() returned"),
                        was_cleared: self.last_clear == Some(now),
                        call: Some(Call { idempotent: *idempotent, sent: 0 }),
                    };
                    self.events.entry(data.parse().expect("payloads are numbers")).or_insert(event);
                }
                Wish::ClearOutbox => {
                    self.last_clear = Some(world.now());
                    let owner = known.credentials.as_deref().and_then(user_of);
                    for event in self.events.values_mut().filter(|event| event.browser == browser) {
                        event.was_cleared |= owner.is_none() || event.owner.is_none() || event.owner == owner;
                    }
                }
                Wish::Close => return true,
                _ => {}
            }
        }
        false
    }

    /// Notes what the page reported as never to be sent; it must have had a reason.
    fn see(&mut self, world: &World, page: ClientId) {
        let history = world.client(page).history();
        let known = self.pages.entry(page).or_default();
        for (at, output) in &history[std::mem::replace(&mut known.outputs_seen, history.len())..] {
            if let Output::Send(_, frame) = output {
                for message in decode(frame) {
                    let Ok(Message { action: Action::Rpc(RpcAction::Request), data, .. }) = message else {
                        continue;
                    };
                    let payload: u64 = data.and_then(|data| data.parse().ok()).expect("a payload");
                    let event = self.events.get_mut(&payload).expect("only what was asked for is called");
                    let call = event.call.as_mut().expect("a call");
                    call.sent += 1;
                    assert!(
                        call.idempotent || call.sent == 1 || self.pages_may_race,
                        "{page:?} sends {payload} again: {event:?}"
                    );
                    if !call.idempotent {
                        event.excuse = Some("whoever waits for it is told if it is cut off, else everybody");
                    } else if event.expires_at <= at.after_ms(4_000) {
                        event.excuse = Some("its time was up before the answer came");
                    }
                }
            }
            // A page that was frozen for minutes gives up what the server never answered, and says so.
            let given_up = match output {
                Output::Settle(ticket, Err(error)) => {
                    let mut calls = world.client(page).calls().iter();
                    let payload = calls.find(|(_, made)| made == ticket).and_then(|(payload, _)| payload.parse().ok());
                    Some((error, payload))
                }
                Output::Error(error) => Some((error, None::<u64>)),
                _ => None,
            };
            let given_up = given_up.filter(|(error, _)| {
                error.subject().is_some_and(|name| **error == ClientError::rpc(name, RpcFailure::ResponseTimeout))
            });
            if let Some((error, which)) = given_up {
                for (payload, event) in
                    self.events.iter_mut().filter(|(_, event)| Some(&*event.name) == error.subject())
                {
                    let was_sent = event.call.is_some_and(|call| call.sent > 0);
                    if was_sent && known.browser == Some(event.browser) && which.is_none_or(|which| which == *payload) {
                        event.excuse = Some("its answer is overdue");
                    }
                }
            }
            let Output::Outbox(OutboxNews::Dropped { why, entries }) = output else { continue };
            for entry in entries {
                let payload: u64 = entry.data.as_deref().and_then(|data| data.parse().ok()).expect("a payload");
                let event = self.events.get_mut(&payload).expect("only what was emitted is dropped");
                let (is_right, excuse) = match why {
                    DropReason::Expired => (event.expires_at <= *at, "expired"),
                    DropReason::Cleared => (event.was_cleared, "cleared"),
                    DropReason::Denied => (event.name == "mute", "denied"),
                    DropReason::NotNow => (event.delivery == Delivery::Drop, "not connected"),
                    DropReason::Undeliverable if event.call.is_some() => (true, "too many cuts, or a lost lease"),
                    DropReason::Overflow | DropReason::Undeliverable => (false, "nonsense"),
                };
                assert!(is_right, "{page:?} reports {payload} as {why:?}: {event:?}");
                event.excuse = Some(excuse);
            }
        }
    }

    /// A page went: what was only in its memory went with it.
    fn on_gone(&mut self, world: &mut World, page: ClientId, storage_works: bool, is_crashed: bool) {
        let known = self.pages.entry(page).or_default();
        known.is_gone = true;
        let is_bad = known.credentials.as_deref().is_some_and(|credentials| user_of(credentials).is_none());
        let server = world.server();
        let arrived: BTreeSet<u64> = server.emitted().iter().chain(server.called()).filter_map(payload).collect();
        let home = known.browser;
        for (payload, event) in self.events.iter_mut().filter(|(_, event)| Some(event.browser) == home) {
            if event.excuse.is_some() || event.was_cleared || event.name == "mute" || arrived.contains(payload) {
                continue;
            }
            let text = event.in_storage(*payload);
            let (is_own, has_expired) = (event.page == page, event.expires_at <= world.now());
            let is_stored = world.browser(event.browser).storage.values().any(|value| value.contains(&text));
            if has_expired && !is_stored {
                event.excuse = Some("it expired, and the page went before it could say so");
            } else if is_crashed && !is_stored && event.call.is_some_and(|call| !call.idempotent) {
                event.excuse = Some("its page went between removing and sending it");
            } else if !is_own {
            } else if event.delivery != Delivery::Durable {
                event.excuse = Some("it was only in memory");
            } else if !is_stored {
                assert!(!storage_works, "{payload} is neither stored nor sent, and {page:?} is gone: {event:?}");
                event.excuse = Some("it could not be stored");
            } else if is_bad || event.owner.is_none() {
                event.excuse = Some("it was entrusted by somebody who cannot log in");
            }
        }
    }

    /// Storage may have been emptied: what pages had left that are gone is gone as well, unless another one has it already.
    pub fn on_storage_fault(&mut self, world: &mut World, browser: BrowserId) {
        let gone: BTreeSet<_> = self.pages.iter().filter(|(_, page)| page.is_gone).map(|(id, _)| *id).collect();
        let is_left = |(_, event): &(&u64, &mut Event)| event.browser == browser && gone.contains(&event.page);
        for (payload, event) in self.events.iter_mut().filter(is_left) {
            let suffix = event.in_storage(*payload);
            if event.excuse.is_none() && !world.browser(browser).storage.values().any(|value| value.ends_with(&suffix))
            {
                event.excuse = Some("somebody has emptied the storage");
            }
        }
    }

    /// Panics if a call was executed more often than it may.
    pub fn check_executions(&self, executed: &[u64]) {
        let mut once = BTreeSet::new();
        for payload in executed {
            let call = self.events[payload].call.expect("a call");
            assert!(once.insert(payload) || call.idempotent || self.pages_may_race, "{payload} was executed twice");
        }
    }

    /// Panics unless everything that must have arrived has, as it should.
    pub fn check_arrivals(&self, emitted: &[Emitted], storage_may_fail: bool) {
        let mut arrived = Vec::new();
        for one in emitted {
            let payload = payload(one).expect("nothing else is emitted");
            let event = self.events.get(&payload).expect("nothing is made up");
            assert_eq!(one.name, event.name, "{payload}");
            let user = user_of(&one.user);
            let is_theirs = event.owner.is_none() || event.owner == user;
            assert!(is_theirs, "{payload} was sent by {user:?}: {event:?}");
            if !arrived.contains(&payload) {
                arrived.push(payload);
            }
        }
        let set: BTreeSet<_> = arrived.iter().copied().collect();
        for (payload, event) in &self.events {
            let may_be_missing = event.excuse.is_some() || event.was_cleared || event.name == "mute";
            assert!(may_be_missing || set.contains(payload), "{payload} is lost: {event:?}");
        }
        // What could not be stored stays with a page that others know nothing of.
        if !storage_may_fail {
            self.check_order(&arrived);
        }
    }

    fn check_order(&self, arrived: &[u64]) {
        let mut last: BTreeMap<(ClientId, Option<&str>, bool), usize> = BTreeMap::new();
        for payload in arrived {
            let event = &self.events[payload];
            // What was given up while it was on its way may still arrive, at any time.
            let was_given_up = event.excuse.is_some() || event.was_cleared;
            if event.owner.is_none() || event.delivery != Delivery::Durable || was_given_up {
                continue;
            }
            let before = last.insert((event.page, event.credentials.as_deref(), event.call.is_some()), event.position);
            assert!(before < Some(event.position), "{payload} of {:?} came after {before:?}", event.page);
        }
    }
}

fn payload(emitted: &Emitted) -> Option<u64> {
    emitted.data.as_deref()?.parse().ok()
}
