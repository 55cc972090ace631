/**
 * The entry for those who tune: the WebAssembly module stays a file of its own, which browsers compile while it loads
 * and cache compiled. `await init()` comes before the first client.
 *
 * @example
 * import { DeepstreamClient, init } from 'deepstream-wasm/url';
 *
 * await init();
 * const client = new DeepstreamClient('localhost:6020');
 *
 * @packageDocumentation
 */
import load from '../../../target/glue/deepstream_wasm.js';
import { DeepstreamError } from './error.js';
import {
  defineClient,
  defineSingleton,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import { checkHost, compileError } from './loading.js';

export * from './public.js';

/** Where the WebAssembly module is, or what `fetch` says about it, or its bytes, or the module itself. */
export type ModuleSource = string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;

let initialised = false;

/**
 * Loads and compiles the WebAssembly module. Done once; called again, it gives the same outcome, or tries again after a
 * failure.
 * @param source The file `deepstream_wasm_bg.wasm` of this package; without it, the one beside this script.
 * @throws {DeepstreamError} (the promise rejects) with the code `WEBASSEMBLY_UNAVAILABLE`, and with what to do, where there
 * is no WebAssembly or it compiles nothing; what `fetch` throws as it is
 * @example
 * await init('/assets/deepstream_wasm_bg.wasm');
 */
export async function init(
  source: ModuleSource = new URL('./deepstream_wasm_bg.wasm', import.meta.url),
): Promise<void> {
  checkHost();
  try {
    await load({ module_or_path: source });
  } catch (exception) {
    throw compileError(exception);
  }
  initialised = true;
}

/** A client, as `new DeepstreamClient()` makes it. */
export type DeepstreamClient = Client;

/**
 * A connection to a deepstream server, that finds its way back whenever it is lost.
 *
 * @example
 * await init();
 * const client = new DeepstreamClient('localhost:6020', { heartbeatInterval: 60_000 });
 */
export const DeepstreamClient: DeepstreamClientConstructor = defineClient(() => {
  if (initialised) return;
  checkHost();
  throw new DeepstreamError('await init() must come before new DeepstreamClient()', 'NOT_INITIALISED');
});

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);
