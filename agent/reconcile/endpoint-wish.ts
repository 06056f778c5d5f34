import type { LinuxObject } from '../../linux/objects/object.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Network } from '../../model/network.ts';
import { localEndpointObjects, remoteEndpointObjects } from '../../vxlan/endpoint-objects.ts';
import { vtepOf } from '../../vxlan/mtu.ts';
import type { NetworkInput } from './pass.ts';

/** What this node's kernel should hold of an endpoint. */
export function objectsOf(
  endpoint: Endpoint,
  network: Network,
  mtu: number,
  input: NetworkInput,
): readonly LinuxObject[] {
  const { self } = input;
  if (endpoint.node === self.node) {
    const defaultRoutes = input.defaultRoutes(endpoint.id);
    return localEndpointObjects({ network, networkMtu: mtu, endpoint, defaultRoutes });
  }
  const node = input.node(endpoint.node);
  const vtep = node === undefined ? undefined : vtepOf(node, self.cluster.underlay);
  return remoteEndpointObjects({ network, endpoint, vtep });
}

/** Why nobody can send to it yet, if that is so: its record may be seen before that of its node, and longer. */
export function whyHomeless({ node: id, state }: Endpoint, input: NetworkInput): string | undefined {
  const { underlay } = input.self.cluster;
  const known = input.node(id);
  if (state.kind === 'conflict') return undefined;
  if (known === undefined) return `its node ${id} is not known yet`;
  if (vtepOf(known, underlay) !== undefined) return undefined;
  return `its node ${known.name} has no IPv${underlay} address for the tunnels`;
}
