//! A message of the record topic that outlives its frame, as the server's callbacks need it.

use deepstream_wasm::wire::{Message, RecordAction};

use crate::world::network::LinkId;

/// What a client asked for, and over which link.
#[derive(Clone, Debug)]
pub struct Asked {
    pub link: LinkId,
    pub action: RecordAction,
    pub name: Option<String>,
    pub names: Vec<String>,
    pub correlation_id: Option<String>,
    pub is_write_ack: bool,
    pub path: Option<String>,
    pub version: Option<i32>,
    pub data: Option<String>,
}

impl Asked {
    pub fn new(link: LinkId, action: RecordAction, message: &Message<'_>) -> Self {
        Self {
            link,
            action,
            name: message.name.map(Into::into),
            names: message.names.iter().map(|name| (*name).into()).collect(),
            correlation_id: message.correlation_id.map(Into::into),
            is_write_ack: message.is_write_ack,
            path: message.path.map(Into::into),
            version: message.version,
            data: message.data.map(Into::into),
        }
    }

    /// The same about one name of many.
    pub fn about(&self, name: &str) -> Self {
        Self { name: Some(name.into()), ..self.clone() }
    }

    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The message itself, with another action.
    pub fn echo(&self, action: RecordAction) -> Message<'_> {
        Message {
            name: self.name.as_deref(),
            names: self.names.iter().map(String::as_str).collect(),
            correlation_id: self.correlation_id.as_deref(),
            is_write_ack: self.is_write_ack,
            path: self.path.as_deref(),
            version: self.version,
            data: self.data.as_deref(),
            ..Message::new(action)
        }
    }

    /// The message sent back because something is wrong with it.
    pub fn returned(&self, action: RecordAction) -> Message<'_> {
        Message { original_action: Some(self.action.number()), ..self.echo(action) }
    }

    /// A failure to do what was asked. Only some failures name what they answer.
    pub fn failure(&self, action: RecordAction) -> Message<'_> {
        Message {
            is_error: true,
            name: self.name.as_deref(),
            original_action: Some(self.action.number()),
            is_write_ack: self.is_write_ack,
            ..Message::new(action)
        }
    }
}
