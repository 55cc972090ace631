// The entry without records: installed, in a program that talks to a real server, and bundled.
import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as esbuild from 'esbuild';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { createConsumer, inRepository, run, runModule } from './consumer.mjs';

const consumer = await createConsumer();
await symlink(inRepository('node_modules', 'ws'), join(consumer.directory, 'node_modules', 'ws'));

const timeout = 60_000;

test('events, calls, presence and receipts go through a real server', { timeout }, async () => {
  const server = await startDeepstreamServer();
  try {
    const printed = await runModule(
      consumer,
      `
      import WebSocket from 'ws';
      import { DeepstreamClient } from 'deepstream-wasm/core';
      globalThis.WebSocket = WebSocket;
      const client = new DeepstreamClient('localhost:${server.port}');
      await client.login({ username: 'ada' });
      const heard = new Promise((resolve) => client.event.subscribe('news', resolve));
      client.rpc.provide('double', (number, response) => response.send(number * 2));
      const report = { receipt: await client.event.emit('news', { hello: 'there' }, { receipt: true }) };
      report.heard = await heard;
      // The server may not know yet who provides it.
      while (report.doubled === undefined) {
        report.doubled = await client.rpc.make('double', 21).catch((error) => {
          if (error.code !== 'NO_RPC_PROVIDER') throw error;
        });
      }
      report.present = await client.presence.getAll();
      report.waiting = client.outbox.entries().length;
      client.close();
      console.log(JSON.stringify(report));
      `,
    );
    const { present, ...report } = JSON.parse(printed);
    assert.deepEqual(report, { receipt: 'delivered', heard: { hello: 'there' }, doubled: 42, waiting: 0 });
    assert.ok(Array.isArray(present));
  } finally {
    await server.stop();
  }
});

const touchRecords = `
  const client = new DeepstreamClient('localhost:6020', { lazyConnect: true });
  const attempt = () => {
    try {
      return client.record.getRecord('note');
    } catch (error) {
      return [error instanceof DeepstreamError, error.code, error.message];
    }
  };
  const outcomes = [attempt(), attempt()];
  client.close();
  console.log(JSON.stringify(outcomes));
`;

function assertRefused(printed) {
  for (const [isOurs, code, message] of JSON.parse(printed)) {
    assert.deepEqual([isOurs, code], [true, 'RECORDS_NOT_INCLUDED']);
    assert.match(message, /import DeepstreamClient from 'deepstream-wasm'/);
  }
}

test('client.record throws each time, and names the other entry', async () => {
  const source = `import { DeepstreamClient, DeepstreamError } from 'deepstream-wasm/core';\n${touchRecords}`;
  assertRefused(await runModule(consumer, source));
});

test('bundled, it works without a warning, and brings nothing of the records', async () => {
  const source = `import { DeepstreamClient, DeepstreamError } from 'deepstream-wasm/core';\n${touchRecords}`;
  await writeFile(join(consumer.directory, 'application.mjs'), source);
  const outfile = join(consumer.directory, 'bundled.mjs');
  const { warnings, metafile } = await esbuild.build({
    entryPoints: ['application.mjs'],
    absWorkingDir: consumer.directory,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    logLevel: 'silent',
  });
  assert.deepEqual(warnings, []);
  const inputs = Object.keys(metafile.inputs).filter((name) => name.includes('deepstream-wasm'));
  assert.deepEqual(inputs, ['node_modules/deepstream-wasm/core.mjs']);
  assertRefused(await run(process.execPath, [outfile], consumer.directory));
});

test('an application that makes either client needs no other types', { timeout }, async () => {
  const source = `
    import { DeepstreamClient, type DeepstreamClientConstructor, type EventHandler } from 'deepstream-wasm/core';
    import { DeepstreamClient as Whole } from 'deepstream-wasm';

    const constructors: DeepstreamClientConstructor[] = [DeepstreamClient, Whole];
    const events: EventHandler[] = constructors.map((Client) => new Client('localhost:6020').event);
    export const client: DeepstreamClient = new Whole('localhost:6020');
    export { events };
  `;
  await writeFile(join(consumer.directory, 'either.ts'), source);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable'];
  await run(process.execPath, [inRepository('node_modules/typescript/bin/tsc'), ...options, '--types', '', 'either.ts'], consumer.directory);
});
