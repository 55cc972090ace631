//! Questions about records that need not be open.

use super::{failure, send};
use crate::{
    client::{
        asked::id_in,
        context::Context,
        error::{ClientError, RecordFailure},
        io::{Outcome, Ticket},
        time::{Instant, earlier},
    },
    names::NameMap,
    wire::{RecordAction, RecordMessage},
};

/// What the application has asked and the server has not answered. What is asked without a session waits for one.
#[derive(Debug, Default)]
pub struct Requests {
    reads: NameMap<Request>,
    heads: NameMap<Request>,
    notifications: Vec<Notification>,
}

/// One question; the answer is for all who ask while it is open.
#[derive(Debug, Default)]
struct Request {
    tickets: Vec<Ticket>,
    /// When the answer is overdue, if the question was sent.
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Notification {
    correlation_id: u32,
    names: Vec<Box<str>>,
    ticket: Ticket,
    deadline: Option<Instant>,
}

impl Requests {
    /// Asks for the data of a record.
    pub fn read(&mut self, context: &mut Context<'_>, name: &str, ticket: Ticket) {
        ask(context, &mut self.reads, RecordAction::Read, name, ticket);
    }

    /// Asks for the version of a record.
    pub fn head(&mut self, context: &mut Context<'_>, name: &str, ticket: Ticket) {
        ask(context, &mut self.heads, RecordAction::Head, name, ticket);
    }

    /// Tells the server that records have changed in its storage.
    pub fn notify(&mut self, context: &mut Context<'_>, names: Vec<Box<str>>, correlation_id: u32, ticket: Ticket) {
        let mut notification = Notification { correlation_id, names, ticket, deadline: None };
        if context.session.is_some() {
            notification.send(context);
        }
        self.notifications.push(notification);
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>) {
        let kinds = [(RecordAction::Read, &mut self.reads), (RecordAction::Head, &mut self.heads)];
        for (action, requests) in kinds {
            requests.for_each(|name, request| request.send(context, action, name));
        }
        for notification in &mut self.notifications {
            notification.send(context);
        }
    }

    /// The session is over. Each of these can be asked again without harm.
    pub fn on_lost(&mut self) {
        for requests in [&mut self.reads, &mut self.heads] {
            requests.for_each(|_, request| request.deadline = None);
        }
        for notification in &mut self.notifications {
            notification.deadline = None;
        }
    }

    /// When an answer is overdue.
    pub fn deadline(&mut self) -> Option<Instant> {
        let mut earliest: Option<Instant> = None;
        let mut consider = |at: Option<Instant>| earliest = earlier(earliest, at);
        for requests in [&mut self.reads, &mut self.heads] {
            requests.for_each(|_, request| consider(request.deadline));
        }
        self.notifications.iter().for_each(|notification| consider(notification.deadline));
        earliest
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        for requests in [&mut self.reads, &mut self.heads] {
            let mut overdue: Vec<Box<str>> = Vec::new();
            requests.for_each(|name, request| {
                if request.deadline.is_some_and(|at| at <= now) {
                    overdue.push(name.into());
                }
            });
            for name in overdue {
                answer(context, requests, &name, &Err(failure(RecordFailure::Timeout, &name)));
            }
        }
        let is_overdue = |notification: &mut Notification| notification.deadline.is_some_and(|at| at <= now);
        for notification in self.notifications.extract_if(.., is_overdue) {
            let name = notification.names.first().map(|name| &**name).unwrap_or_default();
            context.settle(notification.ticket, Err(failure(RecordFailure::Timeout, name)));
        }
    }

    /// The server answers with the data.
    pub fn on_read(&mut self, context: &mut Context<'_>, name: &str, outcome: &Outcome) {
        answer(context, &mut self.reads, name, outcome);
    }

    /// The server answers with the version.
    pub fn on_head(&mut self, context: &mut Context<'_>, name: &str, outcome: &Outcome) {
        answer(context, &mut self.heads, name, outcome);
    }

    /// The server has told everybody, or will not. Says whether that was asked for here.
    pub fn on_notified(&mut self, context: &mut Context<'_>, correlation_id: Option<&str>, outcome: &Outcome) -> bool {
        let Some(id) = id_in(correlation_id) else { return false };
        let is_it = |notification: &Notification| notification.correlation_id == id;
        let Some(position) = self.notifications.iter().position(is_it) else { return false };
        let notification = self.notifications.remove(position);
        context.settle(notification.ticket, outcome.clone());
        true
    }

    /// No answers will come.
    pub fn settle_all(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for requests in [&mut self.reads, &mut self.heads] {
            requests.for_each(|_, request| context.settle_all(&mut request.tickets, &Err(error.clone())));
            *requests = NameMap::new();
        }
        for notification in self.notifications.drain(..) {
            context.settle(notification.ticket, Err(error.clone()));
        }
    }
}

impl Request {
    fn send(&mut self, context: &mut Context<'_>, action: RecordAction, name: &str) {
        self.deadline = Some(context.now.after_ms(context.options.record_read_timeout_ms));
        send(context, RecordMessage { name: Some(name), ..RecordMessage::new(action) });
    }
}

impl Notification {
    fn send(&mut self, context: &mut Context<'_>) {
        self.deadline = Some(context.now.after_ms(context.options.record_read_timeout_ms));
        let message = RecordMessage {
            names: self.names.iter().map(|name| &**name).collect(),
            correlation_id: Some(&self.correlation_id.to_string()),
            ..RecordMessage::new(RecordAction::Notify)
        };
        send(context, message);
    }
}

fn ask(context: &mut Context<'_>, requests: &mut NameMap<Request>, action: RecordAction, name: &str, ticket: Ticket) {
    let is_asked = requests.contains(name);
    let request = requests.get_or_insert_with(name, Request::default);
    request.tickets.push(ticket);
    if context.session.is_some() && !is_asked {
        request.send(context, action, name);
    }
}

fn answer(context: &mut Context<'_>, requests: &mut NameMap<Request>, name: &str, outcome: &Outcome) {
    if let Some(mut request) = requests.remove(name) {
        context.settle_all(&mut request.tickets, outcome);
    }
}
