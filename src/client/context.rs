//! What every part of the client works with.

use std::collections::VecDeque;

use super::{
    deduplication::Deduplication,
    error::ClientError,
    flight::{Flight, Item},
    io::{Outcome, Output, SocketId, Ticket},
    limits::{LEAVING_MAX_MS, SLOW_LINK_BYTES_PER_MS, UNASKED_MAX_BYTES},
    options::Options,
    rng::Rng,
    time::Instant,
};
use crate::wire::{Message, Topic};

/// What a step of the connection or of a feature may look at and act through.
pub struct Context<'a> {
    /// The moment of the input.
    pub now: Instant,
    /// The application's options.
    pub options: &'a Options,
    /// Where randomness comes from.
    pub rng: &'a mut Rng,
    /// The socket, if it is logged in.
    pub session: Option<SocketId>,
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

/// The PINGs of one session, and what went out beside them. The server answers them in order and after what came before, so
/// the answer to one means that it has everything sent until then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pings {
    /// How many were sent.
    pub sent: u32,
    /// How many were answered.
    pub answered: u32,
    /// How much was sent, in bytes.
    pub bytes: u64,
    /// How much of that has arrived for certain.
    arrived: u64,
    /// When all of it has left, even on a slow link.
    pub leaves_at: Instant,
    /// How long an answer takes where nothing is in its way, in milliseconds: the shortest time seen.
    pub round_trip_ms: u64,
    /// When the server was last heard.
    pub heard_at: Instant,
    /// When the server was first asked for something since it was last heard.
    pub asked_at: Option<Instant>,
}

impl Pings {
    /// None yet, in a session whose handshake took so long to be answered.
    pub fn of_session(round_trip_ms: u64) -> Self {
        Self { round_trip_ms, ..Self::default() }
    }

    /// So many bytes are handed over.
    pub fn sends(&mut self, now: Instant, bytes: u64) {
        self.bytes += bytes;
        self.leaves_at = leaving(self.leaves_at.max(now), bytes).min(now.after_ms(LEAVING_MAX_MS));
    }

    /// The server has the first so many bytes.
    pub fn arrived(&mut self, now: Instant, bytes: u64) {
        self.arrived = bytes;
        self.leaves_at = leaving(now, self.bytes - bytes).min(now.after_ms(LEAVING_MAX_MS));
    }

    /// Whether so much was sent that it is worth a PING to know that it has arrived.
    pub const fn is_much_unknown(&self) -> bool {
        self.bytes - self.arrived > UNASKED_MAX_BYTES
    }
}

const fn leaving(from: Instant, bytes: u64) -> Instant {
    from.after_ms(bytes / SLOW_LINK_BYTES_PER_MS)
}

impl Context<'_> {
    /// Sends one message in the session.
    pub fn send(&mut self, message: &Message<'_>) {
        debug_assert!(self.session.is_some(), "{message:?} without a session");
        if let Some(socket) = self.session {
            self.send_on(socket, message);
        }
    }

    /// Sends one message on `socket`, logged in or not.
    pub fn send_on(&mut self, socket: SocketId, message: &Message<'_>) {
        let frame = message.encode();
        self.flight.on_other_sent(frame.len(), self.pings);
        self.send_frame(socket, message, frame);
    }

    /// Sends what the application has entrusted, which may be what the server cannot take. Says whether it was sent: not if it
    /// is too long.
    pub fn send_item(&mut self, item: Item, message: &Message<'_>) -> bool {
        debug_assert!(self.session.is_some(), "{message:?} without a session");
        let Some(socket) = self.session else { return false };
        let frame = message.encode();
        let is_taken = !self.flight.is_too_long(self.now, frame.len());
        if is_taken {
            self.flight.on_sent(item, frame.len(), self.pings);
            self.send_frame(socket, message, frame);
        }
        is_taken
    }

    fn send_frame(&mut self, socket: SocketId, message: &Message<'_>, frame: Vec<u8>) {
        // Answers in these topics may be long.
        if matches!(message.topic(), Topic::Record | Topic::Rpc | Topic::Presence) {
            self.pings.asked_at.get_or_insert(self.now);
        }
        self.pings.sends(self.now, frame.len() as u64);
        self.out.push_back(Output::Send(socket, frame));
    }

    /// Settles what the application waits for.
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        self.out.push_back(Output::Settle(ticket, outcome));
    }

    /// Settles all of these, each with the same outcome, and leaves none behind.
    pub fn settle_all(&mut self, tickets: &mut Vec<Ticket>, outcome: &Outcome) {
        for ticket in tickets.drain(..) {
            self.settle(ticket, outcome.clone());
        }
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
