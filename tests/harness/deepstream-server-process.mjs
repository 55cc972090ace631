import { once } from 'node:events';
import { Deepstream } from '@deepstream/server';
import { runAsChild } from './child.mjs';

runAsChild(async (configuration) => {
  const server = new Deepstream(configuration);
  server.start();
  await once(server, 'started');
  return {
    ready: true,
    async stop() {
      server.stop();
      await once(server, 'stopped');
    },
  };
});
