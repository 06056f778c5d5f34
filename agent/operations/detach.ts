import { detachTxn } from '../../ipam/claims.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import type { Revision, Store } from '../../kvstore/store.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint, EndpointId, Sandbox } from '../../model/endpoint.ts';
import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { NetworkId } from '../../model/network.ts';
import type { WaitedJson } from '../../api/schemas/waited.ts';
import type { Reaction } from '../wait/asker.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { waitedFor } from '../wait/waited.ts';
import { acceptedNetwork } from './lookup.ts';
import type { OperationPorts } from './ports.ts';
import { endpointIdOf, readSandbox } from './sandbox-name.ts';

/** Which endpoint to detach: by sandbox, by the caller's key, or by its own id or name. */
export interface DetachWish {
  readonly network: Name;
  readonly sandbox?: string | undefined;
  readonly key?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Until all others that take part in the network have let go of it. */
  readonly wait?: boolean | undefined;
}

/**
 * What became of a detach. `store pending`: the store is away; the endpoint is gone here, that is on disk, and the store will be
 * told when it is back.
 */
export type Detached = 'detached' | 'nothing to undo' | 'store pending';

export interface Detachment {
  readonly outcome: Detached;
  /** Absent: nobody was waited for. */
  readonly waited?: WaitedJson;
  /** Where there was nothing to undo: by which keys the sandbox is in the network all the same. */
  readonly otherKeys?: readonly string[];
}

/** Called when an endpoint is gone from the store, before the kernel lets go of it. */
type OnGone = (revision: Revision) => void;

/** Detaches, and waits until nothing of the endpoint is left in this node's kernel, and in those of the others if that is wished. */
export async function detach(
  wish: DetachWish,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Detachment> {
  ports.self();
  const network = (await acceptedNetwork(wish.network, ports, signal)).value;
  const id = await findEndpoint(wish, network.id, ports, signal);
  if (id === undefined) return { outcome: 'nothing to undo' };
  if (wish.wait !== true) {
    const outcome = await detachEndpoint(network.id, id, ports, signal);
    return { outcome, ...(outcome === 'nothing to undo' ? otherKeys(wish, network.id, ports) : {}) };
  }
  const asked: Promise<Reaction>[] = [];
  const over = new AbortController();
  const ask = (revision: Revision): void => {
    const matter = { kind: 'no endpoint', endpoint: id, revision } as const;
    const inquiry = { network: network.id, matter, since: ports.asker.now() };
    asked.push(ports.asker.ask(inquiry, AbortSignal.any([signal, over.signal])));
  };
  try {
    const outcome = await ports.locks.run(id, () => detachNow(network.id, id, ports, signal, ask));
    if (outcome === 'store pending') return { outcome };
    // What was gone already: the others may still have it.
    if (asked.length === 0) ask(0);
    const message = `endpoint ${id} is detached from network ${network.name}`;
    const deed = { message, fields: { network: network.name, endpoint: id } };
    const waited = waitedFor(await Promise.race(asked), deed, ports);
    return { outcome, waited, ...(outcome === 'nothing to undo' ? otherKeys(wish, network.id, ports) : {}) };
  } catch (error) {
    over.abort(error);
    throw error;
  }
}

/** The same for a known endpoint id. @throws ENDPOINT_NOT_LOCAL naming the node that can do it. */
export function detachEndpoint(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Detached> {
  return ports.locks.run(id, () => detachNow(network, id, ports, signal));
}

/** The same for an endpoint that was detached and is in the store again; nothing when it was attached anew meanwhile. */
export function detachAgain(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Detached> {
  return ports.locks.run(id, async () =>
    ports.intents.isGone(id) ? detachNow(network, id, ports, signal) : 'nothing to undo',
  );
}

/** The same for an endpoint whose sandbox is gone; nothing when it was attached anew meanwhile. */
export function detachDead(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Detached> {
  return ports.locks.run(id, async () => {
    const endpoint = ports.view.endpoints(network)?.get(keys.endpoint(network, id))?.value;
    if (endpoint !== undefined && ports.sandboxes.lives(endpoint.sandbox)) return 'nothing to undo';
    return detachNow(network, id, ports, signal);
  });
}

async function detachNow(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
  onGone?: OnGone,
): Promise<Detached> {
  await unlessAborted(ports.intents.begin({ op: 'detach', network, endpoint: id }), signal);
  try {
    ports.demandStore(`endpoint ${id} cannot be detached in the store`);
    const done = await detachLocked(network, id, ports, signal, onGone);
    ports.intents.end(id, 'gone');
    return done ? 'detached' : 'nothing to undo';
  } catch (error) {
    if (hasCode(error, 'STORE_UNAVAILABLE', 'STORE_AMBIGUOUS'))
      return await letGo(network, id, ports, signal);
    // It was meant and is not done: it will be, as soon as the store can be asked. What can never be done is over.
    if (asWeftError(error).retry === 'terminal') ports.intents.end(id);
    throw error;
  }
}

/** Takes the endpoint out of this node's kernel; the intent is on disk, and the store is told later. */
async function letGo(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Detached> {
  const { view, intents, reconciler } = ports;
  const known = view.endpoints(network)?.get(keys.endpoint(network, id))?.value;
  try {
    if (known !== undefined) checkOwner(known, ports);
  } catch (error) {
    intents.end(id);
    throw error;
  }
  intents.defer(id);
  reconciler.markEndpoints(network, [id]);
  await reconciler.removed(network, id, signal);
  return 'store pending';
}

/** To be called under the endpoint's lock. */
export async function detachLocked(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
  onGone?: OnGone,
): Promise<boolean> {
  const key = keys.endpoint(network, id);
  const removed = await removeRecord(ports.store, network, id, signal, (endpoint) => {
    checkOwner(endpoint, ports);
  });
  const endpoints = ports.view.endpoints(network);
  if (removed !== undefined) {
    for (const ip of removed.endpoint.addresses) ports.pools.release(network, ip);
    endpoints?.forget(key, removed.revision);
    onGone?.(removed.revision);
  }
  const wasLost = ports.returns.drop(network, id);
  // What was gone already, somebody else has deleted: the view will hear of it.
  await ports.view.until(
    () => (ports.view.endpoints(network)?.get(key) === undefined ? true : undefined),
    signal,
  );
  await ports.reconciler.removed(network, id, signal);
  if (removed !== undefined) tellDetached(removed.endpoint, ports);
  return removed !== undefined || wasLost;
}

function tellDetached({ id, network, sandbox, addresses }: Endpoint, { events, view }: OperationPorts): void {
  const name = view.networkById(network)?.name ?? network;
  const message = `${sandbox.path} is detached from network ${name}; it had ${addresses.join(', ')}`;
  events.tell('endpoint-detached', message, {
    network: name,
    endpoint: id,
    addresses,
    sandbox: sandbox.path,
  });
}

export interface Removed {
  readonly endpoint: Endpoint;
  /** Of the transaction that deleted it; when its reply was lost, one at which it was still there. */
  readonly revision: Revision;
}

/**
 * Deletes the endpoint and its claims in one transaction; a claim that somebody else holds by now stays. Returns what
 * was deleted, or undefined when there was nothing.
 */
export async function removeRecord(
  store: Store,
  network: NetworkId,
  id: EndpointId,
  signal: AbortSignal,
  check: (endpoint: Endpoint) => void = () => undefined,
): Promise<Removed | undefined> {
  let seen: Removed | undefined;
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const entry = await store.get(keys.endpoint(network, id), { signal });
    if (entry === undefined) return seen; // An earlier try whose reply was lost has done it.
    const endpoint = decodeEndpoint(entry.key, entry.value);
    check(endpoint);
    const { conditions, ops } = await detachTxn(endpoint, entry.revision, (key) =>
      store.get(key, { signal }),
    );
    try {
      const outcome = await store.txn(conditions, ops, { signal });
      if (outcome.ok) return { endpoint, revision: outcome.revision };
    } catch (error) {
      if (!hasCode(error, 'STORE_AMBIGUOUS')) throw error;
      seen = { endpoint, revision: entry.revision };
    }
  }
  throw new WeftError('ENDPOINT_CONFLICT', `endpoint ${id} kept changing while it was detached; try again`);
}

function checkOwner(endpoint: Endpoint, ports: OperationPorts): void {
  if (endpoint.node === ports.self().node) return;
  const owner = ports.view.node(endpoint.node)?.name ?? endpoint.node;
  throw new WeftError(
    'ENDPOINT_NOT_LOCAL',
    `endpoint ${endpoint.name ?? endpoint.id} belongs to node ${owner}; only its owner detaches it: run the command there`,
    { details: { endpoint: endpoint.id, node: endpoint.node } },
  );
}

/**
 * The sandbox was attached under keys of its own, none of which was named. They are told and no more: a detach that is repeated must
 * not take what it did not mean.
 */
function otherKeys(
  { sandbox, key }: DetachWish,
  network: NetworkId,
  ports: OperationPorts,
): Pick<Detachment, 'otherKeys'> {
  if (sandbox === undefined || key !== undefined) return {};
  const named = sandboxKey(sandbox, ports.netnsDir);
  const paths = pathsOf(sandbox, ports.netnsDir);
  const cookie = cookieOf(paths[0] ?? '', ports);
  const isIt = ({ path, cookie: its }: Sandbox): boolean => its === cookie || paths.includes(path);
  const there = ports.returns
    .own()
    .filter((e) => e.network === network && e.sandbox.key !== named && isIt(e.sandbox));
  return there.length === 0 ? {} : { otherKeys: there.map((e) => e.sandbox.key).toSorted() };
}

/** Of the namespace, by whatever name; undefined: there is none. */
function cookieOf(path: string, { kernel }: OperationPorts): string | undefined {
  try {
    return kernel.identify(sandboxScope(path)).cookie;
  } catch {
    return undefined;
  }
}

/** Where a sandbox may be, or may have been. */
function pathsOf(text: string, netnsDir: string): readonly string[] {
  try {
    return [readSandbox(text, netnsDir).path];
  } catch {
    return [`${netnsDir}/${text}`, `/run/netns/${text}`];
  }
}

async function findEndpoint(
  wish: DetachWish,
  network: NetworkId,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<EndpointId | undefined> {
  const { node } = ports.self();
  if (wish.key !== undefined) return endpointIdOf(node, network, wish.key);
  if (wish.endpoint !== undefined && ports.view.state !== 'insync') {
    const known = [...(ports.view.endpoints(network)?.records.values() ?? [])].map((r) => r.value);
    return known.find((e) => e.id === wish.endpoint || e.name === wish.endpoint)?.id;
  }
  if (wish.endpoint !== undefined) {
    const { entries } = await ports.store.list(prefixes.endpoints(network), { signal });
    const all = entries.map((e) => decodeEndpoint(e.key, e.value));
    const found = all.find((e) => e.id === wish.endpoint || e.name === wish.endpoint);
    return found?.id ?? ports.returns.find(network, wish.endpoint);
  }
  if (wish.sandbox === undefined)
    throw new WeftError('INPUT_INVALID', 'detach needs a sandbox, a key or an endpoint');
  return endpointIdOf(node, network, sandboxKey(wish.sandbox, ports.netnsDir));
}

/** A sandbox that is gone already can still be detached by the name it had. */
function sandboxKey(text: string, netnsDir: string): string {
  try {
    return readSandbox(text, netnsDir).key;
  } catch (error) {
    if (hasCode(error, 'SANDBOX_INVALID') && !text.includes('/')) return `netns:${text}`;
    throw error;
  }
}
