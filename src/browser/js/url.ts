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
 * @module deepstream-wasm/url
 */
import {
  defineClient,
  defineSingleton,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import load from '../../../target/glue/deepstream_wasm.js';
import { DeepstreamError } from './error.js';
import type { ClientSchema } from './schema.js';
import { checkHost, compileError, foreignBytesError, loadModule } from './loading.js';
import { defaultSource } from './module-source.js';
import { defineRecords } from './records.js';

export * from './public.js';

/** Where the WebAssembly module is, or what `fetch` says about it, or its bytes, or the module itself. */
export type ModuleSource = string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;

let initialised = false;
let loading: Promise<void> | undefined;

/**
 * Loads and compiles the WebAssembly module. Done once; called again, it gives the same outcome, or tries again after a
 * failure.
 * @param source The file `deepstream_wasm_bg.wasm` of this package. Without it: in a plain page and in webpack the file beside
 * this script, in other bundlers a script that holds it, in Node.js and in Cloudflare Workers the file itself.
 * @throws {DeepstreamError} (the promise rejects) with the code `WEBASSEMBLY_NOT_FOUND` where something else came, such as a web
 * page that tells of no file; with `WEBASSEMBLY_UNAVAILABLE`, and with what to do, where there is no WebAssembly or it compiles
 * nothing; what `fetch` throws as it is
 * @example
 * import wasmUrl from 'deepstream-wasm/deepstream_wasm_bg.wasm?url'; // in Vite
 *
 * await init(wasmUrl);
 */
export function init(source?: ModuleSource): Promise<void> {
  loading ??= start(source).catch((exception: unknown) => {
    loading = undefined;
    throw exception;
  });
  return loading;
}

async function start(source?: ModuleSource): Promise<void> {
  checkHost();
  try {
    await load({ module_or_path: await loadModule(source ?? defaultSource()) });
  } catch (exception) {
    throw foreignBytesError(exception) ?? compileError(exception);
  }
  initialised = true;
}

/**
 * A client, as `new DeepstreamClient()` makes it.
 * @interface
 */
export type DeepstreamClient<Schema extends ClientSchema = {}> = Client<Schema>;

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
}, defineRecords);

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);
