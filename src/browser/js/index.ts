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
 * @module deepstream-wasm
 */
import {
  defineClient,
  defineSingleton,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import { compileModuleInside } from './module-inside.js';
import type { ClientSchema } from './schema.js';
import { defineRecords } from './records.js';

export * from './public.js';

/**
 * A client, as `new DeepstreamClient()` makes it.
 * @interface
 */
export type DeepstreamClient<Schema extends ClientSchema = {}> = Client<Schema>;

/**
 * A connection to a deepstream server, that finds its way back whenever it is lost.
 *
 * @example
 * const client = new DeepstreamClient('localhost:6020', { heartbeatInterval: 60_000 });
 * client.on('connectionStateChanged', (state) => console.log(state));
 * await client.login();
 */
export const DeepstreamClient: DeepstreamClientConstructor = defineClient(compileModuleInside, defineRecords);

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);
