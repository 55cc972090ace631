//! Records as storage keeps them, so that a page opened without a network has them.
//!
//! What is kept is what the server has: a version and the data. A record that is opened is looked up first; what storage
//! has of it is seen at once, and the next session asks for its version only. What was written here and the server does
//! not have is the business of others.

use super::{
    Records,
    conflict::parse_record,
    entry::{Entry, Remote},
    requests::Awaited,
    stage::InFlight,
};
use crate::{
    client::{
        asked::Asked,
        context::Context,
        error::{ClientError, Failure},
        io::Output,
        limits::{RECORD_STORAGE_MAX_MS, RECORD_STORAGE_MAX_REPORTS},
    },
    names::NameMap,
};

/// What storage is asked for, and what it is to be told.
#[derive(Debug, Default)]
pub struct Cache {
    /// The records that storage was asked for, with the numbers of the questions.
    pub(super) awaited: NameMap<u32>,
    /// The records to be saved.
    unsaved: NameMap<()>,
    /// What was reported to be wrong with storage.
    reported: Vec<Box<str>>,
}

/// What storage has to do with a record that is open.
#[derive(Debug, Default)]
pub struct Stored {
    /// Where the version and the data come from.
    pub source: Source,
    /// Whether that was written to before it was seen, and not since: such writes are made to whatever the server has.
    pub is_written_blindly: bool,
    /// The version that storage has, if that is what the server has, or had.
    pub version: Option<i32>,
}

/// Where the version and the data of a record come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// There are none, or nobody is to have them any more.
    #[default]
    None,
    /// Storage, and the server has not confirmed them.
    Storage,
    /// The server has said so in this page.
    Server,
}

impl Cache {
    /// Whether the server is not to be asked yet, because storage will answer.
    pub fn holds(&self, asked: &Asked<Awaited>, name: &str) -> bool {
        self.awaited.get(name).is_some_and(|id| asked.get(*id).is_some())
    }

    /// The version and the data of a record are what the server has.
    pub fn on_confirmed(&mut self, asked: &mut Asked<Awaited>, context: &Context, name: &str, entry: &mut Entry) {
        if !is_kept(context, name) {
            return;
        }
        let is_first = std::mem::replace(&mut entry.stored.source, Source::Server) != Source::Server;
        let is_new = entry.stored.version != entry.version;
        if (is_first || context.options.save_updates_offline) && is_new {
            if self.unsaved.is_empty() {
                let save_at = context.now.after_ms(context.options.indexdb_flush_timeout_ms);
                asked.ask(Some(save_at), Awaited::Save);
            }
            self.unsaved.get_or_insert_with(name, || ());
        }
    }
}

impl Records {
    /// Whether what is seen of a record comes from storage, and the server has not confirmed it in this page.
    pub fn is_from_storage(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.stored.source == Source::Storage)
    }

    /// Looks up a record that was not open.
    pub(super) fn look_up(&mut self, context: &mut Context, name: &str) {
        if !is_kept(context, name) {
            return;
        }
        let deadline = context.now.after_ms(RECORD_STORAGE_MAX_MS);
        let lookup = self.asked.ask(Some(deadline), Awaited::Lookup(name.into()));
        self.cache.awaited.get_or_insert_with(name, || lookup);
        context.out.push_back(Output::LoadRecord { lookup, name: name.into() });
    }

    /// Storage has answered: with a version and data as JSON text, if it has the record.
    pub(super) fn on_looked_up(&mut self, context: &mut Context, lookup: u32, name: &str, found: Option<(i32, &str)>) {
        if self.cache.awaited.get(name) != Some(&lookup) {
            return;
        }
        self.forget_lookup(context, name);
        if let Some((version, text)) = found {
            match parse_record(text) {
                Ok(document) if version >= 0 => self.show(context, name, Remote { version, document }),
                _ => self.on_storage_failed(context, "what is stored is not a record"),
            }
        }
        self.refuse_to_wait(context, name);
    }

    /// What storage has is seen, until the server has been asked.
    fn show(&mut self, context: &mut Context, name: &str, remote: Remote) {
        // One that has become ready otherwise is newer, or knows what was written to it.
        let Some(entry) = self.entries.get_mut(name).filter(|entry| !entry.is_ready()) else { return };
        let is_written = entry.has_unsent();
        if is_written && context.session.is_some() {
            // It was not written to this, and the server will soon say what to.
            return;
        }
        entry.stored =
            Stored { source: Source::Storage, is_written_blindly: is_written, version: Some(remote.version) };
        let may_be_sent = !matches!(entry.in_flight, InFlight::Nothing);
        entry.load(context, remote);
        if may_be_sent {
            // Storage may be older than what an earlier page has sent.
            entry.in_flight = InFlight::Guessed(entry.pending.len());
        }
        entry.tell_changes(context, name);
    }

    /// Something is wrong with storage, in words. Each is told once.
    pub(super) fn on_storage_failed(&mut self, context: &mut Context, words: &str) {
        let reported = &mut self.cache.reported;
        if reported.len() < RECORD_STORAGE_MAX_REPORTS && reported.iter().all(|known| **known != *words) {
            reported.push(words.into());
            context.report(ClientError::with_words(Failure::OfflineStorage, words));
        }
    }

    /// What storage has of a record no longer matters.
    pub(super) fn forget_lookup(&mut self, context: &Context, name: &str) {
        let Some(lookup) = self.cache.awaited.remove(name) else { return };
        self.asked.answer(*lookup);
        // Those that were opened together are asked for together.
        if context.session.is_some() && self.cache.awaited.is_empty() {
            self.schedule(context);
        }
    }

    /// Has storage keep what has changed.
    pub(super) fn save_unsaved(&mut self, context: &mut Context) {
        for name in &std::mem::take(&mut self.cache.unsaved).to_names() {
            if let Some(entry) = self.entries.get_mut(name) {
                save(context, name, entry);
            }
        }
    }

    /// Saves what the server has of the records that are open.
    pub(super) fn save_all(&mut self, context: &mut Context) {
        if context.options.offline_enabled {
            self.cache.unsaved = NameMap::new();
            self.entries.for_each(|name, entry| save(context, name, entry));
        }
    }

    /// Saves them all, whether storage has them like this or not.
    pub(super) fn save_again(&mut self, context: &mut Context) {
        self.entries.for_each(|_, entry| entry.stored.version = None);
        self.save_all(context);
    }

    /// Storage has been emptied, and is to stay so until there is something new.
    pub(super) fn on_storage_cleared(&mut self) {
        self.cache.unsaved = NameMap::new();
        self.entries.for_each(|_, entry| entry.stored.version = entry.version);
    }
}

/// Has storage forget a record that the server does not have.
pub(super) fn remove(context: &mut Context, name: &str) {
    if is_kept(context, name) {
        context.out.push_back(Output::StoreRecord { name: name.into(), record: None });
    }
}

/// The server refuses a record: whoever uses this browser next shall not find it either.
pub(super) fn on_denied(context: &mut Context, name: &str, entry: &mut Entry) {
    if entry.stored.source == Source::Server {
        entry.stored.source = Source::None;
    }
    entry.stored.version = None;
    remove(context, name);
}

pub(super) fn save(context: &mut Context, name: &str, entry: &mut Entry) {
    let is_wanted = entry.stored.version != entry.version;
    let Some(version) = entry.version.filter(|_| entry.stored.source == Source::Server && is_wanted) else { return };
    entry.stored.version = Some(version);
    let data = entry.base().to_text();
    context.out.push_back(Output::StoreRecord { name: name.into(), record: Some((version, data)) });
}

fn is_kept(context: &Context, name: &str) -> bool {
    let options = &context.options;
    options.offline_enabled && !options.ignore_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
}
