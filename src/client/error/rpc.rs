//! What can become of a remote procedure call instead of a result.

use super::CLIENT_OFFLINE;

/// What went wrong with a call, or with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcFailure<'a> {
    /// The server says so; the code is the deepstream name of the action, such as `NO_RPC_PROVIDER`.
    Refused(&'static str),
    /// The provider answered with an error: `REQUEST_ERROR`. What it gave as the error: JSON text; `None` for `undefined`.
    Provider(Option<&'a str>),
    /// No provider accepted within `rpcAcceptTimeout`: `ACCEPT_TIMEOUT`.
    AcceptTimeout,
    /// No answer within `rpcResponseTimeout`, or within the `timeout` of the call: `RESPONSE_TIMEOUT`.
    ResponseTimeout,
    /// Its `timeout` passed before there was a connection to send it over: the value of `C.EVENT.CLIENT_OFFLINE`.
    NeverSent,
    /// Somebody else logged in before there was a connection to send it over: `LOGIN_SUPERSEDED`.
    LoginSuperseded,
    /// The connection was lost while the answer was awaited: `OUTCOME_UNKNOWN`.
    OutcomeUnknown,
    /// The server closes the connection whenever it gets it: `OUTBOX_UNDELIVERABLE`.
    Undeliverable,
    /// The application cancelled it: `ABORTED`.
    Aborted,
    /// More waits for the connection than [`limits`](crate::client::limits) allow: `OUTBOX_FULL`.
    TooManyWaiting,
    /// The application answered a request that it had answered before: `MULTIPLE_RESPONSE`.
    AnsweredTwice,
    /// The application answered after the connection over which it was asked was lost: `RESPONSE_DROPPED`.
    AnsweredTooLate,
}

impl<'a> RpcFailure<'a> {
    /// The stable code, as JavaScript sees it, and a sentence for people.
    pub(super) fn told(self) -> (&'static str, &'a str) {
        match self {
            Self::Refused(code) => (
                code,
                match code {
                    "NO_RPC_PROVIDER" => "nobody provides it",
                    "MESSAGE_DENIED" => "the server does not allow it",
                    "ACCEPT_TIMEOUT" => NOT_ACCEPTED,
                    "RESPONSE_TIMEOUT" => NOT_ANSWERED,
                    action => action,
                },
            ),
            Self::Provider(data) => ("REQUEST_ERROR", data.unwrap_or("the provider failed")),
            Self::AcceptTimeout => ("ACCEPT_TIMEOUT", NOT_ACCEPTED),
            Self::ResponseTimeout => ("RESPONSE_TIMEOUT", NOT_ANSWERED),
            Self::NeverSent => (CLIENT_OFFLINE, "there was no connection in time, so it was not sent"),
            Self::LoginSuperseded => ("LOGIN_SUPERSEDED", "somebody else logged in before it was sent"),
            Self::OutcomeUnknown => (
                "OUTCOME_UNKNOWN",
                "the connection was lost before the answer came; it may or may not have been executed",
            ),
            Self::Undeliverable => {
                ("OUTBOX_UNDELIVERABLE", "the server closes the connection whenever it gets it; perhaps it is too big")
            }
            Self::Aborted => ("ABORTED", "cancelled by the application"),
            Self::TooManyWaiting => ("OUTBOX_FULL", "too much waits for the connection; it was not kept"),
            Self::AnsweredTwice => ("MULTIPLE_RESPONSE", "answered already"),
            Self::AnsweredTooLate => {
                ("RESPONSE_DROPPED", "the connection over which it was asked for is lost; nobody hears the answer")
            }
        }
    }
}

const NOT_ACCEPTED: &str = "no provider accepted it in time";
const NOT_ANSWERED: &str = "nobody answered in time";
