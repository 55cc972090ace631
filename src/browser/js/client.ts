/// <reference lib="esnext.disposable" preserve="true" />
import { Action, Question, DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkName, checkOptionalFunction, invalid, loginParams, optionalFirst } from './arguments.js';
import type { CONNECTION_STATE, EVENT, JSONObject } from './constants.js';
import { remove, type OnlyString } from './emitter.js';
import type { DeepstreamError } from './error.js';
import { Events, type EventHandler } from './event.js';
import type { Listens } from './listen.js';
import { Listeners } from './listeners.js';
import type { Options } from './options.js';
import { Outbox, type OutboxHandler, type StorageProblem } from './outbox.js';
import { Presence, type PresenceHandler } from './presence.js';
import type { RecordConflict } from './record.js';
import type { RecordHandler } from './records.js';
import { Rpc, type RPCHandler } from './rpc.js';
import type { ClientSchema, EventsOf, RecordsOf, RpcsOf } from './schema.js';
import { Sink, type Parts } from './sink.js';
import { check, defineDisposal, endWith, type SubscribeOptions } from './subscription.js';
import { promiseOf, type Waiting } from './waiting.js';

/**
 * Receives the outcome of `login()`: on success what the server says about the user (`null` if nothing), else an object
 * with the `reason`.
 */
export type AuthenticationCallback = (success: boolean, clientData: JSONObject | null) => void;

/** Receives the outcome of `resume()`: nothing on success. */
export type ResumeCallback = (error?: DeepstreamError & JSONObject) => void;

/** Why there is no connection, and what follows. */
export interface CloseReason {
  /**
   * What kind of end it was: `network` (no word from the server), `timeout` (`connectTimeout`), `heartbeat` (two without an
   * answer), `restarting` (announced by a close code), `stopped` (a close code in `stopCodes`), `refused` (the server takes no
   * such client), `authentication` (the credentials, or too many of them), `auth-params` (the application's function failed),
   * `authentication-timeout`, `redirect` (it led nowhere), `unavailable` (the browser makes no WebSocket for the URL),
   * `page-hidden`, `paused`, `closed`, or `replaced` (by the connection that `login` or `resume` wanted, or after the network
   * changed).
   */
  kind:
    | 'network'
    | 'timeout'
    | 'heartbeat'
    | 'restarting'
    | 'stopped'
    | 'refused'
    | 'authentication'
    | 'auth-params'
    | 'authentication-timeout'
    | 'redirect'
    | 'unavailable'
    | 'page-hidden'
    | 'paused'
    | 'closed'
    | 'replaced';
  /** The WebSocket close code, where a socket closed. */
  code?: number;
  /** The deepstream name of what the server said, such as `REJECT`, where it said something. */
  action?: string;
  /** Whether the client tries again by itself. */
  willRetry: boolean;
}

/** Where the connection stands: `client.connection`. Times are those of `Date.now()`. */
export interface ConnectionSnapshot {
  /** The state. */
  state: CONNECTION_STATE;
  /** Why there was no connection, the last time; `null` if there always was. */
  reason: CloseReason | null;
  /** Which attempt to reconnect this is; 0 while logged in. */
  attempt: number;
  /** When the next attempt is due, while the client waits. */
  nextAttemptAt: number | null;
  /** The round-trip time of the last heartbeat, in milliseconds. */
  rtt: number | null;
  /** The URL that is dialled or connected to. */
  url: string;
  /** When the client logged in, while it is. */
  openedAt: number | null;
  /** Whether it was logged in before the session of now. */
  wasReconnected: boolean;
  /** Attempts that the session of now took, or that were made so far. */
  reconnectTries: number;
}

/** Which subscriptions a reconnect has restored. */
export interface Resubscribed {
  /** What the names are names of, such as `EVENT`. */
  topic: string;
  /** The names; for the presence of all users `%_EVERYONE_%`. */
  names: string[];
  /** How long there was no session, in milliseconds: what happened meanwhile was missed. */
  gap: number;
}

/** What a client tells its listeners: the names for `on`, and what the listeners are called with. */
export interface ClientEvents {
  /** The connection has come to another state. */
  connectionStateChanged: (state: CONNECTION_STATE) => void;
  /** Something of `client.connection` is different: its state, `attempt`, `nextAttemptAt`, `rtt` or any other. */
  connectionChanged: (connection: ConnectionSnapshot) => void;
  /**
   * Something went wrong. `event` and `topic` are names of `C`, such as `'CONNECTION_ERROR'` and `'CONNECTION'`. A client
   * that nobody listens to writes its errors to the console.
   */
  error: (error: DeepstreamError, event: string, topic: string) => void;
  /** At a login, the server said something else about the user than before. */
  clientDataChanged: (clientData: any) => void;
  /** The connection came back, but the server no longer takes the credentials. */
  reauthenticationFailure: (failure: { reason: any }) => void;
  /** As many attempts to connect failed as `maxReconnectAttempts` allows; `resume()` tries again. */
  MAX_RECONNECTION_ATTEMPTS_REACHED: (attempts: number) => void;
  /** The connection has been lost for `lostConnectionTimeout`. */
  lostConnection: (connection: ConnectionSnapshot) => void;
  /** It is back, after `downtime` milliseconds; only after `lostConnection`. */
  restoredConnection: (connection: ConnectionSnapshot, downtime: number) => void;
  /** The server has acknowledged subscriptions that a reconnect restored. */
  resubscribed: (subscriptions: Resubscribed) => void;
  /**
   * This client and another one have changed the same version of a record, and something of one side is lost: what the handles of
   * the record are told as `conflict`. Nobody may hold it, if an earlier page has left what it could not send.
   */
  recordConflict: (conflict: { name: string } & RecordConflict) => void;
  /** The storage of the outbox does not keep what it should. What it does not keep is in memory, and is sent from there. */
  storageDegraded: (problem: StorageProblem) => void;
}

/** The names of {@link ClientEvents}, as strings or as members of `C.EVENT`. */
export type ClientEventName =
  | keyof ClientEvents
  | EVENT.CONNECTION_STATE_CHANGED
  | EVENT.CLIENT_DATA_CHANGED
  | EVENT.REAUTHENTICATION_FAILURE
  | EVENT.MAX_RECONNECTION_ATTEMPTS_REACHED;

/**
 * A connection to a deepstream server, that finds its way back whenever it is lost.
 *
 * @example
 * const client = new DeepstreamClient('localhost:6020');
 * await client.login({ username: 'ada' });
 * client.event.subscribe('news', (news) => console.log(news));
 *
 * @example
 * await using client = new DeepstreamClient('localhost:6020'); // closed at the end of the block
 */
export interface DeepstreamClient<Schema extends ClientSchema = {}> extends Disposable, AsyncDisposable {
  /** Messages to everybody who subscribed to their name. */
  readonly event: EventsOf<Schema>;

  /** Documents that many clients read and write. */
  readonly record: RecordsOf<Schema>;

  /** Who is logged in. */
  readonly presence: PresenceHandler;
  /** Calls that one client makes and another answers. */
  readonly rpc: RpcsOf<Schema>;
  /** What waits for the server. */
  readonly outbox: OutboxHandler;

  /**
   * Logs in, as soon as there is a connection; connects again where the server had ended the connection for want of a
   * login. The same details are used whenever the connection comes back.
   * @param details Who the user is, as the server wants to know it. Anything that JSON can say; nothing is `{}`.
   * @returns What the server says about the user; `null` if nothing. `ClientData` is its type, taken at your word.
   * @throws {DeepstreamError} at once for details that are no object or that `JSON.stringify` throws at; the promise
   * rejects when the server refuses, or when the client is closed before; a pause is waited out
   * @example
   * const user = await client.login<{ roles: string[] }>({ token });
   */
  login<ClientData = JSONObject>(): Promise<ClientData>;
  /**
   * Logs in without details.
   * @example
   * client.login((success, clientData) => console.log(success, clientData));
   */
  login(callback: AuthenticationCallback): void;
  /** Logs in with details. */
  login<ClientData = JSONObject>(details: object): Promise<ClientData>;
  /** Logs in with details. */
  login(details: object, callback: AuthenticationCallback): void;

  /**
   * Ends the connection, for good and at once: the state is CLOSED when this returns. Whatever is still waited for is
   * rejected with the code `IS_CLOSED`; what is in storage stays there for the next client. May be called in any state, any number of times.
   * @example
   * client.close();
   */
  close(): void;

  /**
   * Ends the connection until `resume()`: the state is OFFLINE when this returns. Subscriptions are kept, and events that
   * are emitted and calls that are made meanwhile wait.
   * @example
   * client.pause();
   */
  pause(): void;

  /**
   * Connects again: after `pause()`, after ERROR, or at once instead of at the next attempt.
   * @returns Resolves when the client is logged in again.
   * @throws {DeepstreamError} (the promise rejects) when the client is refused, closed or paused before
   * @example
   * await client.resume();
   */
  resume(): Promise<void>;
  /** Connects again, and calls back when that has succeeded or failed. */
  resume(callback: ResumeCallback): void;
  /** Connects again, with a promise unless there is a callback. */
  resume(callback?: ResumeCallback): void | Promise<void>;

  /**
   * Where the connection stands.
   * @example
   * if (client.getConnectionState() === C.CONNECTION_STATE.OPEN) showGreenLight();
   */
  getConnectionState(): CONNECTION_STATE;

  /**
   * Where the connection stands, why it was lost, and when the next attempt is due: the same object until something of it is
   * different, which must not be changed. `on('connectionChanged')` tells of every difference.
   * @example
   * const { state, attempt, nextAttemptAt } = client.connection;
   * if (nextAttemptAt) show(`attempt ${attempt} in ${nextAttemptAt - Date.now()} ms`);
   */
  readonly connection: ConnectionSnapshot;

  /** Whether the client was logged in before the session of now. */
  wasReconnected(): boolean;

  /** Attempts that the session of now took, or that were made so far. */
  readonly reconnectTries: number;

  /**
   * Restores the subscriptions after a reconnect, where the option `resubscribe` is `'manual'`.
   * @example
   * client.on('restoredConnection', () => confirm('Go on?') && client.resubscribe());
   */
  resubscribe(): void;

  /**
   * An identifier that nobody else has: the time and a random part, both to base 36, so that they sort by time.
   * @example
   * client.getUid(); // 'mf0yq3h2-2b7kx1w0f9a'
   */
  getUid(): string;

  /**
   * Calls the listener whenever this happens.
   * @param scope What `this` is for the listener: the client, unless given.
   * @param options A `signal` that does what `off` does with the same arguments, when it is aborted.
   * @returns The client.
   * @example
   * client.on('connectionStateChanged', (state) => console.log(state));
   * client.on('error', (error, event, topic) => console.error(topic, event, error.message));
   * client.on('connectionChanged', show, undefined, { signal: controller.signal });
   */
  on<Failure = DeepstreamError, EventName = string, TopicName = string>(
    event: 'error',
    listener: (error: Failure, event: EventName, topic: TopicName) => void,
    scope?: unknown,
    options?: SubscribeOptions,
  ): this;
  /** Listens for what has a name in {@link ClientEvents}. */
  on<Name extends ClientEventName>(
    event: Name,
    listener: ClientEvents[`${Name}`],
    scope?: unknown,
    options?: SubscribeOptions,
  ): this;
  /** Listens for what is only known by name when the program runs. */
  on<Name extends string>(
    event: Name & OnlyString<Name>,
    listener: Function,
    scope?: unknown,
    options?: SubscribeOptions,
  ): this;

  /**
   * Like `on`, but the listener is called only once.
   * @example
   * client.once('error', (error) => report(error));
   */
  once<Failure = DeepstreamError, EventName = string, TopicName = string>(
    event: 'error',
    listener: (error: Failure, event: EventName, topic: TopicName) => void,
    scope?: unknown,
  ): this;
  /** Listens for what has a name in {@link ClientEvents}. */
  once<Name extends ClientEventName>(event: Name, listener: ClientEvents[`${Name}`], scope?: unknown): this;
  /** Listens once for what is only known by name when the program runs. */
  once<Name extends string>(event: Name & OnlyString<Name>, listener: Function, scope?: unknown): this;

  /**
   * Ends what `on` or `once` began with the same arguments. What is left out stands for all: without a listener all
   * listeners of the event go, without an event all there are.
   * @returns The client.
   * @example
   * client.off('connectionStateChanged', show);
   */
  off(event?: string, listener?: Function, scope?: unknown): this;

  /**
   * Ends what `on` and `once` began with this scope, for all events.
   * @example
   * client.on('connectionStateChanged', view.show, view);
   * client.removeContext(view);
   */
  removeContext(scope: unknown): void;

  /**
   * Calls the listeners of an event with these details, as if it had happened: for tests, and for code that tells its own
   * events through the client.
   * @returns The client.
   * @throws {DeepstreamError} for a name that is empty or not a string
   * @example
   * client.emit('connectionStateChanged', 'RECONNECTING');
   */
  emit(event: string, ...details: unknown[]): this;

  /**
   * Whether anybody listens.
   * @example
   * client.hasListeners('error'); // false
   */
  hasListeners(event: string): boolean;

  /**
   * The names of the events that somebody listens to.
   * @example
   * client.eventNames(); // ['connectionStateChanged']
   */
  eventNames(): string[];
}

/** Makes clients: `new DeepstreamClient(url, options)`. */
export interface DeepstreamClientConstructor {
  /**
   * @param url Of the server: `localhost:6020`, `//host`, `ws://host`, `wss://host/path?query`. Of several, the client starts
   * with a random one and goes on to the next after a failed attempt.
   * @param options What shall differ from the defaults in {@link Options}.
   * @typeParam Schema What the names stand for: see {@link ClientSchema}.
   * @throws {DeepstreamError} for a URL or options that are wrong; the message names what came and what was expected
   */
  new <Schema extends ClientSchema = {}>(
    url: string | readonly string[],
    options?: Partial<Options>,
  ): DeepstreamClient<Schema>;
  /** What all clients inherit from. */
  readonly prototype: DeepstreamClient<any>;
  /** The version of this package. */
  readonly version: string;
  /**
   * The parts that clients of this entry have: `event`, `outbox`, `presence`, `record`, `rpc`. `deepstream-wasm/core` has no `record`.
   * @example
   * if (DeepstreamClient.features.includes('record')) show(client.record.names());
   */
  readonly features: readonly string[];
}

/** What `dsClient` does. */
export interface DsClient {
  /**
   * The one client of the page: made at the first call, and made anew after it was closed. So every part of a program can ask
   * for it, and none has to hand it on.
   * @param url As for `new DeepstreamClient(url)`. May be left out while there is a client.
   * @param options Count where a client is made.
   * @throws {DeepstreamError} for a URL other than that of the client there is, and as `new DeepstreamClient(url, options)` does
   * @example
   * export const client = dsClient('localhost:6020');
   * dsClient() === client; // anywhere else
   */
  <Schema extends ClientSchema = {}>(
    url?: string | readonly string[],
    options?: Partial<Options>,
  ): DeepstreamClient<Schema>;
}

/**
 * Gives `dsClient` for a class of clients.
 * @internal
 */
export function defineSingleton(Client: DeepstreamClientConstructor): DsClient {
  let client: DeepstreamClient | undefined;
  let urlOfClient: string | undefined;
  return (url, options) => {
    // One that waits for a login to connect is CLOSED too.
    if (client && client.connection.reason?.kind === 'closed') client = undefined;
    if (!client) {
      client = new Client(url as string, options);
      urlOfClient = String(url);
    } else if (url !== undefined && String(url) !== urlOfClient) {
      throw invalid('url', `none or '${urlOfClient}', which the client there is was made for`, url);
    }
    return client as DeepstreamClient<any>;
  };
}

/** The build puts it in. */
declare const PACKAGE_VERSION: string;

/**
 * Gives a client its `record`, from what the WebAssembly side has for it.
 * @internal
 */
export type DefineRecords = (
  client: { record: RecordHandler },
  compiled: Compiled,
  sink: Sink,
  url: string | readonly string[],
  options?: Partial<Options>,
) => Listens | undefined;

/**
 * Gives the class `DeepstreamClient` for one way of loading the WebAssembly module.
 * @param ensureInitialised Called before each client is made; has the module ready when it returns, or throws.
 * @internal
 */
export function defineClient(
  ensureInitialised: () => void,
  defineRecords: DefineRecords,
  features = ['event', 'outbox', 'presence', 'record', 'rpc'],
): DeepstreamClientConstructor {
  class Client implements globalThis.Record<keyof DeepstreamClient, unknown> {
    static readonly name = 'DeepstreamClient';
    static readonly version = PACKAGE_VERSION;
    static readonly features = features;
    declare readonly event: EventHandler;
    declare record: RecordHandler;
    declare readonly presence: PresenceHandler;
    declare [Symbol.dispose]: () => void;
    declare [Symbol.asyncDispose]: () => Promise<void>;
    declare readonly rpc: RPCHandler;
    declare readonly outbox: OutboxHandler;
    readonly #compiled: Compiled;
    readonly #waiting: Waiting;
    readonly #parts: Parts;

    constructor(url: string | readonly string[], options?: Partial<Options>) {
      ensureInitialised();
      const sink = new Sink();
      const compiled = (this.#compiled = new Compiled(url, options, sink));
      const waiting = (this.#waiting = sink.waiting);
      const event = (this.event = new Events(compiled, waiting));
      const presence = (this.presence = new Presence(compiled, waiting));
      const recordListens = defineRecords(this, compiled, sink, url, options ?? undefined);
      const rpc = (this.rpc = new Rpc(compiled, waiting));
      const outbox = (this.outbox = new Outbox(compiled, waiting));
      this.#parts = { listeners: new Listeners(), event, presence, recordListens, rpc, outbox };
      sink.attach(this.#parts);
    }

    login(params?: unknown, callback?: unknown): any {
      const [given, told] = optionalFirst([params, callback]);
      const call = checkOptionalFunction('callback', told);
      const ticket = this.#compiled.command(Action.Login, '', loginParams(given));
      if (!call) return promiseOf(this.#waiting, ticket);
      this.#waiting.addDone(ticket, (error, value) => (error ? call(false, { reason: error.reason }) : call(true, value)));
    }

    resume(callback?: unknown): any {
      const call = checkOptionalFunction('callback', callback);
      const ticket = this.#compiled.command(Action.Resume, '');
      if (!call) return promiseOf(this.#waiting, ticket);
      this.#waiting.addDone(ticket, (error) => (error ? call(error) : call()));
    }

    close(): void {
      this.#compiled.command(Action.Close, '');
    }

    pause(): void {
      this.#compiled.command(Action.Pause, '');
    }

    resubscribe(): void {
      this.#compiled.command(Action.Resubscribe, '');
    }

    get connection(): ConnectionSnapshot {
      return this.#compiled.ask(Question.Connection, '');
    }

    getConnectionState(): CONNECTION_STATE {
      return this.connection.state;
    }

    wasReconnected(): boolean {
      return this.connection.wasReconnected;
    }

    get reconnectTries(): number {
      return this.connection.reconnectTries;
    }

    getUid(): string {
      return `${Date.now().toString(36)}-${Math.floor(Math.random() * 1e16).toString(36)}`;
    }

    on(event: string, listener: Function, scope: unknown = this, options?: SubscribeOptions): this {
      check(options?.signal);
      this.#listen(event, listener, scope, false);
      endWith(options?.signal, () => this.off(event, listener, scope));
      return this;
    }

    once(event: string, listener: Function, scope: unknown = this): this {
      return this.#listen(event, listener, scope, true);
    }

    off(event?: string, listener?: Function, scope?: unknown): this {
      const call = checkOptionalFunction('callback', listener);
      if (event !== undefined) checkName('event', event);
      remove(this.#parts.listeners, event, call, scope);
      return this;
    }

    emit(event: string, ...details: unknown[]): this {
      this.#parts.listeners.tell(checkName('event', event), ...details);
      return this;
    }

    hasListeners(event: string): boolean {
      return this.#parts.listeners.has(event);
    }

    eventNames(): string[] {
      return this.#parts.listeners.names().sort();
    }

    removeContext(scope: unknown): void {
      remove(this.#parts.listeners, undefined, undefined, scope);
    }

    #listen(event: string, listener: Function, scope: unknown, isOnce: boolean): this {
      checkName('event', event);
      const call = checkFunction('callback', listener);
      if (event === 'connectionChanged' && !this.#parts.listeners.has(event)) this.#compiled.command(Action.WatchConnection, '');
      this.#parts.listeners.add(event, { call, scope, isOnce });
      return this;
    }
  }
  defineDisposal(Client.prototype, 'close');
  return Client as unknown as DeepstreamClientConstructor;
}
