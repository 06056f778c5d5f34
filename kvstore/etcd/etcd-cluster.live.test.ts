import { openClient } from '../testing/etcd-client.ts';
import { startEtcdCluster } from '../testing/etcd-cluster.ts';
import { clusterSuite } from '../testing/faults/cluster/suite.ts';

clusterSuite({
  backEnd: 'etcd',
  start: startEtcdCluster,
  open: openClient,
  version: async (server) => `etcd ${/[\d.]+/.exec(await server.etcdctl('version'))?.[0]}`,
});
