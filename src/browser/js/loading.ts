import { DeepstreamError } from './error.js';
import { wordsOf } from './offline-store.js';

const textAdvice =
  'where jest-environment-jsdom is the reason, let a setup file do ' +
  "Object.assign(globalThis, { TextDecoder, TextEncoder }) with those of 'node:util'";

/** What a client cannot do without, and what to do where it is missing. */
const needed = {
  WebAssembly: 'every browser since 2017 has it, unless a setting such as the Lockdown Mode of iOS takes it away',
  TextDecoder: textAdvice,
  TextEncoder: textAdvice,
};

/**
 * Throws where the WebAssembly module cannot run at all.
 * @internal
 */
export function checkHost(): void {
  for (const [name, advice] of Object.entries(needed)) {
    if ((globalThis as Record<string, unknown>)[name]) continue;
    const code = name === 'WebAssembly' ? 'WEBASSEMBLY_UNAVAILABLE' : 'TEXT_CODER_UNAVAILABLE';
    throw new DeepstreamError(`there is no ${name}: ${advice}`, code);
  }
}

/**
 * Says what to do about what `WebAssembly` throws; anything else is given back as it is.
 * @internal
 */
export function compileError(exception: any): unknown {
  const advice = {
    RangeError: "this browser compiles no module of that size at once: import 'deepstream-wasm/url' and await init()",
    CompileError: "a Content-Security-Policy with script-src or default-src must have 'wasm-unsafe-eval' in it",
  }[String(exception?.name)];
  if (!advice) return exception;
  const message = `the WebAssembly module was not compiled (${wordsOf(exception)}): ${advice}`;
  return new DeepstreamError(message, 'WEBASSEMBLY_UNAVAILABLE', { cause: exception });
}
