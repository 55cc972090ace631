//! Everything that can grow, and what happens when it has grown too far.

/// Most entries of the outbox on their way to the server at a time; the next ones follow as it confirms. No more than
/// subscribers remember of one sender, so that what is sent again after a loss is recognised.
pub const OUTBOX_WINDOW: usize = 1_024;

/// How long the outbox collects entries for one question whether the server has them, in milliseconds.
pub const BARRIER_DELAY_MS: u64 = 100;

/// How long a session waits for storage and locks before it sends what is in memory, in milliseconds.
pub const OUTBOX_START_MAX_MS: u64 = 1_000;

/// Losses of the connection with entries in flight and none confirmed, after which the entries go one by one, so that one
/// that the server cannot take is found.
pub const CAREFUL_AFTER_CUTS: u32 = 3;

/// Losses in a row after which an entry that was in flight alone each time is given up and reported.
pub const UNDELIVERABLE_AFTER_CUTS: u32 = 10;

/// How long after their expiry the entries of other users stay in storage, in milliseconds, for a page of theirs to report.
pub const ORPHAN_GRACE_MS: u64 = 3_600_000;

/// Most senders of events that are remembered, so that what arrives twice is delivered once; of more, the one not heard of
/// for longest is forgotten.
pub const REMEMBERED_SENDERS: usize = 1_000;

/// Most bytes of names in one bulk subscription message; more names go out in further messages, because the
/// server cuts a client whose message exceeds its `maxMessageSize` (1 MiB by default).
pub const BULK_NAMES_MAX_BYTES: usize = 128 * 1024;

/// Most redirects followed within one connection attempt; the next one makes the attempt fail.
pub const MAX_REDIRECTS: u8 = 5;

/// How long a session must have held before the next loss counts as a first failure again, in milliseconds.
/// Shorter ones keep climbing the backoff, so that accept-then-close never becomes a fast loop.
pub const STABLE_SESSION_MS: u64 = 5_000;

/// Longest wait for the answer to one PING, in milliseconds; less where `heartbeatInterval` is shorter.
pub const PING_ANSWER_MAX_MS: u64 = 5_000;

/// A timer that fires later than this, in milliseconds, means that the page did not run; an answer may be waiting
/// behind it.
pub const LATE_TIMER_MS: u64 = 1_000;

/// Longest wait for the answer to a PING that asks whether the link survived a sleep or a change of network, in
/// milliseconds. Two of them fit into the 2.5 s within which a dead link is left.
pub const PROBE_ANSWER_MS: u64 = 1_200;

/// Waits of the attempts after the browser said `online`, in milliseconds: the network often needs a moment more. Then
/// the usual schedule begins anew.
pub const ONLINE_LADDER_MS: [u64; 4] = [0, 500, 1_000, 2_000];

/// How long a socket of the ladder may take to open, in milliseconds: what was sent before the network was really there
/// is lost, and waiting for it would be waiting for nothing.
pub const LADDER_OPEN_MS: u64 = 2_000;

/// An attempt younger than this, in milliseconds, is not replaced when the browser says `online`.
pub const YOUNG_ATTEMPT_MS: u64 = 1_000;

/// How long the reachability probe may take, in milliseconds.
pub const REACHABILITY_TIMEOUT_MS: u64 = 3_000;

/// Shortest wait before any but the first attempt, in milliseconds, whatever the options say: a browser that refuses at
/// once would otherwise be asked without end.
pub const MIN_RETRY_WAIT_MS: u64 = 100;

/// Most writes to one record that wait for the server one by one; more become one write of the whole record.
pub const RECORD_MAX_WRITES: usize = 64;

/// Most writes of others to one record that are kept while the server is asked for its data; of more, the data is read once
/// more.
pub const RECORD_MAX_EARLY: usize = 64;

/// How long to wait before a record is read once more for which the server refuses a version without naming a newer one,
/// in milliseconds; doubled each time.
pub const RECORD_REFUSED_WAIT_MS: u64 = 250;

/// Refusals in a row of that kind after which the write is given up and reported: server 7.0.2 takes no more writes to a
/// record after one with a version too far ahead, until the record is deleted.
pub const RECORD_MAX_REFUSALS: u32 = 6;

/// Most names and indices in a path, and how deep comparisons and merges look into a record. A longer path is refused;
/// what nests deeper is one value: compared as text, and merged as a whole.
pub const RECORD_MAX_DEPTH: usize = 64;

/// Most elements that one edit fills with null because its index is beyond the end of an array. An edit that needs more
/// is refused: the server would hold them all.
pub const RECORD_MAX_FILL: usize = 10_000;
