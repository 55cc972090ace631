// The package's client, around the WebAssembly module that has the tests in it: scripts/lib/browser-tests.mjs.
import { Action, Question } from '../../../target/glue/deepstream_wasm.js';
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
  const { compiled, sink }: RecordHub = (client.record as any).hub;
  const { waiting } = sink;
  const ask = (what: Action.AwaitReady | Action.Delete | Action.Snapshot | Action.Head) => (name: string, done: Done) =>
    waiting.addDone(compiled.command(what, name), done);
  const all = (what: Action.SetMulti | Action.Notify, name: string, list: unknown[], done?: Done) =>
    waiting.addDone(compiled.command(what, name, undefined, undefined, !!done, undefined, undefined, list), done);
  return {
    attach: (records: any) => (sink.records = records),
    revision: () => compiled.revision(),
    names: () => compiled.ask(Question.Names, ''),
    open: (name: string, strategy: number) => {
      const isFirst = !compiled.ask(Question.IsOpen, name);
      compiled.command(Action.Open, name, undefined, strategy);
      return isFirst;
    },
    discard: (name: string) => compiled.command(Action.Discard, name),
    watch: (name: string, path?: string) => compiled.command(Action.Watch, name, undefined, undefined, undefined, path),
    get: (name: string, path?: string) => compiled.ask(Question.Value, name, path),
    version: (name: string) => compiled.ask(Question.Version, name),
    set: (name: string, path: string | undefined, data: unknown, done?: Done) =>
      waiting.addDone(compiled.command(Action.Set, name, JSON.stringify(data), undefined, !!done, path), done),
    setMulti: (name: string, edits: unknown[], done?: Done) => all(Action.SetMulti, name, edits, done),
    setData: (name: string, path: string | undefined, data: unknown, done: Done) =>
      waiting.addDone(compiled.command(Action.SetData, name, JSON.stringify(data), undefined, true, path), done),
    notify: (names: string[], done: Done) => all(Action.Notify, '', names, done),
    awaitReady: ask(Action.AwaitReady),
    delete: ask(Action.Delete),
    snapshot: ask(Action.Snapshot),
    head: ask(Action.Head),
  };
}
