// The package's client, around the WebAssembly module that has the tests in it: scripts/lib/browser-tests.mjs.
import { defineClient, type DeepstreamClient, type DeepstreamClientConstructor } from '../../../src/browser/js/client.js';
import { checkDelivery } from '../../../src/browser/js/delivery.js';
import type { Done } from '../../../src/browser/js/outcome.js';
import type { RecordHub } from '../../../src/browser/js/record-hub.js';
import { defineRecords } from '../../../src/browser/js/records.js';

let Client: DeepstreamClientConstructor | undefined;

/** As `new DeepstreamClient()`. The module imports this, so its classes are there only when this is called. */
export function makeClient(url: string, options?: object): DeepstreamClient {
  Client ??= defineClient(() => {}, defineRecords);
  return new Client(url, options);
}

/** The compiled half of `client.record`, whose methods take what is told the outcome instead of giving a ticket. */
export function compiledRecords(client: DeepstreamClient): object {
  const { compiled, waiting }: RecordHub = (client.record as any).hub;
  const methods: Record<string, Function> = {
    awaitReady: (name: string, done: Done) => waiting.addDone(compiled.awaitReady(name), done),
    set: (name: string, path: string, data: unknown, done?: Done) =>
      waiting.addDone(compiled.set(name, path, data, !!done), done),
    setMulti: (name: string, edits: unknown[], done?: Done) =>
      waiting.addDone(compiled.setMulti(name, edits, !!done), done),
    setData: (name: string, path: string, data: unknown, options: unknown, done?: Done) => {
      const { delivery, ttl } = checkDelivery(options, false);
      waiting.addDone(compiled.setData(name, path, data, delivery, ttl, !!done), done);
    },
    delete: (name: string, done: Done) => waiting.addDone(compiled.delete(name), done),
    snapshot: (name: string, done: Done) => waiting.addDone(compiled.snapshot(name), done),
    head: (name: string, done: Done) => waiting.addDone(compiled.head(name), done),
    notify: (names: string[], done: Done) => waiting.addDone(compiled.notify(names), done),
  };
  return Object.assign(Object.create(compiled), methods);
}
