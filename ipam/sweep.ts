import { prefixes } from '../kvstore/keys.ts';
import type { Condition, Entry } from '../kvstore/store.ts';
import type { NetworkId } from '../model/network.ts';
import type { Finding } from './finding.ts';
import type { Txn } from './claims.ts';
import type { Inventory } from './inventory.ts';
import type { FoundNetworks } from './networks-in.ts';

/** Keys that one transaction deletes: with a condition on each, and some more, it fits every store (Consul: 63). */
const atOnce = 28;

/** What is left below the id of a network that is not there: endpoints and claims, to be deleted as long as no network was accepted. */
export function sweep(
  id: NetworkId,
  { endpoints, claims }: Inventory,
  networks: FoundNetworks,
): readonly Finding[] {
  const left = [...endpoints.values(), ...claims.values()].map(({ entry }) => entry);
  if (left.length === 0) return [];
  const parts = [
    ...(endpoints.size === 0 ? [] : [`${endpoints.size} endpoints`]),
    ...(claims.size === 0 ? [] : [`${claims.size} claims`]),
  ];
  const what = `${parts.join(' and ')} are left of network ${id}, which does not exist`;
  const isCertain = networks.unreadable.length === 0;
  return [
    {
      kind: 'unknown-network',
      key: prefixes.net(id),
      what: isCertain ? what : `${what}, unless it is one whose record cannot be read`,
      repairs: isCertain ? deletions(left, [networks.noneSince]) : [],
    },
  ];
}

/** Deletes them as they were seen, some at a time. */
export function deletions(entries: readonly Entry[], guards: readonly Condition[]): readonly Txn[] {
  const txns: Txn[] = [];
  for (let at = 0; at < entries.length; at += atOnce) {
    const some = entries.slice(at, at + atOnce);
    const same = some.map(({ key, revision }): Condition => ({ kind: 'unchanged', key, revision }));
    txns.push({
      conditions: [...guards, ...same],
      ops: some.map(({ key }) => ({ kind: 'delete', key })),
    });
  }
  return txns;
}
