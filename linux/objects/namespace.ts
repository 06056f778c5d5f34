import type { NetworkScope } from './scope.ts';

/** A pinned network namespace of ours, proven by the alias (`mark`) on its `lo`, which is written before it is pinned. */
export interface Namespace {
  readonly kind: 'netns';
  readonly scope: NetworkScope;
  /** `weft <cluster id> <node id> <network id>` */
  readonly mark: string;
}
