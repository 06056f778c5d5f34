import { attachTxn, readConflicts, type ClaimConflict, type Txn } from '../../ipam/claims.ts';
import { checkFixed } from '../../ipam/fixed.ts';
import { macForAddresses } from '../../ipam/mac.ts';
import { takingReservation, type FoundReservation } from '../../ipam/reservation.ts';
import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint, encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeFence } from '../../kvstore/records/fence.ts';
import type { Entry } from '../../kvstore/store.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint, EndpointId, Sandbox } from '../../model/endpoint.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Mac } from '../../model/mac.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { dropExpired } from '../addresses/reservations.ts';
import { storedAs, type Recorded } from '../view/collection.ts';
import type { Choice } from './choice.ts';
import { addressWishes, chooseInterfaceName } from './choose.ts';
import { describeClaim, holderOf } from './holder.ts';
import { activeNetwork, stateAfter } from './lookup.ts';
import { demandOneName } from './other-name.ts';
import type { OperationPorts } from './ports.ts';
import {
  namedReservation,
  ownReservations,
  wishWith,
  withoutTaken,
  type ReservationWish,
} from './reserved.ts';
import type { SandboxRef } from './sandbox-name.ts';

/** What a caller asks for; what is absent is chosen. */
export interface AttachWish extends ReservationWish {
  readonly sandbox: string;
  readonly key?: string | undefined;
  readonly mac?: Mac | undefined;
  readonly interfaceName?: string | undefined;
  readonly routePriority?: number | undefined;
  readonly aliases?: readonly Name[] | undefined;
  readonly labels: ReadonlyMap<string, string>;
  /** Until all others that take part in the network have programmed it. */
  readonly wait?: boolean | undefined;
}

/** How often a lost race for an address, or news about the network, leads to another try. */
const attempts = 64;

/** What is known of the requests of one attach. */
export interface Sent {
  /** The reply to one was lost, of this call or of an earlier one: it may still be carried out, when nobody waits for it any more. */
  mayStillCome: boolean;
}

export interface Attempt {
  readonly sent: Sent;
  readonly wish: AttachWish;
  readonly ref: SandboxRef;
  readonly id: EndpointId;
  /** As it was when the attach began. */
  readonly network: Network;
  readonly choice: Choice;
  readonly ports: OperationPorts;
  readonly signal: AbortSignal;
}

/** The endpoint as the store has it. */
export interface Written extends Recorded<Endpoint> {
  /** The endpoint before this call; undefined: it was not there. */
  readonly before: Endpoint | undefined;
}

/** Writes the endpoint, or finds the one that is there already. Without a sign of one the store is not read. */
export async function record(attempt: Attempt): Promise<Written> {
  const { wish, id, ports, signal, sent } = attempt;
  const key = keys.endpoint(attempt.network.id, id);
  /** Where the endpoint is, no request for it can be carried out any more. */
  const reused = (existing: Entry): Promise<Written> => {
    sent.mayStillCome = false;
    return reuse(recordedIn(existing), attempt);
  };
  let state = await activeNetwork(wish.network, ports, signal);
  const isKnown = ports.view.endpoints(attempt.network.id)?.get(key) !== undefined;
  // What was reserved is gone when an earlier call has taken it.
  if (isKnown || wish.reservation !== undefined || sent.mayStillCome) {
    const existing = await ports.store.get(key, { signal });
    if (existing !== undefined) return reused(existing);
  }
  let taken = await namedReservation(wish, attempt.network, ports, signal);
  for (let n = 0; n < attempts; n += 1) {
    checkSame(attempt.network, state.value);
    const wished = { ...attempt, wish: wishWith(wish, taken) };
    const endpoint = design(wished, state.value);
    const { conditions, ops } = attachTaking(endpoint, state.revision, wish.network, taken);
    const outcome = await ports.store.txn(conditions, ops, { signal }).catch(orUnknown);
    // The reply was lost. If it was applied, the endpoint is there, with an address that may have been the last one.
    if (outcome === undefined) {
      sent.mayStillCome = true;
      const applied = await ports.store.get(key, { signal });
      if (applied !== undefined) return reused(applied);
      continue;
    }
    const found = outcome.ok ? undefined : outcome.current.get(key);
    if (outcome.ok) {
      sent.mayStillCome = false;
      const { revision } = outcome;
      const stored = storedAs({ created: revision, value: encodeEndpoint(endpoint) });
      return { value: endpoint, revision, stored, before: undefined };
    }
    if (found !== undefined) return reused(found);
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
  demandOneName(ref, identity, network, ports);
  const wishes = addressWishes(network, wish.addresses);
  for (const each of wishes) if (each.fixed !== undefined) checkFixed(network, each.subnet, each.fixed);
  const addresses = choice.choose(network, wishes, node);
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
    aliases: wish.aliases ?? [],
    mac: wish.mac ?? macForAddresses(addresses, choice.macsToAvoid),
    addresses,
    sandbox: { key: ref.key, path: ref.path, bootId: identity.bootId, cookie: identity.cookie },
    interfaceName: choice.interfaceName,
    routePriority: routePriorityFor(wish, network),
    labels: wish.labels,
    state: { kind: 'active' },
    creator: 'api',
    createdAt: ports.clock.wall(),
  };
}

/** Interfaces that other endpoints of this node have in the sandbox: after a reboot they may not have been made again yet. */
function namesToCome(path: string, id: EndpointId, ports: OperationPorts): readonly string[] {
  const others = ports.returns.own().filter((e) => e.sandbox.path === path && e.id !== id);
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
  const now = restated(wish, { ...endpoint, sandbox }, network);
  // Somebody may have had a hand in the kernel, and in a namespace made anew nothing is left of what we believe.
  ports.reconciler.compare([network.id]);
  const key = keys.endpoint(network.id, endpoint.id);
  // The same key, another namespace: the sandbox was made anew under its name. Or what may change is wished otherwise.
  const value = encodeEndpoint(now);
  if (Buffer.compare(value, encodeEndpoint(endpoint)) === 0) return { ...known, before: endpoint };
  const outcome = await ports.store
    .txn([{ kind: 'unchanged', key, revision: known.revision }], [{ kind: 'put', key, value }], { signal })
    .catch(orUnknown);
  if (outcome?.ok === true) return { value: now, revision: outcome.revision, before: endpoint };
  // The reply was lost: if it was applied, the endpoint is as it is meant by now.
  const found = outcome === undefined ? await ports.store.get(key, { signal }) : undefined;
  if (found !== undefined) return reuse(recordedIn(found), attempt);
  throw new WeftError('ENDPOINT_CONFLICT', `endpoint ${endpoint.id} changed under our hands; try again`);
}

/** What may change while the endpoint lives, as the wish says it; what it does not say stays. */
function restated(wish: AttachWish, endpoint: Endpoint, network: Network): Endpoint {
  const { routePriority, aliases = endpoint.aliases, labels } = wish;
  return {
    ...endpoint,
    aliases,
    labels: labels.size === 0 ? endpoint.labels : labels,
    routePriority: routePriority === undefined ? endpoint.routePriority : routePriorityFor(wish, network),
  };
}

/** @throws INPUT_INVALID for a default route by an internal network. */
function routePriorityFor({ routePriority = 0, sandbox }: AttachWish, { name, internal }: Network): number {
  if (routePriority === 0 || !internal) return routePriority;
  const message = `sandbox ${sandbox} cannot have its default route by network ${name} (route priority ${routePriority}): the network is internal, no route leads out of it`;
  throw new WeftError('INPUT_INVALID', message, { details: { network: name, routePriority } });
}

/** Undefined: nobody knows whether it was applied. */
function orUnknown(error: unknown): undefined {
  if (!hasCode(error, 'STORE_AMBIGUOUS')) throw error;
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
