import { clusterContract } from '../testing/cluster-suite.ts';
import { openClient } from '../testing/consul-client.ts';
import { startConsulCluster } from '../testing/consul-cluster.ts';

clusterContract('Consul', startConsulCluster, openClient);
