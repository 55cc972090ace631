//! What the application and the client say to each other about remote procedure calls.

use super::Ticket;

/// What the application asks for of remote procedure calls.
#[derive(Clone, Debug)]
pub enum RpcCommand<'a> {
    /// `provide()` of a procedure that was not provided before.
    Provide(&'a str),
    /// `unprovide()` of one that was.
    Unprovide(&'a str),
    /// `make()`.
    Make(RpcCall<'a>),
    /// The application no longer wants the outcome of a call.
    Cancel(Ticket),
    /// The application says something about an [`Output::RpcRequest`].
    Answer {
        /// The request.
        request: RpcRequestId,
        /// The procedure.
        name: &'a str,
        /// What it says.
        answer: RpcAnswer<'a>,
    },
}

/// `make()`: a call as the application asks for it.
#[derive(Clone, Copy, Debug)]
pub struct RpcCall<'a> {
    /// Settled with the result.
    pub ticket: Ticket,
    /// The procedure.
    pub name: &'a str,
    /// JSON text; `None` for `undefined`.
    pub data: Option<&'a str>,
    /// How long the application waits for the outcome, connected or not, in milliseconds; `None` for ever.
    pub timeout_ms: Option<u64>,
    /// Whether it may be executed twice, so that it can be sent again where its outcome is unknown.
    pub idempotent: bool,
    /// Whether it shall be made even if the page does not live to see it.
    pub is_durable: bool,
    /// How long one that is durable is worth making, in milliseconds; `None` for what the options say.
    pub ttl_ms: Option<u64>,
}

/// One request of many over the life of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RpcRequestId(pub u32);

/// A call that somebody makes and the application answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcRequest {
    /// To be given back with every answer.
    pub id: RpcRequestId,
    /// The procedure.
    pub name: Box<str>,
    /// JSON text; `None` for `undefined`.
    pub data: Option<Box<str>>,
    /// The user who asks, where the server tells.
    pub requestor_name: Option<Box<str>>,
    /// What the server knows about that user, where it tells: JSON text.
    pub requestor_data: Option<Box<str>>,
}

/// What the application says about a request. Payloads are JSON text; `None` for `undefined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcAnswer<'a> {
    /// It works on it.
    Accept,
    /// Another provider shall answer.
    Reject,
    /// It failed.
    Error(Option<&'a str>),
    /// The result.
    Send(Option<&'a str>),
}
