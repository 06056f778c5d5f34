import type { Member } from './members.ts';
import { ping } from './ping.ts';
import { mapBounded } from './wait.ts';

/** One question: does this sandbox reach that address? */
export interface Pair {
  readonly from: Member;
  readonly to: Member;
  readonly address: string;
  /** `reachable`: they share a network. `isolated`: they do not. */
  readonly expected: 'reachable' | 'isolated';
}

export interface PairResult extends Pair {
  readonly reached: boolean;
  /** Round-trip time in milliseconds; absent without an answer. */
  readonly ms?: number;
  /** Why nothing came back, in ping's words. */
  readonly why: string;
  /** It went as expected. */
  readonly ok: boolean;
}

/**
 * Every pair of sandboxes with every address of the second one. Two networks may use the same subnet: an address that a
 * sandbox's own network knows as well proves nothing about the other one, and is left out.
 */
export function allPairs(members: readonly Member[]): readonly Pair[] {
  const networksOf = new Map<string, Set<string>>();
  for (const { path, networkId } of members) {
    networksOf.set(path, (networksOf.get(path) ?? new Set()).add(networkId));
  }
  const known = (networks: ReadonlySet<string>): Set<string> =>
    new Set(members.filter((member) => networks.has(member.networkId)).flatMap((member) => member.addresses));
  const sandboxes = new Map(members.map((member) => [member.path, member]));
  return [...sandboxes.values()].flatMap((from) => {
    const own = networksOf.get(from.path) ?? new Set<string>();
    const nearby = known(own);
    return members
      .filter((to) => to.path !== from.path)
      .flatMap((to) => {
        const expected = own.has(to.networkId) ? 'reachable' : 'isolated';
        const asked = to.addresses.filter((address) => expected === 'reachable' || !nearby.has(address));
        return asked.map((address): Pair => ({ from, to, address, expected }));
      });
  });
}

/** Real ICMP for every pair, at most `atOnce` at a time. `tell` hears of each result as it comes. */
export function pingPairs(
  pairs: readonly Pair[],
  tell: (done: number, result: PairResult) => void = () => undefined,
  atOnce = 16,
): Promise<readonly PairResult[]> {
  let done = 0;
  return mapBounded(pairs, atOnce, async (pair) => {
    const { reached, ms, why } = await ping(pair.from.path, pair.address);
    const ok = reached === (pair.expected === 'reachable');
    const result = { ...pair, reached, ...(ms === undefined ? {} : { ms }), why, ok };
    done += 1;
    tell(done, result);
    return result;
  });
}
