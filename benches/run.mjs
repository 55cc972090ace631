// Measures this client, the reference client and a bare WebSocket in one headless browser: see README.md.
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, type } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { Failure, main, timed } from '../scripts/lib/process.mjs';
import { setup } from '../scripts/setup.mjs';
import { cases } from './page/cases.js';
import { subjectTitles } from './page/subjects.js';
import { renderTable, tabulate } from './report.mjs';

const usage = `npm run bench -- [options]

  --rounds <number>      samples of each case and client (20)
  --case <text>          only cases whose name contains the text; may be repeated
  --other <directory>    another build of this package, measured beside the one in pkg/
  --seed <number>        of the order in which the clients take turns
  --json <file>          write all samples there
  --profile <directory>  instead of measuring, write a CPU profile of each case and client there
  --no-build             measure pkg/ as it is

Cases: ${cases.map(({ name }) => name).join(', ')}.`;

/** Rounds in one page. More than one page, because the luck of one (compilation, memory) would be in all its rounds. */
const roundsPerPage = 10;
/** Rounds at the start of each page that do not count: until the compilers have done their best. */
const warmUps = 4;
const profiledRounds = 20;

await main(async () => {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    return;
  }
  const steps = planSteps(options);
  if (!options['no-build']) {
    await setup();
    await build();
  }
  // Not imported above, because it needs what setup installs.
  const { openBench } = await import('./browser.mjs');
  const bench = await openBench({ other: options.other });
  if (options.profile) {
    await profile(bench, steps, options);
    return;
  }

  const header = {
    date: new Date().toISOString(),
    machine: `${cpus()[0].model.trim()}, ${cpus().length} cores, ${type()} ${release()}`,
    browser: bench.browserVersion,
    versions: bench.versions,
    rounds: options.rounds,
    seed: options.seed,
    loadBefore: loadavg()[0],
  };
  let samples;
  const time = await timed(async () => (samples = await measure(bench, steps, options)));
  header.loadAfter = loadavg()[0];
  console.log(renderHeader(header, time));
  const measures = steps.flatMap((step) => step.measures);
  console.log(renderTable(tabulate(samples, measures), subjectTitles));
  if (options.json) await writeFile(options.json, JSON.stringify({ ...header, samples }, null, 1));
});

function readOptions() {
  const options = {
    rounds: { type: 'string', default: '20' },
    case: { type: 'string', multiple: true, default: [''] },
    other: { type: 'string' },
    seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
    json: { type: 'string' },
    profile: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`);
  }
  return { ...values, rounds: positiveInteger('rounds', values.rounds), seed: positiveInteger('seed', values.seed) };
}

function positiveInteger(option, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Failure(`--${option} must be a positive integer, not ${text}.`);
  return number;
}

/** Who takes part in which case. */
function planSteps({ case: texts, other }) {
  const chosen = cases.filter(({ name }) => texts.some((text) => name.includes(text)));
  if (chosen.length === 0) throw new Failure(`No case has a name like that.\n\n${usage}`);
  const present = Object.keys(subjectTitles).filter((subject) => subject !== 'other' || other);
  return chosen.map(({ subjects = present, ...rest }) => ({
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
    `${versions.join(', ')}; ${rounds} rounds in ${time}, seed ${seed}`,
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
