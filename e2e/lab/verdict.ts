import type { PairResult } from './ping-table.ts';
import type { TunnelCount } from './tunnels.ts';

/** What a tunnel has carried, and whether that is enough. */
export type TunnelVerdict = TunnelCount & { readonly ok: boolean };

/**
 * What the pings of a lab prove: everything went as expected, every tunnel that has to be used has carried packets both ways
 * meanwhile, and there was a pair to reach at all, since silence alone proves nothing.
 */
export function verdictOf(
  pairs: readonly Pick<PairResult, 'expected' | 'ok'>[],
  moved: readonly TunnelCount[],
): { readonly tunnels: readonly TunnelVerdict[]; readonly ok: boolean } {
  const tunnels = moved.map((each) => ({ ...each, ok: each.sent > 0 && each.received > 0 }));
  const proves = pairs.some(({ expected }) => expected === 'reachable');
  return { tunnels, ok: proves && pairs.every(({ ok }) => ok) && tunnels.every(({ ok }) => ok) };
}
