//! What the server says about records.

use super::{Bulk, Edit, Phase, Records, Remote, failure, settle, tell, tell_differences};
use crate::{
    client::{
        context::Context,
        error::{ClientError, RecordFailure},
        io::{RecordNews, SocketId},
        is_error,
        record::{Document, Path},
        subscriptions::Answer,
    },
    wire::{RecordAction, RecordMessage, Topic},
};

impl Records {
    /// A message of the topic RECORD arrived.
    pub fn on_message(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RecordMessage<'_>) {
        let name = message.name.unwrap_or_default();
        let session = Some(socket);
        let answer = Answer {
            action: message.action.number(),
            is_ack: message.is_ack,
            original_action: message.original_action,
            name: message.name,
            correlation_id: message.correlation_id,
        };
        if self.listens.on_answer(context, socket, &answer, message.subscription) {
            return;
        }
        match message.action {
            RecordAction::SubscribeCreateAndRead
            | RecordAction::SubscribeAndRead
            | RecordAction::SubscribeAndHead
            | RecordAction::Unsubscribe
                if message.is_ack =>
            {
                self.on_bulk_acknowledged(context, socket, message.correlation_id);
            }
            // It was deleted at the same moment: nobody knows what the server made of that.
            RecordAction::SubscribeCreateAndRead => self.ask_for_data(context, socket, name),
            RecordAction::ReadResponse => self.on_read_response(context, socket, message),
            RecordAction::HeadResponse => self.on_head_response(context, socket, name, message.version.unwrap_or(-1)),
            RecordAction::HeadResponseBulk => {
                for (name, version) in &message.versions {
                    self.on_head_response(context, socket, name, *version);
                }
            }
            RecordAction::WriteAcknowledgement => self.on_write_acknowledged(context, socket, message),
            RecordAction::Update | RecordAction::Patch => self.on_written(context, socket, message),
            RecordAction::VersionExists => self.on_version_exists(context, socket, message),
            RecordAction::InvalidVersion if self.is_in_flight(message) => self.ask_for_data(context, socket, name),
            RecordAction::Deleted => self.on_deleted(context, session, name),
            RecordAction::DeleteSuccess => self.on_delete_success(context, name),
            RecordAction::Notify if message.is_ack => {
                self.requests.on_notified(context, message.correlation_id, &Ok(None));
            }
            RecordAction::SubscriptionHasProvider | RecordAction::SubscriptionHasNoProvider => {
                let has_provider = message.action == RecordAction::SubscriptionHasProvider;
                if let Some(entry) = self.entries.get_mut(name)
                    && std::mem::replace(&mut entry.has_provider, has_provider) != has_provider
                {
                    tell(context, name, RecordNews::HasProviderChanged(has_provider));
                }
            }
            // What was asked for once more, because an answer was overdue, may be there already.
            RecordAction::MultipleSubscriptions => {}
            action if message.is_error || is_error(action.number()) => self.on_error(context, socket, message),
            action => context.report(ClientError::Unsolicited {
                topic: Topic::Record,
                action: action.name(),
                expected: "an answer, or another client's write to a record that is open",
            }),
        }
    }

    /// See `Subscriptions::finish`: for every name that the server refuses, it drops the last one of the message.
    fn on_bulk_acknowledged(&mut self, context: &mut Context<'_>, socket: SocketId, correlation_id: Option<&str>) {
        let Some(position) = self.bulk(correlation_id) else { return };
        let Some(Bulk { mut names, refusals, .. }) = self.bulks.remove(position) else { return };
        for name in names.split_off(names.len().saturating_sub(refusals)) {
            if self.entries.get(&name).is_some_and(|entry| entry.phase == Phase::Checking) {
                self.send_bulk(context, socket, RecordAction::SubscribeAndHead, vec![name]);
            }
        }
        let is_denied = |name: &str| self.entries.get(name).is_some_and(|entry| entry.phase == Phase::Denied);
        names.retain(|name| refusals > 0 && is_denied(name));
        self.send_bulk(context, socket, RecordAction::Unsubscribe, names);
    }

    fn bulk(&self, correlation_id: Option<&str>) -> Option<usize> {
        let correlation_id = correlation_id?.parse().ok()?;
        self.bulks.iter().position(|bulk| bulk.correlation_id == correlation_id)
    }

    fn on_read_response(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RecordMessage<'_>) {
        let (name, version) = (message.name.unwrap_or_default(), message.version.unwrap_or(-1));
        let text = message.data.unwrap_or("{}");
        let Ok(document) = Document::parse(text) else {
            return context.report(failure(RecordFailure::InvalidJson, name));
        };
        self.requests.on_read(context, name, &Ok(Some(text.into())));
        let phase = self.entries.get(name).map(|entry| entry.phase);
        if let Some(Phase::Loading | Phase::Reading | Phase::Checking) = phase {
            self.on_remote(context, Some(socket), name, Remote { version, document });
        }
    }

    fn on_head_response(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, version: i32) {
        self.requests.on_head(context, name, &Ok(Some(version.to_string().into())));
        let Some(entry) = self.entries.get_mut(name).filter(|entry| entry.phase == Phase::Checking) else { return };
        if version < 0 {
            return self.on_missing(context, socket, name);
        }
        if entry.version != Some(version) {
            return self.ask_for_data(context, socket, name);
        }
        // The server has none of what was on its way.
        entry.in_flight = None;
        entry.phase = Phase::Synced;
        entry.deadline = None;
        self.proceed(context, Some(socket), name);
    }

    fn on_write_acknowledged(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RecordMessage<'_>) {
        if !self.is_in_flight(message) {
            return;
        }
        let name = message.name.unwrap_or_default();
        let Some(entry) = self.entries.get_mut(name) else { return };
        let mut tickets = entry.confirm();
        settle(context, &mut tickets, &Ok(None));
        self.proceed(context, Some(socket), name);
    }

    /// Whether a message answers the write that is on its way.
    fn is_in_flight(&self, message: &RecordMessage<'_>) -> bool {
        let correlation_id = message.correlation_id.and_then(|id| id.parse().ok());
        let in_flight = self.entries.get(message.name.unwrap_or_default()).and_then(|entry| entry.in_flight.as_ref());
        in_flight.is_some_and(|in_flight| !in_flight.is_cut_off && Some(in_flight.correlation_id) == correlation_id)
    }

    /// Another client has written.
    fn on_written(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RecordMessage<'_>) {
        let (name, version) = (message.name.unwrap_or_default(), message.version.unwrap_or(-1));
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(known) = entry.version.filter(|_| entry.phase != Phase::Unknown) else { return };
        if matches!(entry.phase, Phase::Checking | Phase::Loading | Phase::Reading) {
            // The answer to come is older or newer than this; what is missing then shows in the version.
            return self.remember_newer(context, socket, name, version);
        }
        if version <= known {
            return;
        }
        let whole = message.action == RecordAction::Update || message.path.is_none_or(str::is_empty);
        if whole {
            return match Document::parse(message.data.unwrap_or("{}")) {
                Ok(document) => self.on_overtaken(context, socket, name, Remote { version, document }),
                Err(_) => context.report(failure(RecordFailure::InvalidJson, name)),
            };
        }
        let path = Path::parse(message.path.unwrap_or_default());
        let edit = path.map(|path| Edit::new(path, message.data.map(Into::into)));
        let (Ok(mut edit), true) = (edit, version == known + 1) else {
            return self.ask_for_data(context, socket, name);
        };
        if entry.pending.is_empty() && entry.deletion.is_none() {
            return match entry.advance(version, &mut edit) {
                Ok(differences) => tell_differences(context, name, differences),
                Err(_) => self.ask_for_data(context, socket, name),
            };
        }
        let mut document = match &entry.contested {
            Some((_, Some(remote))) => remote.document.clone(),
            _ => entry.base().clone(),
        };
        match edit.apply(&mut document, &mut super::write::Watch::new(&[])) {
            Ok(()) => self.on_overtaken(context, socket, name, Remote { version, document }),
            Err(_) => self.ask_for_data(context, socket, name),
        }
    }

    fn remember_newer(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, version: i32) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if entry.phase == Phase::Checking && entry.version.is_some_and(|known| version > known) {
            self.ask_for_data(context, socket, name);
        }
    }

    /// Another client's write came before what is on its way from here, if anything is.
    fn on_overtaken(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, remote: Remote) {
        self.on_remote(context, Some(socket), name, remote);
    }

    fn on_version_exists(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RecordMessage<'_>) {
        if !self.is_in_flight(message) {
            return;
        }
        let (name, version) = (message.name.unwrap_or_default(), message.version.unwrap_or(-1));
        let Some(entry) = self.entries.get_mut(name) else { return };
        let document = message.data.and_then(|data| Document::parse(data).ok());
        match document.filter(|_| entry.version.is_some_and(|known| version > known)) {
            Some(document) => self.on_remote(context, Some(socket), name, Remote { version, document }),
            // What the server says is older than what it has said before.
            None => self.ask_for_data(context, socket, name),
        }
    }

    /// Another client has deleted the record, and the server has unsubscribed everybody.
    fn on_deleted(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str) {
        if let (Some(socket), true) = (session, self.entries.contains(name)) {
            self.on_missing(context, socket, name);
        }
    }

    /// The server has no such record any more. What was written here makes it anew.
    fn on_missing(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if entry.pending.is_empty() || entry.deletion.is_some() {
            return self.remove(context, name, RecordFailure::Deleted, RecordNews::Deleted);
        }
        entry.in_flight = None;
        entry.contested = None;
        entry.rewrite(Remote { version: 0, document: Document::default() });
        entry.phase = Phase::Loading;
        entry.deadline = Some(context.now.after_ms(context.options.record_read_timeout_ms));
        self.wake_for_answer(context);
        self.send_bulk(context, socket, RecordAction::SubscribeCreateAndRead, vec![name.into()]);
    }

    fn on_delete_success(&mut self, context: &mut Context<'_>, name: &str) {
        if !self.requests.on_deleted(context, name, &Ok(None)) {
            self.remove(context, name, RecordFailure::Deleted, RecordNews::Deleted);
        }
    }

    fn on_error(&mut self, context: &mut Context<'_>, socket: SocketId, message: &RecordMessage<'_>) {
        let name = message.name.unwrap_or_default();
        let error = ClientError::Server {
            topic: Topic::Record,
            action: message.action.name(),
            name: message.name.map(Into::into),
            data: message.data.map(Into::into),
        };
        let original = message.original_action.and_then(RecordAction::from_number);
        let outcome = Err(error.clone());
        if self.is_in_flight(message) {
            self.on_write_refused(context, socket, name, &error);
            return;
        }
        match original {
            Some(RecordAction::Read) => {
                self.requests.on_read(context, name, &outcome);
                if self.entries.get(name).is_some_and(|entry| entry.phase == Phase::Reading) {
                    if message.action == RecordAction::RecordNotFound {
                        return self.on_missing(context, socket, name);
                    }
                    self.on_denied(context, name, &error);
                }
                return;
            }
            Some(RecordAction::Head) => return self.requests.on_head(context, name, &outcome),
            Some(RecordAction::Delete) => {
                if self.requests.on_deleted(context, name, &outcome) {
                    return;
                }
                self.on_delete_refused(context, socket, name, &error);
            }
            Some(RecordAction::Notify) if self.requests.on_notified(context, message.correlation_id, &outcome) => {
                return;
            }
            Some(RecordAction::SubscribeAndHead | RecordAction::SubscribeAndRead) => {
                if let Some(position) = self.bulk(message.correlation_id)
                    && let Some(bulk) = self.bulks.get_mut(position)
                {
                    bulk.refusals += 1;
                }
                self.on_denied(context, name, &error);
            }
            Some(RecordAction::SubscribeCreateAndRead) => self.on_denied(context, name, &error),
            _ => {}
        }
        context.report(error);
    }

    /// The server refuses the record itself.
    fn on_denied(&mut self, context: &mut Context<'_>, name: &str, error: &ClientError) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.phase = Phase::Denied;
        entry.deadline = None;
        let mut tickets = std::mem::take(&mut entry.ready_tickets);
        tickets.append(&mut entry.take_tickets());
        tickets.append(&mut entry.deletion.take().unwrap_or_default().tickets);
        settle(context, &mut tickets, &Err(error.clone()));
        tell(context, name, RecordNews::Error(error.clone()));
    }

    /// The server refuses a write: what the application sees is as if it had not been made.
    fn on_write_refused(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, error: &ClientError) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let mut before = entry.view.clone();
        let mut tickets = entry.reject();
        settle(context, &mut tickets, &Err(error.clone()));
        tell(context, name, RecordNews::Error(error.clone()));
        context.report(error.clone());
        self.tell_changes(context, name, &mut before);
        self.proceed(context, Some(socket), name);
    }

    fn on_delete_refused(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, error: &ClientError) {
        let Some(entry) = self.entries.get_mut(name).filter(|entry| entry.phase == Phase::Deleting) else { return };
        entry.phase = Phase::Synced;
        entry.deadline = None;
        let deletion = entry.deletion.take();
        settle(context, &mut deletion.unwrap_or_default().tickets, &Err(error.clone()));
        tell(context, name, RecordNews::Error(error.clone()));
        self.proceed(context, Some(socket), name);
    }
}
