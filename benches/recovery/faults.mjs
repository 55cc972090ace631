/**
 * A way in which clients lose their connection, and how long it takes until there could be another one.
 * @typedef {object} Fault
 * @property {string} name what `--case` selects it by, and the table shows
 * @property {number} durationMs from its beginning to the network's return
 * @property {(typeof import('../../tests/harness/tcp-proxy.mjs').faults)[number]} network what the network does meanwhile
 * @property {boolean} [restartsServer] whether the server's process is killed, and another one is there at the return
 * @property {string} [sign] the event that the window dispatches at the return, as a browser would
 * @property {number} [spreadMs] if given, the rounds go on at the same time, begun at even distances over this time;
 *   for faults that take so long that a computer is idle meanwhile
 * @property {number} patienceMs how long after the return a client is waited for
 */

/** What both clients have as `heartbeatInterval` by default: how soon silence is noticed depends on where in it it falls. */
const heartbeatIntervalMs = 30_000;

/** How many events each client emits between a fault and the network's return. */
export const letterCount = 20;

/** @type {Fault[]} in the order of the table */
export const faults = [
  { name: 'reset', durationMs: 0, network: 'reset', patienceMs: 30_000 },
  { name: 'blip', durationMs: 200, network: 'reset', patienceMs: 30_000 },
  { name: 'restart', durationMs: 2_000, network: 'refuse', restartsServer: true, patienceMs: 30_000 },
  { name: 'outage 30 s', durationMs: 30_000, network: 'refuse', spreadMs: 5_000, patienceMs: 60_000 },
  { name: 'outage 60 s', durationMs: 60_000, network: 'refuse', spreadMs: 5_000, patienceMs: 60_000 },
  { name: 'silence', durationMs: 5_000, network: 'blackhole', spreadMs: heartbeatIntervalMs, patienceMs: 120_000 },
  {
    name: 'silence, then online',
    durationMs: 5_000,
    network: 'blackhole',
    sign: 'online',
    spreadMs: heartbeatIntervalMs,
    patienceMs: 120_000,
  },
];
