import { keys } from '../kvstore/keys.ts';
import { decodeClaim } from '../kvstore/records/claim.ts';
import type { Condition, Entry } from '../kvstore/store.ts';
import type { Claim, EndpointId } from '../model/endpoint.ts';
import { ipToBigint, type Ip } from '../model/ip.ts';
import { isName } from '../model/name.ts';
import type { Network } from '../model/network.ts';
import { hostSpan, prefixFamily } from '../model/prefix.ts';
import type { Finding } from './finding.ts';
import type { FoundClaim, Inventory } from './inventory.ts';
import type { FoundNetwork } from './networks-in.ts';
import type { Right } from './rights.ts';

/** The network of a claim, and what is below it. */
export interface Scene {
  readonly known: FoundNetwork;
  readonly inventory: Inventory;
}

/** What is wrong with one claim, of those who are entitled to it. */
export function checkClaim(
  found: FoundClaim & { readonly claim: Claim },
  entitled: readonly Right[],
  scene: Scene,
  of: (what: string) => string,
): readonly Finding[] {
  const { entry, key, claim } = found;
  const subject = of(subjectOf(entry.key));
  const rightful = entitled.find(({ kind, holder }) => kind === claim.kind && holder === claim.holder);
  const isOutside = key.kind === 'address-claim' && !isUsable(scene.known.network, key.address);
  if (rightful !== undefined) {
    const others = entitled.filter((right) => right !== rightful);
    if (others.length > 0) return [contested(entry.key, subject, rightful.who, others)];
    if (claim.kind === 'reservation' && !isReservedAs(claim, decodeClaim(entry.key, rightful.value))) {
      const put = { kind: 'put', key: entry.key, value: rightful.value } as const;
      const what = `${subject} is claimed with another owner or expiry than ${rightful.who} has`;
      const conditions = [unchanged(entry), ...without([unchanged(entry)], rightful.proof)];
      return [{ kind: 'claim-differs', key: entry.key, what, repairs: [{ conditions, ops: [put] }] }];
    }
    return isOutside ? [outside(entry.key, subject, rightful)] : [];
  }
  const standing = standingOf(found, scene);
  if (standing === undefined) return [];
  const conditions: readonly Condition[] = [unchanged(entry), ...standing.proof];
  const [only, ...more] = entitled;
  if (only === undefined) {
    const what = `${subject} is claimed by ${standing.who}, which ${standing.why}`;
    return [
      {
        kind: 'claim-without-holder',
        key: entry.key,
        what,
        repairs: [{ conditions, ops: [{ kind: 'delete', key: entry.key }] }],
      },
    ];
  }
  if (more.length > 0) return [contested(entry.key, subject, 'nobody', entitled)];
  const what = `${subject} is claimed by ${standing.who}, which ${standing.why}; ${only.who} has it`;
  const put = { kind: 'put', key: entry.key, value: only.value } as const;
  return [
    {
      kind: 'claim-of-another',
      key: entry.key,
      what,
      repairs: [{ conditions: [...conditions, ...without(conditions, only.proof)], ops: [put] }],
    },
  ];
}

/** Why the holder that a claim names is none, and what that rests on. Undefined: it may well be one. */
function standingOf(
  { key, claim }: FoundClaim & { readonly claim: Claim },
  { known, inventory }: Scene,
): { readonly who: string; readonly why: string; readonly proof: readonly Condition[] } | undefined {
  const { kind, holder } = claim;
  const hasOther = 'has something else';
  if (kind === 'gateway' || kind === 'auxiliary')
    return {
      who: kind === holder ? `the ${kind}` : `${kind} ${holder}`,
      why: hasOther,
      proof: [known.proof],
    };
  if (kind === 'reservation') {
    const who = `reservation ${holder}`;
    if (!isName(holder)) return { who, why: 'can have no such name', proof: [] };
    const at = keys.nameClaim(key.network, holder);
    const itself = inventory.claims.get(at);
    if (itself?.entry.key === keyOf(key)) return { who, why: 'names no address', proof: [] };
    if (itself === undefined) return { who, why: 'does not exist', proof: [{ kind: 'absent', key: at }] };
    return itself.claim === undefined ? undefined : { who, why: hasOther, proof: [unchanged(itself.entry)] };
  }
  const at = keys.endpoint(key.network, holder as EndpointId);
  const endpoint = inventory.endpoints.get(at);
  const who = `endpoint ${holder}`;
  if (endpoint === undefined) return { who, why: 'does not exist', proof: [{ kind: 'absent', key: at }] };
  if (endpoint.endpoint === undefined) return undefined;
  // One in conflict claims nothing anew, but keeps what it has until it is detached.
  const { addresses, mac, name, state } = endpoint.endpoint;
  const has = [...addresses.map((ip) => keys.addressClaim(key.network, ip)), keys.macClaim(key.network, mac)];
  if (name !== undefined) has.push(keys.nameClaim(key.network, name));
  if (state.kind === 'conflict' && has.includes(keyOf(key))) return undefined;
  return { who, why: hasOther, proof: [unchanged(endpoint.entry)] };
}

export function contested(key: string, subject: string, holder: string, others: readonly Right[]): Finding {
  const told = others.map(({ who, giveUp }) => `${who} (${giveUp})`).join(', ');
  return {
    kind: 'contested',
    key,
    what: `${subject} is claimed by ${holder}, but had by ${told}`,
    repairs: [],
  };
}

export function outside(key: string, subject: string, { who, giveUp }: Right): Finding {
  const what = `${subject} lies in no subnet where anybody can have it; ${who} has it: ${giveUp}`;
  return { kind: 'outside', key, what, repairs: [] };
}

export function unreadable(key: string): Finding {
  const what = `record ${key} cannot be read: who knows what it is repairs or deletes it by hand`;
  return { kind: 'unreadable', key, what, repairs: [] };
}

/** Can an interface in one of the subnets have it? */
export function isUsable({ subnets }: Network, ip: Ip): boolean {
  const value = ipToBigint(ip);
  return subnets.some(({ prefix, gateway }) => {
    if ((prefixFamily(prefix) === 6) !== ip.includes(':')) return false;
    const span = hostSpan(prefix);
    return ip === gateway || (span !== undefined && value >= span.first && value <= span.last);
  });
}

/** Such as `address 10.7.0.5`. */
export function subjectOf(key: string): string {
  const [, , , what = '', which = ''] = key.split('/');
  return `${what === 'mac' ? 'MAC' : what} ${which}`;
}

const keyOf = (key: FoundClaim['key']): string => {
  switch (key.kind) {
    case 'address-claim':
      return keys.addressClaim(key.network, key.address);
    case 'mac-claim':
      return keys.macClaim(key.network, key.mac);
    case 'name-claim':
      return keys.nameClaim(key.network, key.name);
  }
};

const unchanged = ({ key, revision }: Entry): Condition => ({ kind: 'unchanged', key, revision });

/** A key is named by one condition at most. */
const without = (given: readonly Condition[], more: readonly Condition[]): readonly Condition[] =>
  more.filter(({ key }) => !given.some((c) => c.key === key));

/** Does the claim on a reserved address say what its reservation says? What a later version may add makes no difference. */
const isReservedAs = (is: Claim, should: Claim): boolean =>
  is.owner === should.owner &&
  is.expiresAt === should.expiresAt &&
  (is.addresses === undefined) === (should.addresses === undefined);
