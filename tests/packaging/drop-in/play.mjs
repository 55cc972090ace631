// Runs ./program.mjs in a process of its own, on a network that it may cut.
import { fork } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDeepstreamServer } from '../../harness/deepstream-server.mjs';
import { startTcpProxy } from '../../harness/tcp-proxy.mjs';
import { inRepository } from '../consumer.mjs';

const users = Object.fromEntries(
  ['ann', 'bob'].map((name) => [name, { password: 'open', ...(name === 'ann' && { clientData: { colour: 'red' } }) }]),
);
const permissions = {
  event: { 'secret/*': { publish: false, subscribe: false, listen: false } },
  rpc: { 'secret/*': { provide: false, request: false } },
  presence: { eve: { allow: false } },
  record: {
    'secret/*': { create: false, read: false, write: false, delete: false, listen: false, notify: false },
    'fixed/*': { create: true, read: true, write: false, delete: false, listen: true, notify: true },
  },
};

/**
 * Runs the program with a client, which is what it imports.
 * @returns {Promise<Map<string, string[]>>} what it said, by scene
 */
export async function play(client) {
  const directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-drop-in-'));
  const program = await readFile(inRepository('tests/packaging/drop-in/program.mjs'), 'utf8');
  await writeFile(join(directory, 'program.mjs'), program.replace("from '@deepstream/client'", `from '${client}'`));
  await copyFile(inRepository('tests/packaging/drop-in/host.mjs'), join(directory, 'host.mjs'));
  await symlink(inRepository('node_modules'), join(directory, 'node_modules'));
  const server = await startDeepstreamServer({ users, permissions, maxAuthAttempts: 3 });
  const proxy = await startTcpProxy({ target: server.port });
  const said = new Map();
  const child = fork(join(directory, 'host.mjs'), [`ws://127.0.0.1:${proxy.port}/deepstream`]);
  try {
    await new Promise((resolve, reject) => {
      child.on('message', ({ scene, line, fault, hasEnded }) => {
        if (line !== undefined) said.set(scene, [...(said.get(scene) ?? []), line]);
        if (fault) {
          proxy.fail(fault);
          child.send({});
        }
        if (hasEnded) resolve();
      });
      child.on('exit', (code) => reject(new Error(`the program exited with ${code}`)));
    });
  } finally {
    child.kill();
    await proxy.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return said;
}
