//! Questions who is logged in, and their answers.

use super::answer;
use crate::{
    client::{
        context::Context,
        error::ClientError,
        io::{Output, SocketId, Ticket},
        limits::PRESENCE_MAX_QUERIES,
        subscriptions::fitting,
        time::Instant,
    },
    wire::{Message, PresenceAction, PresenceMessage, Topic},
};

/// The questions that are not answered, oldest first.
#[derive(Debug)]
pub struct Queries {
    queries: Vec<Query>,
    next_correlation_id: u32,
}

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The application.
    Application(Ticket),
    /// This client, to learn what it has missed.
    CatchUp,
    /// Nobody any more, but the answer may come, and must not be taken for that to a later question.
    Nobody,
}

#[derive(Debug)]
struct Query {
    asker: Asker,
    /// The users asked about; `None` for all.
    users: Option<Vec<Box<str>>>,
    /// How many of the users were asked about so far: long lists take several messages, one after the other.
    asked: usize,
    /// What the server has said of them.
    statuses: Vec<(Box<str>, bool)>,
    /// The message that the server has to answer; `None` while there is no session.
    sent: Option<Sent>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    correlation_id: u32,
    /// When the answer is overdue; `None` once that is told.
    deadline: Option<Instant>,
}

impl Queries {
    /// None yet.
    pub const fn new() -> Self {
        Self { queries: Vec::new(), next_correlation_id: 0 }
    }

    /// Asks about users, or about all, now or as soon as there is a session.
    pub fn ask(
        &mut self,
        context: &mut Context<'_>,
        session: Option<SocketId>,
        asker: Asker,
        users: Option<Vec<Box<str>>>,
    ) {
        if let Asker::Application(ticket) = asker
            && self.queries.len() >= PRESENCE_MAX_QUERIES
        {
            return context.out.push_back(Output::Settle(ticket, Err(ClientError::TooManyQueries)));
        }
        let mut query = Query { asker, users, asked: 0, statuses: Vec::new(), sent: None };
        if let Some(socket) = session {
            query.send(context, socket, &mut self.next_correlation_id);
        }
        self.queries.push(query);
    }

    /// A session begins: sends what waits.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId) {
        for query in &mut self.queries {
            query.send(context, socket, &mut self.next_correlation_id);
        }
    }

    /// The session is over: what the application asked will be asked again.
    pub fn on_lost(&mut self) {
        self.queries.retain(|query| matches!(query.asker, Asker::Application(_)));
        for query in &mut self.queries {
            query.asked = 0;
            query.statuses.clear();
            query.sent = None;
        }
    }

    /// There will be no answers.
    pub fn reject_all(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for query in std::mem::take(&mut self.queries) {
            query.settle(context, Err(error.clone()));
        }
    }

    /// When an answer is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.queries.iter().filter_map(|query| query.sent?.deadline).min()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>) {
        for query in &mut self.queries {
            let Some(sent) = query.sent.as_mut().filter(|sent| sent.deadline.is_some_and(|at| at <= context.now))
            else {
                continue;
            };
            sent.deadline = None;
            let names = query.users.clone().unwrap_or_default();
            let error = ClientError::AckTimeout { topic: Topic::Presence, names };
            match query.asker {
                // A late answer is as good.
                Asker::CatchUp => context.report(error),
                _ => query.settle(context, Err(error)),
            }
            if query.asker != Asker::CatchUp {
                query.asker = Asker::Nobody;
            }
        }
    }

    /// The server says who of the users asked about is logged in. Returns that, if it was asked for to catch up.
    pub fn on_answer(
        &mut self,
        context: &mut Context<'_>,
        socket: SocketId,
        correlation_id: Option<&str>,
        data: Option<&str>,
    ) -> Option<Vec<(Box<str>, bool)>> {
        let position = self.position(correlation_id)?;
        let Some(statuses) = data.and_then(answer::parse) else {
            let (topic, action) = (Topic::Presence, PresenceAction::QueryResponse.name());
            let error = ClientError::Unsolicited { topic, action, expected: "true or false for each user" };
            self.fail(context, position, error);
            return None;
        };
        let query = self.queries.get_mut(position)?;
        let is_complete = query.users.as_ref().is_none_or(|users| query.asked >= users.len());
        if !is_complete && query.asker != Asker::Nobody {
            query.send(context, socket, &mut self.next_correlation_id);
            if query.asker == Asker::CatchUp {
                return Some(statuses);
            }
            query.statuses.extend(statuses);
            return None;
        }
        let mut query = self.queries.remove(position);
        if query.asker == Asker::CatchUp {
            return Some(statuses);
        }
        query.statuses.extend(statuses);
        let text = answer::object(&query.statuses);
        query.settle(context, Ok(Some(text)));
        None
    }

    /// The server says who is logged in, in the order in which it was asked. Returns whether it was asked to catch up.
    pub fn on_answer_for_all(&mut self, context: &mut Context<'_>, users: &[&str]) -> bool {
        let position = self.queries.iter().position(|query| query.users.is_none() && query.sent.is_some());
        let Some(query) = position.map(|position| self.queries.remove(position)) else { return false };
        let asker = query.asker;
        query.settle(context, Ok(Some(answer::list(users))));
        asker == Asker::CatchUp
    }

    /// The server does not answer: `error` says why not.
    pub fn on_error(&mut self, context: &mut Context<'_>, correlation_id: Option<&str>, error: ClientError) {
        match self.position(correlation_id) {
            Some(position) => self.fail(context, position, error),
            // A list of users is refused once for each that may not be asked about.
            None if correlation_id.is_some() => {}
            None => context.report(error),
        }
    }

    fn fail(&mut self, context: &mut Context<'_>, position: usize, error: ClientError) {
        let query = self.queries.remove(position);
        match query.asker {
            Asker::CatchUp => context.report(error),
            _ => query.settle(context, Err(error)),
        }
    }

    fn position(&self, correlation_id: Option<&str>) -> Option<usize> {
        let correlation_id = correlation_id?.parse().ok()?;
        self.queries.iter().position(|query| query.sent.is_some_and(|sent| sent.correlation_id == correlation_id))
    }
}

impl Query {
    /// Asks about all users, or about as many of the rest as go into one message.
    fn send(&mut self, context: &mut Context<'_>, socket: SocketId, next_correlation_id: &mut u32) {
        let correlation_id = *next_correlation_id;
        *next_correlation_id = correlation_id.wrapping_add(1);
        let deadline = Some(context.now.after_ms(context.options.subscription_timeout_ms));
        self.sent = Some(Sent { correlation_id, deadline });
        let correlation_id = correlation_id.to_string();
        let action = if self.users.is_some() { PresenceAction::Query } else { PresenceAction::QueryAll };
        let mut message = PresenceMessage { correlation_id: Some(&correlation_id), ..PresenceMessage::new(action) };
        if let Some(rest) = self.users.as_ref().and_then(|users| users.get(self.asked..)) {
            message.names = rest.iter().take(fitting(rest)).map(|user| &**user).collect();
            self.asked += message.names.len();
        }
        context.send(socket, &Message::Presence(message));
    }

    fn settle(&self, context: &mut Context<'_>, outcome: Result<Option<Box<str>>, ClientError>) {
        if let Asker::Application(ticket) = self.asker {
            context.out.push_back(Output::Settle(ticket, outcome));
        }
    }
}
