import { alignColumns, duration, quantile, ratio, size } from '../report.mjs';

const titles = {
  wasm: 'deepstream-wasm',
  core: 'deepstream-wasm/core',
  url: 'deepstream-wasm/url',
  preloaded: 'deepstream-wasm/url, preloaded',
  other: 'other build',
  otherUrl: 'other build, /url',
  reference: '@deepstream/client',
};

const visits = { cold: 'empty caches', warm: 'warm caches' };

/** @param {import('./measure.mjs').Sample[]} samples each client's in the order of the rounds */
export function renderStart(samples) {
  const head = ['', '', 'to OPEN', 'quartiles', 'to reference', 'main thread', 'quartiles', 'to reference'];
  const networks = [...new Set(samples.map(({ network }) => network))];
  const rows = networks.flatMap((network) =>
    Object.entries(visits).flatMap(([visit, title]) => {
      const valuesOf = (subject, measure) =>
        samples.filter((one) => one.network === network && one.subject === subject).map((one) => 1000 * one[visit][measure]);
      const cells = (subject, measure) => {
        const list = valuesOf(subject, measure);
        return [...summary(list, duration), ratio(list, valuesOf('reference', measure))];
      };
      return group(samples, `${network}, ${title}`, (subject) => [...cells(subject, 'openMs'), ...cells(subject, 'busyMs')]);
    }),
  );
  const tables = [alignColumns([head, ...rows], { textColumns: 2 })];
  const weighed = samples.filter(({ bytes }) => bytes);
  if (weighed.length > 0) {
    const idleOf = (subject) => weighed.filter((one) => one.subject === subject).map(({ bytes }) => bytes.idle);
    const row = (list) => [...summary(list, size), ratio(list, idleOf('reference'))];
    const memoryRows = [
      ...group(weighed, 'idle memory', (subject) => row(idleOf(subject))),
      ['', 'an empty page', ...summary(weighed.map(({ bytes }) => bytes.empty), size), ''],
    ];
    tables.push(alignColumns([['', '', 'median', 'quartiles', 'to reference'], ...memoryRows], { textColumns: 2 }));
  }
  return tables.join('\n\n');
}

function group(samples, title, cells) {
  return Object.keys(titles)
    .filter((subject) => samples.some((one) => one.subject === subject))
    .map((subject, index) => [index === 0 ? title : '', titles[subject], ...cells(subject)]);
}

function summary(list, show) {
  return [show(quantile(list, 0.5)), `${show(quantile(list, 0.25))} - ${show(quantile(list, 0.75))}`];
}
