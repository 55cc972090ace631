// What the tests of consumers share. `npm run test:consumers` installs their projects, and names in CONSUMER where the
// one to be tested is, in RUNTIME what it is run with.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chromium } from '@playwright/test';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';
import { inRepository } from '../packaging/consumer.mjs';

/** Milliseconds for what takes seconds on a machine that has nothing else to do. */
export const timeout = 180_000;

export const { CONSUMER: project, RUNTIME: runtime } = process.env;
if (!project || !runtime) throw new Error('CONSUMER names no project: start with `npm run test:consumers`.');

/** An absolute path inside the project. */
export const inProject = (...parts) => join(project, ...parts);

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const kill of running) kill();
    process.exit(1);
  });
}

/** Starts a program in the project. What it starts itself is ended with it. */
export function start(program, parameters, env = {}) {
  const child = spawn(program, parameters, {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (printed[name] += text));
  }
  if (child.pid !== undefined) running.add(kill);
  child.once('exit', kill);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      running.delete(kill);
      resolve(signal ?? code);
    });
  });
  return {
    printed,
    ended,
    /** Resolves once what it serves is there. */
    async answers(url) {
      for (const end = Date.now() + timeout / 2; !(await fetch(url).then(({ ok }) => ok, () => false)); ) {
        if (!running.has(kill) || Date.now() > end) {
          throw new Error(`${program} does not serve ${url}\n${printed.stdout}${printed.stderr}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async stop() {
      if (running.has(kill)) kill();
      await ended;
    },
  };
}

/** Runs a program in the project; rejects with what it printed unless it exits with 0, by itself and in time. */
export async function run(program, parameters, env) {
  const { printed, ended, stop } = start(program, parameters, env);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, timeout - 10_000);
  const outcome = await ended;
  clearTimeout(timer);
  if (outcome === 0) return printed.stdout;
  const how = isLate ? 'did not end' : `ended with ${outcome}`;
  throw new Error(`${program} ${parameters.join(' ')} ${how}\n${printed.stdout}${printed.stderr}`);
}

export async function launchBrowser() {
  const { chrome } = await ensureBrowser();
  return chromium.launch({ executablePath: chrome, args: browserFlags });
}

/**
 * Writes files into the project that docs/bundlers.md shows, each in a block that begins with a comment with its name.
 * They get the address of the server of the tests.
 */
export async function writeDocumented(names, url) {
  const page = await readFile(inRepository('docs/bundlers.md'), 'utf8');
  const blocks = [...page.matchAll(/^```\w+\n((?:---\n)?(?:\/\/|<!--) (\S+)[^]*?)^```$/gm)];
  for (const name of names) {
    const [, code] = blocks.find(([, , file]) => file === name) ?? [];
    if (!code) throw new Error(`docs/bundlers.md does not show ${name}.`);
    await mkdir(dirname(inProject(name)), { recursive: true });
    await writeFile(inProject(name), code.replaceAll("'localhost:6020'", JSON.stringify(url)));
  }
}
