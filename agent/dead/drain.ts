import { keys } from '../../kvstore/keys.ts';
import { encodeFence } from '../../kvstore/records/fence.ts';
import { WeftError } from '../../model/errors.ts';
import type { Fence } from '../../model/node.ts';
import { sameAs } from './fence.ts';
import type { NodeWordPorts } from './forget.ts';
import { nodeMeant, readNode, type Meant } from './node-words.ts';

const attempts = 4;

/** The words that an operator has to say. */
export const drainWords = (name: string): string => `drain ${name}`;

/**
 * Asks a live node to detach all its endpoints: raises its fence, so that nothing new is attached meanwhile. The node does the
 * rest and lowers the fence when it is empty. Asked again it is the same wish.
 *
 * @throws NODE_STATE when it is down, INPUT_INVALID without the words, NODE_NOT_FOUND.
 */
export async function askToDrain(
  word: string,
  confirmation: string | undefined,
  { self, view, store }: NodeWordPorts,
  signal: AbortSignal,
): Promise<Meant> {
  const meant = nodeMeant(word, view);
  const { id, name } = meant;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { record, alive, fence } = await readNode(id, store, signal);
    if (alive === undefined) throw isDown(meant);
    if (confirmation !== drainWords(name)) throw unconfirmed(meant);
    if (fence?.value.kind === 'drain') return meant;
    const drain: Fence = { node: id, name, kind: 'drain', by: self };
    const key = keys.fence(id);
    const conditions = [
      sameAs(keys.node(id), record),
      sameAs(keys.alive(id), alive),
      sameAs(key, fence?.revision),
    ];
    const outcome = await store.txn(conditions, [{ kind: 'put', key, value: encodeFence(drain) }], {
      signal,
    });
    if (!outcome.ok) continue;
    view.fences.learn(key, { value: drain, revision: outcome.revision });
    return meant;
  }
  throw new WeftError(
    'STORE_UNAVAILABLE',
    `node ${name} (${id}) kept changing while it was to be drained; try again`,
  );
}

function isDown({ id, name }: Meant): WeftError {
  return new WeftError(
    'NODE_STATE',
    `node ${name} (${id}) cannot be drained: it is down, and only itself detaches its endpoints. \`weft node forget ${name}\` ` +
      'gives them up',
    { details: { node: id } },
  );
}

function unconfirmed({ id, name }: Meant): WeftError {
  return new WeftError(
    'INPUT_INVALID',
    `node ${name} is alive, and to drain it detaches every endpoint that it has: confirm with the words "${drainWords(name)}"`,
    { details: { node: id, confirm: drainWords(name) } },
  );
}
