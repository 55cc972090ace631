/**
 * The default entry: carries the WebAssembly module within, and compiles it when the first client is made. Importing it
 * does nothing, so it can be imported on a server too.
 *
 * @example
 * import { DeepstreamClient } from 'deepstream-wasm';
 *
 * const client = new DeepstreamClient('localhost:6020');
 * await client.login();
 *
 * @packageDocumentation
 */
import { initSync } from '../../../target/glue/deepstream_wasm.js';
import moduleAsBase64 from '../../../target/glue/deepstream_wasm_bg.wasm';
import {
  defineClient,
  defineSingleton,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import { checkHost, compileError } from './loading.js';

export * from './public.js';

let initialised = false;

/** A client, as `new DeepstreamClient()` makes it. */
export type DeepstreamClient = Client;

/**
 * A connection to a deepstream server, that finds its way back whenever it is lost.
 *
 * @example
 * const client = new DeepstreamClient('localhost:6020', { heartbeatInterval: 60_000 });
 * client.on('connectionStateChanged', (state) => console.log(state));
 * await client.login();
 */
export const DeepstreamClient: DeepstreamClientConstructor = defineClient(() => {
  if (initialised) return;
  checkHost();
  try {
    initSync({ module: decodeBase64(moduleAsBase64) });
  } catch (exception) {
    throw compileError(exception);
  }
  initialised = true;
});

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);

function decodeBase64(text: string): Uint8Array {
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array };
  if (fromBase64) return fromBase64(text);
  // Uint8Array.from() takes several times as long.
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
