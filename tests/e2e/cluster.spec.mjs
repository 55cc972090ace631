// Users at three servers that form one cluster, whose servers are killed one by one and all together.
import { everythingWorks, names, restrictive, takesPart, test, wasToldTheTruth } from './support/cluster.mjs';

for (const [rules, permissions] of Object.entries({
  open: undefined,
  restrictive,
})) {
  test(`everything works across servers, also after kills and restarts, with ${rules} rules`, async ({
    startCluster,
    joinAs,
  }) => {
    const cluster = await startCluster({ permissions });
    const members = await Promise.all(names.map((name, index) => joinAs(name, cluster.urls[index])));
    await Promise.all(members.map(takesPart));
    await everythingWorks(members, cluster.urls[1]);
    for (const killed of [[0], [1], [2], [0, 1, 2], [0, 2]]) {
      await Promise.all(killed.map((index) => cluster.servers[index].kill()));
      await Promise.all(killed.map((index) => members[index].comesTo('RECONNECTING')));
      await Promise.all(killed.map((index) => cluster.servers[index].start()));
      await everythingWorks(members, cluster.urls[killed.at(-1)]);
    }
    await cluster.agreed();
    await everythingWorks(members, cluster.urls[0]);
    await wasToldTheTruth(members);
  });
}
