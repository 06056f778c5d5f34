import { keys, prefixes } from '../../kvstore/keys.ts';
import type { Revision, Store } from '../../kvstore/store.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Asker, Reaction } from './asker.ts';

export interface NetworkWaitPorts {
  readonly store: Store;
  readonly reconciler: Reconciler;
  readonly asker: Asker;
  readonly self: NodeId;
}

/** Until everybody, this node included, has programmed what was accepted of a network at this revision of its state. */
export async function networkWait(
  network: NetworkId,
  { state, since }: { readonly state: Revision; readonly since: number },
  ports: NetworkWaitPorts,
  signal: AbortSignal,
): Promise<Reaction> {
  const inquiry = { network, matter: { kind: 'network', revision: 0, state }, since } as const;
  return withOwn(network, ports.asker.ask(inquiry, signal), ports, signal);
}

/** The same of all that the store says of it now. */
export async function presentWait(
  { id, name }: Network,
  ports: NetworkWaitPorts,
  signal: AbortSignal,
): Promise<Reaction> {
  const since = ports.asker.now();
  const [state, { entries }] = await Promise.all([
    ports.store.get(keys.networkState(name), { signal }),
    ports.store.list(prefixes.endpoints(id), { signal }),
  ]);
  const revision = entries.reduce((last, entry) => Math.max(last, entry.revision), 0);
  const matter = { kind: 'network', revision, state: state?.revision ?? 0 } as const;
  return withOwn(id, ports.asker.ask({ network: id, matter, since }, signal), ports, signal);
}

async function withOwn(
  network: NetworkId,
  asked: Promise<Reaction>,
  { reconciler, self }: NetworkWaitPorts,
  signal: AbortSignal,
): Promise<Reaction> {
  const isOpen = (): boolean => reconciler.standing(network).kind !== 'programmed';
  const own = reconciler
    .carriedOut(network, signal)
    .then(() => reconciler.until(() => (isOpen() ? undefined : 'done'), signal))
    .then(() => undefined, asWeftError);
  const [reaction, error] = await Promise.all([asked, own]);
  if (error === undefined) return reaction;
  const standing = reconciler.standing(network);
  const mine = { node: self, ...(standing.kind === 'refused' ? { refusal: standing.error.message } : {}) };
  return { ...reaction, late: [...reaction.late, mine], error: reaction.error ?? error };
}
