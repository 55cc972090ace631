// The scripts that a scripted server always knows, by the first segment of the URL's path.
import { AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, TOPIC } from '@deepstream/protobuf/dist/types/all.js';

const isChallenge = ({ topic, action }) => topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.CHALLENGE;
const isPing = ({ topic, action }) => topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.PING;
const isLogin = ({ topic, action }) => topic === TOPIC.AUTH && action === AUTH_ACTION.REQUEST;
const isEvent = ({ topic, action }, wanted) => topic === TOPIC.EVENT && action === wanted;

/** A script that answers the challenge with this instead of ACCEPT. */
const answeringChallenge = (reply) => ({
  received(connection, message) {
    if (!isChallenge(message)) return false;
    reply(connection);
    return true;
  },
});

/** A script that answers a login with this instead of AUTH_SUCCESSFUL. */
const answeringLogin = (reply) => ({
  received(connection, message) {
    if (!isLogin(message)) return false;
    reply(connection, message);
    return true;
  },
});

/** A script that sends every event back to its emitter, as if it were somebody else's: without the emitter's key. */
const echoing = {
  received(connection, message) {
    if (!isEvent(message, EVENT_ACTION.EMIT)) return false;
    const { topic, action, name, data } = message;
    connection.send({ topic, action, name, data });
    return true;
  },
};

/** The arguments of `login-once` that were let in. */
const loggedInOnce = new Set();

/** @type {Record<string, import('./scripted-server.mjs').Script>} */
export const cannedScripts = {
  /** A server without surprises. */
  deepstream: {},

  /** Takes the connection and never says anything. */
  silent: { received: () => true },

  /** Works, but leaves every PING unanswered. */
  'no-pong': { received: (_connection, message) => isPing(message) },

  /** Refuses the upgrade, as a proxy with nothing behind it does; the argument is the HTTP status (503). */
  unavailable: { refused: (request) => Number(request.url.split('/')[2] ?? 503) },

  /** Cuts the connection as soon as it is open. */
  cut: { connected: (connection) => connection.terminate() },

  /** Cuts the connection after the login. */
  'cut-after-login': { authenticated: (connection) => connection.terminate() },

  /** Closes after the login; the argument is the code: /close/1012. */
  close: { authenticated: (connection) => connection.close(Number(connection.argument)) },

  /** Closes as soon as the connection is open; the argument is the code. */
  'close-at-once': { connected: (connection) => connection.close(Number(connection.argument)) },

  /** Denies the challenge. */
  reject: answeringChallenge((connection) => {
    connection.send({ topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.REJECT });
  }),

  /** Sends the client to another script of this server, named by the argument (deepstream). */
  redirect: answeringChallenge((connection) => {
    const url = connection.server.url(connection.argument || 'deepstream');
    connection.send({ topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.REDIRECT, url });
  }),

  /** Loses patience before the client logs in. */
  'authentication-timeout': answeringChallenge((connection) => {
    connection.send(
      { topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.ACCEPT },
      { topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.AUTHENTICATION_TIMEOUT },
    );
    connection.close();
  }),

  /** Accepts every login and gives the credentials back as the client's data. */
  'client-data': answeringLogin((connection, { data }) => {
    connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.AUTH_SUCCESSFUL, data });
  }),

  /** Refuses every login, with a reason. */
  'login-refused': answeringLogin((connection) => {
    connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.AUTH_UNSUCCESSFUL, parsedData: 'refused' });
  }),

  /** Lets each argument log in once and cuts the connection at its first event; refuses its logins after that. */
  'login-once': {
    received(connection, message) {
      if (isEvent(message, EVENT_ACTION.EMIT)) {
        connection.terminate();
        return true;
      }
      if (!isLogin(message) || !loggedInOnce.has(connection.argument)) return false;
      connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.AUTH_UNSUCCESSFUL, parsedData: 'refused' });
      return true;
    },
    authenticated: ({ argument }) => loggedInOnce.add(argument),
  },

  /** Refuses every login as one too many, and closes. */
  'too-many-logins': answeringLogin((connection) => {
    connection.send(
      { topic: TOPIC.AUTH, action: AUTH_ACTION.AUTH_UNSUCCESSFUL },
      { topic: TOPIC.AUTH, action: AUTH_ACTION.TOO_MANY_AUTH_ATTEMPTS },
    );
    connection.close();
  }),

  /** Sends a text frame after the login, and every event back to its emitter. */
  text: { ...echoing, authenticated: (connection) => connection.sendText('not a deepstream frame') },

  /** Sends bytes that are no message after the login. */
  garbage: { authenticated: (connection) => connection.sendBytes(Buffer.from([0x05, 0xff, 0xff, 0xff, 0xff, 0xff])) },

  /** Sends binary frames after the login, /frames/0a00/0b, and every event back to its emitter. */
  frames: {
    ...echoing,
    authenticated(connection) {
      for (const hex of connection.argument.split('/')) connection.sendBytes(Buffer.from(hex, 'hex'));
    },
  },

  /** Sends a frame of as many zeros as the argument says after the login, and every event back to its emitter. */
  zeros: {
    ...echoing,
    authenticated: (connection) => connection.sendBytes(Buffer.alloc(Number(connection.argument))),
  },

  /** Sends every event back to its emitter. */
  echo: echoing,

  /** Answers each subscription with the events 1, 2 and 3 in one frame, behind its acknowledgement. */
  together: {
    received(connection, message) {
      if (!isEvent(message, EVENT_ACTION.SUBSCRIBE)) return false;
      connection.answer(message);
      const events = message.names.flatMap((name) =>
        [1, 2, 3].map((parsedData) => ({ topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name, parsedData })),
      );
      connection.sendTogether(...events);
      return true;
    },
  },
};
