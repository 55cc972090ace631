import { once } from 'node:events';
import { Deepstream } from '@deepstream/server';
import { runAsChild } from './child.mjs';
import { joinCluster } from './message-bus.mjs';

runAsChild(async (configuration, parent) => {
  const server = new Deepstream(configuration);
  if (configuration.clusterRegistry) joinCluster(server, parent);
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
