// The package's client, around the WebAssembly module that has the tests in it: scripts/lib/browser-tests.mjs.
import { defineClient, type DeepstreamClient, type DeepstreamClientConstructor } from '../../../src/browser/js/client.js';
import { defineRecords } from '../../../src/browser/js/records.js';

let Client: DeepstreamClientConstructor | undefined;

/** As `new DeepstreamClient()`. The module imports this, so its classes are there only when this is called. */
export function makeClient(url: string, options?: object): DeepstreamClient {
  Client ??= defineClient(() => {}, defineRecords);
  return new Client(url, options);
}
