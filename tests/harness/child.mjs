// Both ends of a server that runs in a child process: it tells its parent when it is ready, and dies with it.
import { fork } from 'node:child_process';

/** Characters of a child's output that are kept. */
const logLimit = 64 * 1024;
/** Milliseconds a child has to stop by itself before it is killed. */
const patience = 5_000;

/**
 * What parent and child may tell each other beside the child's start and end.
 * @typedef {object} Channel
 * @property {(message: object) => void} send does nothing once the other end is gone
 * @property {(receive: (message: object) => void) => void} onMessage
 */

/**
 * Starts a script that calls {@link runAsChild}, and waits until it is ready.
 * Its output is kept, and shown only if it dies without having been told to.
 * The child does not keep this process alive once it is ready.
 *
 * @param {URL} scriptUrl
 * @param {object} configuration what the script is started with
 * @param {(channel: Channel, closed: Promise<void>) => void} [connect] is called at once, so that it misses no message
 */
export async function startChild(scriptUrl, configuration, connect) {
  const child = fork(scriptUrl, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let log = '';
  let isExpectedToDie = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-logLimit)));
  }
  const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`)));
  child.send(configuration);
  connect?.(channelOver(child), exited);
  const [isReady, outcome] = await Promise.race([
    readinessOf(child).then((ready) => [true, ready]),
    exited.then((reason) => [false, reason]),
  ]);
  if (!isReady) throw new Error(`${scriptUrl.pathname} did not start (${outcome}). Its output:\n${log}`);
  exited.then((reason) => {
    if (!isExpectedToDie) console.error(`${scriptUrl.pathname} ended by itself (${reason}). Its output:\n${log}`);
  });
  for (const handle of [child, child.channel, child.stdout, child.stderr]) handle.unref();

  async function end(signal) {
    isExpectedToDie = true;
    if (child.exitCode === null && child.signalCode === null) {
      for (const handle of [child, child.stdout, child.stderr]) handle.ref();
      child.kill(signal);
    }
    const killTimer = setTimeout(() => child.kill('SIGKILL'), patience);
    await exited;
    clearTimeout(killTimer);
  }

  return {
    ready: outcome,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    log: () => log,
    /** Resolves once it has ended by itself, which it is about to do: nothing is printed. */
    async ends() {
      isExpectedToDie = true;
      for (const handle of [child, child.stdout, child.stderr]) handle.ref();
      await exited;
    },
    /** Ends it at once, as a crash would. */
    kill: () => end('SIGKILL'),
    /** Lets it close what it has open. */
    stop: () => end('SIGTERM'),
  };
}

/**
 * The child's end. `start` gets the parent's configuration and a {@link Channel} to it, and resolves to what the parent
 * is told (`ready`) and to `stop`, which is called on SIGTERM.
 */
export function runAsChild(start) {
  // Ctrl-C reaches the whole process group; the parent decides what becomes of its servers.
  process.on('SIGINT', () => {});
  process.once('disconnect', () => process.exit());
  process.once('message', async (configuration) => {
    const { ready, stop } = await start(configuration, channelOver(process));
    process.once('SIGTERM', async () => {
      await stop();
      process.exit();
    });
    process.send({ ready });
  });
}

/** @returns {Channel} */
function channelOver(end) {
  return {
    send(message) {
      if (end.connected) end.send({ message }, () => {}); // what a dying process misses is lost, as on any network
    },
    onMessage(receive) {
      end.on('message', ({ message }) => message && receive(message));
    },
  };
}

function readinessOf(child) {
  return new Promise((resolve) => {
    child.on('message', function settle({ ready }) {
      if (!ready) return;
      child.off('message', settle);
      resolve(ready);
    });
  });
}
