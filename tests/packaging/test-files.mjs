// The test files that docs/testing.md shows, and what else is tested of the package in a test runner.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { inRepository } from './consumer.mjs';

const page = await readFile(inRepository('docs/testing.md'), 'utf8');
const codeIn = (language) => [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language).map(([, , code]) => code);
/** All of it, one after the other, is one file of tests. */
export const documented = codeIn('ts').join('\n');
const titles = [...documented.matchAll(/^test\('(.*)', async/gm)].map(([, title]) => title);
assert.ok(titles.length >= 3);

/** What a mocked package gives, as the page says. */
export const mocked = (runner) => `
  import { expect, test } from '${runner}';
  import { DeepstreamClient } from 'deepstream-wasm';

  test('mocked, it has no parts', () => {
    const client = new DeepstreamClient('ws://nowhere.test');
    client.close();
    expect(client.close).toHaveBeenCalledTimes(1);
    expect([client.event, client.record, client.connection]).toEqual([undefined, undefined, undefined]);
  });
`;

/** What would keep the process alive, were it not closed. */
export const closed = (runner) => `
  import { expect, test } from '${runner}';
  import { DeepstreamClient } from 'deepstream-wasm';
  import { createTestServer } from 'deepstream-wasm/testing';

  test('closed while it waits for the next attempt', async () => {
    const server = createTestServer();
    const client = new DeepstreamClient(server.url, { outbox: { storage: 'memory' } });
    await client.login();
    server.refuse();
    await new Promise((resolve) => client.on('connectionChanged', ({ nextAttemptAt }) => nextAttemptAt && resolve()));
    client.event.emit('news', 1);
    client.close();
    server.close();
    expect(client.getConnectionState()).toBe('CLOSED');
  });
`;

/** The files of a project for Jest, without the package: `npx jest` does the rest. */
export async function jestProject(environment) {
  // As the page says that it is in Jest.
  const own = documented
    .replace(/^import .* from 'vitest';$/m, "import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';")
    .replace(/vi\.useFakeTimers\(.*\)/, /jest\.useFakeTimers\(.*?\)/.exec(page)[0])
    .replaceAll('vi.', 'jest.');
  const files = {};
  const sources = { documented: own, mocked: mocked('@jest/globals'), closed: closed('@jest/globals') };
  for (const [name, source] of Object.entries(sources)) {
    files[`${name}.test.cjs`] = (await transform(source, { loader: 'ts', format: 'cjs' })).code;
  }
  files['mocked.test.cjs'] = `jest.mock('deepstream-wasm'); ${files['mocked.test.cjs']}`;
  files['setup.cjs'] = environment === 'jsdom' ? codeIn('js').join('\n') : '';
  return files;
}

/** How Jest is told to run them. */
export const jestConfiguration = (testEnvironment) =>
  JSON.stringify({ testEnvironment, testMatch: ['**/*.test.cjs'], setupFiles: ['<rootDir>/setup.cjs'], transform: {} });

/** Both write the same report. */
export async function allPassed(directory, more = []) {
  const { testResults } = JSON.parse(await readFile(join(directory, 'outcome.json'), 'utf8'));
  const outcomes = testResults.flatMap(({ assertionResults }) => assertionResults).map(({ title, status }) => [title, status]);
  const expected = [...titles, 'mocked, it has no parts', 'closed while it waits for the next attempt', ...more];
  assert.deepEqual(outcomes.sort(), expected.map((title) => [title, 'passed']).sort());
}
