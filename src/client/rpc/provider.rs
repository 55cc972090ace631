//! The procedures that the application provides, and the requests that it is to answer.

use super::error::{RpcError, RpcFailure};
use crate::{
    client::{
        asked::Asked,
        context::Context,
        error::ClientError,
        io::{Output, RpcAnswer, RpcRequest, RpcRequestId, SocketId, Wake},
        limits::RPC_OPEN_REQUESTS_MAX,
        options::Resubscribe,
        subscriptions::{Subject, Subscriptions},
        time::Instant,
    },
    wire::{RpcAction, RpcMessage},
};

/// What is provided, and the requests of this session that have no answer yet.
#[derive(Debug)]
pub struct Provider {
    names: Subscriptions,
    open: Asked<Open>,
    /// The first request of this session, once there is one.
    first_of_session: u32,
}

#[derive(Debug)]
struct Open {
    correlation_id: Box<str>,
    accepted: bool,
}

impl Provider {
    /// Nothing provided.
    pub const fn new() -> Self {
        let names = Subscriptions::new(Subject::Providers);
        Self { names, open: Asked::new(), first_of_session: 0 }
    }

    /// The application answers requests of `name`.
    pub fn provide(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str) {
        self.names.subscribe(context, session, name);
    }

    /// The application gets no more requests of `name`. Those it has it may still answer.
    pub fn unprovide(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str) {
        self.names.unsubscribe(context, session, name);
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.names.on_session(context, socket, gap_ms);
    }

    /// The session is over, and with it every request: the server routes none of them to another connection.
    pub fn on_lost(&mut self, resubscribe: Resubscribe) {
        self.names.on_lost(resubscribe);
        self.open.cut();
        self.first_of_session = self.open.next_id();
    }

    /// The application restores what was left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.names.resubscribe(context, socket);
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.names.deadline()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.names.on_tick(context, socket);
    }

    /// Somebody calls.
    pub fn on_request(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RpcMessage<'_>) {
        let (Some(name), Some(correlation_id)) = (message.name, message.correlation_id) else {
            return super::report(context, message);
        };
        // The request and UNPROVIDE may have passed each other.
        if !self.names.wants(name) {
            return send(context, socket, RpcAction::Reject, name, correlation_id, None);
        }
        if self.open.len() >= RPC_OPEN_REQUESTS_MAX
            && let Some(oldest) = self.open.find(|_| true)
        {
            self.open.answer(oldest);
        }
        let id = RpcRequestId(self.open.ask(None, Open { correlation_id: correlation_id.into(), accepted: false }));
        context.out.push_back(Output::RpcRequest(RpcRequest {
            id,
            name: name.into(),
            data: message.data.map(Into::into),
            requestor_name: message.requestor_name.map(Into::into),
            requestor_data: message.requestor_data.map(Into::into),
        }));
    }

    /// The application says something about a request of `name`.
    pub fn answer(
        &mut self,
        context: &mut Context<'_>,
        session: Option<SocketId>,
        id: RpcRequestId,
        name: &str,
        answer: RpcAnswer<'_>,
    ) {
        let Some((socket, open)) = session.zip(self.open.get_mut(id.0)) else {
            return self.report_useless(context, id, name, answer);
        };
        if matches!(answer, RpcAnswer::Accept | RpcAnswer::Send(_)) && !open.accepted {
            open.accepted = true;
            send(context, socket, RpcAction::Accept, name, &open.correlation_id, None);
        }
        let (action, data) = match answer {
            RpcAnswer::Accept => return,
            RpcAnswer::Reject => (RpcAction::Reject, None),
            RpcAnswer::Error(data) => (RpcAction::RequestError, data),
            RpcAnswer::Send(data) => (RpcAction::Response, data),
        };
        send(context, socket, action, name, &open.correlation_id, data);
        self.open.answer(id.0);
    }

    /// An answer goes to nobody: to a request that was answered already, or that was lost with its session.
    fn report_useless(&self, context: &mut Context<'_>, id: RpcRequestId, name: &str, answer: RpcAnswer<'_>) {
        let is_lost = id.0 < self.first_of_session;
        let failure = match answer {
            RpcAnswer::Accept => return,
            // Where the session is over, rejecting asks for nothing.
            RpcAnswer::Reject if is_lost => return,
            _ if is_lost => RpcFailure::AnsweredTooLate,
            _ => RpcFailure::AnsweredTwice,
        };
        context.report(ClientError::Rpc(RpcError { name: name.into(), failure }));
    }

    /// The server says something that may be about what is provided; says whether that settles the matter.
    pub fn on_answer(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RpcMessage<'_>) -> bool {
        self.names.on_answer(context, socket, &message.into())
    }
}

fn send(
    context: &mut Context<'_>,
    socket: SocketId,
    action: RpcAction,
    name: &str,
    correlation_id: &str,
    data: Option<&str>,
) {
    let message =
        RpcMessage { name: Some(name), correlation_id: Some(correlation_id), data, ..RpcMessage::new(action) };
    context.send(socket, &message.into());
}
