//! What applications were told of presence, compared with what was so.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::client::Output;

use crate::{
    Life, SLACK,
    chance::{GOOD, USERS},
    world::{ClientId, Wish},
};

/// What a subscriber was told last of each user.
type View = BTreeMap<String, bool>;

/// For whom something was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Those who subscribed to the user.
    User,
    /// Those who subscribed to all.
    Everyone,
}

impl Life {
    /// Nothing goes wrong any more but what is done here: the subscribers' view must follow it.
    pub fn check_presence(&mut self) {
        self.check_watches();
        let open = self.open_clients();
        // Where the server left the question unanswered, only a new session asks again.
        for client in &open {
            self.world.network().cut(*client);
        }
        self.settle_down();
        let told: Vec<_> = open.iter().map(|client| self.told_so_far(*client)).collect();
        let before = self.online();
        self.come_and_go(&open);
        self.settle_down();
        for (client, told) in open.into_iter().zip(told) {
            self.check_views(client, told, &before);
        }
    }

    /// The server has every client subscribed to what its application wants, and to nothing else.
    fn check_watches(&self) {
        for client in self.open_clients() {
            let intent = &self.intents[client.index()];
            let mut wanted = intent.watched.clone();
            if intent.watches_all && self.knobs.denied_user != Some("undefined") {
                wanted.insert("%_EVERYONE_%".into());
            }
            if let Some(denied) = self.knobs.denied_user {
                wanted.remove(denied);
            }
            let known: BTreeSet<_> = self.world.watches(client).into_iter().map(String::from).collect();
            assert_eq!(known, wanted, "{client:?}");
        }
    }

    /// Cuts some connections while users come and go: a client of its own for each, which no fault has touched.
    fn come_and_go(&mut self, open: &[ClientId]) {
        for turn in 0..3 {
            for client in open {
                if self.dice.happens(0.5) {
                    self.world.network().cut(*client);
                }
            }
            let visitor = self.world.add_client();
            self.adopt(visitor);
            let credentials = format!("{{\"username\":\"{}\"}}", self.dice.one_of(&USERS));
            self.world.wish(visitor, Wish::Login(Some(if turn == 0 { credentials } else { GOOD[0].into() })));
            let pause = self.dice.between(0..=2 * SLACK);
            self.run_for(pause);
            if self.dice.happens(0.5) {
                self.world.close(visitor);
            }
        }
    }

    fn settle_down(&mut self) {
        let open = self.open_clients();
        let longest = self.world.clients().map(|client| self.time_to_find_back(client)).max().unwrap_or_default();
        self.run_for(longest + 10 * SLACK + 20 * self.knobs.latency_ms.end());
        for client in open {
            assert!(self.world.client(client).owed().is_empty(), "{client:?} was not answered");
        }
    }

    fn online(&mut self) -> BTreeSet<String> {
        self.world.server().online().into_iter().map(String::from).collect()
    }

    fn told_so_far(&self, client: ClientId) -> usize {
        self.world.client(client).history().len()
    }

    /// From what was so when everything had settled down, what was told since leads to what is so now, one change
    /// after the other.
    fn check_views(&mut self, client: ClientId, since: usize, before: &BTreeSet<String>) {
        let (intent, options) = (&self.intents[client.index()], &self.options[client.index()]);
        if !options.presence_catch_up || options.max_reconnect_attempts.is_some() {
            return;
        }
        let own = self.world.user_id(client).map(String::from);
        let watched: BTreeSet<_> =
            intent.watched.iter().filter(|user| self.knobs.denied_user != Some(user)).cloned().collect();
        let watches_all = intent.watches_all && self.knobs.denied_user != Some("undefined");
        let after = self.online();
        for audience in [Audience::User, Audience::Everyone] {
            let is_meant = |user: &String| match audience {
                Audience::User => watched.contains(user),
                Audience::Everyone => watches_all && own.as_ref() != Some(user),
            };
            let mut view: View = before.iter().filter(|user| is_meant(user)).map(|user| (user.clone(), true)).collect();
            for (_, output) in &self.world.client(client).history()[since..] {
                let Output::Presence { user, online, everyone } = output else { continue };
                if *everyone == (audience == Audience::Everyone) {
                    let was_online = view.insert(user.to_string(), *online).unwrap_or_default();
                    assert_ne!(was_online, *online, "{client:?} is told twice of {user}");
                }
            }
            view.retain(|_, online| *online);
            let truth: BTreeSet<_> = after.iter().filter(|user| is_meant(user)).cloned().collect();
            assert_eq!(view.into_keys().collect::<BTreeSet<_>>(), truth, "what {client:?} was told");
        }
    }
}
