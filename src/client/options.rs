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

/// The options that the client acts on. The names in the documentation of each field are JavaScript's.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `heartbeatInterval`: time between two PINGs, in milliseconds, at least 1.
    pub heartbeat_interval_ms: u64,
    /// `reconnectIntervalIncrement`: the step by which the wait between attempts grows, in milliseconds.
    pub reconnect_interval_increment_ms: u64,
    /// `maxReconnectInterval`: the longest wait between two attempts, in milliseconds.
    pub max_reconnect_interval_ms: u64,
    /// `maxReconnectAttempts`: attempts before the client gives up; `None` for `Infinity`.
    pub max_reconnect_attempts: Option<u32>,
    /// `reconnectBackoff`: `'linear'` or `'exponential'`.
    pub reconnect_backoff: BackoffKind,
    /// `reconnectJitter`: from 0 (the exact schedule) to 1 (anything from 0 to the schedule).
    pub reconnect_jitter: f64,
    /// `connectTimeout`: the time a socket has to open, be accepted and log in, in milliseconds, at least 1.
    pub connect_timeout_ms: u64,
    /// `heartbeatFailure`: `'reconnect'` or `'stop'`.
    pub heartbeat_failure: HeartbeatFailure,
    /// `subscriptionTimeout`: how long the server may take to acknowledge a subscription, in milliseconds.
    pub subscription_timeout_ms: u64,
    /// `subscriptionInterval`: how long subscriptions are collected into one message, in milliseconds.
    pub subscription_interval_ms: u64,
    /// `path`: the path dialled where the URL has none.
    pub path: String,
    /// `lazyConnect`: wait with dialling until `login()` or `resume()`.
    pub lazy_connect: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            heartbeat_interval_ms: 30_000,
            reconnect_interval_increment_ms: 4_000,
            max_reconnect_interval_ms: 30_000,
            max_reconnect_attempts: None,
            reconnect_backoff: BackoffKind::Linear,
            reconnect_jitter: 0.5,
            connect_timeout_ms: 10_000,
            heartbeat_failure: HeartbeatFailure::Reconnect,
            subscription_timeout_ms: 2_000,
            subscription_interval_ms: 100,
            path: String::from("/deepstream"),
            lazy_connect: false,
        }
    }
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
    /// An array.
    List,
    /// A function.
    Function,
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

const MILLISECONDS: &str = "a number of milliseconds from 0 to 2147483647";
const POSITIVE_MILLISECONDS: &str = "a number of milliseconds from 1 to 2147483647";
const ATTEMPTS: &str = "a whole number from 0, or Infinity";
const FRACTION: &str = "a number from 0 to 1";
const FLAG: &str = "true or false";
const PATH: &str = "a string that starts with '/'";

/// Options of the reference client that this version only checks, with the type each must have.
const UNUSED: &[(&str, Unused, Accepted)] = &[
    ("nativeTimerRegistry", Unused::Flag, Accepted::WithoutEffect),
    ("intervalTimerResolution", Unused::Number, Accepted::WithoutEffect),
    ("offlineBufferTimeout", Unused::Number, Accepted::WithoutEffect),
    ("debug", Unused::Flag, Accepted::WithoutEffect),
    ("socketFactory", Unused::Function, Accepted::NotYet),
    ("socketOptions", Unused::Anything, Accepted::NotYet),
    ("offlineEnabled", Unused::Flag, Accepted::NotYet),
    ("saveUpdatesOffline", Unused::Flag, Accepted::NotYet),
    ("storage", Unused::Object, Accepted::NotYet),
    ("mergeStrategy", Unused::Function, Accepted::WithoutEffect),
    ("recordReadAckTimeout", Unused::Number, Accepted::WithoutEffect),
    ("recordReadTimeout", Unused::Number, Accepted::WithoutEffect),
    ("recordDeleteTimeout", Unused::Number, Accepted::WithoutEffect),
    ("recordReadOnlyMode", Unused::Flag, Accepted::NotYet),
    ("recordPrefixWriteWhitelist", Unused::List, Accepted::WithoutEffect),
    ("recordDeepCopy", Unused::Flag, Accepted::WithoutEffect),
    ("recordDiscardTimeout", Unused::Number, Accepted::WithoutEffect),
    ("dirtyStorageName", Unused::Text, Accepted::WithoutEffect),
    ("initialRecordVersion", Unused::Number, Accepted::WithoutEffect),
    ("storageName", Unused::Text, Accepted::WithoutEffect),
    ("ignorePrefixes", Unused::List, Accepted::WithoutEffect),
    ("indexdb", Unused::Object, Accepted::WithoutEffect),
    ("localstorage", Unused::Object, Accepted::WithoutEffect),
];

/// The names of the options in [`Options`], for suggestions.
const IN_EFFECT: &[&str] = &[
    "heartbeatInterval",
    "reconnectIntervalIncrement",
    "maxReconnectInterval",
    "maxReconnectAttempts",
    "reconnectBackoff",
    "reconnectJitter",
    "connectTimeout",
    "heartbeatFailure",
    "subscriptionTimeout",
    "subscriptionInterval",
    "path",
    "lazyConnect",
];

#[derive(Clone, Copy)]
enum Unused {
    Flag,
    Number,
    Text,
    List,
    Object,
    Function,
    Anything,
}

impl Options {
    /// Sets the option that JavaScript calls `name`.
    ///
    /// # Errors
    /// An unknown name, a wrong type, or a number out of range; the options stay as they were.
    pub fn set(&mut self, name: &str, value: OptionValue<'_>) -> Result<Accepted, OptionError> {
        match name {
            "heartbeatInterval" => self.heartbeat_interval_ms = milliseconds(value, 1.0)?,
            "reconnectIntervalIncrement" => self.reconnect_interval_increment_ms = milliseconds(value, 0.0)?,
            "maxReconnectInterval" => self.max_reconnect_interval_ms = milliseconds(value, 0.0)?,
            "connectTimeout" => self.connect_timeout_ms = milliseconds(value, 1.0)?,
            "subscriptionTimeout" => self.subscription_timeout_ms = milliseconds(value, 0.0)?,
            "subscriptionInterval" => self.subscription_interval_ms = milliseconds(value, 0.0)?,
            "maxReconnectAttempts" => self.max_reconnect_attempts = attempts(value)?,
            "reconnectJitter" => match value {
                OptionValue::Number(number) if (0.0..=1.0).contains(&number) => self.reconnect_jitter = number,
                _ => return Err(OptionError::Invalid { expected: FRACTION }),
            },
            "reconnectBackoff" => {
                self.reconnect_backoff = match value {
                    OptionValue::Text("linear") => BackoffKind::Linear,
                    OptionValue::Text("exponential") => BackoffKind::Exponential,
                    _ => {
                        return Err(OptionError::Invalid { expected: "'linear' or 'exponential'" });
                    }
                }
            }
            "heartbeatFailure" => {
                self.heartbeat_failure = match value {
                    OptionValue::Text("reconnect") => HeartbeatFailure::Reconnect,
                    OptionValue::Text("stop") => HeartbeatFailure::Stop,
                    _ => {
                        return Err(OptionError::Invalid { expected: "'reconnect' or 'stop'" });
                    }
                }
            }
            "path" => match value {
                OptionValue::Text(path) if path.starts_with('/') => self.path = String::from(path),
                _ => return Err(OptionError::Invalid { expected: PATH }),
            },
            "lazyConnect" => match value {
                OptionValue::Flag(flag) => self.lazy_connect = flag,
                _ => return Err(OptionError::Invalid { expected: FLAG }),
            },
            _ => return check_unused(name, value),
        }
        Ok(Accepted::InEffect)
    }
}

fn milliseconds(value: OptionValue<'_>, lowest: f64) -> Result<u64, OptionError> {
    match value {
        OptionValue::Number(number) if (lowest..=MAX_TIMER_MS).contains(&number) => Ok(number as u64),
        _ if lowest > 0.0 => Err(OptionError::Invalid { expected: POSITIVE_MILLISECONDS }),
        _ => Err(OptionError::Invalid { expected: MILLISECONDS }),
    }
}

fn attempts(value: OptionValue<'_>) -> Result<Option<u32>, OptionError> {
    match value {
        OptionValue::Number(f64::INFINITY) => Ok(None),
        OptionValue::Number(number) if number >= 0.0 && number <= f64::from(u32::MAX) && number % 1.0 == 0.0 => {
            Ok(Some(number as u32))
        }
        _ => Err(OptionError::Invalid { expected: ATTEMPTS }),
    }
}

fn check_unused(name: &str, value: OptionValue<'_>) -> Result<Accepted, OptionError> {
    let Some((_, kind, accepted)) = UNUSED.iter().find(|(known, ..)| *known == name) else {
        return Err(OptionError::Unknown { nearest: nearest_name(name) });
    };
    let expected = match (kind, value) {
        (Unused::Flag, OptionValue::Flag(false)) => return Ok(Accepted::WithoutEffect),
        (Unused::Anything, _)
        | (Unused::Flag, OptionValue::Flag(_))
        | (Unused::Text, OptionValue::Text(_))
        | (Unused::List, OptionValue::List)
        | (Unused::Object, OptionValue::Object)
        | (Unused::Function, OptionValue::Function) => return Ok(*accepted),
        (Unused::Number, OptionValue::Number(number)) if (0.0..=MAX_TIMER_MS).contains(&number) => {
            return Ok(*accepted);
        }
        (Unused::Flag, _) => FLAG,
        (Unused::Text, _) => "a string",
        (Unused::List, _) => "an array",
        (Unused::Object, _) => "an object",
        (Unused::Function, _) => "a function",
        (Unused::Number, _) => "a number from 0 to 2147483647",
    };
    Err(OptionError::Invalid { expected })
}

/// The known option that `name` is probably a misspelling of: at most a third of it is wrong.
fn nearest_name(name: &str) -> Option<&'static str> {
    let known = IN_EFFECT.iter().copied().chain(UNUSED.iter().map(|(known, ..)| *known));
    known
        .map(|known| (edit_distance(name.as_bytes(), known.as_bytes()), known))
        .filter(|(distance, known)| distance * 3 <= known.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Levenshtein distance, letters compared without case.
fn edit_distance(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
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

    #[test]
    fn every_name_in_effect_is_understood() {
        for name in IN_EFFECT {
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
                Err(OptionError::Invalid { expected: POSITIVE_MILLISECONDS }),
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
        for name in IN_EFFECT {
            let (_, value) =
                published.split_once(&format!("\n  {name}: ")).unwrap_or_else(|| panic!("{name} is not published"));
            let (value, _) = value.split_once(",\n").unwrap();
            let value = match value {
                "true" | "false" => OptionValue::Flag(value == "true"),
                "Infinity" => OptionValue::Number(f64::INFINITY),
                text if text.starts_with('\'') => OptionValue::Text(text.trim_matches('\'')),
                number => OptionValue::Number(number.parse().unwrap()),
            };
            let mut options = Options::default();
            assert_eq!(options.set(name, value), Ok(Accepted::InEffect), "{name}");
            assert_eq!(options, Options::default(), "{name}");
        }
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
        assert_eq!(options.set("mergeStrategy", OptionValue::Function), Ok(Accepted::WithoutEffect));
        assert_eq!(
            options.set("mergeStrategy", OptionValue::Number(1.0)),
            Err(OptionError::Invalid { expected: "a function" })
        );
        assert_eq!(options.set("offlineEnabled", OptionValue::Flag(false)), Ok(Accepted::WithoutEffect));
        assert_eq!(options.set("offlineEnabled", OptionValue::Flag(true)), Ok(Accepted::NotYet));
        assert_eq!(options.set("nativeTimerRegistry", OptionValue::Flag(true)), Ok(Accepted::WithoutEffect));
    }
}
