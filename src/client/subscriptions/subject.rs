//! What can be wanted by name, and how each topic says it.

use crate::wire::{EventAction, Message, PresenceAction, RecordAction, RpcAction, Topic};

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

/// The numbers of the actions of one [`Subject`].
#[derive(Clone, Copy, Debug)]
pub struct Actions {
    /// A name is wanted.
    pub subscribe: i32,
    /// A name is no longer wanted.
    pub unsubscribe: i32,
    /// The server refuses: by its rules, or because checking them failed.
    pub refusals: [i32; 2],
    /// The server has the name already, or never had it.
    pub complaints: &'static [i32],
    /// What is only said of patterns.
    pub offers: Option<Offers>,
}

/// The numbers of the actions about what is offered to those who listen.
#[derive(Clone, Copy, Debug)]
pub struct Offers {
    /// This client provides it.
    pub accept: i32,
    /// This client does not.
    pub reject: i32,
    /// Somebody subscribed.
    pub found: i32,
    /// The last subscriber has gone.
    pub removed: i32,
    /// The server no longer waits for an answer.
    pub response_timeout: i32,
    /// The pattern is none.
    pub invalid_regex: i32,
}

macro_rules! actions {
    ($enum:ident $subscribe:ident $unsubscribe:ident [$( $complaint:ident )*] $offers:expr) => {
        const { &Actions {
            subscribe: $enum::$subscribe.number(),
            unsubscribe: $enum::$unsubscribe.number(),
            refusals: [$enum::MessageDenied.number(), $enum::MessagePermissionError.number()],
            complaints: &[$( $enum::$complaint.number() ),*],
            offers: $offers,
        } }
    };
}

macro_rules! offers {
    ($enum:ident) => {
        Some(Offers {
            accept: $enum::ListenAccept.number(),
            reject: $enum::ListenReject.number(),
            found: $enum::SubscriptionForPatternFound.number(),
            removed: $enum::SubscriptionForPatternRemoved.number(),
            response_timeout: $enum::ListenResponseTimeout.number(),
            invalid_regex: $enum::InvalidListenRegex.number(),
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

    /// The numbers of the actions.
    pub const fn actions(self) -> &'static Actions {
        match self {
            Self::Events => actions!(EventAction Subscribe Unsubscribe [MultipleSubscriptions NotSubscribed] None),
            Self::Providers => actions!(RpcAction Provide Unprovide [MultipleProviders NotProvided] None),
            Self::Users => actions!(PresenceAction Subscribe Unsubscribe [MultipleSubscriptions NotSubscribed] None),
            Self::Everyone => {
                actions!(PresenceAction SubscribeAll UnsubscribeAll [MultipleSubscriptions NotSubscribed] None)
            }
            Self::EventPatterns => actions!(EventAction Listen Unlisten [] offers!(EventAction)),
            Self::RecordPatterns => actions!(RecordAction Listen Unlisten [] offers!(RecordAction)),
        }
    }

    /// A message with one of these actions about some names, about all users, or about a pattern and perhaps a name
    /// that matches it.
    pub fn message<'a>(
        self,
        action: i32,
        names: Vec<&'a str>,
        subscription: Option<&'a str>,
        correlation_id: &'a str,
    ) -> Option<Message<'a>> {
        let mut message = Message::new(self.topic(), action)?;
        let fields = message.any_mut();
        match self {
            Self::Events | Self::Providers | Self::Users => {
                fields.names = names;
                fields.correlation_id = Some(correlation_id);
            }
            Self::EventPatterns | Self::RecordPatterns => {
                fields.name = names.first().copied();
                fields.subscription = subscription;
            }
            Self::Everyone => {}
        }
        Some(message)
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
