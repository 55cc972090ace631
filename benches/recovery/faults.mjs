/**
 * A way in which clients lose their connection, and how long it takes until there could be another one.
 * @typedef {object} Fault
 * @property {string} name what `--case` selects it by, and the table shows
 * @property {number} durationMs from its beginning to the network's return
 * @property {(typeof import('../../tests/harness/tcp-proxy.mjs').faults)[number]} network what the network does meanwhile
 * @property {boolean} [restartsServer] whether the server's process is killed, and another one is there at the return
 * @property {string} [sign] the event that the window dispatches at the return, as a browser would
 * @property {boolean} [isLong] the computer is idle for most of it: all rounds of all such faults go on at the same time
 * @property {number} patienceMs how long after the return a client is waited for
 */

/** How many events each client emits between a fault and the network's return. */
export const letterCount = 20;

/** @type {Fault[]} in the order of the table */
export const faults = [
  { name: 'reset', durationMs: 0, network: 'reset', patienceMs: 30_000 },
  { name: 'blip', durationMs: 200, network: 'reset', patienceMs: 30_000 },
  { name: 'restart', durationMs: 2_000, network: 'refuse', restartsServer: true, patienceMs: 30_000 },
  { name: 'outage 30 s', durationMs: 30_000, network: 'refuse', isLong: true, patienceMs: 60_000 },
  { name: 'outage 60 s', durationMs: 60_000, network: 'refuse', isLong: true, patienceMs: 60_000 },
  { name: 'silence', durationMs: 5_000, network: 'blackhole', isLong: true, patienceMs: 180_000 },
  {
    name: 'silence, then online',
    durationMs: 5_000,
    network: 'blackhole',
    sign: 'online',
    isLong: true,
    patienceMs: 180_000,
  },
];
