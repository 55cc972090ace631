// The clients whose network fails. recovery/measure.mjs calls what is in `recovery`.
import { loadClient } from './subjects.js';

/** In the order in which they connected. */
const clients = [];

globalThis.recovery = {
  /** Connects a client with the options it has by default; done when it has heard the event called `beat`. */
  async connect({ subject, url, beat }) {
    const DeepstreamClient = await loadClient(subject);
    const client = new DeepstreamClient(url);
    const entry = { client, openAt: null, beatAt: null };
    clients.push(entry);
    client.on('error', () => {}); // else failures that are intended would be thrown, or fill the console
    client.on('connectionStateChanged', (state) => {
      if (state === 'OPEN') entry.openAt ??= Date.now();
    });
    await client.login();
    await new Promise((resolve) => {
      client.event.subscribe(beat, () => {
        entry.beatAt ??= Date.now();
        resolve();
      });
    });
  },

  /** Forgets what happened until now. */
  forget() {
    for (const entry of clients) Object.assign(entry, { openAt: null, beatAt: null });
  },

  /** Has each client emit numbers from 0 to `count` under its name in `letters`, one per interval. */
  async write({ letters, count, intervalMs }) {
    const begin = performance.now();
    for (let number = 0; number < count; number += 1) {
      for (const [index, { client }] of clients.entries()) client.event.emit(letters[index], number);
      const next = begin + (number + 1) * intervalMs;
      await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
    }
  },

  areBack: () => clients.every(({ beatAt }) => beatAt !== null),

  /** When each client was OPEN and heard something, as `Date.now()` says; null for what did not happen. */
  report: () => clients.map(({ client, openAt, beatAt }) => ({ openAt, beatAt, state: client.getConnectionState() })),
};
