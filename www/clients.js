import { DeepstreamClient, MERGE_STRATEGIES } from 'deepstream-wasm';

/**
 * What both clients are given, in milliseconds: shorter than the defaults, because whoever watches should not wait.
 * index.html tells what it amounts to.
 */
export const OPTIONS = {
  heartbeatInterval: 3000,
  reconnectIntervalIncrement: 1000,
  maxReconnectInterval: 4000,
};

/**
 * How long an attempt to connect may take with `deepstream-wasm`, in milliseconds. The other client has no such limit.
 */
export const CONNECT_TIMEOUT = 5000;

// In a file of its own, so that the browser's tools tell who says what.
const { DeepstreamClient: ReferenceClient } = await import(
  /* webpackChunkName: "reference" */ '@deepstream/client/dist/bundle/ds.min.js'
);

/** The two clients that are compared. */
export const CLIENTS = {
  theirs: {
    name: '@deepstream/client',
    user: 'Left',
    // By default it gives up after 5 attempts, which take 40 seconds. With shorter waits that is 12 attempts.
    make: (url) => new ReferenceClient(url, { ...OPTIONS, maxReconnectAttempts: 12 }),
  },
  ours: {
    name: 'deepstream-wasm',
    user: 'Right',
    make: (url) =>
      new DeepstreamClient(url, {
        ...OPTIONS,
        connectTimeout: CONNECT_TIMEOUT,
        // Its own; the other client can only take the whole record of the one or of the other.
        mergeStrategy: MERGE_STRATEGIES.THREE_WAY,
      }),
  },
};
