//! The options an application may give, checked one by one.

/// How the wait between reconnection attempts grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffKind {
    /// 1x, 2x, 3x ... `reconnectIntervalIncrement`.
    Linear,
    /// 1x, 2x, 4x ... `reconnectIntervalIncrement`.
    Exponential,
}

/// What a heartbeat that stays unanswered leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatFailure {
    /// ERROR, then a new socket at once.
    Reconnect,
    /// ERROR, until the application calls `resume()`.
    Stop,
}

/// Who restores the subscriptions after a reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resubscribe {
    /// The client.
    Auto,
    /// The application, with `resubscribe()`.
    Manual,
}

/// Where the outbox keeps what must survive the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxStorage {
    /// In the browser's localStorage, where there is one.
    Local,
    /// Nowhere.
    Memory,
    /// In what the application gives.
    Custom,
}

/// What to do when the outbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Refuse what comes.
    Reject,
    /// Drop what has waited longest.
    DropOldest,
}

/// What `login()` without parameters logs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthParams {
    /// A function, asked at every attempt.
    Function,
    /// A JSON object.
    Fixed(Box<str>),
}

/// A JavaScript value as far as an option needs to know it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptionValue<'a> {
    /// A number, NaN and the infinities included.
    Number(f64),
    /// A string.
    Text(&'a str),
    /// A boolean.
    Flag(bool),
    /// An array, with NaN for what is no number.
    List(&'a [f64]),
    /// An array of nothing but strings, with one at least.
    Texts(&'a [String]),
    /// A function.
    Function,
    /// An object, as JSON text, for the option `authParams` alone.
    Json(&'a str),
    /// Any other object.
    Object,
    /// `null`, a symbol, a bigint.
    Other,
}

/// What became of an option that was acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The client acts on it.
    InEffect,
    /// An option of `@deepstream/client` that changes nothing here.
    WithoutEffect,
    /// An option of `@deepstream/client` that asks for something that this version does not have.
    NotYet,
}

/// Why an option was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// There is no such option; the known name nearest to it, if one is near.
    Unknown {
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The type or the range is wrong.
    Invalid {
        /// What would have been right.
        expected: &'static str,
    },
}

/// The longest time a browser's timer can wait, in milliseconds.
const MAX_TIMER_MS: f64 = 2_147_483_647.0;

/// What a value must be, in words, and what stores it, or says no.
type Kind<T> = (&'static str, fn(&mut T, &OptionValue<'_>) -> Option<()>);

/// Makes [`Options`] with its defaults and [`KNOWN`] of the table below. An option is a row: how JavaScript calls it,
/// the field, its type and default, and how a value is checked. What is only checked is for the shell, adds to the
/// field of another option, or changes nothing.
macro_rules! options {
    (
        $(
            $(#[$doc:meta])*
            $name:literal => $field:ident: $type:ty = $default:expr, $kind:expr;
        )+
        only_checked: { $($checked:literal => $accepted:ident, $check:ident $(=> $added_to:ident)?;)+ }
    ) => {
        /// The options that the client acts on.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Options {
            $(#[doc = concat!("`", $name, "`:")] $(#[$doc])* pub $field: $type,)+
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// Every option there is.
        const KNOWN: &[(&str, Accepted, Kind<Options>)] = &[
            $({
                const KIND: Kind<$type> = $kind;
                ($name, Accepted::InEffect, (KIND.0, |options, value| (KIND.1)(&mut options.$field, value)))
            },)+
            $(($checked, Accepted::$accepted, (
                $check.0,
                |_options, value| ($check.1)(field!(_options $($added_to)?), value),
            )),)+
        ];
    };
}

macro_rules! field {
    ($options:ident) => {
        &mut Default::default()
    };
    ($options:ident $field:ident) => {
        &mut $options.$field
    };
}

/// One of two strings.
macro_rules! either {
    ($one:literal => $first:expr, $other:literal => $second:expr) => {
        (concat!("'", $one, "' or '", $other, "'"), |field, value| {
            *field = if is_second(value, &[$one, $other])? { $second } else { $first };
            Some(())
        })
    };
}

options! {
    /// Time between two PINGs, in milliseconds, at least 1.
    "heartbeatInterval" => heartbeat_interval_ms: u64 = 30_000, POSITIVE_MILLISECONDS;
    /// The step by which the wait between attempts grows, in milliseconds.
    "reconnectIntervalIncrement" => reconnect_interval_increment_ms: u64 = 4_000, MILLISECONDS;
    /// The longest wait between two attempts, in milliseconds.
    "maxReconnectInterval" => max_reconnect_interval_ms: u64 = 30_000, MILLISECONDS;
    /// Attempts before the client gives up; `None` for `Infinity`.
    "maxReconnectAttempts" => max_reconnect_attempts: Option<u32> = None,
        ("a whole number from 0, or Infinity", set_attempts);
    /// `'linear'` or `'exponential'`.
    "reconnectBackoff" => reconnect_backoff: BackoffKind = BackoffKind::Linear,
        either!("linear" => BackoffKind::Linear, "exponential" => BackoffKind::Exponential);
    /// From 0 (the exact schedule) to 1 (anything from 0 to the schedule).
    "reconnectJitter" => reconnect_jitter: f64 = 0.5, ("a number from 0 to 1", set_jitter);
    /// The time a socket has to open, be accepted and log in, in milliseconds, at least 1.
    "connectTimeout" => connect_timeout_ms: u64 = 10_000, POSITIVE_MILLISECONDS;
    /// `'reconnect'` or `'stop'`.
    "heartbeatFailure" => heartbeat_failure: HeartbeatFailure = HeartbeatFailure::Reconnect,
        either!("reconnect" => HeartbeatFailure::Reconnect, "stop" => HeartbeatFailure::Stop);
    /// How long the server may take to acknowledge a subscription, in milliseconds.
    "subscriptionTimeout" => subscription_timeout_ms: u64 = 2_000, MILLISECONDS;
    /// How long subscriptions are collected into one message, in milliseconds.
    "subscriptionInterval" => subscription_interval_ms: u64 = 100, MILLISECONDS;
    /// How long providers may take to accept a call that was sent, in milliseconds; `None` for `Infinity`.
    "rpcAcceptTimeout" => rpc_accept_timeout_ms: Option<u64> = None, OPTIONAL_MILLISECONDS;
    /// How long the answer to a call that was sent may take, in milliseconds; `None` for `Infinity`.
    "rpcResponseTimeout" => rpc_response_timeout_ms: Option<u64> = Some(300_000), OPTIONAL_MILLISECONDS;
    /// The path dialled where the URL has none.
    "path" => path: String = String::from("/deepstream"), ("a string that starts with '/'", set_path);
    /// Wait with dialling until `login()` or `resume()`.
    "lazyConnect" => lazy_connect: bool = false, FLAG;
    /// How long a connection must be lost before the application is told, in milliseconds.
    "lostConnectionTimeout" => lost_connection_timeout_ms: u64 = 5_000, MILLISECONDS;
    /// Close codes after which the client does not try again.
    "stopCodes" => stop_codes: Vec<u16> = vec![1008, 4003],
        ("an array of close codes from 1000 to 4999", set_stop_codes);
    /// What `login()` without parameters logs in with.
    "authParams" => auth_params: Option<AuthParams> = None, ("an object or a function", set_auth_params);
    /// Asked before dialling while the network is in doubt.
    "probeUrl" => probe_url: Option<String> = None, ("a URL", set_text);
    /// A query parameter that carries the number of attempts.
    "reconnectParam" => reconnect_param: Option<String> = None,
        ("the name of a query parameter: letters, digits, '-' and '_'", set_reconnect_param);
    /// `'auto'` or `'manual'`.
    "resubscribe" => resubscribe: Resubscribe = Resubscribe::Auto,
        either!("auto" => Resubscribe::Auto, "manual" => Resubscribe::Manual);
    /// Whether joins and leaves missed during an outage are delivered after it.
    "presenceCatchUp" => presence_catch_up: bool = true, FLAG;
    /// The script of a worker that keeps time in place of the page, or `'blob'`. For the shell alone.
    "heartbeatWorker" => heartbeat_worker: Option<String> = None, ("the URL of timer-worker.js, or 'blob'", set_text);
    /// `'localStorage'`, `'memory'`, or an object of the application's.
    "outbox.storage" => outbox_storage: OutboxStorage = OutboxStorage::Local,
        ("'localStorage', 'memory', or an object with getItem, setItem, removeItem and keys", set_storage);
    /// What tells this deployment's entries from others in the same storage; the URL, if not given.
    "outbox.key" => outbox_key: Option<String> = None, NAME;
    /// Most entries that wait, at least 1.
    "outbox.maxEntries" => outbox_max_entries: usize = 10_000, POSITIVE_WHOLE;
    /// Most bytes of names and payloads that wait, at least 1.
    "outbox.maxBytes" => outbox_max_bytes: usize = 4_194_304, POSITIVE_WHOLE;
    /// How long an entry is worth sending, in milliseconds, at least 1.
    "outbox.ttl" => outbox_ttl_ms: u64 = 86_400_000, POSITIVE_MILLISECONDS;
    /// `'reject'` or `'drop-oldest'`.
    "outbox.overflow" => outbox_overflow: Overflow = Overflow::Reject,
        either!("reject" => Overflow::Reject, "drop-oldest" => Overflow::DropOldest);
    /// How long the server may take to acknowledge that a record is wanted, in milliseconds.
    "recordReadAckTimeout" => record_read_ack_timeout_ms: u64 = 15_000, MILLISECONDS;
    /// How long the server may take to answer about a record, in milliseconds.
    "recordReadTimeout" => record_read_timeout_ms: u64 = 15_000, MILLISECONDS;
    /// How long the server may take to delete a record, in milliseconds.
    "recordDeleteTimeout" => record_delete_timeout_ms: u64 = 15_000, MILLISECONDS;
    /// How long a record that nobody holds is kept, in milliseconds.
    "recordDiscardTimeout" => record_discard_timeout_ms: u64 = 5_000, MILLISECONDS;
    /// Whether records cannot be written to.
    "recordReadOnlyMode" => record_read_only_mode: bool = false, FLAG;
    /// What the names begin with of records that can be written to all the same.
    "recordPrefixWriteWhitelist" => record_prefix_write_whitelist: Vec<String> = Vec::new(), TEXTS;
    /// Whether records are kept in storage.
    "offlineEnabled" => offline_enabled: bool = false, FLAG;
    /// Whether changes that arrive are written to it too.
    "saveUpdatesOffline" => save_updates_offline: bool = false, FLAG;
    /// What the names begin with of records that are not kept.
    "ignorePrefixes" => ignore_prefixes: Vec<String> = Vec::new(), TEXTS;
    /// How long what is to be kept is collected, in milliseconds.
    "indexdb.flushTimeout" => indexdb_flush_timeout_ms: u64 = 50, MILLISECONDS;
    /// How many of the last events of a sender are remembered, so that none is delivered twice.
    "deduplicationWindow" => deduplication_window: usize = 8_192, WHOLE;

    only_checked: {
        "nativeTimerRegistry" => WithoutEffect, FLAG;
        "intervalTimerResolution" => WithoutEffect, NUMBER;
        "offlineBufferTimeout" => WithoutEffect, NUMBER;
        "debug" => WithoutEffect, FLAG;
        "socketFactory" => NotYet, FUNCTION;
        "socketOptions" => NotYet, ANYTHING;
        "storage" => InEffect, OBJECT;
        "storageName" => InEffect, STORAGE_NAME;
        "indexdb.autoVersion" => InEffect, FLAG;
        "indexdb.dbVersion" => InEffect, POSITIVE_WHOLE;
        "indexdb.primaryKey" => InEffect, NAME;
        "indexdb.storageDatabaseName" => InEffect, NAME;
        "indexdb.defaultObjectStoreName" => InEffect, NAME;
        "indexdb.objectStoreNames" => InEffect, TEXTS;
        "indexdb.ignorePrefixes" => InEffect, TEXTS => ignore_prefixes;
        "localstorage.ignorePrefixes" => InEffect, TEXTS => ignore_prefixes;
        "localstorage.nodeStoragePath" => WithoutEffect, TEXT;
        "localstorage.nodeStorageSize" => WithoutEffect, NUMBER;
        "mergeStrategy" => InEffect, FUNCTION;
        "recordDeepCopy" => InEffect, FLAG;
        "dirtyStorageName" => WithoutEffect, TEXT;
        "initialRecordVersion" => WithoutEffect, NUMBER;
    }
}

impl Options {
    /// Whether a record cannot be written to.
    pub fn is_read_only(&self, name: &str) -> bool {
        let is_listed = || self.record_prefix_write_whitelist.iter().any(|prefix| name.starts_with(prefix.as_str()));
        self.record_read_only_mode && !is_listed()
    }

    /// Sets the option that JavaScript calls `name`.
    ///
    /// # Errors
    /// An unknown name, a wrong type, or a number out of range; the options stay as they were.
    pub fn set(&mut self, name: &str, value: OptionValue<'_>) -> Result<Accepted, OptionError> {
        let Some((_, accepted, (expected, store))) = KNOWN.iter().find(|(known, ..)| *known == name) else {
            return Err(OptionError::Unknown { nearest: nearest_name(name) });
        };
        store(self, &value).map(|()| *accepted).ok_or(OptionError::Invalid { expected })
    }
}

const MILLISECONDS: Kind<u64> =
    ("a number of milliseconds from 0 to 2147483647", |field, value| set_milliseconds(field, value, 0.0));
const POSITIVE_MILLISECONDS: Kind<u64> =
    ("a number of milliseconds from 1 to 2147483647", |field, value| set_milliseconds(field, value, 1.0));
const OPTIONAL_MILLISECONDS: Kind<Option<u64>> =
    ("a number of milliseconds from 1 to 2147483647, or Infinity", set_optional_milliseconds);
const NUMBER: Kind<u64> = ("a number from 0 to 2147483647", MILLISECONDS.1);
const WHOLE: Kind<usize> = ("a whole number from 0", |field, value| set_whole(field, value, 0.0));
const POSITIVE_WHOLE: Kind<usize> = ("a whole number from 1", |field, value| set_whole(field, value, 1.0));
const NAME: Kind<Option<String>> = ("a string that is not empty", set_text);
const TEXTS: Kind<Vec<String>> = ("an array of strings", add_texts);
const FLAG: Kind<bool> = ("true or false", set_flag);
const TEXT: Kind<()> = ("a string", |_, value| matches!(*value, OptionValue::Text(_)).then_some(()));
const FUNCTION: Kind<()> = ("a function", |_, value| matches!(*value, OptionValue::Function).then_some(()));
const OBJECT: Kind<()> =
    ("an object with get, set, delete and reset", |_, value| matches!(*value, OptionValue::Object).then_some(()));
const ANYTHING: Kind<()> = ("anything", |_, _| Some(()));
const STORAGE_NAME: Kind<()> =
    ("'indexdb' or 'localstorage'", |_, value| is_second(value, &["indexdb", "localstorage"]).map(drop));

/// A number from `lowest` to the longest time a timer can wait.
fn number(value: &OptionValue<'_>, lowest: f64) -> Option<f64> {
    match *value {
        OptionValue::Number(number) if (lowest..=MAX_TIMER_MS).contains(&number) => Some(number),
        _ => None,
    }
}

/// A string that is not empty.
fn text(value: &OptionValue<'_>) -> Option<String> {
    match *value {
        OptionValue::Text(text) if !text.is_empty() => Some(text.into()),
        _ => None,
    }
}

fn set_milliseconds(field: &mut u64, value: &OptionValue<'_>, lowest: f64) -> Option<()> {
    number(value, lowest).map(|number| *field = number as u64)
}

fn set_optional_milliseconds(field: &mut Option<u64>, value: &OptionValue<'_>) -> Option<()> {
    *field = match *value {
        OptionValue::Number(f64::INFINITY) => None,
        _ => Some(number(value, 1.0)? as u64),
    };
    Some(())
}

fn set_whole(field: &mut usize, value: &OptionValue<'_>, lowest: f64) -> Option<()> {
    number(value, lowest).filter(|number| number % 1.0 == 0.0).map(|number| *field = number as usize)
}

fn set_text(field: &mut Option<String>, value: &OptionValue<'_>) -> Option<()> {
    text(value).map(|text| *field = Some(text))
}

fn set_flag(field: &mut bool, value: &OptionValue<'_>) -> Option<()> {
    let OptionValue::Flag(flag) = *value else { return None };
    *field = flag;
    Some(())
}

/// Adds to what other options have given.
fn add_texts(field: &mut Vec<String>, value: &OptionValue<'_>) -> Option<()> {
    match *value {
        OptionValue::Texts(texts) => texts.iter().for_each(|text| field.push(text.clone())),
        OptionValue::List([]) => {}
        _ => return None,
    }
    Some(())
}

/// Which of two strings the value is: whether it is the second.
fn is_second(value: &OptionValue<'_>, choices: &[&str; 2]) -> Option<bool> {
    let OptionValue::Text(text) = *value else { return None };
    choices.iter().position(|choice| *choice == text).map(|index| index == 1)
}

fn set_attempts(field: &mut Option<u32>, value: &OptionValue<'_>) -> Option<()> {
    *field = match *value {
        OptionValue::Number(f64::INFINITY) => None,
        OptionValue::Number(number) if number >= 0.0 && number <= f64::from(u32::MAX) && number % 1.0 == 0.0 => {
            Some(number as u32)
        }
        _ => return None,
    };
    Some(())
}

fn set_jitter(field: &mut f64, value: &OptionValue<'_>) -> Option<()> {
    number(value, 0.0).filter(|number| *number <= 1.0).map(|number| *field = number)
}

fn set_storage(field: &mut OutboxStorage, value: &OptionValue<'_>) -> Option<()> {
    *field = match *value {
        OptionValue::Text("localStorage") => OutboxStorage::Local,
        OptionValue::Text("memory") => OutboxStorage::Memory,
        OptionValue::Object => OutboxStorage::Custom,
        _ => return None,
    };
    Some(())
}

fn set_path(field: &mut String, value: &OptionValue<'_>) -> Option<()> {
    text(value).filter(|path| path.starts_with('/')).map(|path| *field = path)
}

fn set_stop_codes(field: &mut Vec<u16>, value: &OptionValue<'_>) -> Option<()> {
    let OptionValue::List(codes) = *value else { return None };
    let mut stop_codes = Vec::new();
    for code in codes {
        stop_codes
            .push(Some(*code as u16).filter(|known| *known >= 1000 && *known < 5000 && f64::from(*known) == *code)?);
    }
    *field = stop_codes;
    Some(())
}

fn set_auth_params(field: &mut Option<AuthParams>, value: &OptionValue<'_>) -> Option<()> {
    *field = Some(match *value {
        OptionValue::Function => AuthParams::Function,
        OptionValue::Json(text) => AuthParams::Fixed(text.into()),
        _ => return None,
    });
    Some(())
}

fn set_reconnect_param(field: &mut Option<String>, value: &OptionValue<'_>) -> Option<()> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text(value).filter(|name| name.bytes().all(is_safe)).map(|name| *field = Some(name))
}

/// The known option that `name` is probably a misspelling of: at most a third of it is wrong.
fn nearest_name(name: &str) -> Option<&'static str> {
    let (mut nearest, mut least) = (None, usize::MAX);
    for (known, ..) in KNOWN {
        let distance = edit_distance(name.as_bytes(), known.as_bytes());
        if distance * 3 <= known.len() && distance < least {
            (nearest, least) = (Some(*known), distance);
        }
    }
    nearest
}

/// Levenshtein distance, letters compared without case.
fn edit_distance(left: &[u8], right: &[u8]) -> usize {
    let mut row = vec![0; right.len() + 1];
    row.iter_mut().enumerate().for_each(|(column, distance)| *distance = column);
    for (index, letter) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..right.len() {
            let substitution = diagonal + usize::from(!letter.eq_ignore_ascii_case(&right[column]));
            diagonal = row[column + 1];
            row[column + 1] = substitution.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in_effect() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().filter(|(_, accepted, _)| *accepted == Accepted::InEffect).map(|(name, ..)| *name)
    }

    #[test]
    fn every_name_in_effect_is_understood() {
        for name in names_in_effect() {
            let refused = Options::default().set(name, OptionValue::Other);
            assert!(matches!(refused, Err(OptionError::Invalid { .. })), "{name}: {refused:?}");
        }
    }

    #[test]
    fn numbers_must_be_in_range_and_options_stay_whole() {
        let mut options = Options::default();
        for bad in [f64::NAN, -1.0, 0.0, 0.5, 3e9, f64::INFINITY] {
            assert_eq!(
                options.set("heartbeatInterval", OptionValue::Number(bad)),
                Err(OptionError::Invalid { expected: "a number of milliseconds from 1 to 2147483647" }),
                "{bad}"
            );
        }
        assert_eq!(options, Options::default());
        assert_eq!(options.set("heartbeatInterval", OptionValue::Number(60_000.0)), Ok(Accepted::InEffect));
        assert_eq!(options.heartbeat_interval_ms, 60_000);
    }

    #[test]
    fn attempts_may_be_infinite_but_must_be_whole() {
        let mut options = Options::default();
        assert_eq!(options.set("maxReconnectAttempts", OptionValue::Number(3.0)), Ok(Accepted::InEffect));
        assert_eq!(options.max_reconnect_attempts, Some(3));
        assert_eq!(options.set("maxReconnectAttempts", OptionValue::Number(f64::INFINITY)), Ok(Accepted::InEffect));
        assert_eq!(options.max_reconnect_attempts, None);
        assert!(options.set("maxReconnectAttempts", OptionValue::Number(1.5)).is_err());
        assert!(options.set("maxReconnectAttempts", OptionValue::Number(-1.0)).is_err());
        assert!(options.set("maxReconnectAttempts", OptionValue::Text("3")).is_err());
    }

    /// The defaults stand in `js/options.ts` as well, where applications see them.
    #[test]
    fn the_published_defaults_are_the_defaults() {
        let published = include_str!("../browser/js/options.ts");
        let (_, published) = published.split_once("Object.freeze").unwrap();
        let without_default = [
            "authParams",
            "probeUrl",
            "reconnectParam",
            "heartbeatWorker",
            "outbox.key",
            "storage",
            "indexdb.ignorePrefixes",
            "localstorage.ignorePrefixes",
            "mergeStrategy",
        ];
        for name in names_in_effect().filter(|name| !without_default.contains(name)) {
            let (group, member) = name.split_once('.').map_or(("", name), |(group, member)| (group, member));
            let indent = if group.is_empty() { "\n  " } else { "\n    " };
            let published = published.split_once(&format!("\n  {group}: {{")).map_or(published, |(_, members)| members);
            let (_, value) = published
                .split_once(&format!("{indent}{member}: "))
                .unwrap_or_else(|| panic!("{name} is not published"));
            let (value, _) = value.split_once(",\n").unwrap();
            let value = match value {
                "true" | "false" => OptionValue::Flag(value == "true"),
                "Infinity" => OptionValue::Number(f64::INFINITY),
                "[1008, 4003]" => OptionValue::List(&[1008.0, 4003.0]),
                "[]" => OptionValue::List(&[]),
                text if text.starts_with('\'') => OptionValue::Text(text.trim_matches('\'')),
                number => OptionValue::Number(number.parse().unwrap()),
            };
            let mut options = Options::default();
            assert_eq!(options.set(name, value), Ok(Accepted::InEffect), "{name}");
            assert_eq!(options, Options::default(), "{name}");
        }
    }

    #[test]
    fn what_is_not_kept_may_be_said_in_three_places() {
        let mut options = Options::default();
        let lists = [("ignorePrefixes", "a/"), ("indexdb.ignorePrefixes", "b/"), ("localstorage.ignorePrefixes", "c/")];
        for (name, prefix) in lists {
            assert_eq!(options.set(name, OptionValue::Texts(&[prefix.into()])), Ok(Accepted::InEffect));
            assert_eq!(options.set(name, OptionValue::List(&[])), Ok(Accepted::InEffect));
            let refused = options.set(name, OptionValue::List(&[1.0]));
            assert_eq!(refused, Err(OptionError::Invalid { expected: "an array of strings" }));
        }
        assert_eq!(options.ignore_prefixes, ["a/", "b/", "c/"]);
    }

    #[test]
    fn where_records_are_kept_is_checked_for_the_shell() {
        let mut options = Options::default();
        let bad = [
            ("storageName", OptionValue::Text("sessionstorage"), "'indexdb' or 'localstorage'"),
            ("storage", OptionValue::Other, "an object with get, set, delete and reset"),
            ("indexdb.dbVersion", OptionValue::Number(0.0), "a whole number from 1"),
            ("indexdb.dbVersion", OptionValue::Number(1.5), "a whole number from 1"),
            ("indexdb.primaryKey", OptionValue::Text(""), "a string that is not empty"),
            ("indexdb.objectStoreNames", OptionValue::List(&[1.0]), "an array of strings"),
            ("indexdb.flushTimeout", OptionValue::Number(-1.0), "a number of milliseconds from 0 to 2147483647"),
            ("indexdb.autoVersion", OptionValue::Number(1.0), "true or false"),
        ];
        for (name, value, expected) in bad {
            assert_eq!(options.set(name, value), Err(OptionError::Invalid { expected }), "{name}");
        }
        assert_eq!(options, Options::default());
        assert_eq!(options.set("storageName", OptionValue::Text("localstorage")), Ok(Accepted::InEffect));
        assert_eq!(options.set("storage", OptionValue::Object), Ok(Accepted::InEffect));
        assert_eq!(options.set("indexdb.dbVersion", OptionValue::Number(2.0)), Ok(Accepted::InEffect));
    }

    #[test]
    fn misspellings_are_recognised() {
        let nearest = |name| match Options::default().set(name, OptionValue::Number(1.0)) {
            Err(OptionError::Unknown { nearest }) => nearest,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(nearest("heartBeatIntervall"), Some("heartbeatInterval"));
        assert_eq!(nearest("reconnectIncrement"), Some("reconnectIntervalIncrement"));
        assert_eq!(nearest("maxReconectAttempts"), Some("maxReconnectAttempts"));
        assert_eq!(nearest("lazyconnect"), Some("lazyConnect"));
        assert_eq!(nearest("colour"), None);
        assert_eq!(nearest(""), None);
    }

    #[test]
    fn options_of_parts_not_here_are_still_checked() {
        let mut options = Options::default();
        assert_eq!(options.set("mergeStrategy", OptionValue::Function), Ok(Accepted::InEffect));
        assert_eq!(
            options.set("mergeStrategy", OptionValue::Number(1.0)),
            Err(OptionError::Invalid { expected: "a function" })
        );
        assert_eq!(options.set("socketFactory", OptionValue::Function), Ok(Accepted::NotYet));
        assert_eq!(options.set("nativeTimerRegistry", OptionValue::Flag(true)), Ok(Accepted::WithoutEffect));
    }
}
