import { ranks, type Kind } from './kind.ts';
import { namespacePlace } from './place.ts';
import { ipIn, namespaceName, type NetworkScope } from './scope.ts';

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
  create: (o) => [`ip netns add ${namespaceName(o.scope)}`, setMark(o)],
  change: (o) => [setMark(o)],
  remove: (o) => [`ip netns del ${namespaceName(o.scope)}`],
};

function setMark(o: Namespace): string {
  return `${ipIn(o.scope)} link set lo alias '${o.mark}' up`;
}
