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
 * What the WebAssembly module can be made from; asks the server where only its place is known, and compiles what comes while it
 * comes.
 * @throws {DeepstreamError} (the promise rejects) where the server has something else
 * @internal
 */
export async function loadModule(source: any): Promise<any> {
  const isPlace = typeof source === 'string' || isA('URL', source) || isA('Request', source);
  const given = await (isPlace ? fetch(source) : source);
  if (!isA('Response', given)) return given;
  const isPage = given.headers.get('content-type')?.startsWith('text/html');
  if (!given.ok) throw notFound(`the server has none at ${given.url} (HTTP status ${given.status})`);
  if (isPage) throw notFound(`what came from ${given.url} is a web page (text/html), which servers send for what they lack`);
  // Not everything that has WebAssembly has that.
  if (typeof WebAssembly.compileStreaming !== 'function') return given.arrayBuffer();
  try {
    return await WebAssembly.compileStreaming(given);
  } catch (exception) {
    if (given.headers.get('content-type') === 'application/wasm') throw exception;
    console.warn(SLOWER, exception);
    return given.arrayBuffer();
  }
}

const SLOWER =
  '`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. ' +
  'Falling back to `WebAssembly.instantiate` which is slower. Original error:\n';

/** Whether it is one of these, where the host has them at all. */
function isA(name: 'URL' | 'Request' | 'Response', value: unknown): boolean {
  return typeof globalThis[name] === 'function' && value instanceof globalThis[name];
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

/**
 * Says that what was to be compiled is no module, if that is why `WebAssembly` throws this.
 * @internal
 */
export function foreignBytesError(exception: any): DeepstreamError | undefined {
  const words = wordsOf(exception);
  // Every browser has its own words for bytes that do not begin as modules do.
  const isForeign = exception?.name === 'CompileError' && /magic|\\0asm/.test(words);
  return isForeign ? notFound(`what came is something else (${words})`, exception) : undefined;
}

function notFound(what: string, cause?: unknown): DeepstreamError {
  const message = `there is no WebAssembly module: ${what}; give init() the URL of the package's deepstream_wasm_bg.wasm`;
  return new DeepstreamError(message, 'WEBASSEMBLY_NOT_FOUND', cause === undefined ? undefined : { cause });
}
