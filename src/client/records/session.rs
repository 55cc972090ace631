//! What records do with the connection, and with time.

use super::{Entry, InFlight, Records, Stage, cache::Cache, fail, failure};
use crate::{
    client::{
        context::Context,
        error::{ClientError, DropReason, RecordFailure},
        flight::Item,
        io::Kind,
        limits::HEARD_LATELY_MS,
        options::Resubscribe,
        subscriptions::fitting,
        time::earlier,
    },
    names::NameMap,
    wire::{Message, RecordAction, Topic},
};

impl Records {
    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context) {
        self.is_blind_due = true;
        self.send_questions(context);
        self.let_go_of_discarded(context);
        self.unasked = self.entries.to_names();
        self.flush(context);
        self.listens.patterns.on_session(context, None);
    }

    /// The session is over. With `resubscribe: 'manual'` nothing is asked for in the next one until the application says
    /// so.
    pub fn on_lost(&mut self, context: &mut Context, culprit: Option<&Item>) {
        if let Some(Item::Record(name)) = culprit
            // Several in one message are tried one by one.
            && self.entries.get(name).is_some_and(|it| it.in_flight.writes() == 1)
        {
            self.give_up_undeliverable(context, name);
        }
        self.save_all(context);
        self.listens.patterns.on_lost(context.options.resubscribe);
        self.listens.on_lost(context);
        self.cut_blind(context, culprit);
        self.may_write = false;
        self.has_waiting = false;
        let resubscribe = context.options.resubscribe;
        self.flush_at = None;
        self.cut_questions();
        self.entries.for_each(|_, entry| {
            let is_held = resubscribe == Resubscribe::Manual && !matches!(entry.stage, Stage::Unknown);
            entry.on_lost(if is_held { Stage::Held } else { Stage::Unknown });
        });
        self.keep_bases(context);
        // What an answer was awaited for can be let go of now.
        self.let_go_of_discarded(context);
    }

    /// Does what was put off until nothing else is done: makes what others have left part of the records, and sends what may
    /// be sent. Says whether something must be in storage before the rest is.
    pub fn follow(&mut self, context: &mut Context) -> bool {
        self.take_up(context);
        if context.session.is_none() || !context.log.may_send() {
            return false;
        }
        self.send_blind(context);
        !self.folded.is_empty()
    }

    /// Storage has what is unsent, and what earlier pages have left is here: new writes may follow.
    pub fn start_writing(&mut self, context: &mut Context) {
        if context.session.is_none() || !context.log.may_send() {
            return;
        }
        for name in &std::mem::take(&mut self.folded) {
            self.proceed(context, name);
        }
        if std::mem::replace(&mut self.may_write, true) {
            return;
        }
        if !self.unasked.is_empty() {
            self.schedule(context);
        }
        for name in &context.log.written_to.to_names() {
            self.proceed(context, name);
        }
    }

    /// Tells what has become of a record, and sees to it that storage says what the writes to it were made to. It may be able to
    /// take now what earlier pages have left. Returns it, if it is here.
    pub(super) fn publish(&mut self, context: &mut Context, name: &str) -> Option<&mut Entry> {
        let mut first_left = None;
        self.for_each_left(name, &mut |op| first_left = earlier(first_left, Some(op.number)));
        self.look_at_left(name);
        let entry = self.entries.get_mut(name)?;
        entry.tell_changes(context, name);
        entry.keep_base(context, name, first_left);
        Some(entry)
    }

    /// Sends the writes that had to wait for what was on its way.
    pub fn write_waiting(&mut self) {
        self.is_blind_due = true;
        // They follow as at the beginning of a session.
        self.may_write &= !std::mem::take(&mut self.has_waiting);
    }

    /// The server cannot take the writes that are next to be sent to a record.
    pub(super) fn give_up_undeliverable(&mut self, context: &mut Context, name: &str) {
        let error = ClientError::dropped(DropReason::Undeliverable, Topic::Record, name);
        self.give_up_writes(context, name, &error);
    }

    /// Whether the server was asked for data.
    pub fn awaits_data(&mut self) -> bool {
        let mut is_any = !self.requests.is_empty();
        self.entries.for_each(|_, entry| is_any |= matches!(entry.stage, Stage::Loading { .. } | Stage::Reading));
        is_any
    }

    /// The application restores what [`Resubscribe::Manual`] left to it.
    pub fn resubscribe(&mut self, context: &mut Context) {
        self.entries.for_each(|_, entry| {
            if let stage @ Stage::Held = &mut entry.stage {
                *stage = Stage::Unknown;
            }
        });
        self.unasked = self.entries.to_names();
        self.flush(context);
        self.listens.patterns.resubscribe(context);
    }

    /// The connection rests until the application says otherwise: nobody shall wait for what may never come; what was
    /// written stays.
    pub fn on_rest(&mut self, context: &mut Context, error: &ClientError) {
        self.entries.for_each(|name, entry| {
            if !self.cache.holds(&self.asked, name) {
                context.settle_all(&mut entry.take_ready_tickets(), &Err(error.clone()));
            }
        });
        self.for_each_entry(context, &mut |context, op| {
            if op.kind == Kind::Write {
                context.settle_all(&mut op.receipts, &Err(error.clone()));
            }
        });
        self.refuse_questions(context, error);
    }

    /// The client is closed.
    pub fn on_closed(&mut self, context: &mut Context, error: &ClientError) {
        // Storage keeps what the server has, and will not be asked any more.
        self.save_all(context);
        self.cache = Cache::default();
        self.on_rest(context, error);
    }

    /// Time has passed, in a session or without.
    pub fn on_tick(&mut self, context: &mut Context) {
        let now = context.now;
        if context.session.is_some() {
            self.listens.patterns.on_tick(context);
            if self.flush_at.is_some_and(|at| at <= now) {
                self.flush(context);
            }
        }
        let mut due = Vec::new();
        while let Some(id) = self.asked.overdue(now) {
            due.push(id);
        }
        for &id in &due {
            self.on_due(context, id);
        }
        while let Some(id) = self.blind.overdue(now) {
            self.on_blind_overdue(context, id);
        }
    }

    /// Lets go of the records that nobody has held for long enough, and that had to be kept until now.
    fn let_go_of_discarded(&mut self, context: &mut Context) {
        let mut due: Vec<Box<str>> = Vec::new();
        self.entries.for_each(|name, entry| {
            if entry.discardable_at().is_some_and(|at| at <= context.now) {
                due.push(name.into());
            }
        });
        for name in &due {
            self.let_go_if_due(context, name);
        }
    }

    /// The server owes an answer: it is told, and asked for the data, which says everything.
    pub(super) fn on_overdue(&mut self, context: &mut Context, name: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let error = failure(RecordFailure::Timeout, name);
        let is_quiet = context.now.since_ms(context.pings.heard_at) >= HEARD_LATELY_MS;
        let mut asked = Vec::new();
        match &mut entry.stage {
            Stage::Waiting => return self.ask_for_data(context, name),
            Stage::Merging(_) => return self.on_merged(context, name, Err("it did not answer in time")),
            // The answer may still be arriving: nothing of a message is seen before all of it is there.
            Stage::Loading { .. } | Stage::Reading if is_quiet && matches!(entry.in_flight, InFlight::Nothing) => {
                self.wait_for(context, name, context.options.record_read_timeout_ms);
                return fail(context, name, &mut asked, &error);
            }
            Stage::Loading { is_overdue, .. } => *is_overdue = true,
            Stage::Deleting => asked.push(entry.take_deletion(context)),
            _ => {}
        }
        entry.cut_off();
        fail(context, name, &mut asked, &error);
        self.ask_for_data(context, name);
    }

    /// Reads the data of a record that is subscribed, or will be when the server has answered.
    pub(super) fn ask_for_data(&mut self, context: &mut Context, name: &str) {
        let Some(entry) = self.publish(context, name) else { return };
        if !matches!(entry.stage, Stage::Merging(_)) {
            if entry.version.is_some() || !matches!(entry.stage, Stage::Loading { .. }) {
                entry.stage = Stage::Reading;
            }
            self.wait_for(context, name, context.options.record_read_timeout_ms);
        }
        context.send(&Message::about(RecordAction::Read, name));
    }

    /// Subscribes to a record that the server makes if there is none, and reads its data.
    pub(super) fn load(&mut self, context: &mut Context, name: &str) {
        let Some(entry) = self.publish(context, name) else { return };
        entry.stage = Stage::LOADING;
        entry.session.is_deletion_owed = false;
        entry.session.early.clear();
        self.wait_for(context, name, context.options.record_read_timeout_ms);
        let is_read_only = context.options.is_read_only(name);
        let action = if is_read_only { RecordAction::SubscribeAndRead } else { RecordAction::SubscribeCreateAndRead };
        self.send_bulk(context, action, vec![name.into()]);
    }

    /// Asks the server for everything that it was not asked for in this session.
    fn flush(&mut self, context: &mut Context) {
        self.flush_at = None;
        let (mut known, mut unknown, mut read_only) = (Vec::new(), Vec::new(), Vec::new());
        // What is asked for past a record comes before the record.
        let mut held_back = NameMap::new();
        if !self.may_write {
            self.blind.for_each(&mut |blind| {
                held_back.get_or_insert_with(&blind.write.op.name, || ());
            });
        }
        for name in std::mem::take(&mut self.unasked) {
            let is_unknown = |entry: &&mut Entry| matches!(entry.stage, Stage::Unknown);
            let Some(entry) = self.entries.get_mut(&name).filter(is_unknown) else { continue };
            if held_back.contains(&name) || self.cache.holds(&self.asked, &name) {
                self.unasked.push(name);
                continue;
            }
            // Storage no longer matters.
            self.cache.awaited.remove(&name);
            let is_ready = entry.is_ready() && !entry.stored.is_written_blindly;
            entry.stage = if is_ready { Stage::Checking } else { Stage::LOADING };
            self.wait_for(context, &name, context.options.record_read_timeout_ms);
            if is_ready {
                &mut known
            } else if context.options.is_read_only(&name) {
                &mut read_only
            } else {
                &mut unknown
            }
            .push(name);
        }
        self.send_bulk(context, RecordAction::SubscribeAndHead, known);
        self.send_bulk(context, RecordAction::SubscribeAndRead, read_only);
        self.send_bulk(context, RecordAction::SubscribeCreateAndRead, unknown);
    }

    /// Lets go of a record at the server.
    pub(super) fn unsubscribe(&mut self, context: &mut Context, name: &str) {
        self.send_bulk(context, RecordAction::Unsubscribe, vec![name.into()]);
    }

    pub(super) fn send_bulk(&mut self, context: &mut Context, action: RecordAction, mut names: Vec<Box<str>>) {
        while !names.is_empty() {
            let count = fitting(names.len(), &|at| names.get(at).map_or(0, |name| name.len()));
            let rest = names.split_off(count);
            self.question(context, action, names, Vec::new());
            names = rest;
        }
    }
}
