import { keys, prefixes } from '../keys.ts';

/** A key with its value, without the revisions that one store gave it. */
export interface Item {
  /** Relative to the store's prefix. */
  readonly key: string;
  readonly value: Uint8Array;
}

/** What only means something in the store it was written to: who lives there, and what is being asked or tried there. */
const staying = [prefixes.alive, prefixes.fences, prefixes.probes, prefixes.waits];

/** Does this key go along when a store is saved or moved? Keys that nobody knows do: a later version may need them. */
export function goesAlong(key: string): boolean {
  return key !== keys.restoring && !staying.some((prefix) => key.startsWith(prefix));
}

/** Can a store be told to hold this? Others than Weft may have written what the port of the store cannot name. */
export function isWritable({ key, value }: Item): boolean {
  return /^[!-~]+$/.test(key) && value.length > 0;
}

/** In the order of writing: what is written needs nothing that comes later. */
const stages: readonly ((key: string) => boolean)[] = [
  (key) => key === keys.cluster,
  (key) =>
    key === keys.networkAccept || key.startsWith(prefixes.networks) || key.startsWith(prefixes.networkStates),
  (key) => key.startsWith(prefixes.vnis),
  (key) => key.startsWith(prefixes.nodes) || key.startsWith(prefixes.nodeClaims),
  // A claim sorts before its endpoint: cut short, an address is held in vain, but never held twice.
  (key) => key.startsWith(prefixes.nets),
];

function stageOf(key: string): number {
  const stage = stages.findIndex((holds) => holds(key));
  return stage < 0 ? stages.length : stage;
}

/** The cluster, networks and their states, VNIs, nodes, endpoints, each kind with its claims; then what nobody knows. */
export function inOrder<T extends { readonly key: string }>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, stage: stageOf(item.key) }))
    .toSorted((a, b) => a.stage - b.stage || (a.item.key < b.item.key ? -1 : 1))
    .map(({ item }) => item);
}
