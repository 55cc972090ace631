// What the server and the reference client make of edits at paths, for random documents.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { setValue: setAtServer } = require('@deepstream/server/dist/src/utils/json-path.js');
const { get, setValue: setAtClient } = require('@deepstream/client/dist/src/record/json-path.js');

const editCount = 2500;
const oddPathCount = 150;

const random = generator(7);
const below = (limit) => Math.floor(random() * limit);
const oneOf = (choices) => choices[below(choices.length)];

/** Digits are among them: as keys of objects, JavaScript moves them to the front. */
const names = ['a', 'b', 'c', 'd', 'name', 'ä🦀', 'x y', '"\\', '0', '2', '7'];
const scalars = [null, null, true, false, 0, 1, -2.5, 1e21, '', 'text', '"\\\n', '\ud800', '漢'];
const oddParts = ['[', ']', '[]', '[ ]', '[x]', '[-1]', '[1.5]', '[1e1]', '[4294967295]', '[0]b', '[0] [1]', ' [0]', '[0', '0]'];

/**
 * One edit in a line, its columns separated by tabs: document, path, value (`-` to erase), the value that was there, what
 * the server makes of the document, what the client makes of it (`=` for the same). `-` is undefined, `!` an exception.
 * A path that no sensible grammar has comes alone.
 */
export function recordEdits() {
  const lines = [];
  while (lines.length < editCount) {
    const document = container(3);
    const path = pathInto(document);
    const value = random() < 0.25 ? undefined : json(2);
    const before = attempt(() => get(document, path));
    const atServer = attempt(() => edited(copy(document), (data) => setAtServer(data, path, value)));
    const atClient = attempt(() => setAtClient(document, path, value));
    const results = [before, atServer, atClient === atServer ? '=' : atClient];
    lines.push([text(document), path, text(value), ...results].join('\t'));
  }
  for (let count = 0; count < oddPathCount; count++) lines.push(oddPath());
  return lines;
}

/** A small generator (mulberry32), so that the file is the same each time. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function json(depth) {
  return depth === 0 || random() < 0.4 ? oneOf(scalars) : container(depth);
}

function container(depth) {
  if (random() < 0.35) return Array.from({ length: below(4) }, () => json(depth - 1));
  return Object.fromEntries(Array.from({ length: below(4) }, () => [oneOf(names), json(depth - 1)]));
}

/** A path that often, but not always, leads somewhere. */
function pathInto(document) {
  let path = '';
  let data = document;
  const length = 1 + below(4);
  for (let step = 0; step < length; step++) {
    const known = random() < 0.8 && data !== null && typeof data === 'object' ? Object.keys(data) : [];
    let name = known.length > 0 ? oneOf(known) : Array.isArray(data) && random() < 0.9 ? String(below(6)) : oneOf(names);
    if (path !== '' && /^\d+$/.test(name) && random() < (Array.isArray(data) ? 0.8 : 0.3)) {
      path += random() < 0.1 ? `[ 0${name} ]` : `[${name}]`;
    } else {
      path += `${path === '' ? '' : oneOf(['.', '.', '.', '.', '..', ' . ', '.\u00a0', '.\ufeff.'])}${name}`;
    }
    data = data?.[name];
  }
  return random() < 0.05 ? ` ${path}.` : path;
}

function oddPath() {
  const parts = ['a', oneOf(['', '.b', '[0]', '.c[1]'])];
  parts.splice(below(3), 0, oneOf(oddParts));
  const path = parts.join('');
  const isSensible = path.split('.').every((part) => /^(|[^[\]]*[^[\]\s](\[\s*\d+\s*\])*)$/.test(part.trim()));
  return isSensible && !path.includes('4294967295') ? oddPath() : path;
}

function attempt(work) {
  try {
    return text(work());
  } catch {
    return '!';
  }
}

function edited(data, edit) {
  edit(data);
  return data;
}

const copy = (data) => JSON.parse(JSON.stringify(data));
const text = (data) => (data === undefined ? '-' : JSON.stringify(data));
