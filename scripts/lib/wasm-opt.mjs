import { run } from './process.mjs';

/** What browsers must know to run the modules: wasm-opt has to be told each time. */
export const features = [
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-nontrapping-float-to-int',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-reference-types',
  '--enable-multivalue',
];

const options = [
  // Makes the control flow anew, which takes more than one pass to be good for something.
  '--flatten',
  '--rereloop',
  '-Oz',
  '-Oz',
  // More functions, but alike: they compress better than one of everything inlined.
  '--one-caller-inline-max-function-size=0',
  // The stack ends there, above all else: no address is made that low.
  '--low-memory-unused',
  // The alignment of each access is a hint that no engine takes: all the same compress better.
  '--dealign',
  '--strip-producers',
  '--strip-target-features',
];

/** Makes a module as small as it gets, in another file. */
export const optimise = (module, output, extra = []) => run('wasm-opt', [module, '--output', output, ...features, ...options, ...extra]);
