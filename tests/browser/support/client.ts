// The package's client, around the WebAssembly module that has the tests in it: scripts/lib/browser-tests.mjs.
import { defineClient, type DeepstreamClient, type DeepstreamClientConstructor } from '../../../src/browser/js/client.js';
import type { Done } from '../../../src/browser/js/outcome.js';
import type { RecordHub } from '../../../src/browser/js/record-hub.js';
import { defineRecords } from '../../../src/browser/js/records.js';

let Client: DeepstreamClientConstructor | undefined;

/** As `new DeepstreamClient()`. The module imports this, so its classes are there only when this is called. */
export function makeClient(url: string, options?: object): DeepstreamClient {
  Client ??= defineClient(() => {}, defineRecords);
  return new Client(url, options);
}

/** The compiled half of `client.record`, by what is asked of it; whoever is told the outcome is the last argument. */
export function compiledRecords(client: DeepstreamClient): object {
  const { compiled, waiting }: RecordHub = (client.record as any).hub;
  const ask = (what: 'awaitReady' | 'delete' | 'snapshot' | 'head') => (name: string, done: Done) =>
    waiting.addDone(compiled.recordCommand(what, name), done);
  return {
    attach: (sink: any) => compiled.attach(sink),
    revision: () => compiled.revision(),
    names: () => compiled.recordNames(),
    open: (name: string, strategy: number) =>
      compiled.recordCommand('open', name, undefined, undefined, undefined, strategy) === 1,
    discard: (name: string) => compiled.recordCommand('discard', name),
    watch: (name: string, path?: string) => compiled.recordCommand('watch', name, undefined, path),
    get: (name: string, path?: string) => compiled.recordText('value', name, path),
    version: (name: string) => compiled.recordNumber('version', name),
    set: (name: string, path: string | undefined, data: unknown, done?: Done) =>
      waiting.addDone(compiled.recordCommand('set', name, JSON.stringify(data), path, !!done), done),
    setMulti: (name: string, edits: unknown[], done?: Done) =>
      waiting.addDone(compiled.setMulti(name, edits, !!done), done),
    setData: (name: string, path: string | undefined, data: unknown, done: Done) =>
      waiting.addDone(compiled.recordCommand('setData', name, JSON.stringify(data), path, true), done),
    notify: (names: string[], done: Done) => waiting.addDone(compiled.notify(names), done),
    awaitReady: ask('awaitReady'),
    delete: ask('delete'),
    snapshot: ask('snapshot'),
    head: ask('head'),
  };
}
