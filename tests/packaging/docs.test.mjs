// What the docs say of the package is so.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { inRepository } from './consumer.mjs';

const literalsIn = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, literal]) => literal);
/** `'linear'`, `[1008, 4003]`, `Infinity`, … as values. */
const valueOf = (literal) => (literal === 'Infinity' ? Infinity : JSON.parse(literal.replaceAll("'", '"')));

test('docs/options.md has the defaults that the package has', async () => {
  const { DefaultOptions } = await import(inRepository('pkg', 'index.mjs'));
  const page = await readFile(inRepository('docs', 'options.md'), 'utf8');
  let checked = 0;
  for (const [, first, second] of page.matchAll(/^\| (`[^|]*) \| ([^|]*) \|/gm)) {
    const [names, said] = [literalsIn(first), literalsIn(second)];
    // One default may be that of a whole row; with `…`, that of the first only.
    for (const [index, name] of names.slice(0, second.includes('…') ? said.length : undefined).entries()) {
      const value = name.split('.').reduce((group, key) => group?.[key], DefaultOptions);
      const literal = said.length > 1 ? said[index] : said[0];
      if (typeof value === 'function') continue; // A merge strategy.
      assert.deepEqual(value, literal === undefined ? undefined : valueOf(literal), name);
      checked += value === undefined ? 0 : 1;
    }
  }
  assert.ok(checked >= 30, `${checked} defaults were found`);
});
