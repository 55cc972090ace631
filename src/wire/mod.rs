//! Bytes to messages and back: deepstream's binary protocol, without state or policy.
//!
//! A frame is what one binary WebSocket message carries: deepstream messages one after the other,
//! each a protobuf `Message { topic = 2, message = 3 }` after its own length. Servers read only
//! the first message of a frame, so [`Message::encode`] makes a frame of one; [`decode`] yields
//! every message of a frame that arrives.
//!
//! Messages borrow their text from the frame, and payloads stay the JSON text they are. Fields
//! that are not in the schema are skipped; of a field that is there twice, the last one counts.
//!
//! ```
//! use deepstream_wasm::wire::{EventAction, Message, decode};
//!
//! let message = Message {
//!     name: Some("greeting"),
//!     data: Some("\"hello\""),
//!     ..Message::new(EventAction::Emit)
//! };
//! let frame = message.encode();
//! assert!(decode(&frame).eq([Ok(message)]));
//! ```

mod actions;
mod error;
mod messages;
mod protobuf;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod round_trip;

use core::iter::FusedIterator;

pub use actions::{
    Action, AuthAction, ConnectionAction, EventAction, ParserAction, PresenceAction, RecordAction, RpcAction, Topic,
};
pub use error::DecodeError;
pub use messages::Message;

use protobuf::{Reader, Value, write_bytes, write_number, write_varint};

/// The longest frame that is decoded, in bytes (16 MiB). A longer one is refused unread.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

const TOPIC_FIELD: u32 = 2;
const BODY_FIELD: u32 = 3;

/// Room for what stands before a message's body: two tags, a topic and two lengths.
const HEADER_BYTES: usize = 16;

/// Decodes every message of a binary frame.
///
/// A message that cannot be decoded yields an error, and the ones after it are decoded all the
/// same; the iterator ends early only where nobody can tell where the next message begins. A
/// frame without any message, or longer than [`MAX_FRAME_BYTES`], yields one error. Never panics.
pub fn decode(frame: &[u8]) -> Messages<'_> {
    let refusal = match frame.len() {
        0 => Some(DecodeError::Truncated),
        1..=MAX_FRAME_BYTES => None,
        bytes => Some(DecodeError::Oversized { bytes, limit: MAX_FRAME_BYTES }),
    };
    let readable = if refusal.is_some() { &[] } else { frame };
    Messages { refusal, reader: Reader::new(readable) }
}

/// The messages of a frame, decoded one at a time: see [`decode`].
pub struct Messages<'a> {
    /// Why the frame as a whole is refused, until it has been told.
    refusal: Option<DecodeError>,
    reader: Reader<'a>,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.refusal.take() {
            return Some(Err(error));
        }
        if self.reader.is_empty() {
            return None;
        }
        match self.reader.delimited() {
            Ok(message) => Some(decode_message(message)),
            Err(error) => {
                self.reader = Reader::new(&[]);
                Some(Err(error))
            }
        }
    }
}

impl FusedIterator for Messages<'_> {}

impl Message<'_> {
    /// A frame with this one message.
    pub fn encode(&self) -> Vec<u8> {
        let body = self.body();
        let mut message = Vec::with_capacity(HEADER_BYTES + body.len());
        write_number(TOPIC_FIELD, self.action.topic().number(), &mut message);
        write_bytes(BODY_FIELD, &body, &mut message);

        let mut frame = Vec::with_capacity(HEADER_BYTES + message.len());
        write_varint(message.len() as u64, &mut frame);
        frame.extend_from_slice(&message);
        frame
    }
}

fn decode_message(message: &[u8]) -> Result<Message<'_>, DecodeError> {
    let mut topic = 0;
    let mut body: &[u8] = &[];
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match field {
            (TOPIC_FIELD, Value::Number(number)) => topic = number as i32,
            (BODY_FIELD, Value::Bytes(bytes)) => body = bytes,
            _ => {}
        }
    }
    let topic = Topic::from_number(topic).ok_or(DecodeError::UnknownTopic(topic))?;
    Message::read(topic, body)
}
