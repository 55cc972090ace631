// Hooks that go by a schema that is declared once. Compiled, never run.
import { DeepstreamClient } from 'deepstream-wasm';
import {
  DeepstreamProvider,
  useClient,
  useConnection,
  useEvent,
  useList,
  useRecord,
  useRpc,
  type RecordHookOf,
  type RecordStatus,
  type SetValue,
} from 'deepstream-wasm/react';

/** Passes only if both types are the same: `any` is the same as nothing but itself. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function expectType<Expected>() {
  return function <Given>(_value: Given, _same: Same<Given, Expected>): void {};
}

interface Note {
  title: string;
  items: { name: string; count?: number }[];
}
interface Schema {
  records: { settings: { dark: boolean }; [note: `notes/${string}`]: Note };
  events: { news: { text: string }; ping: void; [quote: `quotes/${string}`]: { price: number } };
  rpcs: { add(data: { a: number; b: number }): number; now(): string; load(id: string): Promise<Note> };
}
declare module 'deepstream-wasm/react' {
  interface Register {
    schema: Schema;
  }
}
declare const id: string;
declare const maybe: string | null;

export function Everything() {
  const [note, setNote, { record, error, isReady }] = useRecord('notes/1');
  expectType<Note | undefined>()(note, true);
  expectType<SetValue<Note>>()(setNote, true);
  expectType<RecordStatus<Note>['record']>()(record, true);
  setNote((before) => ({ title: '', items: [], ...before }));
  const [title = '', setTitle] = useRecord(`notes/${id}`, 'title');
  expectType<string>()(title, true);
  setTitle(title.toUpperCase());
  setTitle(undefined);
  const [name] = useRecord('notes/1', 'items[0].name');
  expectType<string | undefined>()(name, true);
  const [dark] = useRecord(maybe && 'settings', 'dark');
  expectType<boolean | undefined>()(dark, true);
  expectType<{ dark: boolean } | undefined>()(useRecord(isReady ? 'settings' : null)[0], true);
  expectType<Note | undefined>()(useRecord(maybe && `notes/${maybe}`)[0], true);

  useEvent('news', (news) => expectType<{ text: string }>()(news, true));
  useEvent(maybe && `quotes/${maybe}`, ({ price }) => expectType<number>()(price, true));
  useEvent('ping', () => {});

  const { call, result } = useRpc('add');
  expectType<number | undefined>()(result, true);
  expectType<Promise<number>>()(call({ a: 1, b: 2 }), true);
  call({ a: 1, b: 2 }, { timeout: 5_000 });
  expectType<Promise<string>>()(useRpc('now').call(), true);
  expectType<Note | undefined>()(useRpc('load').result, true);

  const client = useClient();
  expectType<DeepstreamClient<Schema> | null>()(client, true);
  client?.event.emit('news', { text: 'rain' });
  useList('anything').addEntry('entry');
  useConnection().state;

  // @ts-expect-error: a misspelt record
  useRecord('note/1');
  // @ts-expect-error: a misspelt path
  useRecord('notes/1', 'items[0].nme');
  // @ts-expect-error: a path of another record
  useRecord('settings', 'title');
  // @ts-expect-error: another value
  setNote({ title: 5, items: [] });
  // @ts-expect-error: another value at a path
  setTitle(5);
  // @ts-expect-error: a misspelt event
  useEvent('nws', () => {});
  // @ts-expect-error: another payload
  useEvent('news', (news: number) => news);
  // @ts-expect-error: a misspelt procedure
  useRpc('ad');
  // @ts-expect-error: part of the data
  call({ a: 1 });
  // @ts-expect-error: no data
  call();
  // @ts-expect-error: a misspelt event
  client?.event.emit('nws', { text: 'rain' });
  return <p>{error?.message}</p>;
}

const connect = () => new DeepstreamClient<Schema>('localhost:6020');
export const all = [
  <DeepstreamProvider client={connect} />,
  <DeepstreamProvider client={connect()} />,
  // One that knows nothing of schemas will do.
  <DeepstreamProvider client={() => new DeepstreamClient('localhost:6020')} />,
  // @ts-expect-error: a client of something else
  <DeepstreamProvider client={() => new DeepstreamClient<{ events: { other: number } }>('localhost:6020')} />,
];

// A part that is not declared takes any name; so do hooks that are told of another schema.
declare const useAnyRecord: RecordHookOf<{ events: { news: string } }>;
export const anything = () => useAnyRecord<Note, 'title'>('anything', 'title');
declare const useOtherRecord: RecordHookOf<{ records: { other: { count: number } } }>;
export const other = () => expectType<number | undefined>()(useOtherRecord('other', 'count')[0], true);
