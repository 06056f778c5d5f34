import { attachTxn, readConflicts, type ClaimConflict, type Txn } from '../../ipam/claims.ts';
import { checkFixed } from '../../ipam/fixed.ts';
import { takingReservation, type FoundReservation } from '../../ipam/reservation.ts';
import { macForAddresses } from '../../ipam/mac.ts';
import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint, encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeFence } from '../../kvstore/records/fence.ts';
import type { Entry, TxnResult } from '../../kvstore/store.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint, EndpointId, Sandbox } from '../../model/endpoint.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Mac } from '../../model/mac.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { dropExpired } from '../addresses/reservations.ts';
import type { Recorded } from '../view/collection.ts';
import { ownEndpoints } from '../boot.ts';
import type { WaitedJson } from '../../api/schemas/waited.ts';
import type { Reaction } from '../wait/asker.ts';
import { waitedFor, type Deed } from '../wait/waited.ts';
import { chooseInterfaceName, subnetsForEndpoint } from './choose.ts';
import { detachLocked, removeRecord } from './detach.ts';
import { describeClaim, holderOf } from './holder.ts';
import { activeNetwork, stateAfter } from './lookup.ts';
import type { OperationPorts } from './ports.ts';
import type { Choice } from './choice.ts';
import {
  namedReservation,
  ownReservations,
  wishWith,
  withoutTaken,
  type ReservationWish,
} from './reserved.ts';
import { endpointIdOf, readSandbox, type SandboxRef } from './sandbox-name.ts';

/** What a caller asks for; what is absent is chosen. */
export interface AttachWish extends ReservationWish {
  readonly sandbox: string;
  readonly key?: string | undefined;
  readonly mac?: Mac | undefined;
  readonly interfaceName?: string | undefined;
  readonly labels: ReadonlyMap<string, string>;
  /** Until all others that take part in the network have programmed it. */
  readonly wait?: boolean | undefined;
}

/** The endpoint; absent `waited`: nobody was waited for. */
export interface Attached extends Recorded<Endpoint> {
  readonly waited?: WaitedJson;
}

/** How often a lost race for an address, or news about the network, leads to another try. */
const attempts = 64;

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
      ports.intents.begin({ op: 'attach', network: network.id, endpoint: id });
      const failed = new AbortController();
      const doubts: Doubts = { isLate: false };
      try {
        await heard(ports.returns.restore(network.id, id, signal));
        const written = await heard(
          record({ wish, ref: { ...ref, key }, id, network, choice, ports, signal, doubts }),
        );
        endpoints.learn(keys.endpoint(network.id, id), written);
        // The others are asked while this kernel is at work.
        const reaction =
          wish.wait === true ? ask(written, ports, AbortSignal.any([signal, failed.signal])) : undefined;
        await programmed(written, ports, signal);
        ports.intents.end(id, written);
        if (written.isNew) tellAttached(written.value, network.name, ports);
        return { written, reaction };
      } catch (error) {
        failed.abort(error);
        // One that was refused after all, while an earlier request of it may still come, is not wanted when it comes.
        if (!hasCode(error, ...unsure)) ports.intents.end(id, doubts.isLate ? 'gone' : 'done');
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

interface Doubts {
  /** The reply to a request was lost: it may still be carried out. */
  isLate: boolean;
}

interface Attempt {
  readonly doubts: Doubts;
  readonly wish: AttachWish;
  readonly ref: SandboxRef;
  readonly id: EndpointId;
  /** As it was when the attach began. */
  readonly network: Network;
  readonly choice: Choice;
  readonly ports: OperationPorts;
  readonly signal: AbortSignal;
}

interface Written extends Recorded<Endpoint> {
  /** It was not there before. */
  readonly isNew: boolean;
}

/** Writes the endpoint, or finds the one that is there already. Without a sign of one the store is not read. */
async function record(attempt: Attempt): Promise<Written> {
  const { wish, id, ports, signal } = attempt;
  const key = keys.endpoint(attempt.network.id, id);
  let state = await activeNetwork(wish.network, ports, signal);
  const isKnown = ports.view.endpoints(attempt.network.id)?.get(key) !== undefined;
  // What was reserved is gone when an earlier call has taken it.
  if (isKnown || wish.reservation !== undefined) {
    const existing = await ports.store.get(key, { signal });
    if (existing !== undefined) return reuse(recordedIn(existing), attempt);
  }
  let taken = await namedReservation(wish, attempt.network, ports, signal);
  for (let n = 0; n < attempts; n += 1) {
    checkSame(attempt.network, state.value);
    const wished = { ...attempt, wish: wishWith(wish, taken) };
    const endpoint = design(wished, state.value);
    const { conditions, ops } = attachTaking(endpoint, state.revision, wish.network, taken);
    const outcome = await ports.store
      .txn(conditions, ops, { signal })
      .catch((error: unknown): TxnResult | undefined => {
        if (hasCode(error, 'STORE_AMBIGUOUS')) return undefined;
        throw error;
      });
    // The reply was lost: if it was applied, the next one is refused and shows the endpoint.
    if (outcome === undefined) {
      attempt.doubts.isLate = true;
      continue;
    }
    if (outcome.ok) return { value: endpoint, revision: outcome.revision, isNew: true };
    const found = outcome.current.get(key);
    if (found !== undefined) {
      attempt.doubts.isLate = false;
      return reuse(recordedIn(found), attempt);
    }
    checkFence(outcome.current.get(keys.fence(endpoint.node)), attempt);
    state = stateAfter(outcome.current, wish.network) ?? state;
    if (await dropExpired(attempt.network.id, outcome.current.values(), { ...ports, signal })) {
      taken = await namedReservation(wish, attempt.network, ports, signal);
      continue;
    }
    const conflicts = withoutTaken(readConflicts(endpoint, outcome.current), taken);
    const own = await ownReservations(conflicts, wish, attempt.network, ports, signal);
    if (own.length === 0) learn(conflicts, wished);
    // What was found may have changed, and is read again.
    taken = [...(await namedReservation(wish, attempt.network, ports, signal)), ...own];
  }
  const { name } = attempt.network;
  throw new WeftError(
    'ENDPOINT_CONFLICT',
    `attach to network ${name} lost ${attempts} races in a row; try again`,
  );
}

/** The transaction of an attach that takes reservations as they were found. */
function attachTaking(
  endpoint: Endpoint,
  revision: number,
  network: Name,
  taken: readonly FoundReservation[],
): Txn {
  const plain = attachTxn(endpoint, { key: keys.networkState(network), revision });
  return taken.reduce(takingReservation, plain);
}

/** @throws NODE_STATE while this node is drained, NOT_READY until it has joined again after it was given up. */
function checkFence(fence: Entry | undefined, { ref, network, ports }: Attempt): void {
  if (fence === undefined) return;
  const { kind, by, name } = decodeFence(fence.key, fence.value);
  const who = ports.view.node(by)?.name ?? by;
  const wish = `sandbox ${ref.path} cannot be attached to network ${network.name}`;
  if (kind === 'drain')
    throw new WeftError('NODE_STATE', `${wish}: node ${name} is being drained, as ${who} asked`);
  throw new WeftError(
    'NOT_READY',
    `${wish}: node ${name} was given up by ${who}, and has not joined again yet`,
  );
}

/** Before the kernel is waited for, it is the store that makes an attach late. */
function tellSilence(network: Name, { store }: OperationPorts): (error: unknown) => never {
  return (error) => {
    if (!hasCode(error, 'TIMEOUT')) throw error;
    const text = `cannot attach to network ${network} in time: no answer from the store (${store.description}); when it is back the endpoint may be there: try again`;
    throw new WeftError('TIMEOUT', text, { cause: error, details: { network } });
  };
}

function recordedIn({ key, value, revision }: Entry): Recorded<Endpoint> {
  return { value: decodeEndpoint(key, value), revision };
}

function checkSame(was: Network, is: Network): void {
  if (was.id === is.id) return;
  throw new WeftError(
    'ENDPOINT_CONFLICT',
    `network ${was.name} was removed and made anew meanwhile; try again`,
    {
      details: { network: was.name, was: was.id, is: is.id },
    },
  );
}

/** Takes in why a transaction was refused: a fixed wish that cannot be granted is an error, everything else another try. */
function learn(conflicts: readonly ClaimConflict[], { wish, network, choice, ports }: Attempt): void {
  const fixed = conflicts.filter((c) => isFixed(c, wish));
  const [first] = fixed;
  if (first !== undefined) {
    const held = fixed.map(
      (c) => `${describeClaim(c)} is held by ${holderOf(c.claim, network.id, ports.view)}`,
    );
    throw new WeftError(codes[first.what], `in network ${network.name} ${held.join(', ')}`, {
      details: { network: network.name, holder: first.claim.holder, kind: first.claim.kind },
    });
  }
  for (const conflict of conflicts) {
    if (conflict.what === 'address') choice.refuse(conflict.address);
    if (conflict.what === 'mac') choice.refuseMac(conflict.mac);
  }
}

const codes = { address: 'ADDRESS_TAKEN', mac: 'MAC_TAKEN', name: 'NAME_TAKEN' } as const;

function isFixed(conflict: ClaimConflict, wish: AttachWish): boolean {
  switch (conflict.what) {
    case 'address':
      return wish.addresses.includes(conflict.address);
    case 'mac':
      return wish.mac !== undefined;
    case 'name':
      return true;
  }
}

function design(attempt: Attempt, network: Network): Endpoint {
  const { wish, ref, id, choice, ports } = attempt;
  const { node } = ports.self();
  const identity = ports.kernel.identify(sandboxScope(ref.path));
  const subnets = subnetsForEndpoint(network, wish.addresses);
  for (const { subnet, fixed } of subnets) if (fixed !== undefined) checkFixed(network, subnet, fixed);
  const addresses = choice.choose(network, subnets, node);
  choice.interfaceName = undefined;
  const taken = new Set([
    ...identity.interfaces,
    ...ports.pools.interfaceNames(ref.path),
    ...namesToCome(ref.path, id, ports),
  ]);
  choice.interfaceName = chooseInterfaceName(wish.interfaceName, taken, ref.path);
  return {
    id,
    network: network.id,
    node,
    ...(wish.name === undefined ? {} : { name: wish.name }),
    aliases: [],
    mac: wish.mac ?? macForAddresses(addresses, choice.macsToAvoid),
    addresses,
    sandbox: { key: ref.key, path: ref.path, bootId: identity.bootId, cookie: identity.cookie },
    interfaceName: choice.interfaceName,
    routePriority: 0,
    labels: wish.labels,
    state: { kind: 'active' },
    creator: 'api',
  };
}

/** Interfaces that other endpoints of this node have in the sandbox: after a reboot they may not have been made again yet. */
function namesToCome(path: string, id: EndpointId, ports: OperationPorts): readonly string[] {
  const all = ownEndpoints(ports.view, ports.self().node);
  const others = all.filter((e) => e.sandbox.path === path && e.id !== id);
  return others.filter((e) => ports.sandboxes.lives(e.sandbox)).map((e) => e.interfaceName);
}

/** The endpoint of an earlier, equal call. Another wish under the same key is a conflict, not a change. */
async function reuse(known: Recorded<Endpoint>, attempt: Attempt): Promise<Written> {
  const { wish, ref, network, ports, signal } = attempt;
  const endpoint = known.value;
  if (endpoint.state.kind === 'conflict') {
    throw new WeftError(
      'ENDPOINT_CONFLICT',
      `sandbox ${ref.path} is attached to network ${network.name} in conflict with ${endpoint.state.holder}; detach it first`,
      { details: { endpoint: endpoint.id, holder: endpoint.state.holder } },
    );
  }
  const differing = differences(wishWith(wish, []), endpoint);
  if (differing.length > 0) {
    throw new WeftError(
      'ENDPOINT_CONFLICT',
      `sandbox ${ref.path} is attached to network ${network.name} already, with ${differing.join(', ')}; detach it first`,
      { details: { endpoint: endpoint.id } },
    );
  }
  const identity = ports.kernel.identify(sandboxScope(ref.path));
  const sandbox: Sandbox = { key: ref.key, path: ref.path, bootId: identity.bootId, cookie: identity.cookie };
  // Somebody may have had a hand in the kernel, and in a namespace made anew nothing is left of what we believe.
  ports.reconciler.compare([network.id]);
  if (JSON.stringify(sandbox) === JSON.stringify(endpoint.sandbox)) return { ...known, isNew: false };
  // The same key, another namespace: the sandbox was made anew under its name.
  const moved: Endpoint = { ...endpoint, sandbox };
  const key = keys.endpoint(network.id, endpoint.id);
  const outcome = await ports.store.txn(
    [{ kind: 'unchanged', key, revision: known.revision }],
    [{ kind: 'put', key, value: encodeEndpoint(moved) }],
    { signal },
  );
  if (!outcome.ok) {
    throw new WeftError('ENDPOINT_CONFLICT', `endpoint ${endpoint.id} changed under our hands; try again`);
  }
  return { value: moved, revision: outcome.revision, isNew: false };
}

function differences(wish: AttachWish, endpoint: Endpoint): readonly string[] {
  const found: string[] = [];
  if (wish.addresses.some((ip) => !endpoint.addresses.includes(ip))) {
    found.push(`addresses ${endpoint.addresses.join(', ')}`);
  }
  if (wish.mac !== undefined && wish.mac !== endpoint.mac) found.push(`MAC ${endpoint.mac}`);
  if (wish.name !== undefined && wish.name !== endpoint.name) found.push(`name ${endpoint.name ?? '(none)'}`);
  if (wish.interfaceName !== undefined && wish.interfaceName !== endpoint.interfaceName) {
    found.push(`interface ${endpoint.interfaceName}`);
  }
  return found;
}

/** What the kernel will not take as it stands. */
const refusals = [
  'KERNEL_REFUSED',
  'KERNEL_MISSING',
  'SANDBOX_INVALID',
  'SANDBOX_BUSY',
  'PERMISSION_DENIED',
] as const;

/** Waits for the kernel; what the kernel refuses is undone in the store, so that a failed attach leaves nothing new. */
async function programmed(
  { value, revision, isNew }: Written,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ports.reconciler.programmed(value.network, value.id, revision, signal);
  } catch (error) {
    if (isNew && hasCode(error, ...refusals)) await undo(value, ports, signal);
    throw error;
  }
}

async function undo({ network, id }: Endpoint, ports: OperationPorts, signal: AbortSignal): Promise<void> {
  const removed = await removeRecord(ports.store, network, id, signal);
  if (removed !== undefined)
    ports.view.endpoints(network)?.forget(keys.endpoint(network, id), removed.revision);
  ports.intents.end(id, 'gone');
}
