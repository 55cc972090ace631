//! What the application and the client say to each other about remote procedure calls.

use super::{Offer, Ticket};

/// What the application asks for of remote procedure calls.
#[derive(Clone, Debug)]
pub enum RpcCommand<'a> {
    /// `provide()` of a procedure that was not provided before.
    Provide(&'a str),
    /// `unprovide()` of one that was.
    Unprovide(&'a str),
    /// `make()`.
    Make {
        /// The call.
        offer: Offer<'a>,
        /// How long the application waits for the outcome, connected or not, in milliseconds; `None` for ever.
        timeout_ms: Option<u64>,
    },
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
