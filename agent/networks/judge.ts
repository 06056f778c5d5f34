import type { Wish } from '../../model/network-wish.ts';
import type { Network, RefusedNetwork, Subnet } from '../../model/network.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Surroundings } from './overlap.ts';
import { findOverlap } from './overlap.ts';

/** What to do about a wish. */
export type Judgement =
  /** It is accepted already, or its refusal is recorded. */
  | { readonly kind: 'settled' }
  /** Nothing of the name is accepted so far. */
  | { readonly kind: 'create' }
  /** An accepted network takes on what may be changed under it. */
  | { readonly kind: 'change'; readonly network: Network }
  | { readonly kind: 'refuse'; readonly why: string; readonly code: RefusalCode };

export type RefusalCode = 'NETWORK_REFUSED' | 'VNI_TAKEN';

/** Judges a well-formed wish against what is accepted. Pure: the same cluster state gives the same judgement on every node. */
export function judge(
  name: Name,
  wish: Wish,
  hash: string,
  accepted: Network | RefusedNetwork | undefined,
  around: Surroundings,
): Judgement {
  if (accepted === undefined || !('id' in accepted)) return judgeNew(wish, accepted, hash, around);
  const isSame = accepted.wishHash === hash;
  if (isSame && (accepted.phase.kind === 'removing' || accepted.phase.refused === undefined)) {
    return { kind: 'settled' };
  }
  if (accepted.phase.kind === 'removing') return refuse(`network ${name} is being removed`);
  // Also when only a refused edit was taken back.
  const fixed = whatMayNotChange(accepted, wish);
  if (fixed !== undefined) return refuse(fixed);
  const { refused: _, ...active } = accepted.phase;
  const { mtu: _mtu, ...rest } = accepted;
  return {
    kind: 'change',
    network: {
      ...rest,
      ...(wish.mtu === undefined ? {} : { mtu: wish.mtu }),
      labels: wish.labels,
      wishHash: hash,
      phase: active,
    },
  };
}

function judgeNew(
  wish: Wish,
  refused: RefusedNetwork | undefined,
  hash: string,
  around: Surroundings,
): Judgement {
  const prefixes = wish.subnets.map((s) => s.prefix);
  const overlap = wish.allowOverlap ? undefined : findOverlap(prefixes, around);
  const vni = around.networks.find((n) => n.vni === wish.vni);
  const why = overlap ?? (vni === undefined ? undefined : `VNI ${vni.vni} belongs to network ${vni.name}`);
  if (why === undefined) return { kind: 'create' };
  if (refused?.wishHash === hash && refused.why === why) return { kind: 'settled' };
  return refuse(why, overlap === undefined ? 'VNI_TAKEN' : 'NETWORK_REFUSED');
}

function refuse(why: string, code: RefusalCode = 'NETWORK_REFUSED'): Judgement {
  return { kind: 'refuse', why, code };
}

/** Why the accepted network cannot become the wished one while it exists; undefined when it can. */
function whatMayNotChange(network: Network, wish: Wish): string | undefined {
  const field = (what: string, is: unknown, wished: unknown): string =>
    `network ${network.name} has ${what} ${String(is)}, wished: ${what} ${String(wished)}; ` +
    'this cannot change while the network exists: remove it and create it again';
  if (wish.driver !== network.driver) return field('driver', network.driver, wish.driver);
  if (wish.vni !== undefined && wish.vni !== network.vni) return field('vni', network.vni, wish.vni);
  if (wish.internal !== network.internal) return field('internal', network.internal, wish.internal);
  if (wish.allowOverlap !== network.allowOverlap)
    return field('allowOverlap', network.allowOverlap, wish.allowOverlap);
  const is = network.subnets.map(describe).join(', ');
  const wished = wish.subnets.map((s) => {
    const same = network.subnets.find((n) => n.prefix === s.prefix);
    return describe({ ...s, gateway: s.gateway ?? same?.gateway });
  });
  return is === wished.join(', ') ? undefined : field('subnets', is, wished.join(', '));
}

type Described = Pick<Subnet, 'prefix' | 'auxiliary'> & {
  readonly range?: string | undefined;
  readonly gateway?: Ip | undefined;
};

function describe(s: Described): string {
  const auxiliary = [...s.auxiliary].toSorted().map(([name, ip]) => `${name} ${ip}`);
  const about = [
    ...(s.gateway === undefined ? [] : [`gateway ${s.gateway}`]),
    ...(s.range === undefined ? [] : [`range ${s.range}`]),
    ...auxiliary,
  ];
  return about.length === 0 ? s.prefix : `${s.prefix} (${about.join(', ')})`;
}
