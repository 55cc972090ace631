import { readdir, readFile } from 'node:fs/promises';
import { inRoot } from './paths.mjs';
import { Failure } from './process.mjs';

/** The parts of the client from the bottom up. A part may import those of the rows below its own, and no other. */
const rows = [
  ['names', 'wire'],
  ['digest', 'limits', 'options', 'reason', 'rng', 'time', 'url'],
  ['asked', 'error', 'pings', 'record'],
  ['io'],
  ['answer', 'deduplication', 'flight', 'log'],
  ['context'],
  ['subscriptions'],
  ['connection', 'listen'],
  ['event', 'presence', 'records', 'rpc'],
  ['features'],
  // A test.
  ['costs'],
];

/** Fails if any part of src/client imports a part that is not below it, or src/wire anything of the client. */
export async function checkLayers() {
  const rowOf = new Map(rows.flatMap((parts, row) => parts.map((part) => [part, row])));
  const wrong = new Set();
  for (const file of await readdir(inRoot('src'), { recursive: true })) {
    const module = modulePath(file.split(/[/\\]/));
    const importing = partOf(module);
    if (importing === undefined) continue;
    if (!rowOf.has(importing)) wrong.add(`${importing} is in no layer: add it to scripts/lib/layers.mjs`);
    for (const imported of importsOf(module, await readFile(inRoot('src', file), 'utf8'))) {
      if (imported === importing || rowOf.get(imported) < rowOf.get(importing)) continue;
      wrong.add(`${importing} imports ${imported} (src/${file})`);
    }
  }
  if (wrong.size > 0) throw new Failure(`Imports that do not lead down:\n  ${[...wrong].join('\n  ')}`);
}

/** `client/rpc/mod.rs` is `['client', 'rpc']`; nothing for what is no module. */
function modulePath(parts) {
  if (!parts.at(-1).endsWith('.rs')) return [];
  // Stands in for it in a build without.
  if (parts.at(-1) === 'no_records.rs') return ['client', 'records'];
  const name = parts.at(-1).slice(0, -3);
  return name === 'mod' ? parts.slice(0, -1) : [...parts.slice(0, -1), name];
}

/** The part that a module belongs to; `undefined` outside of them, and for the root of the client, which is above all. */
function partOf([crate, part]) {
  return crate === 'client' ? part : crate === 'wire' || crate === 'names' ? crate : undefined;
}

/** The parts that a module imports or names, apart from its tests. */
function importsOf(module, source) {
  const code = source.split('\n#[cfg(test)]\nmod tests')[0].replaceAll(/\/\/.*/g, '');
  const paths = [...code.matchAll(/\bcrate((?:::\w+)+)(?!:|\w)/g)].map(([, path]) => path.slice(2).split('::'));
  for (const [, tree] of code.matchAll(/\buse ([^;]+);/g)) {
    for (const [first, ...rest] of branches(tree)) {
      if (first === 'crate') paths.push(rest);
      if (first !== 'super') continue;
      const ups = rest.findLastIndex((name) => name === 'super') + 2;
      paths.push([...module.slice(0, -ups), ...rest.slice(ups - 1)]);
    }
  }
  return new Set(paths.map(partOf).filter(Boolean));
}

/** `a::{b, c::d}` is `[['a', 'b'], ['a', 'c', 'd']]`. */
function branches(tree) {
  const path = [];
  const stack = [];
  const found = [];
  for (const [token] of tree.matchAll(/[{},]|\w+/g)) {
    if (token === '{') stack.push(path.length);
    else if (token === ',') path.length = stack.at(-1) ?? 0;
    else if (token === '}') path.length = stack.pop() ?? 0;
    else {
      path.push(token);
      found.push([...path]);
    }
  }
  return found;
}
