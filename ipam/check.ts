import { parseKey } from '../kvstore/keys.ts';
import type { Entry } from '../kvstore/store.ts';
import type { Network, NetworkId } from '../model/network.ts';
import type { Txn } from './claims.ts';
import { checkClaim, contested, isUsable, outside, subjectOf, unreadable } from './check-claim.ts';
import { checkVnis } from './check-vnis.ts';
import type { Finding } from './finding.ts';
import { each, type InParts } from './in-parts.ts';
import { takingInventory, type Inventory } from './inventory.ts';
import { networksIn, type FoundNetwork } from './networks-in.ts';
import { rightsIn, type Right } from './rights.ts';
import { sweep } from './sweep.ts';

/** What was looked at. */
export interface Checked {
  readonly networks: number;
  readonly endpoints: number;
  readonly claims: number;
  /** In the order of keys. */
  readonly findings: readonly Finding[];
}

/** Compares all claims with their holders. `entries`: the whole store as of one revision. There may be many: in parts. */
export function* checkClaims(entries: readonly Entry[]): InParts<Checked> {
  const networks = networksIn(entries);
  const below = new Map<NetworkId, Entry[]>();
  yield* each(entries, (entry) => {
    const id = networkOf(entry.key);
    if (id === undefined) return;
    const known = below.get(id);
    if (known === undefined) below.set(id, [entry]);
    else known.push(entry);
  });
  const findings: Finding[] = [...networks.unreadable, ...checkVnis(entries, networks)];
  let endpoints = 0;
  let claims = 0;
  // A network may have lost everything.
  for (const id of new Set([...networks.byId.keys(), ...below.keys()])) {
    const inventory = yield* takingInventory(below.get(id) ?? []);
    endpoints += inventory.endpoints.size;
    claims += inventory.claims.size;
    const network = networks.byId.get(id);
    if (network === undefined) findings.push(...sweep(id, inventory, networks));
    else findings.push(...(yield* checkNetwork(network, inventory)));
  }
  return {
    networks: networks.byId.size,
    endpoints,
    claims,
    findings: findings.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

/** The network id in a key below one; the key itself is parsed when it is taken in. */
function networkOf(key: string): NetworkId | undefined {
  return /^net\/([0-9a-f]{16})\//.exec(key)?.[1] as NetworkId | undefined;
}

function* checkNetwork(known: FoundNetwork, inventory: Inventory): InParts<readonly Finding[]> {
  const { network } = known;
  const rights = yield* rightsIn(known, inventory);
  const findings: Finding[] = [];
  const of = (what: string): string => `${what} of network ${network.name}`;
  for (const { entry, endpoint } of inventory.endpoints.values())
    if (endpoint === undefined) findings.push(unreadable(entry.key));
  yield* each(rights, ([key, entitled]) => {
    if (!inventory.claims.has(key)) findings.push(missing(key, entitled, of(subjectOf(key)), network));
  });
  yield* each(inventory.claims.values(), (found) => {
    const { entry, claim } = found;
    if (claim === undefined) findings.push(unreadable(entry.key));
    else
      findings.push(
        ...checkClaim({ ...found, claim }, rights.get(entry.key) ?? [], { known, inventory }, of),
      );
  });
  return findings;
}

function missing(key: string, entitled: readonly Right[], subject: string, network: Network): Finding {
  const [only, ...more] = entitled;
  if (only === undefined || more.length > 0) return contested(key, subject, 'nobody', entitled);
  // A claim on what nobody can have would only be the next thing that is wrong.
  const parsed = parseKey(key);
  if (parsed.kind === 'address-claim' && !isUsable(network, parsed.address))
    return outside(key, subject, only);
  const what = `${subject} is claimed by nobody; ${only.who} has it`;
  const repair: Txn = {
    conditions: [{ kind: 'absent', key }, ...only.proof],
    ops: [{ kind: 'put', key, value: only.value }],
  };
  return { kind: 'claim-missing', key, what, repairs: [repair] };
}
