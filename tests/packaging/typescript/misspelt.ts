// Paths that do not compile, and what the compiler shows instead of each: see typescript.test.mjs.
import { type Record as DeepstreamRecord } from 'deepstream-wasm';

interface Note {
  title: string;
  items: { name: string; count?: number }[];
  author?: { email: string };
}
declare const note: DeepstreamRecord<Note>;

note.get('titel'); // "author" | "items" | "title"
note.get('items[0].nme'); // "items[0].count" | "items[0].name"
note.get('items.name'); // `items[${number}]`
note.get('author.'); // "author.email"
note.get('title.length'); // "author" | "items" | "title"
note.get('items[0]name'); // `items[${number}]`
note.set('author.mail', 'ada@example.com'); // "author.email"
void note.setWithAck('items[1].cuont', 5); // "items[1].count" | "items[1].name"
note.setMulti({ title: 'Shopping', 'author.mail': 'ada@example.com' }); // "author.email"
note.erase('titel'); // "author" | "items" | "title"
void note.eraseWithAck('author.mail'); // "author.email"
note.subscribe('items[0].nme', () => {}); // "items[0].count" | "items[0].name"
note.unsubscribe('titel'); // "author" | "items" | "title"
