import { silentLogger, type Logger } from '../../../../model/logger.ts';
import type { Store } from '../../../store.ts';
import { notingLogger } from '../../noting-logger.ts';
import { faultFor, type Ground } from '../fault-case.ts';
import type { OpenClient } from '../network-ground.ts';
import type { Cluster, ClusterServer } from './cluster.ts';

/** Three servers that are one store, and clients of them. Whatever was done to them is mended when the ground ends. */
export interface Servers {
  readonly cluster: Cluster<ClusterServer>;
  /** A client of these servers, which it asks in this order. It ends with the ground. */
  client(order: readonly number[], logger?: Logger): Promise<Store>;
}

/** What can be done to a store of three servers. */
export interface ClusterHands {
  readonly servers: Servers;
}

/** A case for a store of three servers. */
export const clusterFault = faultFor<ClusterHands>();

export interface ClusterGround extends Ground, Servers {}

/** Data of one case on a cluster that is there for many. `store` asks the servers in their order. */
export async function clusterGround(
  cluster: Cluster<ClusterServer>,
  open: OpenClient,
): Promise<ClusterGround> {
  const stack = new AsyncDisposableStack();
  stack.defer(() => cluster.mend());
  const client: Servers['client'] = async (order, logger = silentLogger) => {
    const ports = order.map((index) => cluster.ways[index]?.port ?? 0);
    return stack.adopt(await open(ports, logger), (store) => store.close());
  };
  try {
    const lines: string[] = [];
    return {
      cluster,
      client,
      store: await client([0, 1, 2], notingLogger(lines)),
      witness: await client([2, 1, 0]),
      lines,
      another: () => client([2, 1, 0]),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
