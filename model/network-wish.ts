import { invariant } from './errors.ts';
import { ipFromBigint, ipToBigint, type Family, type Ip } from './ip.ts';
import type { Name } from './name.ts';
import { networkLimits, type Driver, type Network, type Subnet } from './network.ts';
import {
  contains,
  covers,
  hostSpan,
  overlaps,
  prefixFamily,
  spanOf,
  type Prefix,
  type Span,
} from './prefix.ts';
import { whyImpossible } from './unicast.ts';
import type { Vni } from './vni.ts';

/** A subnet as declared. */
export interface WishedSubnet {
  readonly prefix: Prefix;
  /** Absent: the first usable address that is not auxiliary. */
  readonly gateway?: Ip;
  readonly range?: Prefix;
  readonly auxiliary: ReadonlyMap<Name, Ip>;
}

/** A network as an operator declared it: `networks/<name>`, in model types. */
export interface Wish {
  readonly driver: Driver;
  readonly subnets: readonly WishedSubnet[];
  /** Families of which no subnet is declared, and one of the cluster's address pools is wished. */
  readonly fromPools: readonly Family[];
  readonly mtu?: number;
  /** Absent: chosen from the cluster's range. */
  readonly vni?: Vni;
  readonly internal: boolean;
  readonly allowOverlap: boolean;
  readonly labels: ReadonlyMap<string, string>;
}

/** What is wrong with one part of a declaration; `path` is written as in JavaScript: `subnets[1].gateway`. */
export interface WishProblem {
  readonly path: string;
  readonly why: string;
}

/** What the accepting node adds to a wish. */
export type Acceptance = Pick<
  Network,
  'id' | 'name' | 'vni' | 'wishHash' | 'acceptance' | 'creator' | 'createdAt'
>;

/** Least and greatest MTU: RFC 791 wants 68 everywhere; an IP packet and the longest tunnel header fill a UDP datagram. */
export const mtuRange = { first: 68, last: 65_535 - 70 } as const;
/** RFC 8200 section 5: no link that carries IPv6 has less. */
const leastMtu6 = 1280;

/** Everything that is wrong with a wish; empty: it is well formed. Whether it can be accepted is another question. */
export function checkWish(wish: Wish): readonly WishProblem[] {
  const tooMany = checkCounts(wish);
  if (tooMany.length > 0) return tooMany;
  return [
    ...wish.subnets.flatMap((subnet, i) => checkSubnet(subnet, `subnets[${i}]`)),
    ...checkDisjoint(wish),
    ...checkMtu(wish),
    ...checkLabels(wish.labels),
  ];
}

/** The spec of a well-formed wish: everything that it left open is decided. Those of its subnets that come from pools are chosen. */
export function planNetwork(wish: Wish, acceptance: Acceptance): Network {
  const { id, name, vni, wishHash, acceptance: count, creator, createdAt } = acceptance;
  return {
    id,
    name,
    driver: wish.driver,
    vni,
    subnets: wish.subnets.map(planSubnet),
    ...(wish.mtu === undefined ? {} : { mtu: wish.mtu }),
    internal: wish.internal,
    allowOverlap: wish.allowOverlap,
    labels: wish.labels,
    phase: { kind: 'active' },
    wishHash,
    acceptance: count,
    creator,
    createdAt,
  };
}

/** The gateway of a subnet is decided. */
export function planSubnet({ prefix, gateway, range, auxiliary }: WishedSubnet): Subnet {
  const chosen = gateway ?? firstFree(prefix, auxiliary);
  invariant(chosen !== undefined, `subnet ${prefix} has no room for a gateway`);
  return { prefix, gateway: chosen, ...(range === undefined ? {} : { range }), auxiliary };
}

/** The first usable address that is not auxiliary. */
function firstFree(prefix: Prefix, auxiliary: ReadonlyMap<Name, Ip>): Ip | undefined {
  const span = hostSpan(prefix);
  if (span === undefined) return undefined;
  const taken = new Set([...auxiliary.values()].map(ipToBigint));
  for (let at = span.first; at <= span.last; at += 1n) {
    if (!taken.has(at)) return ipFromBigint(span.family, at);
  }
  return undefined;
}

function checkCounts({ subnets, fromPools }: Wish): readonly WishProblem[] {
  const problems: WishProblem[] = [];
  const count = subnets.length + fromPools.length;
  if (count === 0) {
    const why = 'is empty, and ipv4 and ipv6 are both false: a network needs a subnet';
    problems.push({ path: 'subnets', why });
  }
  if (count > networkLimits.subnets) {
    const chosen = fromPools.length === 0 ? '' : ` with ${fromPools.length} from the address pools`;
    problems.push({
      path: 'subnets',
      why: `has ${count}${chosen}, at most ${networkLimits.subnets} may be declared`,
    });
  }
  const auxiliary = subnets.reduce((sum, s) => sum + s.auxiliary.size, 0);
  if (auxiliary > networkLimits.auxiliary) {
    const why = `have ${auxiliary} auxiliary addresses together, at most ${networkLimits.auxiliary} may be declared`;
    problems.push({ path: 'subnets', why });
  }
  return problems;
}

function checkSubnet(subnet: WishedSubnet, path: string): readonly WishProblem[] {
  const { prefix } = subnet;
  const why = whyImpossible(prefix);
  if (why !== undefined) return [{ path, why: `${prefix} cannot be used: it ${why}` }];
  const span = hostSpan(prefix);
  if (span === undefined) {
    return [
      { path, why: `${prefix} is a single address; a subnet needs room for a gateway and an endpoint` },
    ];
  }
  const problems = [...checkReserved(subnet, span, path), ...checkRange(subnet, path)];
  return problems.length > 0 ? problems : checkRoom(subnet, span, path);
}

/** Gateway and auxiliary addresses: usable addresses of the subnet, none of them twice. */
function checkReserved(
  { prefix, gateway, auxiliary }: WishedSubnet,
  span: Span,
  path: string,
): readonly WishProblem[] {
  const problems: WishProblem[] = [];
  const seen = new Map<Ip, string>();
  const look = (ip: Ip, at: string, what: string): void => {
    const why =
      whyUnusable(ip, prefix, span) ?? (seen.has(ip) ? `${ip} is ${seen.get(ip) ?? ''} already` : undefined);
    if (why !== undefined) problems.push({ path: at, why });
    else seen.set(ip, what);
  };
  if (gateway !== undefined) look(gateway, `${path}.gateway`, 'the gateway');
  for (const [name, ip] of auxiliary) look(ip, `${path}.auxiliary.${name}`, `auxiliary address ${name}`);
  return problems;
}

function whyUnusable(ip: Ip, prefix: Prefix, span: Span): string | undefined {
  if (!contains(prefix, ip)) return `${ip} lies outside ${prefix}`;
  const value = ipToBigint(ip);
  if (value < span.first) {
    return `${ip} is the ${span.family === 4 ? 'network' : 'subnet-router anycast'} address of ${prefix}`;
  }
  return value > span.last ? `${ip} is the broadcast address of ${prefix}` : undefined;
}

function checkRange({ prefix, range }: WishedSubnet, path: string): readonly WishProblem[] {
  if (range === undefined || covers(prefix, range)) return [];
  return [{ path: `${path}.range`, why: `${range} does not lie inside ${prefix}` }];
}

/** Is an address left for an endpoint? Not more than a few dozen are reserved, so that counting ends soon. */
function checkRoom(subnet: WishedSubnet, span: Span, path: string): readonly WishProblem[] {
  const { prefix, range, auxiliary } = subnet;
  const gateway = subnet.gateway ?? firstFree(prefix, auxiliary);
  const reserved = [...auxiliary.values(), ...(gateway === undefined ? [] : [gateway])].map(ipToBigint);
  const isFree = (from: Span): boolean => {
    const first = from.first < span.first ? span.first : from.first;
    const last = from.last > span.last ? span.last : from.last;
    const size = last - first + 1n;
    return size > BigInt(new Set(reserved.filter((v) => v >= first && v <= last)).size);
  };
  if (gateway === undefined || !isFree(span)) {
    return [
      {
        path,
        why: `${prefix} has no address left for an endpoint beside the gateway and auxiliary addresses`,
      },
    ];
  }
  if (range === undefined || isFree(spanOf(range))) return [];
  return [{ path: `${path}.range`, why: `${range} has no address for an endpoint` }];
}

function checkDisjoint({ subnets }: Wish): readonly WishProblem[] {
  return subnets.flatMap(({ prefix }, i) => {
    const j = subnets.findIndex((other) => overlaps(prefix, other.prefix));
    const other = subnets[j];
    return j >= i || other === undefined
      ? []
      : [{ path: `subnets[${i}]`, why: `${prefix} overlaps ${other.prefix}, which is subnets[${j}]` }];
  });
}

function checkMtu({ mtu, subnets, fromPools }: Wish): readonly WishProblem[] {
  if (mtu === undefined) return [];
  const { first, last } = mtuRange;
  if (!Number.isInteger(mtu) || mtu < first || mtu > last) {
    return [{ path: 'mtu', why: `${mtu} is not a whole number from ${first} to ${last}` }];
  }
  const six = subnets.find((s) => prefixFamily(s.prefix) === 6)?.prefix;
  if ((six === undefined && !fromPools.includes(6)) || mtu >= leastMtu6) return [];
  const where = six === undefined ? 'ipv6' : `subnet ${six}`;
  return [{ path: 'mtu', why: `${mtu} is less than the ${leastMtu6} that IPv6 (${where}) needs` }];
}

function checkLabels(labels: ReadonlyMap<string, string>): readonly WishProblem[] {
  const problems: WishProblem[] = [];
  if (labels.size > networkLimits.labels) {
    problems.push({
      path: 'labels',
      why: `has ${labels.size}, at most ${networkLimits.labels} may be declared`,
    });
  }
  const size = [...labels].reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0);
  if (size > networkLimits.labelBytes) {
    const why = `has ${size} bytes of keys and values, at most ${networkLimits.labelBytes} may be declared`;
    problems.push({ path: 'labels', why });
  }
  if (labels.has('')) problems.push({ path: 'labels', why: 'has an empty key' });
  return problems;
}

/** Bytes of the text in UTF-8. */
function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
