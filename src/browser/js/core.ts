/**
 * The entry for those who use no records: as the default entry, with a WebAssembly module that knows events, remote procedure
 * calls, presence, the outbox and the connection. All names and types are the same; `client.record` throws.
 *
 * @example
 * import { DeepstreamClient } from 'deepstream-wasm/core';
 *
 * const client = new DeepstreamClient('localhost:6020');
 * await client.login();
 *
 * @module deepstream-wasm/core
 */
import {
  defineClient,
  defineSingleton,
  type DefineRecords,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import { DeepstreamError } from './error.js';
import { compileModuleInside } from './module-inside.js';
import type { ClientSchema } from './schema.js';

export * from './public.js';

const withoutRecords: DefineRecords = (client) => {
  Object.defineProperty(client, 'record', {
    get() {
      throw new DeepstreamError(
        "'deepstream-wasm/core' has no records: import DeepstreamClient from 'deepstream-wasm' instead",
        'RECORDS_NOT_INCLUDED',
      );
    },
  });
};

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
export const DeepstreamClient: DeepstreamClientConstructor = defineClient(compileModuleInside, withoutRecords, [
  'event',
  'outbox',
  'presence',
  'rpc',
]);

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);
