//! What the server says, alike for all topics.

use super::error::ClientError;
use crate::wire::{
    EventAction, EventMessage, PresenceAction, PresenceMessage, RecordAction, RecordMessage, RpcAction, RpcMessage,
    Topic, is_error,
};

/// A message of the server that may answer one of this client.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The topic of both.
    pub topic: Topic,
    /// The number of the action.
    pub action: i32,
    /// The name of the action in deepstream's API.
    pub action_name: &'static str,
    /// Whether it reports a failure.
    pub is_error: bool,
    /// Whether it acknowledges a message with the same action.
    pub is_ack: bool,
    /// The number of the action of the message that is answered.
    pub original_action: Option<i32>,
    /// Its name in deepstream's API.
    pub original_action_name: Option<&'static str>,
    /// What it is about.
    pub name: Option<&'a str>,
    /// JSON text, or words.
    pub data: Option<&'a str>,
    /// The message that is answered.
    pub correlation_id: Option<&'a str>,
}

macro_rules! answers {
    ($( $message:ident $action:ident $topic:ident, )*) => { $(
        impl<'a> From<&$message<'a>> for Answer<'a> {
            fn from(message: &$message<'a>) -> Self {
                Self {
                    topic: Topic::$topic,
                    action: message.action.number(),
                    action_name: message.action.name(),
                    is_error: message.is_error || is_error(message.action.number()),
                    is_ack: message.is_ack,
                    original_action: message.original_action,
                    original_action_name: message.original_action.and_then($action::from_number).map($action::name),
                    name: message.name,
                    data: message.data,
                    correlation_id: message.correlation_id,
                }
            }
        }
    )* };
}

answers! {
    EventMessage EventAction Event,
    PresenceMessage PresenceAction Presence,
    RecordMessage RecordAction Record,
    RpcMessage RpcAction Rpc,
}

impl Answer<'_> {
    /// The failure that it reports, or that it was not `expected`.
    pub fn error(&self, expected: &'static str) -> ClientError {
        let (topic, action) = (self.topic, self.action_name);
        if self.is_error {
            let (name, data) = (self.name.map(Into::into), self.data.map(Into::into));
            ClientError::Server { topic, action, asked: self.original_action_name, name, data }
        } else {
            ClientError::Unsolicited { topic, action, expected }
        }
    }
}
