// The hooks for React in Node: types, loading, and rendering on a server. tests/e2e/react.spec.mjs has them in pages.
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compileDocumented, createConsumer, inRepository, runModule } from './consumer.mjs';

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
      await compileDocumented(consumer, 'react.md', { language: 'tsx', compilerOptions });
    });
  });
}

test('both files begin with what tells bundlers that they belong into the browser', async () => {
  for (const file of ['react.mjs', 'react.cjs']) {
    const [, directive] = (await readFile(inRepository('pkg', file), 'utf8')).split('\n');
    assert.equal(directive, '"use client";', file);
  }
});
