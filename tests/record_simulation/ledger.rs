//! What became of everything that was written.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::client::{Strategy, Ticket, record::Path};

use super::{
    chance::Knobs,
    values_in,
    world::{ClientId, RecordWish, World, browser::BrowserId},
};

/// Values that applications write are numbers from here on, and no two are the same.
pub const FIRST_VALUE: u64 = 1_000_000;

/// Everything that was written.
#[derive(Default)]
pub struct Ledger {
    writes: Vec<Written>,
    /// What became of tickets: the code of the error, if there was one.
    outcomes: BTreeMap<(ClientId, Ticket), Option<&'static str>>,
    /// Who wrote or deleted which records; `None` is the stranger.
    writers: BTreeMap<String, BTreeSet<Option<ClientId>>>,
    /// Whose application settled conflicts of which records.
    answered: BTreeSet<(BrowserId, String)>,
    /// The browsers of pages: what one page of a browser cannot send, another one does.
    browsers: BTreeMap<ClientId, BrowserId>,
    /// The browsers that had several pages at a time, which are others to each other.
    shared: BTreeSet<BrowserId>,
    values: u64,
}

/// One write.
struct Written {
    client: ClientId,
    name: String,
    /// A path and the values written there.
    edits: Vec<(String, BTreeSet<u64>)>,
    ticket: Option<Ticket>,
    is_deletion: bool,
}

impl Ledger {
    /// A value that nobody else writes.
    pub fn next_value(&mut self) -> u64 {
        self.values += 1;
        FIRST_VALUE * 100 + self.values
    }

    /// A page is opened.
    pub fn open_page(&mut self, page: ClientId, browser: BrowserId, is_only_one: bool) {
        self.browsers.insert(page, browser);
        if !is_only_one {
            self.shared.insert(browser);
        }
    }

    /// The browsers of all pages.
    pub fn browsers(&self) -> BTreeSet<BrowserId> {
        self.browsers.values().copied().collect()
    }

    /// An application was killed while it asked for something: nobody can say whether that will be done.
    pub fn note_interrupted(&mut self, client: ClientId, wish: &RecordWish) {
        self.note(client, wish, None);
    }

    /// An application asks for something.
    pub fn note(&mut self, client: ClientId, wish: &RecordWish, ticket: Option<Ticket>) {
        let (name, edits) = match wish {
            RecordWish::Write { name, edits } => {
                let edits = edits.iter().map(|(path, data)| (path.clone(), values_in(data.as_deref().unwrap_or(""))));
                (name, edits.collect())
            }
            RecordWish::Delete(name) => (name, vec![(String::new(), BTreeSet::new())]),
            RecordWish::Notify(names) => {
                for name in names {
                    self.note_stranger(name);
                }
                return;
            }
            _ => return,
        };
        self.writers.entry(name.clone()).or_default().insert(Some(client));
        self.writes.push(Written {
            client,
            name: name.clone(),
            edits,
            ticket,
            is_deletion: matches!(wish, RecordWish::Delete(_)),
        });
    }

    /// Somebody without a client of this kind changes a record.
    pub fn note_stranger(&mut self, name: &str) {
        self.writers.entry(name.into()).or_default().insert(None);
    }

    /// An application settles a conflict.
    pub fn note_answer(&mut self, client: ClientId, name: &str) {
        self.answered.insert((self.browsers[&client], name.into()));
    }

    /// A ticket is settled.
    pub fn settle(&mut self, client: ClientId, ticket: Ticket, code: Option<&'static str>) {
        self.outcomes.insert((client, ticket), code);
    }

    /// Compares with everything that the server ever had.
    pub fn check(&self, world: &World, knobs: &Knobs) {
        let past = world.past_of_records();
        let mut seen = BTreeSet::new();
        for (_, _, data) in past {
            seen.append(&mut values_in(data));
        }
        for (at, write) in self.writes.iter().enumerate() {
            let Some(ticket) = write.ticket else { continue };
            let Some(outcome) = self.outcomes.get(&(write.client, ticket)) else {
                assert!(world.client(write.client).is_crashed(), "every ticket of {:?} is settled", write.client);
                if !self.may_be_lost(write, knobs) {
                    self.check_success(at, write, &seen);
                }
                continue;
            };
            match outcome {
                None => self.check_success(at, write, &seen),
                Some(code) => self.check_failure(write, code, knobs),
            }
        }
        if Self::may_come_back(knobs) {
            return;
        }
        let mut present: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        let mut gone = BTreeSet::new();
        let mut versions = BTreeSet::new();
        for (name, version, data) in past {
            if *version > 0 && !versions.insert((name, version)) {
                // Two who ask at once have a record made twice, and their first writes are both taken as version 1.
                assert!(knobs.store_delay_ms > 0, "{name} has version {version} twice");
                return;
            }
            let values = values_in(data);
            let back: Vec<_> = values.intersection(&gone).collect();
            assert!(back.is_empty(), "{back:?} came back in version {version} of {name}");
            let before = present.insert(name, values.clone()).unwrap_or_default();
            gone.extend(before.difference(&values));
        }
    }

    /// What succeeded was on the server, unless the same application has written over it before it got there.
    fn check_success(&self, at: usize, write: &Written, seen: &BTreeSet<u64>) {
        let browser = self.browsers[&write.client];
        // What another page of the browser made of the whole record to settle a conflict is a later write.
        if self.shared.contains(&browser) {
            return;
        }
        if self.answered.contains(&(browser, write.name.clone())) {
            return;
        }
        let is_later = |later: &&Written| self.browsers[&later.client] == browser && later.name == write.name;
        let later: Vec<_> = self.writes[at..].iter().filter(is_later).collect();
        for (position, (path, values)) in write.edits.iter().enumerate() {
            let is_overwritten = later.iter().enumerate().any(|(other, later)| {
                let from = if other == 0 { position + 1 } else { 0 };
                later.edits[from.min(later.edits.len())..].iter().any(|(its, _)| overlap(path, its))
            });
            let missing: Vec<_> = values.difference(seen).collect();
            assert!(missing.is_empty() || is_overwritten, "{missing:?} at {path:?} of {} is lost", write.name);
        }
    }

    /// Whether somebody else can have decided what becomes of the write of a page that was killed.
    fn may_be_lost(&self, write: &Written, knobs: &Knobs) -> bool {
        let browser = self.browsers[&write.client];
        let is_other = |writer: &Option<ClientId>| writer.is_none_or(|writer| self.browsers[&writer] != browser);
        let has_others = self.shared.contains(&browser) || self.writers[&write.name].iter().any(is_other);
        has_others || knobs.forgets() || knobs.has_denials || knobs.store_delay_ms > 0
    }

    /// Nothing is refused without a reason.
    fn check_failure(&self, write: &Written, code: &str, knobs: &Knobs) {
        // Another page of the browser may send what this one had written before.
        let others = self.shared.contains(&self.browsers[&write.client])
            || self.writers[&write.name].iter().any(|writer| *writer != Some(write.client));
        let is_possible = match code {
            "RECORD_WRITE_LOST" | "MERGE_FAILED" => others || knobs.has_deletions || !knobs.has_storage,
            "RECORD_DELETED" => knobs.forgets() || others,
            "MESSAGE_DENIED" => knobs.has_denials,
            "VERSION_EXISTS" => knobs.has_deletions || knobs.store_delay_ms > 0,
            "RECORD_ALREADY_DESTROYED" | "INVALID_PATH" | "IS_CLOSED" | "INVALID_MESSAGE_DATA" => true,
            "RESPONSE_TIMEOUT" => write.is_deletion,
            "OUTCOME_UNKNOWN" => self.shared.contains(&self.browsers[&write.client]),
            _ => false,
        };
        assert!(is_possible, "{:?} failed with {code}", write.edits);
    }

    /// Whether a value can rightly vanish and come back. Where the acknowledgement of a write was lost and another client
    /// has written over it, nobody but the server knows that it was there before.
    fn may_come_back(knobs: &Knobs) -> bool {
        knobs.forgets()
            || knobs.has_crashes
            || knobs.strategies.iter().any(|strategy| *strategy != Strategy::RemoteWins)
    }
}

/// Whether one path leads through where the other one ends.
fn overlap(one: &str, other: &str) -> bool {
    let steps = |text: &str| -> Vec<String> {
        let path = Path::parse(text).expect("applications give valid paths");
        let parts = path.text().split(['.', '[', ']']).filter(|part| !part.is_empty());
        parts.map(Into::into).collect()
    };
    let (one, other) = (steps(one), steps(other));
    one.iter().zip(&other).all(|(own, its)| own == its)
}
