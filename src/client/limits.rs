//! Everything that can grow, and what happens when it has grown too far.

/// Most events that wait in memory for the connection. The next one is refused and reported as `OUTBOX_FULL`.
pub const OUTBOX_MAX_ENTRIES: usize = 10_000;

/// Most bytes (names and payloads) that wait in memory for the connection. What would exceed it is refused and
/// reported as `OUTBOX_FULL`.
pub const OUTBOX_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most calls that are kept to be sent, or to be sent again: those that wait for the connection, and those marked
/// idempotent. The next one is rejected with `OUTBOX_FULL`.
pub const RPC_KEPT_MAX_CALLS: usize = 10_000;

/// Most bytes (names and payloads) of calls that are kept to be sent. What would exceed it is rejected with
/// `OUTBOX_FULL`.
pub const RPC_KEPT_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most requests to providers that wait for an answer. With the next one the oldest is given up: its requestor has heard
/// RESPONSE_TIMEOUT from the server long ago.
pub const RPC_OPEN_REQUESTS_MAX: usize = 10_000;

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
