//! One thing that the application entrusted to the client.

use std::rc::Rc;

use super::Ticket;
use crate::{
    client::{
        error::{ClientError, RpcFailure},
        time::Instant,
    },
    wire::{EventAction, Message, Topic},
};

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event.
    Event,
    /// A remote procedure call.
    Call {
        /// Whether it may be executed twice.
        idempotent: bool,
    },
    /// A write to a record that is open, or the wish to delete it.
    Write,
    /// What such writes were made to. Not an entry by itself.
    Base,
    /// A write to a record that is not open, or the wish to delete it.
    Forced,
}

impl Kind {
    /// The part of the client that it is of.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Event => Topic::Event,
            Self::Call { .. } => Topic::Rpc,
            Self::Write | Self::Base | Self::Forced => Topic::Record,
        }
    }

    /// The letters that stand for them in storage.
    const LETTERS: [(Self, &'static str); 6] = [
        (Self::Event, "e"),
        (Self::Call { idempotent: false }, "c"),
        (Self::Call { idempotent: true }, "i"),
        (Self::Write, "w"),
        (Self::Base, "b"),
        (Self::Forced, "f"),
    ];

    /// The letter that stands for it in storage.
    pub fn letter(self) -> &'static str {
        Self::LETTERS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, letter)| letter)
    }

    /// The kind that a letter stands for.
    pub fn from_letter(letter: &str) -> Option<Self> {
        Self::LETTERS.iter().find(|(_, known)| *known == letter).map(|(kind, _)| *kind)
    }

    /// Whether it is a remote procedure call.
    pub const fn is_call(self) -> bool {
        matches!(self, Self::Call { .. })
    }

    /// Whether it concerns a record.
    pub const fn is_of_record(self) -> bool {
        matches!(self, Self::Write | Self::Base | Self::Forced)
    }
}

/// What keys begin with that an application has chosen.
pub const CHOSEN_KEY: &str = "=";

/// What the client does for what it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Keeps it in storage until the server has it.
    #[default]
    Durable,
    /// Keeps it in memory until the server has it.
    Memory,
    /// Sends it now or never.
    Drop,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not sent in this session.
    Waiting,
    /// Sent; the server has it once it answers the PING with this number.
    Sent {
        /// Counts the PINGs of the session from 1.
        barrier: u32,
    },
    /// A call that must not be executed twice: it is made once storage says that it no longer holds it.
    Leaving {
        /// Tells the question from earlier ones.
        batch: u32,
    },
    /// A call, or a write to a record that is not open, that was made in this session; its outcome is awaited.
    Made,
    /// A write that is part of its record here.
    InRecord,
    /// Not sent in this session: it is another user's, or a call that storage does not let go of.
    Held,
}

/// Whose an entry is, as it stands in storage: a digest of what the server calls the user, or of what the client logged
/// in with. Empty as long as nobody has logged in.
pub type Owner = Rc<str>;

/// How sure it is whose an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had said who would log in: whoever does next in this page.
    Open,
    /// Somebody had said so, and has not been let in since.
    Made,
    /// They have been let in.
    Proven,
}

/// What the application entrusts to the client.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// What it is.
    pub kind: Kind,
    /// The name of the event, or of the procedure.
    pub name: &'a str,
    /// JSON text; `None` for `undefined`.
    pub data: Option<&'a str>,
    /// What to do for it.
    pub delivery: Delivery,
    /// How long it is worth sending, in milliseconds; `None` for what the options say.
    pub ttl_ms: Option<u64>,
    /// What tells it from all others; `None` for one of the client's choice.
    pub key: Option<&'a str>,
    /// Who wants to know what becomes of it.
    pub receipt: Option<Ticket>,
}

/// Names what stands in storage together, as long as it has entries here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupId(pub usize);

/// One thing that the application entrusted to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts the entries of a client.
    pub number: u64,
    /// What it is.
    pub kind: Kind,
    /// The name of the event, the procedure, or the record.
    pub name: Box<str>,
    /// JSON text; `None` for `undefined`.
    pub data: Option<Box<str>>,
    /// Goes with it, so that who gets it twice can tell. Empty for a call that is kept in memory alone.
    pub key: Box<str>,
    /// Who must be logged in for it to be sent.
    pub owner: Owner,
    /// How sure that is.
    pub claim: Claim,
    /// When it was given, in milliseconds since 1970.
    pub created_ms: u64,
    /// When it is no longer worth sending.
    pub expires_at: Instant,
    /// What to do where it cannot be sent.
    pub delivery: Delivery,
    /// What it stands in storage with, where it is there.
    pub stored: Option<GroupId>,
    /// How far it has come.
    pub progress: Progress,
    /// Who wants to know what becomes of it.
    pub receipts: Vec<Ticket>,
    /// When whoever waits for the outcome of a call no longer does.
    pub settle_by: Option<Instant>,
    /// Whether it may have been sent before: by another page, which is gone, or, if it is a call or a write to a record that is
    /// not open, in an earlier session. The subscribers here are yet to be told of an event of another page.
    pub was_sent: bool,
    /// Whether it is to be taken out of its queue.
    pub is_marked: bool,
}

impl Entry {
    /// Whether the application has chosen this key for it.
    pub fn is_called(&self, key: &str) -> bool {
        self.key.strip_prefix(CHOSEN_KEY) == Some(key)
    }

    /// Whether the application is shown it: not what writes were made to, nor a call that is kept in memory alone.
    pub fn is_shown(&self) -> bool {
        self.kind != Kind::Base && (self.delivery != Delivery::Memory || !self.kind.is_call())
    }

    /// Its key as the application knows it.
    pub fn key_given(&self) -> &str {
        self.key.strip_prefix(CHOSEN_KEY).unwrap_or(&self.key)
    }

    /// Whether it stands in storage with one of these.
    pub fn stands_in(&self, groups: &[GroupId]) -> bool {
        self.stored.is_some_and(|group| groups.contains(&group))
    }

    /// Whether it was sent in this session.
    pub const fn is_sent(&self) -> bool {
        matches!(self.progress, Progress::Sent { .. } | Progress::Made)
    }

    /// Whether time alone can end it: not what may have arrived, nor what is part of a record here.
    pub fn may_expire(&self) -> bool {
        !self.is_sent() && self.progress != Progress::InRecord
    }

    /// When its time is up, as far as nobody else looks at that: whoever waits for a call does not wait for longer.
    pub fn expiry(&self) -> Option<Instant> {
        Some(self.expires_at).filter(|at| self.may_expire() && self.settle_by != Some(*at))
    }

    /// Whether its time is up at this moment.
    pub fn is_late(&self, now: Instant) -> bool {
        self.may_expire() && self.expires_at <= now
    }

    /// What whoever waits for the outcome of a call is told.
    pub fn failed(&self, failure: RpcFailure<'_>) -> ClientError {
        ClientError::rpc(&self.name, failure)
    }

    /// What counts towards `maxBytes`.
    pub fn bytes(&self) -> usize {
        self.name.len() + self.data.as_ref().map_or(0, |data| data.len())
    }

    /// The message that carries an event.
    pub fn message(&self) -> Message<'_> {
        let mut message = Message::about(EventAction::Emit, &self.name);
        message.data = self.data.as_deref();
        message.correlation_id = Some(&self.key);
        message
    }
}
