//! Presence: who is logged in, asked for or watched, and what a lost connection must not hide.

mod answer;
mod known;
mod queries;

use self::{
    known::Known,
    queries::{Asker, Queries},
};
use super::{
    context::Context,
    error::ClientError,
    io::{Output, PresenceCommand},
    subscriptions::{EVERYONE, Subject, Subscriptions},
    time::{Instant, Wake},
};
use crate::wire::{Message, PresenceAction};

/// The presence part of a client.
#[derive(Debug)]
pub struct Presence {
    /// The users watched by name.
    pub users: Subscriptions,
    /// All users, under one name.
    pub everyone: Subscriptions,
    known: Known,
    queries: Queries,
}

impl Presence {
    /// Nobody watched, nothing asked.
    pub fn new() -> Self {
        Self {
            users: Subscriptions::new(Subject::USERS),
            everyone: Subscriptions::new(Subject::EVERYONE),
            known: Known::default(),
            queries: Queries::default(),
        }
    }

    /// The application wants something.
    pub fn on_command(&mut self, context: &mut Context, command: PresenceCommand<'_>) {
        match command {
            PresenceCommand::Subscribe(user) => {
                if !self.users.is_subscribed(user) {
                    self.known.watch(user);
                }
                self.users.subscribe(context, user);
            }
            PresenceCommand::Unsubscribe(user) => {
                self.known.unwatch(user);
                self.users.unsubscribe(context, user);
            }
            PresenceCommand::SubscribeAll => self.everyone.subscribe(context, EVERYONE),
            PresenceCommand::UnsubscribeAll => {
                self.known.unwatch_everyone();
                self.everyone.unsubscribe(context, EVERYONE);
            }
            PresenceCommand::Query { ticket, users } => {
                self.queries.ask(context, Asker::Application(ticket), users);
            }
        }
        self.catch_up(context);
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context) {
        self.queries.on_session(context);
        self.catch_up(context);
    }

    /// The session is over.
    pub fn on_lost(&mut self) {
        self.queries.on_lost();
        self.known.ask_again();
    }

    /// There will be no session unless the application says so: why not.
    pub fn on_rest(&mut self, context: &mut Context, error: &ClientError) {
        self.queries.reject_all(context, error);
    }

    /// The application restores what was left to it.
    pub fn resubscribe(&mut self, context: &mut Context) {
        self.known.ask_again();
        self.catch_up(context);
    }

    /// Whether the server was asked something and has not answered.
    pub fn awaits_answers(&self) -> bool {
        self.queries.deadline().is_some()
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.queries.deadline().map(|at| (at, Wake::Query))
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context) {
        self.queries.on_tick(context);
        self.catch_up(context);
    }

    /// A message of the topic PRESENCE arrived.
    pub fn on_message(&mut self, context: &mut Context, action: PresenceAction, message: &Message<'_>) {
        let user = message.name.unwrap_or_default();
        match action {
            _ if self.users.on_answer(context, message) || self.everyone.on_answer(context, message) => {}
            // The server may have subscribed whom it refused, until it is told otherwise: see `Subscriptions::repair`.
            PresenceAction::PresenceJoin | PresenceAction::PresenceLeave if !self.users.is_subscribed(user) => {}
            PresenceAction::PresenceJoin => self.known.on_user(context, user, true),
            PresenceAction::PresenceLeave => self.known.on_user(context, user, false),
            PresenceAction::PresenceJoinAll => self.known.on_anyone(context, user, true),
            PresenceAction::PresenceLeaveAll => self.known.on_anyone(context, user, false),
            PresenceAction::QueryResponse => {
                let statuses = self.queries.on_answer(context, message.correlation_id, message.data);
                self.known.on_statuses(context, &statuses.unwrap_or_default());
            }
            PresenceAction::QueryAllResponse => {
                if self.queries.on_answer_for_all(context, &message.names) {
                    self.known.on_everyone(context, &message.names);
                }
            }
            _ => {
                let error = message.error("who comes, who goes, or an answer");
                match message.original_action.and_then(PresenceAction::from_number) {
                    Some(PresenceAction::Query | PresenceAction::QueryAll) if message.is_failure() => {
                        self.queries.on_error(context, message.correlation_id, error);
                    }
                    _ => context.report(error),
                }
            }
        }
        self.catch_up(context);
    }

    /// Asks who is there, once in a session for each that is watched.
    ///
    /// Only when the server has acknowledged the subscriptions: from then on whatever changes is told, so the answer
    /// and what is told after it are the whole truth.
    fn catch_up(&mut self, context: &mut Context) {
        if context.session.is_none() || !context.options.presence_catch_up {
            return;
        }
        if self.everyone.is_subscribed(EVERYONE)
            && self.everyone.deadline().is_none()
            && self.known.must_ask_for_everyone()
        {
            self.queries.ask(context, Asker::CatchUp, None);
        }
        if self.known.must_ask_for_users() && self.users.deadline().is_none() {
            let users = self.known.users_to_ask_for(|user| self.users.is_subscribed(user));
            if !users.is_empty() {
                self.queries.ask(context, Asker::CatchUp, Some(users));
            }
        }
    }
}

/// Calls the subscribers of a user, or those of everyone.
fn tell(context: &mut Context, user: &str, online: bool, everyone: bool) {
    context.out.push_back(Output::Presence { user: user.into(), online, everyone });
}
