// Measures this client beside the reference client in one headless browser: see README.md.
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, type } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { Failure, main, timed } from '../scripts/lib/process.mjs';
import { setup } from '../scripts/setup.mjs';
import { cases } from './page/cases.js';
import { subjectTitles } from './page/subjects.js';
import { faults } from './recovery/faults.mjs';
import { renderRecovery } from './recovery/table.mjs';
import { renderTable, tabulate } from './report.mjs';

const usage = `npm run bench -- [events | records | recovery] [options]

events, what is run by default: how long events and starting take.
records: how long reading, writing and opening records takes, and how much memory.
recovery: how long it takes to be back after the network has failed.

  --rounds <number>      samples of each case and client (events: 20, records: 10, recovery: 7)
  --case <text>          only cases whose name contains the text; may be repeated
  --other <directory>    another build of this package, measured beside the one in pkg/
  --seed <number>        events, records: of the order in which the clients take turns
  --json <file>          write all samples there
  --profile <directory>  events, records: instead of measuring, write a CPU profile of each case and client there
  --no-build             measure pkg/ as it is

Cases of events: ${cases.events.map(({ name }) => name).join(', ')}.
Cases of records: ${cases.records.map(({ name }) => name).join(', ')}.
Cases of recovery: ${faults.map(({ name }) => name).join(', ')}.`;

/** Rounds in one page. More than one page, because the luck of one (compilation, memory) would be in all its rounds. */
const roundsPerPage = 10;
/** Rounds at the start of each page that do not count: until the compilers have done their best. */
const warmUps = 4;
const profiledRounds = 20;
/** Rounds if nothing else is asked for, by benchmark. */
const usualRounds = { events: 20, records: 10, recovery: 7 };

await main(async () => {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    return;
  }
  const bench = options.bench === 'recovery' ? planRecovery(options) : planPages(options);
  if (!options['no-build']) {
    await setup();
    await build();
  }
  await bench();
});

function readOptions() {
  const options = {
    rounds: { type: 'string' },
    case: { type: 'string', multiple: true, default: [''] },
    other: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  let values;
  let positionals;
  try {
    ({ values, positionals } = parseArgs({ options, allowPositionals: true }));
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`);
  }
  const [bench = 'events', ...others] = positionals;
  if (!Object.hasOwn(usualRounds, bench) || others.length > 0) {
    throw new Failure(`There is no benchmark '${positionals.join(' ')}'.\n\n${usage}`);
  }
  const rounds = positiveInteger('rounds', values.rounds ?? usualRounds[bench]);
  if (bench === 'recovery' && (values.seed || values.profile)) throw new Failure('--seed and --profile are not for recovery.');
  const seed = bench === 'recovery' ? undefined : positiveInteger('seed', values.seed ?? 1 + (Date.now() % 1_000_000));
  return { ...values, bench, rounds, seed };
}

function positiveInteger(option, value) {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new Failure(`--${option} must be a positive integer, not ${value}.`);
  return number;
}

/** Those of `all` that `--case` selects. */
function chosen(all, { case: texts }) {
  const list = all.filter(({ name }) => texts.some((text) => name.includes(text)));
  if (list.length === 0) throw new Failure(`No case has a name like that.\n\n${usage}`);
  return list;
}

/** What runs a benchmark of cases. What needs setup to be installed is imported only there. */
function planPages(options) {
  const steps = planSteps(options);
  return async () => {
    const { openBench } = await import('./browser.mjs');
    const bench = await openBench({ ...options, usesCollection: steps.some((step) => step.usesCollection) });
    if (options.profile) return profile(bench, steps, options);
    const measured = await measuring(bench, options, () => measure(bench, steps, options));
    const measures = steps.flatMap((step) => step.measures);
    const units = Object.assign({}, ...steps.map((step) => step.units));
    console.log(renderTable(tabulate(measured, measures), subjectTitles, units));
  };
}

/** What runs the benchmark of recovery. */
function planRecovery(options) {
  const plan = {
    faults: chosen(faults, options),
    subjects: ['wasm', ...(options.other ? ['other'] : []), 'reference'],
    rounds: options.rounds,
    onProgress: showProgress,
  };
  return async () => {
    const { openBrowser } = await import('./browser.mjs');
    const { measureRecovery } = await import('./recovery/measure.mjs');
    const bench = await openBrowser(options);
    console.log(renderRecovery(await measuring(bench, options, () => measureRecovery(bench, plan)), subjectTitles));
  };
}

/** Measures, says under which circumstances, and gives the samples. */
async function measuring({ browserVersion, versions }, { rounds, seed, json }, measureAll) {
  const header = {
    date: new Date().toISOString(),
    machine: `${cpus()[0].model.trim()}, ${cpus().length} cores, ${type()} ${release()}`,
    browser: browserVersion,
    versions,
    rounds,
    seed,
    loadBefore: loadavg()[0],
  };
  let samples;
  const time = await timed(async () => (samples = await measureAll()));
  header.loadAfter = loadavg()[0];
  console.log(renderHeader(header, time));
  if (json) await writeFile(json, JSON.stringify({ ...header, samples }, null, 1));
  return samples;
}

/** Who takes part in which case. */
function planSteps(options) {
  const present = Object.keys(subjectTitles).filter((subject) => subject !== 'other' || options.other);
  const usual = present.filter((subject) => subject !== 'memory');
  return chosen(cases[options.bench], options).map(({ subjects = usual, ...rest }) => ({
    ...rest,
    subjects: subjects.filter((subject) => present.includes(subject)),
  }));
}

async function measure(bench, steps, { rounds, seed }) {
  const random = seededRandom(seed);
  const shuffledRound = (someSteps) =>
    someSteps.flatMap(({ name, subjects }) => shuffled(subjects, random).map((subject) => [name, subject]));
  const samples = [];
  const connected = steps.filter((step) => step.connected);
  const fresh = steps.filter((step) => !step.connected);
  for (let done = 0; done < rounds; done += roundsPerPage) {
    const count = Math.min(roundsPerPage, rounds - done);
    showProgress(`${done} of ${rounds} rounds`);
    if (connected.length > 0) {
      const planned = Array.from({ length: warmUps + count }, () => shuffledRound(connected));
      samples.push(...(await bench.run({ rounds: planned, warmUps })));
    }
    for (let round = 0; round < count; round += 1) {
      for (const step of shuffledRound(fresh)) {
        samples.push(...(await bench.run({ rounds: [[step]], warmUps: 0 })));
      }
    }
  }
  showProgress('');
  return samples;
}

async function profile(bench, steps, { profile: directory }) {
  for (const { name, subjects, connected } of steps) {
    if (!connected) continue;
    for (const subject of subjects) {
      const rounds = Array.from({ length: profiledRounds }, () => [[name, subject]]);
      console.log(await bench.profile({ rounds, warmUps: 0 }, directory, `${name}, ${subject}`));
    }
  }
}

function renderHeader({ machine, browser, versions, rounds, seed, loadBefore, loadAfter }, time) {
  return [
    `${machine}; ${browser}; load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`,
    `${versions.join(', ')}; ${rounds} rounds in ${time}${seed === undefined ? '' : `, seed ${seed}`}`,
    '',
  ].join('\n');
}

function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function shuffled(list, random) {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

/** Mulberry32: numbers from 0 to 1, the same ones for the same seed. */
function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
