import type { Notice } from './notice.ts';
import { isTableEntry, type TableEntry } from './objects/keyed-map.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './objects/object.ts';
import type { ObjectSet } from './objects/object-set.ts';
import { linkPlace } from './objects/place.ts';
import { isSandbox, unknownSandbox, type NetworkScope, type SandboxScope } from './objects/scope.ts';
import { sameObject } from './plan/change-table.ts';

/** What a notice says of what we want. */
export type Judgement =
  /** It is about nothing that we want, and that shall be so. */
  | { readonly kind: 'nothing' }
  /** It is as we want it, as far as this notice goes. */
  | { readonly kind: 'as wanted'; readonly about: Facet }
  | { readonly kind: 'drift'; readonly about: Facet };

/** What one notice is about: an object, or one side of it, of which later notices may say something else. */
export interface Facet {
  readonly object: LinuxObject;
  /** `port`: what the bridge does there; `interface`: the other end, in a sandbox; `sandbox`: that namespace itself. */
  readonly side: 'itself' | 'port' | 'interface' | 'sandbox';
}

const nothing: Judgement = { kind: 'nothing' };

/** Compares a notice with what is wanted. `scope`: the namespace it is from. Pure, and cheap where all is as wanted. */
export function judge(notice: Notice, desired: ObjectSet): readonly Judgement[] {
  switch (notice.kind) {
    case 'holds':
      return [judgeObject(notice.object, desired)];
    case 'lost': {
      const wish = desired.get(notice.object);
      return [{ kind: wish === undefined ? 'as wanted' : 'drift', about: itself(wish ?? notice.object) }];
    }
    case 'port':
      return [judgePort(notice, desired)];
    case 'interface':
      return [judgeInterface(notice, desired)];
    case 'ended':
      return ended(notice.scope, desired);
  }
}

function judgeObject(object: LinuxObject, desired: ObjectSet): Judgement {
  const wish = desired.get(object);
  if (wish === undefined) {
    // A setting is somebody's in any case, and an interface that we did not make leads to addresses that we did not make.
    if (object.kind === 'sysctl' || !isOurPlace(object, desired)) return nothing;
    return { kind: 'drift', about: itself(object) };
  }
  // A port says nothing of its other end.
  const isHalf = object.kind === 'veth' && object.peer.scope === unknownSandbox;
  const found = isHalf && wish.kind === 'veth' ? { ...object, peer: wish.peer } : object;
  return { kind: sameObject(found, wish) ? 'as wanted' : 'drift', about: itself(wish) };
}

/** In a sandbox only the interfaces are ours that our ports made; in a namespace of ours, when we want it, everything. */
function isOurPlace(object: LinuxObject, desired: ObjectSet): boolean {
  if (object.kind === 'address' || object.kind === 'route') {
    if (isSandbox(object.scope)) return desired.portOf(object) !== undefined;
  }
  return desired.size > 0;
}

function judgePort({ scope, name, flags }: Extract<Notice, { kind: 'port' }>, desired: ObjectSet): Judgement {
  const [wish] = [...desired.providers(linkPlace(scope, name))];
  if (wish?.kind !== 'veth' && wish?.kind !== 'vxlan') return nothing;
  const isRight = flags?.learning === false && !flags.odd && flags.flood === (wish.kind === 'vxlan');
  return { kind: isRight ? 'as wanted' : 'drift', about: { object: wish, side: 'port' } };
}

function judgeInterface(
  { scope, name, state }: Extract<Notice, { kind: 'interface' }>,
  desired: ObjectSet,
): Judgement {
  const [wish] = [...desired.providers(linkPlace(scope, name))];
  if (wish?.kind !== 'veth' || wish.peer.scope !== scope) return nothing;
  const isRight = state?.mac === wish.peer.mac && state.mtu === wish.mtu && state.up === wish.up;
  return { kind: isRight ? 'as wanted' : 'drift', about: { object: wish, side: 'interface' } };
}

function ended(scope: NetworkScope | SandboxScope, desired: ObjectSet): readonly Judgement[] {
  if (isSandbox(scope)) {
    const ports = [...desired].filter((o) => o.kind === 'veth' && o.peer.scope === scope);
    return ports.map((object) => ({ kind: 'drift', about: { object, side: 'sandbox' } }));
  }
  const wish = desired.get({ kind: 'netns', scope, mark: '' });
  return wish === undefined ? [] : [{ kind: 'drift', about: itself(wish) }];
}

const itself = (object: LinuxObject): Facet => ({ object, side: 'itself' });

/** More are not told apart: a compare is due. */
const most = 1024;

/**
 * What looks different from what is wanted, by all that was heard of one network since it was compared last. The last notice about
 * something counts: while we write, the first ones contradict.
 */
export class Suspicions {
  readonly #drifts = new Map<string, Facet>();
  #isFull = false;

  /** Is a compare due? */
  get isEmpty(): boolean {
    return this.#drifts.size === 0 && !this.#isFull;
  }

  /** Objects that look different; not all of them when there are very many. */
  keys(): ReadonlySet<ObjectKey> {
    return new Set(Array.from(this.#drifts.values(), ({ object }) => keyOf(object)));
  }

  /** What looks different, when it is single entries of a tunnel's tables and nothing else: to look at these is enough. */
  entries(): readonly TableEntry[] | undefined {
    if (this.#isFull) return undefined;
    const found: TableEntry[] = [];
    for (const { object } of this.#drifts.values()) {
      if (!isTableEntry(object)) return undefined;
      found.push(object);
    }
    return found;
  }

  hear(notice: Notice, desired: ObjectSet): void {
    for (const judgement of judge(notice, desired)) this.#note(judgement);
  }

  /** The network is compared now: what was heard before that is not of use any more. */
  clear(): void {
    this.#drifts.clear();
    this.#isFull = false;
  }

  #note(judgement: Judgement): void {
    if (judgement.kind === 'nothing') return;
    const { object, side } = judgement.about;
    if (judgement.kind === 'as wanted') {
      if (this.#drifts.size > 0) this.#drifts.delete(`${keyOf(object)} ${side}`);
    } else if (this.#drifts.size < most) this.#drifts.set(`${keyOf(object)} ${side}`, judgement.about);
    else this.#isFull = true;
  }
}
