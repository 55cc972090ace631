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
import moduleAsText from '../../../target/glue/deepstream_wasm_bg.wasm';
import {
  defineClient,
  defineSingleton,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import type { ClientSchema } from './schema.js';
import { checkHost, compileError } from './loading.js';
import { moduleFromText } from './module-text.js';
import { defineRecords } from './records.js';

export * from './public.js';

let initialised = false;

/** A client, as `new DeepstreamClient()` makes it. */
export type DeepstreamClient<Schema extends ClientSchema = {}> = Client<Schema>;

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
    initSync({ module: moduleFromText(moduleAsText) });
  } catch (exception) {
    throw compileError(exception);
  }
  initialised = true;
}, defineRecords);

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);
