//! What every part of the client works with.

use std::collections::VecDeque;

use super::{
    connection::{CloseKind, CloseReason},
    deduplication::Deduplication,
    error::ClientError,
    io::{Output, SocketId},
    limits::{CAREFUL_AFTER_CUTS, UNDELIVERABLE_AFTER_CUTS},
    options::Options,
    rng::Rng,
    time::Instant,
};
use crate::wire::Message;

/// The WebSocket close code for a message that is longer than the server takes (RFC 6455, section 7.4.1).
const MESSAGE_TOO_BIG: u16 = 1009;

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

/// What the end of a session says of what was on its way: something of it may be what the server cannot take.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// How much suspicion it brings: none after a dead link, a server that announces its end, or what this side wanted.
    pub weight: u32,
    /// Whether it was said to have been too big.
    pub is_too_big: bool,
    /// Whether there was only one thing on its way.
    pub is_certain: bool,
}

impl Cut {
    /// The end of a session for some reason, with so many things on their way.
    pub fn of(reason: Option<&CloseReason>, in_flight: usize) -> Self {
        let reason = reason.filter(|reason| reason.kind == CloseKind::Network);
        let is_too_big = reason.is_some_and(|reason| reason.code == Some(MESSAGE_TOO_BIG));
        let weight = if is_too_big { UNDELIVERABLE_AFTER_CUTS / 2 } else { u32::from(reason.is_some()) };
        Self { weight, is_too_big, is_certain: in_flight == 1 }
    }

    /// Adds to the suspicion against something that was on its way, which goes alone once there is enough of it; says
    /// whether it is certain by now that the server cannot take it.
    pub const fn count(self, cuts: &mut u32) -> bool {
        if *cuts < CAREFUL_AFTER_CUTS || self.is_certain {
            *cuts += self.weight;
        }
        *cuts >= UNDELIVERABLE_AFTER_CUTS
    }
}

impl Context<'_> {
    /// Sends one message on `socket`.
    pub fn send(&mut self, socket: SocketId, message: &Message<'_>) {
        self.out.push_back(Output::Send(socket, message.encode()));
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
