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
 * @packageDocumentation
 */
import { initSync } from '../../../target/glue/deepstream_wasm.js';
import moduleAsText from '../../../target/glue/deepstream_wasm_bg.wasm';
import {
  defineClient,
  defineSingleton,
  type DefineRecords,
  type DeepstreamClient as Client,
  type DeepstreamClientConstructor,
  type DsClient,
} from './client.js';
import { DeepstreamError } from './error.js';
import { checkHost, compileError } from './loading.js';
import { moduleFromText } from './module-text.js';
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
export const DeepstreamClient: DeepstreamClientConstructor = defineClient(
  () => {
    if (initialised) return;
    checkHost();
    try {
      initSync({ module: moduleFromText(moduleAsText) });
    } catch (exception) {
      throw compileError(exception);
    }
    initialised = true;
  },
  withoutRecords,
  ['event', 'outbox', 'presence', 'rpc'],
);

/** Gives the one client of the page: see {@link DsClient}. */
export const dsClient: DsClient = defineSingleton(DeepstreamClient);
