// The test files that docs/testing.md shows, in Vitest and in Jest.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createConsumer, inRepository, run } from './consumer.mjs';
import { allPassed, closed, documented, jestConfiguration, jestProject, mocked } from './test-files.mjs';

const timeout = 120_000;

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
      const files = await jestProject(environment);
      files['jest.config.json'] = jestConfiguration(inRepository('node_modules', `jest-environment-${environment}`));
      const directory = await project(consumer, environment, files);
      const flags = ['--config', 'jest.config.json', '--runInBand', '--json', '--outputFile', 'outcome.json'];
      await run(process.execPath, [inRepository('node_modules/jest/bin/jest.js'), ...flags], directory);
      await allPassed(directory);
    });
  }
});
