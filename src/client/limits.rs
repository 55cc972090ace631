//! Everything that can grow, and what happens when it has grown too far.

/// Most entries of the outbox on their way to the server at a time; the next ones follow as it confirms. No more than
/// subscribers remember of one sender, so that what is sent again after a loss is recognised.
pub const OUTBOX_WINDOW: usize = 8_192;

/// Bytes of the outbox on their way at a time, at first; then as much as leaves the link in a few seconds.
pub const OUTBOX_WINDOW_BYTES: usize = 64 * 1024;

/// Most bytes of the outbox on their way at a time, however fast the link is.
pub const OUTBOX_WINDOW_MAX_BYTES: usize = 4 * 1024 * 1024;

/// What the outbox has on its way may take so long to leave, in milliseconds; where it takes less, the next ones may be
/// more, and where it takes four times as long, they are less.
pub const OUTBOX_WINDOW_MS: u64 = 1_000;

/// How long the outbox collects entries for one question whether the server has them, in milliseconds.
pub const BARRIER_DELAY_MS: u64 = 100;

/// How long a session waits for storage and locks before it sends what is in memory, in milliseconds.
pub const OUTBOX_START_MAX_MS: u64 = 1_000;

/// Most operations that wait for a storage which answers with promises; what is to be written beyond that stays in memory,
/// and is reported.
pub const STORAGE_QUEUE_MAX: usize = 16_384;

/// Losses of the connection in a row after which what was on its way each time goes one at a time, then two at a time, and so
/// on, so that what the server cannot take is found.
pub const CAREFUL_AFTER_CUTS: u32 = 3;

/// Losses in a row after which what was on its way each time, in the end alone, is given up and reported.
pub const UNDELIVERABLE_AFTER_CUTS: u32 = 10;

/// How long nothing is sent that is as long as what the server did not take, in milliseconds: it is refused at once. Later it
/// is tried again, since servers are configured anew.
pub const TOO_LONG_MS: u64 = 600_000;

/// Messages up to this length are never taken to be too long, in bytes: logins are no shorter.
pub const ALWAYS_TAKEN_BYTES: usize = 512;

/// Longer messages of which no connection survives any are taken to be too long, in bytes: a proxy may keep the close code
/// to itself.
pub const LIKELY_TOO_LONG_BYTES: usize = 64 * 1024;

/// How long a lease stands in for a lock, in milliseconds. Browsers let the timers of hidden pages fire once a minute, and
/// nobody shall take such a page for gone.
pub const LEASE_MS: u64 = 90_000;

/// How long before its end a lease is renewed, in milliseconds.
pub const LEASE_RENEWAL_MS: u64 = 60_000;

/// How long whoever claims a lease waits at least, and at most twice as long, before it looks whether somebody else has
/// claimed it too, in milliseconds.
pub const LEASE_CLAIM_MS: u64 = 50;

/// How long it stays in storage that a client's entries were cleared, in milliseconds, for a page that was hidden to find.
pub const CLEARED_KEPT_MS: u64 = 24 * 3_600_000;

/// How long after their expiry the entries of other users stay in storage, in milliseconds, for a page of theirs to report.
pub const ORPHAN_GRACE_MS: u64 = 3_600_000;

/// Most of what was on its way when a connection ended that is remembered, in case it is what ends connections: the server
/// takes in what comes in order, so what comes later is not reached before what comes first has arrived.
pub const SUSPECTS_MAX: usize = 1_024;

/// Keys chosen by applications that are remembered, so that what arrives twice is delivered once; of more, the oldest are
/// forgotten. Each is looked at for each event with such a key.
pub const REMEMBERED_KEYS: usize = 4_096;

/// Most senders of events that are remembered, so that what arrives twice is delivered once; of more, the one not heard of
/// for longest is forgotten.
pub const REMEMBERED_SENDERS: usize = 1_000;

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

/// Most questions about presence that wait for a session or an answer. The next one is rejected with
/// `TOO_MANY_QUERIES`.
pub const PRESENCE_MAX_QUERIES: usize = 1_000;

/// Most users who are remembered to be logged in, for those who subscribed to all. With more, `TOO_MANY_USERS` is
/// reported, and joins and leaves missed during an outage are no longer delivered after it, until the last of those
/// subscribers has gone.
pub const PRESENCE_MAX_KNOWN_USERS: usize = 100_000;

/// Most redirects followed within one connection attempt; the next one makes the attempt fail.
pub const MAX_REDIRECTS: u8 = 5;

/// How often `connectTimeout` is doubled where attempts in a row take longer. A server whose queue is longer than everybody's
/// patience would otherwise only ever turn to clients that have just left it.
pub const CONNECT_TIMEOUT_DOUBLINGS: u32 = 2;

/// How long a session must have held before the next loss counts as a first failure again, in milliseconds.
/// Shorter ones keep climbing the backoff, so that accept-then-close never becomes a fast loop.
pub const STABLE_SESSION_MS: u64 = 5_000;

/// Longest wait for the answer to one PING, in milliseconds; less where `heartbeatInterval` is shorter.
pub const PING_ANSWER_MAX_MS: u64 = 5_000;

/// Longest measured round trip, in milliseconds, that the wait for the answer to a PING is made as long as: what takes
/// longer was queued behind something else.
pub const ROUND_TRIP_MAX_MS: u64 = 10_000;

/// What was sent before a PING is reckoned to leave at this rate at least before the wait for the answer begins, in bytes
/// per millisecond. What browsers and operating systems hold back cannot be seen in full.
pub const SLOW_LINK_BYTES_PER_MS: u64 = 16;

/// Longest that is reckoned for that, in milliseconds. Beyond it, what the browser holds back must be seen to leave.
pub const LEAVING_MAX_MS: u64 = 60_000;

/// Bytes sent without a PING after which one is sent out of turn, so that its answer tells that they have left.
pub const UNASKED_MAX_BYTES: u64 = 64 * 1024;

/// How long nothing may be heard while the server owes an answer that may be long, in milliseconds; nothing of a message
/// can be seen before all of it is there. Doubled after each connection that was left in vain for it.
pub const AWAITED_SILENCE_MS: u64 = 60_000;

/// How often that is doubled at most.
pub const AWAITED_SILENCE_DOUBLINGS: u32 = 3;

/// How long ago the server must have been heard when it is asked for something, in milliseconds, for the answer to be
/// expected to be on its way.
pub const HEARD_LATELY_MS: u64 = 5_000;

/// A timer that fires later than this, in milliseconds, means that the page did not run; an answer may be waiting
/// behind it.
pub const LATE_TIMER_MS: u64 = 1_000;

/// Longest wait for the answer to a PING that asks whether the link survived a sleep or a change of network, in
/// milliseconds. Two of them fit into the 2.5 s within which a dead link is left.
pub const PROBE_ANSWER_MS: u64 = 1_200;

/// Waits of the attempts after the browser said `online`, in milliseconds: the network often needs a moment more. Then
/// the usual schedule begins anew.
pub const ONLINE_LADDER_MS: [u64; 4] = [0, 500, 1_000, 2_000];

/// How long a socket of the ladder may take to open, in milliseconds, unless four round trips were seen to take longer:
/// what was sent before the network was really there is lost, and waiting for it would be waiting for nothing.
pub const LADDER_OPEN_MS: u64 = 2_000;

/// How long after a ladder that was too slow, or not gone to its end, the next one may begin without a session in between, in
/// milliseconds. Until then `online` is worth one attempt with all of its time.
pub const LADDER_REST_MS: u64 = 30_000;

/// Hints of one kind that follow one another faster than this, in milliseconds, are one hint.
pub const HINT_QUIET_MS: u64 = 2_000;

/// An attempt that ends sooner than this, in milliseconds, was not ended by a server far away: there was no network for a
/// moment. The next one follows after [`BLIP_WAIT_MS`].
pub const BLIP_MS: u64 = 40;

/// How long to wait before the second attempt where the first failed at once, in milliseconds; at least half of it.
pub const BLIP_WAIT_MS: u64 = 500;

/// An attempt younger than this, in milliseconds, is not replaced when the browser says `online`.
pub const YOUNG_ATTEMPT_MS: u64 = 1_000;

/// How long the reachability probe may take, in milliseconds.
pub const REACHABILITY_TIMEOUT_MS: u64 = 3_000;

/// Shortest wait before any but the first attempt, in milliseconds, whatever the options say: a browser that refuses at
/// once would otherwise be asked without end.
pub const MIN_RETRY_WAIT_MS: u64 = 100;

/// How long storage may hold a write to a record that the server has confirmed because it stands there together with others
/// that are not, in milliseconds.
pub const OUTDATED_MAX_MS: u64 = 100;

/// A value of the outbox in storage that is longer than this, in bytes, takes no more entries: should it have to be written
/// anew, that shall not take long.
pub const OUTBOX_GROUP_MAX_BYTES: usize = 64 * 1_024;

/// A value of the outbox in storage that is longer than this, in bytes, takes no more entries in later tasks, since each of
/// them writes all of it: below this, a write costs the browser about the same however long it is.
pub const OUTBOX_GROUP_OPEN_BYTES: usize = 2 * 1_024;

/// How long a value of the outbox in storage takes entries of later tasks, in milliseconds: about as long as it takes until
/// the server has been asked for the first.
pub const OUTBOX_GROUP_OPEN_MS: u64 = 100;

/// Most writes to one record that wait for the server one by one; more become one write of the whole record.
pub const RECORD_MAX_WRITES: usize = 64;

/// How long what was written to an open record is worth sending after its page is gone, in milliseconds, if `outbox.ttl` is not
/// longer. Versions tell what has become of the record meanwhile, so that age does no harm; events have nothing of the kind.
pub const RECORD_WRITES_TTL_MS: u64 = 30 * 24 * 3_600_000;

/// How often a write to a record that is not open is sent while the server is busy with another client's.
pub const RECORD_FORCE_ATTEMPTS: u32 = 5;

/// Most writes of others to one record that are kept while the server is asked for its data; of more, the data is read once
/// more.
pub const RECORD_MAX_EARLY: usize = 64;

/// How long to wait before a record is read once more for which the server refuses a version without naming a newer one,
/// in milliseconds; doubled each time.
pub const RECORD_REFUSED_WAIT_MS: u64 = 250;

/// Refusals in a row of that kind after which the write is given up and reported: server 7.0.2 takes no more writes to a
/// record after one with a version too far ahead, until the record is deleted.
pub const RECORD_MAX_REFUSALS: u32 = 6;

/// How long a merge strategy of the application may take to answer, in milliseconds: long enough to ask somebody who looks at
/// the page. Then it has failed.
pub const RECORD_MERGE_MAX_MS: u64 = 300_000;

/// How long the server is not asked for a record because storage may have it, in milliseconds.
pub const RECORD_STORAGE_MAX_MS: u64 = 1_000;

/// Most different things that are reported to be wrong with the storage of records; further ones are not.
pub const RECORD_STORAGE_MAX_REPORTS: usize = 8;

/// Most names and indices in a path, and how deep comparisons and merges look into a record. A longer path is refused;
/// what nests deeper is one value: compared as text, and merged as a whole.
pub const RECORD_MAX_DEPTH: usize = 64;

/// Most elements that one edit fills with null because its index is beyond the end of an array. An edit that needs more
/// is refused: the server would hold them all.
pub const RECORD_MAX_FILL: usize = 10_000;
