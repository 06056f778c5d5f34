import type { Host } from '../../lab/host.ts';
import { watchKernelWrites } from '../../lab/kernel-writes.ts';
import { mapBounded } from '../../lab/wait.ts';

/** Watches running agents; `broken` tells afterwards what they have written to their kernels. */
export interface Silence {
  broken(): Promise<readonly string[]>;
}

export async function demandSilence(hosts: readonly Host[]): Promise<Silence> {
  const watches = await mapBounded(hosts, hosts.length, (host) => watchKernelWrites(host.agent.pid ?? 0));
  return {
    async broken() {
      const seen = await mapBounded(watches, watches.length, (watch) => watch.stop());
      return seen.flatMap(({ writes }, index) =>
        writes.map(({ line }) => `${hosts[index]?.name ?? ''} wrote to its kernel: ${line}`),
      );
    },
  };
}
