//! The topics whose names are subscribed to in bulk, and how each says it.

use crate::wire::{EventAction, EventMessage, Message, PresenceAction, PresenceMessage, RpcAction, RpcMessage, Topic};

/// What can be subscribed to by name, each with its own message and actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events: SUBSCRIBE and UNSUBSCRIBE.
    Events,
    /// Procedures that this client provides: PROVIDE and UNPROVIDE.
    #[allow(dead_code, reason = "until there is RPC")]
    Providers,
    /// Users whose coming and going is watched: SUBSCRIBE and UNSUBSCRIBE.
    Users,
}

/// What the server says to a bulk message, in any topic.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The number of the action.
    pub action: i32,
    /// Whether it acknowledges a message with the same action.
    pub is_ack: bool,
    /// The number of the action of the message that is answered.
    pub original_action: Option<i32>,
    /// The name that it is about.
    pub name: Option<&'a str>,
    /// The bulk message that is answered.
    pub correlation_id: Option<&'a str>,
}

/// The numbers of the actions of one [`Kind`].
pub(super) struct Actions {
    pub(super) subscribe: i32,
    pub(super) unsubscribe: i32,
    /// The server refuses: by its rules, or because checking them failed.
    pub(super) refusals: [i32; 2],
    /// The server has the name already, or never had it.
    pub(super) complaints: [i32; 2],
}

impl Kind {
    /// The topic of the messages.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Events => Topic::Event,
            Self::Providers => Topic::Rpc,
            Self::Users => Topic::Presence,
        }
    }

    pub(super) const fn actions(self) -> Actions {
        match self {
            Self::Events => Actions {
                subscribe: EventAction::Subscribe.number(),
                unsubscribe: EventAction::Unsubscribe.number(),
                refusals: [EventAction::MessageDenied.number(), EventAction::MessagePermissionError.number()],
                complaints: [EventAction::MultipleSubscriptions.number(), EventAction::NotSubscribed.number()],
            },
            Self::Providers => Actions {
                subscribe: RpcAction::Provide.number(),
                unsubscribe: RpcAction::Unprovide.number(),
                refusals: [RpcAction::MessageDenied.number(), RpcAction::MessagePermissionError.number()],
                complaints: [RpcAction::MultipleProviders.number(), RpcAction::NotProvided.number()],
            },
            Self::Users => Actions {
                subscribe: PresenceAction::Subscribe.number(),
                unsubscribe: PresenceAction::Unsubscribe.number(),
                refusals: [PresenceAction::MessageDenied.number(), PresenceAction::MessagePermissionError.number()],
                complaints: [PresenceAction::MultipleSubscriptions.number(), PresenceAction::NotSubscribed.number()],
            },
        }
    }

    /// A bulk message.
    pub(super) fn message<'a>(self, direction: Direction, names: Vec<&'a str>, correlation_id: &'a str) -> Message<'a> {
        let correlation_id = Some(correlation_id);
        let subscribes = direction == Direction::Subscribe;
        match self {
            Self::Events => {
                let action = if subscribes { EventAction::Subscribe } else { EventAction::Unsubscribe };
                EventMessage { names, correlation_id, ..EventMessage::new(action) }.into()
            }
            Self::Providers => {
                let action = if subscribes { RpcAction::Provide } else { RpcAction::Unprovide };
                RpcMessage { names, correlation_id, ..RpcMessage::new(action) }.into()
            }
            Self::Users => {
                let action = if subscribes { PresenceAction::Subscribe } else { PresenceAction::Unsubscribe };
                PresenceMessage { names, correlation_id, ..PresenceMessage::new(action) }.into()
            }
        }
    }
}

/// What a bulk message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To be told of the names from now on.
    Subscribe,
    /// No longer.
    Unsubscribe,
}
