/** In microseconds. */
const millisecond = 1000;
/** In bytes. */
const [kilobyte, megabyte] = [1000, 1_000_000];

/** What the others are compared with, by column. */
const yardsticks = { 'to reference': 'reference', 'to WebSocket': 'bare' };

/**
 * Sorts out which sample says what.
 * @param {{ subject: string, values: Record<string, number> }[]} samples each subject's in the order of the rounds
 * @param {string[]} measures in the order of the table
 * @returns {Map<string, Map<string, number[]>>} values by measure and subject, round by round
 */
export function tabulate(samples, measures) {
  return new Map(
    measures.map((measure) => {
      const bySubject = new Map();
      for (const { subject, values } of samples) {
        if (!Object.hasOwn(values, measure)) continue;
        if (!bySubject.has(subject)) bySubject.set(subject, []);
        bySubject.get(subject).push(values[measure]);
      }
      return [measure, bySubject];
    }),
  );
}

/**
 * @param {ReturnType<typeof tabulate>} values
 * @param {Record<string, string>} titles of the subjects, in the order of the table
 * @param {Record<string, 'bytes'>} units of measures that are not microseconds
 */
export function renderTable(values, titles, units) {
  const head = ['', '', 'median', 'quartiles', 'per second', ...Object.keys(yardsticks)];
  const rows = [...values].flatMap(([measure, bySubject]) =>
    Object.keys(titles)
      .filter((subject) => bySubject.has(subject))
      .map((subject, index) => {
        const list = bySubject.get(subject);
        const median = quantile(list, 0.5);
        const show = units[measure] === 'bytes' ? size : duration;
        return [
          index === 0 ? measure : '',
          titles[subject],
          show(median),
          `${show(quantile(list, 0.25))} - ${show(quantile(list, 0.75))}`,
          show === duration && median < millisecond ? Math.round(1e6 / median).toLocaleString('en') : '',
          ...Object.values(yardsticks).map((other) => ratio(list, bySubject.get(other))),
        ];
      }),
  );
  return alignColumns([head, ...rows], { textColumns: 2 });
}

/**
 * The time per operation of few and of many, side by side, and how it grows.
 * @param {ReturnType<typeof tabulate>} values
 * @param {{ title: string, count: number, measures: string[] }[]} cases the larger number after the smaller
 * @param {Record<string, string>} titles of the subjects, in the order of the table
 */
export function renderGrowth(values, cases, titles) {
  const taking = Object.keys(titles).filter((subject) => [...values.values()].some((bySubject) => bySubject.has(subject)));
  const compared = taking.filter((subject) => subject !== yardsticks['to reference']);
  const of = (subject, text) => (subject === taking[0] ? text : `${text}, ${subject}`);
  const head = [
    '',
    'operations',
    ...taking.map((subject) => titles[subject]),
    ...compared.map((subject) => of(subject, 'to reference')),
    ...taking.map((subject) => of(subject, 'growth')),
  ];
  const rows = cases.map(({ title, count, measures: [measure] }, index) => {
    const bySubject = values.get(measure);
    const fewer = cases[index - 1]?.title === title ? values.get(cases[index - 1].measures[0]) : undefined;
    return [
      fewer ? '' : title,
      count.toLocaleString('en'),
      ...taking.map((subject) => duration(quantile(bySubject.get(subject), 0.5))),
      ...compared.map((subject) => ratio(bySubject.get(subject), bySubject.get(yardsticks['to reference']))),
      ...taking.map((subject) => ratio(bySubject.get(subject), fewer?.get(subject))),
    ];
  });
  return alignColumns([head, ...rows], { textColumns: 1 });
}

/**
 * @param {string[][]} table its first row is the head; a row that begins with a text begins a group
 * @param {{ textColumns: number }} layout so many columns are aligned to the left, the others to the right
 */
export function alignColumns(table, { textColumns }) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const align = (cell, column) => (column < textColumns ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return table
    .map((row) => row.map(align).join('  ').trimEnd())
    .map((line, index) => (index > 1 && !line.startsWith(' ') ? `\n${line}` : line))
    .join('\n');
}

/** The median of the ratios within the rounds: what slows the machine down for a while cancels out. */
export function ratio(list, others) {
  if (!others) return '';
  return quantile(list.map((value, round) => value / others[round]), 0.5).toFixed(2);
}

export function duration(microseconds) {
  return microseconds < millisecond ? `${microseconds.toFixed(2)} µs` : `${(microseconds / millisecond).toFixed(2)} ms`;
}

export function size(bytes) {
  return bytes < megabyte ? `${(bytes / kilobyte).toFixed(1)} kB` : `${(bytes / megabyte).toFixed(1)} MB`;
}

/** Between the two nearest values, by the distance to them. */
export function quantile(list, fraction) {
  const sorted = list.toSorted((one, other) => one - other);
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}
