import type { Name } from '../../model/name.ts';
import type { Wish, WishedSubnet } from '../../model/network-wish.ts';
import type { Network, RefusedNetwork } from '../../model/network.ts';
import { changeOf } from './change.ts';
import { chooseSubnets } from './from-pools.ts';
import { findOverlap } from './overlap.ts';
import type { Surroundings } from './surroundings.ts';

/** What to do about a wish. */
export type Judgement =
  /** It is accepted already, or its refusal is recorded. */
  | { readonly kind: 'settled' }
  /** Nothing of the name is accepted so far; `subnets`: the declared ones, and those of the pools. */
  | { readonly kind: 'create'; readonly subnets: readonly WishedSubnet[] }
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
  const change = changeOf(accepted, wish, around);
  if (change.kind === 'impossible') return refuse(change.why);
  const { refused: _, ...active } = accepted.phase;
  return { kind: 'change', network: { ...change.network, wishHash: hash, phase: active } };
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
  const taken = vni === undefined ? undefined : `VNI ${vni.vni} belongs to network ${vni.name}`;
  const why = overlap ?? taken ?? chooseSubnets(wish.fromPools, prefixes, around);
  if (typeof why !== 'string') {
    const chosen = why.map((prefix): WishedSubnet => ({ prefix, auxiliary: new Map() }));
    return { kind: 'create', subnets: [...wish.subnets, ...chosen] };
  }
  if (refused?.wishHash === hash && refused.why === why) return { kind: 'settled' };
  return refuse(why, why === taken ? 'VNI_TAKEN' : 'NETWORK_REFUSED');
}

function refuse(why: string, code: RefusalCode = 'NETWORK_REFUSED'): Judgement {
  return { kind: 'refuse', why, code };
}
