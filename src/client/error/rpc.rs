//! What can become of a remote procedure call instead of a result.

use super::CLIENT_OFFLINE;

/// A call without a result, or an answer that could not be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The procedure.
    pub name: Box<str>,
    /// What went wrong.
    pub failure: RpcFailure,
}

/// What went wrong with a call, or with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RpcFailure {
    /// The server says so; the code is the deepstream name of the action, such as `NO_RPC_PROVIDER`.
    Refused(&'static str),
    /// The provider answered with an error: `REQUEST_ERROR`.
    Provider {
        /// What it gave as the error: JSON text; `None` for `undefined`.
        data: Option<Box<str>>,
    },
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

impl RpcError {
    /// The stable code, as JavaScript sees it.
    pub fn code(&self) -> &'static str {
        self.told().0
    }

    /// A sentence for people.
    pub fn message(&self) -> String {
        ["RPC ", &self.name, ": ", self.told().1].concat()
    }

    fn told(&self) -> (&'static str, &str) {
        match &self.failure {
            RpcFailure::Refused(code) => (
                code,
                match *code {
                    "NO_RPC_PROVIDER" => "nobody provides it",
                    "MESSAGE_DENIED" => "the server does not allow it",
                    "ACCEPT_TIMEOUT" => NOT_ACCEPTED,
                    "RESPONSE_TIMEOUT" => NOT_ANSWERED,
                    action => action,
                },
            ),
            RpcFailure::Provider { data } => ("REQUEST_ERROR", data.as_deref().unwrap_or("the provider failed")),
            RpcFailure::AcceptTimeout => ("ACCEPT_TIMEOUT", NOT_ACCEPTED),
            RpcFailure::ResponseTimeout => ("RESPONSE_TIMEOUT", NOT_ANSWERED),
            RpcFailure::NeverSent => (CLIENT_OFFLINE, "there was no connection in time, so it was not sent"),
            RpcFailure::LoginSuperseded => ("LOGIN_SUPERSEDED", "somebody else logged in before it was sent"),
            RpcFailure::OutcomeUnknown => (
                "OUTCOME_UNKNOWN",
                "the connection was lost before the answer came; it may or may not have been executed",
            ),
            RpcFailure::Undeliverable => {
                ("OUTBOX_UNDELIVERABLE", "the server closes the connection whenever it gets it; perhaps it is too big")
            }
            RpcFailure::Aborted => ("ABORTED", "cancelled by the application"),
            RpcFailure::TooManyWaiting => ("OUTBOX_FULL", "too much waits for the connection; it was not kept"),
            RpcFailure::AnsweredTwice => ("MULTIPLE_RESPONSE", "answered already"),
            RpcFailure::AnsweredTooLate => {
                ("RESPONSE_DROPPED", "the connection over which it was asked for is lost; nobody hears the answer")
            }
        }
    }
}

const NOT_ACCEPTED: &str = "no provider accepted it in time";
const NOT_ANSWERED: &str = "nobody answered in time";
