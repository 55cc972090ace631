//! The topics in which one can listen, and how each says it.

use crate::wire::{EventAction, EventMessage, Message, RecordAction, RecordMessage, Topic};

/// What can be provided to those who subscribe to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listenable {
    /// Events.
    Events,
    /// Records.
    Records,
}

/// What a client says about listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saying {
    /// To be asked about a pattern from now on.
    Listen,
    /// No longer.
    Unlisten,
    /// To provide a subscription.
    Accept,
    /// Not to provide it.
    Reject,
}

/// The numbers of the actions that a server answers with.
pub(super) struct Actions {
    pub(super) listen: i32,
    pub(super) unlisten: i32,
    pub(super) found: i32,
    pub(super) removed: i32,
    pub(super) response_timeout: i32,
    /// The pattern is none, or the server refuses: by its rules, or because checking them failed.
    pub(super) invalid_regex: i32,
    pub(super) refusals: [i32; 2],
}

impl Listenable {
    /// The topic of the messages.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Events => Topic::Event,
            Self::Records => Topic::Record,
        }
    }

    pub(super) const fn actions(self) -> Actions {
        match self {
            Self::Events => Actions {
                listen: EventAction::Listen.number(),
                unlisten: EventAction::Unlisten.number(),
                found: EventAction::SubscriptionForPatternFound.number(),
                removed: EventAction::SubscriptionForPatternRemoved.number(),
                response_timeout: EventAction::ListenResponseTimeout.number(),
                invalid_regex: EventAction::InvalidListenRegex.number(),
                refusals: [EventAction::MessageDenied.number(), EventAction::MessagePermissionError.number()],
            },
            Self::Records => Actions {
                listen: RecordAction::Listen.number(),
                unlisten: RecordAction::Unlisten.number(),
                found: RecordAction::SubscriptionForPatternFound.number(),
                removed: RecordAction::SubscriptionForPatternRemoved.number(),
                response_timeout: RecordAction::ListenResponseTimeout.number(),
                invalid_regex: RecordAction::InvalidListenRegex.number(),
                refusals: [RecordAction::MessageDenied.number(), RecordAction::MessagePermissionError.number()],
            },
        }
    }

    /// The name in deepstream's API of LISTEN_RESPONSE_TIMEOUT, in both topics.
    pub(super) const RESPONSE_TIMEOUT: &str = EventAction::ListenResponseTimeout.name();

    pub(super) fn message<'a>(self, saying: Saying, pattern: &'a str, subscription: Option<&'a str>) -> Message<'a> {
        let name = Some(pattern);
        match self {
            Self::Events => {
                let action = match saying {
                    Saying::Listen => EventAction::Listen,
                    Saying::Unlisten => EventAction::Unlisten,
                    Saying::Accept => EventAction::ListenAccept,
                    Saying::Reject => EventAction::ListenReject,
                };
                EventMessage { name, subscription, ..EventMessage::new(action) }.into()
            }
            Self::Records => {
                let action = match saying {
                    Saying::Listen => RecordAction::Listen,
                    Saying::Unlisten => RecordAction::Unlisten,
                    Saying::Accept => RecordAction::ListenAccept,
                    Saying::Reject => RecordAction::ListenReject,
                };
                RecordMessage { name, subscription, ..RecordMessage::new(action) }.into()
            }
        }
    }
}
