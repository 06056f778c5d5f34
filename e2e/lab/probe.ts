import type { Lab } from './lab.ts';
import { readMembers, type Member } from './members.ts';
import { allPairs, pingPairs, type PairResult } from './ping-table.ts';
import { countTunnels, tunnelDifference, type TunnelCount } from './tunnels.ts';

/** What became of pinging every pair of sandboxes of a lab. */
export interface Probe {
  readonly members: readonly Member[];
  readonly pairs: readonly PairResult[];
  /** Packets that went through each tunnel meanwhile. */
  readonly tunnels: readonly (TunnelCount & { readonly ok: boolean })[];
  /** Everything as expected, and there was something to expect. */
  readonly ok: boolean;
}

/**
 * Pings between all sandboxes of the lab, both families: reachable within a network, isolated between networks; and every
 * tunnel that has to be used must have carried packets in both directions. A lab without any pair to reach is not ok: it
 * would prove nothing.
 */
export async function probeLab(
  lab: Lab,
  tell: (done: number, all: number) => void = () => undefined,
): Promise<Probe> {
  const members = await readMembers(lab.hosts);
  const questions = allPairs(members);
  const before = await countTunnels(lab.hosts, members);
  const pairs = await pingPairs(questions, (done) => tell(done, questions.length));
  const moved = tunnelDifference(before, await countTunnels(lab.hosts, members));
  const tunnels = moved.map((each) => ({ ...each, ok: each.sent > 0 && each.received > 0 }));
  const proves = pairs.some((pair) => pair.expected === 'reachable');
  const ok = proves && pairs.every((pair) => pair.ok) && tunnels.every((tunnel) => tunnel.ok);
  return { members, pairs, tunnels, ok };
}
