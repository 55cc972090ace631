// What the benchmarks talk to: deepstream's handshake, and then as little work per message as can be.
//
// Whoever is measured connects to ws://host:port/<name>; the page says over ws://host:port/control what is to be sent
// to whom, and hears when all that was expected has arrived.
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as actions from '@deepstream/protobuf/dist/types/all.js';
import { getMessage } from '@deepstream/protobuf/dist/src/message-builder.js';
import { parse } from '@deepstream/protobuf/dist/src/message-parser.js';
import { Sender, WebSocketServer } from 'ws';
import { runAsChild } from '../tests/harness/child.mjs';
import { freePort, loopback } from '../tests/harness/ports.mjs';
import { answerRecord, keepRecords } from './server-records.mjs';

const { TOPIC, CONNECTION_ACTION, AUTH_ACTION, EVENT_ACTION } = actions;

const [ping, pong] = ['PING', 'PONG'].map((action) => encode({ topic: 'CONNECTION', action }));

/** The newest connection of each name. */
const connections = new Map();
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
  async subscribed({ from, event }) {
    const { events, webSocket } = connectionOf(from);
    while (!events.has(event)) await once(webSocket, 'subscribed');
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

/** What a deepstream server that lets everybody in would say. */
function answer({ webSocket, events }, frame) {
  const [message] = parse(frame);
  const { topic, action, correlationId, names } = message;
  const is = (wantedTopic, wantedAction) => topic === wantedTopic && action === wantedAction;
  const send = (message) => webSocket.send(getMessage(message, false));
  if (is(TOPIC.CONNECTION, CONNECTION_ACTION.CHALLENGE)) send({ topic, action: CONNECTION_ACTION.ACCEPT });
  else if (is(TOPIC.AUTH, AUTH_ACTION.REQUEST)) send({ topic, action: AUTH_ACTION.AUTH_SUCCESSFUL });
  else if (is(TOPIC.EVENT, EVENT_ACTION.SUBSCRIBE)) {
    send({ topic, action, correlationId, names, isAck: true });
    for (const name of names) events.add(name);
    webSocket.emit('subscribed');
    // Nobody else is there to hear it.
  } else if (!is(TOPIC.EVENT, EVENT_ACTION.EMIT)) {
    const answers = topic === TOPIC.RECORD ? answerRecord(message) : undefined;
    if (!answers) throw new Error(`The benchmark server has no answer to topic ${topic}, action ${action}.`);
    answers.forEach(send);
  }
}

function encode({ topic, action, ...fields }) {
  return Buffer.from(getMessage({ topic: TOPIC[topic], action: actions[`${topic}_ACTION`][action], ...fields }, false));
}
