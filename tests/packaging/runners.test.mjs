// The test files that docs/testing.md shows, in Vitest and in Jest.
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { transform } from 'esbuild';
import { createConsumer, inRepository, run } from './consumer.mjs';

const timeout = 120_000;
const page = await readFile(inRepository('docs/testing.md'), 'utf8');
const codeIn = (language) => [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language).map(([, , code]) => code);
/** All of it, one after the other, is one file of tests. */
const documented = codeIn('ts').join('\n');
const titles = [...documented.matchAll(/^test\('(.*)', async/gm)].map(([, title]) => title);
assert.ok(titles.length >= 3);

/** What a mocked package gives, as the page says. */
const mocked = (runner) => `
  import { expect, test } from '${runner}';
  import { DeepstreamClient } from 'deepstream-wasm';

  test('mocked, it has no parts', () => {
    const client = new DeepstreamClient('ws://nowhere.test');
    client.close();
    expect(client.close).toHaveBeenCalledTimes(1);
    expect([client.event, client.record, client.connection]).toEqual([undefined, undefined, undefined]);
  });
`;

/** What Vitest can do besides: the package as it is, and its calls recorded. */
const spied = `
  import { expect, test, vi } from 'vitest';
  import { DeepstreamClient } from 'deepstream-wasm';
  import { createTestServer } from 'deepstream-wasm/testing';

  vi.mock('deepstream-wasm', { spy: true });

  test('spied on, it works', async () => {
    using server = createTestServer();
    const client = new DeepstreamClient(server.url, { outbox: { storage: 'memory' } });
    await client.login({ username: 'ada' });
    expect(client.login).toHaveBeenCalledWith({ username: 'ada' });
    expect(server.users).toEqual(['ada']);
    client.close();
  });
`;

/** What would keep the process alive, were it not closed. */
const closed = (runner) => `
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

/** Makes a project of these files, beside the installed package. */
async function project(consumer, name, files) {
  const directory = join(consumer.directory, name);
  await mkdir(directory);
  for (const [file, content] of Object.entries(files)) await writeFile(join(directory, file), content);
  return directory;
}

describe('Vitest', async () => {
  const consumer = await createConsumer();
  for (const name of ['vitest', 'jsdom']) {
    await symlink(inRepository('node_modules', name), join(consumer.directory, 'node_modules', name));
  }
  for (const environment of ['node', 'jsdom']) {
    test(`in ${environment}`, { timeout }, async () => {
      const files = {
        'documented.test.ts': documented,
        'mocked.test.ts': `import { vi } from 'vitest'; vi.mock('deepstream-wasm'); ${mocked('vitest')}`,
        'closed.test.ts': closed('vitest'),
        'spied.test.ts': spied,
      };
      const directory = await project(consumer, environment, files);
      const flags = ['run', '--root', directory, '--environment', environment, '--reporter', 'json', '--outputFile', 'outcome.json'];
      await run(process.execPath, [inRepository('node_modules/vitest/vitest.mjs'), ...flags], directory);
      await allPassed(directory, ['spied on, it works']);
    });
  }
});

describe('Jest', async () => {
  const consumer = await createConsumer();
  for (const environment of ['node', 'jsdom']) {
    test(`in ${environment}, and it ends by itself`, { timeout }, async () => {
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
      files['jest.config.json'] = JSON.stringify({
        testEnvironment: inRepository('node_modules', `jest-environment-${environment}`),
        testMatch: ['**/*.test.cjs'],
        setupFiles: ['<rootDir>/setup.cjs'],
        transform: {},
      });
      const directory = await project(consumer, environment, files);
      const flags = ['--config', 'jest.config.json', '--runInBand', '--json', '--outputFile', 'outcome.json'];
      await run(process.execPath, [inRepository('node_modules/jest/bin/jest.js'), ...flags], directory);
      await allPassed(directory);
    });
  }
});

/** Both write the same report. */
async function allPassed(directory, more = []) {
  const { testResults } = JSON.parse(await readFile(join(directory, 'outcome.json'), 'utf8'));
  const outcomes = testResults.flatMap(({ assertionResults }) => assertionResults).map(({ title, status }) => [title, status]);
  const expected = [...titles, 'mocked, it has no parts', 'closed while it waits for the next attempt', ...more];
  assert.deepEqual(outcomes.sort(), expected.map((title) => [title, 'passed']).sort());
}
