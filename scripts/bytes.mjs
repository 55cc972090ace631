// Says where the bytes of the package are, by part: node scripts/bytes.mjs. Writes the tables of docs/bytes.md.
import { readFile, writeFile } from 'node:fs/promises';
import { build, partsOfScript } from './build.mjs';
import { inRoot, isMain } from './lib/paths.mjs';
import { Failure, main } from './lib/process.mjs';
import { linkModule } from './lib/wasm.mjs';
import { optimise } from './lib/wasm-opt.mjs';
import { functionsOf, reader } from './lib/wasm-sections.mjs';
import { setup } from './setup.mjs';

const directory = inRoot('target', 'bytes');
const page = inRoot('docs', 'bytes.md');
const [begin, end] = ['<!-- made by npm run bytes -->', '<!-- until here -->'];

/** The parts of the crate that get a line: a module of src, or one of the modules below it. */
const depths = { client: 2, browser: 1, wire: 1, names: 1 };

/** Code that the compiler makes anew for every type that it is used with. */
const generics = [
  ['VecDeque', /\bvec_deque::/],
  ['BTreeMap', /\bbtree::/],
  ['BinaryHeap', /\bbinary_heap::/],
  ['Slab', /\bslab::/],
  ['Vec', /\balloc::vec::/],
  ['chains of iterators', /\bcore::iter::/],
  ['dropping', /\bdrop_in_place\b|\bcore::ops::drop::Drop\b|::drop_slow\b/],
  ['Option, Result, closures', /\bcore::(option|result|ops::function|cell)\b/],
];

/** Makes the module once more with the names of its functions, and writes what it finds. */
export async function bytes() {
  const functions = await measureFunctions(await buildWithNames());
  const scripts = await measureScripts();
  const text = [
    table(['part of the module', 'functions', 'bytes', 'of these generic code for its types'], byPart(functions)),
    table(['generic code', 'types', 'functions', 'bytes'], byGeneric(functions)),
    table(['the ten largest functions', 'bytes'], functions.slice(0, 10).map(({ name, size }) => [`\`${name}\``, size])),
    table(['part of the script', 'bytes, minified'], scripts),
  ].join('\n');
  console.log(text);
  const before = await readFile(page, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Failure(`docs/bytes.md has lost the line ${begin} or the line ${end}.`);
  await writeFile(page, `${before.slice(0, from)}${begin}\n\n${text}\n${before.slice(to)}`);
}

/** The module as it is published, but with names; in a directory of its own, so that the package need not be built again. */
async function buildWithNames() {
  // These names have the types that generic code was made for.
  const env = { RUSTFLAGS: '-Csymbol-mangling-version=v0' };
  console.log('Compiling the WebAssembly module with the names of its functions (about a minute the first time).');
  const linked = await linkModule({ directory, name: 'named', targetDirectory: directory, env });
  const optimised = `${directory}/named.wasm`;
  await optimise(linked, optimised, ['--debuginfo']);
  return optimised;
}

/** All functions of a module, the largest first, by its sections of code and of names (WebAssembly specification, 5.5 and 7.4.1). */
async function measureFunctions(file) {
  const content = await readFile(file);
  const { bodies, imported } = functionsOf(content);
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(content), 'name');
  const names = namesOf(reader(Buffer.from(section)));
  return bodies
    .map(({ length }, index) => ({ name: readable(names.get(imported + index) ?? 'without a name'), size: length }))
    .sort((one, other) => other.size - one.size);
}

function namesOf(parts) {
  const names = new Map();
  while (!parts.isAtEnd()) {
    const [kind, part] = [parts.number(), reader(parts.piece())];
    if (kind !== 1) continue;
    for (let left = part.number(); left > 0; left -= 1) names.set(part.number(), part.piece().toString());
  }
  return names;
}

/** A name without the hashes of crates. */
const readable = (name) => name.replaceAll(/\[[0-9a-f]{5,}\]/g, '').replaceAll(/::h[0-9a-f]{16}$/g, '').replaceAll('\\20', ' ');

const own = /\bdeepstream_wasm::((?:[a-z_0-9]+::)*)/g;

const isOwn = (name) => /^<*(?:&|mut |dyn |impl )*deepstream_wasm::/.test(name);

/** Where a function belongs: to the module that it stands in, or to the one whose type it was made for. */
function partOf(name) {
  const [first] = [...name.matchAll(own)];
  if (first) {
    const modules = first[1].split('::').filter(Boolean);
    const top = modules[0] ?? 'lib';
    return { part: `src/${modules.slice(0, depths[top] ?? 1).join('/') || 'lib'}`, isGeneric: !isOwn(name) };
  }
  const [, crate] = /^(?:<|&|\(|\[|\*|mut |const |dyn |impl )*([a-z_0-9]+)(?:::|$)/.exec(name) ?? [];
  if (['core', 'alloc', 'std'].includes(crate)) return { part: 'the standard library', isGeneric: false };
  return { part: crate && name.includes('::') ? crate.replaceAll('_', '-') : 'glue: exports and thunks', isGeneric: false };
}

function byPart(functions) {
  const rows = new Map();
  for (const { name, size } of functions) {
    const { part, isGeneric } = partOf(name);
    const row = rows.get(part) ?? [part, 0, 0, 0];
    row[1] += 1;
    row[2] += size;
    if (isGeneric) row[3] += size;
    rows.set(part, row);
  }
  const all = [...rows.values()].sort((one, other) => other[2] - one[2]);
  const few = all.filter(([, , size]) => size < 1_000);
  const total = (of, name) => [name, ...[1, 2, 3].map((column) => of.reduce((sum, row) => sum + row[column], 0))];
  return [...all.filter((row) => !few.includes(row)), total(few, 'the rest, less than 1 kB each'), total(all, '**together**')];
}

function byGeneric(functions) {
  const rows = generics.map(([name, pattern]) => ({ name, pattern, types: new Set(), count: 0, size: 0 }));
  for (const { name, size } of functions) {
    const row = !isOwn(name) && rows.find(({ pattern }) => pattern.test(name));
    if (!row) continue;
    row.count += 1;
    row.size += size;
    row.types.add(firstArgument(name.slice(name.search(row.pattern))));
  }
  rows.sort((one, other) => other.size - one.size);
  return rows.map(({ name, types, count, size }) => [name, types.size, count, size]);
}

/** The types that the first name with some is made for: `Vec<A<B>>::push` gives `A<B>`. */
function firstArgument(name) {
  const start = name.indexOf('<') + 1;
  if (start === 0) return '';
  let end = start;
  for (let depth = 1; end < name.length; end += 1) {
    depth += { '<': 1, '>': -1 }[name[end]] ?? 0;
    if (depth === 0) break;
  }
  return name.slice(start, end);
}

/** What the sources of the script take in it. */
async function measureScripts() {
  await build();
  const { outputs } = JSON.parse(await readFile(partsOfScript, 'utf8'));
  const [{ inputs }] = Object.values(outputs).filter(({ entryPoint }) => entryPoint);
  const rows = Object.entries(inputs).map(([file, { bytesInOutput }]) => [nameOfScript(file), bytesInOutput]);
  const few = rows.filter(([, size]) => size < 600);
  const total = (of) => of.reduce((sum, [, size]) => sum + size, 0);
  return [
    ...rows.filter((row) => !few.includes(row)).sort((one, other) => other[1] - one[1]),
    ['the rest, less than 0.6 kB each', total(few)],
    ['**together**', total(rows)],
  ];
}

const nameOfScript = (file) => (file.includes('target/glue') ? 'the glue that wasm-bindgen makes' : file.replace(/^.*?(?=src\/)/, ''));

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)).join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line), ''].join('\n');
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    await bytes();
  });
}
