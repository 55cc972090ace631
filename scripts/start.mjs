// The demo: builds everything, then serves the page beside a real deepstream server until Ctrl-C.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startDeepstreamServer } from '../tests/harness/deepstream-server.mjs';
import { faults, startTcpProxy } from '../tests/harness/tcp-proxy.mjs';
import { build } from './build.mjs';
import { inRoot } from './lib/paths.mjs';
import { beforeExit, main, run } from './lib/process.mjs';
import { controlNetwork, controlServer, controlWitness } from './lib/server-control.mjs';
import { setup } from './setup.mjs';

const preferredServerPort = 6020;
const preferredPagePort = 8080;

await main(async () => {
  await setup();
  await build();
  console.log('Bundling the demo page.');
  await run('webpack', ['build', '--config', 'webpack.config.js', '--stats', 'errors-warnings']);

  const witness = controlWitness();
  // Records outlive a server that is killed, as they do everywhere else.
  const directory = await mkdtemp(join(tmpdir(), 'deepstream-demo-'));
  beforeExit(() => rm(directory, { recursive: true, force: true }));
  const deepstream = await startDeepstreamServer({
    port: await portFor('deepstream server', preferredServerPort),
    storageFile: join(directory, 'records.json'),
    onTaken: witness.onTaken,
  });
  beforeExit(deepstream.stop);
  // The page's clients come through it, so that the page can make the network fail.
  const network = await startTcpProxy({ target: deepstream.port });
  beforeExit(network.stop);
  const controls = [controlServer(deepstream, network.url), controlNetwork(network, faults), witness.handle];
  // Not imported above, because it needs what setup installs.
  const { startStaticServer } = await import('../tests/harness/static-server.mjs');
  const page = await startStaticServer({
    port: await portFor('demo page', preferredPagePort),
    directories: { '/': inRoot('dist') },
    handle: (request, response) => controls.some((control) => control(request, response)),
  });
  beforeExit(page.stop);

  console.log(`\n  Demo page          ${page.url}\n  deepstream server  ${deepstream.url}\n\n  Ctrl-C stops both.`);
  await new Promise(() => {});
});

async function portFor(purpose, preferred) {
  const port = await freePort(preferred);
  if (port !== preferred) console.log(`Port ${preferred} is taken: the ${purpose} uses ${port}.`);
  return port;
}
