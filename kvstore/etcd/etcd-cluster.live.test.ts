import { clusterContract } from '../testing/cluster-suite.ts';
import { openClient } from '../testing/etcd-client.ts';
import { startEtcdCluster } from '../testing/etcd-cluster.ts';

clusterContract('etcd', startEtcdCluster, openClient);
