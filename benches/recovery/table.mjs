import { alignColumns } from '../report.mjs';
import { faults, letterCount } from './faults.mjs';

/**
 * @param {import('./measure.mjs').Sample[]} samples
 * @param {Record<string, string>} titles of the clients, in the order of the table
 */
export function renderRecovery(samples, titles) {
  const head = ['', '', 'down', 'OPEN after', 'range', 'event after', 'range', `of ${letterCount} emitted`];
  const rows = faults.flatMap((fault) =>
    Object.keys(titles)
      .map((subject) => samples.filter((sample) => sample.fault === fault.name && sample.subject === subject))
      .filter((list) => list.length > 0)
      .map((list, index) => [
        index === 0 ? fault.name : '',
        titles[list[0].subject],
        duration(median(list.map(({ downMs }) => downMs))),
        ...times(list, 'openMs', fault),
        ...times(list, 'eventMs', fault),
        arrived(list),
      ]),
  );
  return [alignColumns([head, ...rows], { textColumns: 2 }), ...remarks(samples, titles)].join('\n');
}

/** Median and range of one measure. */
function times(list, measure, { patienceMs }) {
  const sorted = list.map((sample) => sample[measure] ?? Infinity).toSorted((one, other) => one - other);
  const show = (time) => (time === Infinity ? `> ${patienceMs / 1000} s` : duration(time));
  return [show(median(sorted)), `${show(sorted[0])} - ${show(sorted.at(-1))}`];
}

function arrived(list) {
  const numbers = list.map(({ letters }) => letters).toSorted((one, other) => one - other);
  const repeated = Math.max(...list.map(({ repeated: times }) => times));
  const range = numbers[0] === numbers.at(-1) ? '' : ` (${numbers[0]} - ${numbers.at(-1)})`;
  return `${median(numbers)}${range}${repeated > 0 ? `, up to ${repeated} twice` : ''}`;
}

/** Where those were who did not come back while they were waited for. */
function remarks(samples, titles) {
  const lines = faults.flatMap(({ name, patienceMs }) =>
    Object.entries(titles).flatMap(([subject, title]) => {
      const list = samples.filter((sample) => sample.fault === name && sample.subject === subject);
      const missing = list.filter(({ openMs }) => openMs === null);
      if (missing.length === 0) return [];
      const states = [...new Set(missing.map(({ state }) => state))].join(', ');
      return `${name}: ${title} was not OPEN ${patienceMs / 1000} s after the return in ${missing.length} of ${list.length} rounds; then its state was ${states}.`;
    }),
  );
  return lines.length > 0 ? ['', ...lines] : [];
}

/** The middle one; of an even number the slower one of the two in the middle. */
function median(list) {
  return list.toSorted((one, other) => one - other)[Math.floor(list.length / 2)];
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
