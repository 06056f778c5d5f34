import { networkChanges } from '../../model/network-changes.ts';
import { checkWish, planSubnet, type Wish } from '../../model/network-wish.ts';
import type { Network, Subnet } from '../../model/network.ts';
import type { Ip } from '../../model/ip.ts';
import { prefixFamily } from '../../model/prefix.ts';
import { chooseSubnets } from './from-pools.ts';
import { findOverlap } from './overlap.ts';
import type { Surroundings } from './surroundings.ts';

/** What an accepted network becomes, or why it cannot become what is wished. */
type Change =
  | { readonly kind: 'possible'; readonly network: Network }
  | { readonly kind: 'impossible'; readonly why: string };

/** The accepted network as it is wished. Endpoints of it may live; whatever they rest on stays. Pure. */
export function changeOf(network: Network, wish: Wish, around: Surroundings): Change {
  const fixed = whatIsFixed(network, wish);
  if (fixed !== undefined) return { kind: 'impossible', why: fixed };
  const subnets = subnetsOf(network, wish, around);
  if (typeof subnets === 'string') return { kind: 'impossible', why: subnets };
  const why = whatIsInTheWay({ ...network, subnets }, network, wish, around);
  if (why !== undefined) return { kind: 'impossible', why };
  const { mtu: _, ...rest } = network;
  return {
    kind: 'possible',
    network: {
      ...rest,
      subnets,
      ...(wish.mtu === undefined ? {} : { mtu: wish.mtu }),
      allowOverlap: wish.allowOverlap,
      labels: wish.labels,
    },
  };
}

/** Addresses that a network keeps, and did not keep before: nobody may have them. */
export function newlyKept(before: Pick<Network, 'subnets'>, after: Pick<Network, 'subnets'>): readonly Ip[] {
  const kept = new Set(before.subnets.flatMap(keptIn));
  return after.subnets.flatMap(keptIn).filter((ip) => !kept.has(ip));
}

const keptIn = ({ gateway, auxiliary }: Subnet): readonly Ip[] => [gateway, ...auxiliary.values()];

const remedy = 'this cannot change while the network exists: remove it and create it again';

function whatIsFixed(network: Network, wish: Wish): string | undefined {
  const field = (what: 'driver' | 'vni' | 'internal', is: unknown, wished: unknown): string =>
    `network ${network.name} has ${what} ${String(is)}, wished: ${what} ${String(wished)}; ` +
    `${networkChanges[what].how}; ${remedy}`;
  if (wish.driver !== network.driver) return field('driver', network.driver, wish.driver);
  if (wish.vni !== undefined && wish.vni !== network.vni) return field('vni', network.vni, wish.vni);
  if (wish.internal !== network.internal) return field('internal', network.internal, wish.internal);
  const moved = wish.subnets.find(({ prefix, gateway }) => {
    const is = network.subnets.find((s) => s.prefix === prefix);
    return is !== undefined && gateway !== undefined && gateway !== is.gateway;
  });
  if (moved === undefined) return undefined;
  const is = network.subnets.find(({ prefix }) => prefix === moved.prefix);
  return (
    `subnet ${moved.prefix} of network ${network.name} has gateway ${String(is?.gateway)}, wished: gateway ` +
    `${String(moved.gateway)}; ${networkChanges.gateway.how}; ${remedy}`
  );
}

/**
 * Its subnets in the order of the wish, then those that came from pools, or come now: of a family that is to have one of the pools
 * it keeps what it has. Why it cannot have them, otherwise.
 */
function subnetsOf(network: Network, wish: Wish, around: Surroundings): readonly Subnet[] | string {
  const isKept = ({ prefix }: Subnet): boolean => wish.fromPools.includes(prefixFamily(prefix));
  const gone = network.subnets.find((s) => !isKept(s) && !wish.subnets.some((w) => w.prefix === s.prefix));
  if (gone !== undefined) return cannotGo(gone, network, wish);
  const kept = network.subnets.filter(isKept);
  const missing = wish.fromPools.filter((family) => !kept.some((s) => prefixFamily(s.prefix) === family));
  const own = [...network.subnets, ...wish.subnets].map(({ prefix }) => prefix);
  const chosen = chooseSubnets(missing, own, around);
  if (typeof chosen === 'string') return chosen;
  const wished = wish.subnets.map((subnet) => {
    const is = network.subnets.find(({ prefix }) => prefix === subnet.prefix);
    return is === undefined ? subnet : { ...subnet, gateway: is.gateway };
  });
  const added = chosen.map((prefix) => ({ prefix, auxiliary: new Map() }));
  // With the gateways that it has, which the wish may leave open.
  const [problem] = checkWish({ ...wish, subnets: [...wished, ...kept, ...added], fromPools: [] });
  if (problem !== undefined) return `${problem.path}: ${problem.why}`;
  return [...wished.map(planSubnet), ...kept, ...added.map(planSubnet)];
}

function cannotGo({ prefix }: Subnet, network: Network, wish: Wish): string {
  const is = network.subnets.map((s) => s.prefix).join(', ');
  const wished = wish.subnets.map((s) => s.prefix).join(', ') || 'any of the address pools';
  return (
    `network ${network.name} has subnets ${is}, wished: subnets ${wished}; ${prefix} cannot be taken away while the network ` +
    'exists, since an endpoint may be given an address of it at that moment: remove it and create it again'
  );
}

/** New subnets must be free, and so must addresses that nobody shall have from now on. */
function whatIsInTheWay(
  after: Network,
  before: Network,
  wish: Wish,
  around: Surroundings,
): string | undefined {
  const isNew = ({ prefix }: Subnet): boolean => !before.subnets.some((s) => s.prefix === prefix);
  const asked = before.allowOverlap ? after.subnets : after.subnets.filter(isNew);
  const prefixes = asked.map(({ prefix }) => prefix);
  const overlap = wish.allowOverlap ? undefined : findOverlap(prefixes, around);
  if (overlap !== undefined) return overlap;
  const held = newlyKept(before, after).find((ip) => around.holders.has(ip));
  if (held === undefined) return undefined;
  const subnet = after.subnets.find((s) => keptIn(s).includes(held));
  const name = [...(subnet?.auxiliary ?? [])].find(([, ip]) => ip === held)?.[0];
  const what = name === undefined ? `gateway ${held}` : `auxiliary address ${name} (${held})`;
  return `${what} of network ${before.name} cannot be kept: ${around.holders.get(held) ?? ''} has it; detach or release it first`;
}
