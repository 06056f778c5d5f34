import { ranks, type Kind } from './kind.ts';
import { namespacePlace } from './place.ts';
import type { NetworkScope } from './scope.ts';
import { quoted, type Shell } from './shell.ts';

/** A pinned network namespace of ours, proven by the alias (`mark`) on its `lo`, which is written before it is pinned. */
export interface Namespace {
  readonly kind: 'netns';
  readonly scope: NetworkScope;
  /** `weft <cluster id> <node id> <network id>` */
  readonly mark: string;
}

export const namespaceKind: Kind<Namespace> = {
  rank: () => ranks.netns,
  provides: (o) => [namespacePlace(o.scope)],
  uses: () => [],
  create: (o, sh) => [...sh.pin(o.scope), setMark(o, sh)],
  change: (o, _, sh) => [setMark(o, sh)],
  remove: (o, sh) => sh.unpin(o.scope),
};

function setMark(o: Namespace, sh: Shell): string {
  return `${sh.ip(o.scope)} link set lo alias ${quoted(o.mark)} up`;
}
