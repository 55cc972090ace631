// The hooks for React in Node: types, loading, and rendering on a server. tests/e2e/react.spec.mjs has them in pages.
import assert from 'node:assert/strict';
import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compileDocumented, completionsIn, createConsumer, inRepository, run, runModule } from './consumer.mjs';

const timeout = 60_000;
const exported = [
  'DeepstreamProvider',
  'useClient',
  'useConnection',
  'useEvent',
  'useList',
  'useOutbox',
  'usePresence',
  'useRecord',
  'useRpc',
];

const loadings = {
  imported: { format: 'mjs', load: (name) => `await import('${name}')` },
  required: { format: 'cjs', load: (name) => `require('${name}')` },
};

for (const version of [18, 19]) {
  describe(`with React ${version}`, async () => {
    const suffix = version === 18 ? '-18' : '';
    const consumer = await createConsumer();
    const modules = join(consumer.directory, 'node_modules');
    // Copied: through a link they would look for each other where all versions are.
    const bring = (name, installed) => cp(inRepository('node_modules', installed), join(modules, name), { recursive: true });
    for (const name of ['react', 'react-dom', '@types/react']) await bring(name, name + suffix);
    for (const name of ['csstype', '@types/prop-types']) await bring(name, name);

    for (const [how, { format, load }] of Object.entries(loadings)) {
      test(`${how}, it renders on a server, and makes no client there`, { timeout }, async () => {
        const printed = await runModule(
          consumer,
          `
          const hooks = ${load('deepstream-wasm/react')};
          const { createElement } = ${load('react')};
          const { renderToString } = ${load('react-dom/server')};
          const unavailable = () => { throw new Error('used on a server'); };
          globalThis.WebSocket = class { constructor() { unavailable(); } };
          function Everything() {
            hooks.useEvent('news', unavailable);
            const [note, , { isReady }] = hooks.useRecord('note');
            const [title = 'untitled'] = hooks.useRecord('note', 'title');
            const seen = [hooks.useClient(), hooks.useConnection().state, note ?? null, title, isReady, hooks.useList('books').entries,
              hooks.useRpc('add').isPending, hooks.usePresence(), hooks.usePresence(['bob']), hooks.useOutbox().size];
            return JSON.stringify(seen);
          }
          const provide = (client) => renderToString(createElement(hooks.DeepstreamProvider, { client }, createElement(Everything)));
          const html = provide(unavailable);
          let failure;
          try { renderToString(createElement(Everything)); } catch (error) { failure = error.message; }
          console.log(JSON.stringify([Object.keys(hooks).sort(), html.replaceAll('&quot;', '"'), failure]));
          `,
          { format },
        );
        const [names, html, failure] = JSON.parse(printed);
        assert.deepEqual(names.filter((name) => name !== 'default' && name !== 'module.exports'), exported);
        assert.deepEqual(JSON.parse(html), [null, 'CLOSED', null, 'untitled', false, [], false, [], { bob: false }, 0]);
        assert.equal(failure, 'there is no <DeepstreamProvider> around this component');
      });
    }

    test('the code in docs/react.md compiles', { timeout }, async () => {
      const compilerOptions = { jsx: 'react-jsx', exactOptionalPropertyTypes: true };
      // What declares a schema declares it for all that is compiled with it.
      for (const language of ['tsx', 'ts']) await compileDocumented(consumer, 'react.md', { language, compilerOptions });
    });

    for (const compiler of ['typescript', 'typescript-5.2']) {
      test(`the hooks go by a schema that is declared once, with ${compiler}`, { timeout }, async () => {
        const { directory } = consumer;
        const name = 'react-schema.tsx';
        await copyFile(inRepository('tests/packaging/typescript', name), join(directory, name));
        const compilerOptions = {
          module: 'ESNext',
          moduleResolution: 'Bundler',
          target: 'ES2022',
          lib: ['ES2022', 'DOM'],
          types: [],
          jsx: 'react-jsx',
          noEmit: true,
          strict: true,
          noUncheckedIndexedAccess: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
        };
        await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [name] }));
        await run(process.execPath, [inRepository('node_modules', compiler, 'bin/tsc'), '-p', 'tsconfig.json'], directory);
      });
    }

    test('editors complete the names and paths that hooks take', { timeout }, () => {
      const program = `
        import { useEvent, useRecord, useRpc } from 'deepstream-wasm/react';
        interface Schema {
          records: { settings: { dark: boolean }; [note: \`notes/\${string}\`]: { title: string; items: string[] } };
          events: { news: string; ping: void };
          rpcs: { add(data: number): number; now(): string };
        }
        declare module 'deepstream-wasm/react' {
          interface Register { schema: Schema }
        }
        useEvent('', () => {});
        useRecord('');
        useRecord('notes/1', '');
        useRpc('');
      `;
      const offered = completionsIn(join(consumer.directory, 'completed.ts'), program, /(\(|, )'(?=')/g);
      assert.deepEqual(offered, [['', 'news', 'ping'], ['', 'settings'], ['items', 'title'], ['add', 'now']]);
    });
  });
}

test('both files begin with what tells bundlers that they belong into the browser', async () => {
  for (const file of ['react.mjs', 'react.cjs']) {
    const [, directive] = (await readFile(inRepository('pkg', file), 'utf8')).split('\n');
    assert.equal(directive, '"use client";', file);
  }
});
