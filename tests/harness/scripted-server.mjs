// A deepstream server that behaves as badly as a test needs it to.
//
// In the same process:   const server = await startScriptedServer({ scripts: { deepstream: { received(connection, message) { … } } } })
// In a process of its own: const server = await startScriptedServerProcess({ port: 6022 })
//
// The first segment of the URL's path names the script (canned-scripts.mjs has the common ones), the rest is its
// argument: ws://127.0.0.1:6022/close/1012. Any HTTP client can read what arrived: GET /report, POST /reset.
import { once } from 'node:events';
import { createServer, STATUS_CODES } from 'node:http';
import * as actions from '@deepstream/protobuf/dist/types/all.js';
import { getMessage } from '@deepstream/protobuf/dist/src/message-builder.js';
import { parse } from '@deepstream/protobuf/dist/src/message-parser.js';
import { WebSocketServer } from 'ws';
import { cannedScripts } from './canned-scripts.mjs';
import { startChild } from './child.mjs';
import { freePort, loopback } from './ports.mjs';

const { TOPIC, CONNECTION_ACTION, AUTH_ACTION, EVENT_ACTION } = actions;

/**
 * What a script may do; every part is optional.
 * @typedef {object} Script
 * @property {(request: import('node:http').IncomingMessage) => number | undefined} [refused]
 *   an HTTP status to refuse the upgrade with
 * @property {(connection: Connection) => void} [connected]
 * @property {(connection: Connection, message: object) => boolean | void} [received]
 *   sees each message first; true means it is dealt with, and the usual answer is left out
 * @property {(connection: Connection) => void} [authenticated] after the usual answer to a login
 * @property {(connection: Connection, code: number, reason: string) => void} [closed]
 */

/** One client's socket, as scripts see it. */
export class Connection {
  /** Every message that arrived, oldest first; left empty by a server that keeps none. */
  received = [];

  constructor(server, socket, script, argument) {
    this.server = server;
    this.socket = socket;
    this.script = script;
    /** The rest of the URL's path, after the script's name. */
    this.argument = argument;
  }

  /** Sends each message in a frame of its own. */
  send(...messages) {
    for (const message of messages) this.sendBytes(encode(message));
  }

  /** Sends all messages in one frame. */
  sendTogether(...messages) {
    this.sendBytes(Buffer.concat(messages.map(encode)));
  }

  sendBytes(bytes) {
    this.socket.send(bytes, { binary: true });
  }

  sendText(text) {
    this.socket.send(text, { binary: false });
  }

  close(code, reason) {
    this.socket.close(code, reason);
  }

  /** Cuts the connection without a closing frame. */
  terminate() {
    this.socket.terminate();
  }

  /** What a deepstream server without permissions or users would answer. */
  answer({ topic, action, correlationId, names }) {
    const is = (wantedTopic, wantedAction) => topic === wantedTopic && action === wantedAction;
    if (is(TOPIC.CONNECTION, CONNECTION_ACTION.CHALLENGE)) {
      this.send({ topic, action: CONNECTION_ACTION.ACCEPT });
    } else if (is(TOPIC.CONNECTION, CONNECTION_ACTION.PING)) {
      this.send({ topic, action: CONNECTION_ACTION.PONG });
    } else if (is(TOPIC.AUTH, AUTH_ACTION.REQUEST)) {
      this.send({ topic, action: AUTH_ACTION.AUTH_SUCCESSFUL });
      this.script.authenticated?.(this);
    } else if (is(TOPIC.EVENT, EVENT_ACTION.SUBSCRIBE) || is(TOPIC.EVENT, EVENT_ACTION.UNSUBSCRIBE)) {
      this.send({ topic, action, correlationId, names, isAck: true });
    }
  }
}

/**
 * @param {object} [options]
 * @param {number} [options.port] where to listen; a free port if left out
 * @param {Record<string, Script>} [options.scripts] by name, beside and before the canned ones
 * @param {boolean} [options.keepMessages] false spares the memory where many messages arrive
 */
export async function startScriptedServer({ port, scripts = {}, keepMessages = true } = {}) {
  port ??= await freePort();
  const allScripts = { ...cannedScripts, ...scripts };
  const { baseUrl } = addresses(port);
  const sockets = new WebSocketServer({ noServer: true });
  let counts = newCounts();

  const server = {
    ...addresses(port),
    /** The open connections, oldest first. */
    connections: [],
    /** `{ opened, open, received: { 'EVENT/EMIT': 3, … } }` since the start or the last reset. */
    report: () => ({ ...counts, open: server.connections.length }),
    reset: () => (counts = newCounts()),
    async stop() {
      for (const client of sockets.clients) client.terminate();
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };

  const http = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'POST' && request.url === '/reset') server.reset();
    else if (request.method !== 'GET' || request.url !== '/report') response.statusCode = 404;
    response.end(JSON.stringify(server.report()));
  });

  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {}); // a client may leave before it has heard that it is refused
    const [name, ...argument] = new URL(request.url, baseUrl).pathname.slice(1).split('/');
    const script = Object.hasOwn(allScripts, name) ? allScripts[name] : undefined;
    const status = script ? script.refused?.(request) : 404;
    if (status) {
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      accept(new Connection(server, webSocket, script, argument.join('/')));
    });
  });

  function accept(connection) {
    const { socket, script } = connection;
    counts.opened += 1;
    server.connections.push(connection);
    socket.on('error', () => {}); // 'close' follows, and is what counts
    socket.on('close', (code, reason) => {
      server.connections.splice(server.connections.indexOf(connection), 1);
      script.closed?.(connection, code, reason.toString());
    });
    socket.on('message', (data) => {
      const [message] = parse(data);
      const name = nameOf(message);
      counts.received[name] = (counts.received[name] ?? 0) + 1;
      if (keepMessages) connection.received.push(message);
      if (script.received?.(connection, message) !== true) connection.answer(message);
    });
    script.connected?.(connection);
  }

  http.listen(port, loopback);
  await once(http, 'listening');
  return server;
}

/** The same server in a child process, with the canned scripts alone. */
export async function startScriptedServerProcess({ port } = {}) {
  const child = await startChild(new URL('./scripted-server-process.mjs', import.meta.url), { port });
  return { ...addresses(child.ready.port), stop: child.stop, kill: child.kill, log: child.log };
}

/** "EVENT/EMIT" for a message of that topic and action. */
export function nameOf({ topic, action }) {
  return `${TOPIC[topic]}/${actions[`${TOPIC[topic]}_ACTION`]?.[action]}`;
}

function addresses(port) {
  const baseUrl = `ws://${loopback}:${port}`;
  return {
    port,
    /** Without a path: append `/` and a script's name. */
    baseUrl,
    /** The URL of a script, by its name and argument: `url('close/1012')`. */
    url: (path = 'deepstream') => `${baseUrl}/${path}`,
  };
}

function encode(message) {
  return getMessage(message, false);
}

function newCounts() {
  return { opened: 0, received: {} };
}
