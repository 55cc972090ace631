// Runs ./program.mjs in a process of its own, on a network that it may cut.
import { fork } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDeepstreamServer } from '../../harness/deepstream-server.mjs';
import { startTcpProxy } from '../../harness/tcp-proxy.mjs';
import { inRepository } from '../consumer.mjs';
import { permissions, users } from './policy.mjs';

/**
 * Runs the program with a client, which is what it imports.
 * @param {{ inMemory?: string }} [options] the module of the server in memory, in place of a real server
 * @returns {Promise<Map<string, string[]>>} what it said, by scene
 */
export async function play(client, { inMemory } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-drop-in-'));
  const program = await readFile(inRepository('tests/packaging/drop-in/program.mjs'), 'utf8');
  await writeFile(join(directory, 'program.mjs'), program.replace("from '@deepstream/client'", `from '${client}'`));
  for (const file of ['host.mjs', 'policy.mjs']) {
    await copyFile(inRepository('tests/packaging/drop-in', file), join(directory, file));
  }
  await symlink(inRepository('node_modules'), join(directory, 'node_modules'));
  const server = inMemory ? undefined : await startDeepstreamServer({ users, permissions, maxAuthAttempts: 3 });
  const proxy = server && (await startTcpProxy({ target: server.port }));
  const said = new Map();
  const child = fork(join(directory, 'host.mjs'), [inMemory ?? `ws://127.0.0.1:${proxy.port}/deepstream`]);
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
    await proxy?.stop();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return said;
}
