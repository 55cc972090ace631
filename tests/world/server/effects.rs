//! What handling a message leads to.

use deepstream_wasm::wire::Message;

use crate::world::network::LinkId;

/// A message as the server understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Challenge {
        url: String,
    },
    Login(String),
    Ping,
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
    Emit {
        name: String,
        data: Option<String>,
    },
    /// A message about records, [as one reads it](super::record_text).
    Record(String),
    SubscribeUsers(Vec<String>),
    UnsubscribeUsers(Vec<String>),
    SubscribeAll,
    UnsubscribeAll,
    Query(Vec<String>),
    QueryAll,
    Listen(String),
    Unlisten(String),
    AnswerOffer {
        subscription: String,
        accepts: bool,
    },
    Provide(Vec<String>),
    Unprovide(Vec<String>),
    Call {
        name: String,
        data: Option<String>,
    },
    Answer {
        action: &'static str,
        name: String,
        data: Option<String>,
    },
}

/// An event that the server took, or a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The credentials of whoever was logged in; empty until that is noted.
    pub user: String,
    pub name: String,
    pub data: Option<String>,
}

/// What the server wants done on a link.
#[derive(Debug)]
pub enum Word {
    Frame(Vec<u8>),
    Close(u16),
}

/// What the server says, does and takes note of while it handles a message.
#[derive(Default)]
pub struct Effects {
    pub words: Vec<(LinkId, Word)>,
    pub requests: Vec<(LinkId, Request)>,
    pub complaints: Vec<String>,
    pub emitted: Vec<Emitted>,
    /// The calls that were made.
    pub called: Vec<Emitted>,
    crashed: bool,
}

impl Effects {
    /// Sends a message.
    pub fn say(&mut self, link: LinkId, message: &Message<'_>) {
        self.words.push((link, Word::Frame(message.encode())));
    }

    /// Remembers what a client asked for.
    pub fn note(&mut self, link: LinkId, request: Request) {
        self.requests.push((link, request));
    }

    /// The server's process dies of what it was sent.
    pub fn crash(&mut self, cause: &str) {
        self.complaints.push(format!("{cause}, which ends the server"));
        self.crashed = true;
    }

    pub const fn has_crashed(&self) -> bool {
        self.crashed
    }

    /// Whether the process died since this was last asked.
    pub fn take_crash(&mut self) -> bool {
        std::mem::take(&mut self.crashed)
    }

    /// Notes whose the events are that were taken just now.
    pub fn sign_emitted(&mut self, user: &str) {
        for list in [&mut self.emitted, &mut self.called] {
            for one in list.iter_mut().rev().take_while(|one| one.user.is_empty()) {
                one.user = user.into();
            }
        }
    }

    /// Remembers what no client should do.
    pub fn complain(&mut self, complaint: &str) {
        self.complaints.push(complaint.into());
    }
}
