//! The messages of the seven topics.

use super::protobuf::{Field, Value, write_number};
use super::{
    AuthAction, ConnectionAction, DecodeError, EventAction, ParserAction, PresenceAction, RecordAction, RpcAction,
    Topic,
};

/// The field with the action, in messages of all topics.
pub(super) const ACTION_FIELD: u32 = 1;

/// The type that holds a kind of field.
macro_rules! kind {
    ($a:lifetime text) => { Option<&$a str> };
    ($a:lifetime number) => { Option<i32> };
    ($a:lifetime flag) => { bool };
    ($a:lifetime texts) => { Vec<&$a str> };
    ($a:lifetime numbers_by_text) => { Vec<(&$a str, i32)> };
}

/// A message of some topic. Used as a trait object, so that the loop over the fields is there once
/// and not once per topic: bytes count.
pub(super) trait Body<'a> {
    /// Takes the action with this number; false if the topic has none.
    fn set_action(&mut self, number: i32) -> bool;

    /// Takes in a field other than the action.
    fn read(&mut self, number: u32, value: Value<'a>) -> Result<(), DecodeError>;

    /// Appends the action and the other fields.
    fn write(&self, out: &mut Vec<u8>);
}

/// Declares the messages: number, name, kind and meaning of each field, in the order of the
/// numbers, which is the order of writing. The action, which every message has, is not listed.
macro_rules! messages {
    ($(
        $(#[$attribute:meta])*
        $topic:ident: $message:ident $action:ident {
            $( $number:literal $field:ident $kind:ident $meaning:literal )*
        }
    )*) => {
        /// A message of any topic.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(arbitrary::Arbitrary))]
        pub enum Message<'a> {
            $(
                #[doc = concat!("A message of the topic [`Topic::", stringify!($topic), "`].")]
                $topic($message<'a>),
            )*
        }

        impl<'a> Message<'a> {
            /// The topic it belongs to.
            pub const fn topic(&self) -> Topic {
                match self {
                    $( Self::$topic(_) => Topic::$topic, )*
                }
            }

            /// The name of its action in deepstream's API.
            pub const fn action_name(&self) -> &'static str {
                match self {
                    $( Self::$topic(message) => message.action.name(), )*
                }
            }

            /// A message of this topic to read into; its action stands in for the one to come.
            pub(super) fn blank(topic: Topic) -> Self {
                match topic {
                    $( Topic::$topic => Self::$topic($message::new($action::Error)), )*
                }
            }

            pub(super) fn body(&self) -> &dyn Body<'a> {
                match self {
                    $( Self::$topic(message) => message, )*
                }
            }

            pub(super) fn body_mut(&mut self) -> &mut dyn Body<'a> {
                match self {
                    $( Self::$topic(message) => message, )*
                }
            }
        }

        $(
            $(#[$attribute])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(arbitrary::Arbitrary))]
            pub struct $message<'a> {
                /// What the message does, asks or says.
                pub action: $action,
                $(
                    #[doc = $meaning]
                    pub $field: kind!('a $kind),
                )*
            }

            impl<'a> $message<'a> {
                /// A message with this action and no other field.
                pub fn new(action: $action) -> Self {
                    Self { action, $( $field: Default::default(), )* }
                }
            }

            impl<'a> Body<'a> for $message<'a> {
                fn set_action(&mut self, number: i32) -> bool {
                    $action::from_number(number).map(|action| self.action = action).is_some()
                }

                fn read(&mut self, number: u32, value: Value<'a>) -> Result<(), DecodeError> {
                    match number {
                        $( $number => self.$field.read(value), )*
                        _ => Ok(()),
                    }
                }

                fn write(&self, out: &mut Vec<u8>) {
                    write_number(ACTION_FIELD, self.action.number(), out);
                    $( self.$field.write($number, out); )*
                }
            }

            impl<'a> From<$message<'a>> for Message<'a> {
                fn from(message: $message<'a>) -> Self {
                    Self::$topic(message)
                }
            }
        )*
    };
}

messages! {
    /// What the server says about a message it could not read.
    Parser: ParserMessage ParserAction {
        2  data             text             "What went wrong, in words or as JSON text."
        8  original_topic   number           "Topic of the message that is answered, as the peer numbered it."
        9  original_action  number           "Action of the message that is answered, as the peer numbered it."
    }

    /// Opens a connection and keeps it.
    Connection: ConnectionMessage ConnectionAction {
        2  data             text             "JSON text."
        3  is_error         flag             "Whether it reports a failure."
        4  is_ack           flag             "Whether it acknowledges a message with the same action."
        5  url              text             "The URL the client dialled (CHALLENGE), or must dial instead (REDIRECT)."
        6  protocol_version text             "Version of the protocol that the client speaks."
        7  sdk_version      text             "Version of the client."
        8  sdk_type         text             "Kind of the client."
    }

    /// Logs in.
    Auth: AuthMessage AuthAction {
        2  data             text             "JSON text: the credentials, or what the server gives back for them."
        3  is_error         flag             "Whether it reports a failure."
        4  is_ack           flag             "Whether it acknowledges a message with the same action."
    }

    /// Publishes, subscribes and listens to events.
    Event: EventMessage EventAction {
        2  data             text             "The event's payload as JSON text."
        3  correlation_id   text             "Chosen by the sender; comes back in answers, and reaches subscribers with the event."
        4  is_error         flag             "Whether it reports a failure."
        5  is_ack           flag             "Whether it acknowledges a message with the same action."
        6  name             text             "Name of the event, or the pattern listened to."
        7  names            texts            "Names of the events, where an action takes many."
        8  subscription     text             "The name that matched the pattern."
        10 original_topic   number           "Topic of the message that is answered, as the peer numbered it."
        11 original_action  number           "Action of the message that is answered, as the peer numbered it."
    }

    /// Reads, writes, subscribes and listens to records.
    Record: RecordMessage RecordAction {
        2  data             text             "The record's data, or the value at `path`, as JSON text."
        3  correlation_id   text             "Chosen by the sender; comes back in answers."
        4  is_error         flag             "Whether it reports a failure."
        5  is_ack           flag             "Whether it acknowledges a message with the same action."
        6  name             text             "Name of the record, or the pattern listened to."
        7  names            texts            "Names of the records, where an action takes many."
        8  pattern          text             "Part of the schema; neither client nor server uses it."
        9  subscription     text             "The name that matched the pattern."
        10 original_action  number           "Action of the message that is answered, as the peer numbered it."
        11 is_write_ack     flag             "Whether the writer asks for a WRITE_ACKNOWLEDGEMENT."
        12 path             text             "The part of the record that is written."
        13 version          number           "Version of the record; -1 writes over any version."
        14 versions         numbers_by_text  "Versions by record name, as they were sent; of a repeated name the last entry counts."
    }

    /// Requests and provides remote procedure calls.
    Rpc: RpcMessage RpcAction {
        2  data             text             "Argument, result or error, as JSON text."
        3  correlation_id   text             "Chosen by the requestor; belongs to the one call."
        4  is_error         flag             "Whether it reports a failure."
        5  is_ack           flag             "Whether it acknowledges a message with the same action."
        6  names            texts            "Names of the procedures, where an action takes many."
        7  name             text             "Name of the procedure."
        9  original_action  number           "Action of the message that is answered, as the peer numbered it."
        10 requestor_name   text             "Who asks, if the server tells its providers."
        11 requestor_data   text             "What the server knows about who asks, as JSON text."
    }

    /// Asks and tells who is logged in.
    Presence: PresenceMessage PresenceAction {
        2  original_topic   number           "Topic of the message that is answered, as the peer numbered it."
        3  original_action  number           "Action of the message that is answered, as the peer numbered it."
        4  data             text             "JSON text: who of the users asked about is logged in."
        5  correlation_id   text             "Chosen by the sender; comes back in answers."
        6  is_error         flag             "Whether it reports a failure."
        7  is_ack           flag             "Whether it acknowledges a message with the same action."
        8  name             text             "The user who came or went."
        9  names            texts            "The users asked about, or logged in."
    }
}
