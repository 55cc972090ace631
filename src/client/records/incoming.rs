//! What the server says about records.

use super::{
    Edit, InFlight, Records, Remote, Stage, cache,
    entry::{Entry, Heard},
    fail, failure, tell,
};
use crate::{
    client::{
        asked::id_in,
        context::Context,
        error::{ClientError, RecordFailure},
        io::RecordNews,
        limits::{RECORD_MAX_REFUSALS, RECORD_REFUSED_WAIT_MS},
        record::{Document, Path},
    },
    wire::{Message, RecordAction},
};

impl Records {
    /// A message of the topic RECORD arrived.
    pub fn on_message(&mut self, context: &mut Context, action: RecordAction, message: &Message<'_>) {
        let name = message.name.unwrap_or_default();
        if self.listens.on_answer(context, message) {
            return;
        }
        self.on_own_message(context, name, action, message);
        self.publish(context, name);
    }

    fn on_own_message(&mut self, context: &mut Context, name: &str, action: RecordAction, message: &Message<'_>) {
        if self.on_blind_answer(context, action, message) {
            return;
        }
        match action {
            RecordAction::SubscribeCreateAndRead
            | RecordAction::SubscribeAndRead
            | RecordAction::SubscribeAndHead
            | RecordAction::Unsubscribe
                if message.is_ack =>
            {
                self.on_bulk_acknowledged(context, message);
            }
            // It was deleted at the same moment: nobody knows what the server made of that.
            RecordAction::SubscribeCreateAndRead => self.load_again(context, name),
            RecordAction::ReadResponse => self.on_read_response(context, message),
            RecordAction::HeadResponse => self.on_head_response(context, name, message.version.unwrap_or(-1)),
            RecordAction::HeadResponseBulk => {
                for (name, version) in &message.versions {
                    self.on_head_response(context, name, *version);
                }
            }
            RecordAction::WriteAcknowledgement => self.on_write_acknowledged(context, message),
            RecordAction::Update | RecordAction::Patch => self.on_written(context, action, message),
            RecordAction::VersionExists => self.on_version_exists(context, message),
            RecordAction::InvalidVersion => self.on_invalid_version(context, message),
            RecordAction::Deleted => self.on_deleted(context, name),
            RecordAction::DeleteSuccess => self.on_delete_success(context, name),
            RecordAction::Notify if message.is_ack => {
                self.on_notified(context, message, &Ok(None));
            }
            RecordAction::SubscriptionHasProvider | RecordAction::SubscriptionHasNoProvider => {
                let has_provider = action == RecordAction::SubscriptionHasProvider;
                if let Some(entry) = self.entries.get_mut(name)
                    && std::mem::replace(&mut entry.has_provider, has_provider) != has_provider
                {
                    tell(context, name, RecordNews::HasProviderChanged(has_provider));
                }
            }
            // What was asked for once more, because an answer was overdue, may be there already.
            RecordAction::MultipleSubscriptions => {}
            _ if message.is_failure() => self.on_error(context, action, message),
            _ => {
                let expected = "an answer, or another client's write to a record that is open";
                context.report(message.error(expected));
            }
        }
    }

    /// See `Subscriptions::repair`: for every name that the server refuses, it drops the last one of the message; what it
    /// refuses may then be subscribed all the same.
    fn on_bulk_acknowledged(&mut self, context: &mut Context, message: &Message<'_>) {
        let Some((id, question)) = self.answered(message).filter(|(_, question)| question.is_bulk()) else { return };
        let (action, refusals, names) = (question.action, question.refusals, std::mem::take(&mut question.names));
        self.asked.answer(id);
        let (mut dropped, mut denied) = (Vec::new(), Vec::new());
        let rest = names.len().saturating_sub(refusals);
        for (at, name) in names.into_iter().enumerate() {
            match self.entries.get(&name).map(|entry| &entry.stage) {
                Some(Stage::Checking | Stage::Loading { .. }) if at >= rest => dropped.push(name),
                Some(Stage::Denied) if at < rest && refusals > 0 => denied.push(name),
                _ => {}
            }
        }
        self.send_bulk(context, action, dropped);
        self.send_bulk(context, RecordAction::Unsubscribe, denied);
    }

    fn on_read_response(&mut self, context: &mut Context, message: &Message<'_>) {
        let (name, version) = (message.name.unwrap_or_default(), message.version.unwrap_or(-1));
        let text = message.data.unwrap_or("{}");
        let Ok(document) = Document::parse(text) else {
            return context.report(failure(RecordFailure::InvalidJson, name));
        };
        self.on_requested(context, RecordAction::Read, name, &Ok(Some(text.into())));
        let Some(entry) = self.entries.get_mut(name) else { return };
        match entry.stage {
            Stage::Unknown | Stage::Held | Stage::Denied | Stage::Deleting => return,
            Stage::Loading { is_void: true, .. } => return self.load_again(context, name),
            _ => {}
        }
        let remote = Remote { version, document };
        let remote = match entry.brought_up_to_date(remote.clone()) {
            Some(remote) => remote,
            None if entry.session.doubted == Some(version) => remote,
            None => {
                entry.session.doubted = Some(version);
                return self.ask_for_data(context, name);
            }
        };
        entry.session.early.clear();
        self.on_remote(context, name, remote);
    }

    fn on_head_response(&mut self, context: &mut Context, name: &str, version: i32) {
        self.on_requested(context, RecordAction::Head, name, &Ok(Some(version.to_string().into())));
        let is_asked = |entry: &&mut Entry| matches!(entry.stage, Stage::Checking);
        let Some(entry) = self.entries.get_mut(name).filter(is_asked) else { return };
        let is_known = entry.version == Some(version);
        if version < 0 && !is_known {
            return self.on_missing(context, name, true);
        }
        if !is_known || entry.has_unsent() {
            // A record that was deleted and made anew may have the same version again.
            return self.ask_for_data(context, name);
        }
        entry.stage = Stage::Synced { is_verified: false };
        for heard in std::mem::take(&mut entry.session.early) {
            if heard.version > version {
                self.on_heard(context, name, heard);
            }
        }
        self.proceed(context, name);
    }

    fn on_write_acknowledged(&mut self, context: &mut Context, message: &Message<'_>) {
        let Some(entry) = self.written(message) else { return };
        entry.confirm(context);
        entry.session.refusals = 0;
        self.proceed(context, message.name.unwrap_or_default());
    }

    /// The record with the writes on their way that a message answers.
    fn written(&mut self, message: &Message<'_>) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(message.name?)?;
        (entry.awaited()? == id_in(message.correlation_id)?).then_some(entry)
    }

    /// Another client has written.
    fn on_written(&mut self, context: &mut Context, action: RecordAction, message: &Message<'_>) {
        let (name, version) = (message.name.unwrap_or_default(), message.version.unwrap_or(-1));
        let path = message.path.filter(|_| action == RecordAction::Patch).unwrap_or_default();
        let edit = match Path::parse(path) {
            Ok(path) if path.is_root() => Edit::new(path, Some(message.data.unwrap_or("{}").into())),
            Ok(path) => Edit::new(path, message.data.map(Into::into)),
            // No client of this package writes at such a path. Nor can this be made: what became of it is read.
            Err(_) => Edit::new(Path::default(), None),
        };
        self.on_heard(context, name, Heard { version, edit });
    }

    fn on_heard(&mut self, context: &mut Context, name: &str, heard: Heard) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let contested = match &entry.stage {
            Stage::Unknown | Stage::Held | Stage::Denied | Stage::Deleting => return,
            Stage::Loading { .. } | Stage::Checking | Stage::Reading => return entry.remember(heard),
            Stage::Merging(contested) => Some(contested.latest()),
            Stage::Synced { .. } | Stage::Waiting => None,
        };
        let Some(known) = contested.map(|latest| latest.version).or(entry.version) else { return };
        let Heard { version, edit } = &heard;
        let (is_whole, is_next) = (edit.path.is_root(), *version == known.saturating_add(1));
        if is_next && !is_whole && !entry.has_unsent() {
            if entry.advance(context, name, *version, edit).is_ok() {
                return self.cache.on_confirmed(&mut self.asked, context, name, entry);
            }
        } else if is_next || is_whole {
            let mut document = match contested {
                _ if is_whole => Document::default(),
                Some(latest) => latest.document.clone(),
                None => entry.base.as_ref().unwrap_or(&entry.view).clone(),
            };
            if edit.apply(&mut document, None).is_ok() {
                let remote = Remote { version: *version, document };
                if remote.version > known {
                    return self.on_remote(context, name, remote);
                } else if entry.is_as_known(&remote) {
                    return;
                }
            }
        }
        // Something is missing, or the record is not what it was. What is read may be from before, too.
        entry.remember(heard);
        self.ask_for_data(context, name);
    }

    fn on_version_exists(&mut self, context: &mut Context, message: &Message<'_>) {
        let (name, version) = (message.name.unwrap_or_default(), message.version.unwrap_or(-1));
        let Some(entry) = self.written(message) else { return };
        entry.cut_off();
        let document = message.data.and_then(|data| Document::parse(data).ok());
        if let Some(document) = document.filter(|_| entry.version.is_some_and(|known| version > known)) {
            return self.on_remote(context, name, Remote { version, document });
        }
        // What the server says is older than what it has said before.
        entry.session.refusals += 1;
        match entry.session.refusals {
            1 => self.ask_for_data(context, name),
            refusals if refusals < RECORD_MAX_REFUSALS => {
                entry.stage = Stage::Waiting;
                self.wait_for(context, name, RECORD_REFUSED_WAIT_MS << refusals);
            }
            // The server takes no more writes to the record.
            _ => {
                entry.session.refusals = 0;
                if entry.is_blank() {
                    return self.send_deletion(context, name);
                }
                self.on_write_refused(context, name, &message.failure());
            }
        }
    }

    /// The record was deleted while a write was on its way. From now on the server takes no writes to it.
    fn on_invalid_version(&mut self, context: &mut Context, message: &Message<'_>) {
        let name = message.name.unwrap_or_default();
        if let Some(entry) = self.entries.get_mut(name) {
            entry.is_stuck = true;
        }
        if let Some(entry) = self.written(message) {
            entry.cut_off();
            self.ask_for_data(context, name);
        }
    }

    /// Another client has deleted the record, and the server has unsubscribed everybody.
    fn on_deleted(&mut self, context: &mut Context, name: &str) {
        match self.entries.get_mut(name).map(|entry| &mut entry.stage) {
            None | Some(Stage::Unknown | Stage::Held | Stage::Denied) => {}
            Some(Stage::Loading { is_void, .. }) => *is_void = true,
            Some(_) => self.on_missing(context, name, false),
        }
    }

    /// Loads a record of which nobody knows whether it is subscribed.
    fn load_again(&mut self, context: &mut Context, name: &str) {
        if self.entries.get(name).is_some_and(|entry| matches!(entry.stage, Stage::Loading { .. })) {
            self.unsubscribe(context, name);
            self.load(context, name);
        }
    }

    /// The server has no such record any more. What was written here makes it anew.
    fn on_missing(&mut self, context: &mut Context, name: &str, is_subscribed: bool) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if !entry.pending.has_edits() {
            self.remove(context, name, RecordFailure::Deleted, RecordNews::Deleted);
            if is_subscribed {
                self.unsubscribe(context, name);
            }
            return;
        }
        entry.session.doubted = None;
        entry.session.early.clear();
        entry.rewrite(context, name, Remote { version: 0, document: Document::default() }, usize::MAX);
        if !is_subscribed {
            return self.load(context, name);
        }
        entry.stage = Stage::VERIFIED;
        self.proceed(context, name);
    }

    fn on_delete_success(&mut self, context: &mut Context, name: &str) {
        if self.on_blind_deleted(context, name, None) {
            cache::remove(context, name);
        }
        let is_owed = |entry: &mut Entry| std::mem::take(&mut entry.session.is_deletion_owed);
        if self.entries.get_mut(name).is_some_and(is_owed) {
            self.on_deleted(context, name);
        }
    }

    fn on_error(&mut self, context: &mut Context, action: RecordAction, message: &Message<'_>) {
        let name = message.name.unwrap_or_default();
        let error = message.failure();
        let is_denial = matches!(action, RecordAction::MessageDenied | RecordAction::MessagePermissionError);
        let original = message.original_action.and_then(RecordAction::from_number);
        let outcome = Err(error.clone());
        if self.written(message).is_some() {
            return self.on_write_refused(context, name, &error);
        }
        match original {
            Some(RecordAction::Read) => {
                self.on_requested(context, RecordAction::Read, name, &outcome);
                let is_missing = action == RecordAction::RecordNotFound;
                match self.entries.get(name).map(|entry| &entry.stage) {
                    Some(Stage::Loading { is_overdue: true, .. }) if is_missing => self.load_again(context, name),
                    Some(Stage::Reading | Stage::Merging(_)) if is_missing => {
                        self.on_missing(context, name, true);
                    }
                    Some(Stage::Reading) if is_denial => {
                        self.on_denied(context, name, &error);
                        // It may be subscribed all the same.
                        self.unsubscribe(context, name);
                    }
                    _ => {}
                }
                return;
            }
            Some(RecordAction::Head) => return self.on_requested(context, RecordAction::Head, name, &outcome),
            Some(RecordAction::Delete) => {
                if self.on_blind_deleted(context, name, Some(error.clone())) {
                    self.entries.get_mut(name).into_iter().for_each(|entry| entry.session.is_deletion_owed = false);
                    return;
                }
                return self.on_delete_refused(context, name, &error);
            }
            Some(RecordAction::Notify) if self.on_notified(context, message, &outcome) => return,
            Some(
                RecordAction::SubscribeAndHead | RecordAction::SubscribeAndRead | RecordAction::SubscribeCreateAndRead,
            ) if is_denial => {
                self.on_denied(context, name, &error);
                if original != Some(RecordAction::SubscribeCreateAndRead)
                    && let Some((_, question)) = self.answered(message)
                {
                    question.refusals += 1;
                    if question.refusals >= question.names.len() {
                        // Nothing is left that could be acknowledged.
                        self.on_bulk_acknowledged(context, message);
                    }
                }
                return;
            }
            _ => {}
        }
        context.report(error);
    }

    /// The server refuses the record itself: that is an error of the record whoever else is told, since others may hold it.
    fn on_denied(&mut self, context: &mut Context, name: &str, error: &ClientError) {
        let Some(entry) = self.entries.get_mut(name) else { return context.report(error.clone()) };
        let mut is_untold = entry.pending.iter().any(|write| write.op.receipts.is_empty());
        cache::on_denied(context, name, entry);
        entry.stage = Stage::Denied;
        let mut tickets = entry.take_tickets(context);
        entry.replay(context);
        tickets.append(&mut entry.take_ready_tickets());
        is_untold |= tickets.is_empty();
        context.settle_all(&mut tickets, &Err(error.clone()));
        tell(context, name, RecordNews::Error(error.clone()));
        if is_untold {
            context.report(error.clone());
        }
        self.publish(context, name);
        self.let_go_if_due(context, name);
    }

    /// The server refuses a write.
    fn on_write_refused(&mut self, context: &mut Context, name: &str, error: &ClientError) {
        self.give_up_writes(context, name, error);
        self.proceed(context, name);
    }

    /// The writes on their way will not be made: what the application sees is as if it had not asked for them.
    pub(super) fn give_up_writes(&mut self, context: &mut Context, name: &str, error: &ClientError) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let mut asked = entry.pending.remove_first(context, std::mem::take(&mut entry.in_flight).writes());
        fail(context, name, &mut asked, error);
        entry.replay(context);
        self.publish(context, name);
    }

    /// The server refuses to delete the record, which others may have written to since.
    fn on_delete_refused(&mut self, context: &mut Context, name: &str, error: &ClientError) {
        let is_asked = |entry: &&mut Entry| matches!(entry.stage, Stage::Deleting);
        let Some(entry) = self.entries.get_mut(name).filter(is_asked) else { return context.report(error.clone()) };
        entry.session.is_deletion_owed = false;
        entry.in_flight = InFlight::Nothing;
        let mut asked = entry.pending.remove_first(context, usize::MAX);
        fail(context, name, &mut asked, error);
        self.ask_for_data(context, name);
    }
}
