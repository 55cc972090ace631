// What the package exports, beside what @deepstream/client exports.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import reference from '@deepstream/client';
import { transform } from 'esbuild';
import { inRepository } from './consumer.mjs';

const exported = await import(inRepository('pkg', 'index.mjs'));

/** Where the defaults differ from those of @deepstream/client, on purpose. */
const ownDefaults = {
  maxReconnectInterval: 30_000,
  maxReconnectAttempts: Infinity,
  heartbeatFailure: 'reconnect',
  reconnectBackoff: 'linear',
  reconnectJitter: 0.5,
  connectTimeout: 10_000,
  lostConnectionTimeout: 5_000,
  stopCodes: [1008, 4003],
  resubscribe: 'auto',
  presenceCatchUp: true,
  rpcAcceptTimeout: Infinity,
  rpcResponseTimeout: 300_000,
  outbox: { storage: 'localStorage', maxEntries: 10_000, maxBytes: 4_194_304, ttl: 86_400_000, overflow: 'reject' },
  deduplicationWindow: 8_192,
};

test('C holds the constants of @deepstream/client, numbers and names', () => {
  assert.deepEqual(Object.keys(exported.C).sort(), Object.keys(reference.C).sort());
  for (const name of Object.keys(reference.C)) {
    assert.deepEqual(exported.C[name], reference.C[name], name);
  }
});

test('the enums that TypeScript sees are those there are', async () => {
  const declarations = await readFile(inRepository('pkg', 'constants.d.ts'), 'utf8');
  const enums = declarations
    .match(/export declare enum \w+ \{[^}]*\}/g)
    .join('\n')
    .replaceAll('declare ', '');
  const { code } = await transform(enums, { loader: 'ts', format: 'esm' });
  const declared = await import(`data:text/javascript,${encodeURIComponent(code)}`);

  const runtimeEnums = { ...reference.C };
  // Tables of enum members, not enums.
  delete runtimeEnums.ACTIONS;
  delete runtimeEnums.RESPONSE_TO_REQUEST;
  assert.deepEqual({ ...declared }, runtimeEnums);
});

test('the defaults are those of @deepstream/client, but for what the documentation names', () => {
  const { mergeStrategy: ownStrategy, ...own } = exported.Options;
  const { mergeStrategy: referenceStrategy, ...theirs } = reference.Options;
  assert.deepEqual(own, { ...theirs, ...ownDefaults });
  assert.equal(exported.DefaultOptions, exported.Options);

  const merge = (strategy) => {
    const outcomes = [];
    strategy({ local: true }, 1, { remote: true }, 2, (error, data) => outcomes.push([error, data]));
    return outcomes;
  };
  assert.deepEqual(merge(ownStrategy), merge(referenceStrategy));
});

test('all entries export the same names', async () => {
  const names = Object.keys(exported).sort();
  assert.deepEqual(names, [
    'C',
    'DeepstreamClient',
    'DeepstreamError',
    'DefaultOptions',
    'LOCAL_WINS',
    'MERGE_STRATEGIES',
    'Options',
    'REMOTE_WINS',
    'dsClient',
    'threeWay',
  ]);
  assert.deepEqual(Object.keys(createRequire(import.meta.url)(inRepository('pkg', 'index.cjs'))).sort(), names);
  const core = await import(inRepository('pkg', 'core.mjs'));
  assert.deepEqual(Object.keys(core).sort(), names);
  assert.deepEqual(Object.keys(createRequire(import.meta.url)(inRepository('pkg', 'core.cjs'))).sort(), names);
  const url = await import(inRepository('pkg', 'url.mjs'));
  assert.deepEqual(Object.keys(url).sort(), [...names, 'init'].sort());
});

test('every entry tells its version and what its clients have', async () => {
  const { version } = JSON.parse(await readFile(inRepository('pkg', 'package.json'), 'utf8'));
  for (const entry of ['index.mjs', 'core.mjs', 'url.mjs']) {
    const { DeepstreamClient } = await import(inRepository('pkg', entry));
    const parts = ['event', 'outbox', 'presence', ...(entry === 'core.mjs' ? [] : ['record']), 'rpc'];
    assert.deepEqual([DeepstreamClient.version, DeepstreamClient.features], [version, parts]);
  }
});
