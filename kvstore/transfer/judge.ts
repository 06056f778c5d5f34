import { keys, prefixes } from '../keys.ts';
import { shown } from '../records/record.ts';
import type { Entry } from '../store.ts';
import type { Item } from './stages.ts';
import { agentsIn, origin } from './take.ts';

/** May the items be written to a store that holds these entries? */
export type Verdict =
  /** It holds nothing. */
  | { readonly kind: 'empty' }
  /** It was left half filled with the same keys and values. */
  | { readonly kind: 'begun'; readonly missing: readonly Item[] }
  /** It holds all of them and nothing else. */
  | { readonly kind: 'done' }
  | { readonly kind: 'occupied'; readonly key: string; readonly why: string };

export function judgeTarget(entries: readonly Entry[], items: readonly Item[]): Verdict {
  const mark = entries.find(({ key }) => key === keys.restoring);
  const held = entries.filter(({ key }) => key !== keys.restoring && !key.startsWith(prefixes.probes));
  if (held.length === 0) return mark === undefined ? { kind: 'empty' } : { kind: 'begun', missing: items };
  const [agent] = agentsIn(held);
  if (agent !== undefined) {
    return { kind: 'occupied', key: prefixes.alive, why: `the agent of ${agent} uses it` };
  }
  const wanted = new Map(items.map((item) => [item.key, item]));
  const strange = held.find((entry) => differs(entry, wanted.get(entry.key)));
  const present = new Set(held.map(({ key }) => key));
  const missing = items.filter(({ key }) => !present.has(key));
  if (mark === undefined) {
    if (strange === undefined && missing.length === 0) return { kind: 'done' };
    const key = (held.find((entry) => entry.key === keys.cluster) ?? strange ?? held[0])?.key ?? '';
    return { kind: 'occupied', key, why: `it holds ${key} and ${held.length - 1} more keys already` };
  }
  if (strange === undefined) return { kind: 'begun', missing };
  const item = wanted.get(strange.key);
  const which =
    item === undefined
      ? 'is not among what is to be written'
      : `has another value (${bothValues(strange, item)})`;
  const why = `it was begun to be filled from ${origin(mark)}, and its key ${strange.key} ${which}`;
  return { kind: 'occupied', key: strange.key, why };
}

export function differs(entry: Item, item: Item | undefined): boolean {
  return item === undefined || Buffer.compare(entry.value, item.value) !== 0;
}

/** Both values of one key, as far as a line has room for. */
export const bothValues = (held: Item, wanted: Item): string =>
  `${short(held)} there, ${short(wanted)} to be written`;

function short({ value }: Item): string {
  const text = Buffer.from(value).toString();
  if (/^[\x20-\x7e]+$/.test(text)) return shown(text);
  const hex = Buffer.from(value.subarray(0, 16)).toString('hex');
  return `${value.length} bytes ${hex}${value.length > 16 ? '...' : ''}`;
}
