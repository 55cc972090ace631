// Running commands, and ending well: imports node's own modules only, because it runs before `npm ci`.
import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter } from 'node:path';
import { performance } from 'node:perf_hooks';
import { root, searchPath } from './paths.mjs';

/** Milliseconds that a child has to end after it was asked to, before it is killed. */
const patience = 5_000;

/** Something the person at the keyboard can act on: shown as its message alone, without a stack. */
export class Failure extends Error {}

const children = new Set();
const cleanups = new Set();
let interrupted = false;

const environment = (extra) => ({ ...process.env, PATH: searchPath.join(delimiter), ...extra });

/**
 * Runs a command in the repository, its output shown as it comes.
 * Rejects with a {@link Failure} unless it exits with 0.
 */
export function run(command, args, { env, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: environment(env),
      stdio: ['ignore', 'inherit', 'inherit'],
      // A process group of its own, so that the grandchildren (rustc, the browser) can be ended with it.
      detached: true,
    });
    children.add(child);
    child.once('error', (error) => {
      children.delete(child);
      reject(error.code === 'ENOENT' ? new Failure(`${command} was not found.`) : error);
    });
    child.once('close', (code, signal) => {
      children.delete(child);
      if (code === 0) resolve();
      else reject(new Failure(`${[command, ...args].join(' ')} failed (${signal ?? `exit code ${code}`}).`));
    });
  });
}

/** What a command prints, trimmed, or undefined where it is missing or fails. */
export function capture(command, args) {
  return new Promise((resolve) => {
    const options = { cwd: root, env: environment(), maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout) => resolve(error ? undefined : stdout.trim()));
  });
}

/** Registers what must be done before the process ends, whether the work is over or Ctrl-C was pressed. */
export function beforeExit(cleanup) {
  cleanups.add(cleanup);
}

/**
 * Runs a script's work: a {@link Failure} is shown as its message and exits with 1, and a signal ends
 * all children and runs all cleanups before the process goes.
 */
export async function main(work) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt(signal));
  let exitCode = 0;
  try {
    await work();
  } catch (error) {
    if (interrupted) return;
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    exitCode = 1;
  }
  if (interrupted) return;
  await cleanUp();
  process.exit(exitCode);
}

/** Does the work and gives the time it took, as text in seconds. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

async function interrupt(signal) {
  if (interrupted) return;
  interrupted = true;
  await Promise.all([...[...children].map((child) => endGroup(child, signal)), cleanUp()]);
  process.exit(128 + constants.signals[signal]);
}

async function cleanUp() {
  await Promise.allSettled([...cleanups].map((cleanup) => cleanup()));
}

function endGroup(child, signal) {
  return new Promise((resolve) => {
    const killTimer = setTimeout(() => signalGroup(child, 'SIGKILL'), patience);
    child.once('close', () => {
      clearTimeout(killTimer);
      // The leader is gone; whatever it left behind goes too.
      signalGroup(child, 'SIGKILL');
      resolve();
    });
    signalGroup(child, signal);
  });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
