import type { WaitedJson } from '../../api/schemas/waited.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Recorded } from '../view/collection.ts';
import type { Reaction } from '../wait/asker.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { waitedFor, type Deed } from '../wait/waited.ts';
import { detachLocked, removeRecord } from './detach.ts';
import { activeNetwork } from './lookup.ts';
import type { OperationPorts } from './ports.ts';
import { record, type AttachWish, type Sent, type Written } from './record.ts';
import { endpointIdOf, readSandbox } from './sandbox-name.ts';

/** The endpoint; absent `waited`: nobody was waited for. */
export interface Attached extends Recorded<Endpoint> {
  readonly waited?: WaitedJson;
}

/** After these the endpoint may be in the store all the same: the intent stays open until somebody has looked. */
const unsure = ['TIMEOUT', 'STORE_AMBIGUOUS', 'STORE_UNAVAILABLE', 'STORE_CLOSED'] as const;

/**
 * Attaches a sandbox to a network: one store transaction, then the wait until this node's kernel holds the endpoint.
 * Repeatable: the same caller's key gives the same endpoint, also after an answer that got lost.
 */
export async function attach(
  wish: AttachWish,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Attached> {
  const { node } = ports.self();
  // Without the store there is no claim.
  await ports.reachStore(`cannot attach to network ${wish.network}`, signal);
  const heard = <T>(answer: Promise<T>): Promise<T> => answer.catch(tellSilence(wish.network, ports));
  const network = (await heard(activeNetwork(wish.network, ports, signal))).value;
  const ref = readSandbox(wish.sandbox, ports.netnsDir);
  const key = wish.key ?? ref.key;
  const id = endpointIdOf(node, network.id, key);
  const { written, reaction } = await ports.locks.run(id, () =>
    ports.reconciler.during(network.id, async () => {
      const endpoints = ports.view.join(network.id);
      await ports.view.until(() => (endpoints.state === 'syncing' ? undefined : true), signal);
      // It was detached while the store was away, or is back with an older store: that comes first.
      const isBack = endpoints.get(keys.endpoint(network.id, id)) !== undefined;
      if (ports.intents.isDeferred(id) || (ports.intents.isGone(id) && isBack))
        await heard(detachLocked(network.id, id, ports, signal));
      using choice = ports.pools.begin(network.id, ref.path);
      // An earlier call may have written it, and not have heard of it.
      const sent: Sent = { mayStillCome: ports.intents.get(id)?.op === 'attach' };
      const begun = ports.intents.begin({ op: 'attach', network: network.id, endpoint: id });
      const failed = new AbortController();
      try {
        await unlessAborted(begun, signal);
        await heard(ports.returns.restore(network.id, id, signal));
        const { life } = endpoints;
        const written = await heard(
          record({ wish, ref: { ...ref, key }, id, network, choice, ports, signal, sent }),
        );
        if (endpoints.life !== life) throw replaced(ref.path, wish.network, ports);
        endpoints.learn(keys.endpoint(network.id, id), written);
        // The others are asked while this kernel is at work.
        const reaction =
          wish.wait === true ? ask(written, ports, AbortSignal.any([signal, failed.signal])) : undefined;
        await programmed(written, ports, signal);
        ports.intents.end(id, written);
        if (written.before === undefined) tellAttached(written.value, network.name, ports);
        return { written, reaction };
      } catch (error) {
        failed.abort(error);
        // One that was refused after all, while an earlier request of it may still come, is not wanted when it comes.
        if (!hasCode(error, ...unsure)) ports.intents.end(id, sent.mayStillCome ? 'gone' : 'done');
        throw error;
      }
    }),
  );
  if (reaction === undefined) return written;
  return { ...written, waited: waitedFor(await reaction, deedOf(written.value, network.name), ports) };
}

function ask(
  { value, revision }: Written,
  { asker }: OperationPorts,
  signal: AbortSignal,
): Promise<Reaction> {
  const { network, id } = value;
  return asker.ask(
    { network, matter: { kind: 'endpoint', endpoint: id, revision }, since: asker.now() },
    signal,
  );
}

function tellAttached(endpoint: Endpoint, network: Name, { events }: OperationPorts): void {
  const { message, fields } = deedOf(endpoint, network);
  events.tell('endpoint-attached', message, fields);
}

function deedOf({ id, addresses, sandbox, mac }: Endpoint, network: Name): Deed {
  const message = `${sandbox.path} is attached to network ${network} as ${addresses.join(', ')}`;
  return { message, fields: { network, endpoint: id, addresses, mac, sandbox: sandbox.path } };
}

/** Before the kernel is waited for, it is the store that makes an attach late. */
function tellSilence(network: Name, { store }: OperationPorts): (error: unknown) => never {
  return (error) => {
    if (!hasCode(error, 'TIMEOUT')) throw error;
    const text = `cannot attach to network ${network} in time: no answer from the store (${store.description}); when it is back the endpoint may be there: try again`;
    throw new WeftError('TIMEOUT', text, { cause: error, details: { network } });
  };
}

/** It was written into a store that is another one by now, or has lost something. */
function replaced(path: string, network: Name, { store }: OperationPorts): WeftError {
  const text = `cannot say whether ${path} is attached to network ${network}: the store (${store.description}) was another one meanwhile; try again`;
  return new WeftError('STORE_AMBIGUOUS', text, { details: { network } });
}

/** What the kernel will not take as it stands. */
const refusals = [
  'KERNEL_REFUSED',
  'KERNEL_MISSING',
  'SANDBOX_INVALID',
  'SANDBOX_BUSY',
  'PERMISSION_DENIED',
] as const;

/** Waits for the kernel; what the kernel refuses is undone in the store, so that a failed attach leaves all as it was. */
async function programmed(written: Written, ports: OperationPorts, signal: AbortSignal): Promise<void> {
  const { value, revision, before } = written;
  try {
    await ports.reconciler.programmed(value.network, value.id, revision, signal);
  } catch (error) {
    if (hasCode(error, ...refusals))
      await (before === undefined ? undo(value, ports, signal) : takeBack(before, written, ports, signal));
    throw error;
  }
}

/**
 * What the wish had changed, unless somebody else has changed it since. A namespace that was made anew stays. The kernel's refusal is
 * the answer, also when the store cannot be told.
 */
async function takeBack(
  before: Endpoint,
  { value, revision }: Written,
  { store, view, reconciler }: OperationPorts,
  signal: AbortSignal,
): Promise<void> {
  const { network, id, sandbox } = value;
  const key = keys.endpoint(network, id);
  const restored: Endpoint = { ...before, sandbox };
  const bytes = encodeEndpoint(restored);
  if (Buffer.compare(bytes, encodeEndpoint(value)) === 0) return;
  const outcome = await store
    .txn([{ kind: 'unchanged', key, revision }], [{ kind: 'put', key, value: bytes }], { signal })
    .catch(() => undefined);
  if (outcome?.ok !== true) return;
  view.endpoints(network)?.learn(key, { value: restored, revision: outcome.revision });
  await reconciler.programmed(network, id, outcome.revision, signal).catch(() => undefined);
}

async function undo({ network, id }: Endpoint, ports: OperationPorts, signal: AbortSignal): Promise<void> {
  const removed = await removeRecord(ports.store, network, id, signal);
  if (removed !== undefined)
    ports.view.endpoints(network)?.forget(keys.endpoint(network, id), removed.revision);
  ports.intents.end(id, 'gone');
  // As far as this kernel can be made to: whoever tries again finds a sandbox that has nothing of it.
  await ports.reconciler.removed(network, id, signal).catch(() => undefined);
}
