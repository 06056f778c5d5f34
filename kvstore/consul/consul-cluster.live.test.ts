import { openClient } from '../testing/consul-client.ts';
import { startConsulCluster } from '../testing/consul-cluster.ts';
import { clusterSuite } from '../testing/faults/cluster/suite.ts';

clusterSuite({
  backEnd: 'Consul',
  start: startConsulCluster,
  open: openClient,
  version: (server) => server.version(),
});
