//! How entries stand in storage: one key for those that were entrusted together.
//!
//! A key is `deepstream-wasm/<namespace>/<client>/<number of the first>`. A value is a line with the version of the format
//! and the owner, then the entries. Each is a line with its kind, its number, when it was made and when it expires in
//! milliseconds since 1970, and three lengths in bytes; then, of these lengths, its key, its name and its payload; then the
//! end of a line. A payload of length 0 is `undefined`.

use crate::client::{
    digest::last_digits,
    io::{Entry, Kind, Owner},
};
use crate::text::{split, split_once};

/// What all keys of this package begin with.
const PREFIX: &str = "deepstream-wasm/";

/// What the keys of leases end with.
const LEASE: &str = "/lease";

/// What the keys end with that tell that something was cleared.
const CLEARED: &str = "/cleared";

const VERSION: &str = "1";

/// The place of one deployment in the storage of an origin, and of one client in it.
#[derive(Debug, Default)]
pub struct Keys {
    prefix: Box<str>,
}

impl Keys {
    /// Keys under a namespace.
    pub fn new(namespace: &str) -> Self {
        Self { prefix: [PREFIX, namespace, "/"].concat().into() }
    }

    /// What all keys of the namespace begin with.
    pub fn all(&self) -> Box<str> {
        self.prefix.clone()
    }

    /// What the keys of all entries of a client begin with; also the name of the lock that the client holds.
    pub fn of_client(&self, client: &str) -> Box<str> {
        self.of(client, "/")
    }

    fn of(&self, client: &str, end: &str) -> Box<str> {
        [&self.prefix, client, end].concat().into()
    }

    /// The key of the entries that begin with the one of this number.
    pub fn of_group(&self, client: &str, number: u64) -> Box<str> {
        [&self.prefix, client, "/", &number.to_string()].concat().into()
    }

    /// The key under which it stands who logged in last.
    pub fn of_last_user(&self) -> Box<str> {
        self.of("user", "")
    }

    /// The key under which the storage has a name. Whoever finds another one knows that it was emptied.
    pub fn of_storage(&self) -> Box<str> {
        self.of("storage", "")
    }

    /// The key under which it stands until when what a client had stored was cleared by another one.
    pub fn of_cleared(&self, client: &str) -> Box<str> {
        self.of(client, CLEARED)
    }

    /// Whether it is such a key, of any client.
    pub fn is_cleared(&self, key: &str) -> bool {
        key.starts_with(&*self.prefix) && key.ends_with(CLEARED)
    }

    /// The key of the lease of a client, where there are no locks.
    pub fn of_lease(&self, client: &str) -> Box<str> {
        self.of(client, LEASE)
    }

    /// The client in the key of a lease.
    pub fn parse_lease<'a>(&self, key: &'a str) -> Option<&'a str> {
        // Namespaces may begin alike.
        key.strip_prefix(&*self.prefix)?.strip_suffix(LEASE).filter(|client| !client.bytes().any(|byte| byte == b'/'))
    }

    /// The client and the number in the key of entries.
    pub fn parse_group<'a>(&self, key: &'a str) -> Option<(&'a str, u64)> {
        let (client, number) = split_once(key.strip_prefix(&*self.prefix)?, b'/')?;
        Some((client, number.parse().ok()?))
    }
}

/// What was cleared, as it stands in storage: what these owners had entrusted by some moment, in milliseconds since 1970. Of the
/// owners the [`last_digits`].
#[derive(Debug)]
pub struct Cleared {
    pub until_ms: u64,
    owners: Box<str>,
}

impl Cleared {
    /// Reads what [`text`](Self::text) wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (until_ms, owners) = split_once(text, b' ')?;
        Some(Self { until_ms: until_ms.parse().ok()?, owners: owners.into() })
    }

    /// For storage.
    pub fn text(until_ms: u64, owners: &[Owner]) -> Box<str> {
        let mut text = until_ms.to_string();
        for (index, owner) in owners.iter().enumerate() {
            text.push_str(if index > 0 { ";" } else { " " });
            text.push_str(last_digits(owner));
        }
        text.into()
    }

    /// Whether an entry is part of it.
    pub fn concerns(&self, entry: &Entry) -> bool {
        let check = last_digits(&entry.owner);
        entry.created_ms <= self.until_ms && split(&self.owners, b';').any(|owner| *owner == *check)
    }
}

/// The value under a key, among these keys and values.
pub fn value_in<'a>(items: &'a [(String, String)], key: &str) -> Option<&'a str> {
    items.iter().find(|(found, _)| **found == *key).map(|(_, value)| value.as_str())
}

/// What stands under one key, as it is read.
#[derive(Debug, PartialEq, Eq)]
pub struct PersistedGroup<'a> {
    pub owner: &'a str,
    /// One at least, oldest first.
    pub entries: Vec<Persisted<'a>>,
}

/// An entry as it is read.
#[derive(Debug, PartialEq, Eq)]
pub struct Persisted<'a> {
    pub kind: Kind,
    pub number: u64,
    pub created_ms: u64,
    pub expires_ms: u64,
    pub key: &'a str,
    pub name: &'a str,
    pub data: Option<&'a str>,
}

/// Why a value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A newer version of this package wrote it.
    Newer,
    /// Nothing of this package did.
    Garbage,
}

/// What the value for entries of an owner begins with.
pub fn header(owner: &str) -> String {
    [VERSION, " ", owner, "\n"].concat()
}

/// Adds an entry to a value.
pub fn push(value: &mut String, entry: &Entry, expires_ms: u64) {
    let data = entry.data.as_deref().unwrap_or_default();
    value.push_str(entry.kind.letter());
    let lengths = (entry.key.len() as u64, entry.name.len() as u64, data.len() as u64);
    for number in [entry.number, entry.created_ms, expires_ms, lengths.0, lengths.1, lengths.2] {
        value.push(' ');
        push_number(value, number);
    }
    for text in ["\n", &*entry.key, &entry.name, data, "\n"] {
        value.push_str(text);
    }
}

/// As `to_string` has it, without making a string.
fn push_number(text: &mut String, number: u64) {
    if number > 9 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Reads a value.
///
/// # Errors
/// What is not of this version.
pub fn read(value: &str) -> Result<PersistedGroup<'_>, Unreadable> {
    let (header, mut rest) = split_once(value, b'\n').ok_or(Unreadable::Garbage)?;
    let (version, owner) = split_once(header, b' ').ok_or(Unreadable::Garbage)?;
    if version != VERSION {
        return Err(if version.parse::<u64>().is_ok() { Unreadable::Newer } else { Unreadable::Garbage });
    }
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (entry, after) = read_entry(rest).ok_or(Unreadable::Garbage)?;
        entries.push(entry);
        rest = after;
    }
    if entries.is_empty() || split_once(owner, b' ').is_some() {
        return Err(Unreadable::Garbage);
    }
    Ok(PersistedGroup { owner, entries })
}

/// The first entry, and what follows it.
fn read_entry(text: &str) -> Option<(Persisted<'_>, &str)> {
    let (letter, mut rest) = split_once(text, b' ')?;
    let kind = Kind::from_letter(letter)?;
    let mut numbers = [0; 6];
    for (number, end) in numbers.iter_mut().zip(b"     \n") {
        let (digits, behind) = split_once(rest, *end)?;
        (*number, rest) = (digits.parse::<u64>().ok()?, behind);
    }
    let [number, created_ms, expires_ms, lengths @ ..] = numbers;
    let [key, name, data] = {
        let mut texts = [""; 3];
        for (text, length) in texts.iter_mut().zip(lengths) {
            (*text, rest) = rest.split_at_checked(length.try_into().ok()?)?;
        }
        texts
    };
    let rest = rest.strip_prefix('\n')?;
    let is_complete = !key.is_empty() && !name.is_empty();
    let data = (!data.is_empty()).then_some(data);
    is_complete.then_some((Persisted { kind, number, created_ms, expires_ms, key, name, data }, rest))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use arbtest::arbtest;

    use super::*;
    use crate::client::{
        io::{Claim, Delivery, Progress},
        time::Instant,
    };

    fn entry(name: &str, data: Option<&str>) -> Entry {
        Entry {
            number: 7,
            kind: Kind::Event,
            name: name.into(),
            data: data.map(Into::into),
            key: "a key\nof two lines".into(),
            owner: "u0123".into(),
            claim: Claim::Proven,
            created_ms: 1_700_000_000_000,
            expires_at: Instant::default(),
            delivery: Delivery::Durable,
            stored: None,
            progress: Progress::Waiting,
            receipts: Vec::new(),
            settle_by: None,
            was_sent: false,
            is_marked: false,
        }
    }

    /// The value for entries of one owner, all of which expire at the same time.
    fn write(entries: &[Entry], expires_ms: u64) -> String {
        let mut value = header(&entries[0].owner);
        entries.iter().for_each(|entry| push(&mut value, entry, expires_ms));
        value
    }

    #[test]
    fn what_is_written_can_be_read() {
        let cases = [("news", Some("{\"a\":\"\\ud800 ü\\n\"}")), ("a b\nü", None), ("news", Some("\n1 u\n"))];
        let written = write(&cases.map(|(name, data)| entry(name, data)), 1_700_000_000_999);
        let expected = cases.map(|(name, data)| Persisted {
            kind: Kind::Event,
            number: 7,
            created_ms: 1_700_000_000_000,
            expires_ms: 1_700_000_000_999,
            key: "a key\nof two lines",
            name,
            data,
        });
        assert_eq!(read(&written), Ok(PersistedGroup { owner: "u0123", entries: expected.into() }));
    }

    #[test]
    fn calls_stay_what_they_are() {
        for &idempotent in &[false, true] {
            let mut entry = entry("add", Some("[1,2]"));
            entry.kind = Kind::Call { idempotent };
            let kind = entry.kind;
            let written = write(&[entry], 5);
            let read = read(&written).expect("what is written can be read");
            assert_eq!((read.entries[0].kind, read.entries[0].data), (kind, Some("[1,2]")));
        }
    }

    #[test]
    fn what_this_version_did_not_write_is_recognised() {
        assert_eq!(read("2 anything\n"), Err(Unreadable::Newer));
        for garbage in [
            "",
            "1",
            "null",
            "{}\n",
            "1 u\n",
            "1 u\ne\n",
            "1 u\nx 1 1 2 1 1 0\nab\n",
            "1 u\ne 1 1 2 1 9 0\nab\n",
            "1 u\ne 1 1 2 0 1 0\na\n",
            "1 u\ne 1 1 2 1 1 0\nab",
            "1 u\ne 1 1 2 1 1 0 0\nab\n",
            "1 u v\ne 1 1 2 1 1 0\nab\n",
        ] {
            assert_eq!(read(garbage), Err(Unreadable::Garbage), "{garbage:?}");
        }
        let written = write(&[entry("name", Some("1")), entry("name", Some("2"))], 5);
        let whole = write(&[entry("name", Some("1"))], 5).len();
        for end in (0..written.len()).filter(|end| written.is_char_boundary(*end)) {
            assert!(read(&written[..end]).is_err() || end == whole, "{end}");
        }
        assert!(read("1 u\ne 1 1 2 1 1 0\nüü\n").is_err(), "lengths may fall inside of characters");
    }

    #[test]
    fn whatever_is_written_can_be_read() {
        arbtest(|bytes| {
            let mut entries = Vec::new();
            let owner = if bytes.arbitrary()? { "" } else { "p0123456789abcdef" };
            for _ in 0..bytes.int_in_range(1..=4)? {
                let (name, payload): (String, Option<String>) = bytes.arbitrary()?;
                let payload = payload.map(|payload| ["1", &payload].concat());
                let mut entry = entry(&["n", &name].concat(), payload.as_deref());
                entry.key = ["k", bytes.arbitrary()?].concat().into();
                entry.owner = owner.into();
                (entry.number, entry.created_ms) = bytes.arbitrary()?;
                entries.push(entry);
            }
            let expires_ms = bytes.arbitrary()?;
            let written = write(&entries, expires_ms);
            let read = read(&written).expect("what is written can be read");
            assert_eq!((read.owner, read.entries.len()), (owner, entries.len()));
            for (read, entry) in read.entries.iter().zip(&entries) {
                assert_eq!((read.kind, read.created_ms, read.expires_ms), (entry.kind, entry.created_ms, expires_ms));
                assert_eq!((read.key, read.name, read.data), (&*entry.key, &*entry.name, entry.data.as_deref()));
                assert_eq!(read.number, entry.number);
            }
            Ok(())
        });
    }

    #[test]
    fn no_text_is_too_much() {
        let written = write(&[entry("näme", Some("1")), entry("name", None)], 5);
        arbtest(|bytes| {
            // Text of any kind, and text that is nearly right.
            let anything: String = bytes.arbitrary()?;
            let _ = read(&anything);
            let _ = read(&["1 u\ne 1 ", &anything].concat());
            let keys = Keys::new("x");
            let _ = (keys.parse_group(&anything), keys.parse_lease(&anything));
            let mut nearly: Vec<char> = written.chars().collect();
            let position = bytes.choose_index(nearly.len())?;
            nearly[position] = bytes.arbitrary()?;
            let _ = read(&nearly.into_iter().collect::<String>());
            Ok(())
        });
        let most = u64::MAX;
        assert!(read(&format!("1 u\ne {most} {most} {most} {most} {most} {most}\nab\n")).is_err());
        assert!(read(&format!("1 u\ne {most}0 1 1 1 1 0\nab\n")).is_err());
        assert!(read(&format!("1 u\ne {most} {most} {most} 1 1 0\nab\n")).is_ok());
    }

    #[test]
    fn leases_and_entries_have_keys_of_their_own() {
        let keys = Keys::new("ws://host/deepstream");
        let lease = keys.of_lease("0123456789abcdef");
        assert_eq!(keys.parse_lease(&lease), Some("0123456789abcdef"));
        assert_eq!(keys.parse_group(&lease), None);
        assert!(lease.starts_with(&*keys.of_client("0123456789abcdef")));
        assert_eq!(keys.parse_lease(&keys.of_group("0123456789abcdef", 7)), None);
        assert_eq!(keys.parse_lease(&keys.of_last_user()), None);
        let longer = Keys::new("ws://host/deepstream/longer");
        assert_eq!(keys.parse_lease(&longer.of_lease("0123456789abcdef")), None);
        assert_eq!(keys.parse_group(&longer.of_group("0123456789abcdef", 7)), None);
    }

    #[test]
    fn keys_name_the_client_and_the_number() {
        let keys = Keys::new("ws://host/deepstream");
        let key = keys.of_group("c1", 12);
        assert_eq!(&*key, "deepstream-wasm/ws://host/deepstream/c1/12");
        assert_eq!(keys.parse_group(&key), Some(("c1", 12)));
        assert!(key.starts_with(&*keys.of_client("c1")));
        for foreign in
            ["deepstream-wasm/ws://host/deepstream/user", "other", "deepstream-wasm/ws://host/deepstream/c1/x"]
        {
            assert_eq!(keys.parse_group(foreign), None);
        }
    }
}
