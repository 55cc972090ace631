/**
 * Hooks for React 18 and 19. They work with clients of any entry of this package, and import none of it.
 *
 * @example
 * import { DeepstreamClient } from 'deepstream-wasm';
 * import { DeepstreamProvider, useConnection, useRecord } from 'deepstream-wasm/react';
 *
 * function Title() {
 *   const { state } = useConnection();
 *   const [title = '', setTitle] = useRecord<Note, 'title'>('note', 'title');
 *   return <input value={title} onChange={(event) => setTitle(event.target.value)} data-state={state} />;
 * }
 *
 * const connect = () => {
 *   const client = new DeepstreamClient('localhost:6020');
 *   client.login().catch(show);
 *   return client;
 * };
 * root.render(<DeepstreamProvider client={connect}><Title /></DeepstreamProvider>);
 *
 * @module deepstream-wasm/react
 */
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from 'react';
import type { ConnectionSnapshot, DeepstreamClient } from './client.js';
import type { CONNECTION_STATE, EventData } from './constants.js';
import type { DeepstreamError } from './error.js';
import type { List } from './list.js';
import type { OutboxEntry } from './outbox.js';
import type { IndividualQueryResult } from './presence.js';
import type { PathIn, Record, ValueAt } from './record.js';
import type { RPCMakeOptions } from './rpc.js';
import type { ClientSchema, DataAndOptions, DataOf, NameIn, ResultOf } from './schema.js';

/**
 * The schema that the hooks go by, declared once for all of the application. Without it any name will do, and its types
 * are taken at your word.
 *
 * @example
 * declare module 'deepstream-wasm/react' {
 *   interface Register {
 *     schema: Schema; // that of `new DeepstreamClient<Schema>(…)`
 *   }
 * }
 */
export interface Register {}

/** The schema of {@link Register}; none if it has none, and `never` if that is no {@link ClientSchema}. */
export type RegisteredSchema = Register extends { schema: infer Schema }
  ? Schema extends ClientSchema
    ? Schema
    : never
  : {};

/** What `DeepstreamProvider` takes. */
export interface DeepstreamProviderProps {
  /**
   * A client, which stays yours to close; or a function that makes one. That is called when the provider is mounted, so
   * never while a page is prerendered, and its client is closed when the provider is unmounted. Under StrictMode, which
   * mounts twice, the first client is closed before it has dialled. Another function later changes nothing: give the
   * provider another `key`.
   */
  client: DeepstreamClient<RegisteredSchema> | (() => DeepstreamClient<RegisteredSchema>);
  /** Who may use the client. */
  children?: ReactNode;
}

/** What a hook gives of a record beside its value and the setter. */
export interface RecordStatus<Data = any> {
  /** Whether it was loaded. */
  readonly isReady: boolean;
  /** The last error of the record: it may not be read, or a write was refused. */
  readonly error: DeepstreamError | null;
  /**
   * The record, for all else that it can do; `null` before it is opened. It is discarded when the component is
   * unmounted.
   */
  readonly record: Record<Data> | null;
}

/**
 * Writes a value, or what a function makes of the one of now. It is seen at once; the server gets it as `record.set`
 * says.
 */
export type SetValue<Value> = (value: Value | ((before: Value | undefined) => Value)) => void;

/** A list, and what changes it. */
export interface ListState {
  /** The entries; none before it was loaded. */
  readonly entries: readonly string[];
  /** Whether it was loaded. */
  readonly isReady: boolean;
  /** The last error of the list. */
  readonly error: DeepstreamError | null;
  /** The list, for all else that it can do; `null` before it is opened. */
  readonly list: List | null;
  /** Adds an entry, at the end unless there is an index. */
  readonly addEntry: (entry: string, index?: number) => void;
  /** Removes an entry, wherever it is, or from this index alone. */
  readonly removeEntry: (entry: string, index?: number) => void;
  /** Replaces all entries. */
  readonly setEntries: (entries: readonly string[]) => void;
}

/** Calls, and how the last one went. */
export interface RpcState<
  Result = any,
  Data = any,
  Parameters extends unknown[] = [data?: Data, options?: RPCMakeOptions],
> {
  /**
   * Makes a call; the function stays the same.
   * @returns The result. Rejected as that of `client.rpc.make`; need not be looked at, since `error` says the same.
   */
  readonly call: (...parameters: Parameters) => Promise<Result>;
  /** The result of the last call that had one. */
  readonly result: Result | undefined;
  /** Why the last call failed; `undefined` if it did not. */
  readonly error: DeepstreamError | undefined;
  /** Whether a call waits for its outcome. */
  readonly isPending: boolean;
}

/** What waits for the server. */
export interface OutboxState {
  /** How many entries there are. */
  readonly size: number;
  /** The bytes of their names and payloads. */
  readonly bytes: number;
  /** When the oldest was given, as `Date.now()` has it; `null` if there is none. */
  readonly oldest: number | null;
  /** The entries, made when they are read. Must not be changed. */
  readonly entries: readonly OutboxEntry[];
}

interface Holder {
  /** The client that the component was rendered with. */
  readonly client: DeepstreamClient | null;
  /** The client of now: another one, if the provider has made or closed one since. */
  readonly now: () => DeepstreamClient | null;
}

const Context = createContext<Holder | null>(null);

/** React complains about the other one on a server, where neither is called. */
const useMountEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/**
 * Gives a client to the components in it.
 * @example
 * <DeepstreamProvider client={() => new DeepstreamClient('localhost:6020')}>…</DeepstreamProvider>
 */
export function DeepstreamProvider({ client, children }: DeepstreamProviderProps): ReactElement {
  const [made, setMade] = useState<DeepstreamClient | null>(null);
  const latest = useRef<DeepstreamClient | null>(null);
  const isMaker = typeof client === 'function';
  useMountEffect(() => {
    if (typeof client !== 'function') return undefined;
    const mine = client();
    latest.current = mine;
    setMade(mine);
    return () => {
      latest.current = null;
      mine.close();
    };
    // A function counts when the provider is mounted.
  }, [isMaker]);
  const current = typeof client === 'function' ? made : client;
  const now = (): DeepstreamClient | null => (isMaker ? latest.current : current);
  const holder = useMemo<Holder>(() => ({ client: current, now }), [isMaker, current]);
  return createElement(Context.Provider, { value: holder }, children);
}

function useHolder(): Holder {
  const holder = useContext(Context);
  if (!holder) throw new Error('there is no <DeepstreamProvider> around this component');
  return holder;
}

function needed({ now }: Holder): DeepstreamClient {
  const client = now();
  if (!client) throw new Error('there is no client: <DeepstreamProvider> is not mounted yet, or no longer');
  return client;
}

/**
 * The client of the provider.
 * @returns `null` while a page is prerendered, and until the provider has made its client; never if it was given one.
 * @throws {Error} where there is no provider
 * @example
 * const client = useClient();
 * return <button onClick={() => client?.event.emit('news', { text })}>Send</button>;
 */
export function useClient(): DeepstreamClient<RegisteredSchema> | null {
  return useHolder().client;
}

/** Something outside of React: how to hear of its changes, and what it is now, the same object until it changes. */
interface Store<Value> {
  subscribe(notify: () => void): () => void;
  read(): Value;
}

function useStore<Value>({ client, now }: Holder, store: Store<Value> | null, before: Value): Value {
  const subscribe = useCallback(
    // Under StrictMode effects run once more, after the client has been closed and before there is another rendering.
    (notify: () => void) => (store && client && client === now() ? store.subscribe(notify) : () => {}),
    [store],
  );
  return useSyncExternalStore(subscribe, store ? store.read : () => before, () => before);
}

/** The same object, if nothing in it is different. */
function keep<Value extends object>(before: Value, after: Value): Value {
  const names = Object.keys(after) as (keyof Value)[];
  return names.every((name) => Object.is(before[name], after[name])) ? before : after;
}

const unconnected: ConnectionSnapshot = {
  state: 'CLOSED' as CONNECTION_STATE,
  reason: null,
  attempt: 0,
  nextAttemptAt: null,
  rtt: null,
  url: '',
  openedAt: null,
  wasReconnected: false,
  reconnectTries: 0,
};

/**
 * Where the connection stands: `client.connection`, and rendered again whenever something of it is different. CLOSED
 * while a page is prerendered.
 * @example
 * const { state, nextAttemptAt } = useConnection();
 */
export function useConnection(): ConnectionSnapshot {
  const holder = useHolder();
  const { client } = holder;
  const store = useMemo(
    () =>
      client && {
        subscribe(notify: () => void) {
          client.on('connectionChanged', notify);
          return () => void client.off('connectionChanged', notify);
        },
        read: () => client.connection,
      },
    [client],
  );
  return useStore(holder, store, unconnected);
}

/**
 * What stands for a name that is not known yet.
 * @inline
 */
type NoName = '' | null | undefined;

/** `useEvent` without a schema. */
export type EventHook = <Data = EventData>(name: string | NoName, callback: (data: Data) => void) => void;
/** `useEvent` for events that are declared. */
export type TypedEventHook<Events> = <Name extends NameIn<Events>>(
  name: Name | NoName,
  callback: (data: Events[Name]) => void,
) => void;
/** `useEvent` by a schema. */
export type EventHookOf<Schema> = Schema extends { events: infer Events } ? TypedEventHook<Events> : EventHook;

/**
 * Calls back for every event of this name while the component is mounted; always the callback of the last rendering.
 * Nothing is subscribed to without a name.
 * @example
 * useEvent<Message>('chat', (message) => setMessages((before) => [...before, message]));
 */
export const useEvent: EventHookOf<RegisteredSchema> = (name, callback) => {
  const { client, now } = useHolder();
  const latest = useRef(callback);
  useMountEffect(() => {
    latest.current = callback;
  });
  useEffect(() => {
    if (!name || !client || client !== now()) return undefined;
    const { unsubscribe } = client.event.subscribe<any>(name, (data) => latest.current(data));
    return unsubscribe;
  }, [client, name]);
};

const unopened: RecordStatus & { value: undefined } = { isReady: false, error: null, record: null, value: undefined };

class RecordStore implements Store<RecordStatus & { value: any }> {
  #record: Record | null = null;
  #error: DeepstreamError | null = null;
  #notify: (() => void) | null = null;
  #seen: RecordStatus & { value: any } = unopened;

  constructor(
    readonly holder: Holder,
    readonly name: string | null | undefined,
    readonly path: string | undefined,
  ) {}

  readonly subscribe = (notify: () => void): (() => void) => {
    this.#notify = notify;
    this.#open();
    return () => {
      this.#notify = null;
      this.#record?.discard();
      this.#record = null;
    };
  };

  readonly read = (): RecordStatus & { value: any } => {
    const record = this.#record;
    const isReady = record?.isReady ?? false;
    let value = record?.get(this.path as string) as unknown;
    // Before it is loaded a record is what was written to it here.
    if (!isReady && this.path === undefined && Object.keys(value ?? {}).length === 0) value = undefined;
    return (this.#seen = keep(this.#seen, { isReady, error: this.#error, record, value }));
  };

  readonly set: SetValue<any> = (given) => {
    const { name, path } = this;
    if (!name) throw new Error('there is no record to be written to: its name is empty');
    const value = typeof given === 'function' ? given(this.read().value) : given;
    if (this.#notify && !this.#record) this.#open();
    if (!this.#record) {
      const { record } = needed(this.holder);
      return path === undefined ? record.setData(name, value) : record.setData(name, path, value);
    }
    if (path === undefined) this.#record.set(value);
    else this.#record.set(path, value);
    // Within the event that wrote: a caret would jump otherwise.
    this.#notify?.();
    return undefined;
  };

  #open(): void {
    if (!this.name) return;
    const notify = (): void => this.#notify?.();
    const record = needed(this.holder).record.getRecord(this.name);
    this.#record = record;
    record.subscribe(...((this.path === undefined ? [notify] : [this.path, notify]) as [string, () => void]));
    record.on('ready', notify);
    record.on('error', (_code, error) => {
      this.#error = error;
      notify();
    });
    record.on('delete', () => {
      // Whoever writes next makes a new one.
      if (this.#record === record) this.#record = null;
      notify();
    });
  }
}

/**
 * What `useRecord` gives of a record.
 * @inline
 */
type RecordWhole<Data> = [value: Data | undefined, set: SetValue<Data>, status: RecordStatus<Data>];
/**
 * What `useRecord` gives of a path in a record.
 * @inline
 */
type RecordPart<Data, Path extends string> = [
  value: ValueAt<Data, Path> | undefined,
  set: SetValue<ValueAt<Data, Path> | undefined>,
  status: RecordStatus<Data>,
];

/** `useRecord` without a schema. */
export interface RecordHook {
  /** A whole record. */
  <Data = any>(name: string | NoName): RecordWhole<Data>;
  /** What is at a path. */
  <Data = any, Path extends string = string>(
    name: string | NoName,
    path: PathIn<Data, Path>,
  ): RecordPart<Data, Path>;
}
/** `useRecord` for records that are declared. */
export interface TypedRecordHook<Records> {
  /** A whole record. */
  <Name extends NameIn<Records>>(name: Name | NoName): RecordWhole<Records[Name]>;
  /** What is at a path. */
  <Name extends NameIn<Records>, Path extends string>(
    name: Name | NoName,
    path: PathIn<Records[Name], Path>,
  ): RecordPart<Records[Name], Path>;
}
/** `useRecord` by a schema. */
export type RecordHookOf<Schema> = Schema extends { records: infer Records } ? TypedRecordHook<Records> : RecordHook;

/**
 * A record, or what is at a path of it, and what writes there. It is open while the component is mounted; without a
 * name nothing is. With a path it is rendered again only when that is different.
 * @returns The value (`undefined` before the record is loaded, unless something was written, and where there is none),
 * the setter (`undefined` erases at a path), and a status.
 * @example
 * const [note, setNote, { isReady }] = useRecord<Note>('note');
 * @example
 * const [title = '', setTitle] = useRecord<Note, 'title'>('note', 'title');
 * return <input value={title} onChange={(event) => setTitle(event.target.value)} />;
 */
export const useRecord: RecordHookOf<RegisteredSchema> = (
  name: string | NoName,
  path?: string,
): [any, SetValue<any>, RecordStatus] => {
  const holder = useHolder();
  const store = useMemo(() => new RecordStore(holder, name, path), [holder, name, path]);
  const status = useStore(holder, store, unopened);
  return [status.value, store.set, status];
};

const noEntries: readonly string[] = [];

class ListStore implements Store<ListState> {
  #list: List | null = null;
  #error: DeepstreamError | null = null;
  #notify: (() => void) | null = null;
  #seen: ListState;
  readonly unopened: ListState;

  constructor(
    readonly holder: Holder,
    readonly name: string | null | undefined,
  ) {
    // One that is not mounted any more still writes, and lets go of the list at once.
    const change = (write: (list: List) => void): void => {
      if (!name) throw new Error('there is no list to be written to: its name is empty');
      const list = this.#list ?? needed(holder).record.getList(name);
      write(list);
      if (list !== this.#list) list.discard();
      this.#notify?.();
    };
    this.unopened = this.#seen = {
      entries: noEntries,
      isReady: false,
      error: null,
      list: null,
      addEntry: (entry, index) => change((list) => list.addEntry(entry, index)),
      removeEntry: (entry, index) => change((list) => list.removeEntry(entry, index)),
      setEntries: (entries) => change((list) => list.setEntries(entries)),
    };
  }

  readonly subscribe = (notify: () => void): (() => void) => {
    if (!this.name) return () => {};
    this.#notify = notify;
    const list = needed(this.holder).record.getList(this.name);
    this.#list = list;
    list.subscribe(notify);
    list.on('ready', notify).on('delete', notify);
    list.on('error', (_code, error) => {
      this.#error = error;
      notify();
    });
    return () => {
      this.#notify = this.#list = null;
      list.discard();
    };
  };

  readonly read = (): ListState => {
    const list = this.#list;
    const entries = list?.getEntries() ?? noEntries;
    const isReady = list?.isReady ?? false;
    return (this.#seen = keep(this.#seen, { ...this.unopened, entries, isReady, error: this.#error, list }));
  };
}

/**
 * A list, and what changes it. It is open while the component is mounted.
 * @param name Nothing is opened without one.
 * @example
 * const { entries, addEntry, removeEntry } = useList('books');
 */
export function useList(name: string | null | undefined): ListState {
  const holder = useHolder();
  const store = useMemo(() => new ListStore(holder, name), [holder, name]);
  return useStore(holder, store, store.unopened);
}

const idle = { result: undefined, error: undefined, isPending: false };

/** `useRpc` without a schema. */
export type RpcHook = <Result = any, Data = any>(name: string) => RpcState<Result, Data>;
/** `useRpc` for procedures that are declared. */
export type TypedRpcHook<Rpcs> = <Name extends NameIn<Rpcs>>(
  name: Name,
) => RpcState<
  ResultOf<Rpcs[Name]>,
  DataOf<Rpcs[Name]>,
  DataAndOptions<DataOf<Rpcs[Name]>, RPCMakeOptions>
>;
/** `useRpc` by a schema. */
export type RpcHookOf<Schema> = Schema extends { rpcs: infer Rpcs } ? TypedRpcHook<Rpcs> : RpcHook;

/**
 * Calls a remote procedure, and shows how that goes. Of several calls at a time the last one counts.
 * @example
 * const { call, result, error, isPending } = useRpc<number, { a: number; b: number }>('add');
 * const add = () => call({ a: 1, b: 2 });
 * return <button disabled={isPending} onClick={add}>{error?.message ?? result ?? 'Add'}</button>;
 */
export const useRpc: RpcHookOf<RegisteredSchema> = (name) => {
  const holder = useHolder();
  const [state, setState] = useState<Omit<RpcState, 'call'>>(idle);
  const last = useRef<Promise<unknown> | null>(null);
  const call = useCallback(
    (data?: any, options?: RPCMakeOptions) => {
      const made = needed(holder).rpc.make(name, data, options);
      last.current = made;
      setState(({ result, error }) => ({ result, error, isPending: true }));
      const settle = (outcome: { result: unknown } | { error: DeepstreamError }): void => {
        if (last.current === made)
          setState(({ result }) => ({ result, error: undefined, isPending: false, ...outcome }));
      };
      made.then(
        (result) => settle({ result }),
        (error) => settle({ error }),
      );
      return made;
    },
    [holder, name],
  );
  return useMemo(() => ({ ...state, call }), [state, call]);
};

class PresenceStore implements Store<any> {
  #online = new Set<string>();
  #seen: readonly string[] | IndividualQueryResult;

  constructor(
    readonly client: DeepstreamClient,
    readonly users: readonly string[] | undefined,
    readonly before: readonly string[] | IndividualQueryResult,
  ) {
    this.#seen = before;
  }

  readonly subscribe = (notify: () => void): (() => void) => {
    const { client, users } = this;
    const { presence } = client;
    const ended = new AbortController();
    const { signal } = ended;
    const tell = (): void => {
      const isOnline = (user: string): [string, boolean] => [user, this.#online.has(user)];
      this.#seen = users ? Object.fromEntries(users.map(isOnline)) : [...this.#online].sort();
      notify();
    };
    const onChanged = (user: string, online: boolean): void => {
      if (online) this.#online.add(user);
      else this.#online.delete(user);
      tell();
    };
    if (users) for (const user of users) presence.subscribe(user, onChanged, { signal });
    else presence.subscribe(onChanged, { signal });
    const onAnswer = (error: unknown, answer?: readonly string[] | IndividualQueryResult): void => {
      // Who may not ask has asked in vain; the server tells changes all the same.
      if (signal.aborted || error || !answer) return;
      const names = Array.isArray(answer) ? answer : Object.entries(answer).flatMap(([user, is]) => (is ? [user] : []));
      this.#online = new Set(names);
      tell();
    };
    // Called back, because a promise would come after the changes that follow the answer.
    const ask = (state: string): void => {
      if (state !== 'OPEN') return;
      if (users) presence.getAll(users, onAnswer);
      else presence.getAll(onAnswer);
    };
    client.on('connectionStateChanged', ask, undefined, { signal });
    ask(client.getConnectionState());
    return () => ended.abort();
  };

  readonly read = (): any => this.#seen;
}

/**
 * Who is logged in, without this client's own user, in alphabetical order. Without a connection it is who was there
 * last.
 * @example
 * const users = usePresence(); // ['bob', 'cat']
 */
export function usePresence(): readonly string[];
/**
 * Which of these users are logged in.
 * @example
 * const { bob } = usePresence(['bob', 'cat']); // true
 */
export function usePresence<const User extends string>(users: readonly User[]): IndividualQueryResult<User>;
export function usePresence(users?: readonly string[]): readonly string[] | IndividualQueryResult {
  const holder = useHolder();
  const { client } = holder;
  const key = users && JSON.stringify(users);
  const [wanted, before] = useMemo(
    () => [users, users ? Object.fromEntries(users.map((user) => [user, false])) : noEntries] as const,
    [key],
  );
  const store = useMemo(() => client && new PresenceStore(client, wanted, before), [client, wanted]);
  return useStore<readonly string[] | IndividualQueryResult>(holder, store, before);
}

const emptyOutbox: OutboxState = { size: 0, bytes: 0, oldest: null, entries: [] };

/**
 * What waits for the server; rendered again whenever an entry has come or gone.
 * @example
 * const { size } = useOutbox();
 * return size > 0 && <p>{size} changes wait</p>;
 */
export function useOutbox(): OutboxState {
  const holder = useHolder();
  const { client } = holder;
  const store = useMemo(() => {
    if (!client) return null;
    const { outbox } = client;
    let seen: OutboxState | undefined;
    return {
      subscribe(notify: () => void) {
        // Something may have changed before anybody listened.
        seen = undefined;
        const { unsubscribe } = outbox.on('changed', () => {
          seen = undefined;
          notify();
        });
        return unsubscribe;
      },
      read(): OutboxState {
        const { size, bytes, oldest } = outbox;
        // Made when somebody wants them, since there may be thousands.
        return (seen ??= {
          size,
          bytes,
          oldest,
          get entries() {
            return outbox.entries();
          },
        });
      },
    };
  }, [client]);
  return useStore(holder, store, emptyOutbox);
}
