import { addressBits, familyOf, type Ip } from '../../model/ip.ts';
import type { Network } from '../../model/network.ts';
import type { Node } from '../../model/node.ts';
import type { Prefix } from '../../model/prefix.ts';

/** What a subnet of a network would hide, or be hidden by. */
export interface Taken {
  readonly prefix: Prefix;
  /** For people: `route 10.8.0.0/16 of node h3`. */
  readonly what: string;
}

/** Everything that a new subnet must not overlap, networks first. */
export function* takenBy(networks: readonly Network[], nodes: readonly Node[]): Generator<Taken> {
  for (const { name, subnets } of networks) {
    for (const { prefix } of subnets) yield { prefix, what: `${prefix} of network ${name}` };
  }
  for (const node of nodes) yield* takenByNode(node);
}

/** Traffic of its containers to what a node has or asks would be swallowed by the network. Default routes do not count. */
function* takenByNode({ name, routes, addresses, vteps, nameServers }: Node): Generator<Taken> {
  for (const route of routes)
    if (!route.endsWith('/0')) yield { prefix: route, what: `route ${route} of node ${name}` };
  for (const ip of new Set([...vteps, ...addresses]))
    yield { prefix: alone(ip), what: `address ${ip} of node ${name}` };
  for (const ip of nameServers) yield { prefix: alone(ip), what: `name server ${ip} of node ${name}` };
}

/** The prefix that holds this address and no other. */
function alone(ip: Ip): Prefix {
  return `${ip}/${addressBits[familyOf(ip)]}` as Prefix;
}
