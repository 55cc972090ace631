//! The messages of the seven topics, which differ in the fields that they have.

use super::{
    Action, DecodeError, ParserAction, Topic,
    protobuf::{Field, Reader, write_number},
};

/// The field with the action, in messages of all topics.
const ACTION_FIELD: u32 = 1;

/// Declares the fields: name, type and meaning of each. The action, which every message has, is not listed.
macro_rules! fields {
    ($( $field:ident: $type:ty = $meaning:literal; )*) => {
        /// A message of any topic. There are fields for all topics, so that what is done with them is there once: bytes
        /// count. Those that its topic does not have are not sent.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(arbitrary::Arbitrary))]
        pub struct Message<'a> {
            /// What it does, asks or says.
            pub action: Action,
            $(
                #[doc = $meaning]
                pub $field: $type,
            )*
        }

        impl<'a> Message<'a> {
            /// A message with this action and no other field.
            pub fn new(action: impl Into<Action>) -> Self {
                Self::with(action.into())
            }

            #[inline(never)]
            fn with(action: Action) -> Self {
                Self { action, $( $field: Default::default(), )* }
            }

            #[inline(never)]
            fn field(&self, which: Name) -> &dyn Field<'a> {
                match which {
                    $( Name::$field => &self.$field, )*
                }
            }

            #[inline(never)]
            fn field_mut(&mut self, which: Name) -> &mut dyn Field<'a> {
                match which {
                    $( Name::$field => &mut self.$field, )*
                }
            }

            /// Leaves nothing but what its topic has.
            #[cfg(all(test, not(target_arch = "wasm32")))]
            pub(super) fn leave_what_is_sent(&mut self) {
                let sent = self.action.topic().fields();
                $(
                    if sent.iter().all(|(_, name)| *name != Name::$field) {
                        self.$field = Default::default();
                    }
                )*
            }
        }

        /// The fields, called as they are.
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[expect(non_camel_case_types, reason = "they are called as they are")]
        enum Name {
            $( $field, )*
        }
    };
}

/// Declares the fields that the messages of each topic have: number and name of each, in the order of the numbers, which is
/// the order of writing.
macro_rules! topics {
    ($(
        $topic:ident { $( $number:literal $field:ident )* }
    )*) => {
        impl Topic {
            /// The fields of its messages.
            const fn fields(self) -> &'static [(u8, Name)] {
                match self {
                    $( Self::$topic => &[$( ($number, Name::$field), )*], )*
                }
            }
        }
    };
}

fields! {
    data: Option<&'a str> = "JSON text: payload, data, argument, result, credentials; or what went wrong, perhaps in words.";
    correlation_id: Option<&'a str> = "Chosen by the sender; comes back in answers, and reaches subscribers with an event.";
    is_error: bool = "Whether it reports a failure.";
    is_ack: bool = "Whether it acknowledges a message with the same action.";
    name: Option<&'a str> = "What it is about: an event, record, procedure or user, or the pattern listened to.";
    names: Vec<&'a str> = "The same, where an action takes many.";
    subscription: Option<&'a str> = "The name that matched the pattern.";
    original_topic: Option<i32> = "Topic of the message that is answered, as the peer numbered it.";
    original_action: Option<i32> = "Action of the message that is answered, as the peer numbered it.";
    path: Option<&'a str> = "The part of the record that is written.";
    version: Option<i32> = "Version of the record; -1 writes over any version.";
    versions: Vec<(&'a str, i32)> = "Versions by record name, as they were sent; of a repeated name the last entry counts.";
    is_write_ack: bool = "Whether the writer asks for a WRITE_ACKNOWLEDGEMENT.";
    pattern: Option<&'a str> = "Part of the schema; neither client nor server uses it.";
    requestor_name: Option<&'a str> = "Who asks for a call, if the server tells its providers.";
    requestor_data: Option<&'a str> = "What the server knows about who asks, as JSON text.";
    url: Option<&'a str> = "The URL the client dialled (CHALLENGE), or must dial instead (REDIRECT).";
    protocol_version: Option<&'a str> = "Version of the protocol that the client speaks.";
    sdk_version: Option<&'a str> = "Version of the client.";
    sdk_type: Option<&'a str> = "Kind of the client.";
}

topics! {
    Parser {
        2  data
        8  original_topic
        9  original_action
    }

    Connection {
        2  data
        3  is_error
        4  is_ack
        5  url
        6  protocol_version
        7  sdk_version
        8  sdk_type
    }

    Auth {
        2  data
        3  is_error
        4  is_ack
    }

    Event {
        2  data
        3  correlation_id
        4  is_error
        5  is_ack
        6  name
        7  names
        8  subscription
        10 original_topic
        11 original_action
    }

    Record {
        2  data
        3  correlation_id
        4  is_error
        5  is_ack
        6  name
        7  names
        8  pattern
        9  subscription
        10 original_action
        11 is_write_ack
        12 path
        13 version
        14 versions
    }

    Rpc {
        2  data
        3  correlation_id
        4  is_error
        5  is_ack
        6  names
        7  name
        9  original_action
        10 requestor_name
        11 requestor_data
    }

    Presence {
        2  original_topic
        3  original_action
        4  data
        5  correlation_id
        6  is_error
        7  is_ack
        8  name
        9  names
    }
}

impl<'a> Message<'a> {
    /// A message with this action about this.
    pub fn about(action: impl Into<Action>, name: &'a str) -> Self {
        let mut message = Self::new(action);
        message.name = Some(name);
        message
    }

    /// Reads the body of a message of this topic.
    pub(super) fn read(topic: Topic, body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut message = Self::new(ParserAction::Error);
        let mut number = None;
        let mut reader = Reader::new(body);
        while let Some((field, value)) = reader.field()? {
            if field == ACTION_FIELD {
                number.read(value)?;
            } else if let Some((_, name)) = topic.fields().iter().find(|(known, _)| u32::from(*known) == field) {
                message.field_mut(*name).read(value)?;
            }
        }
        let action = number.unwrap_or_default();
        message.action = Action::from_number(topic, action).ok_or(DecodeError::UnknownAction { topic, action })?;
        Ok(message)
    }

    /// The action and the other fields.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        write_number(ACTION_FIELD, self.action.number(), &mut body);
        for (number, name) in self.action.topic().fields() {
            self.field(*name).write(u32::from(*number), &mut body);
        }
        body
    }
}
