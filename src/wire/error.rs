//! Why bytes are not a message.

use core::fmt;

use super::{ParserAction, Topic};

/// Why a frame, or one message of it, could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end before the length they announce; an empty frame ends before its first message.
    Truncated,
    /// The bytes break the rules of protobuf: an overlong number, a field number or wire type that
    /// does not exist, or text that is not UTF-8.
    Malformed,
    /// The topic's number is none of [`Topic`]; a message that names no topic has number 0.
    UnknownTopic(i32),
    /// The action's number is none of its topic's; a message that names no action has number 0.
    UnknownAction {
        /// The topic the message belongs to.
        topic: Topic,
        /// The number it gave as its action.
        action: i32,
    },
    /// The frame is longer than what is accepted; nothing of it was read.
    Oversized {
        /// Length of the frame, in bytes.
        bytes: usize,
        /// The greatest length accepted, in bytes.
        limit: usize,
    },
    /// A text frame arrived; deepstream speaks in binary frames only. Never returned by
    /// [`decode`](super::decode), which sees bytes alone: for the one who receives the frames.
    NotBinary,
}

impl DecodeError {
    /// The action of the PARSER topic under which deepstream reports this error.
    pub const fn action(self) -> ParserAction {
        match self {
            Self::Truncated | Self::Malformed => ParserAction::MessageParseError,
            Self::UnknownTopic(_) => ParserAction::UnknownTopic,
            Self::UnknownAction { .. } => ParserAction::UnknownAction,
            Self::Oversized { .. } => ParserAction::MaximumMessageSizeExceeded,
            Self::NotBinary => ParserAction::InvalidMessage,
        }
    }

    /// The stable name of this error for JavaScript, such as `MESSAGE_PARSE_ERROR`.
    pub fn name(self) -> &'static str {
        self.action().name()
    }

    /// What happened, as a sentence for a human reader. May change between releases.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Truncated => "the server sent a message that ends too early",
            Self::Malformed => "the server sent a message that is not valid protobuf",
            Self::UnknownTopic(_) => "the server sent a message of an unknown topic",
            Self::UnknownAction { .. } => "the server sent a message with an unknown action",
            Self::Oversized { .. } => "the server sent a frame that is longer than accepted",
            Self::NotBinary => "the server sent a text frame where only binary ones are valid",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.sentence())
    }
}

impl core::error::Error for DecodeError {}
