// The installed package in strict TypeScript.
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { createConsumer, inRepository, run } from './consumer.mjs';

const consumer = await createConsumer();
const compiler = inRepository('node_modules/typescript/bin/tsc');

const resolutions = {
  'an application that is bundled': { module: 'ESNext', moduleResolution: 'Bundler', extension: 'ts' },
  'an ES module of Node.js': { module: 'NodeNext', moduleResolution: 'NodeNext', extension: 'mts' },
  'a CommonJS module of Node.js': { module: 'NodeNext', moduleResolution: 'NodeNext', extension: 'cts' },
};

for (const [what, { module, moduleResolution, extension }] of Object.entries(resolutions)) {
  describe(`in ${what}`, () => {
    const project = join(consumer.directory, extension);
    // The declarations are checked too, against nothing but the language and the browser.
    const strict = {
      module,
      moduleResolution,
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      types: [],
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
    };
    const compile = async (file, compilerOptions) => {
      const configuration = join(project, `tsconfig.${file}.json`);
      await writeFile(configuration, JSON.stringify({ compilerOptions, files: [file] }));
      await run(process.execPath, [compiler, '-p', configuration], project);
    };
    const fixture = (name) => inRepository('tests/packaging/typescript', name);

    before(async () => {
      await mkdir(project);
    });

    for (const name of ['example', 'errors']) {
      test(`${name}.ts compiles`, async () => {
        await copyFile(fixture(`${name}.ts`), join(project, `${name}.${extension}`));
        await compile(`${name}.${extension}`, strict);
      });
    }

    test('code written for @deepstream/client compiles with the import changed', async () => {
      const existing = await readFile(fixture('existing.ts'), 'utf8');
      await writeFile(
        join(project, `migrated.${extension}`),
        existing.replace("from '@deepstream/client'", "from 'deepstream-wasm'"),
      );
      // As strict as it has to be for the original.
      await compile(`migrated.${extension}`, {
        ...strict,
        noUncheckedIndexedAccess: false,
        exactOptionalPropertyTypes: false,
      });
    });

    test('that code does compile for @deepstream/client', async () => {
      await symlink(inRepository('node_modules'), join(project, 'node_modules'));
      await copyFile(fixture('existing.ts'), join(project, `existing.${extension}`));
      await compile(`existing.${extension}`, {
        ...strict,
        noUncheckedIndexedAccess: false,
        exactOptionalPropertyTypes: false,
        // Its declarations need those of Node.js, and do not all hold.
        types: ['node'],
        skipLibCheck: true,
      });
    });
  });
}
