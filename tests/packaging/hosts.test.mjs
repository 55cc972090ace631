// The installed package where hosts are not what browsers are: without what it needs, with sockets and realms of others.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { createConsumer, inRepository, runModule } from './consumer.mjs';

const consumer = await createConsumer();
for (const name of ['ws', 'jsdom', 'happy-dom']) {
  await symlink(inRepository('node_modules', name), join(consumer.directory, 'node_modules', name));
}

const loadings = {
  imported: { format: 'mjs', load: `await import('deepstream-wasm')` },
  required: { format: 'cjs', load: `require('deepstream-wasm')` },
};

/** What `new` throws, twice. */
const attempts = `
  const attempt = () => {
    try {
      new DeepstreamClient('localhost:6020', { lazyConnect: true }).close();
      return 'made';
    } catch (error) {
      return [error instanceof DeepstreamError, error.code, error.message];
    }
  };
  console.log(JSON.stringify([attempt(), attempt()]));
`;

const lacks = {
  'no WebAssembly': ['delete globalThis.WebAssembly', 'WEBASSEMBLY_UNAVAILABLE', 'there is no WebAssembly'],
  'no TextDecoder': [`Object.defineProperty(globalThis, 'TextDecoder', { value: undefined })`, 'TEXT_CODER_UNAVAILABLE', 'setup file'],
  'no TextEncoder': [`Object.defineProperty(globalThis, 'TextEncoder', { value: undefined })`, 'TEXT_CODER_UNAVAILABLE', 'setup file'],
  'a limit of size': [
    `WebAssembly.Module = function () { throw new RangeError('larger than 4KB'); }`,
    'WEBASSEMBLY_UNAVAILABLE',
    "import 'deepstream-wasm/url'",
  ],
  'a Content-Security-Policy': [
    `WebAssembly.Module = function () { throw new WebAssembly.CompileError('blocked'); }`,
    'WEBASSEMBLY_UNAVAILABLE',
    "'wasm-unsafe-eval'",
  ],
};

for (const [how, { format, load }] of Object.entries(loadings)) {
  describe(`${how} where there is`, () => {
    for (const [what, [fault, code, advice]] of Object.entries(lacks)) {
      test(`${what}: the first client that is made says so, and each after it`, async () => {
        const source = `${fault};\nconst { DeepstreamClient, DeepstreamError } = ${load};\n${attempts}`;
        const outcomes = JSON.parse(await runModule(consumer, source, { format }));
        for (const [ours, actual, message] of outcomes) {
          assert.deepEqual([ours, actual], [true, code]);
          assert.ok(message.includes(advice), message);
        }
      });
    }
  });
}

test('the entry with a URL says it too, and is made when the reason is gone', async () => {
  const printed = await runModule(
    consumer,
    `
    const { WebAssembly } = globalThis;
    delete globalThis.WebAssembly;
    const { DeepstreamClient, init } = await import('deepstream-wasm/url');
    const { readFile } = await import('node:fs/promises');
    const { fileURLToPath } = await import('node:url');
    const file = await readFile(fileURLToPath(import.meta.resolve('deepstream-wasm/deepstream_wasm_bg.wasm')));
    const outcomes = [await init(file).catch(({ code }) => code)];
    try { new DeepstreamClient('localhost'); } catch ({ code }) { outcomes.push(code); }
    globalThis.WebAssembly = WebAssembly;
    outcomes.push(await init(file).catch(({ code }) => code) ?? 'ready');
    console.log(JSON.stringify(outcomes));
    `,
  );
  assert.deepEqual(JSON.parse(printed), ['WEBASSEMBLY_UNAVAILABLE', 'WEBASSEMBLY_UNAVAILABLE', 'ready']);
});

for (const [how, { format, load }] of Object.entries(loadings)) {
  test(`${how}, a failure that nobody catches prints a screen at most`, async () => {
    const file = join(consumer.directory, `failing.${format}`);
    await writeFile(
      file,
      `const main = async () => {
        const { DeepstreamClient } = ${load};
        globalThis.WebSocket = undefined;
        const client = new DeepstreamClient('localhost:6020');
        client.on('error', () => {});
        client.login();
      };
      main();`,
    );
    const { code, printed } = await new Promise((resolve) => {
      execFile(process.execPath, [file], (error, stdout, stderr) => resolve({ code: error?.code, printed: stdout + stderr }));
    });
    assert.equal(code, 1);
    assert.match(printed, /WEBSOCKET_UNAVAILABLE/);
    assert.ok(printed.length < 5_000, `${printed.length} characters`);
  });
}

test('what logs show of an object is the name of its class', async () => {
  const printed = await runModule(
    consumer,
    `
    import { DeepstreamClient, DeepstreamError } from 'deepstream-wasm';
    const client = new DeepstreamClient('localhost:6020', { lazyConnect: true });
    const objects = [
      client, client.event, client.record, client.rpc, client.presence, client.outbox,
      client.record.getRecord('r'), client.record.getList('l'), client.record.getAnonymousRecord(), client.record.getDq('q'),
    ];
    console.log(JSON.stringify([DeepstreamError.name, ...objects.map((object) => object.constructor.name)]));
    client.close();
    `,
  );
  assert.deepEqual(JSON.parse(printed), [
    'DeepstreamError', 'DeepstreamClient', 'EventHandler', 'RecordHandler', 'RpcHandler', 'PresenceHandler', 'OutboxHandler',
    'Record', 'List', 'AnonymousRecord', 'Dequeue',
  ]);
});

/** A program that talks with itself through a real server, more at once than a socket sends at once. */
const conversation = `
  const errors = [];
  const converse = async (client) => {
    client.on('error', (error) => errors.push(error.code));
    await client.login();
    const heard = [];
    const all = new Promise((resolve) => {
      client.event.subscribe('news', (data) => heard.push(data.number) === 100 && resolve());
    });
    const text = 'x'.repeat(2_000);
    for (let number = 0; number < 100; number += 1) client.event.emit('news', { number, text });
    await all;
    const { length } = errors;
    client.close();
    return { errors: errors.slice(0, length), inOrder: heard.every((number, index) => number === index) };
  };
`;

describe('with a socket of another kind', () => {
  let server;

  before(async () => {
    server = await startDeepstreamServer();
  });

  after(() => server?.stop());

  const hosts = {
    ws: () => `
      import { WebSocket } from 'ws';
      globalThis.WebSocket = WebSocket;
      const { DeepstreamClient } = await import('deepstream-wasm');
      ${conversation}
      console.log(JSON.stringify(await converse(new DeepstreamClient('${server.url}'))));
    `,
    'happy-dom': () => `
      import { Window } from 'happy-dom';
      const window = new Window({ url: 'http://localhost/' });
      globalThis.WebSocket = window.WebSocket;
      globalThis.document = window.document;
      globalThis.localStorage = window.localStorage;
      const { DeepstreamClient } = await import('deepstream-wasm');
      ${conversation}
      console.log(JSON.stringify(await converse(new DeepstreamClient('${server.url}'))));
      process.exit(0);
    `,
    // As jest-environment-jsdom does it: the realm of the page, and modules of the kind that is required.
    'jsdom, in its own realm': () => `
      import { JSDOM } from 'jsdom';
      import { readFileSync } from 'node:fs';
      import { createRequire } from 'node:module';
      import { compileFunction } from 'node:vm';
      const dom = new JSDOM('', { url: 'http://localhost/', runScripts: 'outside-only' });
      const file = createRequire(import.meta.url).resolve('deepstream-wasm');
      const code = readFileSync(file, 'utf8');
      const module = { exports: {} };
      const context = dom.getInternalVMContext();
      compileFunction(code, ['module', 'exports'], { parsingContext: context })(module, module.exports);
      const { DeepstreamClient } = module.exports;
      // A setup file may come after what it imports.
      Object.assign(dom.window, { TextDecoder, TextEncoder });
      ${conversation}
      console.log(JSON.stringify(await converse(new DeepstreamClient('${server.url}'))));
      process.exit(0);
    `,
  };
  for (const [host, program] of Object.entries(hosts)) {
    test(`of ${host}, it speaks with the server`, async () => {
      assert.deepEqual(JSON.parse(await runModule(consumer, program())), { errors: [], inOrder: true });
    });
  }

  test('of ws, a server that is not there does not end the process', async () => {
    const printed = await runModule(
      consumer,
      `
      import { WebSocket } from 'ws';
      import { DeepstreamClient } from 'deepstream-wasm';
      globalThis.WebSocket = WebSocket;
      const clients = [new DeepstreamClient('localhost:${await freePort()}'), new DeepstreamClient('localhost:${await freePort()}')];
      const [first, second] = clients;
      first.on('error', () => {});
      // This one lets go of a socket that is still being opened.
      setTimeout(() => second.close());
      await new Promise((resolve) => setTimeout(resolve, 500));
      while (first.connection.reason === null) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log(JSON.stringify(first.connection.reason));
      first.close();
      `,
    );
    assert.deepEqual(JSON.parse(printed), { kind: 'network', code: 1006, willRetry: true });
  });

  test('that knows nothing of CloseEvent, the code that the server closed with is told', async () => {
    const printed = await runModule(
      consumer,
      `
      import { WebSocket, WebSocketServer } from 'ws';
      import { DeepstreamClient } from 'deepstream-wasm';
      globalThis.WebSocket = WebSocket;
      const server = new WebSocketServer({ port: 0 });
      server.on('connection', (socket) => socket.close(4003, 'go away'));
      const client = new DeepstreamClient(\`localhost:\${server.address().port}\`);
      client.on('error', () => {});
      await new Promise((resolve) => client.on('connectionStateChanged', (state) => state === 'ERROR' && resolve()));
      console.log(JSON.stringify(client.connection.reason));
      client.close();
      server.close();
      `,
    );
    assert.deepEqual(JSON.parse(printed), { kind: 'stopped', code: 4003, willRetry: false });
  });

  test('of ws, a client that is closed while it waits for the next attempt keeps no process alive', async () => {
    const printed = await runModule(
      consumer,
      `
      import { WebSocket } from 'ws';
      import { DeepstreamClient } from 'deepstream-wasm';
      globalThis.WebSocket = WebSocket;
      const client = new DeepstreamClient('localhost:${await freePort()}', { lostConnectionTimeout: 3_600_000 });
      client.on('error', () => {});
      client.login({ user: 'ada' }).catch(() => {});
      client.event.subscribe('news', () => {});
      client.event.emit('news', 1);
      client.rpc.make('add', 1, { timeout: 3_600_000 }).catch(() => {});
      client.record.getRecord('note').set('title', 'Shopping');
      client.presence.getAll().catch(() => {});
      // The first attempts follow at once.
      while (!(client.connection.nextAttemptAt > Date.now() + 500)) await new Promise((resolve) => setTimeout(resolve, 5));
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
      const before = timers();
      client.close();
      await new Promise((resolve) => setImmediate(resolve));
      console.log(JSON.stringify({ hadTimers: before > 0, left: timers() }));
      `,
    );
    assert.deepEqual(JSON.parse(printed), { hadTimers: true, left: 0 });
  });
});
