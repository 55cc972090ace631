// Jest 29, which many projects stay with. tests/packaging/runners.test.mjs has the one that is current.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { allPassed, jestConfiguration, jestProject } from '../packaging/test-files.mjs';
import { inProject, run, runtime, timeout } from './support.mjs';

describe('Jest 29', () => {
  for (const environment of ['node', 'jsdom']) {
    test(`in ${environment}, and it ends by itself`, { timeout }, async () => {
      const files = { ...(await jestProject(environment)), 'jest.config.json': jestConfiguration(environment) };
      await mkdir(inProject(environment));
      for (const [name, content] of Object.entries(files)) await writeFile(inProject(environment, name), content);
      const flags = ['--config', join(environment, 'jest.config.json'), '--runInBand', '--json'];
      flags.push('--outputFile', inProject(environment, 'outcome.json'));
      await run(runtime, ['node_modules/jest/bin/jest.js', ...flags]);
      await allPassed(inProject(environment));
    });
  }
});
