// What a program runs in: a process with a WebSocket, whose every word is passed on. Started by ../drop-in.test.mjs.
import { inspect } from 'node:util';
import { WebSocket } from 'ws';
import { permissions, users } from './policy.mjs';

/** As in a browser: an error that nobody listens for ends nothing. */
globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.on('error', () => {});
  }
};
// Both clients warn there, each in its own words.
console.warn = console.error = () => {};

const [place] = process.argv.slice(2);
const server = place.startsWith('file:') ? await startInMemory(place) : undefined;
const url = server?.url ?? place;
const { scenes } = await import('./program.mjs');

let scene = '';
const say = (...words) => process.send({ scene, line: words.map(inWords).join(' ') });
process.on('unhandledRejection', (reason) => say('nobody handled the rejection', reason));
process.on('uncaughtException', (exception) => say('nobody caught', exception));

/** Has the test do something to the network. */
const network = (fault) =>
  server ? (fault === 'refuse' ? server.refuse() : server.heal()) : new Promise((resolve) => {
    process.once('message', resolve);
    process.send({ fault });
  });

for (const [name, play] of Object.entries(scenes)) {
  scene = name;
  try {
    await play({ url, say, cut: () => network('refuse'), heal: () => network('none') });
  } catch (exception) {
    say('the scene ended with', exception?.stack ?? exception);
  }
}
process.send({ hasEnded: true }, () => process.exit());

/** The server in memory that the package has for tests, with the same users and permissions. */
async function startInMemory(module) {
  const { createTestServer } = await import(module);
  return createTestServer({
    login: ({ username, password }) => users[username]?.password === password && users[username].clientData,
    permit({ topic, action, name }) {
      const [, rights] = Object.entries(permissions[topic]).find(([pattern]) => name.startsWith(pattern.replace('*', ''))) ?? [];
      return rights?.[action] ?? true;
    },
  });
}

function inWords(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return inspect({ error: value.reason ?? value.message });
  return inspect(value, { depth: 4, breakLength: Infinity, compact: true, sorted: true });
}
