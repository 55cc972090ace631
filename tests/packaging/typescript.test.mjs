// The installed package in strict TypeScript.
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { completionsIn, createConsumer, inRepository, run } from './consumer.mjs';

const consumer = await createConsumer();
const currentCompiler = inRepository('node_modules/typescript/bin/tsc');

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
    const compile = async (given, compilerOptions, compiler = currentCompiler) => {
      const files = [given].flat();
      const configuration = join(project, `tsconfig.${files[0]}.json`);
      await writeFile(configuration, JSON.stringify({ compilerOptions, files }));
      await run(process.execPath, [compiler, '-p', configuration], project);
    };
    const fixture = (name) => inRepository('tests/packaging/typescript', name);

    before(async () => {
      await mkdir(project);
    });

    for (const name of ['example', 'errors', ...(extension === 'cts' ? [] : ['schema'])]) {
      test(`${name}.ts compiles`, async () => {
        await copyFile(fixture(`${name}.ts`), join(project, `${name}.${extension}`));
        await compile(`${name}.${extension}`, strict);
      });
    }

    if (extension === 'ts') {
      test('schema.ts compiles for the other entries', async () => {
        const schema = await readFile(fixture('schema.ts'), 'utf8');
        const files = ['core', 'url'].map((entry) => [`schema-${entry}.ts`, `from 'deepstream-wasm/${entry}'`]);
        for (const [file, origin] of files) await writeFile(join(project, file), schema.replace("from 'deepstream-wasm'", origin));
        await compile(files.map(([file]) => file), strict);
      });

      test('all of them compile with the oldest TypeScript that will do', async () => {
        const files = ['example.ts', 'errors.ts', 'schema.ts'];
        await compile(files, strict, inRepository('node_modules/typescript-5.2/bin/tsc'));
      });

      test('editors complete names and paths', async () => {
        const program = `
          import { DeepstreamClient } from 'deepstream-wasm';
          interface Note { title: string; items: { name: string; count?: number }[] }
          declare const client: DeepstreamClient<{
            records: { settings: { dark: boolean }; [note: \`notes/\${string}\`]: Note };
            events: { news: string; ping: void };
            rpcs: { add(data: number): number; now(): string };
          }>;
          client.event.emit('');
          client.event.subscribe('', () => {});
          client.record.getRecord('');
          client.record.getRecord('notes/1').get('');
          client.record.getRecord('notes/1').get('items[0].');
          client.rpc.make('');
        `;
        const offered = completionsIn(join(project, 'completed.ts'), program, /\('(items\[0\]\.)?(?=')/g);
        assert.deepEqual(offered, [
          ['news', 'ping'],
          ['news', 'ping'],
          ['settings'],
          ['items', 'title'],
          ['items[0].count', 'items[0].name'],
          ['add', 'now'],
        ]);
      });

      test('a misspelt path is an error that shows the paths there are', async () => {
        const text = await readFile(fixture('misspelt.ts'), 'utf8');
        await writeFile(join(project, 'misspelt.ts'), text);
        const { message } = await compile('misspelt.ts', strict).then(() => assert.fail('it compiles'), (error) => error);
        const lines = text.split('\n');
        const complaints = message.split(/^(?=misspelt\.ts\()/m).slice(1);
        const places = complaints.map((complaint) => Number(/\((\d+),/.exec(complaint)[1]));
        assert.deepEqual(places, lines.flatMap((line, index) => (/^(void )?note\./.test(line) ? [index + 1] : [])));
        for (const [index, place] of places.entries()) {
          const [, paths] = lines[place - 1].split('; // ');
          assert.ok(complaints[index].includes(paths), complaints[index]);
        }
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
