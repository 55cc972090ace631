// What the benchmarks talk to: deepstream's handshake, and then as little work per message as can be.
//
// Whoever is measured connects to ws://host:port/<name>; the page says over ws://host:port/control what is to be sent
// to whom, and hears when all that was expected has arrived.
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import * as actions from '@deepstream/protobuf/dist/types/all.js';
import { getMessage } from '@deepstream/protobuf/dist/src/message-builder.js';
import { parse } from '@deepstream/protobuf/dist/src/message-parser.js';
import { Sender, WebSocketServer } from 'ws';
import { runAsChild } from '../tests/harness/child.mjs';
import { freePort, loopback } from '../tests/harness/ports.mjs';
import { answerRecord, keepRecords } from './server-records.mjs';

const { TOPIC, CONNECTION_ACTION, AUTH_ACTION, EVENT_ACTION, RPC_ACTION } = actions;

const [ping, pong] = ['PING', 'PONG'].map((action) => encode({ topic: 'CONNECTION', action }));

/** The newest connection of each name. */
const connections = new Map();
/** Emits 'change' when somebody subscribes or unsubscribes. */
const subscriptions = new EventEmitter();
const bursts = [];

/** What the page can ask for; each answer is sent back as JSON. */
const commands = {
  /**
   * Keeps a burst of `count` frames ready, the messages over and over.
   * Messages are like `{ topic: 'EVENT', action: 'EMIT', name, data }`; the answer has their frames, in base64.
   */
  load({ messages, count }) {
    const frames = messages.map(encode);
    const webSocketFrames = frames.map((frame) =>
      Buffer.concat(Sender.frame(frame, { fin: true, opcode: 2, mask: false, readOnly: true, rsv1: false })),
    );
    const repeated = Array.from({ length: count }, (_, index) => webSocketFrames[index % frames.length]);
    bursts.push(Buffer.concat(repeated));
    return { burst: bursts.length - 1, frames: frames.map((frame) => frame.toString('base64')) };
  },

  /** Answers as soon as the connection has subscribed to the event. */
  subscribed: ({ from, event }) => subscribedWhen(from, (events) => events.has(event)),

  /** Answers as soon as the newest connection of the name has subscribed to so many events and no others. */
  subscribedTo: ({ from, count }) => subscribedWhen(from, (events) => events.size === count),

  /** Ends the connection, as a network that fails does. */
  drop({ of }) {
    const { stream } = connectionOf(of);
    connections.delete(of);
    stream.destroy();
  },

  /** Sends a burst, past the WebSocket library, which takes longer for a frame than some clients do. */
  play({ burst, to }) {
    connectionOf(to).stream.write(bursts[burst]);
  },

  /** Stops answering the connection, and counts what arrives. */
  count({ from, frames }) {
    const connection = connectionOf(from);
    connection.counted = new Promise((resolve) => {
      let missing = frames;
      connection.receive = () => {
        missing -= 1;
        if (missing > 0) return;
        connection.receive = answer;
        resolve();
      };
    });
  },

  /** Answers as soon as all that is counted has arrived. */
  counted: ({ from }) => connectionOf(from).counted,

  /**
   * Expects `count` messages on the connection, these over and over and in this order, and answers them.
   * A message is like one for `load`; fields that it does not have are not looked at.
   */
  expect({ from, messages, count }) {
    const connection = connectionOf(from);
    const expected = messages.map(withNumbers);
    connection.expectation = { count, arrived: 0 };
    connection.arrival = new Promise((resolve, reject) => {
      connection.receive = (_connection, frame) => {
        for (const message of parse(frame)) {
          const { arrived } = connection.expectation;
          const problem = difference(message, expected[arrived % expected.length]);
          if (problem) reject(new Error(`Message ${arrived} of ${from}: ${problem}`));
          connection.expectation.arrived += 1;
          answerMessage(connection, message);
        }
        if (connection.expectation.arrived >= count) resolve();
      };
    });
    connection.arrival.catch(() => {}); // the page hears of it from `arrived`
  },

  /** Answers as soon as all that is expected has arrived. */
  arrived: ({ from }) => connectionOf(from).arrival,

  /** Expects nothing any more; fails if more has come than was expected. */
  expectNothing({ from }) {
    const connection = connectionOf(from);
    connection.receive = answer;
    const { count, arrived } = connection.expectation;
    if (arrived !== count) throw new Error(`${from} sent ${arrived} messages instead of ${count}.`);
  },

  /** Makes records: see {@link keepRecords}. */
  keep: keepRecords,

  /** Sends back whatever arrives on the connection, or no longer does. */
  echo({ from, enabled }) {
    connectionOf(from).receive = enabled ? (connection, frame) => connection.webSocket.send(frame) : answer;
  },
};

runAsChild(async () => {
  const port = await freePort();
  const sockets = new WebSocketServer({ noServer: true });
  const http = createServer();
  http.on('upgrade', (request, stream, head) => {
    stream.setNoDelay(true);
    sockets.handleUpgrade(request, stream, head, (webSocket) => {
      webSocket.on('error', () => {}); // 'close' follows, and nothing here waits for it
      const name = request.url.slice(1);
      if (name === 'control') acceptControl(webSocket);
      else accept(name, { stream, webSocket, events: new Set(), receive: answer });
    });
  });
  http.listen(port, loopback);
  await once(http, 'listening');
  return {
    ready: `ws://${loopback}:${port}`,
    stop() {
      for (const client of sockets.clients) client.terminate();
      http.close();
    },
  };
});

function acceptControl(webSocket) {
  webSocket.on('message', async (text) => {
    const { id, command, ...parameters } = JSON.parse(text);
    try {
      webSocket.send(JSON.stringify({ id, result: await commands[command](parameters) }));
    } catch (error) {
      webSocket.send(JSON.stringify({ id, error: error.message }));
    }
  });
}

function accept(name, connection) {
  connections.set(name, connection);
  connection.webSocket.on('message', (frame) => {
    // Asked at any time, and never counted.
    if (frame.equals(ping)) connection.webSocket.send(pong);
    else connection.receive(connection, frame);
  });
}

function connectionOf(name) {
  const connection = connections.get(name);
  if (!connection) throw new Error(`Nobody is connected as "${name}".`);
  return connection;
}

async function subscribedWhen(from, isMet) {
  while (!isMet(connections.get(from)?.events ?? new Set())) await once(subscriptions, 'change');
}

/** How a message is not the expected one; `undefined` if it is. JSON texts are equal if what they say is. */
function difference(message, { data, ...expected }) {
  const found = Object.fromEntries(Object.keys(expected).map((field) => [field, message[field]]));
  const isEqual =
    isDeepStrictEqual(found, expected) &&
    (message.data === data || isDeepStrictEqual(JSON.parse(message.data), JSON.parse(data)));
  const show = (fields) => JSON.stringify(fields).slice(0, 200);
  return isEqual ? undefined : `${show({ ...found, data: message.data })} instead of ${show({ ...expected, data })}`;
}

function answer(connection, frame) {
  for (const message of parse(frame)) answerMessage(connection, message);
}

/** What a deepstream server that lets everybody in would say. */
function answerMessage({ webSocket, events }, message) {
  const { topic, action, correlationId, name, names, data } = message;
  const is = (wantedTopic, wantedAction) => topic === wantedTopic && action === wantedAction;
  const send = (message) => webSocket.send(getMessage(message, false));
  if (is(TOPIC.CONNECTION, CONNECTION_ACTION.CHALLENGE)) send({ topic, action: CONNECTION_ACTION.ACCEPT });
  else if (is(TOPIC.AUTH, AUTH_ACTION.REQUEST)) send({ topic, action: AUTH_ACTION.AUTH_SUCCESSFUL });
  else if (is(TOPIC.EVENT, EVENT_ACTION.SUBSCRIBE) || is(TOPIC.EVENT, EVENT_ACTION.UNSUBSCRIBE)) {
    send({ topic, action, correlationId, names, isAck: true });
    const isSubscription = action === EVENT_ACTION.SUBSCRIBE;
    for (const one of names) isSubscription ? events.add(one) : events.delete(one);
    subscriptions.emit('change');
  } else if (is(TOPIC.RPC, RPC_ACTION.REQUEST)) {
    // Accepted by a provider that answers with what it was asked.
    send({ topic, action: RPC_ACTION.ACCEPT, name, correlationId });
    send({ topic, action: RPC_ACTION.RESPONSE, name, correlationId, data });
    // Nobody else is there to hear an event.
  } else if (!is(TOPIC.EVENT, EVENT_ACTION.EMIT)) {
    const answers = topic === TOPIC.RECORD ? answerRecord(message) : undefined;
    if (!answers) throw new Error(`The benchmark server has no answer to topic ${topic}, action ${action}.`);
    answers.forEach(send);
  }
}

function encode(message) {
  return Buffer.from(getMessage(withNumbers(message), false));
}

function withNumbers({ topic, action, ...fields }) {
  return { topic: TOPIC[topic], action: actions[`${topic}_ACTION`][action], ...fields };
}
