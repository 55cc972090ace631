//! What every part of the client works with.

mod keep;
mod locks;

use super::{
    deduplication::Deduplication,
    error::ClientError,
    flight::{Flight, Item},
    io::{Entry, Outcome, Output, SocketId, Ticket},
    log::Log,
    options::Options,
    pings::Pings,
    rng::Rng,
    time::Instant,
};
use crate::{
    queue::Queue,
    wire::{Message, Topic},
};

/// What a step of the connection or of a feature may look at and act through.
#[derive(Debug)]
pub struct Context {
    /// The moment of the input.
    pub now: Instant,
    /// The application's options.
    pub options: Options,
    /// Where randomness comes from.
    pub rng: Rng,
    /// The socket, if it is logged in.
    pub session: Option<SocketId>,
    /// Why there will be no session unless the application asks for one, so that nobody need wait for it.
    pub stopped: Option<ClientError>,
    /// Where outputs go.
    pub out: Queue<Output>,
    /// The PINGs of the session.
    pub pings: Pings,
    /// What is on its way in the session.
    pub flight: Flight,
    /// What subscribers here have been told of.
    pub seen: Deduplication,
    /// What all that waits for the server has in common.
    pub log: Log,
    /// What the clock on the wall said at the origin of [`Instant`], in milliseconds since 1970.
    pub wall_clock_origin_ms: u64,
}

/// What is done with each entry.
pub type Visit<'a> = dyn FnMut(&mut Context, &mut Entry) + 'a;

impl Context {
    /// Sends one message in the session.
    pub fn send(&mut self, message: &Message<'_>) {
        debug_assert!(self.session.is_some(), "{} without a session", message.action.name());
        if let Some(socket) = self.session {
            self.send_on(socket, message);
        }
    }

    /// Sends one message on `socket`, logged in or not.
    pub fn send_on(&mut self, socket: SocketId, message: &Message<'_>) {
        let frame = message.encode();
        self.flight.on_other_sent(frame.len(), &self.pings);
        self.send_frame(socket, message, frame);
    }

    /// Sends what the application has entrusted, which may be what the server cannot take. Says whether it was sent: not if it
    /// is too long.
    pub fn send_item(&mut self, item: Item, message: &Message<'_>) -> bool {
        debug_assert!(self.session.is_some(), "{} without a session", message.action.name());
        let Some(socket) = self.session else { return false };
        let frame = message.encode();
        let is_taken = !self.flight.is_too_long(self.now, frame.len());
        if is_taken {
            self.flight.on_sent(item, frame.len(), &self.pings);
            self.send_frame(socket, message, frame);
        }
        is_taken
    }

    fn send_frame(&mut self, socket: SocketId, message: &Message<'_>, frame: Vec<u8>) {
        // Answers in these topics may be long.
        if matches!(message.action.topic(), Topic::Record | Topic::Rpc | Topic::Presence) {
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
        for ticket in &*tickets {
            self.settle(*ticket, outcome.clone());
        }
        tickets.clear();
    }

    /// Tells those who would wait for a session that none will come, if that is so.
    pub fn refuse_to_wait(&mut self, tickets: &mut Vec<Ticket>) {
        if let Some(error) = self.stopped.clone() {
            self.settle_all(tickets, &Err(error));
        }
    }

    /// Settles all of these with an error, and leaves none behind; emits it if there are none.
    pub fn reject(&mut self, tickets: &mut Vec<Ticket>, error: ClientError) {
        if tickets.is_empty() {
            self.report(error);
        } else {
            self.settle_all(tickets, &Err(error));
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
