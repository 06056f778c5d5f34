import { attachTxn, type ClaimConflict, readConflicts } from '../../ipam/claims.ts';
import { macForAddresses } from '../../ipam/mac.ts';
import { checkFixed } from '../../ipam/fixed.ts';
import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import type { Revision } from '../../kvstore/store.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint, EndpointId, Sandbox } from '../../model/endpoint.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import type { Recorded } from '../view/collection.ts';
import { chooseInterfaceName, subnetsForEndpoint } from './choose.ts';
import type { OperationPorts } from './ports.ts';
import { activeNetwork } from './lookup.ts';
import { endpointIdOf, readSandbox, type SandboxRef } from './sandbox-name.ts';
import type { Pools } from './pools.ts';

/** What a caller asks for; what is absent is chosen. */
export interface AttachWish {
  readonly network: Name;
  readonly sandbox: string;
  readonly key?: string;
  readonly name?: Name;
  readonly aliases: readonly Name[];
  readonly addresses: readonly Ip[];
  readonly mac?: Mac;
  readonly interfaceName?: string;
  readonly routePriority: number;
  readonly labels: ReadonlyMap<string, string>;
}

/** How often a lost race for an address, or news about the network, leads to another try. */
const attempts = 64;

/**
 * Attaches a sandbox to a network: one store transaction, then the wait until this node's kernel holds the endpoint.
 * Repeatable: the same caller's key gives the same endpoint, also after an answer that got lost.
 */
export async function attach(
  wish: AttachWish,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Recorded<Endpoint>> {
  const ref = readSandbox(wish.sandbox, ports.netnsDir);
  const network = activeNetwork(ports.view, wish.network).value;
  const key = wish.key ?? ref.key;
  const id = endpointIdOf(ports.self().node, network.id, key);
  return ports.locks.run(id, () =>
    ports.reconciler.during(network.id, async () => {
      const collection = ports.view.join(network.id);
      await ports.view.until(() => (collection.state === 'syncing' ? undefined : true), signal);
      ports.intents.begin({ op: 'attach', network: network.id, endpoint: id });
      try {
        const recorded = await record({ wish, ref: { ...ref, key }, id, ports, signal });
        await programmed(recorded, ports, signal);
        ports.intents.end(id);
        return recorded;
      } catch (error) {
        // A time-out leaves the intent open: the endpoint may be in the store, and a repeated attach will find it.
        if (!hasCode(error, 'TIMEOUT', 'STORE_AMBIGUOUS', 'STORE_UNAVAILABLE')) ports.intents.end(id);
        throw error;
      }
    }),
  );
}

interface Attempt {
  readonly wish: AttachWish;
  readonly ref: SandboxRef;
  readonly id: EndpointId;
  readonly ports: OperationPorts;
  readonly signal: AbortSignal;
}

/** Writes the endpoint, or finds the one that is there already. */
async function record(attempt: Attempt): Promise<Recorded<Endpoint>> {
  const { wish, id, ports, signal } = attempt;
  for (let n = 0; n < attempts; n += 1) {
    const state = activeNetwork(ports.view, wish.network);
    const network = state.value;
    const existing = await ports.store.get(keys.endpoint(network.id, id), { signal });
    if (existing !== undefined) {
      const known = { value: decodeEndpoint(existing.key, existing.value), revision: existing.revision };
      return reuse(known, attempt, network);
    }
    const endpoint = design(attempt, network, ports.pools);
    const { conditions, ops } = attachTxn(endpoint, {
      key: keys.networkState(network.name),
      revision: state.revision,
    });
    const outcome = await ports.store.txn(conditions, ops, { signal }).catch((error: unknown) => {
      if (hasCode(error, 'STORE_AMBIGUOUS')) return undefined;
      throw error;
    });
    if (outcome === undefined) continue; // The reply was lost: look whether the endpoint is there.
    if (outcome.ok) return { value: endpoint, revision: outcome.revision };
    await learn(readConflicts(endpoint, outcome.current), endpoint, state.revision, attempt);
  }
  throw new WeftError(
    'ENDPOINT_CONFLICT',
    `attach to network ${wish.network} lost ${attempts} races in a row; try again`,
  );
}

/** Takes in why a transaction was refused: a fixed wish that cannot be granted is an error, everything else another try. */
async function learn(
  conflicts: readonly ClaimConflict[],
  endpoint: Endpoint,
  revision: Revision,
  attempt: Attempt,
): Promise<void> {
  const { wish, ports, signal } = attempt;
  for (const conflict of conflicts) {
    const held = `is held by ${conflict.claim.kind} ${conflict.claim.holder}`;
    const details = { network: wish.network, holder: conflict.claim.holder, kind: conflict.claim.kind };
    switch (conflict.what) {
      case 'address':
        if (wish.addresses.includes(conflict.address)) {
          throw new WeftError(
            'ADDRESS_TAKEN',
            `address ${conflict.address} of network ${wish.network} ${held}`,
            { details },
          );
        }
        ports.pools.take(endpoint.network, conflict.address);
        break;
      case 'mac':
        if (wish.mac !== undefined)
          throw new WeftError('MAC_TAKEN', `MAC ${conflict.mac} of network ${wish.network} ${held}`, {
            details,
          });
        ports.pools.avoidMac(endpoint.network, conflict.mac);
        break;
      case 'name':
        throw new WeftError('NAME_TAKEN', `name ${conflict.name} of network ${wish.network} ${held}`, {
          details,
        });
    }
  }
  if (conflicts.length > 0) return;
  // The network itself changed, or our endpoint appeared: wait until the view has the news.
  await ports.view
    .until(
      () => (ports.view.network(wish.network)?.revision === revision ? undefined : true),
      AbortSignal.any([signal, AbortSignal.timeout(1000)]),
    )
    .catch(() => {
      signal.throwIfAborted();
    });
}

function design(attempt: Attempt, network: Network, pools: Pools): Endpoint {
  const { wish, ref, id, ports } = attempt;
  const { node } = ports.self();
  const scope = sandboxScope(ref.path);
  const identity = ports.kernel.identify(scope);
  const addresses = subnetsForEndpoint(network, wish.addresses).map(({ subnet, fixed }) => {
    if (fixed !== undefined) checkFixed(network, subnet, fixed);
    return fixed ?? pools.next(network, subnet, node);
  });
  const taken = new Set([...identity.interfaces, ...pools.interfaceNames(ref.path)]);
  return {
    id,
    network: network.id,
    node,
    ...(wish.name === undefined ? {} : { name: wish.name }),
    aliases: wish.aliases,
    mac: wish.mac ?? macForAddresses(addresses, pools.macsToAvoid(network.id)),
    addresses,
    sandbox: { key: ref.key, path: ref.path, bootId: identity.bootId, cookie: identity.cookie },
    interfaceName: chooseInterfaceName(wish.interfaceName, taken, ref.path),
    routePriority: wish.routePriority,
    labels: wish.labels,
    state: { kind: 'active' },
    creator: 'api',
  };
}

/** The endpoint of an earlier, equal call. Another wish under the same key is a conflict, not a change. */
async function reuse(
  known: Recorded<Endpoint>,
  attempt: Attempt,
  network: Network,
): Promise<Recorded<Endpoint>> {
  const { wish, ref, ports, signal } = attempt;
  const endpoint = known.value;
  const differing = differences(wish, endpoint);
  if (differing.length > 0) {
    throw new WeftError(
      'ENDPOINT_CONFLICT',
      `sandbox ${ref.path} is attached to network ${network.name} already, with ${differing.join(', ')}; detach it first`,
      { details: { endpoint: endpoint.id } },
    );
  }
  const identity = ports.kernel.identify(sandboxScope(ref.path));
  const sandbox: Sandbox = { key: ref.key, path: ref.path, bootId: identity.bootId, cookie: identity.cookie };
  if (JSON.stringify(sandbox) === JSON.stringify(endpoint.sandbox)) {
    ports.reconciler.compare([network.id]);
    return known;
  }
  // The same key, another namespace: the sandbox was made anew under its name.
  const moved: Endpoint = { ...endpoint, sandbox };
  const key = keys.endpoint(network.id, endpoint.id);
  const outcome = await ports.store.txn(
    [{ kind: 'unchanged', key, revision: known.revision }],
    [{ kind: 'put', key, value: ports.encodeEndpoint(moved) }],
    { signal },
  );
  if (!outcome.ok)
    throw new WeftError('ENDPOINT_CONFLICT', `endpoint ${endpoint.id} changed under our hands; try again`);
  return { value: moved, revision: outcome.revision };
}

function differences(wish: AttachWish, endpoint: Endpoint): readonly string[] {
  const found: string[] = [];
  if (wish.addresses.some((ip) => !endpoint.addresses.includes(ip)))
    found.push(`addresses ${endpoint.addresses.join(', ')}`);
  if (wish.mac !== undefined && wish.mac !== endpoint.mac) found.push(`MAC ${endpoint.mac}`);
  if (wish.name !== undefined && wish.name !== endpoint.name) found.push(`name ${endpoint.name ?? '(none)'}`);
  if (wish.interfaceName !== undefined && wish.interfaceName !== endpoint.interfaceName) {
    found.push(`interface ${endpoint.interfaceName}`);
  }
  return found;
}

/** Waits for the kernel; what the kernel refuses is undone in the store, so that a failed attach leaves nothing. */
async function programmed(
  { value, revision }: Recorded<Endpoint>,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ports.reconciler.programmed(value.network, value.id, revision, signal);
  } catch (error) {
    if (
      hasCode(
        error,
        'KERNEL_REFUSED',
        'KERNEL_MISSING',
        'SANDBOX_INVALID',
        'SANDBOX_BUSY',
        'PERMISSION_DENIED',
      )
    ) {
      await ports.undo(value);
    }
    throw error;
  }
}
