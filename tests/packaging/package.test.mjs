// The packed package, installed into a project and used in Node.js.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConsumer, inRepository, runModule } from './consumer.mjs';

const consumer = await createConsumer();

const declarations = [
  'anonymous-record',
  'arguments',
  'client',
  'constants',
  'core',
  'delivery',
  'dequeue',
  'emitter',
  'entries',
  'error',
  'event',
  'index',
  'list',
  'listen',
  'listeners',
  'loading',
  'merge',
  'module-inside',
  'module-source',
  'module-text',
  'offline',
  'offline-store',
  'offline-store-adapter',
  'offline-store-indexed',
  'offline-store-local',
  'options',
  'outbox',
  'outcome',
  'presence',
  'public',
  'react',
  'record',
  'record-handle',
  'record-hub',
  'records',
  'rpc',
  'schema',
  'sink',
  'status',
  'stream',
  'subscription',
  'testing',
  'testing-network',
  'testing-topics',
  'testing-wire',
  'url',
  'waiting',
];

/** Each has a source map. */
const scripts = [
  'index.mjs',
  'index.cjs',
  'dist/deepstream-wasm.js',
  'core.mjs',
  'core.cjs',
  'url.mjs',
  'url.node.mjs',
  'url.text.mjs',
  'url.workerd.mjs',
  'react.mjs',
  'react.cjs',
  'status.mjs',
  'status.cjs',
  'testing.mjs',
  'testing.cjs',
];

/** Node.js 20 has no WebSocket; this one never opens. */
const silentWebSocket = `
  globalThis.WebSocket = class {
    close() {}
    send() {}
    addEventListener() {}
    removeEventListener() {}
  };
`;

const loadings = {
  imported: { format: 'mjs', load: `await import('deepstream-wasm')` },
  required: { format: 'cjs', load: `require('deepstream-wasm')` },
  'imported without records': { format: 'mjs', load: `await import('deepstream-wasm/core')` },
  'required without records': { format: 'cjs', load: `require('deepstream-wasm/core')` },
};

test('the package holds what it should and nothing else', async () => {
  const expected = [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'package.json',
    'deepstream_wasm_bg.wasm',
    'deepstream_wasm_bg.text.mjs',
    'timer-worker.js',
    ...scripts.flatMap((name) => [name, `${name}.map`]),
    ...declarations.flatMap((name) => [`${name}.d.ts`, `${name}.d.cts`]),
  ];
  assert.deepEqual(consumer.files, expected.sort());
});

test('everything that package.json points to is there', async () => {
  const manifest = JSON.parse(
    await readFile(join(consumer.directory, 'node_modules/deepstream-wasm/package.json'), 'utf8'),
  );
  const targets = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets));
  const paths = [manifest.main, manifest.module, manifest.types, manifest.unpkg, manifest.jsdelivr, ...targets(manifest.exports)];
  for (const path of paths) assert.ok(consumer.files.includes(path.replace('./', '')), path);
});

for (const [how, { format, load }] of Object.entries(loadings)) {
  test(`${how}, it touches nothing and needs nothing that only browsers have`, async () => {
    await runModule(
      consumer,
      `
      for (const name of ['WebSocket', 'window', 'document', 'navigator', 'localStorage']) delete globalThis[name];
      // Node.js makes these two when they are first read; reading them is no harm.
      void [globalThis.TextDecoder, globalThis.TextEncoder];
      const unavailable = () => { throw new Error('used while importing'); };
      for (const name of ['atob', 'fetch', 'setTimeout', 'setInterval', 'queueMicrotask']) globalThis[name] = unavailable;
      globalThis.WebAssembly = new Proxy({}, { get: unavailable });
      const before = Object.getOwnPropertyDescriptors(globalThis);
      ${load};
      const after = Object.getOwnPropertyDescriptors(globalThis);
      const isSame = (name) =>
        Object.is(before[name]?.value, after[name]?.value) && before[name]?.get === after[name]?.get;
      const changed = Reflect.ownKeys({ ...before, ...after }).filter((name) => !isSame(name));
      if (changed.length > 0) throw new Error('changed: ' + changed.map(String));
      `,
      { format },
    );
  });

  test(`${how}, it makes clients, and lets the program end after close()`, async () => {
    const printed = await runModule(
      consumer,
      `
      ${silentWebSocket}
      const { C, DeepstreamClient } = ${load};
      const client = new DeepstreamClient('localhost:6020', { lazyConnect: true });
      const states = [];
      const show = function (state) {
        states.push([state, this === client]);
        if (state === C.CONNECTION_STATE.INITIALISING) client.close();
      };
      const chained = client.on('connectionStateChanged', show);
      const report = {
        initial: client.getConnectionState(),
        uid: client.getUid(),
        chained: chained === client,
        listens: client.hasListeners(C.EVENT.CONNECTION_STATE_CHANGED),
        sameHandler: client.event === client.event,
      };
      client.login().catch(() => {});
      process.on('exit', () => {
        client.off('connectionStateChanged', show);
        const stillListens = client.hasListeners('connectionStateChanged');
        console.log(JSON.stringify({ ...report, states, stillListens }));
      });
      `,
      { format },
    );
    const { uid, ...report } = JSON.parse(printed);
    assert.deepEqual(report, {
      initial: 'CLOSED',
      chained: true,
      listens: true,
      sameHandler: true,
      states: [
        ['INITIALISING', true],
        ['CLOSING', true],
        ['CLOSED', true],
      ],
      stillListens: false,
    });
    assert.match(uid, /^[0-9a-z]+-[0-9a-z]+$/);
  });

  test(`${how}, errors from within are instances of the class that is exported`, async () => {
    const printed = await runModule(
      consumer,
      `
      ${silentWebSocket}
      const { DeepstreamClient, DeepstreamError } = ${load};
      let error;
      try {
        new DeepstreamClient('http://localhost:6020');
      } catch (thrown) {
        error = thrown;
      }
      console.log(JSON.stringify({
        ours: error instanceof DeepstreamError,
        standard: error instanceof Error,
        name: error.name,
        code: typeof error.code,
        stack: error.stack.startsWith('DeepstreamError: ' + error.message),
      }));
      `,
      { format },
    );
    assert.deepEqual(JSON.parse(printed), {
      ours: true,
      standard: true,
      name: 'DeepstreamError',
      code: 'string',
      stack: true,
    });
  });

  test(`${how}, it works where code cannot be made from strings`, async () => {
    await runModule(
      consumer,
      `${silentWebSocket}\nconst { DeepstreamClient } = ${load};\nnew DeepstreamClient('localhost:6020').close();`,
      { format, flags: ['--disallow-code-generation-from-strings'] },
    );
  });
}

test('no file makes code from strings', async () => {
  for (const file of consumer.files.filter((name) => /\.[mc]?js$/.test(name))) {
    const code = await readFile(join(consumer.directory, 'node_modules/deepstream-wasm', file), 'utf8');
    assert.doesNotMatch(code, /\beval\s*\(|\bFunction\s*\(/, file);
  }
});

test('the module inside means nothing to whoever handles scripts as text', async () => {
  const files = ['index.mjs', 'index.cjs', 'core.mjs', 'core.cjs', 'dist/deepstream-wasm.js', 'deepstream_wasm_bg.text.mjs'];
  for (const file of files) {
    const code = await readFile(join(consumer.directory, 'node_modules/deepstream-wasm', file), 'utf8');
    const literal = code.split('\n').reduce((longest, line) => (line.length > longest.length ? line : longest));
    assert.ok(literal.length > 100_000, file);
    assert.match(literal, /^"[^"'`\\<$(]+"$/, file);
    assert.doesNotMatch(literal, /[^ -~]/, file);
  }
});

test('the module tells of no machine that it was built on', async () => {
  const module = await readFile(join(consumer.directory, 'node_modules/deepstream-wasm/deepstream_wasm_bg.wasm'), 'latin1');
  assert.doesNotMatch(module, /\.cargo\b|\.rustup\b/);
  assert.ok(!module.includes(inRepository()));
});

test('the entry with a URL wants init() first, then works', async () => {
  const printed = await runModule(
    consumer,
    `
    ${silentWebSocket}
    import { readFile } from 'node:fs/promises';
    import { fileURLToPath } from 'node:url';
    import { DeepstreamClient, DeepstreamError, init } from 'deepstream-wasm/url';

    const report = {};
    try {
      new DeepstreamClient('localhost:6020');
    } catch (error) {
      report.refused = error instanceof DeepstreamError && error.code;
      report.tellsWhatToDo = error.message.includes('await init()');
    }
    report.failure = await init(new Uint8Array(8)).catch((error) => [error.code, error.cause.name]);
    const file = await readFile(fileURLToPath(import.meta.resolve('deepstream-wasm/deepstream_wasm_bg.wasm')));
    const twice = await Promise.all([init(file), init()]);
    report.again = twice.every((outcome) => outcome === undefined);
    const client = new DeepstreamClient('localhost:6020');
    report.state = client.getConnectionState();
    client.close();
    console.log(JSON.stringify(report));
    `,
  );
  assert.deepEqual(JSON.parse(printed), {
    refused: 'NOT_INITIALISED',
    tellsWhatToDo: true,
    failure: ['WEBASSEMBLY_NOT_FOUND', 'CompileError'],
    again: true,
    state: 'INITIALISING',
  });
});
