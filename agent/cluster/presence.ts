import { keys } from '../../kvstore/keys.ts';
import type { Clock } from '../../model/clock.ts';
import type { NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';
import type { Membership } from './membership.ts';

export interface PresencePorts {
  readonly view: View;
  readonly clock: Pick<Clock, 'after'>;
  readonly node: NodeId;
  readonly membership: Pick<Membership, 'state' | 'refresh'>;
  /** Milliseconds. */
  readonly leaseTtl: number;
}

/**
 * Has this node written again what says that it is there, when somebody has deleted it: without its record the others do not
 * know where its endpoints are. Not while there is a fence: then it was given up on purpose, and finds out by its lease. A lease
 * whose key alone is gone is waited for, since it mostly ends itself.
 */
export function keepPresent({ view, clock, node, membership, leaseTtl }: PresencePorts): void {
  const isMissing = (): boolean =>
    view.state === 'insync' &&
    membership.state.kind === 'joined' &&
    view.fences.get(keys.fence(node)) === undefined &&
    (view.node(node) === undefined || !view.isAlive(node));
  let isWaiting = false;
  const look = (): void => {
    if (!isMissing()) return;
    if (view.node(node) === undefined) membership.refresh();
    else if (!isWaiting) {
      isWaiting = true;
      clock.after(leaseTtl, () => {
        isWaiting = false;
        if (isMissing()) membership.refresh();
      });
    }
  };
  view.listen({ nodes: look, alive: look, state: look });
}
