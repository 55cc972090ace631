//! What every part of the client works with.

use std::collections::VecDeque;

use super::{
    error::ClientError,
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
}

impl Context<'_> {
    /// Sends one message on `socket`.
    pub fn send(&mut self, socket: SocketId, message: &Message<'_>) {
        self.out.push_back(Output::Send(socket, message.encode()));
    }

    /// Emits `error`.
    pub fn report(&mut self, error: ClientError) {
        self.out.push_back(Output::Error(error));
    }
}
