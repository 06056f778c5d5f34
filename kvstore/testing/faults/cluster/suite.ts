import { afterAll, beforeAll } from '@jest/globals';
import type { Logger } from '../../../../model/logger.ts';
import type { Store } from '../../../store.ts';
import type { FaultSubject } from '../fault-case.ts';
import { faultSuite } from '../suite.ts';
import type { Cluster, ClusterServer } from './cluster.ts';
import { clusterGround, type ClusterGround, type ClusterHands } from './hands.ts';
import { leaderCases } from './leader-cases.ts';
import { serverCases } from './server-cases.ts';

/** Three servers of one back end, and its client. */
export interface ClusterUnderTest<S extends ClusterServer> {
  readonly backEnd: FaultSubject<ClusterHands>['backEnd'];
  start(): Promise<Cluster<S>>;
  open(ports: readonly number[], prefix: string, wish: { readonly logger: Logger }): Promise<Store>;
  /** Such as `etcd 3.4.23`. */
  version(server: S): Promise<string>;
}

/** What a store of three servers promises while some of them are lost, one case after the other. */
export function clusterSuite<S extends ClusterServer>(wish: ClusterUnderTest<S>): void {
  let cluster: Cluster<S>;
  let round = 0;
  beforeAll(async () => {
    cluster = await wish.start();
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());
  const subject: FaultSubject<ClusterHands, ClusterGround> = {
    backEnd: wish.backEnd,
    version: () => wish.version(cluster.servers[0] as S),
    ground: () => {
      const prefix = `cluster/${(round += 1)}/`;
      return clusterGround(cluster, (ports, logger) => wish.open(ports, prefix, { logger }));
    },
    hands: { servers: (ground) => ground },
  };
  faultSuite(subject, { name: 'cluster', cases: [...leaderCases, ...serverCases], own: new Set() });
}
