// The golden file of the record topic: what @deepstream/server answers to the histories of record-histories.mjs.
//
//   node tests/golden/records.mjs          writes records.txt
//   node tests/golden/records.mjs --check  exits with 1 if it is not what the server does
//
// tests/record_golden.rs plays the same histories to the model of the server in tests/world. A line of the file is one of
//
//   # <name> (<kind of server>)         a history begins: all records are gone
//   <client>> <ACTION> {fields} <data>  the client sends a message; with & instead of > the next one follows at once,
//                                       so that the server reads both before it does anything that takes time
//   <client>< <ACTION> {fields} <data>  the client receives a message
//   !close <client>, !restart           a client leaves, the server is stopped and started again
//   !wait                               longer than listeners have to answer
//   !crash                              the message before ends the server's process; a new one is started

import { rmSync, readFileSync, writeFileSync, mkdtempSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import builder from '@deepstream/protobuf/dist/src/message-builder.js';
import protobuf from '@deepstream/protobuf/dist/generated/protobuf.js';
import messageTypes from '@deepstream/protobuf/dist/src/protobuf-map.js';
import types from '@deepstream/protobuf/dist/types/all.js';
import WebSocket from 'ws';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { permissions, handWritten, random } from './record-histories.mjs';

const { TOPIC, RECORD_ACTION: RECORD, CONNECTION_ACTION: CONNECTION, AUTH_ACTION: AUTH } = types;

const waitMs = 600;

/** Fields in the order in which they are written down; `data`, which is JSON text, stands behind them. */
const fieldNames = [
  'name',
  'names',
  'correlationId',
  'isError',
  'isAck',
  'subscription',
  'originalAction',
  'isWriteAck',
  'path',
  'version',
  'versions',
];

function line(action, fields) {
  const kept = fieldNames.filter((field) => !isDefault(fields[field])).map((field) => [field, fields[field]]);
  const data = fields.data === undefined ? '' : ` ${fields.data}`;
  return `${action} ${JSON.stringify(Object.fromEntries(kept))}${data}`;
}

function isDefault(value) {
  return value === undefined || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The same fields with every name of a record changed. */
function renamed(fields, rename) {
  const copy = { ...fields };
  for (const field of ['name', 'subscription']) if (fields[field] !== undefined) copy[field] = rename(fields[field]);
  if (fields.names) copy.names = fields.names.map(rename);
  if (fields.versions) {
    const entries = Object.entries(fields.versions).map(([name, version]) => [rename(name), version]);
    copy.versions = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return copy;
}

class Client {
  /** What it has received since it was last asked: `[action, fields]`. */
  received = [];
  #pongs = 0;
  #waiting;

  constructor(url) {
    this.socket = new WebSocket(url);
    this.socket.on('error', () => {});
    this.socket.on('message', (frame) => this.#onFrame(frame));
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.isOpen = new Promise((resolve) => this.socket.once('open', resolve)).then(async () => {
      this.#send(TOPIC.CONNECTION, { action: CONNECTION.CHALLENGE, url, protocolVersion: '0.1a' });
      const isLoggedIn = new Promise((resolve) => (this.onLogin = resolve));
      this.#send(TOPIC.AUTH, { action: AUTH.REQUEST, data: '{}' });
      await isLoggedIn;
    });
  }

  #onFrame(frame) {
    const { topic, message } = protobuf.Message.decodeDelimited(frame);
    const fields = { ...messageTypes.TopicMessage[topic].decode(message) };
    if (topic === TOPIC.RECORD) this.received.push([RECORD[fields.action], fields]);
    if (topic === TOPIC.AUTH && fields.action === AUTH.AUTH_SUCCESSFUL) this.onLogin();
    if (topic === TOPIC.CONNECTION && fields.action === CONNECTION.PONG) this.#waiting();
  }

  #send(topic, fields) {
    this.socket.send(builder.getMessage({ topic, ...fields }, false));
  }

  /** Sends messages of the record topic in one piece. */
  send(messages) {
    this.socket._socket.cork();
    for (const [action, fields] of messages) this.#send(TOPIC.RECORD, { action: RECORD[action], ...fields });
    this.socket._socket.uncork();
  }

  /** Resolves when all that the server does at once has been done. */
  async pong() {
    const pong = new Promise((resolve) => (this.#waiting = resolve));
    this.#send(TOPIC.CONNECTION, { action: CONNECTION.PING });
    await Promise.race([pong, this.closed.then(() => Promise.reject(new Error('the server hung up')))]);
  }

  async close() {
    this.socket.close();
    await this.closed;
  }
}

/** Plays one history after the other to one server. */
class Stage {
  #clients = new Map();
  #histories = 0;
  lines = [];

  static async open(kind, storageFile) {
    const stage = new Stage();
    stage.kind = kind;
    stage.server = await startDeepstreamServer({ permissions, storageFile, listen: { shuffleProviders: false } });
    return stage;
  }

  async play(name, steps) {
    const prefix = `${(this.#histories += 1)}/`;
    this.lines.push(`# ${name} (${this.kind})`);
    for (const step of steps) {
      for await (const received of this.#take(step, prefix)) this.lines.push(received);
    }
    await this.#forgetClients();
  }

  async *#take(step, prefix) {
    if (step[0].startsWith('!')) yield step.join(' ');
    if (step[0] === '!restart') {
      await this.server.restart();
      return await this.#forgetClients();
    }
    if (step[0] === '!wait') {
      await setTimeout(waitMs);
    } else if (step[0] === '!close') {
      await this.#clients.get(step[1]).close();
      this.#clients.delete(step[1]);
    } else {
      yield* this.#send(step, prefix);
      if (step.at(-1) === '!crash') {
        yield '!crash';
        await this.server.ends();
        await this.server.start();
        return await this.#forgetClients();
      }
    }
    for (const [id, client] of [...this.#clients].sort()) {
      await client.pong();
      await client.pong();
      for (const [action, fields] of client.received.splice(0)) {
        yield `${id}< ${line(
          action,
          renamed(fields, (it) => it.slice(prefix.length)),
        )}`;
      }
    }
  }

  async *#send(step, prefix) {
    const [id, ...messages] = step.at(-1) === '!crash' ? step.slice(0, -1) : step;
    if (!this.#clients.has(id)) this.#clients.set(id, new Client(this.server.url));
    const client = this.#clients.get(id);
    await client.isOpen;
    for (const [index, [action, fields]] of messages.entries()) {
      yield `${id}${index < messages.length - 1 ? '&' : '>'} ${line(action, fields)}`;
    }
    client.send(messages.map(([action, fields]) => [action, renamed(fields, (it) => prefix + it)]));
  }

  async #forgetClients() {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
  }
}

async function transcript() {
  const directory = mkdtempSync(join(tmpdir(), 'deepstream-'));
  const stages = {
    memory: await Stage.open('memory'),
    storage: await Stage.open('storage', join(directory, 'records.json')),
  };
  const lines = [];
  for (const { name, server, steps } of [...handWritten, ...random()]) {
    await stages[server].play(name, steps);
    lines.push(...stages[server].lines.splice(0));
  }
  for (const { server } of Object.values(stages)) await server.kill();
  rmSync(directory, { recursive: true });
  return `${lines.join('\n')}\n`;
}

const path = new URL('records.txt', import.meta.url);
const produced = await transcript();
if (!process.argv.includes('--check')) {
  writeFileSync(path, produced);
} else {
  const committed = readFileSync(path, 'utf8').split('\n');
  const index = produced.split('\n').findIndex((line, index) => line !== committed[index]);
  if (index >= 0) {
    console.error(`tests/golden/records.txt differs in line ${index + 1} from what the server does`);
    process.exitCode = 1;
  }
}
