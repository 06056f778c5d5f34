/**
 * For every attribute of what is ours, a hand that makes it another one, by iproute2, in the network of a `DriftScene` with one local
 * endpoint and some remote ones.
 */
export type Place = 'node' | 'network' | 'sandbox';
export type Command = readonly [Place, ...(readonly string[])];

export type Device = readonly [Exclude<Place, 'node'>, string];

export interface Hand {
  readonly commands: readonly Command[];
  /** The device whose index tells whether it was replaced. */
  readonly device?: Device;
  /** What has to be taken away afterwards since it is not ours. */
  readonly undo?: readonly Command[];
}

/** Where the namespace of the network, and another one, are pinned: to be put in place of these words. */
export const placeholders = { network: '@network', elsewhere: '@elsewhere' } as const;

export const port = 'v000000000000';
export const remote = { mac: '02:57:00:00:03:e8', ip: '10.7.3.232', ip6: 'fd00:7::3e8', vtep: '192.0.2.2' };
const vni = '1048577';
const words = (line: string): readonly string[] => line.split(' ');
const inNetwork = (line: string): Command => ['network', ...words(line)];
const inSandbox = (line: string): Command => ['sandbox', ...words(line)];

const [br0, vxlan0, end] = [
  ['network', 'br0'],
  ['network', 'vxlan0'],
  ['network', port],
] as const;

const bridge = (line: string): Hand => ({
  commands: [inNetwork(`ip link set br0 type bridge ${line}`)],
  device: br0,
});
const set = (what: string, device: Device = vxlan0): Hand => ({
  commands: [inNetwork(`ip link set ${device[1]} ${what}`)],
  device,
});
const tunnel = (options: string): Hand => set(`type vxlan id ${vni} ${options}`);
const flag = (what: string): Hand => ({
  commands: [inNetwork(`bridge link set dev ${port} ${what}`)],
  device: end,
});
const slave = (what: string): Hand => set(`type bridge_slave ${what}`, end);
const renamed = (name: string, device: Device): Hand => ({
  commands: [inNetwork(`ip link set ${name} down`), inNetwork(`ip link set ${name} name other`)],
  device,
});

/** The tunnel device made anew as an earlier version might have made it, with the entries of one endpoint. */
function remade(options: string, what = `id ${vni} local 192.0.2.1 dstport 4789 nolearning proxy`): Hand {
  const type = `${what} ${options}`.trim();
  return {
    commands: [
      inNetwork('ip link del vxlan0'),
      ['node', ...words(`ip link add vxlan0 netns ${placeholders.network} mtu 1450 type vxlan ${type}`)],
      inNetwork('ip link set vxlan0 master br0'),
      inNetwork('bridge link set dev vxlan0 learning off flood on'),
      inNetwork('ip link set vxlan0 up'),
      ...(type.includes('external') || type.includes('local 2001')
        ? []
        : [inNetwork(`bridge fdb add ${remote.mac} dev vxlan0 dst ${remote.vtep}`)]),
      inNetwork(`ip neigh add ${remote.ip} lladdr ${remote.mac} dev vxlan0 nud permanent`),
    ],
    device: vxlan0,
  };
}

/** By kind and attribute. */
export const hands: Readonly<Record<string, Hand>> = {
  'netns mark': { commands: [inNetwork('ip link set lo alias mine')], device: ['network', 'lo'] },
  'bridge mac': set('address 02:99:00:00:00:02', br0),
  'bridge mtu': set('mtu 1400', br0),
  'bridge name': renamed('br0', br0),
  'bridge mcast_snooping': bridge('mcast_snooping 1'),
  'bridge stp_state': bridge('stp_state 1'),
  'bridge vlan_filtering': bridge('vlan_filtering 1'),
  'bridge group_fwd_mask': bridge('group_fwd_mask 8'),
  'bridge nf_call_iptables': bridge('nf_call_iptables 1'),
  'bridge nf_call_ip6tables': bridge('nf_call_ip6tables 1'),
  'bridge nf_call_arptables': bridge('nf_call_arptables 1'),
  'vxlan bridge': set('nomaster'),
  'vxlan vni': remade('', 'id 1048599 local 192.0.2.1 dstport 4789 nolearning proxy'),
  'vxlan family': remade('', `id ${vni} local 2001:db8::1 dstport 4789 nolearning proxy`),
  'vxlan local': tunnel('local 192.0.2.77'),
  'vxlan port': remade('', `id ${vni} local 192.0.2.1 dstport 4790 nolearning proxy`),
  'vxlan mtu': set('mtu 1300'),
  'vxlan name': renamed('vxlan0', vxlan0),
  'vxlan mac': set('address 02:99:00:00:00:05'),
  'vxlan remote': tunnel('remote 192.0.2.66'),
  'vxlan dev': remade('dev lo'),
  'vxlan ttl': tunnel('ttl 9'),
  'vxlan tos': tunnel('tos 0x10'),
  'vxlan df': tunnel('df set'),
  'vxlan learning': tunnel('learning'),
  'vxlan ageing': tunnel('ageing 60'),
  'vxlan proxy': remade('', `id ${vni} local 192.0.2.1 dstport 4789 nolearning`),
  'vxlan rsc': remade('rsc'),
  'vxlan l2miss': remade('l2miss'),
  'vxlan l3miss': remade('l3miss'),
  'vxlan maxaddress': remade('maxaddress 1000'),
  'vxlan srcport': remade('srcport 5000 6000'),
  'vxlan udpcsum': remade('noudpcsum'),
  'vxlan udp6zerocsumtx': remade('udp6zerocsumtx'),
  'vxlan udp6zerocsumrx': remade('udp6zerocsumrx'),
  'vxlan remcsumtx': remade('remcsumtx'),
  'vxlan remcsumrx': remade('remcsumrx'),
  'vxlan gbp': remade('gbp'),
  // Frames without an Ethernet header: no bridge takes such a device.
  'vxlan gpe': {
    commands: remade('', 'external gpe dstport 4789 nolearning').commands.slice(0, 2),
    device: vxlan0,
  },
  'vxlan external': remade('', 'external dstport 4789 nolearning'),
  'veth bridge': set('nomaster', end),
  'veth mtu': set('mtu 1300', end),
  'veth up': { commands: [inSandbox('ip link set eth0 down')], device: ['sandbox', 'eth0'] },
  'veth name': renamed(port, end),
  'veth mac': set('address 02:99:00:00:00:06', end),
  'veth peer.scope': {
    commands: [inSandbox(`ip link set eth0 netns ${placeholders.elsewhere}`)],
    device: ['sandbox', 'eth0'],
  },
  'veth peer.name': {
    commands: [inSandbox('ip link set eth0 down'), inSandbox('ip link set eth0 name other')],
    device: ['sandbox', 'eth0'],
  },
  'veth peer.mac': {
    commands: [inSandbox('ip link set eth0 address 02:99:00:00:00:07')],
    device: ['sandbox', 'eth0'],
  },
  'port state': flag('state 0'),
  'port learning': flag('learning on'),
  'port flood': flag('flood on'),
  'port hairpin': flag('hairpin on'),
  'port guard': flag('guard on'),
  'port root_block': flag('root_block on'),
  'port fastleave': flag('fastleave on'),
  'port proxy_arp': slave('proxy_arp on'),
  'port proxy_arp_wifi': slave('proxy_arp_wifi on'),
  'port mcast_flood': flag('mcast_flood off'),
  'port mcast_to_unicast': flag('mcast_to_unicast on'),
  'port bcast_flood': flag('bcast_flood off'),
  'port vlan_tunnel': flag('vlan_tunnel on'),
  'port neigh_suppress': flag('neigh_suppress on'),
  'port isolated': flag('isolated on'),
  'port locked': flag('locked on'),
  'fdb dst': { commands: [inNetwork(`bridge fdb replace ${remote.mac} dev vxlan0 dst 198.51.100.9`)] },
  'neighbour mac': {
    commands: [inNetwork(`ip neigh replace ${remote.ip} lladdr 02:99:00:00:00:01 nud permanent dev vxlan0`)],
  },
  'address length': {
    commands: [
      inNetwork('ip address del 10.8.0.254/24 dev br0'),
      inNetwork('ip address add 10.8.0.254/25 dev br0'),
    ],
  },
  'route via': {
    commands: [inSandbox('ip route replace 10.8.0.0/24 via 10.7.0.77 dev eth0 proto 87 metric 100')],
  },
  'route dev': {
    commands: [
      inSandbox('ip link add lan0 type bridge'),
      inSandbox('ip address add 10.66.0.1/24 dev lan0'),
      inSandbox('ip link set lan0 up'),
      inSandbox('ip route replace 10.8.0.0/24 via 10.66.0.2 dev lan0 proto 87 metric 100'),
    ],
    undo: [inSandbox('ip link del lan0')],
  },
  'route src': { commands: [inNetwork('ip route replace 10.8.0.0/24 dev br0')] },
  'route metric': {
    commands: [
      inSandbox('ip route del 10.8.0.0/24'),
      inSandbox('ip route add 10.8.0.0/24 via 10.7.255.254 dev eth0 proto 87 metric 99'),
    ],
  },
  'sysctl value': { commands: [inNetwork('sysctl -qw net.ipv4.ip_forward=0')] },
};

/** Those that are others, or are there alone, where tunnels go over IPv6. */
export const hands6: Readonly<Record<string, Hand>> = {
  'vxlan family': remade('', `id ${vni} local 192.0.2.1 dstport 4789 nolearning proxy`),
  'vxlan local': tunnel('local 2001:db8::77'),
  'vxlan remote': tunnel('remote 2001:db8::66'),
  'vxlan flowlabel': tunnel('flowlabel 0x7'),
};
