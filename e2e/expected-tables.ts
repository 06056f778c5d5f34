import type { Host } from './lab/host.ts';
import type { Member } from './lab/members.ts';
import { isNamespace } from './lab/netns.ts';
import { readFdb, readLinks, readNeighbours, type LinkRow } from './lab/tables.ts';
import { tunnelDevice } from './lab/tunnels.ts';

/**
 * What the kernel of one host has to hold for one network, as sorted lines that read well in a failed test. It is worked
 * out from what was attached and where, never by the product's own planner.
 */
export interface Tables {
  /** `02:.. -> 192.0.2.2`: the tunnel's FDB, one line for each endpoint on another host. */
  readonly fdb: readonly string[];
  /** `10.7.0.3 = 02:..`: what the tunnel device answers for; `br0 10.7.0.3 = 02:..`: what the router knows. */
  readonly neighbours: readonly string[];
  /** MACs that lead to a container port of the bridge, one for each endpoint on this host. */
  readonly ports: readonly string[];
  /** `vxlan0 vxlan up in br0 from 192.0.2.1`, `veth up in br0` for each container port, `br0 bridge up`. */
  readonly links: readonly string[];
  /** What nobody should have written: entries that were learnt, or of other devices. */
  readonly strange: readonly string[];
}

const nothing: Tables = { fdb: [], neighbours: [], ports: [], links: [], strange: [] };

export interface Situation {
  readonly hosts: readonly Host[];
  /** Every endpoint that is attached now, on all hosts and in all networks. */
  readonly members: readonly Member[];
  /** Ids of the networks with more than one subnet of a family: there the bridge is a router. */
  readonly routed?: ReadonlySet<string>;
}

/** What has to be in the tables of `host`: nothing at all unless an endpoint of the network lives there. */
export function expectedTables({ hosts, members, routed }: Situation, host: Host, networkId: string): Tables {
  const all = members.filter((member) => member.networkId === networkId);
  const here = all.filter((member) => member.host === host.name);
  const elsewhere = all.filter((member) => member.host !== host.name);
  if (here.length === 0) return nothing;
  const vtep = (name: string): string =>
    hosts.find((each) => each.name === name)?.address ?? `no host ${name}`;
  const answered = elsewhere.flatMap((m) => m.addresses.map((address) => `${address} = ${m.mac}`));
  const routing = routed?.has(networkId) === true ? all : [];
  const router = routing.flatMap((m) => m.addresses.map((address) => `br0 ${address} = ${m.mac}`));
  return {
    fdb: elsewhere.map((m) => `${m.mac} -> ${vtep(m.host)}`).toSorted(),
    neighbours: [...answered, ...router].toSorted(),
    ports: here.map((m) => m.mac).toSorted(),
    links: [
      'br0 bridge up',
      `${tunnelDevice} vxlan up in br0 from ${host.address}`,
      ...here.map(() => 'veth up in br0'),
    ].toSorted(),
    strange: [],
  };
}

/** What is in the tables of `host`, read by `bridge` and `ip`. A host without the network's namespace has nothing. */
export async function actualTables(host: Host, networkId: string): Promise<Tables> {
  const path = host.networkNamespace(networkId);
  if (!isNamespace(path)) return nothing;
  // Multicast entries are the kernel's own: every interface joins some groups.
  const fdb = (await readFdb(path)).filter((row) => (Number.parseInt(row.mac, 16) & 1) === 0);
  const neighbours = (await readNeighbours(path)).filter((row) => !row.state.includes('NOARP'));
  const lasting = neighbours.filter((row) => row.state.includes('PERMANENT'));
  return {
    fdb: fdb.flatMap((row) => (row.vtep === undefined ? [] : [`${row.mac} -> ${row.vtep}`])).toSorted(),
    neighbours: lasting
      .map((row) => {
        const where = row.device === tunnelDevice ? '' : `${row.device} `;
        return `${where}${row.address} = ${row.mac ?? '?'}`;
      })
      .toSorted(),
    ports: fdb
      .flatMap((row) => (row.state === 'static' && row.table === 'master' ? [row.mac] : []))
      .toSorted(),
    links: (await readLinks(path))
      .filter(({ name }) => name !== 'lo')
      .map(linkText)
      .toSorted(),
    strange: [
      ...fdb
        .filter((row) => row.state === '' && row.vtep === undefined)
        .map((row) => `learnt: ${row.mac} on ${row.device}`),
      ...neighbours
        // A router is told the link-local address of every host that solicits it.
        .filter(
          (row) =>
            !row.state.includes('PERMANENT') && !(row.device === 'br0' && row.address.startsWith('fe80:')),
        )
        .map((row) => `asked for: ${row.address} on ${row.device} ${row.state.join(' ')}`),
    ].toSorted(),
  };
}

function linkText({ name, kind, up, master, details }: LinkRow): string {
  const { local: from = details['local6'] } = details;
  return [
    ...(kind === 'veth' ? [] : [name]),
    kind,
    up ? 'up' : 'down',
    ...(master === '' ? [] : [`in ${master}`]),
    ...(typeof from === 'string' ? [`from ${from}`] : []),
  ].join(' ');
}

/** Expected and actual tables of every host and network, by `h1 <network>`: to be compared as a whole. */
export async function compareTables(
  situation: Situation,
  networkIds: readonly string[],
): Promise<{ readonly expected: Record<string, Tables>; readonly actual: Record<string, Tables> }> {
  const expected: Record<string, Tables> = {};
  const actual: Record<string, Tables> = {};
  for (const host of situation.hosts) {
    for (const networkId of networkIds) {
      const name = situation.members.find((member) => member.networkId === networkId)?.network ?? networkId;
      expected[`${host.name} ${name}`] = expectedTables(situation, host, networkId);
      actual[`${host.name} ${name}`] = await actualTables(host, networkId);
    }
  }
  return { expected, actual };
}
