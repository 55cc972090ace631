//! Browsers: what pages of one origin share, which survives them.

use std::collections::{BTreeMap, VecDeque};

use deepstream_wasm::client::{Input, LockOutcome, StorageEvent};

use super::ClientId;

/// One browser of some user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowserId(pub usize);

/// What is on its way to a page.
#[derive(Clone, Debug)]
pub enum Mail {
    Lock { name: String, outcome: LockOutcome },
    Changed { key: String, value: Option<String> },
}

impl Mail {
    /// As the client takes it.
    pub fn input(&self) -> Input<'_> {
        match self {
            Self::Lock { name, outcome } => Input::Lock { name, outcome: *outcome },
            Self::Changed { key, value } => Input::Storage(StorageEvent::Changed { key, value: value.as_deref() }),
        }
    }
}

/// All browsers of a world.
#[derive(Default)]
pub struct Browsers {
    browsers: Vec<Browser>,
    pages: BTreeMap<ClientId, BrowserId>,
    mail: VecDeque<(ClientId, Mail)>,
}

/// What the pages of one browser share.
#[derive(Default)]
pub struct Browser {
    pub storage: BTreeMap<String, String>,
    /// No value is written once storage holds so many bytes.
    pub quota: Option<usize>,
    /// Who has a lock, and who waits for it.
    locks: BTreeMap<String, VecDeque<ClientId>>,
}

impl Browsers {
    pub fn add(&mut self) -> BrowserId {
        self.browsers.push(Browser::default());
        BrowserId(self.browsers.len() - 1)
    }

    pub fn open_page(&mut self, browser: BrowserId, page: ClientId) {
        self.pages.insert(page, browser);
    }

    /// The page is gone: its locks go to those who wait for them.
    pub fn close_page(&mut self, page: ClientId) {
        let locks: Vec<_> = self.of(page).locks.keys().cloned().collect();
        for name in locks {
            self.release(page, &name);
        }
        self.mail.retain(|(to, _)| *to != page);
        self.pages.remove(&page);
    }

    pub fn get(&mut self, browser: BrowserId) -> &mut Browser {
        &mut self.browsers[browser.0]
    }

    pub fn of(&mut self, page: ClientId) -> &mut Browser {
        &mut self.browsers[self.pages[&page].0]
    }

    pub fn take_mail(&mut self) -> Option<(ClientId, Mail)> {
        self.mail.pop_front()
    }

    /// The values under keys that begin so.
    pub fn read(&mut self, page: ClientId, prefix: &str) -> Vec<(String, String)> {
        let items = self.of(page).storage.iter().filter(|(key, _)| key.starts_with(prefix));
        items.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Writes a value or removes it, and tells the other pages.
    pub fn write(&mut self, page: ClientId, key: &str, value: Option<&str>) -> Result<(), &'static str> {
        let browser = self.of(page);
        let before = match value {
            Some(value) => {
                let used = || browser.storage.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
                if browser.quota.is_some_and(|quota| used() + key.len() + value.len() > quota) {
                    return Err("QuotaExceededError");
                }
                browser.storage.insert(key.into(), value.into())
            }
            None => browser.storage.remove(key),
        };
        if before.as_deref() != value {
            let home = self.pages[&page];
            let others = self.pages.iter().filter(|(other, browser)| **other != page && **browser == home);
            let mail = Mail::Changed { key: key.into(), value: value.map(Into::into) };
            self.mail.extend(others.map(|(other, _)| (*other, mail.clone())));
        }
        Ok(())
    }

    pub fn ask_lock(&mut self, page: ClientId, name: &str, wait: bool) {
        let queue = self.of(page).locks.entry(name.into()).or_default();
        assert!(!queue.contains(&page), "{page:?} asks twice for {name}");
        let outcome = match queue.is_empty() {
            true => Some(LockOutcome::Granted),
            false if wait => None,
            false => Some(LockOutcome::Taken),
        };
        if outcome != Some(LockOutcome::Taken) {
            queue.push_back(page);
        }
        self.mail.extend(outcome.map(|outcome| (page, Mail::Lock { name: name.into(), outcome })));
    }

    pub fn release(&mut self, page: ClientId, name: &str) {
        let Some(queue) = self.of(page).locks.get_mut(name) else { return };
        let had_it = queue.front() == Some(&page);
        queue.retain(|waiting| *waiting != page);
        let next = queue.front().copied().filter(|_| had_it);
        self.mail.extend(next.map(|next| (next, Mail::Lock { name: name.into(), outcome: LockOutcome::Granted })));
    }
}
