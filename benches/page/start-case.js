const loading = 'start, import';
const first = 'start, first client';
const next = 'start, next client';
const complete = 'start, import to login';

/** From nothing to being logged in, in a page where nobody was before. */
export const startCase = {
  name: 'start',
  measures: [loading, first, next, complete],
  connected: false,
  subjects: ['wasm', 'other', 'reference', 'bare'],
  prepare: async (subject) => () => (subject.isClient ? startClient(subject) : startSocket(subject)),
};

async function startClient(subject) {
  const begin = performance.now();
  const DeepstreamClient = await subject.load();
  const loaded = performance.now();
  const client = subject.create(DeepstreamClient);
  const created = performance.now();
  await client.login();
  const open = performance.now();
  subject.create(DeepstreamClient);
  const createdNext = performance.now();
  return {
    [loading]: 1000 * (loaded - begin),
    [first]: 1000 * (created - loaded),
    [next]: 1000 * (createdNext - open),
    [complete]: 1000 * (open - begin),
  };
}

async function startSocket(subject) {
  const begin = performance.now();
  await subject.connect();
  return { [complete]: 1000 * (performance.now() - begin) };
}
