import { C } from 'deepstream-wasm';
import { byRole } from '../dom.js';
import { toneOf } from '../states.js';

const { OPEN, PAUSING, OFFLINE, CLOSING, CLOSED } = C.CONNECTION_STATE;
const LET_GO = new Set([PAUSING, OFFLINE, CLOSING, CLOSED]);

const COUNTDOWN_STEP_MILLISECONDS = 100;
const OPEN_STEP_MILLISECONDS = 1000;
const NOTHING = '–';

const REASONS = {
  network: 'No word from the server',
  timeout: 'The attempt took too long',
  heartbeat: 'Two heartbeats went unanswered',
  restarting: 'The server announced a restart',
  redirect: 'A redirect led nowhere',
  'auth-params': 'There was nothing to log in with',
  'authentication-timeout': 'Nobody logged in for too long',
  'page-hidden': 'The page was left',
  replaced: 'Another connection was wanted',
  stopped: 'The server said to stay away',
  refused: 'The server takes no such client',
  authentication: 'Too many wrong credentials',
  paused: 'Paused',
  closed: 'Closed',
};

/** Why there is no connection, in words: a `CloseReason` of `client.connection`. */
export function reasonInWords({ kind, code, action }) {
  const words = REASONS[kind] ?? kind;
  const details = [code && `code ${code}`, action].filter(Boolean);
  return details.length > 0 ? `${words} (${details.join(', ')})` : words;
}

/** What `client.connection` says about the client on show, with a banner while its connection is lost. */
export class ConnectionDetails {
  #client;
  #timer;
  #parts;
  #banner;

  constructor(root) {
    this.#parts = Object.fromEntries(
      ['attempt', 'next-try', 'rtt', 'open-for', 'reason', 'reason-label'].map((role) => [role, byRole(root, role)]),
    );
    this.#banner = byRole(root, 'lost-banner');
  }

  /** Shows this client from now on, or none. */
  watch(client) {
    this.#client = client;
    this.#announceLoss(false);
    const refresh = () => client === this.#client && this.#refresh();
    const announceLoss = (isLost) => client === this.#client && this.#announceLoss(isLost);
    client?.on('connectionStateChanged', refresh);
    client?.on('error', refresh);
    client?.on('lostConnection', () => announceLoss(true));
    client?.on('restoredConnection', () => announceLoss(false));
    this.#refresh();
  }

  #announceLoss(isLost) {
    this.#banner.textContent = isLost ? 'Connection lost.' : '';
  }

  #refresh() {
    const connection = this.#client?.connection;
    this.#show('attempt', connection === undefined ? NOTHING : attemptInWords(connection));
    this.#show('next-try', connection === undefined ? NOTHING : nextTryInWords(connection));
    this.#show('rtt', roundTripInWords(connection?.rtt ?? null));
    this.#show('open-for', connection?.openedAt ? stopwatch(Date.now() - connection.openedAt) : NOTHING);
    this.#showReason(connection);
    // Nobody says `restoredConnection` about a connection that the user let go.
    if (LET_GO.has(connection?.state)) this.#announceLoss(false);
    this.#scheduleRefresh(connection);
  }

  #showReason(connection) {
    const reason = connection?.reason ?? null;
    const isOpen = connection?.state === OPEN;
    this.#show('reason-label', isOpen && reason !== null ? 'Last reason' : 'Reason');
    this.#parts.reason.dataset.kind = reason?.kind ?? '';
    if (reason === null) return this.#show('reason', NOTHING);
    const isPresent = !isOpen && !LET_GO.has(connection.state);
    // After `resume()` the reason is still an end for good.
    const isTrying = reason.willRetry || toneOf(connection.state) === 'busy';
    const outlook = isTrying ? 'Trying again.' : 'Not trying again.';
    this.#show('reason', isPresent ? `${reasonInWords(reason)}. ${outlook}` : reasonInWords(reason));
  }

  #show(role, text) {
    if (this.#parts[role].textContent !== text) this.#parts[role].textContent = text;
  }

  /** Only what counts down or up needs a timer; everything else is told by events. */
  #scheduleRefresh(connection) {
    clearTimeout(this.#timer);
    const wait = timeToNextChange(connection);
    if (wait !== null) this.#timer = setTimeout(() => this.#refresh(), wait);
  }
}

/** Milliseconds until the clock alone changes what is shown; null if it never does. */
function timeToNextChange({ nextAttemptAt = null, openedAt = null } = {}) {
  const now = Date.now();
  if (nextAttemptAt !== null) {
    const step = COUNTDOWN_STEP_MILLISECONDS;
    return Math.max(nextAttemptAt - now, 0) % step || step;
  }
  // The round-trip time changes without an event too.
  return openedAt === null ? null : OPEN_STEP_MILLISECONDS - ((now - openedAt) % OPEN_STEP_MILLISECONDS);
}

function attemptInWords({ state, attempt, reconnectTries }) {
  if (state === OPEN) return reconnectTries > 0 ? `took ${reconnectTries}` : NOTHING;
  return attempt > 0 && !LET_GO.has(state) ? String(attempt) : NOTHING;
}

function nextTryInWords({ state, nextAttemptAt }) {
  if (nextAttemptAt !== null) return `in ${(Math.max(nextAttemptAt - Date.now(), 0) / 1000).toFixed(1)} s`;
  return toneOf(state) === 'busy' && !LET_GO.has(state) ? 'under way' : NOTHING;
}

function roundTripInWords(rtt) {
  if (rtt === null) return NOTHING;
  return rtt < 1 ? '< 1 ms' : `${Math.round(rtt)} ms`;
}

/** A duration in milliseconds as `0:07`, `12:40` or `1:02:03`. */
function stopwatch(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const padded = (value) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${padded(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${padded(minutes % 60)}:${padded(seconds % 60)}`;
}
