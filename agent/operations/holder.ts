import type { ClaimConflict } from '../../ipam/claims.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Claim, EndpointId } from '../../model/endpoint.ts';
import type { NetworkId } from '../../model/network.ts';
import type { View } from '../view/view.ts';

/** What it is about, such as `address 10.7.0.5`. */
export function describeClaim(conflict: ClaimConflict): string {
  switch (conflict.what) {
    case 'address':
      return `address ${conflict.address}`;
    case 'mac':
      return `MAC ${conflict.mac}`;
    case 'name':
      return `name ${conflict.name}`;
  }
}

/** As people know it, when this node knows it as well. */
export function holderOf({ kind, holder, owner }: Claim, network: NetworkId, view: View): string {
  if (kind === 'reservation')
    return owner === '' ? `reservation ${holder}` : `reservation ${holder} of ${owner}`;
  if (kind !== 'endpoint') return kind === holder ? `the ${kind}` : `${kind} ${holder}`;
  const endpoint = view.endpoints(network)?.get(keys.endpoint(network, holder as EndpointId))?.value;
  if (endpoint === undefined) return `endpoint ${holder}`;
  return `endpoint ${endpoint.name ?? endpoint.sandbox.key} on node ${view.node(endpoint.node)?.name ?? endpoint.node}`;
}
