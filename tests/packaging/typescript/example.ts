// What an application writes in strict TypeScript. Compiled, never run.
import {
  C,
  DeepstreamClient,
  DeepstreamError,
  DefaultOptions,
  MERGE_STRATEGIES,
  Options,
  dsClient,
  threeWay,
  type AuthenticationCallback,
  type ClientEvents,
  type EventHandler,
  type IndividualQueryResult,
  type List,
  type PresenceCallback,
  type PresenceHandler,
  type QueryResult,
  type Record as DeepstreamRecord,
  type RPCHandler,
  type RPCMakeCallback,
  type RPCMakeOptions,
  type RPCProvider,
  type RPCResponse,
  type ListenCallback,
  type ListenResponse,
  type Subscription,
  type OutboxEntry,
  type OutboxStorage,
  type SetDataOptions,
  type RecordOfflineStore,
} from 'deepstream-wasm';

/** Passes only if both types are the same: `any` is the same as nothing but itself. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function expectType<Expected>() {
  return function <Given>(_value: Given, _same: Same<Given, Expected>): void {};
}

interface Quote {
  readonly symbol: string;
  price: number;
  history?: number[];
}

interface Credentials {
  username: string;
  token?: string;
}

/** A storage of an application's own, which answers later. */
class LaterStorage implements OutboxStorage {
  readonly #values = new Map<string, string>();

  async getItem(key: string): Promise<string | undefined> {
    return this.#values.get(key);
  }

  setItem(key: string, value: string): void {
    this.#values.set(key, value);
  }

  async removeItem(key: string): Promise<void> {
    this.#values.delete(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }
}

export const made: DeepstreamClient[] = [
  new DeepstreamClient('localhost:6020'),
  new DeepstreamClient('wss://example.com/deepstream', {}),
  new DeepstreamClient('//example.com', {
    heartbeatInterval: 2 * Options.heartbeatInterval,
    heartbeatFailure: 'stop',
    maxReconnectAttempts: Infinity,
    reconnectBackoff: 'exponential',
    reconnectJitter: 0,
    connectTimeout: DefaultOptions.connectTimeout,
  }),
  new DeepstreamClient('localhost', { ...Options, path: '/elsewhere' }),
  new DeepstreamClient('localhost', { outbox: { storage: 'memory', overflow: 'drop-oldest', maxEntries: 100 } }),
  new DeepstreamClient('localhost', { outbox: { storage: new LaterStorage(), key: 'shop' } }),
];

export async function logIn(client: DeepstreamClient, credentials: Credentials): Promise<void> {
  expectType<C.JSONObject>()(await client.login(), true);
  expectType<C.JSONObject>()(await client.login(credentials), true);
  expectType<{ roles: string[] }>()(await client.login<{ roles: string[] }>(credentials), true);

  const callback: AuthenticationCallback = (success, clientData) => {
    expectType<boolean>()(success, true);
    expectType<C.JSONObject | null>()(clientData, true);
  };
  expectType<void>()(client.login(callback), true);
  expectType<void>()(client.login(credentials, callback), true);
}

export async function pauseAndResume(client: DeepstreamClient, whenBack?: () => void): Promise<void> {
  client.pause();
  expectType<void>()(await client.resume(), true);
  expectType<void>()(
    client.resume((error) => console.log(error?.code, error?.message)),
    true,
  );
  expectType<void | Promise<void>>()(client.resume(whenBack), true);
  client.close();
}

export function listen(client: DeepstreamClient, name: string): DeepstreamClient {
  const show: ClientEvents['connectionStateChanged'] = (state) => console.log(state);
  client.off('connectionStateChanged', show).off('connectionStateChanged').off();
  expectType<boolean>()(client.hasListeners('error'), true);
  expectType<string[]>()(client.eventNames(), true);
  return client
    .on('connectionStateChanged', show, client)
    .on(C.EVENT.CONNECTION_STATE_CHANGED, (state) => expectType<C.CONNECTION_STATE>()(state, true))
    .once('connectionStateChanged', (state) => expectType<C.CONNECTION_STATE>()(state, true))
    .on('error', (error, event, topic) => {
      expectType<DeepstreamError>()(error, true);
      expectType<string>()(event, true);
      expectType<string>()(topic, true);
    })
    .on('clientDataChanged', (clientData: { roles: string[] }) => console.log(clientData.roles))
    .on('reauthenticationFailure', ({ reason }) => console.log(reason))
    .on(C.EVENT.MAX_RECONNECTION_ATTEMPTS_REACHED, (attempts) => expectType<number>()(attempts, true))
    .on(name, (...parameters: unknown[]) => console.log(name, parameters));
}

export function exchangeEvents(client: DeepstreamClient): void {
  const events: EventHandler = client.event;

  events.subscribe('anything', (data) => expectType<C.JSONValue>()(data, true));
  events.subscribe<Quote>('quotes/ACME', (quote) => expectType<Quote>()(quote, true));
  const show = (quote: Quote): void => console.log(quote.price);
  events.subscribe('quotes/ACME', show);
  events.unsubscribe('quotes/ACME', show);
  events.unsubscribe('quotes/ACME');
  expectType<string[]>()(events.eventNames(), true);

  const quote: Quote = { symbol: 'ACME', price: 12.5 };
  events.emit('quotes/ACME', quote);
  events.emit<Quote>('quotes/ACME', quote);
  events.emit('nothing');
  events.emit('nothing', undefined);
  events.emit('nothing', null);
  events.emit('number', 1);
  events.emit('date', new Date());
  events.emit('nested', { list: [1, 'two', { three: [true, null] }], absent: undefined, tuple: [1, 'a'] as const });
  const json: C.JSONValue = ['a', { b: null }];
  events.emit('json', json);
}

export function shareOneClient(scope: object): DeepstreamClient {
  dsClient(['wss://one.example', 'wss://two.example'], { lazyConnect: true });
  const client = dsClient();
  client.on('error', (error) => console.log(error.subject, error.action), scope).emit('anything', 1, 'two');
  client.removeContext(scope);
  client.record.getRecord('note').emit('anything').removeContext(scope);
  return client;
}

export async function seeWhoIsHere(client: DeepstreamClient, friends: string[]): Promise<void> {
  const presence: PresenceHandler = client.presence;

  expectType<QueryResult>()(await presence.getAll(), true);
  expectType<IndividualQueryResult>()(await presence.getAll(friends), true);
  expectType<{ ann: boolean; bob: boolean }>()(await presence.getAll(['ann', 'bob']), true);
  presence.getAll((error: string | null, users) => {
    console.log(error === C.EVENT.CLIENT_OFFLINE);
    expectType<string[] | undefined>()(users, true);
  });
  expectType<void>()(
    presence.getAll(friends, (error, users) => expectType<boolean | undefined>()(users?.['ann'], true)),
    true,
  );

  const show: PresenceCallback = (user, online) => console.log(user, online);
  const { signal } = new AbortController();
  presence.subscribe(show);
  presence.subscribe(show, { signal });
  presence.subscribe('ann', show);
  presence.subscribe('ann', (user, online) => expectType<boolean>()(online, true), { signal });
  presence.subscribe('ann', show).unsubscribe();
  presence.unsubscribe('ann', show);
  presence.unsubscribe('ann');
  presence.unsubscribe(show);
  presence.unsubscribe();
}

export async function callEachOther(client: DeepstreamClient, signal: AbortSignal): Promise<void> {
  const rpc: RPCHandler = client.rpc;

  rpc.provide('add', ({ a, b }: { a: number; b: number }) => a + b);
  rpc.provide('quote', async (symbol: string): Promise<Quote> => ({ symbol, price: 12.5 }));
  rpc.provide<string, Quote>('later', (symbol, response, requestor) => {
    expectType<string>()(symbol, true);
    expectType<RPCResponse<Quote>>()(response, true);
    expectType<string | undefined>()(requestor.requestorName, true);
    response.autoAccept = false;
    response.accept();
    setTimeout(() => response.send({ symbol, price: 1 }), 10);
  });
  const busy: RPCProvider = (_, response) => response.reject();
  rpc.provide('busy', busy);
  rpc.provide('failing', (_data, response) => response.error({ why: 'tired' }));
  rpc.unprovide('busy');
  expectType<string[]>()(rpc.providerNames(), true);

  const sum = await rpc.make<number>('add', { a: 1, b: 2 });
  expectType<number>()(sum, true);
  expectType<Promise<any>>()(rpc.make('add', { a: 1, b: 2 }), true);
  const patient: RPCMakeOptions = { timeout: 5_000, signal, idempotent: true };
  expectType<Quote>()(await rpc.make<Quote>('quote', 'ACME', patient), true);
  await rpc.make('quote', undefined, { timeout: Infinity, signal: null });
  await rpc.make('nothing');
  const told: RPCMakeCallback<number> = (error, result) => {
    expectType<number | undefined>()(result, true);
    console.log(error);
  };
  expectType<void>()(rpc.make('add', { a: 1, b: 2 }, told), true);
  rpc.make('add', [1, 2], (error, result) => console.log(error ?? result));
}

export function provideEvents(events: EventHandler): void {
  events.listen('^quotes/', (name, response) => {
    expectType<string>()(name, true);
    expectType<ListenResponse>()(response, true);
    response.onStop((stopped) => expectType<string>()(stopped, true));
    response.accept();
  });
  const decline: ListenCallback = (_name, { reject }) => reject();
  events.listen('^secret/', decline);
  expectType<void>()(events.unlisten('^secret/'), true);
}

export async function readEvents(events: EventHandler, signal: AbortSignal, maybe?: AbortSignal): Promise<number> {
  for await (const data of events.stream('anything')) expectType<C.JSONValue>()(data, true);
  const stream = events.stream<Quote>('quotes/ACME', { signal, maxBuffered: 10 });
  for await (const quote of stream) expectType<Quote>()(quote, true);
  const { done, value } = await stream.next();
  expectType<Quote | undefined>()(value, true);

  const subscription: Subscription = events.subscribe('quotes/ACME', (quote: Quote) => console.log(quote.price), {
    signal,
  });
  subscription.unsubscribe();
  events.subscribe('anything', console.log, { signal: maybe });
  return done ? stream.dropped : 0;
}

export async function useWithinABlock(): Promise<void> {
  await using client = new DeepstreamClient('localhost:6020');
  using subscription = client.event.subscribe('news', console.log);
  await using stream = client.event.stream('news');
  console.log(subscription, stream.dropped);
}

export async function keepEvents(client: DeepstreamClient): Promise<void> {
  const quote: Quote = { symbol: 'ACME', price: 12.5 };
  expectType<void>()(client.event.emit('quotes', quote, { delivery: 'drop' }), true);
  expectType<void>()(client.event.emit('quotes', undefined, { delivery: 'memory', ttl: 1000, key: 'a', receipt: false }), true);
  expectType<'delivered'>()(await client.event.emit('quotes', quote, { receipt: true }), true);

  const { outbox } = client;
  expectType<number>()(outbox.size + outbox.bytes, true);
  expectType<number | null>()(outbox.oldest, true);
  expectType<OutboxEntry[]>()(outbox.entries(), true);
  for (const { name, createdAt, data } of outbox.entries<Quote>({ payloads: true })) console.log(name, createdAt, data.price);
  expectType<void>()(await outbox.flush(), true);
  outbox.clear();
  const show = (): void => console.log(outbox.size);
  outbox.on('changed', show);
  outbox.once('sent', (entries) => expectType<OutboxEntry[]>()(entries, true));
  outbox.on('dropped', (entries, reason) => console.log(reason === 'expired', entries[0]?.data));
  outbox.on('degraded', ({ reason }) => expectType<string>()(reason, true));
  outbox.off('changed', show);
  outbox.off('dropped');
  client.on('storageDegraded', ({ reason }) => expectType<string>()(reason, true));
}

interface Note {
  title: string;
  items: { name: string; count?: number }[];
  author?: { email: string };
}

export async function writeRecords(client: DeepstreamClient): Promise<void> {
  client.record.setMergeStrategy('note', MERGE_STRATEGIES.THREE_WAY);
  client.record.setMergeStrategyRegExp(/^notes\//, threeWay({ prefer: 'local' }));
  using note = client.record.getRecord<Note>('note');
  expectType<DeepstreamRecord<Note>>()(await note.whenReady(), true);
  expectType<Note>()(note.get(), true);
  expectType<string | undefined>()(note.get('title'), true);
  expectType<string | undefined>()(note.get('items[0].name'), true);
  expectType<number | undefined>()(note.get('items[0].count'), true);
  expectType<string | undefined>()(note.get('author.email'), true);
  note.set({ title: 'Shopping', items: [] });
  note.set('items[0]', { name: 'bread' }, (error, name) => console.log(error, name));
  note.set('author', undefined);
  note.setMulti({ title: 'Shopping', 'items[1].name': 'milk', author: undefined });
  expectType<void>()(await note.setWithAck('title', 'Shopping'), true);
  const subscription = note.subscribe('title', (title) => expectType<string>()(title, true), { triggerNow: true });
  subscription.unsubscribe();
  note.subscribe((data) => expectType<Note>()(data, true), true);
  note.on('conflict', ({ localValue, remoteValue }) => console.log(localValue?.title, remoteValue?.title));
  note.on('onRecordStateChanged', (state) => console.log(state === 'READY'));
  note.on('error', (code, error) => console.log(code === error.code));
  const untyped = client.record.getRecord('anything');
  untyped.set('a.b[2].c', { any: 'thing' });
  const list: List = client.record.getList('notes').on('entry-added', (entry, index) => console.log(entry, index));
  expectType<string[]>()(list.getEntries(), true);
  expectType<boolean>()(note.isFromStorage && list.isFromStorage, true);
  const selected = client.record.getAnonymousRecord<Note>();
  expectType<boolean>()(selected.isFromStorage || client.record.getDq('queue').isFromStorage, true);
  selected.on('nameChanged', (name) => expectType<string>()(name, true));
  expectType<string | undefined>()((await selected.setName('note')).get('title'), true);
  expectType<Note>()(await client.record.snapshot<Note>('note'), true);
  expectType<boolean>()(await client.record.has('note'), true);
  expectType<void>()(await client.record.delete('note'), true);
  const delivery: SetDataOptions = { delivery: 'memory', ttl: 60_000 };
  client.record.setData('note', { title: 'Shopping', items: [] }, undefined, delivery);
  client.record.setData('cursors', 'ada.x', 3, (error) => console.log(error), { delivery: 'drop' });
  // @ts-expect-error: a key is for events
  client.record.setData('cursors', 'ada.x', 3, undefined, { key: 'a' });
  await client.record.setDataWithAck('cursors', 'ada.x', undefined, undefined, delivery);
  client.on('recordConflict', ({ name, localValue, remoteValue }) => console.log(name, localValue, remoteValue));
  const waiting = client.outbox.entries().filter(({ kind }) => kind === 'record');
  expectType<OutboxEntry[]>()(waiting, true);
}

export async function keepRecords(storage: RecordOfflineStore): Promise<void> {
  const indexdb = { objectStoreNames: ['users'], autoVersion: true, ignorePrefixes: ['secret/'] };
  using client = new DeepstreamClient('localhost:6020', { offlineEnabled: true, indexdb });
  using other = new DeepstreamClient('localhost:6020', { offlineEnabled: true, storage, ignorePrefixes: ['secret/'] });
  client.record.saveToOfflineStorage();
  expectType<void>()(await client.record.clearOfflineStorage(), true);
  expectType<void>()(
    other.record.clearOfflineStorage((error) => expectType<string | null>()(error, true)),
    true,
  );
  expectType<number>()(DefaultOptions.indexdb.flushTimeout, true);
}

export function handle(error: unknown): string | undefined {
  if (!(error instanceof DeepstreamError)) return undefined;
  expectType<string>()(error.code, true);
  expectType<'DeepstreamError'>()(error.name, true);
  expectType<unknown>()(error.cause, true);
  expectType<'expired' | 'dropped' | 'denied' | 'kept' | undefined>()(error.outcome, true);
  expectType<'client' | 'server' | 'page' | undefined>()(error.lost?.by, true);
  expectType<unknown>()(error.lost?.found?.data, true);
  expectType<string[] | undefined>()(error.names, true);
  return error.topic ?? error.message;
}

export const isOpen = (client: DeepstreamClient): boolean => client.getConnectionState() === C.CONNECTION_STATE.OPEN;
export const identifier: string = made[0]!.getUid();

// Members of the enums are types too, and numbers lead back to names.
const topic: C.TOPIC.EVENT = C.TOPIC.EVENT;
export const message: C.EventMessage = { topic, action: C.EVENT_ACTION.EMIT, name: 'news' };
export const topicName: string = C.TOPIC[topic];

export class NamedClient extends DeepstreamClient {
  constructor(readonly name: string) {
    super('localhost:6020');
  }
}
export const chained: NamedClient = new NamedClient('first').on('error', (error) => console.log(error.message));
