// What is declared once and then checked. Compiled, never run.
import {
  DeepstreamClient,
  dsClient,
  type ClientSchema,
  type NameIn,
  type PathIn,
  type Record as DeepstreamRecord,
  type Serialisable,
  type TypedEventHandler,
  type ValueAt,
} from 'deepstream-wasm';

/** Passes only if both types are the same: `any` is the same as nothing but itself. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function expectType<Expected>() {
  return function <Given>(_value: Given, _same: Same<Given, Expected>): void {};
}

interface Note {
  title: string;
  items: { name: string; count?: number }[];
  author?: { email: string };
}
interface Settings {
  dark: boolean;
}
interface Schema {
  records: { settings: Settings; [note: `notes/${string}`]: Note };
  events: { news: { text: string }; ping: void; level: number | undefined; [quote: `quotes/${string}`]: { price: number } };
  rpcs: { add(data: { a: number; b: number }): number; now(): string; load(id: string): Promise<Note>; beep(times?: number): void };
}
declare const id: string;

const client = new DeepstreamClient<Schema>('localhost:6020');
expectType<DeepstreamClient<Schema>>()(dsClient<Schema>(), true);

client.event.subscribe('news', (news) => expectType<{ text: string }>()(news, true));
client.event.subscribe(`quotes/${id}`, (quote) => expectType<{ price: number }>()(quote, true), { signal: undefined });
client.event.unsubscribe('news');
client.event.emit('news', { text: 'rain' });
client.event.emit('news', { text: 'rain' }, { delivery: 'drop' });
expectType<Promise<'delivered'>>()(client.event.emit('news', { text: 'rain' }, { receipt: true }), true);
client.event.emit('ping');
client.event.emit('ping', undefined, { delivery: 'memory' });
client.event.emit('level');
client.event.emit('level', 5);
client.event.emit('quotes/ACME', { price: 5 });
for await (const { price } of client.event.stream('quotes/ACME')) expectType<number>()(price, true);
client.event.listen('^quotes/', (name, { accept }) => accept());

expectType<DeepstreamRecord<Note>>()(client.record.getRecord('notes/1'), true);
expectType<DeepstreamRecord<Note>>()(client.record.getRecord(`notes/${id}`), true);
expectType<boolean | undefined>()(client.record.getRecord('settings').get('dark'), true);
expectType<Settings>()(await client.record.snapshot('settings'), true);
client.record.setData('settings', { dark: true });
client.record.setData('notes/1', 'items[0].name', 'bread');
await client.record.setDataWithAck('notes/1', 'author', undefined);
client.record.getList('anything');
client.record.delete('anything');

expectType<number>()(await client.rpc.make('add', { a: 1, b: 2 }), true);
expectType<string>()(await client.rpc.make('now'), true);
expectType<Note>()(await client.rpc.make('load', 'notes/1', { timeout: 5_000 }), true);
await client.rpc.make('now', undefined, { timeout: 5_000 });
await client.rpc.make('beep');
client.rpc.make('add', { a: 1, b: 2 }, (_error, sum) => expectType<number | undefined>()(sum, true));
client.rpc.provide('add', ({ a, b }) => a + b);
client.rpc.provide('load', async (name) => ({ title: name, items: [] }));
client.rpc.provide('add', ({ a, b }, response) => response.send(a + b));
client.rpc.unprovide('add');

// What knows nothing of schemas, or only of a part, takes a client that has one.
const plain: DeepstreamClient = client;
const eventsOnly = new DeepstreamClient<{ events: { tick: number } }>('localhost:6020');
eventsOnly.record.getRecord('anything').get('at.any.path');
function onNews<Parts extends ClientSchema & { events: { news: { text: string } } }>(_client: DeepstreamClient<Parts>): void {}
onNews(client);
function onEvent<Events, Name extends NameIn<Events>>(
  events: TypedEventHandler<Events>,
  name: Name,
  show: (data: Events[Name]) => void,
): void {
  events.subscribe(name, show);
}
onEvent(client.event, 'news', ({ text }) => expectType<string>()(text, true));
export class Client extends DeepstreamClient<Schema> {
  shout(text: string): void {
    this.event.emit('news', { text: text.toUpperCase() });
  }
}

// Wrappers.
function publish<Data>(name: string, data: Data & Serialisable<Data>): void {
  plain.event.emit<Data>(name, data);
}
function save<Data extends object>(name: string, data: Data & Serialisable<Data>): void {
  plain.record.setData<Data>(name, data);
}
declare const settings: Settings;
publish('settings', settings);
save('settings', settings);
plain.record.setData('settings', settings);
plain.record.setData('shop', 'settings', settings);
await plain.record.setDataWithAck('settings', settings);
function field<Data, Path extends string>(record: DeepstreamRecord<Data>, path: PathIn<Data, Path>) {
  record.subscribe(path, (value: ValueAt<Data, Path>) => console.log(value));
  return record.get(path);
}

// Paths.
interface Document extends Note {
  grid: number[][];
  byId: { [id: string]: { x: number } };
  5: boolean;
  some: any;
  other: unknown;
  shape: { kind: 'circle'; size: number } | { kind: 'box'; size: string; sides: number } | null;
  tree: Tree;
}
interface Tree {
  name: string;
  children: Tree[];
}
declare const record: DeepstreamRecord<Document>;
declare const index: number;
declare const maybe: string | undefined;
expectType<string | undefined>()(field(record, 'title'), true);
expectType<number | undefined>()(record.get('grid[0][1]'), true);
expectType<string | undefined>()(record.get('items.0.name'), true);
expectType<string | undefined>()(record.get(`items[${index}].name`), true);
expectType<number | undefined>()(record.get(`byId.${id}.x`), true);
expectType<number | undefined>()(record.get('byId.anything.x'), true);
expectType<boolean | undefined>()(record.get('5'), true);
expectType<string | number | undefined>()(record.get('shape.size'), true);
expectType<number | undefined>()(record.get('shape.sides'), true);
expectType<any>()(record.get('some.thing[5].more'), true);
expectType<any>()(record.get('other.thing'), true);
expectType<string | undefined>()(record.get('tree.children[0].children[1].children[2].name'), true);
expectType<any>()(record.get(id), true);
expectType<any>()(record.get(maybe), true);
expectType<Document>()(record.get(undefined), true);
export const untyped: DeepstreamRecord = record;

// @ts-expect-error: a misspelt event
client.event.emit('nws', { text: 'rain' });
// @ts-expect-error: another payload
client.event.emit('news', { txt: 'rain' });
// @ts-expect-error: no payload
client.event.emit('news');
// @ts-expect-error: a payload where there is none
client.event.emit('ping', 5);
// @ts-expect-error: another payload
client.event.subscribe('news', (news: number) => news);
// @ts-expect-error: not what the template says
client.event.emit('quotes/ACME', { price: '5' });
// @ts-expect-error: a misspelt record
client.record.getRecord('note/1');
// @ts-expect-error: a misspelt path
client.record.getRecord('settings').set('drak', true);
// @ts-expect-error: another value
client.record.setData('settings', { dark: 1 });
// @ts-expect-error: a misspelt path
client.record.setData('notes/1', 'items[0].nme', 'bread');
// @ts-expect-error: another value at a path
client.record.setData('notes/1', 'items[0].name', 5);
// @ts-expect-error: a misspelt procedure
client.rpc.make('ad', { a: 1, b: 2 });
// @ts-expect-error: part of the data
client.rpc.make('add', { a: 1 });
// @ts-expect-error: no data
client.rpc.make('add');
// @ts-expect-error: another result
client.rpc.provide('add', () => 'three');
// @ts-expect-error: a misspelt part of a schema
new DeepstreamClient<{ record: object }>('localhost:6020');
// @ts-expect-error: JSON has no functions
plain.record.setData('note', { title: () => {} });
// @ts-expect-error: a string is no record
plain.record.setData('note', 'title');
