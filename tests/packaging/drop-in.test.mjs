// A program written for @deepstream/client, run with it and, the name in the import changed, with this package, against the
// same server and network. What it sees must be the same, but for what docs/migration.md says.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inRepository } from './consumer.mjs';
import { compare } from './drop-in/compare.mjs';
import { differences, rules } from './drop-in/differences.mjs';
import { play } from './drop-in/play.mjs';

const migration = await readFile(inRepository('docs/migration.md'), 'utf8');

test('a program for @deepstream/client sees the same, but for what docs/migration.md says', { timeout: 300_000 }, async (t) => {
  const ourClient = pathToFileURL(inRepository('pkg/index.mjs')).href;
  const theirs = await play('@deepstream/client');
  const [ours, inMemory] = await Promise.all([
    play(ourClient),
    play(ourClient, { inMemory: pathToFileURL(inRepository('pkg/testing.mjs')).href }),
  ]);
  const headings = new Set(migration.match(/^#+ .*$/gm).map((line) => line.replace(/^#+ /, '')));
  const unused = new Set(rules);

  for (const scene of theirs.keys()) {
    await t.test(scene, () => {
      const expected = theirs.get(scene).map((line) => {
        const rule = rules.find(({ theirs }) => theirs.test(line));
        unused.delete(rule);
        return rule ? line.replace(rule.theirs, rule.ours) : line;
      });
      const wanted = differences.filter((difference) => difference.scene === scene);
      const seen = compare(expected, ours.get(scene) ?? []);
      assert.deepEqual(seen, wanted.map(({ theirs, ours }) => ({ theirs, ours })));
    });
  }
  for (const scene of ours.keys()) {
    await t.test(`${scene}: the same with the server in memory`, () => {
      assert.deepEqual(compare(ours.get(scene), inMemory.get(scene) ?? []), []);
    });
  }
  await t.test('every difference that is wanted has its place in docs/migration.md', () => {
    for (const { heading, theirs } of [...rules, ...differences]) assert.ok(headings.has(heading), `${heading}: ${theirs}`);
    assert.deepEqual([...unused], [], 'rules that nothing needs');
    for (const { scene } of differences) assert.ok(theirs.has(scene), scene);
  });
});
