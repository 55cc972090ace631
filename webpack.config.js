import { fileURLToPath } from 'node:url';

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Bundles the demo page of www/ with the built package into dist/. */
export default {
  mode: 'production',
  // Entries that are not JavaScript are there to be copied beside the bundle.
  entry: { index: ['./www/index.html', './www/style.css', './www/lab.css', './www/icon.svg', './www/index.js'] },
  output: {
    path: fromHere('dist'),
    filename: '[name].js',
    publicPath: '',
    assetModuleFilename: '[name][ext]',
    clean: true,
  },
  resolve: {
    // `npm run build` makes this file; the page uses the package as its users get it.
    alias: { 'deepstream-wasm$': fromHere('pkg/index.mjs'), 'deepstream-wasm/status$': fromHere('pkg/status.mjs') },
  },
  module: {
    rules: [{ test: /\.(html|css|svg)$/, type: 'asset/resource' }],
  },
  // Whoever reads the page in the browser's tools sees what is written here, and is served sooner.
  optimization: { minimize: false },
  // The WebAssembly module travels inside the bundle; `npm run size` is what watches its bytes.
  performance: { hints: false },
};
