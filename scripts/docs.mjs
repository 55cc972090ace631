// Makes the API reference from the declarations of the package, with the pages of docs/ beside it.
import { build } from './build.mjs';
import { inRoot, isMain } from './lib/paths.mjs';
import { main, run } from './lib/process.mjs';
import { setup } from './setup.mjs';

/** typedoc is installed beside the TypeScript that it needs, which is not the one that the package is built with. */
const inReference = (...parts) => inRoot('scripts', 'reference', ...parts);

/**
 * What Node.js runs to make the reference of pkg/ in a directory. It fails on what is not documented, on links that lead nowhere,
 * and on types that are used and not exported.
 */
export const referenceCommand = (directory) => [
  inReference('node_modules', 'typedoc', 'bin', 'typedoc'),
  ...['--options', inReference('typedoc.jsonc'), '--out', directory],
];

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    await build();
    await run('node', referenceCommand(inRoot('target', 'docs')));
    console.log('The first page is target/docs/index.html.');
  });
}
