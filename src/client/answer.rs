//! What the server says, alike for all topics.

use super::error::ClientError;
use crate::wire::Message;

impl Message<'_> {
    /// Whether it says that something failed.
    pub fn is_failure(&self) -> bool {
        self.is_error || self.action.is_error()
    }

    /// The failure that it reports.
    pub fn failure(&self) -> ClientError {
        self.failure_about(self.name, self.data)
    }

    /// The failure that it reports, about something else than it says itself.
    #[inline(never)]
    pub fn failure_about(&self, name: Option<&str>, data: Option<&str>) -> ClientError {
        let topic = self.action.topic();
        let asked = self.original_action.and_then(|action| topic.action_name(action));
        ClientError::server(topic, self.action.name(), asked, name, data)
    }

    /// The failure that it reports, or that it was not `expected`.
    #[inline(never)]
    pub fn error(&self, expected: &'static str) -> ClientError {
        if self.is_failure() {
            return self.failure();
        }
        ClientError::unsolicited(self.action.topic(), self.action.name(), expected)
    }
}
