//! What can be wanted by name, and how each topic says it.

use crate::wire::{Action, EventAction, Message, PresenceAction, RecordAction, RpcAction, Topic};

/// What can be wanted by name, each with its own messages and actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Events: SUBSCRIBE and UNSUBSCRIBE.
    Events,
    /// Procedures that this client provides: PROVIDE and UNPROVIDE.
    Providers,
    /// Users whose coming and going is watched: SUBSCRIBE and UNSUBSCRIBE.
    Users,
    /// All users, under one name: SUBSCRIBE_ALL and UNSUBSCRIBE_ALL.
    Everyone,
    /// Patterns of events that others subscribe to: LISTEN and UNLISTEN.
    EventPatterns,
    /// Patterns of records that others subscribe to: LISTEN and UNLISTEN.
    RecordPatterns,
}

/// The actions of one [`Subject`].
#[derive(Clone, Copy, Debug)]
pub struct Actions {
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

/// The actions about what is offered to those who listen.
#[derive(Clone, Copy, Debug)]
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

macro_rules! actions {
    ($topic:ident $enum:ident $subscribe:ident $unsubscribe:ident [$( $complaint:ident )*] $offers:expr) => {
        const { &Actions {
            subscribe: Action::$topic($enum::$subscribe),
            unsubscribe: Action::$topic($enum::$unsubscribe),
            refusals: [Action::$topic($enum::MessageDenied), Action::$topic($enum::MessagePermissionError)],
            complaints: &[$( Action::$topic($enum::$complaint) ),*],
            offers: $offers,
        } }
    };
}

macro_rules! offers {
    ($topic:ident $enum:ident) => {
        Some(Offers {
            accept: Action::$topic($enum::ListenAccept),
            reject: Action::$topic($enum::ListenReject),
            found: Action::$topic($enum::SubscriptionForPatternFound),
            removed: Action::$topic($enum::SubscriptionForPatternRemoved),
            response_timeout: Action::$topic($enum::ListenResponseTimeout),
            invalid_regex: Action::$topic($enum::InvalidListenRegex),
        })
    };
}

impl Subject {
    /// The topic of the messages.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Events | Self::EventPatterns => Topic::Event,
            Self::Providers => Topic::Rpc,
            Self::Users | Self::Everyone => Topic::Presence,
            Self::RecordPatterns => Topic::Record,
        }
    }

    /// Whether one message names many, which are collected for it.
    pub const fn is_bulk(self) -> bool {
        matches!(self, Self::Events | Self::Providers | Self::Users)
    }

    /// The actions.
    pub const fn actions(self) -> &'static Actions {
        match self {
            Self::Events => {
                actions!(Event EventAction Subscribe Unsubscribe [MultipleSubscriptions NotSubscribed] None)
            }
            Self::Providers => actions!(Rpc RpcAction Provide Unprovide [MultipleProviders NotProvided] None),
            Self::Users => {
                actions!(Presence PresenceAction Subscribe Unsubscribe [MultipleSubscriptions NotSubscribed] None)
            }
            Self::Everyone => {
                actions!(Presence PresenceAction SubscribeAll UnsubscribeAll [MultipleSubscriptions NotSubscribed] None)
            }
            Self::EventPatterns => actions!(Event EventAction Listen Unlisten [] offers!(Event EventAction)),
            Self::RecordPatterns => actions!(Record RecordAction Listen Unlisten [] offers!(Record RecordAction)),
        }
    }

    /// A message with one of these actions about some names, about all users, or about a pattern and perhaps a name
    /// that matches it.
    pub fn message<'a>(
        self,
        action: Action,
        names: Vec<&'a str>,
        subscription: Option<&'a str>,
        correlation_id: &'a str,
    ) -> Message<'a> {
        let mut message = Message::new(action);
        match self {
            Self::Events | Self::Providers | Self::Users => {
                message.names = names;
                message.correlation_id = Some(correlation_id);
            }
            Self::EventPatterns | Self::RecordPatterns => {
                message.name = names.first().copied();
                message.subscription = subscription;
            }
            Self::Everyone => {}
        }
        message
    }
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To be told of the names from now on.
    Subscribe,
    /// No longer.
    Unsubscribe,
}
