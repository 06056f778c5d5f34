import { WeftError } from '../../model/errors.ts';
import { keys, parseKey, prefixes } from '../keys.ts';
import { decodeNode } from '../records/node.ts';
import { decodeText, type Entry, type Store } from '../store.ts';
import type { Dump } from './dump-format.ts';
import { goesAlong, inOrder, isWritable } from './stages.ts';

/** A store's content at one revision, and what stays behind. */
export interface Taken extends Dump {
  /** As it was listed, for comparing. */
  readonly entries: readonly Entry[];
  /** Names, or ids, of the nodes whose agents use the store. */
  readonly agents: readonly string[];
  /** Keys that Weft did not write and that no other store could be told to hold. */
  readonly foreign: readonly string[];
}

/**
 * Reads all that goes along when a store is saved or moved.
 *
 * @throws INPUT_INVALID when there is nothing, STORE_OCCUPIED when it is half a copy itself; besides those of `list`.
 */
export async function takeAll(
  store: Store,
  context: { readonly prefix: string; readonly now: string },
): Promise<Taken> {
  const { revision, entries } = await store.list('');
  const identity = await store.identity();
  const mark = entries.find(({ key }) => key === keys.restoring);
  if (mark !== undefined) {
    throw new WeftError(
      'STORE_OCCUPIED',
      `${store.description} is not whole: it is being filled from ${origin(mark)}; finish that first`,
      { details: { key: keys.restoring } },
    );
  }
  const moving = entries.filter(({ key }) => goesAlong(key));
  const items = inOrder(moving.filter(isWritable)).map(({ key, value }) => ({ key, value }));
  if (items.length === 0) {
    throw new WeftError(
      'INPUT_INVALID',
      `${store.description} holds nothing: is this the store, and its prefix?`,
    );
  }
  const header = { store: store.description, prefix: context.prefix, identity, revision, time: context.now };
  const foreign = moving.filter((entry) => !isWritable(entry)).map(({ key }) => key);
  return { header, items, entries: moving, agents: agentsIn(entries), foreign };
}

/** Keys that are otherwise in the store now than they were when it was read. */
export async function changedSince(store: Store, taken: Taken): Promise<readonly string[]> {
  const before = new Map(taken.entries.map((entry) => [entry.key, entry]));
  const now = (await store.list('')).entries.filter(({ key }) => goesAlong(key));
  const written = now.filter(({ key, value }) => {
    const old = before.get(key);
    before.delete(key);
    return old === undefined || Buffer.compare(old.value, value) !== 0;
  });
  return [...written.map(({ key }) => key), ...before.keys()];
}

/** What the mark of a restore says of where the keys come from. */
export function origin({ value }: Pick<Entry, 'value'>): string {
  try {
    return JSON.stringify(decodeText(value));
  } catch {
    return 'an unknown place';
  }
}

/** The names of the nodes that are alive; the id where there is no name. */
export function agentsIn(entries: readonly Entry[]): readonly string[] {
  const nodes = new Map(entries.filter(({ key }) => key.startsWith(prefixes.nodes)).map((e) => [e.key, e]));
  return entries.flatMap(({ key }) => {
    const parsed = parseKey(key);
    if (parsed.kind !== 'alive') return [];
    const node = nodes.get(keys.node(parsed.node));
    try {
      return [node === undefined ? parsed.node : decodeNode(node.key, node.value).name];
    } catch {
      return [parsed.node];
    }
  });
}
