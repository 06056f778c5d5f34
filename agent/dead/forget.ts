import type { Store } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import type { NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';
import type { Collector } from './collector.ts';
import { raiseFence } from './fence.ts';
import { nodeMeant, readNode, type Meant } from './node-words.ts';

export interface NodeWordPorts {
  readonly self: NodeId;
  readonly view: View;
  readonly store: Store;
}

export interface ForgetPorts extends NodeWordPorts {
  readonly collector: Pick<Collector, 'exclusively' | 'clear'>;
}

export interface Forgotten extends Meant {
  /** Endpoints that were given up now. */
  readonly endpoints: number;
}

const attempts = 4;

/**
 * Gives up a node that is down at an operator's word: at once, also when it still answers or few nodes are alive. Said again it
 * finds nothing left to do.
 *
 * @throws NODE_STATE when it is alive, NODE_NOT_FOUND.
 */
export async function forgetNode(word: string, ports: ForgetPorts, signal: AbortSignal): Promise<Forgotten> {
  const { collector, store, self, view } = ports;
  const meant = nodeMeant(word, view);
  return collector.exclusively(meant.id, async () => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { record, alive, fence } = await readNode(meant.id, store, signal);
      if (alive !== undefined) throw isAlive(meant);
      const forget = { node: meant.id, name: meant.name, kind: 'forget', by: self } as const;
      const revision = await raiseFence(forget, { record, fence: fence?.revision }, store, signal);
      if (revision === undefined) continue;
      const { endpoints, node } = await collector.clear(forget, revision, signal);
      if (node !== 'lost') return { ...meant, endpoints };
    }
    throw new WeftError(
      'STORE_UNAVAILABLE',
      `node ${meant.name} (${meant.id}) kept changing while it was to be forgotten; try again`,
    );
  });
}

function isAlive({ id, name }: Meant): WeftError {
  return new WeftError(
    'NODE_STATE',
    `node ${name} (${id}) cannot be forgotten: it is alive. Stop weftd there and wait until it is down, or empty it with ` +
      `\`weft node drain ${name}\``,
    { details: { node: id } },
  );
}
