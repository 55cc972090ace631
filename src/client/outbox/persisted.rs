//! How entries stand in storage: one key for each.
//!
//! A key is `deepstream-wasm/<namespace>/<client>/<number>`. A value is a line with the version of the format, the kind,
//! the owner, when it was made and when it expires in milliseconds since 1970, and two lengths in bytes; then, of these
//! lengths, the key of the entry and its name; then the payload.

use super::entry::{Entry, Kind, Owner};

/// What all keys of this package begin with.
const PREFIX: &str = "deepstream-wasm/";

/// What the keys of leases end with.
const LEASE: &str = "/lease";

const VERSION: &str = "1";

/// The place of one deployment in the storage of an origin, and of one client in it.
#[derive(Debug)]
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
        [&self.prefix, client, "/"].concat().into()
    }

    /// The key of an entry.
    pub fn of_entry(&self, client: &str, number: u64) -> Box<str> {
        [&self.prefix, client, "/", &number.to_string()].concat().into()
    }

    /// The key under which it stands who logged in last.
    pub fn of_last_user(&self) -> Box<str> {
        [&self.prefix, "user"].concat().into()
    }

    /// The key of the lease of a client, where there are no locks.
    pub fn of_lease(&self, client: &str) -> Box<str> {
        [&self.prefix, client, LEASE].concat().into()
    }

    /// The client in the key of a lease.
    pub fn parse_lease<'a>(&self, key: &'a str) -> Option<&'a str> {
        // Namespaces may begin alike.
        key.strip_prefix(&*self.prefix)?.strip_suffix(LEASE).filter(|client| !client.bytes().any(|byte| byte == b'/'))
    }

    /// The client and the number in the key of an entry.
    pub fn parse_entry<'a>(&self, key: &'a str) -> Option<(&'a str, u64)> {
        let (client, number) = key.strip_prefix(&*self.prefix)?.split_once('/')?;
        Some((client, number.parse().ok()?))
    }
}

/// An entry as it is read.
#[derive(Debug, PartialEq, Eq)]
pub struct Persisted<'a> {
    pub kind: Kind,
    pub owner: Owner,
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

/// The value for an entry.
pub fn write(entry: &Entry, expires_ms: u64) -> Box<str> {
    let numbers = [
        entry.created_ms.to_string(),
        expires_ms.to_string(),
        entry.key.len().to_string(),
        entry.name.len().to_string(),
    ];
    let data = entry.data.as_deref().unwrap_or_default();
    let header = [VERSION, " ", entry.kind.letter(), " ", &entry.owner, " ", &numbers.join(" "), "\n"].concat();
    [&header, &*entry.key, &entry.name, data].concat().into()
}

/// Reads a value.
///
/// # Errors
/// What is not of this version.
pub fn read(value: &str) -> Result<Persisted<'_>, Unreadable> {
    let (header, rest) = value.split_once('\n').ok_or(Unreadable::Garbage)?;
    let mut fields = header.split(' ');
    match fields.next().map(str::parse::<u32>) {
        Some(Ok(1)) => read_fields(&mut fields, rest).ok_or(Unreadable::Garbage),
        Some(Ok(_)) => Err(Unreadable::Newer),
        _ => Err(Unreadable::Garbage),
    }
}

fn read_fields<'a>(fields: &mut dyn Iterator<Item = &str>, rest: &'a str) -> Option<Persisted<'a>> {
    let kind = Kind::from_letter(fields.next()?)?;
    let owner = fields.next()?.into();
    let created_ms = fields.next()?.parse().ok()?;
    let expires_ms = fields.next()?.parse().ok()?;
    let (key, rest) = rest.split_at_checked(fields.next()?.parse().ok()?)?;
    let (name, data) = rest.split_at_checked(fields.next()?.parse().ok()?)?;
    let is_complete = fields.next().is_none() && !key.is_empty() && !name.is_empty();
    let data = (!data.is_empty()).then_some(data);
    is_complete.then_some(Persisted { kind, owner, created_ms, expires_ms, key, name, data })
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use arbtest::arbtest;

    use super::*;
    use crate::client::{
        outbox::entry::{Claim, Delivery, Progress},
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
            stored_as: None,
            progress: Progress::Waiting,
            receipts: Vec::new(),
            subscribers_wait: false,
            settle_by: None,
            is_rewritten: false,
            was_sent: false,
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for (name, data) in [("news", Some("{\"a\":\"\\ud800 ü\\n\"}")), ("a b\nü", None)] {
            let written = write(&entry(name, data), 1_700_000_000_999);
            let expected = Persisted {
                kind: Kind::Event,
                owner: "u0123".into(),
                created_ms: 1_700_000_000_000,
                expires_ms: 1_700_000_000_999,
                key: "a key\nof two lines",
                name,
                data,
            };
            assert_eq!(read(&written), Ok(expected));
        }
    }

    #[test]
    fn calls_stay_what_they_are() {
        for idempotent in [false, true] {
            let mut entry = entry("add", Some("[1,2]"));
            entry.kind = Kind::Call { idempotent };
            let written = write(&entry, 5);
            let read = read(&written).expect("what is written can be read");
            assert_eq!((read.kind, read.name, read.data), (entry.kind, "add", Some("[1,2]")));
        }
    }

    #[test]
    fn what_this_version_did_not_write_is_recognised() {
        assert_eq!(read("2 e anything\n"), Err(Unreadable::Newer));
        let written = write(&entry("name", Some("1")), 5);
        for garbage in ["", "1", "null", "{}\n", "1 e\n", "1 x u 1 2 1 1\nab", "1 e u 1 2 1 9\nab", "1 e u 1 2 0 1\na"]
        {
            assert_eq!(read(garbage), Err(Unreadable::Garbage), "{garbage:?}");
        }
        for end in (0..written.len()).filter(|end| written.is_char_boundary(*end)) {
            // Cutting off the payload alone cannot be noticed; storage writes a value whole or not at all.
            assert!(read(&written[..end]).is_err() || end + 1 == written.len(), "{end}");
        }
        assert!(read("1 e u 1 2 1 1\nüü").is_err(), "lengths may fall inside of characters");
    }

    #[test]
    fn whatever_is_written_can_be_read() {
        arbtest(|bytes| {
            let (name, payload): (String, Option<String>) = bytes.arbitrary()?;
            let mut entry = entry(&["n", &name].concat(), payload.map(|payload| ["1", &payload].concat()).as_deref());
            entry.key = ["k", bytes.arbitrary()?].concat().into();
            entry.owner = if bytes.arbitrary()? { "".into() } else { "p0123456789abcdef".into() };
            entry.created_ms = bytes.arbitrary()?;
            let expires_ms = bytes.arbitrary()?;
            let written = write(&entry, expires_ms);
            let read = read(&written).expect("what is written can be read");
            assert_eq!((read.kind, read.created_ms, read.expires_ms), (entry.kind, entry.created_ms, expires_ms));
            assert_eq!((read.key, read.name, read.data), (&*entry.key, &*entry.name, entry.data.as_deref()));
            assert_eq!(read.owner, entry.owner);
            Ok(())
        });
    }

    #[test]
    fn no_text_is_too_much() {
        let written = write(&entry("näme", Some("1")), 5);
        arbtest(|bytes| {
            // Text of any kind, and text that is nearly right.
            let anything: String = bytes.arbitrary()?;
            let _ = read(&anything);
            let _ = read(&["1 e u ", &anything].concat());
            let keys = Keys::new("x");
            let _ = (keys.parse_entry(&anything), keys.parse_lease(&anything));
            let mut nearly: Vec<char> = written.chars().collect();
            let position = bytes.choose_index(nearly.len())?;
            nearly[position] = bytes.arbitrary()?;
            let _ = read(&nearly.into_iter().collect::<String>());
            Ok(())
        });
        let most = u64::MAX;
        assert!(read(&format!("1 e u {most} {most} {most} {most}\nab")).is_err());
        assert!(read(&format!("1 e u {most}0 1 1 1\nab")).is_err());
        assert!(read(&format!("1 e u {most} {most} 1 1\nab")).is_ok());
    }

    #[test]
    fn leases_and_entries_have_keys_of_their_own() {
        let keys = Keys::new("ws://host/deepstream");
        let lease = keys.of_lease("0123456789abcdef");
        assert_eq!(keys.parse_lease(&lease), Some("0123456789abcdef"));
        assert_eq!(keys.parse_entry(&lease), None);
        assert!(lease.starts_with(&*keys.of_client("0123456789abcdef")));
        assert_eq!(keys.parse_lease(&keys.of_entry("0123456789abcdef", 7)), None);
        assert_eq!(keys.parse_lease(&keys.of_last_user()), None);
        let longer = Keys::new("ws://host/deepstream/longer");
        assert_eq!(keys.parse_lease(&longer.of_lease("0123456789abcdef")), None);
        assert_eq!(keys.parse_entry(&longer.of_entry("0123456789abcdef", 7)), None);
    }

    #[test]
    fn keys_name_the_client_and_the_number() {
        let keys = Keys::new("ws://host/deepstream");
        let key = keys.of_entry("c1", 12);
        assert_eq!(&*key, "deepstream-wasm/ws://host/deepstream/c1/12");
        assert_eq!(keys.parse_entry(&key), Some(("c1", 12)));
        assert!(key.starts_with(&*keys.of_client("c1")));
        for foreign in
            ["deepstream-wasm/ws://host/deepstream/user", "other", "deepstream-wasm/ws://host/deepstream/c1/x"]
        {
            assert_eq!(keys.parse_entry(foreign), None);
        }
    }
}
