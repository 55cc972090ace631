//! Records: documents that several clients write, and that are the same everywhere in the end.
//!
//! For every open record the client keeps what the server has, and the writes that the server has not confirmed; the
//! application sees both together. One message with writes at a time is on its way, for the version after the one that the
//! server has, so the server refuses it if anybody else was faster. Then, and when a reconnect finds another version, the
//! strategy of the record settles what becomes of both. What was cut off is never guessed: the version and the data on the
//! server tell whether it arrived.

mod entry;
mod incoming;
mod requests;
mod write;

use std::collections::VecDeque;

pub use self::entry::Strategy;
use self::{
    entry::{Entry, InFlight, Phase, Remote, Settled},
    requests::Requests,
    write::{Edit, Write, next_message},
};
use super::{
    context::Context,
    error::{ClientError, RecordFailure},
    io::{Output, RecordCommand, RecordNews, SocketId, Ticket, Wake},
    limits::BULK_NAMES_MAX_BYTES,
    listen::{Listenable, Listens},
    record::{Document, EditError, Kind, Path, Value},
    time::Instant,
};
use crate::{
    names::NameMap,
    wire::{Message, RecordAction, RecordMessage, Topic},
};

/// The record part of a client.
#[derive(Debug)]
pub struct Records {
    entries: NameMap<Entry>,
    listens: Listens,
    flush_at: Option<Instant>,
    /// Bulk messages that the server has not acknowledged, oldest first.
    bulks: VecDeque<Bulk>,
    requests: Requests,
    /// No later than anything here is due: looking at thousands of records after every event would take too long.
    wake_at: Option<(Instant, Wake)>,
    next_correlation_id: u32,
    next_question: u32,
}

/// A bulk message.
#[derive(Debug)]
struct Bulk {
    correlation_id: u32,
    names: Vec<Box<str>>,
    refusals: usize,
    /// When a missing acknowledgement is reported; `None` once it is.
    deadline: Option<Instant>,
}

impl Records {
    /// None open.
    pub fn new() -> Self {
        Self {
            entries: NameMap::new(),
            listens: Listens::new(Listenable::Records),
            flush_at: None,
            bulks: VecDeque::new(),
            requests: Requests::default(),
            wake_at: None,
            next_correlation_id: 0,
            next_question: 0,
        }
    }

    // ---- what can be seen ----

    /// The names of the records that are open, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.names()
    }

    /// The JSON text of what the application sees at a path; `None` for `undefined`.
    pub fn get(&mut self, name: &str, path: &Path) -> Option<Box<str>> {
        let value = self.entries.get_mut(name)?.view.get(path)?;
        Some(value.text().into())
    }

    /// The version that the application sees; `None` for a record that is not open or was never loaded.
    pub fn version(&self, name: &str) -> Option<i32> {
        self.entries.get(name)?.visible_version()
    }

    /// Whether the record was loaded.
    pub fn is_ready(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(Entry::is_ready)
    }

    /// Whether somebody provides the record, having listened for it.
    pub fn has_provider(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.has_provider)
    }

    /// When time alone may change something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.wake_at.into_iter().chain(self.listens.deadline()).min()
    }

    fn wake(&mut self, at: Instant, wake: Wake) {
        self.wake_at = Some(self.wake_at.map_or((at, wake), |earlier| earlier.min((at, wake))));
    }

    /// Looks at everything again.
    fn find_deadline(&mut self) {
        let mut earliest = self.requests.deadline().map(|at| (at, Wake::RecordTimeout));
        let mut consider = |at: Option<Instant>, wake| {
            earliest = earliest.into_iter().chain(at.map(|at| (at, wake))).min();
        };
        consider(self.flush_at, Wake::Subscriptions);
        for bulk in &self.bulks {
            consider(bulk.deadline, Wake::Acknowledgement);
        }
        self.entries.for_each(|_, entry| {
            consider(entry.deadline, Wake::RecordTimeout);
            let in_flight = entry.in_flight.as_ref().filter(|in_flight| !in_flight.is_cut_off);
            consider(in_flight.map(|in_flight| in_flight.deadline), Wake::RecordTimeout);
            consider(entry.discard_at.filter(|_| entry.can_be_discarded()), Wake::Discard);
        });
        self.wake_at = earliest;
    }

    // ---- what the application wants ----

    /// The application wants something.
    pub fn on_command(&mut self, context: &mut Context<'_>, session: Option<SocketId>, command: RecordCommand<'_>) {
        match command {
            RecordCommand::Open { name, strategy } => self.open(context, session, name, strategy),
            RecordCommand::Listen(command) => self.listens.on_command(context, session, command),
            RecordCommand::Discard(name) => self.discard(context, session, name),
            RecordCommand::Watch { name, path } => {
                if let Some(entry) = self.entries.get_mut(name) {
                    entry.watched.push(path);
                }
            }
            RecordCommand::Unwatch { name, path } => {
                if let Some(entry) = self.entries.get_mut(name)
                    && let Some(position) = entry.watched.iter().position(|watched| watched.text() == path)
                {
                    entry.watched.swap_remove(position);
                }
            }
            RecordCommand::AwaitReady { name, ticket } => self.await_ready(context, name, ticket),
            RecordCommand::Write { name, edits, ticket } => self.write(context, session, name, edits, ticket),
            RecordCommand::Delete { name, ticket } => self.delete(context, session, name, ticket),
            RecordCommand::SetStrategy { name, strategy } => {
                if let Some(entry) = self.entries.get_mut(name) {
                    entry.strategy = strategy;
                }
            }
            RecordCommand::AnswerMerge { question, answer } => self.on_merged(context, session, question, answer),
            RecordCommand::Snapshot { name, ticket } => match self.entries.get(name) {
                Some(entry) if entry.is_ready() => {
                    let data = entry.view.value().text().into();
                    settle(context, &mut vec![ticket], &Ok(Some(data)));
                }
                _ => {
                    self.wake_for_answer(context);
                    self.requests.read(context, session, name, ticket);
                }
            },
            RecordCommand::Head { name, ticket } => match self.entries.get(name) {
                Some(Entry { version: Some(version), phase: Phase::Synced, .. }) => {
                    settle(context, &mut vec![ticket], &Ok(Some(version.to_string().into())));
                }
                _ => {
                    self.wake_for_answer(context);
                    self.requests.head(context, session, name, ticket);
                }
            },
            RecordCommand::Notify { names, ticket } => {
                let correlation_id = self.correlation_id();
                self.wake_for_answer(context);
                self.requests.notify(context, session, names, correlation_id, ticket);
            }
        }
    }

    /// The client is closed: nothing is possible any more.
    pub fn refuse(&mut self, context: &mut Context<'_>, command: RecordCommand<'_>) {
        let ticket = match command {
            RecordCommand::AwaitReady { ticket, .. }
            | RecordCommand::Delete { ticket, .. }
            | RecordCommand::Snapshot { ticket, .. }
            | RecordCommand::Head { ticket, .. }
            | RecordCommand::Notify { ticket, .. }
            | RecordCommand::Write { ticket: Some(ticket), .. } => Some(ticket),
            RecordCommand::Write { ticket: None, .. } | RecordCommand::Open { .. } => None,
            _ => return,
        };
        let error = ClientError::IsClosed { topic: Topic::Record, dropped: 0 };
        match ticket {
            Some(ticket) => settle(context, &mut vec![ticket], &Err(error)),
            None => context.report(error),
        }
    }

    fn open(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, strategy: Strategy) {
        let entry = self.entries.get_or_insert_with(name, || Entry::new(strategy));
        entry.usages += 1;
        entry.discard_at = None;
        if entry.phase == Phase::Unknown && session.is_some() {
            self.schedule(context);
        }
    }

    fn schedule(&mut self, context: &Context<'_>) {
        let at = *self.flush_at.get_or_insert(context.now.after_ms(context.options.subscription_interval_ms));
        self.wake(at, Wake::Subscriptions);
    }

    fn discard(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.usages = entry.usages.saturating_sub(1);
        if entry.usages == 0 {
            let at = context.now.after_ms(context.options.record_discard_timeout_ms);
            entry.discard_at = Some(at);
            self.wake(at, Wake::Discard);
        }
        self.let_go_if_due(context, session, name);
    }

    fn await_ready(&mut self, context: &mut Context<'_>, name: &str, ticket: Ticket) {
        match self.entries.get_mut(name) {
            Some(entry) if entry.is_ready() => settle(context, &mut vec![ticket], &Ok(None)),
            Some(entry) => entry.ready_tickets.push(ticket),
            None => settle(context, &mut vec![ticket], &Err(failure(RecordFailure::NotOpen, name))),
        }
    }

    fn write(
        &mut self,
        context: &mut Context<'_>,
        session: Option<SocketId>,
        name: &str,
        edits: Vec<(Path, Option<&str>)>,
        ticket: Option<Ticket>,
    ) {
        let mut tickets: Vec<Ticket> = ticket.into_iter().collect();
        if let Some(refusal) = self.refusal(context, name, &edits) {
            settle(context, &mut tickets, &Err(refusal.clone()));
            return context.report(refusal);
        }
        let Some(entry) = self.entries.get_mut(name) else { return };
        let edits = edits.into_iter().map(|(path, text)| Edit::new(path, text.map(Into::into))).collect();
        match entry.write(Write { edits, tickets: tickets.clone() }) {
            Ok((differences, mut unneeded)) => {
                settle(context, &mut unneeded, &Ok(None));
                tell_differences(context, name, differences);
                self.proceed(context, session, name);
            }
            Err(error) => {
                let error = failure(RecordFailure::of(error), name);
                settle(context, &mut tickets, &Err(error.clone()));
                context.report(error);
            }
        }
    }

    /// Why a write is not even tried.
    fn refusal(&self, context: &Context<'_>, name: &str, edits: &[(Path, Option<&str>)]) -> Option<ClientError> {
        let is_scalar =
            |text: &str| Value::parse(text).is_ok_and(|value| !matches!(value.kind(), Kind::Object | Kind::Array));
        let entry = self.entries.get(name);
        let what = if entry.is_none_or(|entry| entry.deletion.is_some()) {
            RecordFailure::NotOpen
        } else if context.options.is_read_only(name) {
            RecordFailure::ReadOnly
        } else if edits.iter().any(|(path, text)| path.is_root() && text.is_none_or(is_scalar)) {
            RecordFailure::NotADocument
        } else if entry.is_some_and(|entry| entry.phase == Phase::Denied) {
            RecordFailure::Denied
        } else {
            return None;
        };
        Some(failure(what, name))
    }

    fn delete(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, ticket: Ticket) {
        let Some(entry) = self.entries.get_mut(name) else {
            self.wake_for_answer(context);
            return self.requests.delete(context, session, name, ticket);
        };
        entry.deletion.get_or_insert_default().tickets.push(ticket);
        // What was written is deleted with the record.
        let mut writes = entry.take_tickets();
        settle(context, &mut writes, &Err(failure(RecordFailure::Deleted, name)));
        self.proceed(context, session, name);
    }

    // ---- the work ----

    /// Does what is next for a record.
    fn proceed(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(socket) = session.filter(|_| entry.phase == Phase::Synced) else { return };
        if entry.deletion.is_some() {
            entry.phase = Phase::Deleting;
            let at = context.now.after_ms(context.options.record_delete_timeout_ms);
            entry.deadline = Some(at);
            self.wake(at, Wake::RecordTimeout);
            send(context, socket, RecordMessage { name: Some(name), ..RecordMessage::new(RecordAction::Delete) });
        } else if entry.in_flight.is_none() && !entry.pending.is_empty() {
            let correlation_id = self.next_correlation_id;
            self.next_correlation_id = correlation_id.wrapping_add(1);
            send_writes(context, socket, name, entry, correlation_id);
            self.wake_for_answer(context);
        } else {
            self.let_go_if_due(context, session, name);
        }
    }

    fn wake_for_answer(&mut self, context: &Context<'_>) {
        self.wake(context.now.after_ms(context.options.record_read_timeout_ms), Wake::RecordTimeout);
    }

    fn correlation_id(&mut self) -> u32 {
        let id = self.next_correlation_id;
        self.next_correlation_id = id.wrapping_add(1);
        id
    }

    /// Asks the server for everything that it was not asked for in this session.
    fn flush(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.flush_at = None;
        let deadline = context.now.after_ms(context.options.record_read_timeout_ms);
        let mut unknown = [const { Vec::new() }; 3];
        self.entries.for_each(|name, entry| {
            if entry.phase == Phase::Unknown {
                let kind = match entry.version {
                    Some(_) => 0,
                    None if context.options.is_read_only(name) => 1,
                    None => 2,
                };
                entry.phase = if kind == 0 { Phase::Checking } else { Phase::Loading };
                entry.deadline = Some(deadline);
                unknown[kind].push(Box::from(name));
            }
        });
        let actions =
            [RecordAction::SubscribeAndHead, RecordAction::SubscribeAndRead, RecordAction::SubscribeCreateAndRead];
        if unknown.iter().any(|names| !names.is_empty()) {
            self.wake(deadline, Wake::RecordTimeout);
        }
        for (action, names) in actions.into_iter().zip(unknown) {
            self.send_bulk(context, socket, action, names);
        }
    }

    fn send_bulk(&mut self, context: &mut Context<'_>, socket: SocketId, action: RecordAction, names: Vec<Box<str>>) {
        let mut names = names;
        while !names.is_empty() {
            let mut bytes = 0;
            let fitting = names.iter().take_while(|name| {
                bytes += name.len();
                bytes <= BULK_NAMES_MAX_BYTES
            });
            let rest = names.split_off(fitting.count().max(1));
            let correlation_id = self.correlation_id();
            let message = RecordMessage {
                names: names.iter().map(|name| &**name).collect(),
                correlation_id: Some(&correlation_id.to_string()),
                ..RecordMessage::new(action)
            };
            send(context, socket, message);
            let deadline = context.now.after_ms(context.options.record_read_ack_timeout_ms);
            self.wake(deadline, Wake::Acknowledgement);
            self.bulks.push_back(Bulk { correlation_id, names, refusals: 0, deadline: Some(deadline) });
            names = rest;
        }
    }

    /// Lets go of a record that nobody holds any more.
    fn let_go_if_due(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if !entry.can_be_discarded() || entry.discard_at.is_none_or(|at| at > context.now) {
            return;
        }
        let is_subscribed = entry.phase != Phase::Unknown && entry.phase != Phase::Denied;
        self.remove(context, name, RecordFailure::Discarded, RecordNews::Discarded);
        if let Some(socket) = session.filter(|_| is_subscribed) {
            self.send_bulk(context, socket, RecordAction::Unsubscribe, vec![name.into()]);
        }
    }

    /// The record is no longer open.
    fn remove(&mut self, context: &mut Context<'_>, name: &str, why: RecordFailure, news: RecordNews) {
        let Some(mut entry) = self.entries.remove(name) else { return };
        let mut tickets = entry.take_tickets();
        tickets.append(&mut entry.ready_tickets);
        settle(context, &mut tickets, &Err(failure(why, name)));
        if let Some(mut deletion) = entry.deletion {
            settle(context, &mut deletion.tickets, &Ok(None));
        }
        tell(context, name, news);
    }

    // ---- conflicts ----

    /// The server has `remote`, whatever was thought before.
    fn on_remote(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, remote: Remote) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if !entry.is_ready() {
            return self.on_loaded(context, session, name, remote);
        }
        if let Some((question, news)) = &mut entry.contested {
            // The answer that is on its way is about something else; it is asked for again.
            let _ = question;
            *news = Some(remote);
            return;
        }
        let mut before = entry.view.clone();
        entry.phase = Phase::Synced;
        entry.deadline = None;
        if entry.deletion.is_some() {
            return self.settle_deletion(context, session, name, remote);
        }
        if entry.is_as_known(&remote) {
            // The server has none of what was on its way.
            entry.in_flight = None;
        } else if entry.pending.is_empty() {
            entry.adopt(remote);
        } else {
            let kept = remote.clone();
            let settled = entry.settle_conflict(remote);
            self.on_settled(context, name, settled, kept);
        }
        self.tell_changes(context, name, &mut before);
        self.proceed(context, session, name);
    }

    fn on_loaded(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, remote: Remote) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let mut before = entry.view.clone();
        entry.phase = Phase::Synced;
        entry.deadline = None;
        entry.load(remote);
        let mut ready = std::mem::take(&mut entry.ready_tickets);
        tell(context, name, RecordNews::Ready);
        settle(context, &mut ready, &Ok(None));
        self.tell_changes(context, name, &mut before);
        self.proceed(context, session, name);
    }

    fn tell_changes(&mut self, context: &mut Context<'_>, name: &str, before: &mut Document) {
        if let Some(entry) = self.entries.get_mut(name) {
            tell_differences(context, name, entry.differences(before));
        }
    }

    fn on_settled(&mut self, context: &mut Context<'_>, name: &str, settled: Settled, remote: Remote) {
        let lost = match settled {
            Settled::Confirmed(mut tickets) => {
                settle(context, &mut tickets, &Ok(None));
                None
            }
            Settled::Rewritten { local } => local,
            Settled::Lost { mut tickets, local } => {
                settle(context, &mut tickets, &Err(failure(RecordFailure::WriteLost, name)));
                Some(local)
            }
            Settled::Ask { local } => {
                self.ask(context, name, Some(local), Some(remote));
                return;
            }
        };
        if let Some(local) = lost {
            let remote = remote.document.value().text().into();
            tell(context, name, RecordNews::Conflict { local: Some(local), remote: Some(remote) });
            context.report(failure(RecordFailure::WriteLost, name));
        }
    }

    /// Asks the application what to do about two versions; `None` stands for a deleted record.
    fn ask(&mut self, context: &mut Context<'_>, name: &str, local: Option<Box<str>>, remote: Option<Remote>) {
        let question = self.next_question;
        self.next_question = question.wrapping_add(1);
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.phase = Phase::Merging;
        let local_version = local.as_ref().map_or(-1, |_| entry.visible_version().unwrap_or(0));
        let remote_version = remote.as_ref().map_or(-1, |remote| remote.version);
        let remote_text = remote.as_ref().map(|remote| remote.document.value().text().into());
        entry.contested = Some((question, remote));
        context.out.push_back(Output::AskMerge {
            question,
            name: name.into(),
            local,
            local_version,
            remote: remote_text,
            remote_version,
        });
    }

    /// The application says how a conflict is to be settled.
    fn on_merged(
        &mut self,
        context: &mut Context<'_>,
        session: Option<SocketId>,
        question: u32,
        answer: Result<Option<&str>, &str>,
    ) {
        let mut found = None;
        self.entries.for_each(|name, entry| {
            if entry.contested.as_ref().is_some_and(|(asked, _)| *asked == question) {
                found = Some(Box::<str>::from(name));
            }
        });
        let Some(name) = found else { return };
        let Some(entry) = self.entries.get_mut(&name) else { return };
        let Some((_, Some(remote))) = entry.contested.take() else { return };
        entry.phase = Phase::Synced;
        let mut before = entry.view.clone();
        let kept = remote.clone();
        match answer {
            Ok(Some(text)) => {
                entry.deletion = None;
                let settled = entry.resolve(remote, text, None);
                self.on_settled(context, &name, settled, kept);
            }
            Ok(None) => {
                entry.adopt(remote);
                entry.deletion.get_or_insert_default();
            }
            Err(words) => {
                let mut tickets = entry.take_tickets();
                entry.adopt(remote);
                let error = ClientError::MergeFailed { name: name.clone(), words: words.into() };
                settle(context, &mut tickets, &Err(error.clone()));
                context.report(error);
            }
        }
        self.tell_changes(context, &name, &mut before);
        self.proceed(context, session, &name);
    }

    /// The record was to be deleted, and another client has written to it.
    fn settle_deletion(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, remote: Remote) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let is_same = entry.version == Some(remote.version);
        let mut before = entry.view.clone();
        let strategy = entry.strategy;
        if is_same || matches!(strategy, Strategy::LocalWins) {
            entry.adopt(remote);
        } else if strategy == Strategy::Custom {
            entry.adopt(remote.clone());
            return self.ask(context, name, None, Some(remote));
        } else {
            let deletion = entry.deletion.take();
            let text = remote.document.value().text().into();
            entry.adopt(remote);
            let error = failure(RecordFailure::WriteLost, name);
            settle(context, &mut deletion.unwrap_or_default().tickets, &Err(error.clone()));
            tell(context, name, RecordNews::Conflict { local: None, remote: Some(text) });
            context.report(error);
        }
        self.tell_changes(context, name, &mut before);
        self.proceed(context, session, name);
    }

    // ---- what becomes of the connection ----

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.flush(context, socket);
        self.listens.on_session(context, socket);
        self.requests.on_session(context, socket);
    }

    /// The application restores what [`Resubscribe::Manual`](super::Resubscribe::Manual) left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.listens.resubscribe(context, socket);
    }

    /// The session is over.
    pub fn on_lost(&mut self, context: &mut Context<'_>) {
        self.listens.on_lost(context);
        self.flush_at = None;
        self.bulks.clear();
        self.entries.for_each(|_, entry| entry.on_lost());
        self.requests.on_lost();
    }

    /// The connection rests until the application says otherwise: nobody shall wait for what may never come; what was
    /// written stays.
    pub fn on_rest(&mut self, context: &mut Context<'_>, error: &ClientError) {
        self.entries.for_each(|_, entry| {
            settle(context, &mut entry.ready_tickets, &Err(error.clone()));
            for write in &mut entry.pending {
                settle(context, &mut write.tickets, &Err(error.clone()));
            }
            if let Some(deletion) = &mut entry.deletion {
                settle(context, &mut deletion.tickets, &Err(error.clone()));
            }
        });
        self.requests.settle_all(context, error);
    }

    /// The client is closed. Returns how many records have writes that the server has not confirmed.
    pub fn on_closed(&mut self, context: &mut Context<'_>, error: &ClientError) -> usize {
        self.on_rest(context, error);
        let mut unsent = 0;
        self.entries.for_each(|_, entry| unsent += usize::from(!entry.pending.is_empty() || entry.deletion.is_some()));
        *self = Self::new();
        unsent
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>, session: Option<SocketId>) {
        let now = context.now;
        if session.is_some() {
            self.listens.on_tick(context);
        }
        if self.wake_at.is_none_or(|(at, _)| at > now) {
            return;
        }
        let mut discarded: Vec<Box<str>> = Vec::new();
        let mut overdue: Vec<Box<str>> = Vec::new();
        self.entries.for_each(|name, entry| {
            if entry.discard_at.is_some_and(|at| at <= now) && entry.can_be_discarded() {
                discarded.push(name.into());
            }
            let is_write_overdue =
                entry.in_flight.as_ref().is_some_and(|in_flight| !in_flight.is_cut_off && in_flight.deadline <= now);
            if session.is_some() && (is_write_overdue || entry.deadline.is_some_and(|at| at <= now)) {
                overdue.push(name.into());
            }
        });
        for name in discarded {
            self.let_go_if_due(context, session, &name);
        }
        if let Some(socket) = session {
            if self.flush_at.is_some_and(|at| at <= now) {
                self.flush(context, socket);
            }
            for name in overdue {
                self.on_overdue(context, socket, &name);
            }
            for bulk in self.bulks.iter_mut().filter(|bulk| bulk.deadline.is_some_and(|at| at <= now)) {
                bulk.deadline = None;
                context.report(ClientError::AckTimeout { topic: Topic::Record, names: bulk.names.clone() });
            }
            self.requests.on_tick(context);
        }
        self.find_deadline();
    }

    /// The server owes an answer: it is told, and asked for the data, which says everything.
    fn on_overdue(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let error = failure(RecordFailure::Timeout, name);
        if entry.phase == Phase::Deleting {
            let deletion = entry.deletion.take();
            settle(context, &mut deletion.unwrap_or_default().tickets, &Err(error.clone()));
        }
        if let Some(in_flight) = &mut entry.in_flight {
            in_flight.is_cut_off = true;
        }
        tell(context, name, RecordNews::Error(error.clone()));
        context.report(error);
        self.ask_for_data(context, socket, name);
    }

    /// Asks for the data of a record that is subscribed already.
    fn ask_for_data(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.deadline = Some(context.now.after_ms(context.options.record_read_timeout_ms));
        let is_ready = entry.is_ready();
        entry.phase = if is_ready { Phase::Reading } else { Phase::Loading };
        self.wake_for_answer(context);
        if is_ready {
            send(context, socket, RecordMessage { name: Some(name), ..RecordMessage::new(RecordAction::Read) });
        } else {
            self.send_bulk(context, socket, RecordAction::SubscribeCreateAndRead, vec![name.into()]);
        }
    }
}

impl Entry {
    fn can_be_discarded(&self) -> bool {
        self.usages == 0 && self.pending.is_empty() && self.deletion.is_none()
    }
}

fn send_writes(context: &mut Context<'_>, socket: SocketId, name: &str, entry: &mut Entry, correlation_id: u32) {
    let Some(message) = next_message(entry.pending.iter(), &mut entry.view) else { return };
    let action = match (&*message.path, &message.text) {
        ("", _) => RecordAction::Update,
        (_, Some(_)) => RecordAction::Patch,
        (_, None) => RecordAction::Erase,
    };
    let version = entry.version.map_or(1, |version| version.saturating_add(1));
    let frame = RecordMessage {
        name: Some(name),
        data: message.text.as_deref(),
        path: Some(&*message.path).filter(|path| !path.is_empty()),
        version: Some(version),
        correlation_id: Some(&correlation_id.to_string()),
        is_write_ack: true,
        ..RecordMessage::new(action)
    };
    send(context, socket, frame);
    let deadline = context.now.after_ms(context.options.record_read_timeout_ms);
    let writes = message.writes;
    entry.in_flight = Some(InFlight { correlation_id, writes, is_cut_off: false, deadline });
}

fn send(context: &mut Context<'_>, socket: SocketId, message: RecordMessage<'_>) {
    context.send(socket, &Message::Record(message));
}

fn tell(context: &mut Context<'_>, name: &str, news: RecordNews) {
    context.out.push_back(Output::Record { name: name.into(), news });
}

fn tell_differences(context: &mut Context<'_>, name: &str, differences: Vec<entry::Difference>) {
    for (path, value) in differences {
        tell(context, name, RecordNews::Changed { path, value });
    }
}

fn settle(context: &mut Context<'_>, tickets: &mut Vec<Ticket>, outcome: &Result<Option<Box<str>>, ClientError>) {
    for ticket in tickets.drain(..) {
        context.out.push_back(Output::Settle(ticket, outcome.clone()));
    }
}

fn failure(what: RecordFailure, name: &str) -> ClientError {
    ClientError::Record { what, name: name.into() }
}

impl RecordFailure {
    const fn of(error: EditError) -> Self {
        match error {
            EditError::InvalidJson(_) => Self::InvalidJson,
            EditError::NotAnIndex { .. } => Self::NotAnIndex,
            EditError::TooFarBeyondEnd => Self::TooFarBeyondEnd,
            EditError::NothingToErase => Self::NotADocument,
        }
    }
}
