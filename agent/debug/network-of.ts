import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import { networkIdPattern, type NetworkId } from '../../model/network.ts';
import type { Agent } from '../agent.ts';

/**
 * The network that is called so, or has this id: the view may not know one any more of which the kernel still holds something.
 *
 * @throws NETWORK_NOT_FOUND
 */
export function idOf(network: string, { view, reconciler }: Agent): NetworkId {
  const named = view.network(network as Name)?.value;
  if (named !== undefined && 'id' in named) return named.id;
  const id = network as NetworkId;
  const isKnown = view.networkById(id) !== undefined || reconciler.networks().has(id);
  if (networkIdPattern.test(network) && isKnown) return id;
  throw new WeftError('NETWORK_NOT_FOUND', `there is no network ${network}`, { details: { network } });
}
