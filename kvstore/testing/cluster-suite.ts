import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { clusterCases } from '../contract-cluster.ts';
import type { Store } from '../store.ts';
import type { Cluster, ClusterServer } from './cluster.ts';
import { notingLogger } from './noting-logger.ts';
import type { openClient } from './etcd-client.ts';

/** What a store of three servers promises while one of them is lost. */
export function clusterContract<S extends ClusterServer>(
  name: string,
  start: () => Promise<Cluster<S>>,
  open: (
    ports: readonly number[],
    prefix: string,
    wish: Parameters<typeof openClient>[2] & object,
  ) => Promise<Store>,
): void {
  describe(`three servers of ${name}:`, () => {
    let cluster: Cluster<S>;
    let round = 0;
    beforeAll(async () => {
      cluster = await start();
    }, 60_000);
    afterAll(() => cluster[Symbol.asyncDispose]());

    for (const { name: title, run } of clusterCases) {
      test(
        title,
        async () => {
          round += 1;
          const prefix = `cluster/${round}/`;
          const clients: Store[] = [];
          try {
            const figure = await run({
              cluster,
              async client(order, lines = []) {
                const ports = order.map((index) => cluster.ways[index]?.port ?? 0);
                const client = await open(ports, prefix, { logger: notingLogger(lines) });
                clients.push(client);
                return client;
              },
            });
            process.stderr.write(`${name}: ${title}: ${figure}\n`);
          } finally {
            for (const client of clients) await client.close();
            await cluster.mend();
          }
        },
        120_000,
      );
    }
  });
}
