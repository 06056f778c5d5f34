import type { Lab } from './lab.ts';
import { readMembers, type Member } from './members.ts';
import { allPairs, pingPairs, type PairResult } from './ping-table.ts';
import { countTunnels, tunnelDifference } from './tunnels.ts';
import { verdictOf, type TunnelVerdict } from './verdict.ts';

/** What became of pinging every pair of sandboxes of a lab. */
export interface Probe {
  readonly members: readonly Member[];
  readonly pairs: readonly PairResult[];
  /** Packets that went through each tunnel meanwhile. */
  readonly tunnels: readonly TunnelVerdict[];
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
  return { members, pairs, ...verdictOf(pairs, moved) };
}
