import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inRoot } from '../../../scripts/lib/paths.mjs';

/** Milliseconds that `npm start` may take, everything being installed and built. */
const deadline = 80_000;

/** Starts the demo as a user does, and reads the addresses from what it prints. */
export async function startDemo() {
  // A process group of its own: that is what Ctrl-C ends.
  const child = spawn(process.execPath, ['scripts/start.mjs'], { cwd: inRoot(), detached: true });
  const exited = once(child, 'exit');
  const endWithTests = () => child.kill('SIGKILL');
  process.once('exit', endWithTests);
  exited.then(() => process.off('exit', endWithTests));
  let output = '';
  const printed = new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`The demo did not start. It printed:\n${output}`));
    const timer = setTimeout(fail, deadline);
    exited.then(fail);
    const read = (text) => {
      output += text;
      const [, pageUrl] = /Demo page +(http\S+)/.exec(output) ?? [];
      const [, serverUrl] = /deepstream server +(ws\S+)/.exec(output) ?? [];
      if (!pageUrl || !serverUrl || !output.includes('Ctrl-C')) return;
      clearTimeout(timer);
      resolve({ pageUrl, serverUrl });
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
  });
  return {
    ...(await printed),
    /** What Ctrl-C does in a terminal; resolves to the exit code. */
    async interrupt() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGINT');
      const [code] = await exited;
      return code;
    },
  };
}
