import { keys, parseKey, prefixes } from '../kvstore/keys.ts';
import { decodeText, encodeText, type Condition, type Entry } from '../kvstore/store.ts';
import type { Finding } from './finding.ts';
import type { FoundNetwork, FoundNetworks } from './networks-in.ts';

/** Compares the VNIs that are claimed with the networks that have them: one of them has each. `entries`: the whole store. */
export function checkVnis(entries: readonly Entry[], networks: FoundNetworks): readonly Finding[] {
  const had = new Map<number, FoundNetwork[]>();
  for (const found of networks.byId.values()) {
    const known = had.get(found.network.vni);
    if (known === undefined) had.set(found.network.vni, [found]);
    else known.push(found);
  }
  const findings: Finding[] = [];
  const claimed = new Set<number>();
  for (const entry of entries) {
    // There may be many others.
    const key = entry.key.startsWith(prefixes.vnis) ? parseKey(entry.key) : undefined;
    if (key?.kind !== 'vni') continue;
    claimed.add(key.vni);
    findings.push(...checkVni(entry, key.vni, had.get(key.vni) ?? [], networks));
  }
  for (const [vni, all] of had) if (!claimed.has(vni)) findings.push(unclaimed(vni, all));
  return findings;
}

function checkVni(
  entry: Entry,
  vni: number,
  all: readonly FoundNetwork[],
  networks: FoundNetworks,
): readonly Finding[] {
  const { key } = entry;
  const owner = decodeText(entry.value);
  const others = all.filter(({ network }) => network.id !== owner);
  const [other, ...more] = others;
  if (others.length < all.length || more.length > 0)
    return other === undefined ? [] : [contested(key, vni, all)];
  const claimant = networks.byId.get(owner as FoundNetwork['network']['id']);
  const who = claimant === undefined ? `network ${owner}` : `network ${claimant.network.name}`;
  const why = claimant === undefined ? 'which does not exist' : 'which has another';
  const isCertain = claimant !== undefined || networks.unreadable.length === 0;
  const doubt = isCertain ? '' : ', unless it is one whose record cannot be read';
  const proof: readonly Condition[] = [
    { kind: 'unchanged', key, revision: entry.revision },
    claimant === undefined ? networks.noneSince : claimant.proof,
  ];
  const claim = `VNI ${vni} is claimed by ${who}, ${why}${doubt}`;
  if (other === undefined) {
    const repair = { conditions: proof, ops: [{ kind: 'delete', key }] } as const;
    return [{ kind: 'claim-without-holder', key, what: claim, repairs: isCertain ? [repair] : [] }];
  }
  const what = `${claim}; network ${other.network.name} has it`;
  const repair = { conditions: [...proof, other.proof], ops: [ownedBy(other)] };
  return [{ kind: 'claim-of-another', key, what, repairs: isCertain ? [repair] : [] }];
}

function unclaimed(vni: number, all: readonly FoundNetwork[]): Finding {
  const key = keys.vni(vni);
  const [only, ...more] = all;
  if (only === undefined || more.length > 0) return contested(key, vni, all);
  return {
    kind: 'claim-missing',
    key,
    what: `VNI ${vni} is claimed by nobody; network ${only.network.name} has it`,
    repairs: [{ conditions: [{ kind: 'absent', key }, only.proof], ops: [ownedBy(only)] }],
  };
}

/** Frames of one reach the other. */
function contested(key: string, vni: number, all: readonly FoundNetwork[]): Finding {
  const names = all.map(({ network }) => network.name).join(' and ');
  return {
    kind: 'contested',
    key,
    what: `networks ${names} have one VNI, ${vni}: remove all but one of them, and create them again`,
    repairs: [],
  };
}

const ownedBy = ({ network }: FoundNetwork) =>
  ({ kind: 'put', key: keys.vni(network.vni), value: encodeText(network.id) }) as const;
