import { Cluster } from './faults/cluster/cluster.ts';
import { EtcdServer } from './etcd-server.ts';

/** Three etcd servers that are one store. */
export const startEtcdCluster = (): Promise<Cluster<EtcdServer>> =>
  Cluster.start({
    make: (member) => EtcdServer.member(member),
    async leads(_, { port }) {
      const signal = AbortSignal.timeout(1000);
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal });
      return /^etcd_server_is_leader 1$/m.test(await answer.text());
    },
  });
