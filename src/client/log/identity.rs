//! Whose entries are whose, and which of them may be sent.

use std::borrow::Cow;

use super::{Log, OwnLock, Purpose};
use crate::{
    client::{
        digest::{digest, hex, last_digits},
        io::{self, Claim, Entry, Owner},
        record::{Kind, Value},
    },
    text::split_once,
};

/// Who is logged in, and who was, as far as entries need to know.
///
/// Two entries have the same owner if the server calls their users the same (the `id` in the client data), or, where it
/// says nothing of that, if their users logged in with the same parameters. Only digests are kept: what somebody logs in
/// with must not be found in storage.
#[derive(Debug, Default)]
pub struct Identity {
    /// Who is logged in.
    session: Option<Owner>,
    /// The owner that stands for what they have logged in with, or will, if it is known.
    by_params: Option<Owner>,
    /// Who logged in last in this browser.
    pub last: Option<LastUser>,
}

/// Who logged in last, as it stands in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUser {
    pub owner: Owner,
    /// The [`last_digits`] of the digest of the parameters.
    params_check: Box<str>,
}

impl LastUser {
    /// Reads what [`text`](Self::text) wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (owner, check) = split_once(text, b' ')?;
        Some(Self { owner: owner.into(), params_check: check.into() })
    }

    /// Whether the server has a name for whoever logged in with the parameters that this owner stands for.
    pub fn logged_in_as(&self, by_params: &str) -> bool {
        self.owner.starts_with('u') && by_params.starts_with('p') && *last_digits(by_params) == *self.params_check
    }

    /// For storage.
    pub fn text(&self) -> Box<str> {
        [&self.owner, " ", &*self.params_check].concat().into()
    }
}

impl Identity {
    /// The application has said what to log in with next, given as its digest; `None` for a function that is yet to be
    /// asked. Whoever was logged in no longer counts.
    pub fn will_log_in_with(&mut self, params: Option<u64>) {
        (self.session, self.by_params) = (None, params.map(by_params));
    }

    /// Somebody has logged in with parameters of this digest. Says whether that is somebody else than last time.
    pub fn logged_in(&mut self, params: u64, client_data: Option<&str>) -> bool {
        let by_params = by_params(params);
        let owner = client_data.and_then(user_id).map_or_else(|| by_params.clone(), |id| hex("u", digest(&id)).into());
        let last = Some(LastUser { owner: owner.clone(), params_check: last_digits(&by_params).into() });
        (self.session, self.by_params) = (Some(owner), Some(by_params));
        let changed = self.last != last;
        self.last = last;
        changed
    }

    /// What storage says of who logged in last; what this client knows itself is newer. Returns who it was.
    pub fn remember(&mut self, last: LastUser) -> LastUser {
        self.last.get_or_insert(last).clone()
    }

    /// The server refuses parameters of this digest. Returns the owner that stands for them.
    pub fn refused(&mut self, params: u64) -> Owner {
        self.by_params = None;
        by_params(params)
    }

    /// Whose a new entry is, and how sure that is.
    pub fn owner(&self) -> (Owner, Claim) {
        let last = self.last.as_ref();
        match (&self.session, &self.by_params) {
            (Some(owner), _) => (owner.clone(), Claim::Proven),
            (None, Some(by_params)) => {
                let known = last.filter(|last| last.logged_in_as(by_params));
                (known.map_or(by_params, |last| &last.owner).clone(), Claim::Made)
            }
            (None, None) => (last.map(|last| last.owner.clone()).unwrap_or_default(), Claim::Open),
        }
    }

    /// Whether an entry of this owner may be sent now. What nobody had logged in for goes to whoever does.
    pub fn may_send(&self, owner: &str) -> bool {
        let is = |name: &Option<Owner>| name.as_deref() == Some(owner);
        self.session.is_some() && (owner.is_empty() || is(&self.session) || is(&self.by_params))
    }

    /// Whether an entry of this owner is, as far as is known, of whoever is or will be logged in.
    pub fn may_hold(&self, owner: &str) -> bool {
        self.may_send(owner) || (self.session.is_none() && (owner.is_empty() || *owner == *self.owner().0))
    }

    /// The names under which entries are, if they are of whoever is or will be logged in; where that is open, of whoever
    /// was last.
    pub fn owners(&self) -> Vec<Owner> {
        let mut owners = vec![Owner::default(), self.owner().0];
        if let Some(by_params) = &self.by_params {
            owners.push(by_params.clone());
        }
        owners
    }
}

impl Log {
    /// Whether the entry is of whoever is logged in, or of whoever is going to be.
    pub fn may_hold(&self, entry: &Entry) -> bool {
        entry.claim == Claim::Open || self.identity.may_hold(&entry.owner)
    }

    /// Whether the entry is of whoever is logged in, under whose name it stands from now on, or of whoever is going to be.
    pub fn claim(&mut self, entry: &mut Entry) -> bool {
        let is_theirs = self.may_hold(entry);
        if let Some(owner) = self.identity.session.clone().filter(|_| is_theirs) {
            entry.claim = Claim::Proven;
            // Under the name that the server has for them, they are known whatever they log in with next.
            if entry.owner != owner {
                entry.owner = owner;
                if self.may_rewrite(entry) {
                    self.rewrite(entry);
                }
            }
        }
        is_theirs
    }

    /// Whether no other page can have made this call, or be making it. What was taken over is this page's as long as it is
    /// here, whoever has the own lock.
    pub fn may_make(&self, call: &Entry) -> bool {
        let has_own = self.takeover.own_lock == OwnLock::Held
            && !self.takeover.is_parked
            && !self.asks(&|purpose| matches!(purpose, Purpose::Own(_)));
        call.stored.is_none() || self.is_taken_over(call) || has_own
    }

    /// Whether writing the entry anew cannot bring back a call that another page has made.
    pub fn may_rewrite(&self, entry: &Entry) -> bool {
        entry.kind != io::Kind::Call { idempotent: false } || self.may_make(entry)
    }
}

/// The owner that stands for parameters of this digest.
fn by_params(params: u64) -> Owner {
    hex("p", params).into()
}

/// The value of the member `id` of a JSON object, as it is written there: a string or a number.
fn user_id(client_data: &str) -> Option<Cow<'_, str>> {
    let id = Value::parse(client_data).ok()?.member("id")?;
    matches!(id.kind(), Kind::String | Kind::Number).then(|| id.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_the_user_is_found_where_it_is_one() {
        assert_eq!(user_id(r#"{"id":"ada"}"#).as_deref(), Some(r#""ada""#));
        assert_eq!(user_id(r#"{"role":"id","id":42,"x":1}"#).as_deref(), Some("42"));
        assert_eq!(user_id(r#"{"a":{"id":"inner"},"b":["id","x"],"id":"a\"b"}"#).as_deref(), Some(r#""a\"b""#));
        for none in [
            r#"{}"#,
            r#"null"#,
            r#""id""#,
            r#"{"a":{"id":1}}"#,
            r#"{"id":null}"#,
            r#"{"id":{"id":1}}"#,
            r#"{"id"#,
            "ü",
            "",
        ] {
            assert_eq!(user_id(none), None, "{none}");
        }
    }

    #[test]
    fn users_are_told_apart_by_what_the_server_calls_them_else_by_what_they_log_in_with() {
        let mut identity = Identity::default();
        identity.logged_in(digest(r#"{"token":1}"#), Some(r#"{"id":"ada"}"#));
        let (ada, claim) = identity.owner();
        assert!(claim == Claim::Proven && identity.may_send(&ada));
        identity.logged_in(digest(r#"{"token":2}"#), Some(r#"{"id":"ada"}"#));
        assert!(identity.may_send(&ada), "another token, the same user");
        identity.logged_in(digest(r#"{"token":1}"#), Some(r#"{"id":"bob"}"#));
        assert!(!identity.may_send(&ada));
        identity.logged_in(digest(r#"{"token":1}"#), None);
        assert!(!identity.may_send(&ada));
    }

    #[test]
    fn before_the_login_the_owner_is_who_is_going_to_log_in_else_who_did_last() {
        let mut identity = Identity::default();
        assert_eq!(identity.owner(), ("".into(), Claim::Open));
        identity.will_log_in_with(Some(digest(r#"{"token":1}"#)));
        let (by_params, _) = identity.owner();
        assert!(!by_params.is_empty() && !identity.may_send(&by_params));
        identity.logged_in(digest(r#"{"token":1}"#), Some(r#"{"id":"ada"}"#));
        assert!(identity.may_send(&by_params), "what was entrusted before the login goes out after it");

        let mut reloaded = Identity::default();
        reloaded.remember(LastUser::read(&identity.last.as_ref().unwrap().text()).unwrap());
        assert_eq!(reloaded.owner().0, identity.owner().0, "nothing known yet: who was there last");
        reloaded.will_log_in_with(Some(digest(r#"{"token":1}"#)));
        assert_eq!(reloaded.owner().0, identity.owner().0, "the same parameters");
        reloaded.will_log_in_with(Some(digest(r#"{"token":"bob's"}"#)));
        assert_ne!(reloaded.owner().0, identity.owner().0);
    }

    #[test]
    fn another_login_is_another_owner_at_once() {
        let mut identity = Identity::default();
        identity.logged_in(digest("{}"), None);
        let (before, _) = identity.owner();
        identity.will_log_in_with(Some(digest(r#"{"token":"bob's"}"#)));
        assert!(!identity.may_send(&before));
        assert_ne!(identity.owner().0, before);
    }
}
