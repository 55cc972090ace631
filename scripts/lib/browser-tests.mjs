import { inRoot } from './paths.mjs';

/** Bundles what the tests in tests/browser import, which find it there while they run. */
export async function bundleForBrowserTests() {
  const esbuild = await import('esbuild');
  await esbuild.build({
    entryPoints: [inRoot('tests', 'browser', 'support', 'client.ts')],
    outfile: inRoot('target', 'browser-tests', 'client.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    define: { PACKAGE_VERSION: '"tested"' },
    logLevel: 'warning',
    plugins: [glueOfTests],
  });
  // Else its service process would live as long as this one.
  await esbuild.stop();
}

/** The glue is that of the module with the tests, as the test runner's page imports it. */
const glueOfTests = {
  name: 'glue-of-tests',
  setup({ onResolve }) {
    onResolve({ filter: /\/target\/glue\// }, () => ({ path: '/wasm-bindgen-test', external: true }));
  },
};
