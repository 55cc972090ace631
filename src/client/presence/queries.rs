//! Questions who is logged in, and their answers.

use super::answer;
use crate::{
    client::{
        asked::{Asked, id_in},
        context::Context,
        error::{ClientError, Failure},
        io::{Outcome, Ticket},
        limits::PRESENCE_MAX_QUERIES,
        subscriptions::fitting,
        time::Instant,
    },
    wire::{Message, PresenceAction, Topic},
};

/// The questions that are not answered, by the correlation ids of their last messages. In a session, all are sent.
#[derive(Debug, Default)]
pub struct Queries {
    queries: Asked<Query>,
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
}

impl Queries {
    /// Asks about users, or about all, now or as soon as there is a session.
    pub fn ask(&mut self, context: &mut Context, asker: Asker, users: Option<Vec<Box<str>>>) {
        if let Asker::Application(ticket) = asker
            && self.queries.len() >= PRESENCE_MAX_QUERIES
        {
            return context.settle(ticket, Err(ClientError::of(Failure::TooManyQueries)));
        }
        let query = Box::new(Query { asker, users, asked: 0, statuses: Vec::new() });
        if context.session.is_some() {
            self.send(context, query);
        } else {
            self.queries.ask(None, query);
        }
    }

    /// Asks about all users, or about as many of the rest as go into one message.
    fn send(&mut self, context: &mut Context, mut query: Box<Query>) {
        let correlation_id = self.queries.next_id().to_string();
        let action = if query.users.is_some() { PresenceAction::Query } else { PresenceAction::QueryAll };
        let mut message = Message::new(action);
        message.correlation_id = Some(&correlation_id);
        if let Some(rest) = query.users.as_ref().and_then(|users| users.get(query.asked..)) {
            let count = fitting(rest.len(), &|at| rest.get(at).map_or(0, |user| user.len()));
            rest.iter().take(count).for_each(|user| message.names.push(user));
            query.asked += count;
        }
        context.send(&message);
        self.queries.ask(Some(context.now.after_ms(context.options.subscription_timeout_ms)), query);
    }

    /// A session begins: sends what waits.
    pub fn on_session(&mut self, context: &mut Context) {
        for query in self.queries.cut() {
            self.send(context, query);
        }
    }

    /// The session is over: what the application asked will be asked again.
    pub fn on_lost(&mut self) {
        for query in self.queries.cut() {
            if matches!(query.asker, Asker::Application(_)) {
                self.queries.ask(None, Query { asked: 0, statuses: Vec::new(), ..*query });
            }
        }
    }

    /// There will be no answers.
    pub fn reject_all(&mut self, context: &mut Context, error: &ClientError) {
        for query in self.queries.cut() {
            query.settle(context, Err(error.clone()));
        }
    }

    /// When an answer is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.queries.deadline()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context) {
        while let Some(query) = self.queries.overdue(context.now).and_then(|id| self.queries.get_mut(id)) {
            let names = query.users.clone().unwrap_or_default();
            query.settle(context, Err(ClientError::ack_timeout(Topic::Presence, names)));
            // To catch up, a late answer is as good.
            if query.asker != Asker::CatchUp {
                query.asker = Asker::Nobody;
            }
        }
    }

    /// The server says who of the users asked about is logged in. Returns that, if it was asked for to catch up.
    pub fn on_answer(
        &mut self,
        context: &mut Context,
        correlation_id: Option<&str>,
        data: Option<&str>,
    ) -> Option<Vec<(Box<str>, bool)>> {
        let mut query = self.queries.answer(id_in(correlation_id)?)?;
        let Some(mut statuses) = data.and_then(answer::parse) else {
            let (topic, action) = (Topic::Presence, PresenceAction::QueryResponse.name());
            let expected = "true or false for each user";
            query.settle(context, Err(ClientError::unsolicited(topic, action, expected)));
            return None;
        };
        let is_complete = query.users.as_ref().is_none_or(|users| query.asked >= users.len());
        let mut caught_up = None;
        if query.asker == Asker::CatchUp {
            caught_up = Some(statuses);
        } else {
            query.statuses.append(&mut statuses);
        }
        if is_complete || query.asker == Asker::Nobody {
            let text = answer::object(&query.statuses);
            query.settle(context, Ok(Some(text)));
        } else {
            self.send(context, query);
        }
        caught_up
    }

    /// The server says who is logged in, in the order in which it was asked. Returns whether it was asked to catch up.
    pub fn on_answer_for_all(&mut self, context: &mut Context, users: &[&str]) -> bool {
        let id = self.queries.find(|query| query.users.is_none());
        let Some(query) = id.and_then(|id| self.queries.answer(id)) else { return false };
        query.settle(context, Ok(Some(answer::list(users))));
        query.asker == Asker::CatchUp
    }

    /// The server does not answer: `error` says why not.
    pub fn on_error(&mut self, context: &mut Context, correlation_id: Option<&str>, error: ClientError) {
        match id_in(correlation_id).and_then(|id| self.queries.answer(id)) {
            Some(query) => query.settle(context, Err(error)),
            // A list of users is refused once for each that may not be asked about.
            None if correlation_id.is_some() => {}
            None => context.report(error),
        }
    }
}

impl Query {
    /// Tells whoever asked. What goes wrong with catching up is reported.
    fn settle(&self, context: &mut Context, outcome: Outcome) {
        match (self.asker, outcome) {
            (Asker::Application(ticket), outcome) => context.settle(ticket, outcome),
            (Asker::CatchUp, Err(error)) => context.report(error),
            (Asker::CatchUp | Asker::Nobody, _) => {}
        }
    }
}
