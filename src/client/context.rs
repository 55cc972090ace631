//! What every part of the client works with.

use std::collections::VecDeque;

use super::{
    deduplication::Deduplication,
    error::ClientError,
    flight::{Flight, Item},
    io::{Output, SocketId},
    options::Options,
    rng::Rng,
    time::Instant,
};
use crate::wire::Message;

/// What a step of the connection or of a feature may look at and act through.
pub struct Context<'a> {
    /// The moment of the input.
    pub now: Instant,
    /// The application's options.
    pub options: &'a Options,
    /// Where randomness comes from.
    pub rng: &'a mut Rng,
    /// Where outputs go.
    pub out: &'a mut VecDeque<Output>,
    /// The PINGs of the session.
    pub pings: &'a mut Pings,
    /// What is on its way in the session.
    pub flight: &'a mut Flight,
    /// What subscribers here have been told of.
    pub seen: &'a mut Deduplication,
    /// What the clock on the wall said at the origin of [`Instant`], in milliseconds since 1970.
    pub wall_clock_origin_ms: u64,
}

/// The PINGs of one session. The server answers them in order and after what came before, so the answer to one means that
/// it has everything sent until then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pings {
    /// How many were sent.
    pub sent: u32,
    /// How many were answered.
    pub answered: u32,
}

impl Context<'_> {
    /// Sends one message on `socket`.
    pub fn send(&mut self, socket: SocketId, message: &Message<'_>) {
        let frame = message.encode();
        self.flight.on_other_sent(frame.len(), self.pings);
        self.out.push_back(Output::Send(socket, frame));
    }

    /// Sends what the application has entrusted, which may be what the server cannot take. Says whether it was sent: not if it
    /// is too long.
    pub fn send_item(&mut self, socket: SocketId, item: Item, message: &Message<'_>) -> bool {
        let frame = message.encode();
        let is_taken = !self.flight.is_too_long(self.now, frame.len());
        if is_taken {
            self.flight.on_sent(item, frame.len(), self.pings);
            self.out.push_back(Output::Send(socket, frame));
        }
        is_taken
    }

    /// What the clock on the wall says at a moment, in milliseconds since 1970.
    pub fn wall_clock_ms(&self, moment: Instant) -> u64 {
        self.wall_clock_origin_ms.saturating_add(moment.as_ms())
    }

    /// Emits `error`.
    pub fn report(&mut self, error: ClientError) {
        self.out.push_back(Output::Error(error));
    }
}
