// The golden files: what @deepstream/protobuf makes of the messages below, and its numbers; and what becomes of records
// that the reference server and client edit (record-edits.mjs).
//
//   node tests/golden/generate.mjs          writes frames.txt, actions.txt and record-edits.txt
//   node tests/golden/generate.mjs --check  exits with 1 if they are not what the packages produce
//
// messages.rs has the same messages as Rust literals, under the same names.

import { readFileSync, writeFileSync } from 'node:fs';
import protobuf from '@deepstream/protobuf/dist/generated/protobuf.js';
import builder from '@deepstream/protobuf/dist/src/message-builder.js';
import messageTypes from '@deepstream/protobuf/dist/src/protobuf-map.js';
import types from '@deepstream/protobuf/dist/types/all.js';
import { recordEdits } from './record-edits.mjs';

const {
  TOPIC,
  PARSER_ACTION: PARSER,
  CONNECTION_ACTION: CONNECTION,
  AUTH_ACTION: AUTH,
  EVENT_ACTION: EVENT,
  RECORD_ACTION: RECORD,
  RPC_ACTION: RPC,
  PRESENCE_ACTION: PRESENCE,
} = types;

const actionsByTopic = { PARSER, CONNECTION, AUTH, EVENT, RECORD, RPC, PRESENCE };

const messages = {
  PARSER: {
    'every-field': { action: PARSER.UNKNOWN_ACTION, data: '"what?"', originalTOPIC: TOPIC.EVENT, originalAction: 77 },
    'unknown-topic': { action: PARSER.UNKNOWN_TOPIC, originalTOPIC: 4711 },
    'invalid-message': { action: PARSER.INVALID_MESSAGE, data: 'text' },
    'parse-error': { action: PARSER.MESSAGE_PARSE_ERROR },
    'maximum-size': { action: PARSER.MAXIMUM_MESSAGE_SIZE_EXCEEDED },
    'error': { action: PARSER.ERROR },
  },
  CONNECTION: {
    'every-field': {
      action: CONNECTION.ERROR, data: '{}', isError: true, isAck: true, url: 'wss://host/deepstream',
      protocolVersion: '0.1a', sdkVersion: '7.0.5', sdkType: 'javascript',
    },
    'ping': { action: CONNECTION.PING },
    'pong': { action: CONNECTION.PONG },
    'challenge': {
      action: CONNECTION.CHALLENGE, url: 'ws://localhost:6020/deepstream', protocolVersion: '0.1a', sdkVersion: '0.1.0',
      sdkType: 'wasm',
    },
    'accept': { action: CONNECTION.ACCEPT },
    'reject': { action: CONNECTION.REJECT },
    'redirect': { action: CONNECTION.REDIRECT, url: 'wss://elsewhere:443/deepstream?room=1' },
    'closing': { action: CONNECTION.CLOSING },
    'authentication-timeout': { action: CONNECTION.AUTHENTICATION_TIMEOUT },
    'invalid-message': { action: CONNECTION.INVALID_MESSAGE, isError: true },
  },
  AUTH: {
    'every-field': { action: AUTH.ERROR, data: 'null', isError: true, isAck: true },
    'request': { action: AUTH.REQUEST, parsedData: { username: 'ann', password: 'geh€im' } },
    'request-without-credentials': { action: AUTH.REQUEST, parsedData: {} },
    'successful': { action: AUTH.AUTH_SUCCESSFUL },
    'successful-with-data': { action: AUTH.AUTH_SUCCESSFUL, parsedData: { id: 7, roles: ['admin', 'user'] } },
    'unsuccessful': { action: AUTH.AUTH_UNSUCCESSFUL, parsedData: 'wrong password' },
    'too-many-attempts': { action: AUTH.TOO_MANY_AUTH_ATTEMPTS },
  },
  EVENT: {
    'every-field': {
      action: EVENT.ERROR, data: '[1,2]', correlationId: 'c-1', isError: true, isAck: true, name: 'news', names: ['a', 'b'],
      subscription: 'news/today', originalTOPIC: TOPIC.EVENT, originalAction: EVENT.EMIT,
    },
    'emit': { action: EVENT.EMIT, name: 'greeting', parsedData: 'hello' },
    'emit-without-data': { action: EVENT.EMIT, name: 'greeting' },
    'emit-empty-data': { action: EVENT.EMIT, name: '', data: '' },
    'emit-unicode': { action: EVENT.EMIT, name: 'grüße/你好/🦀', parsedData: { text: '\u0000 é 漢字 👩‍🚀' } },
    'emit-with-idempotency-key': { action: EVENT.EMIT, name: 'order', correlationId: 'k3f9-1', parsedData: 12.5 },
    'emit-long': { action: EVENT.EMIT, name: 'long', parsedData: 'x'.repeat(200) },
    'subscribe': { action: EVENT.SUBSCRIBE, names: ['a', '', 'c/d'], correlationId: '1' },
    'subscribe-ack': { action: EVENT.SUBSCRIBE, names: ['a', '', 'c/d'], correlationId: '1', isAck: true },
    'unsubscribe': { action: EVENT.UNSUBSCRIBE, names: ['a'], correlationId: '2' },
    'listen': { action: EVENT.LISTEN, name: '^news/.*' },
    'pattern-found': { action: EVENT.SUBSCRIPTION_FOR_PATTERN_FOUND, name: '^news/.*', subscription: 'news/today' },
    'denied': {
      action: EVENT.MESSAGE_DENIED, name: 'secret', isError: true, originalAction: EVENT.SUBSCRIBE, correlationId: '3',
    },
    'not-subscribed': { action: EVENT.NOT_SUBSCRIBED, name: 'a', isError: true },
  },
  RECORD: {
    'every-field': {
      action: RECORD.ERROR, data: '{"a":1}', correlationId: 'c-2', isError: true, isAck: true, name: 'user/ann',
      names: ['x', 'y'], pattern: '^user/', subscription: 'user/bob', originalAction: RECORD.PATCH, isWriteAck: true,
      path: 'address.street', version: 42, versions: { 'user/ann': 42, 'user/bob': -1, '': 0 },
    },
    'subscribe-create-and-read': { action: RECORD.SUBSCRIBECREATEANDREAD, names: ['user/ann'], correlationId: '4' },
    'read-response': { action: RECORD.READ_RESPONSE, name: 'user/ann', version: 0, parsedData: {} },
    'head-response-bulk': { action: RECORD.HEAD_RESPONSE_BULK, versions: { b: 300, a: 2147483647, c: -2147483648 } },
    'update': {
      action: RECORD.UPDATE, name: 'user/ann', version: 2, parsedData: { name: 'Ann' }, isWriteAck: true, correlationId: '5',
    },
    'update-any-version': { action: RECORD.CREATEANDUPDATE, name: 'user/ann', version: -1, parsedData: [] },
    'patch': { action: RECORD.PATCH, name: 'user/ann', version: 3, path: 'tags[0]', parsedData: null },
    'erase': { action: RECORD.ERASE, name: 'user/ann', version: 4, path: 'tags' },
    'write-acknowledgement': { action: RECORD.WRITE_ACKNOWLEDGEMENT, name: 'user/ann', correlationId: '5', isWriteAck: true },
    'version-exists': {
      action: RECORD.VERSION_EXISTS, name: 'user/ann', version: 5, parsedData: { name: 'Anna' }, originalAction: RECORD.UPDATE,
      isError: true, isWriteAck: true, correlationId: '6',
    },
    'deleted': { action: RECORD.DELETED, name: 'user/ann' },
    'not-subscribed': { action: RECORD.NOT_SUBSCRIBED, name: 'user/ann', isError: true },
  },
  RPC: {
    'every-field': {
      action: RPC.ERROR, data: '"x"', correlationId: 'c-3', isError: true, isAck: true, names: ['add', 'subtract'], name: 'add',
      originalAction: RPC.REQUEST, requestorName: 'ann', requestorData: { age: 40 },
    },
    'provide': { action: RPC.PROVIDE, names: ['add'], correlationId: '7' },
    'request': { action: RPC.REQUEST, name: 'add', correlationId: '8', parsedData: { left: 1, right: 2 } },
    'accept': { action: RPC.ACCEPT, name: 'add', correlationId: '8' },
    'response': { action: RPC.RESPONSE, name: 'add', correlationId: '8', parsedData: 3 },
    'request-error': { action: RPC.REQUEST_ERROR, name: 'add', correlationId: '8', parsedData: 'overflow', isError: true },
    'no-provider': { action: RPC.NO_RPC_PROVIDER, name: 'add', correlationId: '9', isError: true },
  },
  PRESENCE: {
    'every-field': {
      action: PRESENCE.ERROR, originalTOPIC: TOPIC.PRESENCE, originalAction: PRESENCE.QUERY, data: '[]', correlationId: 'c-4',
      isError: true, isAck: true, name: 'ann', names: ['ann', 'bob'],
    },
    'query': { action: PRESENCE.QUERY, names: ['ann', 'bob'], correlationId: '10' },
    'query-response': { action: PRESENCE.QUERY_RESPONSE, parsedData: { ann: true, bob: false }, correlationId: '10' },
    'query-all': { action: PRESENCE.QUERY_ALL, correlationId: '11' },
    'query-all-response': { action: PRESENCE.QUERY_ALL_RESPONSE, names: ['ann'], correlationId: '11' },
    'subscribe': { action: PRESENCE.SUBSCRIBE, names: ['bob'], correlationId: '12' },
    'join-all': { action: PRESENCE.PRESENCE_JOIN_ALL, name: 'bob' },
  },
};

/** The properties that the package's encoder of a topic knows, as its source tests them. */
function propertiesOf(topic) {
  const source = messageTypes.TopicMessage[TOPIC[topic]].encode.toString();
  return [...source.matchAll(/message\.(\w+) != null/g)].map((match) => match[1]);
}

function frames() {
  const lines = [];
  for (const [topic, cases] of Object.entries(messages)) {
    const covered = Object.keys(cases['every-field']);
    for (const property of propertiesOf(topic)) {
      if (!covered.includes(property)) throw new Error(`${topic}/every-field lacks ${property}`);
    }
    for (const [name, message] of Object.entries(cases)) {
      const frame = builder.getMessage({ topic: TOPIC[topic], ...message }, false);
      lines.push(`${topic.toLowerCase()}/${name} ${Buffer.from(frame).toString('hex')}`);
    }
  }
  return lines;
}

function actions() {
  const lines = [];
  for (const [enumeration, numbers] of Object.entries({ TOPIC, ...actionsByTopic })) {
    for (const [name, number] of Object.entries(numbers)) {
      if (typeof number !== 'number') continue;
      // The package holds two tables, and the wire follows the generated one.
      const generated = enumeration === 'TOPIC' ? protobuf.TOPIC[name] : protobuf[`${enumeration}_ACTION`][`${enumeration}_${name}`];
      if (generated !== number) throw new Error(`${enumeration} ${name} is ${number} in types, ${generated} in protobuf`);
      lines.push(`${enumeration} ${name} ${number}`);
    }
  }
  return lines;
}

/** The first line that differs between two files, in words; undefined if none does. */
function difference(committed, produced) {
  const [before, after] = [committed.split('\n'), produced.split('\n')];
  const index = after.findIndex((line, at) => line !== before[at]);
  if (index < 0 && before.length === after.length) return undefined;
  const at = index < 0 ? after.length : index;
  const shorten = (line) => (line === undefined ? 'the end' : line.slice(0, 200));
  return `line ${at + 1}: committed ${shorten(before[at])}, produced ${shorten(after[at])}`;
}

const check = process.argv.includes('--check');
const files = { 'frames.txt': frames(), 'actions.txt': actions(), 'record-edits.txt': recordEdits() };
for (const [file, lines] of Object.entries(files)) {
  const path = new URL(file, import.meta.url);
  const produced = `${lines.join('\n')}\n`;
  if (!check) {
    writeFileSync(path, produced);
    continue;
  }
  let committed = '';
  try {
    committed = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const found = difference(committed, produced);
  if (found !== undefined) {
    console.error(`tests/golden/${file} ${found}`);
    process.exitCode = 1;
  }
}
