//! What the server has against what was thought, or written here.

use super::{InFlight, Records, Remote, Stage, fail, failure, stage::Contested, tell};
use crate::client::{
    context::Context,
    error::{ClientError, Failure, RecordFailure, Rival},
    io::{Output, RecordNews},
    limits::RECORD_MERGE_MAX_MS,
    record::{Document, Kind},
};

impl Records {
    /// The server has `remote`, whatever was thought before.
    pub(super) fn on_remote(&mut self, context: &mut Context, name: &str, remote: Remote) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let known = entry.version.filter(|_| !entry.stored.is_written_blindly);
        let Some(known) = known else {
            entry.stage = Stage::VERIFIED;
            entry.stored.is_written_blindly = false;
            entry.load(context, remote);
            return self.proceed(context, name);
        };
        if let Stage::Merging(contested) = &mut entry.stage {
            contested.newer = Some(remote);
            return;
        }
        if remote.version <= known && entry.awaited().is_some() {
            // The answer says more than this, which may be from before.
            entry.stage = Stage::VERIFIED;
            return;
        }
        if remote.version < known && entry.session.doubted != Some(remote.version) {
            entry.session.doubted = Some(remote.version);
            return self.ask_for_data(context, name);
        }
        entry.session.doubted = None;
        if remote.version > known {
            entry.session.refusals = 0;
        }
        let is_as_known = entry.is_as_known(&remote);
        if remote.version == known && !is_as_known {
            entry.stored.version = None;
        }
        entry.stage = Stage::VERIFIED;
        if !is_as_known && entry.has_arrived(&remote) {
            entry.confirm(context);
            if entry.version.is_some_and(|version| remote.version < version) {
                // New data with an old version.
                return self.ask_for_data(context, name);
            }
        }
        entry.in_flight = InFlight::Nothing;
        let version = entry.version;
        if entry.pending.is_empty() {
            entry.load(context, remote);
        } else if !entry.is_as_known(&remote) && !entry.settle_conflict(context, name, &remote) {
            self.ask(context, name, remote, version);
        }
        self.proceed(context, name);
    }

    /// Asks the application what to do about what the server has, and what was written to a version here, or that it was
    /// to be deleted.
    fn ask(&mut self, context: &mut Context, name: &str, remote: Remote, version: Option<i32>) {
        let question = self.renumber(name);
        let Some(entry) = self.entries.get_mut(name) else { return };
        let is_deletion = entry.pending.is_deletion();
        let local = (!is_deletion).then(|| entry.view.to_text());
        let local_version = if is_deletion { -1 } else { entry.visible_version().unwrap_or(0) };
        context.out.push_back(Output::AskMerge {
            question,
            name: name.into(),
            local,
            local_version,
            remote: Some(remote.document.to_text()),
            remote_version: remote.version,
        });
        let writes = entry.pending.len();
        entry.stage = Stage::Merging(Contested { version, asked: remote, newer: None, writes });
        self.wait_for(context, name, RECORD_MERGE_MAX_MS);
    }

    /// The application says how a conflict is to be settled.
    pub(super) fn on_merged(&mut self, context: &mut Context, name: &str, answer: Result<Option<&str>, &str>) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(Contested { version, asked, newer, writes, .. }) = entry.stage.take_contested() else { return };
        match answer.and_then(|text| text.map(parse_record).transpose()) {
            Ok(Some(document)) => {
                let mut deletion = entry.take_deletion(context);
                let error = write_lost(name, version, None, &asked);
                entry.resolve(context, name, (asked, document), writes);
                context.settle_all(&mut deletion, &Err(error));
            }
            Ok(None) => {
                let mut writes = entry.enter_deletion(context, name);
                context.settle_all(&mut writes, &Err(failure(RecordFailure::Deleted, name)));
                entry.load(context, asked);
            }
            Err(words) => self.on_merge_failed(context, name, asked, writes, words),
        }
        self.publish(context, name);
        match newer {
            Some(newer) => self.on_remote(context, name, newer),
            None => self.proceed(context, name),
        }
    }

    /// The application has no answer: what the server has stays.
    fn on_merge_failed(&mut self, context: &mut Context, name: &str, remote: Remote, writes: usize, words: &str) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let error = ClientError::about(Failure::MergeFailed, name, words);
        let local = (!entry.pending.is_deletion()).then(|| entry.view.to_text());
        let mut asked = entry.pending.remove_first(context, writes);
        fail(context, name, &mut asked, &error);
        tell_conflict(context, name, local, &remote.document);
        entry.load(context, remote);
    }
}

pub(super) fn tell_conflict(context: &mut Context, name: &str, local: Option<Box<str>>, remote: &Document) {
    let remote = Some(remote.to_text());
    tell(context, name, RecordNews::Conflict { local, remote });
}

/// What was written to `version` is lost, as a JSON array, or the deletion if there are no edits, since the server has
/// something else.
pub(super) fn write_lost(name: &str, version: Option<i32>, edits: Option<Box<str>>, remote: &Remote) -> ClientError {
    let is_newer = version.is_none_or(|version| version < remote.version);
    let rival = if is_newer { Rival::Client } else { Rival::Server };
    let found = Some((remote.version, &*remote.document.to_text()));
    ClientError::write_lost(name, version, edits.as_deref(), found, rival)
}

/// What an application answered, or storage has, if it can be the data of a record.
pub(super) fn parse_record(text: &str) -> Result<Document, &'static str> {
    let document = Document::parse(text).map_err(|_| "the answer is not JSON")?;
    match document.value().kind() {
        Kind::Object | Kind::Array => Ok(document),
        _ => Err("the answer is neither an object nor an array"),
    }
}
