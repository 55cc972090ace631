//! What a server is told to do.

use std::collections::{BTreeMap, BTreeSet};

/// What the server does at each step.
pub struct Policy {
    pub at_connection: AtConnection,
    pub at_challenge: AtChallenge,
    /// The answer to logins that [`logins`](Self::logins) does not name.
    pub at_login: AtLogin,
    /// Answers by credentials, which are JSON text.
    pub logins: BTreeMap<String, AtLogin>,
    /// Names that nobody may subscribe to, and patterns that nobody may listen to.
    pub denied: BTreeSet<String>,
    /// Names of events that nobody may emit.
    pub mute: BTreeSet<String>,
    /// The server closes a connection that sends it a longer frame.
    pub max_frame_bytes: usize,
    /// The close code by which a client hears of that; 1006 where a proxy keeps it to itself.
    pub too_big_code: u16,
    /// The server ends its connection with whoever sends it a frame that contains this.
    pub poison: Option<&'static str>,
    /// A record the writes to which the server loses before it has made them.
    pub loses_writes_to: Option<&'static str>,
    /// What nobody may do to which records.
    pub denied_rights: BTreeSet<(Right, String)>,
    /// How long the records' cache and storage take, in milliseconds. Meanwhile the server hears more, as it does where
    /// they are other processes.
    pub store_delay_ms: u64,
    /// Users whom nobody may ask for or subscribe to; `undefined` stands for all of them at once.
    pub denied_users: BTreeSet<String>,
    /// Procedures that nobody may call.
    pub denied_calls: BTreeSet<String>,
    pub rpc_accept_timeout_ms: u64,
    pub rpc_response_timeout_ms: u64,
    /// The name and the data of whoever calls, where providers are told.
    pub requestor: Option<(String, String)>,
    pub answers_pings: bool,
    /// Whether questions about presence are answered.
    pub answers_queries: bool,
    pub acknowledges: bool,
    pub max_auth_attempts: u32,
    pub unauthenticated_client_timeout_ms: Option<u64>,
    pub heartbeat_interval_ms: u64,
    pub listen_response_timeout_ms: u64,
}

/// What happens when a socket is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtConnection {
    Welcome,
    CloseWith(u16),
}

/// The answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtChallenge {
    Accept,
    /// Only after it has refused what was sent along.
    AcceptLate,
    Reject,
    Redirect(String),
    Silence,
}

/// The answer to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtLogin {
    /// With client data: JSON text.
    Succeed(Option<String>),
    /// With a reason: JSON text.
    Refuse(Option<String>),
    Silence,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            at_connection: AtConnection::Welcome,
            at_challenge: AtChallenge::Accept,
            at_login: AtLogin::Succeed(None),
            logins: BTreeMap::new(),
            denied: BTreeSet::new(),
            mute: BTreeSet::new(),
            max_frame_bytes: 1_048_576,
            too_big_code: 1009,
            poison: None,
            loses_writes_to: None,
            denied_rights: BTreeSet::new(),
            store_delay_ms: 0,
            denied_users: BTreeSet::new(),
            denied_calls: BTreeSet::new(),
            rpc_accept_timeout_ms: 1_000,
            rpc_response_timeout_ms: 10_000,
            requestor: None,
            answers_pings: true,
            answers_queries: true,
            acknowledges: true,
            max_auth_attempts: 3,
            unauthenticated_client_timeout_ms: Some(180_000),
            heartbeat_interval_ms: 30_000,
            listen_response_timeout_ms: 500,
        }
    }
}

/// What can be done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    Create,
    Read,
    Write,
    Delete,
    Notify,
    Listen,
}

impl Policy {
    /// Whether nobody may do this to the record.
    pub fn denies(&self, right: Right, name: &str) -> bool {
        self.denied_rights.iter().any(|(denied, record)| *denied == right && record == name)
    }
}
