import type { EndpointJson } from '../../api/schemas/endpoint.ts';
import { endpointsSeenBy } from './call.ts';
import type { Host } from './host.ts';
import { waitFor } from './wait.ts';

/** A sandbox's place in a network, as its host's agent shows it. */
export interface Member {
  readonly network: string;
  readonly networkId: string;
  readonly host: string;
  /** `c1` for a sandbox of the lab, else the caller's key. */
  readonly sandbox: string;
  /** Path of the sandbox's namespace. */
  readonly path: string;
  /** Without prefix length. */
  readonly addresses: readonly string[];
  readonly mac: string;
}

/** Every endpoint that lives on one of the hosts, asked of its own agent. @throws DAEMON_UNREACHABLE with the host's name. */
export async function readMembers(hosts: readonly Host[]): Promise<readonly Member[]> {
  const lists = await Promise.all(
    hosts.map(async (host) => {
      const endpoints = await endpointsSeenBy(host);
      return endpoints.filter((endpoint) => endpoint.local).map((endpoint) => memberOf(host, endpoint));
    }),
  );
  return lists.flat();
}

export function memberOf(host: Host, endpoint: EndpointJson): Member {
  const prefix = `/${host.namespace}-`;
  const at = endpoint.sandbox.path.lastIndexOf(prefix);
  return {
    network: endpoint.network,
    networkId: endpoint.networkId,
    host: host.name,
    sandbox: at < 0 ? endpoint.sandbox.key : endpoint.sandbox.path.slice(at + prefix.length),
    path: endpoint.sandbox.path,
    addresses: endpoint.addresses.map((address) => address.replace(/\/.*/, '')),
    mac: endpoint.mac,
  };
}

/**
 * Waits until the agent of each host that takes part in a network says that its kernel holds all of the network's members.
 *
 * @throws TIMEOUT that names a host, the network and what is missing there.
 */
export async function waitProgrammed(
  hosts: readonly Host[],
  members: readonly Member[],
  within = 15_000,
): Promise<void> {
  for (const network of new Set(members.map((member) => member.network))) {
    const wanted = members.filter((member) => member.network === network);
    for (const host of hosts.filter((each) => wanted.some((member) => member.host === each.name))) {
      const look = async (): Promise<true> => {
        const seen = await endpointsSeenBy(host, network);
        const held = new Set(seen.filter((endpoint) => endpoint.programmed).map((endpoint) => endpoint.mac));
        const missing = wanted.filter((member) => !held.has(member.mac));
        if (missing.length === 0) return true;
        throw new Error(`not there yet: ${missing.map((m) => `${m.host}/${m.sandbox}`).join(', ')}`);
      };
      await waitFor(`${host.name} to program all endpoints of ${network}`, look, { within, every: 25 });
    }
  }
}
