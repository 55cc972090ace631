//! What the client logs in with.

use crate::client::{io::Output, options::AuthParams};

/// Where the parameters of a login come from.
#[derive(Debug, Default)]
pub struct Credentials {
    source: Source,
    /// Whether the server has refused an answer, so that the next one must be fresh: what it gave as the reason.
    refused: Option<Refusal>,
    /// The question that the application has not answered yet.
    asked: Option<Question>,
    next_question: u32,
}

#[derive(Debug, Default)]
enum Source {
    /// `login()` was not called, or the server has refused what it was given.
    #[default]
    None,
    /// JSON text.
    Fixed(Box<str>),
    /// The function in the option `authParams`, asked at every attempt, and what it has answered in this one.
    Function(Option<Box<str>>),
}

#[derive(Debug)]
struct Refusal {
    reason: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    id: u32,
    refresh: bool,
}

/// What to do for a login.
#[derive(Debug, PartialEq, Eq)]
pub enum Obtain {
    /// There is nothing to log in with.
    Nothing,
    /// Send this.
    Send(Box<str>),
    /// Ask the application this, and wait for the answer.
    Ask(Output),
    /// Wait for the answer to a question that was asked before.
    Wait,
}

impl Credentials {
    /// Whether there is something to log in with.
    pub const fn exist(&self) -> bool {
        !matches!(self.source, Source::None)
    }

    /// The parameters of the next login, where they are known.
    pub fn fixed(&self) -> Option<&str> {
        match &self.source {
            Source::Fixed(params) => Some(params),
            Source::None | Source::Function(_) => None,
        }
    }

    /// Takes what `login()` was given, `None` for what was there before, else the default; says whether that is a change.
    pub fn set(&mut self, params: Option<&str>, default: Option<&AuthParams>) -> bool {
        let source = match (params, &self.source) {
            (Some(params), Source::Fixed(known)) if params == &**known => return false,
            (Some(params), _) => Source::Fixed(params.into()),
            (None, Source::None) => match default {
                Some(AuthParams::Function) => Source::Function(None),
                Some(AuthParams::Fixed(params)) => Source::Fixed(params.clone()),
                None => Source::Fixed("{}".into()),
            },
            (None, _) => return false,
        };
        self.source = source;
        self.refused = None;
        true
    }

    /// What to do for the next login.
    pub fn obtain(&mut self) -> Obtain {
        match &self.source {
            Source::None => Obtain::Nothing,
            Source::Fixed(params) | Source::Function(Some(params)) => Obtain::Send(params.clone()),
            Source::Function(None) => {
                let refresh = self.refused.is_some();
                if self.asked.is_some_and(|asked| asked.refresh == refresh) {
                    return Obtain::Wait;
                }
                let id = self.next_question;
                self.next_question = id.wrapping_add(1);
                self.asked = Some(Question { id, refresh });
                let reason = self.refused.as_ref().and_then(|refusal| refusal.reason.clone());
                Obtain::Ask(Output::AskCredentials { question: id, refresh, reason })
            }
        }
    }

    /// The application answered this, or failed to; says whether that was the question of now.
    pub fn answered(&mut self, id: u32, answer: Option<&str>) -> bool {
        let is_it = self.asked.take_if(|asked| asked.id == id).is_some();
        let Source::Function(known) = &mut self.source else { return false };
        if is_it {
            *known = answer.map(Into::into);
        }
        is_it
    }

    /// What the application has answered no longer counts: it is asked again.
    pub fn forget_answer(&mut self) {
        if let Source::Function(answer) = &mut self.source {
            *answer = None;
        }
    }

    /// The application took too long to answer: it is asked again the next time.
    pub const fn let_go(&mut self) {
        self.asked = None;
    }

    /// The server refused; says whether asking again is worth it.
    pub fn refused(&mut self, reason: Option<&str>) -> bool {
        let ask_again = matches!(self.source, Source::Function(_)) && self.refused.is_none();
        if ask_again {
            self.forget_answer();
            self.refused = Some(Refusal { reason: reason.map(Into::into) });
        } else {
            self.forget();
        }
        ask_again
    }

    /// The server let the client in.
    pub fn accepted(&mut self) {
        self.refused = None;
    }

    /// Nothing to log in with any more, until the next `login()`.
    pub fn forget(&mut self) {
        self.source = Source::None;
        self.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_parameters_are_sent_until_refused() {
        let mut credentials = Credentials::default();
        assert_eq!(credentials.obtain(), Obtain::Nothing);
        assert!(credentials.set(Some(r#"{"a":1}"#), None));
        assert!(!credentials.set(Some(r#"{"a":1}"#), None));
        assert!(!credentials.set(None, None));
        assert_eq!(credentials.obtain(), Obtain::Send(r#"{"a":1}"#.into()));
        assert!(!credentials.refused(None));
        assert!(!credentials.exist());
    }

    #[test]
    fn a_function_is_asked_each_time_and_once_afresh_after_a_refusal() {
        let mut credentials = Credentials::default();
        assert!(credentials.set(None, Some(&AuthParams::Function)));
        let ask = |question, refresh, reason: Option<&str>| {
            Obtain::Ask(Output::AskCredentials { question, refresh, reason: reason.map(Into::into) })
        };
        assert_eq!(credentials.obtain(), ask(0, false, None));
        assert_eq!(credentials.obtain(), Obtain::Wait, "the next attempt shares the question");
        assert!(credentials.answered(0, Some("{}")));
        assert!(!credentials.answered(0, Some("[]")));
        assert_eq!(credentials.obtain(), Obtain::Send("{}".into()), "asked once for an attempt");
        assert!(credentials.refused(Some("\"expired\"")));
        assert_eq!(credentials.obtain(), ask(1, true, Some("\"expired\"")));
        assert!(credentials.answered(1, Some("{}")));
        assert!(!credentials.refused(Some("\"again\"")), "one refresh only");
        assert!(!credentials.exist());
    }

    #[test]
    fn a_login_earns_another_refresh() {
        let mut credentials = Credentials::default();
        credentials.set(None, Some(&AuthParams::Function));
        assert!(credentials.refused(None));
        credentials.accepted();
        assert!(credentials.refused(None));
    }
}
