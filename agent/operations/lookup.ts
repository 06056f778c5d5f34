import { keys } from '../../kvstore/keys.ts';
import { decodeNetworkState, type NetworkState } from '../../kvstore/records/network-json.ts';
import type { Entry } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { storedAs, type Recorded } from '../view/collection.ts';
import type { OperationPorts } from './ports.ts';

/** The accepted network of this name. @throws NETWORK_NOT_FOUND, which tells why when the declaration was refused. */
export async function acceptedNetwork(
  name: Name,
  { view, store }: Pick<OperationPorts, 'view' | 'store'>,
  signal: AbortSignal,
): Promise<Recorded<Network>> {
  const known = view.network(name);
  if (known !== undefined && 'id' in known.value) return requireAccepted(name, known);
  // It may have been accepted elsewhere a moment ago.
  const key = keys.networkState(name);
  const entry = await store.get(key, { signal });
  if (entry === undefined) return requireAccepted(name, undefined);
  const { revision } = entry;
  const recorded = { value: decodeNetworkState(key, entry.value), revision, stored: storedAs(entry) };
  view.networkStates.learn(key, recorded);
  return requireAccepted(name, recorded);
}

/** The same, ready to attach to. @throws also NETWORK_REMOVING. */
export async function activeNetwork(
  ...[name, ports, signal]: Parameters<typeof acceptedNetwork>
): Promise<Recorded<Network>> {
  return requireActive(name, await acceptedNetwork(name, ports, signal));
}

function requireAccepted(name: Name, recorded: Recorded<NetworkState> | undefined): Recorded<Network> {
  const details = { network: name };
  if (recorded === undefined)
    throw new WeftError('NETWORK_NOT_FOUND', `there is no network ${name}`, { details });
  const { value, revision } = recorded;
  if ('id' in value) return { value, revision };
  throw new WeftError('NETWORK_NOT_FOUND', `network ${name} was declared but refused: ${value.why}`, {
    details,
  });
}

/** The network as a refused transaction shows it; undefined: that rested on something else. @throws NETWORK_NOT_FOUND, NETWORK_REMOVING */
export function stateAfter(
  current: ReadonlyMap<string, Entry | undefined>,
  name: Name,
): Recorded<Network> | undefined {
  const key = keys.networkState(name);
  if (!current.has(key)) return undefined;
  const entry = current.get(key);
  if (entry === undefined) return requireActive(name, undefined);
  return requireActive(name, { value: decodeNetworkState(key, entry.value), revision: entry.revision });
}

/** What the store says of a network, if it can be attached to. @throws NETWORK_NOT_FOUND, NETWORK_REMOVING */
export function requireActive(name: Name, recorded: Recorded<NetworkState> | undefined): Recorded<Network> {
  const accepted = requireAccepted(name, recorded);
  if (accepted.value.phase.kind === 'active') return accepted;
  throw new WeftError('NETWORK_REMOVING', `network ${name} is being removed by ${accepted.value.phase.by}`, {
    details: { network: name },
  });
}
