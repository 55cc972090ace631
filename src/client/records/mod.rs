//! Records: documents that several clients write, and that are the same everywhere in the end.
//!
//! For every open record the client keeps what the server has, and the writes that the server has not confirmed; the
//! application sees both together. One message with writes at a time is on its way, for the version after the one that the
//! server has, so the server refuses it if anybody else was faster. Then, and when a reconnect finds another version, the
//! strategy of the record settles what becomes of both. What was cut off is never guessed: the version and the data on the
//! server tell whether it arrived.

mod blind;
mod cache;
mod conflict;
mod entry;
mod incoming;
mod left;
mod pending;
mod requests;
mod session;
mod settling;
mod stage;
mod stored;
mod write;

use self::{
    blind::BlindWrite,
    cache::Cache,
    entry::{Entry, Remote},
    pending::Pending,
    requests::Awaited,
    stage::{Holders, InFlight, Stage},
    write::{Write, next_message, write_message},
};
use super::{
    asked::Asked,
    context::Context,
    error::{ClientError, RecordFailure},
    flight::Item,
    io::{Delivery, Kind, LastSeen, Offer, Output, RecordCommand, RecordNews, RecordQuestion, Strategy, Ticket},
    listen::Listens,
    record::{Edit, EditError, Path},
    subscriptions::Subject,
    time::{Instant, Wake, earliest},
};
use crate::{
    names::NameMap,
    wire::{Message, RecordAction, Topic},
};

/// The record part of a client.
#[derive(Debug)]
pub struct Records {
    entries: NameMap<Entry>,
    listens: Listens,
    /// The records that the server is to be asked for, if it was not, and when.
    unasked: Vec<Box<str>>,
    flush_at: Option<Instant>,
    /// Whatever is awaited, with its deadline. The numbers of these are the correlation ids.
    asked: Asked<Awaited>,
    /// The numbers of the questions about records that need not be open.
    requests: NameMap<u32>,
    /// The writes to records that are not open.
    blind: Asked<BlindWrite>,
    /// The numbers of those that were not sent, in order.
    waiting_blind: Vec<u32>,
    /// The numbers of the deletions of such records that were sent.
    blind_deletions: NameMap<u32>,
    /// Whether any of them may be due.
    is_blind_due: bool,
    cache: Cache,
    /// What earlier pages have left, by record, each time that something was taken in, until the records can take it.
    left: Vec<NameMap<Pending>>,
    /// The records that may be able to take some of it now.
    may_take: Vec<Box<str>>,
    /// The records whose writes are to be sent when storage has what has become of them.
    folded: Vec<Box<str>>,
    /// Whether what earlier pages have left was looked for, so that new writes may follow.
    may_write: bool,
    /// Whether there are writes that must wait for what is on its way.
    has_waiting: bool,
}

impl Records {
    /// None open.
    pub(in crate::client) fn new() -> Self {
        Self {
            entries: NameMap::new(),
            listens: Listens::new(Subject::RECORD_PATTERNS),
            unasked: Vec::new(),
            flush_at: None,
            asked: Asked::default(),
            requests: NameMap::new(),
            blind: Asked::default(),
            waiting_blind: Vec::new(),
            blind_deletions: NameMap::new(),
            is_blind_due: false,
            cache: Cache::default(),
            left: Vec::new(),
            may_take: Vec::new(),
            folded: Vec::new(),
            may_write: false,
            has_waiting: false,
        }
    }

    // ---- what can be seen ----

    /// The names of the records that are open, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.names().filter(|name| self.is_held(name))
    }

    /// The JSON text of what the application sees at a path; `None` for `undefined`.
    pub fn get(&mut self, name: &str, path: &Path) -> Option<Box<str>> {
        let value = self.entries.get_mut(name)?.view.get(path)?;
        Some(value.to_text())
    }

    /// The version that the application sees; `None` for a record that is not open or was never loaded.
    pub fn version(&self, name: &str) -> Option<i32> {
        self.entries.get(name)?.visible_version()
    }

    /// Whether the record is open, as far as the application knows.
    pub fn is_held(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| !entry.is_told_discarded())
    }

    /// Whether the record is here: open, or kept by what is unsent of it.
    pub fn is_open(&self, name: &str) -> bool {
        self.entries.contains(name)
    }

    /// Whether the record was loaded.
    pub fn is_ready(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(Entry::is_ready)
    }

    /// Whether somebody provides the record, having listened for it.
    pub fn has_provider(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.has_provider)
    }

    /// Where the record stands, by the names of the reference client; `None` for one that is not open.
    pub fn state(&self, name: &str) -> Option<&'static str> {
        self.entries.get(name).map(Entry::state)
    }

    /// When time alone may change something, and what; without a session only what is waited for all the same.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        let flush = self.flush_at.map(|at| (at, Wake::Subscriptions));
        let awaited = self.asked.first().map(|(at, awaited)| (at, awaited.wake()));
        let blind = self.blind.deadline().map(|at| (at, Wake::RecordTimeout));
        earliest(&[flush, awaited, blind, self.listens.patterns.deadline()])
    }

    /// What a record is in the middle of from now on is overdue after so long.
    fn wait_for(&mut self, context: &Context, name: &str, ms: u64) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let at = Some(context.now.after_ms(ms));
        match entry.timer {
            Some(id) => self.asked.wait_until(id, at),
            None => entry.timer = Some(self.asked.ask(at, Awaited::Record(name.into()))),
        }
    }

    /// A new number for what a record is asked next, in place of the last one.
    fn renumber(&mut self, name: &str) -> u32 {
        let id = self.asked.ask(None, Awaited::Record(name.into()));
        let before = self.entries.get_mut(name).and_then(|entry| entry.timer.replace(id));
        before.and_then(|before| self.asked.answer(before));
        id
    }

    // ---- what the application wants ----

    /// The application wants something. Returns a write to a record that is not open, which is to be
    /// [added](Self::add_blind) if there is room for it.
    pub fn on_command(&mut self, context: &mut Context, command: RecordCommand<'_>) -> Option<Write> {
        match command {
            RecordCommand::Open { name, strategy } => {
                self.open(context, name, strategy);
                context.log.look_early(context.session.is_some());
            }
            RecordCommand::Listen(command) => self.listens.on_command(context, command),
            RecordCommand::Discard(name) => self.discard(context, name),
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
            RecordCommand::Ask { name, question, ticket } => self.look_at(context, name, question, ticket),
            RecordCommand::Write { name, edits, ticket } => self.write(context, name, edits, ticket),
            RecordCommand::SetData { name, edits, delivery, ttl_ms, ticket } => {
                return self.set_data(context, edits, &forced(name, delivery, ttl_ms, ticket));
            }
            RecordCommand::Delete { name, ticket } => return self.delete(context, name, ticket),
            RecordCommand::SetStrategy { name, strategy } => {
                if let Some(entry) = self.entries.get_mut(name) {
                    entry.strategy = strategy;
                }
            }
            RecordCommand::AnswerMerge { question, answer } => {
                if let Some(Awaited::Record(name)) = self.asked.get(question) {
                    let name = name.clone();
                    self.on_merged(context, &name, answer);
                }
            }
            RecordCommand::Notify { names, ticket } => {
                self.question(context, RecordAction::Notify, names, vec![ticket]);
            }
            RecordCommand::LookedUp { lookup, name, found } => {
                self.on_looked_up(context, lookup, name, found);
            }
            RecordCommand::StorageFailed { words } => self.on_storage_failed(context, words),
            RecordCommand::StorageCleared => self.on_storage_cleared(),
            RecordCommand::Save => self.save_again(context),
        }
        None
    }

    /// The client is closed: nothing is possible any more.
    pub fn refuse(&mut self, context: &mut Context, command: RecordCommand<'_>) {
        let ticket = match command {
            RecordCommand::Ask { ticket, .. }
            | RecordCommand::Delete { ticket, .. }
            | RecordCommand::Notify { ticket, .. } => Some(ticket),
            RecordCommand::SetData { ticket, .. } | RecordCommand::Write { ticket, .. } => ticket,
            RecordCommand::Open { .. } => None,
            // All by name: a new one with a ticket must not be forgotten here.
            RecordCommand::Listen(_)
            | RecordCommand::Discard(_)
            | RecordCommand::Watch { .. }
            | RecordCommand::Unwatch { .. }
            | RecordCommand::SetStrategy { .. }
            | RecordCommand::AnswerMerge { .. }
            | RecordCommand::LookedUp { .. }
            | RecordCommand::StorageFailed { .. }
            | RecordCommand::StorageCleared
            | RecordCommand::Save => return,
        };
        refuse(context, ticket, ClientError::is_closed(Topic::Record, 0));
    }

    fn open(&mut self, context: &mut Context, name: &str, strategy: Strategy) {
        let is_new = !self.entries.contains(name);
        if is_new {
            self.look_up(context, name);
        }
        let entry = self.entries.get_or_insert_with(name, Entry::default);
        if is_new {
            entry.strategy = strategy;
        }
        let handles = if let Holders::Some(handles) = entry.holders { handles } else { 0 };
        entry.holders = Holders::Some(handles + 1);
        if matches!(entry.stage, Stage::Denied | Stage::Held) {
            entry.stage = Stage::Unknown;
            self.may_take.push(name.into());
        }
        if matches!(entry.stage, Stage::Unknown) && context.session.is_some() {
            self.unasked.push(name.into());
            if !self.cache.holds(&self.asked, name) {
                self.schedule(context);
            }
        }
    }

    fn schedule(&mut self, context: &Context) {
        self.flush_at.get_or_insert(context.now.after_ms(context.options.subscription_interval_ms));
    }

    fn discard(&mut self, context: &mut Context, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        match &mut entry.holders {
            Holders::Some(handles @ 2..) => *handles -= 1,
            holders => *holders = self.asked.discard_later(context, name, false),
        }
        self.let_go_if_due(context, name);
    }

    /// A record that is open, and not refused by the server, is for this client to say what it is; any other for the server.
    fn look_at(&mut self, context: &mut Context, name: &str, question: RecordQuestion, ticket: Ticket) {
        match (self.entries.get_mut(name), question) {
            (Some(entry), _) if !entry.stage.is_denied() => {
                entry.ready_tickets.push((ticket, question));
                if entry.is_ready() { entry.settle_ready(context) } else { self.refuse_to_wait(context, name) }
            }
            (entry, RecordQuestion::Readiness) => {
                let what = if entry.is_some() { RecordFailure::Denied } else { RecordFailure::NotOpen };
                context.settle(ticket, Err(failure(what, name)));
            }
            (_, RecordQuestion::Data) => self.request(context, RecordAction::Read, name, ticket),
            (_, RecordQuestion::Version) => self.request(context, RecordAction::Head, name, ticket),
        }
    }

    /// Tells those who wait for a record to be loaded that it will not be, where neither the server nor storage will answer.
    fn refuse_to_wait(&mut self, context: &mut Context, name: &str) {
        if let Some(entry) = self.entries.get_mut(name).filter(|_| context.stopped.is_some())
            && !self.cache.holds(&self.asked, name)
        {
            context.refuse_to_wait(&mut entry.take_ready_tickets());
        }
    }

    fn write(&mut self, context: &mut Context, name: &str, edits: Vec<Edit>, ticket: Option<Ticket>) {
        let written = match self.entries.get_mut(name) {
            Some(entry) => entry.write(context, name, edits, ticket),
            None => Err(RecordFailure::NotOpen),
        };
        match written {
            Ok(()) => self.proceed(context, name),
            Err(what) => refuse(context, ticket, failure(what, name)),
        }
    }

    /// Changes a record that need not be open.
    fn set_data(&mut self, context: &mut Context, edits: Vec<Edit>, offer: &Offer<'_>) -> Option<Write> {
        let Offer { name, receipt: ticket, .. } = *offer;
        if self.entries.get(name).is_some_and(|entry| !entry.pending.is_deletion()) {
            self.write(context, name, edits, ticket);
            return None;
        }
        if let Err(what) = check_edits(context, name, &edits) {
            refuse(context, ticket, failure(what, name));
            return None;
        }
        self.write_blindly(context, edits, offer)
    }

    fn delete(&mut self, context: &mut Context, name: &str, ticket: Ticket) -> Option<Write> {
        let entry = self.entries.get_mut(name).filter(|entry| !entry.stage.is_denied());
        let Some(entry) = entry else {
            let offer = forced(name, Delivery::Durable, None, Some(ticket));
            return self.write_blindly(context, Vec::new(), &offer);
        };
        entry.stored.is_written_blindly = false;
        let mut writes = entry.delete(context, name, ticket);
        context.settle_all(&mut writes, &Err(failure(RecordFailure::Deleted, name)));
        self.proceed(context, name);
        None
    }

    // ---- the work ----

    /// Does what is next for a record.
    fn proceed(&mut self, context: &mut Context, name: &str) {
        self.publish(context, name);
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Stage::Synced { is_verified } = entry.stage else { return self.let_go_if_due(context, name) };
        self.cache.on_confirmed(&mut self.asked, context, name, entry);
        if entry.has_unsent() && !self.may_write {
            return;
        }
        let is_writing = matches!(entry.in_flight, InFlight::Nothing) && !entry.pending.is_empty();
        if entry.pending.is_deletion() || is_writing && is_verified && entry.is_stuck && entry.is_blank() {
            // Only this frees one that takes no writes, and nothing is lost.
            self.send_deletion(context, name);
        } else if is_writing && !is_verified {
            // A record that was deleted and made anew may have the same version again: writing into that could end the
            // server, if the path leads through null there.
            self.ask_for_data(context, name);
        } else if is_writing {
            let item = Item::Record(name.into());
            if !context.flight.has_room_for(&item) {
                self.has_waiting = true;
                return;
            }
            if entry.fold_entries(context, name) {
                // What is sent must be what storage has, or the next page would make it twice.
                return self.folded.push(name.into());
            }
            let correlation_id = self.renumber(name);
            let Some(entry) = self.entries.get_mut(name) else { return };
            if send_writes(context, name, item, entry, correlation_id) {
                self.wait_for(context, name, context.options.record_read_timeout_ms);
            } else {
                self.give_up_undeliverable(context, name);
                self.proceed(context, name);
            }
        } else {
            self.let_go_if_due(context, name);
        }
    }

    fn send_deletion(&mut self, context: &mut Context, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.stage = Stage::Deleting;
        entry.session.is_deletion_owed = true;
        entry.is_stuck = false;
        self.wait_for(context, name, context.options.record_delete_timeout_ms);
        context.send(&Message::about(RecordAction::Delete, name));
    }

    /// Lets go of a record that nobody holds any more.
    fn let_go_if_due(&mut self, context: &mut Context, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if entry.discardable_at().is_none_or(|at| at > context.now) {
            return;
        }
        if entry.has_unsent() {
            if let Holders::None { is_told, .. } = &mut entry.holders {
                *is_told = true;
            }
            let last = entry.last_seen();
            return tell(context, name, RecordNews::Discarded(last));
        }
        let is_subscribed = entry.is_subscribed();
        self.remove(context, name, RecordFailure::Discarded, RecordNews::Discarded);
        if context.session.is_some() && is_subscribed {
            self.unsubscribe(context, name);
        }
    }

    /// The record is no longer open.
    fn remove(&mut self, context: &mut Context, name: &str, why: RecordFailure, news: fn(LastSeen) -> RecordNews) {
        let Some(mut entry) = self.entries.remove(name) else { return };
        entry.timer.and_then(|id| self.asked.answer(id));
        self.forget_lookup(context, name);
        if why == RecordFailure::Deleted {
            cache::remove(context, name);
        } else {
            cache::save(context, name, &mut entry);
        }
        let last = (!entry.is_told_discarded()).then(|| entry.last_seen());
        let mut deletion = entry.take_deletion(context);
        let mut tickets = entry.take_tickets(context);
        tickets.append(&mut entry.take_ready_tickets());
        context.settle_all(&mut tickets, &Err(failure(why, name)));
        context.settle_all(&mut deletion, &Ok(None));
        entry.keep_base(context, name, None);
        if let Some(last) = last {
            tell(context, name, news(last));
        }
        self.look_at_left(name);
    }
}

impl Entry {
    /// When to let go of it, if nothing keeps it here. What the server was asked about a subscription must be answered
    /// first, lest it ends up subscribed. What is unsent keeps it here after the application was told.
    fn discardable_at(&self) -> Option<Instant> {
        let is_kept = matches!(self.stage, Stage::Loading { .. } | Stage::Checking)
            || self.is_told_discarded() && self.has_unsent()
            || self.ready_tickets.iter().any(|(_, question)| *question != RecordQuestion::Readiness);
        match self.holders {
            Holders::None { discard_at, .. } if !is_kept => Some(discard_at),
            _ => None,
        }
    }
}

/// What is offered for a record that is not open.
const fn forced(name: &str, delivery: Delivery, ttl_ms: Option<u64>, receipt: Option<Ticket>) -> Offer<'_> {
    Offer { kind: Kind::Forced, name, data: None, delivery, ttl_ms, key: None, receipt }
}

/// What is wrong with a write by itself.
///
/// # Errors
/// That.
fn check_edits(context: &Context, name: &str, edits: &[Edit]) -> Result<(), RecordFailure> {
    let is_scalar = |text: &str| !text.trim_ascii_start().starts_with(['{', '[']);
    let is_no_document = |edit: &Edit| edit.text.as_deref().is_none_or(is_scalar) && edit.entries.is_none();
    if context.options.is_read_only(name) {
        Err(RecordFailure::ReadOnly)
    } else if edits.iter().any(|edit| edit.path.is_root() && is_no_document(edit)) {
        Err(RecordFailure::NotADocument)
    } else {
        Ok(())
    }
}

/// Sends what is next to be written. Says whether it was sent: not if it is too long.
fn send_writes(context: &mut Context, name: &str, item: Item, entry: &mut Entry, correlation_id: u32) -> bool {
    // What is too long together, or ends the connection, may be one of them alone.
    let mut most = if context.flight.is_suspect(&item) { 1 } else { entry.pending.len() };
    loop {
        let base = (most == 1 && entry.pending.len() > 1).then(|| entry.base().clone());
        let mut first_only = base.and_then(|base| entry.pending.made_to(base, 1));
        let after = first_only.as_mut().unwrap_or(&mut entry.view);
        let message = entry.pending.get(..most).and_then(|writes| next_message(writes, after));
        let Some(message) = message else { return true };
        let version = entry.version.map_or(1, |version| version.saturating_add(1));
        let correlation_id = correlation_id.to_string();
        let frame = write_message(name, (&message.path, message.text.as_deref()), version, &correlation_id);
        let is_sent = context.send_item(item.clone(), &frame);
        let writes = message.writes;
        entry.in_flight = InFlight::Awaited(writes);
        entry.session.is_writing |= is_sent;
        if is_sent || writes == 1 {
            return is_sent;
        }
        most = 1;
    }
}

fn tell(context: &mut Context, name: &str, news: RecordNews) {
    context.out.push_back(Output::Record { name: name.into(), news });
}

/// Tells what is wrong with what the application asked for: who waits for the outcome, or else everybody.
fn refuse(context: &mut Context, ticket: Option<Ticket>, error: ClientError) {
    match ticket {
        Some(ticket) => context.settle(ticket, Err(error)),
        None => context.report(error),
    }
}

/// Tells those who asked for something, each by their tickets, what went wrong with a record. If one of them does not wait, or
/// nobody has asked, it is an error of the record, and of the client.
fn fail(context: &mut Context, name: &str, asked: &mut [Vec<Ticket>], error: &ClientError) {
    let mut is_untold = asked.is_empty();
    for tickets in asked {
        is_untold |= tickets.is_empty();
        context.settle_all(tickets, &Err(error.clone()));
    }
    if is_untold {
        tell(context, name, RecordNews::Error(error.clone()));
        context.report(error.clone());
    }
}

fn failure(what: RecordFailure, name: &str) -> ClientError {
    ClientError::record(what, name)
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
