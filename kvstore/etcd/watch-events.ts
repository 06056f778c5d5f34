import type { IWatchResponse } from 'etcd3/lib/rpc.js';
import type { Change, Entry, Revision } from '../store.ts';
import type { KeySpace } from './key-space.ts';
import type { Step } from './known.ts';

/** One write of one key, as a watch reports it. */
export interface WatchEvent extends Step {
  readonly change: Change;
}

export function decodeEvents(
  space: KeySpace,
  response: Pick<IWatchResponse, 'events'>,
): readonly WatchEvent[] {
  return response.events.map(({ type, kv }) => {
    const key = space.relative(kv.key);
    const revision = Number(kv.mod_revision);
    if (type === 'Delete') return { key, revision, exists: false, change: { kind: 'delete', key } };
    const entry: Entry = space.entry(kv);
    return { key, revision, exists: true, change: { kind: 'put', entry } };
  });
}

/** The last change of each key, in the order in which the keys were last written. */
export function coalesce(events: readonly WatchEvent[]): readonly Change[] {
  const last = new Map<string, Change>();
  for (const { key, change } of events) {
    last.delete(key);
    last.set(key, change);
  }
  return [...last.values()];
}

/** Events of one revision never come apart, so the revision of the last one is whole. */
export const lastRevision = (events: readonly WatchEvent[]): Revision | undefined => events.at(-1)?.revision;
