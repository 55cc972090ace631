// A real deepstream server in a process of its own, so that it can be killed and brought back.
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';
import { freePort, loopback } from './ports.mjs';

export { freePort };

const urlPath = '/deepstream';
const healthCheckPath = '/health-check';
const fromHere = (name) => fileURLToPath(new URL(name, import.meta.url));
const fileStorage = fromHere('./file-storage.cjs');
const witness = fromHere('./witness.cjs');
const childScript = new URL('./deepstream-server-process.mjs', import.meta.url);

/** What the server permits wherever the given rules say nothing. */
const openPermissions = {
  presence: { '*': { allow: true } },
  record: { '*': { create: true, write: true, read: true, delete: true, listen: true, notify: true } },
  event: { '*': { publish: true, subscribe: true, listen: true } },
  rpc: { '*': { provide: true, request: true } },
};

/**
 * @typedef {object} Taken an event, with its payload, or a write to a record, with the record's data after it
 * @property {string} [event]
 * @property {string} [record]
 * @property {string | null} text JSON
 */

/**
 * Starts a deepstream server on loopback and resolves once it accepts connections.
 *
 * @param {object} [options]
 * @param {number} [options.port] where to listen; a free port if left out
 * @param {Record<string, { password: string, clientData?: unknown, serverData?: unknown }>} [options.users]
 *   who may log in, with `{ username, password }`; everybody may if left out
 * @param {object} [options.permissions] Valve rules by topic, e.g. `{ event: { 'secret/*': { subscribe: false } } }`;
 *   what they do not mention is allowed
 * @param {string} [options.storageFile] where records are kept over restarts; they are lost if left out
 * @param {number} [options.maxMessageSize] in bytes
 * @param {number | false} [options.unauthenticatedClientTimeout] in milliseconds
 * @param {number} [options.maxAuthAttempts]
 * @param {number} [options.heartbeatInterval] in milliseconds; a client silent for twice as long is cut
 * @param {object} [options.rpc] deepstream's own options of that name, e.g. `{ ackTimeout: 200, responseTimeout: 500 }`
 * @param {object} [options.listen] the same, e.g. `{ responseTimeout: 200 }`
 * @param {(taken: Taken) => void} [options.onTaken] is told of every event that the server takes in, and of every write
 *   that comes into `storageFile`
 * @param {import('./message-bus.mjs').MessageBus} [options.bus] what connects it with the other servers of a cluster;
 *   see startCluster
 */
export async function startDeepstreamServer({ port, bus, onTaken, ...options } = {}) {
  port ??= await freePort();
  const configuration = {
    ...serverConfiguration(port, options),
    ...(onTaken && { monitoring: { path: witness, options: {} } }),
    ...bus?.configuration,
  };
  const connect = (channel, closed) => {
    bus?.connect(channel, closed);
    if (onTaken) channel.onMessage((message) => 'text' in message && onTaken(message));
  };
  let child;
  let lastStep = Promise.resolve();
  /** Steps asked for at the same time are done one after the other. */
  const inTurn = (step) => (lastStep = lastStep.then(step, step));
  const isRunning = () => child?.isRunning() ?? false;

  async function start() {
    if (isRunning()) return;
    child = await startChild(childScript, configuration, connect);
    const response = await fetch(`http://${loopback}:${port}${healthCheckPath}`);
    if (!response.ok) throw new Error(`deepstream's health check answers ${response.status}.`);
  }

  await start();
  return {
    port,
    url: `ws://${loopback}:${port}${urlPath}`,
    isRunning,
    /** What the server wrote since it last started. */
    log: () => child.log(),
    /** Brings it back on the same port; nothing happens if it runs. */
    start: () => inTurn(start),
    /** Resolves once it has ended by itself, which it is about to do: what it writes is not shown. */
    ends: () => child.ends(),
    /** Ends it without a word to its clients. */
    kill: () => inTurn(() => child.kill()),
    restart: () =>
      inTurn(async () => {
        await child.kill();
        await start();
      }),
    /** Shuts it down properly. */
    stop: () => inTurn(() => child.stop()),
  };
}

function serverConfiguration(port, options) {
  const { users, permissions, storageFile, rpc = {}, listen = {}, ...others } = options;
  const { maxMessageSize = 1024 * 1024, ...endpointOptions } = others;
  return {
    rpc,
    listen,
    httpServer: {
      type: 'default',
      options: { host: loopback, port, healthCheckPath, allowAllOrigins: true, maxMessageSize, headers: [] },
    },
    connectionEndpoints: [{ type: 'ws-binary', options: { urlPath, maxMessageSize, ...endpointOptions } }],
    ...(storageFile && { storage: { path: fileStorage, options: { file: storageFile } } }),
    logger: { type: 'default', options: { colors: false } },
    auth: [users ? { type: 'file', options: { users } } : { type: 'none', options: {} }],
    permission: permissions
      ? {
          type: 'config',
          options: { permissions: withOpenDefaults(permissions), maxRuleIterations: 3, cacheEvacuationInterval: 60_000 },
        }
      : { type: 'none', options: {} },
  };
}

function withOpenDefaults(permissions) {
  return Object.fromEntries(
    Object.entries(openPermissions).map(([topic, rules]) => [topic, { ...rules, ...permissions[topic] }]),
  );
}
