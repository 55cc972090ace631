import type { Message, RecordData } from './constants.js';
import { REMOTE_WINS } from './merge.js';

/** Tells that a record was stored or deleted: with an error, or with `null`. */
export type offlineStoreWriteResponse = (error: string | null, recordName: string) => void;

/**
 * A place to keep records in: see the option `storage`. Each function calls back once; one that throws, or returns a promise that
 * is rejected, has failed. Of one record, nothing is written before the former call has ended.
 */
export interface RecordOfflineStore {
  /** Gives the version and the data of a record; -1 for one that it does not have. */
  get: (recordName: string, callback: (recordName: string, version: number, data: RecordData) => void) => void;
  /** Keeps a record. */
  set: (recordName: string, version: number, data: RecordData, callback: offlineStoreWriteResponse) => void;
  /** Forgets a record. */
  delete: (recordName: string, callback: offlineStoreWriteResponse) => void;
  /** Forgets all records. */
  reset: (callback: (error: string | null) => void) => void;
}

/** A connection as `socketFactory` makes it. */
export interface Socket {
  /** Ends it. */
  close: () => void;
  /** Called with the messages that have come. */
  onparsedmessages: (messages: Message[]) => void;
  /** Called when it has ended. */
  onclosed: () => void;
  /** Called when it stands. */
  onopened: () => void;
  /** Called when it fails. */
  onerror: (error: any) => void;
  /** Sends a message. */
  sendParsedMessage: (message: Message) => void;
  /** For how many milliseconds no message has come. */
  getTimeSinceLastMessage: () => number;
}

/** Receives the outcome of a {@link MergeStrategy}: an error, or the data that both sides shall have. */
export type MergeCompleteCallback = (error: string | null, mergedData: RecordData) => void;

/** Decides what becomes of a record that was changed here and elsewhere at the same time. */
export type MergeStrategy = (
  localValue: RecordData,
  localVersion: number,
  remoteValue: RecordData,
  remoteVersion: number,
  callback: MergeCompleteCallback,
) => void;

/** Gives what to log in with, at once or later: see the option `authParams`. */
export type AuthParamsFunction = (question: {
  /** Whether the server has refused the last answer. */
  refresh: boolean;
  /** What the server said when it refused. */
  reason: any;
}) => object | Promise<object>;

/**
 * What a client can be told when it is made. All of it is optional: `new DeepstreamClient(url, { heartbeatInterval: 60_000 })`.
 *
 * All times are in milliseconds, at most 2147483647 (24.8 days). A wrong type or range throws when the client is made; a
 * name that does not exist is reported on the console. Options marked *no effect yet* are accepted and checked, so that
 * code written for `@deepstream/client` keeps running.
 */
export interface Options {
  /**
   * The time between two PINGs to the server, at least 1. Two in a row without an answer are a lost connection.
   * Must be less than twice the server's own `heartbeatInterval`, or the server ends connections that are idle.
   * @defaultValue 30000
   */
  heartbeatInterval: number;

  /**
   * What two unanswered PINGs lead to, after the error `HEARTBEAT_TIMEOUT` and the state ERROR: `'reconnect'` dials a new
   * connection at once, `'stop'` waits for `resume()`.
   * @defaultValue 'reconnect'
   */
  heartbeatFailure: 'reconnect' | 'stop';

  /**
   * The step by which the wait between two attempts to reconnect grows. The first attempt is made at once, the second after
   * this time, the third after twice this time, and so on up to `maxReconnectInterval`.
   * @defaultValue 4000
   */
  reconnectIntervalIncrement: number;

  /**
   * The longest wait between two attempts to reconnect.
   * @defaultValue 30000
   */
  maxReconnectInterval: number;

  /**
   * How many attempts in a row may fail before the client gives up: then the state is ERROR,
   * `MAX_RECONNECTION_ATTEMPTS_REACHED` is emitted, and only `resume()` tries again. A whole number, or `Infinity`.
   * @defaultValue Infinity
   */
  maxReconnectAttempts: number;

  /**
   * How the wait grows: 1, 2, 3 … times `reconnectIntervalIncrement` (`'linear'`), or 1, 2, 4 … times (`'exponential'`).
   * @defaultValue 'linear'
   */
  reconnectBackoff: 'linear' | 'exponential';

  /**
   * The part of each wait that is left to chance, from 0 to 1, so that many clients that lost their server together do not
   * return together: with 0.5 a wait of 8000 becomes one between 4000 and 8000; with 0 it stays 8000.
   * @defaultValue 0.5
   */
  reconnectJitter: number;

  /**
   * The time that an attempt has to open the connection, be accepted by the server and log in, at least 1. After an attempt
   * that took longer the next one has twice the time, and those after it four times, until one ends by itself: a server
   * with a long queue would otherwise only ever turn to clients that have just left it.
   * @defaultValue 10000
   */
  connectTimeout: number;

  /**
   * The time that the server has to acknowledge a subscription. Then it is sent once more, and after as long again the error
   * is `ACK_TIMEOUT`.
   * @defaultValue 2000
   */
  subscriptionTimeout: number;

  /**
   * The time for which subscriptions are collected, to be sent in one message. 0 sends each at once.
   * @defaultValue 100
   */
  subscriptionInterval: number;

  /**
   * The time that providers have to accept a call that was sent, at least 1, or `Infinity`: then it is rejected with
   * `ACCEPT_TIMEOUT`. The server has a limit of its own (`rpc.ackTimeout`, 1 s unless configured), which usually comes
   * first.
   * @defaultValue Infinity
   */
  rpcAcceptTimeout: number;

  /**
   * The time that the answer to a call that was sent may take, at least 1, or `Infinity`: then it is rejected with
   * `RESPONSE_TIMEOUT`. The server has a limit of its own (`rpc.responseTimeout`, 10 s unless configured); this one is for
   * a server that never answers. The `timeout` of a single call is shorter where that is wanted.
   * @defaultValue 300000
   */
  rpcResponseTimeout: number;

  /**
   * The path that is dialled where the URL has none. Starts with `/`.
   * @defaultValue '/deepstream'
   */
  path: string;

  /**
   * Whether to dial at the first `login()` or `resume()`, instead of when the client is made.
   * @defaultValue false
   */
  lazyConnect: boolean;

  /**
   * How long the connection must be lost before `lostConnection` is emitted, so that a blip does not flash a banner.
   * @defaultValue 5000
   */
  lostConnectionTimeout: number;

  /**
   * The WebSocket close codes (1000 to 4999) by which the server tells this client to stay away: then the state is ERROR,
   * and only `resume()` tries again.
   * @defaultValue [1008, 4003]
   */
  stopCodes: readonly number[];

  /**
   * What `login()` without details logs in with: an object, or a function that gives one. The function is asked at every
   * attempt, as soon as the socket is open. If the server refuses its answer it is asked once more, with `refresh: true` and
   * what the server said; if that is refused too, the login has failed. A function that fails makes the attempt fail, and the
   * next one asks again.
   * @defaultValue undefined
   * @example
   * new DeepstreamClient(url, { authParams: async ({ refresh }) => ({ token: await getToken({ force: refresh }) }) });
   */
  authParams?: object | AuthParamsFunction;

  /**
   * A URL that is asked with `HEAD` before dialling while the network is in doubt, such as the server's `/health-check`. Any
   * answer will do, also from another origin. Without it, dialling is the test.
   * @defaultValue undefined
   */
  probeUrl?: string;

  /**
   * The name of a query parameter that carries the number of attempts to the server. The server's own node HTTP service takes
   * no query in its URL: only for deployments behind something that does.
   * @defaultValue undefined
   */
  reconnectParam?: string;

  /**
   * How the client keeps what it was entrusted with until the server has it; see {@link OutboxOptions}.
   * @example
   * new DeepstreamClient(url, { outbox: { ttl: 60_000, overflow: 'drop-oldest' } });
   */
  outbox: OutboxOptions;

  /**
   * How many of the last events of each sender are remembered, so that one which its sender had to send twice is delivered
   * once. 0 delivers whatever the server sends.
   * @defaultValue 8192
   */
  deduplicationWindow: number;

  /**
   * Keeps the time in a worker, because browsers let the timers of a hidden page fire once a minute only, too seldom for a
   * `heartbeatInterval` of less: the URL of the package's `timer-worker.js`, or `'blob'` to do without a file, which a
   * Content-Security-Policy must allow with `worker-src blob:`.
   * @defaultValue undefined
   * @example
   * new DeepstreamClient(url, { heartbeatWorker: '/assets/timer-worker.js' });
   */
  heartbeatWorker?: string;

  /**
   * Who restores the subscriptions after a reconnect: the client (`'auto'`), or the application, with `client.resubscribe()`
   * (`'manual'`).
   * @defaultValue 'auto'
   */
  resubscribe: 'auto' | 'manual';

  /**
   * Whether the presence subscribers are told after an outage who came and who went meanwhile. For that the client asks the
   * server once per session who of the users that are subscribed to is logged in, or who is at all.
   * @defaultValue true
   */
  presenceCatchUp: boolean;

  /**
   * Chose the timers of `@deepstream/client`. No effect: there is one native timer, set to when it is needed next.
   * @defaultValue true
   */
  nativeTimerRegistry: boolean;

  /**
   * The precision of the timers of `@deepstream/client`. No effect: see `nativeTimerRegistry`.
   * @defaultValue 50
   */
  intervalTimerResolution: number;

  /**
   * How long `@deepstream/client` waits for a lost connection before it fails what was asked for. No effect: what waits
   * for the connection waits until it is back, or until `close()`.
   * @defaultValue 2000
   */
  offlineBufferTimeout: number;

  /**
   * Printed diagnostics in `@deepstream/client`. No effect.
   * @defaultValue false
   */
  debug: boolean;

  /** Makes connections in place of `WebSocket`. *No effect yet.* */
  socketFactory?: (url: string, options: any) => Socket;

  /** Passed on to `socketFactory`. *No effect yet.* */
  socketOptions?: any;

  /**
   * Decides for all records what becomes of changes made here and elsewhere at the same time: one of `MERGE_STRATEGIES`, or
   * a function.
   * @defaultValue the server's version wins
   */
  mergeStrategy: MergeStrategy;

  /**
   * The time that the server has to acknowledge that a record was asked for.
   * @defaultValue 15000
   */
  recordReadAckTimeout: number;

  /**
   * The time that the server has to send a record.
   * @defaultValue 15000
   */
  recordReadTimeout: number;

  /**
   * The time that the server has to delete a record.
   * @defaultValue 15000
   */
  recordDeleteTimeout: number;

  /**
   * The time for which a record stays subscribed after its last user discarded it.
   * @defaultValue 5000
   */
  recordDiscardTimeout: number;

  /**
   * Whether subscribers get copies of the data of their own, which may be changed. With `false` values are shared until they change: that is
   * faster for large ones, and nobody must change them.
   * @defaultValue true
   */
  recordDeepCopy: boolean;

  /**
   * Whether records can only be read.
   * @defaultValue false
   */
  recordReadOnlyMode: boolean;

  /**
   * The beginnings of the names of records that can be written in spite of `recordReadOnlyMode`.
   * @defaultValue []
   */
  recordPrefixWriteWhitelist: string[];

  /**
   * The version of a record that was first written offline, in `@deepstream/client`. *No effect*: it is that of the server.
   * @defaultValue 1
   */
  initialRecordVersion: number;

  /**
   * Whether records are kept in the browser's storage: what the server has of them, with its version. A record that is opened is
   * there at once if storage has it (`isFromStorage`), also without a network; then the server is asked for its version, and
   * for the data if that is another one. What storage has is not encrypted, and is there for whoever uses this browser next.
   *
   * Whatever is wrong with storage is told by the event `error`, with the code `OFFLINE_STORAGE_ERROR`, each thing once; the
   * client then does without.
   * @defaultValue false
   */
  offlineEnabled: boolean;

  /**
   * Whether changes are written to that storage too. Else a record is when it is first loaded, and as it was last when the
   * connection ends, the page is left, or it is discarded.
   * @defaultValue false
   */
  saveUpdatesOffline: boolean;

  /**
   * A storage of the application's own, in place of `storageName`. It is waited for up to a second while there is a connection.
   * @defaultValue undefined
   */
  storage?: RecordOfflineStore;

  /**
   * Which storage of the browser to use: `'indexdb'` (IndexedDB) or `'localstorage'`, of a few megabytes and not in workers.
   * Records of other servers in the same storage are left alone; servers are told apart by `outbox.key`, or else the
   * (first) URL.
   * @defaultValue 'indexdb'
   */
  storageName: string;

  /**
   * The key under which the names of records with unsent changes are stored in `@deepstream/client`. *No effect*.
   * @defaultValue '__ds__dirty_records'
   */
  dirtyStorageName: string;

  /**
   * The beginnings of the names of records that are not stored.
   * @defaultValue []
   */
  ignorePrefixes: string[];

  /**
   * How IndexedDB is used; see {@link IndexdbOptions}.
   * @example
   * new DeepstreamClient(url, { offlineEnabled: true, indexdb: { objectStoreNames: ['users'], autoVersion: true } });
   */
  indexdb: IndexdbOptions;

  /** How localStorage is used. */
  localstorage: LocalstorageOptions;
}

/** How IndexedDB is used to keep records. */
export interface IndexdbOptions {
  /**
   * Whether the version of the database is counted up by itself when object stores are missing. Then `dbVersion` does not count.
   * @defaultValue false
   */
  autoVersion?: boolean;
  /**
   * The version of the database, a whole number from 1; to be counted up when `objectStoreNames` has got more. A database
   * that has a higher one is used as it is.
   * @defaultValue 1
   */
  dbVersion?: number;
  /**
   * The key path of the object stores.
   * @defaultValue 'id'
   */
  primaryKey?: string;
  /**
   * The name of the database.
   * @defaultValue 'deepstream'
   */
  storageDatabaseName?: string;
  /**
   * The object store of records that have none of their own.
   * @defaultValue 'records'
   */
  defaultObjectStoreName?: string;
  /**
   * Further object stores: with `'users'` the record `users/ada` is kept in `users`.
   * @defaultValue []
   */
  objectStoreNames?: string[];
  /** Like the option `ignorePrefixes`. */
  ignorePrefixes?: string[];
  /**
   * The time for which what is to be kept is collected, in milliseconds, whatever the storage is. What is read is read at once.
   * @defaultValue 50
   */
  flushTimeout?: number;
}

/** How localStorage is used to keep records. */
export interface LocalstorageOptions {
  /** Like the option `ignorePrefixes`. */
  ignorePrefixes?: string[];
  /**
   * Where an implementation for Node.js keeps its files, in `@deepstream/client`. *No effect*.
   * @defaultValue './local-storage'
   */
  nodeStoragePath?: string;
  /**
   * How much that may hold, in megabytes. *No effect*.
   * @defaultValue 5
   */
  nodeStorageSize?: number;
}

/** How the client keeps what it was entrusted with until the server has it. */
export interface OutboxOptions {
  /**
   * Where it is kept: `'localStorage'`, so that it survives the page, `'memory'`, or a storage of the application's. Where there
   * is no localStorage, as in workers and in Node, it is kept in memory.
   * @defaultValue 'localStorage'
   */
  storage?: 'localStorage' | 'memory' | OutboxStorage;
  /**
   * What tells the entries of this deployment from others in the same storage.
   * @defaultValue the (first) URL of the client, without user and query
   */
  key?: string;
  /**
   * Most entries that wait, from 1. They are not counted while the server takes them in.
   * @defaultValue 10000
   */
  maxEntries?: number;
  /**
   * Most bytes of names and payloads that wait, from 1.
   * @defaultValue 4194304
   */
  maxBytes?: number;
  /**
   * How long an entry is worth sending, in milliseconds, from 1 to 2147483647.
   * @defaultValue 86400000
   */
  ttl?: number;
  /**
   * What happens when the outbox is full: `'reject'` refuses what comes, `'drop-oldest'` drops what has waited longest. Either
   * is reported.
   * @defaultValue 'reject'
   */
  overflow?: 'reject' | 'drop-oldest';
}

/**
 * A storage for the outbox. Each method may return a promise. What one client writes all clients with the same storage must
 * be able to read.
 */
export interface OutboxStorage {
  /** The value of a key; `null` or `undefined` if there is none. */
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  /** Sets a value; throws, or rejects, if that cannot be. */
  setItem(key: string, value: string): unknown;
  /** Removes a value. */
  removeItem(key: string): unknown;
  /** All keys there are. */
  keys(): Iterable<string> | Promise<Iterable<string>>;
}

/** Options as they are when nothing was said. */
export type OptionDefaults = Readonly<
  Options & {
    /** How IndexedDB is used. */
    indexdb: Required<Omit<IndexdbOptions, 'ignorePrefixes'>>;
    /** How localStorage is used. */
    localstorage: Required<Omit<LocalstorageOptions, 'ignorePrefixes'>>;
  }
>;

/**
 * The values of all options that a client is not told otherwise. To be read: changing them changes no client.
 *
 * @example
 * new DeepstreamClient(url, { maxReconnectInterval: 2 * Options.maxReconnectInterval });
 */
export const Options: OptionDefaults = Object.freeze<OptionDefaults>({
  heartbeatInterval: 30000,
  heartbeatFailure: 'reconnect',
  reconnectIntervalIncrement: 4000,
  maxReconnectInterval: 30000,
  maxReconnectAttempts: Infinity,
  reconnectBackoff: 'linear',
  reconnectJitter: 0.5,
  connectTimeout: 10000,
  subscriptionTimeout: 2000,
  subscriptionInterval: 100,
  rpcAcceptTimeout: Infinity,
  rpcResponseTimeout: 300000,
  path: '/deepstream',
  lazyConnect: false,
  lostConnectionTimeout: 5000,
  stopCodes: [1008, 4003],
  resubscribe: 'auto',
  outbox: {
    storage: 'localStorage',
    maxEntries: 10000,
    maxBytes: 4194304,
    ttl: 86400000,
    overflow: 'reject',
  },
  deduplicationWindow: 8192,
  presenceCatchUp: true,
  nativeTimerRegistry: true,
  intervalTimerResolution: 50,
  offlineBufferTimeout: 2000,
  debug: false,
  mergeStrategy: REMOTE_WINS,
  recordReadAckTimeout: 15000,
  recordReadTimeout: 15000,
  recordDeleteTimeout: 15000,
  recordDiscardTimeout: 5000,
  recordDeepCopy: true,
  recordReadOnlyMode: false,
  recordPrefixWriteWhitelist: [],
  initialRecordVersion: 1,
  offlineEnabled: false,
  saveUpdatesOffline: false,
  storageName: 'indexdb',
  dirtyStorageName: '__ds__dirty_records',
  ignorePrefixes: [],
  indexdb: {
    autoVersion: false,
    dbVersion: 1,
    primaryKey: 'id',
    storageDatabaseName: 'deepstream',
    defaultObjectStoreName: 'records',
    objectStoreNames: [],
    flushTimeout: 50,
  },
  localstorage: {
    nodeStoragePath: './local-storage',
    nodeStorageSize: 5,
  },
});
