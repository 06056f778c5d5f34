import { Cluster } from './faults/cluster/cluster.ts';
import { ConsulServer } from './consul-server.ts';

/** Three Consul servers that are one store. */
export const startConsulCluster = (): Promise<Cluster<ConsulServer>> =>
  Cluster.start({
    make: (member) => ConsulServer.member(member),
    async leads(_, { port, address }) {
      const signal = AbortSignal.timeout(1000);
      const answer = await fetch(`http://127.0.0.1:${port}/v1/status/leader`, { signal });
      return String(await answer.json()).startsWith(`${address}:`);
    },
  });
