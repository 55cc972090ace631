//! How long the application has been without a connection.

use crate::client::time::Instant;

/// Follows the sessions of a client: whether one was lost, since when, and whether the application was told.
#[derive(Debug, Default)]
pub struct Outage {
    lost_at: Option<Instant>,
    /// Whether the application is to be told: not where it let go itself.
    is_news: bool,
    told: bool,
    sessions: u32,
}

impl Outage {
    /// A session is lost, and not because the application wanted it.
    pub fn begin(&mut self, now: Instant) {
        if self.lost_at.is_none() {
            self.lost_at = Some(now);
            self.is_news = true;
        }
    }

    /// The application let go: that is no outage, and an earlier one is its own affair now.
    pub fn cancel(&mut self) {
        self.is_news = false;
        self.told = false;
    }

    /// A session begins; says how long there was none, in milliseconds, and whether the application was told of the loss, unless
    /// it is the first.
    pub fn end(&mut self, now: Instant) -> Option<(u64, bool)> {
        self.sessions = self.sessions.saturating_add(1);
        let lost_at = self.lost_at.take()?;
        Some((now.since_ms(lost_at), std::mem::take(&mut self.told)))
    }

    /// Whether there was a session before the one of now.
    pub const fn was_reconnected(&self) -> bool {
        self.sessions > 1
    }

    /// When to tell the application, if it was not told and is not back by then.
    pub fn deadline(&self, timeout_ms: u64) -> Option<Instant> {
        self.lost_at.filter(|_| self.is_news && !self.told).map(|lost_at| lost_at.after_ms(timeout_ms))
    }

    /// The application is told.
    pub fn tell(&mut self) {
        self.told = true;
    }
}
