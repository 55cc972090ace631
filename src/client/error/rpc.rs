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
    pub const fn code(&self) -> &'static str {
        match self.failure {
            RpcFailure::Refused(action) => action,
            RpcFailure::Provider { .. } => "REQUEST_ERROR",
            RpcFailure::AcceptTimeout => "ACCEPT_TIMEOUT",
            RpcFailure::ResponseTimeout => "RESPONSE_TIMEOUT",
            RpcFailure::NeverSent => CLIENT_OFFLINE,
            RpcFailure::LoginSuperseded => "LOGIN_SUPERSEDED",
            RpcFailure::OutcomeUnknown => "OUTCOME_UNKNOWN",
            RpcFailure::Undeliverable => "OUTBOX_UNDELIVERABLE",
            RpcFailure::Aborted => "ABORTED",
            RpcFailure::TooManyWaiting => "OUTBOX_FULL",
            RpcFailure::AnsweredTwice => "MULTIPLE_RESPONSE",
            RpcFailure::AnsweredTooLate => "RESPONSE_DROPPED",
        }
    }

    /// A sentence for people.
    pub fn message(&self) -> String {
        let what = match &self.failure {
            RpcFailure::Refused("NO_RPC_PROVIDER") => "nobody provides it",
            RpcFailure::Refused("MESSAGE_DENIED") => "the server does not allow it",
            RpcFailure::Refused("ACCEPT_TIMEOUT") | RpcFailure::AcceptTimeout => "no provider accepted it in time",
            RpcFailure::Refused("RESPONSE_TIMEOUT") | RpcFailure::ResponseTimeout => "nobody answered in time",
            RpcFailure::Refused(action) => action,
            RpcFailure::Provider { data: Some(data) } => data,
            RpcFailure::Provider { data: None } => "the provider failed",
            RpcFailure::NeverSent => "there was no connection in time, so it was not sent",
            RpcFailure::LoginSuperseded => "somebody else logged in before it was sent",
            RpcFailure::OutcomeUnknown => {
                "the connection was lost before the answer came; it may or may not have been executed"
            }
            RpcFailure::Undeliverable => "the server closes the connection whenever it gets it; perhaps it is too big",
            RpcFailure::Aborted => "cancelled by the application",
            RpcFailure::TooManyWaiting => "too much waits for the connection; it was not kept",
            RpcFailure::AnsweredTwice => "answered already",
            RpcFailure::AnsweredTooLate => {
                "the connection over which it was asked for is lost; nobody hears the answer"
            }
        };
        ["RPC ", &self.name, ": ", what].concat()
    }
}
