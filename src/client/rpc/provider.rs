//! The procedures that the application provides, and the requests that it is to answer.

use crate::{
    client::{
        asked::Asked,
        context::Context,
        error::{ClientError, RpcFailure},
        flight::Item,
        io::{Output, RpcAnswer, RpcRequest, RpcRequestId},
        limits::RPC_OPEN_REQUESTS_MAX,
        subscriptions::{Subject, Subscriptions},
    },
    queue::Queue,
    wire::{Message, RpcAction},
};

/// What is provided, and the requests of this session that have no answer yet.
#[derive(Debug)]
pub struct Provider {
    /// The procedures provided. Requests that were made before one was given up may still be answered.
    pub names: Subscriptions,
    open: Asked<Open>,
    /// Answers that must wait for what is on its way, oldest first.
    waiting: Queue<Waiting>,
    /// The first request of this session, once there is one.
    first_of_session: u32,
}

#[derive(Debug)]
struct Open {
    correlation_id: Box<str>,
    accepted: bool,
}

#[derive(Debug)]
struct Waiting {
    action: RpcAction,
    name: Box<str>,
    correlation_id: Box<str>,
    data: Option<Box<str>>,
}

impl Provider {
    /// Nothing provided.
    pub fn new() -> Self {
        let names = Subscriptions::new(Subject::PROVIDERS);
        Self { names, open: Asked::default(), waiting: Queue::new(), first_of_session: 0 }
    }

    /// The session is over, and with it every request: the server routes none of them to another connection.
    pub fn on_lost(&mut self, context: &mut Context, culprit: Option<&Item>) {
        if let Some(Item::Answer(name)) = culprit {
            report(context, name, RpcFailure::Undeliverable);
        }
        while let Some(waiting) = self.waiting.pop_front() {
            report(context, &waiting.name, RpcFailure::AnsweredTooLate);
        }
        self.open.cut();
        self.first_of_session = self.open.next_id();
    }

    /// Somebody calls.
    pub fn on_request(&mut self, context: &mut Context, message: &Message<'_>) {
        let (Some(name), Some(correlation_id)) = (message.name, message.correlation_id) else {
            return super::report(context, message);
        };
        // The request and UNPROVIDE may have passed each other.
        if !self.names.wants(name) {
            return send(context, RpcAction::Reject, name, correlation_id, None);
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
    pub fn answer(&mut self, context: &mut Context, id: RpcRequestId, name: &str, answer: RpcAnswer<'_>) {
        let Some(open) = self.open.get_mut(id.0).filter(|_| context.session.is_some()) else {
            return self.report_useless(context, id, name, answer);
        };
        if matches!(answer, RpcAnswer::Accept | RpcAnswer::Send(_)) && !open.accepted {
            open.accepted = true;
            send(context, RpcAction::Accept, name, &open.correlation_id, None);
        }
        let (action, data) = match answer {
            RpcAnswer::Accept => return,
            RpcAnswer::Reject => (RpcAction::Reject, None),
            RpcAnswer::Error(data) => (RpcAction::RequestError, data),
            RpcAnswer::Send(data) => (RpcAction::Response, data),
        };
        if let Some(open) = self.open.answer(id.0) {
            let (name, correlation_id, data) = (name.into(), open.correlation_id, data.map(Into::into));
            self.waiting.push_back(Waiting { action, name, correlation_id, data });
        }
        self.send_waiting(context);
    }

    /// Sends the answers that wait, as far as that is possible.
    pub fn send_waiting(&mut self, context: &mut Context) {
        while let Some(Waiting { action, name, correlation_id, data }) = self.waiting.front() {
            let item = Item::Answer(name.clone());
            if !context.flight.has_room_for(&item) {
                return;
            }
            if !context.send_item(item, &message(*action, name, correlation_id, data.as_deref())) {
                // Whoever asks would wait until the server loses patience.
                let why = Some("\"the answer is too big for the server\"");
                send(context, RpcAction::RequestError, name, correlation_id, why);
                report(context, name, RpcFailure::Undeliverable);
            }
            self.waiting.pop_front();
        }
    }

    /// An answer goes to nobody: to a request that was answered already, or that was lost with its session.
    fn report_useless(&self, context: &mut Context, id: RpcRequestId, name: &str, answer: RpcAnswer<'_>) {
        let is_lost = id.0 < self.first_of_session;
        let failure = match answer {
            RpcAnswer::Accept => return,
            // Where the session is over, rejecting asks for nothing.
            RpcAnswer::Reject if is_lost => return,
            _ if is_lost => RpcFailure::AnsweredTooLate,
            _ => RpcFailure::AnsweredTwice,
        };
        report(context, name, failure);
    }
}

fn report(context: &mut Context, name: &str, failure: RpcFailure<'_>) {
    context.report(ClientError::rpc(name, failure));
}

fn send(context: &mut Context, action: RpcAction, name: &str, correlation_id: &str, data: Option<&str>) {
    context.send(&message(action, name, correlation_id, data));
}

/// A message about a call.
pub(super) fn message<'a>(
    action: RpcAction,
    name: &'a str,
    correlation_id: &'a str,
    data: Option<&'a str>,
) -> Message<'a> {
    let mut message = Message::about(action, name);
    message.correlation_id = Some(correlation_id);
    message.data = data;
    message
}
