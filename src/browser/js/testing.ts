/**
 * A deepstream server in memory, for the tests of an application: real clients of this package talk to it without a
 * network. It stands behind `WebSocket`, which is replaced for its URL alone, until it is closed.
 *
 * @example
 * import { DeepstreamClient } from 'deepstream-wasm';
 * import { createTestServer } from 'deepstream-wasm/testing';
 *
 * const server = createTestServer();
 * const client = new DeepstreamClient(server.url);
 * await client.login({ username: 'ada' });
 * server.refuse(); // the network is gone
 * client.event.emit('news', 1); // waits
 * server.heal();
 *
 * @module deepstream-wasm/testing
 */
/// <reference lib="esnext.disposable" preserve="true" />
import type { JSONObject } from './constants.js';
import { defineDisposal } from './subscription.js';
import { Connections, type Connection, type Network } from './testing-network.js';
import { TestTopics } from './testing-topics.js';

/** What somebody wants to do. */
export interface TestRequest {
  /** Who: the `username` of the login, or `'OPEN'`. */
  user: string;
  /** With what. */
  topic: 'event' | 'record' | 'rpc' | 'presence';
  /**
   * What, in the words of deepstream's permissions: `publish`, `subscribe`, `listen`, `create`, `read`, `write`, `delete`,
   * `notify`, `provide`, `request`, or `allow` for presence.
   */
  action: string;
  /** The name of the event, record or procedure, or the user. */
  name: string;
}

/** What shall differ from a server that lets everybody do everything. */
export interface TestServerOptions {
  /**
   * The URL that clients dial, where an application has one of its own. The server stands behind all of its host, whatever the
   * path.
   * @defaultValue a URL that no other server has
   */
  url?: string;
  /**
   * Decides about a login: gives what `login()` resolves to, `undefined` for nothing, or `false` for a refusal.
   * @defaultValue lets everybody in
   */
  login?: (details: { [name: string]: any }) => JSONObject | undefined | false;
  /**
   * Decides whether somebody may do something; what may not is answered `MESSAGE_DENIED`.
   * @defaultValue permits everything
   */
  permit?: (request: TestRequest) => boolean;
  /** Milliseconds that a provider has to accept a call. @defaultValue 1000 */
  rpcAcceptTimeout?: number;
  /** Milliseconds that a provider has to answer a call. @defaultValue 10000 */
  rpcResponseTimeout?: number;
}

/** A record as the server has it. */
export interface TestRecord {
  /** The version, from 1. */
  version: number;
  /** What is in it. */
  data: any;
}

/** A server in memory. */
export interface TestServer extends Disposable {
  /** Where clients find it: `ws://deepstream-1.test`, unless it was given. */
  readonly url: string;
  /**
   * The records, by name. A test may change them as something else would that shares a database with a server; clients
   * learn of it by `client.record.notify([name])`.
   */
  readonly records: Map<string, TestRecord>;
  /** The users who are logged in, once for each of their connections. */
  readonly users: string[];
  /** Ends all connections without a word, and takes new ones: a blip. */
  cut(): void;
  /**
   * Ends all connections, and takes no new ones until `heal()`: as a network that is gone, or a server that is down.
   */
  refuse(): void;
  /**
   * Nothing arrives any more, in either direction, until `heal()`; it arrives then: as a network that fails without a
   * word.
   */
  silence(): void;
  /** Ends what `refuse()` and `silence()` began. */
  heal(): void;
  /** Ends the server, and with the last one what stood in for `WebSocket`. */
  close(): void;
}

/** By host. */
const servers = new Map<string, MemoryServer>();
let made = 0;
let replaced: PropertyDescriptor | undefined;

/**
 * Makes a server in memory.
 * @throws {Error} for a `url` that is none, or that another server stands behind
 * @example
 * const server = createTestServer({ permit: ({ action, name }) => action !== 'write' || name !== 'settings' });
 */
export function createTestServer(options: TestServerOptions = {}): TestServer {
  const url = options.url ?? `ws://deepstream-${(made += 1)}.test`;
  const host = hostOf(url);
  if (servers.has(host)) throw new Error(`another test server stands behind ${url}: close it first`);
  if (servers.size === 0) {
    replaced = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    Object.defineProperty(globalThis, 'WebSocket', {
      value: makeSocket(globalThis.WebSocket),
      configurable: true,
      writable: true,
    });
  }
  return new MemoryServer(url, host, options);
}

/** The host of a URL, which may lack its scheme as that of a client may. */
function hostOf(url: string): string {
  return new URL(url.includes('://') ? url : `ws://${url.replace(/^\/\//, '')}`).host;
}

/** What stands in for `WebSocket`: all other URLs are those of the one it stands in for. */
function makeSocket(Real: typeof WebSocket | undefined): typeof WebSocket {
  function TestWebSocket(url: string | URL, protocols?: string | string[]): WebSocket {
    const server = servers.get(new URL(url).host);
    if (server) return server.network.dial(String(url));
    if (!Real)
      throw new ReferenceError(`there is no WebSocket for ${url}: only for servers that createTestServer() has made`);
    return new Real(url, protocols);
  }
  return Object.assign(TestWebSocket as unknown as typeof WebSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
}

class MemoryServer implements TestServer {
  declare [Symbol.dispose]: () => void;
  readonly network: Network;
  readonly #topics: TestTopics;
  readonly #connections: Connections;

  constructor(
    readonly url: string,
    readonly host: string,
    options: TestServerOptions,
  ) {
    this.#topics = new TestTopics(options);
    this.#connections = new Connections(
      (connection: Connection, message) => this.#topics.onMessage(connection, message),
      (connection: Connection) => this.#topics.onClosed(connection),
    );
    this.network = this.#connections;
    servers.set(host, this);
  }

  get records(): Map<string, TestRecord> {
    return this.#topics.records.all;
  }

  get users(): string[] {
    return this.#connections.all.flatMap(({ user }) => (user === null ? [] : [user]));
  }

  cut(): void {
    this.#connections.cut();
  }

  refuse(): void {
    this.#connections.refuse();
  }

  silence(): void {
    this.#connections.silence();
  }

  heal(): void {
    this.#connections.heal();
  }

  close(): void {
    if (!servers.delete(this.host)) return;
    this.#connections.refuse();
    if (servers.size > 0) return;
    if (replaced) Object.defineProperty(globalThis, 'WebSocket', replaced);
    else delete (globalThis as { WebSocket?: unknown }).WebSocket;
  }
}

defineDisposal(MemoryServer.prototype, 'close');
