//! What the subscribers were told last, so that what they missed can be told after a reconnect, and nothing twice.

use super::tell;
use crate::{
    client::{
        context::Context,
        error::{ClientError, Failure},
        limits::PRESENCE_MAX_KNOWN_USERS,
    },
    names::NameMap,
};

/// What the subscribers know.
#[derive(Debug, Default)]
pub struct Known {
    /// What the subscribers of each user watched by name were told, or would have been told; `None` where nobody has asked
    /// yet.
    users: NameMap<Option<bool>>,
    /// Those of them who may still have to be asked for in this session.
    to_ask_for: NameMap<()>,
    everyone: Everyone,
}

/// All users who are logged in, for those who subscribed to all.
#[derive(Debug, Default)]
struct Everyone {
    /// Those of whom it is known.
    online: NameMap<()>,
    /// Whether these are all, because the server was asked.
    is_complete: bool,
    /// Whether there were more than there is room for.
    is_too_many: bool,
    /// Whether the server was asked in this session.
    is_asked: bool,
}

impl Known {
    /// A user is watched from now on.
    pub fn watch(&mut self, user: &str) {
        self.users.get_or_insert_with(user, || None);
        self.to_ask_for.get_or_insert_with(user, || ());
    }

    /// A user is no longer watched.
    pub fn unwatch(&mut self, user: &str) {
        self.users.remove(user);
        self.to_ask_for.remove(user);
    }

    /// Nobody listens for all users any more.
    pub fn unwatch_everyone(&mut self) {
        self.everyone = Everyone::default();
    }

    /// What was asked so far is of the past.
    pub fn ask_again(&mut self) {
        let to_ask_for = &mut self.to_ask_for;
        self.users.for_each(|user, _| {
            to_ask_for.get_or_insert_with(user, || ());
        });
        self.everyone.is_asked = false;
    }

    /// Whether there are users to ask for.
    pub const fn must_ask_for_users(&self) -> bool {
        !self.to_ask_for.is_empty()
    }

    /// The users to ask for, of those that `are_subscribed`. They count as asked for.
    pub fn users_to_ask_for(&mut self, are_subscribed: impl Fn(&str) -> bool) -> Vec<Box<str>> {
        let mut users = Vec::new();
        for user in std::mem::take(&mut self.to_ask_for).names() {
            if are_subscribed(user) {
                users.push(user.into());
            }
        }
        users
    }

    /// Whether to ask for everyone; the answer counts as asked for.
    pub fn must_ask_for_everyone(&mut self) -> bool {
        !std::mem::replace(&mut self.everyone.is_asked, true) && !self.everyone.is_too_many
    }

    /// A user who is watched came or went.
    pub fn on_user(&mut self, context: &mut Context, user: &str, online: bool) {
        let Some(told) = self.users.get_mut(user) else { return };
        if told.replace(online) != Some(online) || !context.options.presence_catch_up {
            tell(context, user, online, false);
        }
    }

    /// Any user came or went.
    pub fn on_anyone(&mut self, context: &mut Context, user: &str, online: bool) {
        if !context.options.presence_catch_up || self.everyone.is_too_many {
            return tell(context, user, online, true);
        }
        let was_online = self.everyone.online.contains(user);
        if online {
            self.everyone.online.get_or_insert_with(user, || ());
        } else {
            self.everyone.online.remove(user);
        }
        // Whom nobody has asked about may go without having been seen to come.
        if was_online != online || !(online || self.everyone.is_complete) {
            tell(context, user, online, true);
        }
        self.everyone.bound(context);
    }

    /// The server has said who of these users is logged in.
    pub fn on_statuses(&mut self, context: &mut Context, statuses: &[(Box<str>, bool)]) {
        for (user, online) in statuses {
            let Some(told) = self.users.get_mut(user) else { continue };
            if told.replace(*online) == Some(!*online) {
                tell(context, user, *online, false);
            }
        }
    }

    /// The server has said who is logged in.
    pub fn on_everyone(&mut self, context: &mut Context, users: &[&str]) {
        let Everyone { online, is_complete, .. } = &mut self.everyone;
        let known = std::mem::take(online);
        for user in users {
            if *is_complete && !known.contains(user) && !online.contains(user) {
                tell(context, user, true, true);
            }
            online.get_or_insert_with(user, || ());
        }
        for user in known.names() {
            if !online.contains(user) {
                tell(context, user, false, true);
            }
        }
        *is_complete = true;
        self.everyone.bound(context);
    }
}

impl Everyone {
    /// Gives up where it would grow too far: live messages are then passed on as they come.
    fn bound(&mut self, context: &mut Context) {
        if self.online.len() > PRESENCE_MAX_KNOWN_USERS {
            self.online = NameMap::new();
            self.is_too_many = true;
            context.report(ClientError::of(Failure::TooManyUsers));
        }
    }
}
