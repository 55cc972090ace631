// What records.spec.mjs uses in its pages.
import { MERGE_STRATEGIES, threeWay } from '/pkg/index.mjs';

Object.assign(globalThis, { MERGE_STRATEGIES, threeWay });

/** Opens a record as `globalThis[name]`, and notes what its subscribers and listeners are told in `heard[name]`. */
globalThis.open = async (name, kind = 'getRecord', paths = []) => {
  const record = client.record[kind](name);
  const heard = { values: [], events: [] };
  for (const path of paths) {
    const note = (value) => heard.values.push([path, value]);
    if (path) record.subscribe(path, note);
    else record.subscribe(note);
  }
  for (const event of ['ready', 'discard', 'delete', 'entry-added', 'entry-moved', 'entry-removed']) {
    record.on(event, (...details) => heard.events.push([event, ...details.filter((detail) => detail !== record)]));
  }
  record.on('error', (code) => heard.events.push(['error', code]));
  record.on('conflict', (conflict) => heard.events.push(['conflict', conflict]));
  globalThis.heard = { ...globalThis.heard, [name]: heard };
  globalThis[name] = record;
  await record.whenReady();
};
