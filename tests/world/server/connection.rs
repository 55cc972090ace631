//! One client's connection, as the server sees it.

use deepstream_wasm::client::Instant;

/// A socket that is open.
pub struct Connection {
    pub stage: Stage,
    pub user: Option<String>,
    pub failed_logins: u32,
    pub last_heard: Instant,
    pub next_check: Instant,
    pub login_deadline: Option<Instant>,
    pub farewell: Option<Instant>,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connected,
    Accepted,
    LoggedIn,
}

impl Connection {
    /// The user as whom it is logged in: what its credentials give as `username`, else `open`.
    pub fn user_id(&self) -> Option<&str> {
        let credentials = self.user.as_deref()?;
        let named = credentials.split_once("\"username\":\"").and_then(|(_, rest)| rest.split_once('"'));
        Some(named.map_or("open", |(user, _)| user))
    }

    /// When time alone changes something.
    pub fn deadline(&self) -> Instant {
        [Some(self.next_check), self.login_deadline, self.farewell]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.next_check)
    }
}
