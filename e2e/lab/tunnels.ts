import type { Host } from './host.ts';
import type { Member } from './members.ts';
import { isNamespace } from './netns.ts';
import { readLinks } from './tables.ts';

/** The tunnel device in the namespace of every network. */
export const tunnelDevice = 'vxlan0';

/** Packets that went through the tunnel device of one network on one host. */
export interface TunnelCount {
  readonly host: string;
  readonly network: string;
  readonly networkId: string;
  readonly sent: number;
  readonly received: number;
}

/** Reads the counters of every tunnel that some pair of members on different hosts has to use. */
export async function countTunnels(
  hosts: readonly Host[],
  members: readonly Member[],
): Promise<readonly TunnelCount[]> {
  const counts: TunnelCount[] = [];
  for (const { host, network, networkId } of usedTunnels(members)) {
    const path = hosts.find((each) => each.name === host)?.networkNamespace(networkId);
    const links = path !== undefined && isNamespace(path) ? await readLinks(path) : [];
    const tunnel = links.find((link) => link.name === tunnelDevice);
    const counters = { sent: tunnel?.sent.packets ?? 0, received: tunnel?.received.packets ?? 0 };
    counts.push({ host, network, networkId, ...counters });
  }
  return counts;
}

/** What was counted between two readings. */
export function tunnelDifference(
  before: readonly TunnelCount[],
  after: readonly TunnelCount[],
): readonly TunnelCount[] {
  return after.map((now) => {
    const then = before.find((each) => each.host === now.host && each.networkId === now.networkId);
    return { ...now, sent: now.sent - (then?.sent ?? 0), received: now.received - (then?.received ?? 0) };
  });
}

function usedTunnels(members: readonly Member[]): readonly Member[] {
  const seen = new Map<string, Member>();
  for (const member of members) {
    const needed = members.some((m) => m.networkId === member.networkId && m.host !== member.host);
    if (needed) seen.set(`${member.host} ${member.networkId}`, member);
  }
  return [...seen.values()];
}
