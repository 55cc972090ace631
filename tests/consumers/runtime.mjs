// The tests of the runtimes that run programs without a page.
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { inRepository } from '../packaging/consumer.mjs';
import { inProject, run, runtime, timeout } from './support.mjs';

/** A program that requires what it uses. */
const requiring = `
  const { C, DeepstreamClient, DeepstreamError } = require('deepstream-wasm');
  const core = require('deepstream-wasm/core');
  const states = [DeepstreamClient, core.DeepstreamClient].map((Client) => {
    const client = new Client('localhost:6020', { lazyConnect: true });
    const state = client.getConnectionState();
    client.close();
    return state === C.CONNECTION_STATE.CLOSED;
  });
  try {
    new DeepstreamClient('http://localhost:6020');
  } catch (error) {
    console.log(states.every(Boolean) && error instanceof DeepstreamError && error.code);
  }
`;

/**
 * @param {string} name of the runtime, with its version
 * @param {object} [options]
 * @param {string[]} [options.flags] what it is given before the name of a program
 * @param {Record<string, string>} [options.env]
 */
export function testRuntime(name, { flags = [], env } = {}) {
  describe(name, () => {
    let server;
    before(async () => {
      server = await startDeepstreamServer();
    });
    after(() => server?.stop());

    const runProgram = (...parameters) => run(runtime, [...flags, ...parameters], env);

    test('a program speaks with the server, and ends once its clients are closed', { timeout }, async () => {
      await copyFile(inRepository('tests/consumers/conversation.mjs'), inProject('conversation.mjs'));
      const outcomes = JSON.parse(await runProgram('conversation.mjs', server.url));
      const spoken = { receipt: 'delivered', heard: 'Grüße, 世界 🎈', sum: 3, errors: [] };
      const noted = { ...spoken, note: 'bread', snapshot: { title: 'Shopping', items: ['bread'] } };
      assert.deepEqual(outcomes, { whole: noted, core: spoken, separate: noted });
    });

    test('a program may require the package', { timeout }, async () => {
      await writeFile(inProject('requiring.cjs'), requiring);
      assert.equal(await runProgram('requiring.cjs'), 'INVALID_ARGUMENT\n');
    });
  });
}
