//! Browsers: what pages of one origin share, which survives them.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::RangeInclusive,
};

use deepstream_wasm::client::{Command, Input, Instant, LockOutcome, RecordCommand, StorageEvent};

use super::{ClientId, Dice};

/// What every key of this package begins with.
const OWN_KEYS: &str = "deepstream-wasm/";

/// One browser of some user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowserId(pub usize);

/// What a page is told.
#[derive(Clone, Debug)]
pub enum Mail {
    Lock { name: String, outcome: LockOutcome },
    Changed { key: String, value: Option<String> },
    Contents { read: u32, items: Vec<(String, String)> },
    Emptied,
    Unreadable { read: u32 },
    WriteFailed { key: String, words: &'static str },
    LookedUp { lookup: u32, name: String, found: Option<(i32, String)> },
}

impl Mail {
    /// As the client takes it.
    pub fn input(&self) -> Input<'_> {
        match self {
            Self::Lock { name, outcome } => Input::Lock { name, outcome: *outcome },
            Self::Changed { key, value } => Input::Storage(StorageEvent::Changed { key, value: value.as_deref() }),
            Self::Emptied => Input::Storage(StorageEvent::Emptied),
            Self::Contents { read, items } => Input::Storage(StorageEvent::Contents { read: *read, items }),
            Self::Unreadable { read } => {
                Input::Storage(StorageEvent::Unreadable { read: *read, words: Some("SecurityError") })
            }
            Self::WriteFailed { key, words } => Input::Storage(StorageEvent::WriteFailed { key, words }),
            Self::LookedUp { lookup, name, found } => {
                let found = found.as_ref().map(|(version, data)| (*version, data.as_str()));
                Input::Command(Command::Record(RecordCommand::LookedUp { lookup: *lookup, name, found }))
            }
        }
    }
}

/// What happens to a page, or for it, when its time has come.
enum Job {
    Tell(Mail),
    Read { read: u32, prefix: String },
    Write { key: String, value: Option<String> },
    AskLock { name: String, wait: bool },
}

/// All browsers of a world.
pub struct Browsers {
    browsers: Vec<Browser>,
    pages: BTreeMap<ClientId, BrowserId>,
    jobs: BTreeMap<(Instant, u64), (ClientId, Job)>,
    enqueued: u64,
    now: Instant,
    dice: Dice,
}

/// What the pages of one browser share.
pub struct Browser {
    pub storage: BTreeMap<String, String>,
    /// The records that are kept for use without a connection: versions and data.
    pub records: BTreeMap<String, (i32, String)>,
    /// How long it takes to find one of them, in milliseconds; `None` if there never is an answer.
    pub lookups_take_ms: Option<RangeInclusive<u64>>,
    /// No value is written once storage holds so many bytes.
    pub quota: Option<usize>,
    /// Whether every use of the storage fails.
    pub is_denied: bool,
    pub has_locks: bool,
    /// How long storage takes, in milliseconds, if it is one that answers later, as adapters do. What one page asks of
    /// it is done in that order; its answers are not in order, and there are no events.
    pub storage_takes_ms: Option<RangeInclusive<u64>>,
    /// Whether storage ever says what is in it.
    pub is_readable: bool,
    /// How long it takes until pages hear of locks and of what others wrote, in milliseconds.
    pub news_take_ms: RangeInclusive<u64>,
    /// Who has a lock, and who waits for it.
    locks: BTreeMap<String, VecDeque<ClientId>>,
}

impl Browsers {
    pub const fn new(seed: u64) -> Self {
        Self {
            browsers: Vec::new(),
            pages: BTreeMap::new(),
            jobs: BTreeMap::new(),
            enqueued: 0,
            now: Instant::from_ms(0),
            dice: Dice::new(seed),
        }
    }

    pub fn add(&mut self) -> BrowserId {
        self.browsers.push(Browser {
            storage: BTreeMap::new(),
            records: BTreeMap::new(),
            lookups_take_ms: Some(0..=0),
            quota: None,
            is_denied: false,
            has_locks: true,
            storage_takes_ms: None,
            is_readable: true,
            news_take_ms: 0..=0,
            locks: BTreeMap::new(),
        });
        BrowserId(self.browsers.len() - 1)
    }

    pub fn open_page(&mut self, browser: BrowserId, page: ClientId) {
        self.pages.insert(page, browser);
    }

    /// The page is gone: its locks go to those who wait for them, and what it has not written yet is not written.
    pub fn close_page(&mut self, page: ClientId) {
        let locks: Vec<_> = self.of(page).locks.keys().cloned().collect();
        for name in locks {
            self.release(page, &name);
        }
        self.jobs.retain(|_, (whose, _)| *whose != page);
        self.pages.remove(&page);
    }

    pub fn get(&mut self, browser: BrowserId) -> &mut Browser {
        &mut self.browsers[browser.0]
    }

    fn of(&mut self, page: ClientId) -> &mut Browser {
        &mut self.browsers[self.pages[&page].0]
    }

    /// The browser that a page is in.
    pub fn home(&self, page: ClientId) -> Option<BrowserId> {
        self.pages.get(&page).copied()
    }

    // ---- what pages do ----

    /// Asks what stands under keys that begin so. Storage that answers at once gives the answer.
    pub fn read(&mut self, page: ClientId, read: u32, prefix: &str) -> Option<Mail> {
        if let Some(takes_ms) = self.of(page).storage_takes_ms.clone() {
            self.enqueue(page, takes_ms, Job::Read { read, prefix: prefix.into() });
            return None;
        }
        self.of(page).look_up(read, prefix)
    }

    /// Writes a value or removes it, and tells the other pages. Storage that answers at once says if that failed.
    pub fn write(&mut self, page: ClientId, key: &str, value: Option<&str>) -> Option<Mail> {
        assert!(key.starts_with(OWN_KEYS), "{key} is not this package's");
        if let Some(takes_ms) = self.of(page).storage_takes_ms.clone() {
            self.enqueue(page, takes_ms, Job::Write { key: key.into(), value: value.map(Into::into) });
            return None;
        }
        self.store(page, key, value)
    }

    /// Everything is removed, by this page or by the user, but for these keys of others.
    pub fn empty(&mut self, browser: BrowserId, by: Option<ClientId>, spared: &[&str]) {
        let emptied = self.get(browser);
        emptied.storage.retain(|key, _| spared.contains(&key.as_str()));
        if emptied.storage_takes_ms.is_none() {
            let others = self.pages.iter().filter(|(page, home)| Some(**page) != by && **home == browser);
            for other in others.map(|(other, _)| *other).collect::<Vec<_>>() {
                self.tell(other, Mail::Emptied);
            }
        }
    }

    /// Looks up a record that is kept. Answers overtake each other.
    pub fn look_up(&mut self, page: ClientId, lookup: u32, name: &str) {
        let browser = self.of(page);
        let found = browser.records.get(name).cloned();
        if let Some(takes_ms) = browser.lookups_take_ms.clone() {
            let at = self.now.after_ms(self.dice.between(takes_ms));
            self.insert(at, page, Job::Tell(Mail::LookedUp { lookup, name: name.into(), found }));
        }
    }

    /// Keeps a record, or forgets it.
    pub fn keep(&mut self, page: ClientId, name: &str, record: Option<(i32, String)>) {
        let records = &mut self.of(page).records;
        match record {
            Some(record) => drop(records.insert(name.into(), record)),
            None => drop(records.remove(name)),
        }
    }

    pub fn ask_lock(&mut self, page: ClientId, name: &str, wait: bool) {
        let takes_ms = self.of(page).news_take_ms.clone();
        if takes_ms == (0..=0) {
            self.queue_for_lock(page, name, wait);
        } else {
            self.enqueue(page, takes_ms, Job::AskLock { name: name.into(), wait });
        }
    }

    /// Gives a lock back, or no longer wants it: what is not answered yet is not answered any more.
    pub fn release(&mut self, page: ClientId, name: &str) {
        self.jobs.retain(|_, (whose, job)| {
            let is_it = match job {
                Job::AskLock { name: asked, .. } | Job::Tell(Mail::Lock { name: asked, .. }) => *asked == name,
                _ => false,
            };
            *whose != page || !is_it
        });
        let Some(queue) = self.of(page).locks.get_mut(name) else { return };
        let had_it = queue.front() == Some(&page);
        queue.retain(|waiting| *waiting != page);
        if let Some(next) = queue.front().copied().filter(|_| had_it) {
            self.tell(next, Mail::Lock { name: name.into(), outcome: LockOutcome::Granted });
        }
    }

    fn queue_for_lock(&mut self, page: ClientId, name: &str, wait: bool) {
        let browser = self.of(page);
        let has_locks = browser.has_locks;
        let queue = browser.locks.entry(name.into()).or_default();
        assert!(!queue.contains(&page), "{page:?} asks twice for {name}");
        let outcome = match queue.is_empty() {
            _ if !has_locks => Some(LockOutcome::Unavailable),
            true => Some(LockOutcome::Granted),
            false if wait => None,
            false => Some(LockOutcome::Taken),
        };
        if matches!(outcome, None | Some(LockOutcome::Granted)) {
            queue.push_back(page);
        }
        if let Some(outcome) = outcome {
            self.tell(page, Mail::Lock { name: name.into(), outcome });
        }
    }

    fn store(&mut self, page: ClientId, key: &str, value: Option<&str>) -> Option<Mail> {
        let browser = self.of(page);
        let failed = |words| Some(Mail::WriteFailed { key: key.into(), words });
        if browser.is_denied {
            return failed("SecurityError");
        }
        let before = match value {
            Some(value) => {
                let used = || browser.storage.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
                if browser.quota.is_some_and(|quota| used() + key.len() + value.len() > quota) {
                    return failed("QuotaExceededError");
                }
                browser.storage.insert(key.into(), value.into())
            }
            None => browser.storage.remove(key),
        };
        if before.as_deref() != value && browser.storage_takes_ms.is_none() {
            let home = self.pages[&page];
            let others = self.pages.iter().filter(|(other, browser)| **other != page && **browser == home);
            for other in others.map(|(other, _)| *other).collect::<Vec<_>>() {
                self.tell(other, Mail::Changed { key: key.into(), value: value.map(Into::into) });
            }
        }
        None
    }

    // ---- time ----

    /// Time goes on.
    pub const fn advance(&mut self, now: Instant) {
        self.now = now;
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.jobs.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does the next thing that is due; returns what a page is to be told of it.
    pub fn take_mail(&mut self) -> Option<(ClientId, Mail)> {
        while let Some(job) = self.jobs.first_entry().filter(|job| job.key().0 <= self.now) {
            let (page, job) = job.remove();
            let mail = match job {
                Job::Tell(mail) => Some(mail),
                Job::Write { key, value } => self.store(page, &key, value.as_deref()),
                Job::AskLock { name, wait } => {
                    self.queue_for_lock(page, &name, wait);
                    None
                }
                Job::Read { read, prefix } => {
                    let browser = self.of(page);
                    let takes_ms = browser.storage_takes_ms.clone().unwrap_or(0..=0);
                    let answer = browser.look_up(read, &prefix);
                    let late = self.dice.between(takes_ms);
                    if let Some(answer) = answer {
                        self.insert(self.now.after_ms(late), page, Job::Tell(answer));
                    }
                    None
                }
            };
            if let Some(mail) = mail {
                return Some((page, mail));
            }
        }
        None
    }

    fn tell(&mut self, page: ClientId, mail: Mail) {
        let takes_ms = self.of(page).news_take_ms.clone();
        self.enqueue(page, takes_ms, Job::Tell(mail));
    }

    /// Puts a job behind all others of the page.
    fn enqueue(&mut self, page: ClientId, takes_ms: RangeInclusive<u64>, job: Job) {
        let earliest = self.now.after_ms(self.dice.between(takes_ms));
        let of_page = self.jobs.iter().filter(|(_, (whose, _))| *whose == page);
        let at = of_page.map(|((at, _), _)| *at).max().map_or(earliest, |last| last.max(earliest));
        self.insert(at, page, job);
    }

    fn insert(&mut self, at: Instant, page: ClientId, job: Job) {
        self.enqueued += 1;
        self.jobs.insert((at, self.enqueued), (page, job));
    }
}

impl Browser {
    fn look_up(&self, read: u32, prefix: &str) -> Option<Mail> {
        if self.is_denied {
            return Some(Mail::Unreadable { read });
        }
        let items = self.storage.iter().filter(|(key, _)| key.starts_with(prefix));
        let items = items.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.is_readable.then_some(Mail::Contents { read, items })
    }
}
