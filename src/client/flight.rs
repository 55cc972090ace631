//! What is on its way to the server, of every kind, and which of it the server cannot take.
//!
//! A message that is too long ends the connection with the code 1009: the longest that was on its way is the one, whatever
//! others were. Other ends say nothing. What was on its way at a few of them in a row is suspect, and goes in small groups;
//! what is left is alone in the end, and is given up once enough connections have ended with nothing else on its way.

use super::{
    io::{Entry, Kind},
    limits::{
        ALWAYS_TAKEN_BYTES, CAREFUL_AFTER_CUTS, LIKELY_TOO_LONG_BYTES, SUSPECTS_MAX, TOO_LONG_MS,
        UNDELIVERABLE_AFTER_CUTS,
    },
    pings::Pings,
    reason::{CloseKind, CloseReason},
    time::Instant,
};
use crate::queue::Queue;

/// The WebSocket close code for a message that is longer than the server takes (RFC 6455, section 7.4.1).
const MESSAGE_TOO_BIG: u16 = 1009;

/// One thing that can be on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event, by its number in the log.
    Event(u64),
    /// A durable call, or a write to a record that is not open, by its number in the log.
    Entry(u64),
    /// A call that is kept in memory alone, by its number in the log.
    Call(u64),
    /// Writes to a record that is open.
    Record(Box<str>),
    /// An answer to a call of this procedure.
    Answer(Box<str>),
}

impl Item {
    /// What stands in a queue.
    pub const fn of(entry: &Entry) -> Self {
        match entry.kind {
            Kind::Event => Self::Event(entry.number),
            Kind::Call { .. } if entry.key.is_empty() => Self::Call(entry.number),
            _ => Self::Entry(entry.number),
        }
    }

    /// Whether this was entrusted later than something else of its kind, as far as their numbers tell.
    fn is_after(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Event(own), Self::Event(its))
            | (Self::Entry(own), Self::Entry(its))
            | (Self::Call(own), Self::Call(its)) => own > its,
            _ => false,
        }
    }
}

#[derive(Debug)]
struct Sent {
    item: Item,
    bytes: usize,
    /// The server has it once it answers the PING with this number.
    barrier: u32,
}

/// What was sent in this session and may not have arrived, and what is known from earlier ones.
#[derive(Debug, Default)]
pub struct Flight {
    /// In the order in which it was sent: nothing but suspects, or none.
    sent: Queue<Sent>,
    /// What was on its way when the last connection ended, and at how many ends in a row it was.
    suspects: Vec<(Item, u32)>,
    /// Most suspects on their way at a time.
    group: usize,
    is_waited_for: bool,
    has_waiting_suspect: bool,
    /// Whether the answer to a PING is wanted, so that more can be sent.
    pub wants_ping: bool,
    /// The longest of the messages that are not of the application, and the PING after it.
    longest_other: (usize, u32),
    /// The longest that has arrived.
    arrived_bytes: usize,
    /// How long one was that the server did not take, and until when nothing as long is sent.
    too_long: Option<(usize, Instant)>,
}

impl Flight {
    /// Nothing sent, nothing known.
    pub fn new() -> Self {
        Self { group: 1, arrived_bytes: ALWAYS_TAKEN_BYTES, ..Self::default() }
    }

    fn cuts(&self, item: &Item) -> u32 {
        self.suspects.iter().find(|(suspect, _)| suspect == item).map_or(0, |(_, cuts)| *cuts)
    }

    /// Whether something was on its way at several ends of connections in a row.
    pub fn is_suspect(&self, item: &Item) -> bool {
        self.cuts(item) >= CAREFUL_AFTER_CUTS
    }

    fn carries_suspects(&self) -> bool {
        self.sent.front().is_some_and(|sent| self.is_suspect(&sent.item))
    }

    fn takes_suspect(&self) -> bool {
        self.sent.is_empty() || (self.carries_suspects() && self.sent.len() < self.group)
    }

    /// Whether something may go beside what is on its way. If not, [`takes_more`](Self::takes_more) says when to ask again.
    pub fn has_room_for(&mut self, item: &Item) -> bool {
        let is_suspect = self.is_suspect(item);
        let has_room =
            if is_suspect { self.takes_suspect() } else { !self.has_waiting_suspect && !self.carries_suspects() };
        self.is_waited_for |= !has_room;
        self.has_waiting_suspect |= is_suspect && !has_room;
        has_room
    }

    /// Whether what had to wait may be sent now, or some of it.
    pub fn takes_more(&mut self) -> bool {
        let takes_more = self.is_waited_for && self.takes_suspect();
        if takes_more {
            (self.is_waited_for, self.has_waiting_suspect) = (false, false);
        }
        takes_more
    }

    /// Whether the server did not take a message of this length lately.
    pub fn is_too_long(&self, now: Instant, bytes: usize) -> bool {
        self.too_long.is_some_and(|(too_long, until)| bytes >= too_long && now < until)
    }

    /// Something is sent, after so many PINGs.
    pub fn on_sent(&mut self, item: Item, bytes: usize, pings: &Pings) {
        debug_assert!(
            !matches!(item, Item::Record(_)) || self.sent.iter().filter(|sent| sent.item == item).count() <= 1,
            "{item:?} is on its way, and what was before it has not been told to have arrived"
        );
        self.wants_ping |= self.is_suspect(&item);
        self.sent.push_back(Sent { item, bytes, barrier: pings.sent + 1 });
        self.wants_ping |= self.sent.len().is_multiple_of(SUSPECTS_MAX);
    }

    /// A message is sent that is not of the application.
    pub fn on_other_sent(&mut self, bytes: usize, pings: &Pings) {
        self.longest_other = (self.longest_other.0.max(bytes), pings.sent + 1);
    }

    /// The server is known to have something, or nobody wants to know any more.
    pub fn on_arrived(&mut self, item: &Item) {
        // While nothing is suspect, those of a kind leave in the order of their numbers: what follows is not looked at.
        let is_past = |sent: &Sent| self.suspects.is_empty() && sent.item.is_after(item);
        let found = self.sent.iter().position(|sent| sent.item == *item || is_past(sent));
        let Some(position) = found.filter(|position| self.sent.get(*position).is_some_and(|sent| sent.item == *item))
        else {
            return;
        };
        if let Some(sent) = self.sent.remove(position) {
            self.arrived_bytes = self.arrived_bytes.max(sent.bytes);
        }
        if let Some(position) = self.suspects.iter().position(|(suspect, _)| suspect == item) {
            self.suspects.swap_remove(position);
            // Twice as many after each group.
            self.group += 1;
        }
    }

    /// The server has answered so many PINGs: it has what was sent before. Whether it survives what it owes an answer for
    /// that answer will tell.
    pub fn on_pong(&mut self, answered: u32) {
        if self.longest_other.1 <= answered {
            self.longest_other.0 = 0;
        }
        if self.sent.len() > SUSPECTS_MAX {
            // So many calls may be open that looking for one would take long.
            self.sent.take_out(&|sent| sent.barrier <= answered);
        }
        let is_answered = |sent: &Sent| matches!(sent.item, Item::Answer(_)) && sent.barrier <= answered;
        loop {
            let item = self.sent.iter().find(|sent| is_answered(sent)).map(|sent| sent.item.clone());
            let Some(item) = item else { return };
            self.on_arrived(&item);
        }
    }

    /// The session is over, with so many PINGs answered. Returns what the server cannot take, if that is certain.
    pub fn on_lost(&mut self, now: Instant, reason: Option<&CloseReason>, answered: u32) -> Option<Item> {
        let mut sent = std::mem::take(&mut self.sent);
        (self.is_waited_for, self.has_waiting_suspect, self.wants_ping) = (false, false, false);
        let longest_other = std::mem::take(&mut self.longest_other).0;
        let reason = reason.filter(|reason| reason.kind == CloseKind::Network)?;
        if reason.code == Some(MESSAGE_TOO_BIG) {
            let (mut longest, mut bytes) = (None, self.arrived_bytes.max(longest_other));
            for sent in sent.iter() {
                if sent.barrier > answered && (sent.bytes > bytes || (longest.is_some() && sent.bytes == bytes)) {
                    (longest, bytes) = (Some(&sent.item), sent.bytes);
                }
            }
            if let Some(item) = longest {
                self.too_long = Some((bytes, now.after_ms(TOO_LONG_MS)));
                return Some(item.clone());
            }
            // Perhaps another server takes less.
            self.arrived_bytes = ALWAYS_TAKEN_BYTES;
        }
        if sent.is_empty() {
            return None;
        }
        let is_alone = sent.len() == 1;
        let mut counted = Vec::new();
        for sent in sent.iter().take(SUSPECTS_MAX) {
            counted.push((sent.item.clone(), self.cuts(&sent.item) + 1));
        }
        (self.suspects, self.group) = (counted, 1);
        let alone = sent.pop_front().filter(|it| is_alone && self.cuts(&it.item) >= UNDELIVERABLE_AFTER_CUTS)?;
        if alone.bytes > self.arrived_bytes.max(LIKELY_TOO_LONG_BYTES) {
            self.too_long = Some((alone.bytes, now.after_ms(TOO_LONG_MS)));
        }
        self.suspects.clear();
        Some(alone.item)
    }
}
