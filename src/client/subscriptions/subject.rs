//! What can be wanted by name, and how each topic says it.

use crate::wire::{Action, EventAction, Message, PresenceAction, RecordAction, RpcAction, Topic};

/// What can be wanted by name: how its messages say what it is about, and which actions they have.
#[derive(Debug)]
pub struct Subject {
    /// How a message says what it is about.
    pub naming: Naming,
    /// A name is wanted.
    pub subscribe: Action,
    /// A name is no longer wanted.
    pub unsubscribe: Action,
    /// The server refuses: by its rules, or because checking them failed.
    pub refusals: [Action; 2],
    /// The server has the name already, or never had it.
    pub complaints: &'static [Action],
    /// What is only said of patterns.
    pub offers: Option<Offers>,
}

/// How a message says what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// It names many, which are collected for it.
    Many,
    /// It names one.
    One,
    /// It names nobody: it is about everyone.
    Nobody,
}

/// The actions about what is offered to those who listen.
#[derive(Debug)]
pub struct Offers {
    /// This client provides it.
    pub accept: Action,
    /// This client does not.
    pub reject: Action,
    /// Somebody subscribed.
    pub found: Action,
    /// The last subscriber has gone.
    pub removed: Action,
    /// The server no longer waits for an answer.
    pub response_timeout: Action,
    /// The pattern is none.
    pub invalid_regex: Action,
}

macro_rules! subject {
    ($topic:ident $enum:ident $naming:ident $subscribe:ident $unsubscribe:ident [$( $complaint:ident )*] $offers:expr) => {
        &Self {
            naming: Naming::$naming,
            subscribe: Action::$topic($enum::$subscribe),
            unsubscribe: Action::$topic($enum::$unsubscribe),
            refusals: [Action::$topic($enum::MessageDenied), Action::$topic($enum::MessagePermissionError)],
            complaints: &[$( Action::$topic($enum::$complaint) ),*],
            offers: $offers,
        }
    };
}

macro_rules! patterns {
    ($topic:ident $enum:ident) => {
        subject!($topic $enum One Listen Unlisten [] Some(Offers {
            accept: Action::$topic($enum::ListenAccept),
            reject: Action::$topic($enum::ListenReject),
            found: Action::$topic($enum::SubscriptionForPatternFound),
            removed: Action::$topic($enum::SubscriptionForPatternRemoved),
            response_timeout: Action::$topic($enum::ListenResponseTimeout),
            invalid_regex: Action::$topic($enum::InvalidListenRegex),
        }))
    };
}

impl Subject {
    /// Events.
    pub const EVENTS: &Self =
        subject!(Event EventAction Many Subscribe Unsubscribe [MultipleSubscriptions NotSubscribed] None);

    /// Procedures that this client provides.
    pub const PROVIDERS: &Self = subject!(Rpc RpcAction Many Provide Unprovide [MultipleProviders NotProvided] None);

    /// Users whose coming and going is watched.
    pub const USERS: &Self =
        subject!(Presence PresenceAction Many Subscribe Unsubscribe [MultipleSubscriptions NotSubscribed] None);

    /// All users, under one name.
    pub const EVERYONE: &Self = subject!(
        Presence PresenceAction Nobody SubscribeAll UnsubscribeAll [MultipleSubscriptions NotSubscribed] None
    );

    /// Patterns of events that others subscribe to.
    pub const EVENT_PATTERNS: &Self = patterns!(Event EventAction);

    /// Patterns of records that others subscribe to.
    pub const RECORD_PATTERNS: &Self = patterns!(Record RecordAction);

    /// The topic of the messages.
    pub const fn topic(&self) -> Topic {
        self.subscribe.topic()
    }

    /// Whether one message names many, which are collected for it.
    pub const fn is_bulk(&self) -> bool {
        matches!(self.naming, Naming::Many)
    }

    /// A message with one of these actions about some names, about all users, or about a pattern and perhaps a name
    /// that matches it.
    pub fn message<'a>(
        &self,
        action: Action,
        names: Vec<&'a str>,
        subscription: Option<&'a str>,
        correlation_id: &'a str,
    ) -> Message<'a> {
        let mut message = Message::new(action);
        match self.naming {
            Naming::Many => {
                message.names = names;
                message.correlation_id = Some(correlation_id);
            }
            Naming::One => {
                message.name = names.first().copied();
                message.subscription = subscription;
            }
            Naming::Nobody => {}
        }
        message
    }
}
