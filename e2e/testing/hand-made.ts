import { writeFileSync } from 'node:fs';
import { vxlanPort } from '../lab/frames.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { Member } from '../lab/members.ts';
import { ipBatch, mustRunIn } from '../lab/netns.ts';
import { mustRun } from '../lab/run.ts';
import type { Sandbox } from '../lab/sandbox.ts';

/** A network laid by hand with `ip` and `bridge`, to try the lab's own eyes on, and to compare the product with. */
export interface HandMade {
  readonly name: string;
  /** 16 hex digits. */
  readonly id: string;
  readonly vni: number;
  readonly mtu?: number;
}

export interface HandMadeEndpoint {
  readonly host: Host;
  readonly sandbox: Sandbox;
  readonly mac: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** Builds the network on every host that has an endpoint, and returns the endpoints as members. */
export async function layByHand(
  lab: Lab,
  network: HandMade,
  endpoints: readonly HandMadeEndpoint[],
): Promise<readonly Member[]> {
  for (const host of new Set(endpoints.map((endpoint) => endpoint.host))) {
    await layNamespace(host, network);
  }
  for (const endpoint of endpoints) await plugIn(network, endpoint);
  for (const host of lab.hosts) {
    const remote = endpoints.filter((endpoint) => endpoint.host !== host);
    if (endpoints.some((endpoint) => endpoint.host === host)) await pointTo(host, network, remote);
  }
  return endpoints.map(({ host, sandbox, mac, addresses }) => ({
    network: network.name,
    networkId: network.id,
    host: host.name,
    sandbox: sandbox.name,
    path: sandbox.path,
    addresses: addresses.map(bare),
    mac,
  }));
}

const bare = (address: string): string => address.replace(/\/.*/, '');

async function layNamespace(host: Host, network: HandMade): Promise<void> {
  const path = host.networkNamespace(network.id);
  const { mtu = 1450 } = network;
  writeFileSync(path, '');
  await mustRun(['unshare', `--net=${path}`, 'true']);
  await ipBatch(host.path, [
    `link add vxlan0 netns ${path} mtu ${mtu} type vxlan id ${network.vni} local ${host.address} ` +
      `dstport ${vxlanPort} nolearning proxy`,
  ]);
  await ipBatch(path, [
    `link add br0 mtu ${mtu} type bridge mcast_snooping 0`,
    'link set vxlan0 master br0 addrgenmode none up',
    'link set br0 addrgenmode none up',
  ]);
  await mustRunIn(path, ['bridge', 'link', 'set', 'dev', 'vxlan0', 'learning', 'off']);
}

async function plugIn(network: HandMade, { host, sandbox, mac, addresses }: HandMadeEndpoint): Promise<void> {
  const path = host.networkNamespace(network.id);
  const { mtu = 1450 } = network;
  const port = `p${mac.replaceAll(':', '')}`;
  await ipBatch(path, [
    `link add ${port} mtu ${mtu} type veth peer name eth0 address ${mac} mtu ${mtu} netns ${sandbox.namespace}`,
    `link set ${port} master br0 addrgenmode none up`,
  ]);
  await ipBatch(sandbox.path, [
    'link set eth0 up',
    ...addresses.map((address) => `address add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`),
  ]);
  await mustRunIn(path, ['bridge', 'link', 'set', 'dev', port, 'learning', 'off', 'flood', 'off']);
  // Replace: the bridge may have learnt the address before it was told not to.
  await mustRunIn(path, ['bridge', 'fdb', 'replace', mac, 'dev', port, 'master', 'static']);
}

async function pointTo(host: Host, network: HandMade, remote: readonly HandMadeEndpoint[]): Promise<void> {
  const path = host.networkNamespace(network.id);
  for (const { host: there, mac, addresses } of remote) {
    const dst = there.address;
    await mustRunIn(path, ['bridge', 'fdb', 'add', mac, 'dev', 'vxlan0', 'dst', dst, 'self', 'permanent']);
    await ipBatch(
      path,
      addresses.map((each) => `neighbour add ${bare(each)} lladdr ${mac} dev vxlan0 nud permanent`),
    );
  }
}
