import type { Family, Ip } from '../../model/ip.ts';
import { namespaceName, namespacePath, underlayPrefixLength } from './names.ts';
import { ensureNamespace, ipBatch, mustRunIn } from './netns.ts';

/** The interface through which a host reaches the others. */
export const underlayInterface = 'eth1';
const bridge = 'underlay0';

/** What is plugged into the underlay: a host or the store. */
export interface Plug {
  /** `h1` or `store`: the bridge's port has this name, the namespace ends with it. */
  readonly name: string;
  readonly address: Ip;
  /** Bytes of an IP packet on eth1. */
  readonly mtu: number;
}

/**
 * Packets that wait for the MAC of a neighbour on eth1; the kernel's own measure is a hundred. All namespaces of a machine answer pings
 * by the same sockets, one for each processor, which have room for some hundred packets (net/ipv6/icmp.c): what waits at a host
 * whose cable is out would keep others, who have nothing to do with it, from answering.
 */
const waiting = 8;

interface LinkRow {
  readonly ifname: string;
  readonly operstate: string;
  readonly mtu: number;
}

/** The bridge that joins the hosts, in a namespace of its own: nothing of a lab is in the machine's own namespace. */
export async function ensureUnderlay(lab: string, largestMtu: number): Promise<void> {
  const name = namespaceName(lab, 'underlay');
  await ensureNamespace(name);
  const path = namespacePath(name);
  const there = (await links(path)).some((link) => link.ifname === bridge);
  // No snooping: it would ask who wants multicast. No link-local addresses: the bridge itself has nothing to say.
  await ipBatch(path, [
    ...(there ? [] : [`link add ${bridge} type bridge mcast_snooping 0`]),
    `link set ${bridge} mtu ${largestMtu} addrgenmode none up`,
  ]);
}

/** Makes the namespace of a host and its eth1, or mends what is missing of them. Returns whether it was all there. */
export async function ensurePlug(lab: string, underlay: Family, plug: Plug): Promise<boolean> {
  const namespace = namespaceName(lab, plug.name);
  const made = await ensureNamespace(namespace);
  const switchPath = namespacePath(namespaceName(lab, 'underlay'));
  const present = await links(namespacePath(namespace));
  const eth1 = present.find((link) => link.ifname === underlayInterface);
  if (eth1 === undefined) {
    await ipBatch(switchPath, [
      `link add ${plug.name} mtu ${plug.mtu} type veth peer name ${underlayInterface} mtu ${plug.mtu} netns ${namespace}`,
    ]);
  }
  await ipBatch(switchPath, [`link set ${plug.name} mtu ${plug.mtu} addrgenmode none master ${bridge} up`]);
  const nodad = underlay === 6 ? ' nodad' : '';
  await ipBatch(namespacePath(namespace), [
    `link set ${underlayInterface} mtu ${plug.mtu} addrgenmode none up`,
    ...['arp_cache', 'ndisc_cache'].map(
      (table) => `ntable change name ${table} dev ${underlayInterface} queue ${waiting}`,
    ),
    `address replace ${plug.address}/${underlayPrefixLength(underlay)} dev ${underlayInterface}${nodad}`,
  ]);
  return !made && eth1?.operstate === 'UP' && eth1.mtu === plug.mtu;
}

/** Takes a host off the underlay (`down`) or plugs it in again (`up`): the cable, not the host. */
export async function setCable(lab: string, plug: string, state: 'up' | 'down'): Promise<void> {
  await ipBatch(namespacePath(namespaceName(lab, 'underlay')), [`link set ${plug} ${state}`]);
}

/** Changes the MTU of a host's eth1 and of the bridge's port to it. */
export async function setPlugMtu(lab: string, plug: string, mtu: number): Promise<void> {
  const switchPath = namespacePath(namespaceName(lab, 'underlay'));
  await ipBatch(switchPath, [`link set ${plug} mtu ${mtu}`]);
  await ipBatch(namespacePath(namespaceName(lab, plug)), [`link set ${underlayInterface} mtu ${mtu}`]);
}

/** Gives eth1 another address instead of the one it has. */
export async function renumberPlug(
  underlay: Family,
  { namespace, from, to }: { readonly namespace: string; readonly from: Ip; readonly to: Ip },
): Promise<void> {
  const length = underlayPrefixLength(underlay);
  const nodad = underlay === 6 ? ' nodad' : '';
  await ipBatch(namespace, [
    `address del ${from}/${length} dev ${underlayInterface}`,
    `address add ${to}/${length} dev ${underlayInterface}${nodad}`,
  ]);
}

/** A name is changed while the interface is down, by which IPv6 addresses go. */
export async function renamePlug(
  underlay: Family,
  wish: { readonly namespace: string; readonly from: string; readonly to: string; readonly address: Ip },
): Promise<void> {
  const { namespace, from, to, address } = wish;
  const nodad = underlay === 6 ? ' nodad' : '';
  await ipBatch(namespace, [
    `link set ${from} down`,
    `link set ${from} name ${to}`,
    `link set ${to} up`,
    `address replace ${address}/${underlayPrefixLength(underlay)} dev ${to}${nodad}`,
  ]);
}

const partition = 'bridge weft_partition';

/**
 * Cuts the underlay in two, in one stroke: those who are named hear each other still, and nobody else. Nobody's link goes down by it.
 * No name at all makes the underlay whole.
 */
export async function setPartition(lab: string, plugs: readonly string[]): Promise<void> {
  const far = plugs.map((plug) => `"${plug}"`).join(', ');
  const rules = `add table ${partition}
delete table ${partition}
${
  plugs.length === 0
    ? ''
    : `table ${partition} {
  set far { type ifname; elements = { ${far} } }
  chain between {
    type filter hook forward priority 0;
    iifname @far oifname != @far drop
    iifname != @far oifname @far drop
  }
}
`
}`;
  const path = namespacePath(namespaceName(lab, 'underlay'));
  await mustRunIn(path, ['nft', '-f', '-'], { input: rules });
}

async function links(path: string): Promise<readonly LinkRow[]> {
  return JSON.parse(await mustRunIn(path, ['ip', '-j', 'link', 'show'])) as LinkRow[];
}
