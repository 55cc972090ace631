//! What is known of the way to the server and back.

use super::{
    limits::{LEAVING_MAX_MS, SLOW_LINK_BYTES_PER_MS, UNASKED_MAX_BYTES},
    time::Instant,
};

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
