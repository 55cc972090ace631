// Measures this client beside the reference client in one headless browser: see CONTRIBUTING.md.
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
import { networks } from './start/networks.mjs';
import { renderStart } from './start/table.mjs';
import { renderGrowth, renderTable, tabulate } from './report.mjs';

const usage = `npm run bench -- [events | records | tasks | start | recovery] [options]

events, what is run by default: how long events and starting take.
records: how long reading, writing and opening records takes, and how much memory.
tasks: for how long an operation keeps the page's main thread busy, with few and with many of them.
start: how long it takes from navigation until a client is connected, over fast and slow networks.
recovery: how long it takes to be back after the network has failed.

  --rounds <number>      samples of each case and client (events: 20, records: 10, others: 7)
  --case <text>          only cases whose name contains the text; may be repeated
  --other <directory>    another build of this package, measured beside the one in pkg/
  --seed <number>        not recovery: of the order in which the clients take turns
  --json <file>          write all samples there
  --profile <directory>  events, records, tasks: instead of measuring, write a CPU profile of each case and client there
  --no-build             measure pkg/ as it is

Cases of events: ${cases.events.map(({ name }) => name).join(', ')}.
Cases of records: ${cases.records.map(({ name }) => name).join(', ')}.
Cases of tasks: ${cases.tasks.map(({ name }) => name).join(', ')}.
Cases of start: ${networks.map(({ name }) => name).join(', ')}.
Cases of recovery: ${faults.map(({ name }) => name).join(', ')}.`;

/** Rounds in one page. More than one page, because the luck of one (compilation, memory) would be in all its rounds. */
const roundsPerPage = 10;
/** Rounds at the start of each page that do not count: until the compilers have done their best. */
const warmUps = { events: 4, records: 4, tasks: 2 };
const profiledRounds = { events: 20, records: 20, tasks: 7 };
/** Rounds if nothing else is asked for, by benchmark. */
const usualRounds = { events: 20, records: 10, tasks: 7, start: 7, recovery: 7 };
/** What runs those that are not lists of cases. */
const ownPlans = { start: planStart, recovery: planRecovery };

await main(async () => {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    return;
  }
  const bench = (ownPlans[options.bench] ?? planPages)(options);
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
  if (bench === 'recovery' && values.seed) throw new Failure('--seed is not for recovery.');
  if (bench in ownPlans && values.profile) throw new Failure(`--profile is not for ${bench}.`);
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
    const table = tabulate(measured, measures);
    console.log(options.bench === 'tasks' ? renderGrowth(table, steps, subjectTitles) : renderTable(table, subjectTitles, units));
  };
}

/** What runs the benchmark of starting. */
function planStart(options) {
  const plan = { networks: chosen(networks, options), other: options.other, rounds: options.rounds, onProgress: showProgress };
  return async () => {
    const { openStart } = await import('./start/measure.mjs');
    const bench = await openStart(options);
    const random = seededRandom(options.seed);
    const samples = await measuring(bench, options, () => bench.measure({ ...plan, shuffle: (list) => shuffled(list, random) }));
    console.log(renderStart(samples));
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

async function measure(bench, steps, { bench: benchmark, rounds, seed }) {
  const random = seededRandom(seed);
  const shuffledRound = (someSteps) =>
    someSteps.flatMap(({ name, subjects }) => shuffled(subjects, random).map((subject) => [name, subject]));
  const samples = [];
  const titles = new Set(steps.filter((step) => step.connected).map(({ title }) => title));
  const connected = [...titles].map((title) => steps.filter((step) => step.connected && step.title === title));
  const fresh = steps.filter((step) => !step.connected);
  for (let done = 0; done < rounds; done += roundsPerPage) {
    const count = Math.min(roundsPerPage, rounds - done);
    showProgress(`${done} of ${rounds} rounds`);
    for (const inOnePage of connected) {
      const planned = Array.from({ length: warmUps[benchmark] + count }, () => shuffledRound(inOnePage));
      samples.push(...(await bench.run({ rounds: planned, warmUps: warmUps[benchmark] })));
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

async function profile(bench, steps, { profile: directory, bench: benchmark }) {
  for (const { name, subjects, connected } of steps) {
    if (!connected) continue;
    for (const subject of subjects) {
      const rounds = Array.from({ length: profiledRounds[benchmark] }, () => [[name, subject]]);
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
