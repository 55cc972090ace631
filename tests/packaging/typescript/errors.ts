// What must not compile: the compiler complains about every expectation here that no error meets.
import { C, DeepstreamClient, Options, type EventHandler, type RPCHandler } from 'deepstream-wasm';

declare const client: DeepstreamClient;
interface Quote {
  price: number;
}

// @ts-expect-error: the URL is missing
new DeepstreamClient();
// @ts-expect-error: not a URL
new DeepstreamClient(6020);
// @ts-expect-error: made with `new`
DeepstreamClient('localhost:6020');
// @ts-expect-error: a misspelled option
new DeepstreamClient('localhost:6020', { heartBeatInterval: 1000 });
// @ts-expect-error: an option of the wrong type
new DeepstreamClient('localhost:6020', { heartbeatInterval: '1000' });
// @ts-expect-error: an option with a value there is not
new DeepstreamClient('localhost:6020', { reconnectBackoff: 'quadratic' });
// @ts-expect-error: the defaults are read only
Options.heartbeatInterval = 1000;

// @ts-expect-error: not details
client.login('token');
// @ts-expect-error: a callback that takes something else
client.login({}, (success: string) => success);
// @ts-expect-error: with a callback there is no promise
client.login(() => {}).then();
// @ts-expect-error: with a callback there is no promise
client.resume(() => {}).then();
// @ts-expect-error: nothing to pass
client.close(true);

// @ts-expect-error: a misspelled event
client.on('conectionStateChanged', () => {});
// @ts-expect-error: a misspelled event
client.once('errors', () => {});
// @ts-expect-error: a state is not a number
client.on('connectionStateChanged', (state: number) => state);
// @ts-expect-error: not a function
client.on('error', 'error');
// @ts-expect-error: there is no such state
client.getConnectionState() === 'CONNECTED';
// @ts-expect-error: the state is the server's business and the client's
client.getConnectionState() = C.CONNECTION_STATE.OPEN;

// @ts-expect-error: the callback is missing
client.event.subscribe('news');
// @ts-expect-error: not a signal
client.event.subscribe('news', () => {}, { signal: 'stop' });
// @ts-expect-error: a misspelled option
client.event.stream('news', { maxbuffered: 1 });
// @ts-expect-error: the callback is missing
client.event.listen('^news/');
// @ts-expect-error: there is no such answer
client.event.listen('^news/', (_name, response) => response.refuse());
// @ts-expect-error: a pattern is text
client.event.unlisten(/^news/);
// @ts-expect-error: not a name
client.event.subscribe(1, () => {});
// @ts-expect-error: the callback takes something else
client.event.subscribe<Quote>('quotes', (quote: string) => quote);
// @ts-expect-error: JSON may be something else
client.event.subscribe('quotes', (data) => data.price);
// @ts-expect-error: not a callback
client.event.unsubscribe('news', 'news');
// @ts-expect-error: not a quote
client.event.emit<Quote>('quotes', { price: '12.5' });
// @ts-expect-error: JSON has no functions
client.event.emit('news', () => {});
// @ts-expect-error: JSON has no functions, deep down either
client.event.emit('news', { list: [{ callback: () => {} }] });
// @ts-expect-error: JSON has no bigints
client.event.emit('news', 1n);
// @ts-expect-error: JSON has no symbols
client.event.emit('news', Symbol('news'));
// @ts-expect-error: JSON makes an empty object of a map
client.event.emit('news', new Map());
// @ts-expect-error: a misspelled option
client.event.emit('news', 1, { reciept: true });
// @ts-expect-error: there is no such delivery
client.event.emit('news', 1, { delivery: 'soon' });
// @ts-expect-error: without a receipt there is no promise
client.event.emit('news', 1, { ttl: 1 }).then();
// @ts-expect-error: JSON has no functions, with options neither
client.event.emit('news', () => {}, { receipt: true });
// @ts-expect-error: a misspelled event
client.outbox.on('change', () => {});
// @ts-expect-error: the reason is not a number
client.outbox.on('dropped', (entries, reason: number) => reason);
// @ts-expect-error: to be read
client.outbox.size = 0;
// @ts-expect-error: without asking for payloads there are none
client.outbox.entries()[0]?.data;
// @ts-expect-error: a misspelled option
new DeepstreamClient('localhost', { outbox: { maxEntires: 1 } });
// @ts-expect-error: a storage needs all four methods
new DeepstreamClient('localhost', { outbox: { storage: { getItem() {}, setItem() {}, removeItem() {} } } });
// @ts-expect-error: the handler comes with the client
client.event = {} as EventHandler;

// @ts-expect-error: not a list
client.presence.getAll('ann');
// @ts-expect-error: not names
client.presence.getAll([1]);
// @ts-expect-error: nobody asked for cat
client.presence.getAll(['ann', 'bob']).then(({ cat }) => cat);
// @ts-expect-error: with a callback there is no promise
client.presence.getAll(() => {}).then();
// @ts-expect-error: the callback is missing
client.presence.subscribe('ann');
// @ts-expect-error: the callback takes something else
client.presence.subscribe('ann', (user: number) => user);
// @ts-expect-error: not a signal
client.presence.subscribe(() => {}, { signal: true });
// @ts-expect-error: only `client.presence` is the way there
client.presenceHandler();
// @ts-expect-error: the provider is missing
client.rpc.provide('add');
// @ts-expect-error: the provider gives something else
client.rpc.provide<string, number>('length', (text) => text);
// @ts-expect-error: the answer is something else
client.rpc.provide<string, number>('length', (text, response) => response.send(text));
// @ts-expect-error: JSON has no functions
client.rpc.make('add', () => {});
// @ts-expect-error: not an AbortSignal
client.rpc.make('add', 1, { signal: new AbortController() });
// @ts-expect-error: a misspelled option
client.rpc.make('add', 1, { timeOut: 1 });
// @ts-expect-error: the result may be a quote, not a number
client.rpc.make<Quote>('quote', 'ACME').then((result: number) => result);
// @ts-expect-error: the handler comes with the client
client.rpc = {} as RPCHandler;

// @ts-expect-error: nobody but the garbage collector frees a client
client.free();
// @ts-expect-error: nor this way
client.__destroy_into_raw();
// @ts-expect-error: only `client.event` is the way there
client.eventHandler();
// @ts-expect-error: only `client.outbox` is the way there
client.outboxHandler();

// @ts-expect-error: there is no such topic
C.TOPIC.NEWS;
// @ts-expect-error: another topic's action
const action: C.EVENT_ACTION = C.RPC_ACTION.REQUEST;
void action;

interface Note {
  title: string;
  items: string[];
}
const note = client.record.getRecord<Note>('note');
// @ts-expect-error: the wrong type at a path
note.set('title', 5);
// @ts-expect-error: a misspelled path
note.set('titel', 'Shopping');
// @ts-expect-error: a member is missing
note.set({ title: 'Shopping' });
// @ts-expect-error: the wrong type at one of several paths
note.setMulti({ title: 'Shopping', 'items[0]': 5 });
// @ts-expect-error: what is subscribed to is a string
note.subscribe('title', (title: number) => title);
// @ts-expect-error: a misspelled event
note.on('redy', () => {});
// @ts-expect-error: that is not for applications to say
note.isFromStorage = false;
// @ts-expect-error: a misspelled member of an option
new DeepstreamClient('localhost:6020', { indexdb: { databaseName: 'mine' } });
// @ts-expect-error: a storage without all that it takes
new DeepstreamClient('localhost:6020', { storage: { get() {}, set() {}, delete() {} } });
// @ts-expect-error: with a callback there is no promise
client.record.clearOfflineStorage(() => {}).then();
// @ts-expect-error: a list has strings
client.record.getList('notes').addEntry(5);
// @ts-expect-error: not a strategy
note.setMergeStrategy('remote');
