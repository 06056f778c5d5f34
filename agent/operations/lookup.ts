import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';

/** The accepted network of this name. @throws NETWORK_NOT_FOUND, which tells why when the declaration was refused. */
export function acceptedNetwork(view: View, name: Name): Recorded<Network> {
  const recorded = view.network(name);
  if (recorded === undefined)
    throw new WeftError('NETWORK_NOT_FOUND', `there is no network ${name}`, { details: { network: name } });
  const { value, revision } = recorded;
  if ('id' in value) return { value, revision };
  throw new WeftError('NETWORK_NOT_FOUND', `network ${name} was declared but refused: ${value.why}`, {
    details: { network: name },
  });
}

/** The same, ready to attach to. @throws also NETWORK_REMOVING. */
export function activeNetwork(view: View, name: Name): Recorded<Network> {
  const recorded = acceptedNetwork(view, name);
  if (recorded.value.phase.kind === 'active') return recorded;
  throw new WeftError('NETWORK_REMOVING', `network ${name} is being removed by ${recorded.value.phase.by}`, {
    details: { network: name },
  });
}
