import type { Ip } from '../model/ip.ts';
import { gatewayMac, type NetworkId } from '../model/network.ts';
import type { Mac } from '../model/mac.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Vni } from '../model/vni.ts';
import type { FdbEntry, NeighbourEntry, PortFdbEntry } from './objects/forwarding.ts';
import type { Address, Sysctl } from './objects/ip-config.ts';
import type { Bridge, Veth, Vxlan } from './objects/link.ts';
import type { Namespace } from './objects/namespace.ts';
import { broughtBy } from './objects/kinds.ts';
import { keyOf, type LinuxObject } from './objects/object.ts';
import type { Route } from './objects/route.ts';
import { networkScope, type NetworkScope, type SandboxScope } from './objects/scope.ts';
import { bridgeSettings, namespaceSettings, settingObject } from './objects/settings.ts';
import type { Step } from './plan/step.ts';

/** The objects that the kernel contract plays with: one network, one endpoint here, one elsewhere. */
export const scope: NetworkScope = networkScope('00000000000000a1' as NetworkId);
export const secondScope: NetworkScope = networkScope('00000000000000a2' as NetworkId);

export const netns: Namespace = {
  kind: 'netns',
  scope,
  mark: 'weft c0ffee 00000000000000f1 00000000000000a1',
};
export const br0: Bridge = { kind: 'bridge', scope, name: 'br0', mac: gatewayMac, mtu: 1450 };
/** With what comes with it. */
export const bridge: readonly LinuxObject[] = [br0, ...broughtBy(br0)];
export const vni = 0x100001 as Vni;
export const otherVni = 0x100002 as Vni;
export const vxlan: Vxlan = {
  kind: 'vxlan',
  scope,
  name: 'vxlan0',
  bridge: 'br0',
  vni,
  local: '192.0.2.1' as Ip,
  port: 4789,
  mtu: 1450,
};
export const vxlan6: Vxlan = { ...vxlan, local: 'fd00:99::1' as Ip };
export const fdb: FdbEntry = {
  kind: 'fdb',
  scope,
  dev: 'vxlan0',
  mac: '02:57:0a:07:00:09' as Mac,
  dst: '192.0.2.2' as Ip,
};
export const otherFdb: FdbEntry = { ...fdb, dst: '192.0.2.3' as Ip };
export const neighbour: NeighbourEntry = {
  kind: 'neighbour',
  scope,
  dev: 'vxlan0',
  ip: '10.7.0.9' as Ip,
  mac: fdb.mac,
};
export const neighbour6: NeighbourEntry = { ...neighbour, ip: 'fd00:7::9' as Ip };
export const otherNeighbour: NeighbourEntry = { ...neighbour6, mac: '02:57:0a:07:00:19' as Mac };
const portMac = '02:57:0a:07:00:05' as Mac;
export const portFdb: PortFdbEntry = { kind: 'port-fdb', scope, dev: 'v000000000001', mac: portMac };

export function veth(peer: SandboxScope): Veth {
  return {
    kind: 'veth',
    scope,
    name: portFdb.dev,
    bridge: 'br0',
    mtu: 1450,
    up: true,
    peer: { scope: peer, name: 'eth0', mac: portMac },
  };
}
export const sandboxAddress = (s: SandboxScope): Address => ({
  kind: 'address',
  scope: s,
  dev: 'eth0',
  ip: '10.7.0.5' as Ip,
  length: 24,
});
export const sandboxAddress6 = (s: SandboxScope): Address => ({
  kind: 'address',
  scope: s,
  dev: 'eth0',
  ip: 'fd00:7::5' as Ip,
  length: 64,
});
export const gateways: readonly Address[] = [
  { kind: 'address', scope, dev: 'br0', ip: '10.7.0.1' as Ip, length: 24 },
  { kind: 'address', scope, dev: 'br0', ip: 'fd00:7::1' as Ip, length: 64 },
];
type ByGateway = Route & { readonly via: Ip };

const route = (s: SandboxScope, prefix: string, via: string): ByGateway => ({
  kind: 'route',
  scope: s,
  dev: 'eth0',
  prefix: prefix as Prefix,
  via: via as Ip,
  metric: 100,
});
export const otherRoute = (s: SandboxScope): Route => route(s, '10.8.0.0/24', '10.7.0.2');

const wishedValues: ReadonlyMap<string, string> = new Map([
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv4/conf/br0/rp_filter', '0'],
  ['net/ipv6/conf/all/forwarding', '1'],
  ['net/ipv6/conf/default/addr_gen_mode', '1'],
]);

const setting = (s: { readonly key: string; readonly optional: boolean }): Sysctl =>
  settingObject(scope, s, wishedValues.get(s.key) ?? '0');

/** One or two of each kind, parents first: what a routed network with one local and one remote endpoint holds. */
export function everything(s: SandboxScope): LinuxObject[] {
  return [
    netns,
    ...namespaceSettings.map(setting),
    ...bridge,
    ...bridgeSettings('br0').map(setting),
    vxlan,
    veth(s),
    ...gateways.flatMap((address) => [address, ...broughtBy(address)]),
    sandboxAddress(s),
    sandboxAddress6(s),
    route(s, '10.8.0.0/24', '10.7.0.1'),
    route(s, 'fd00:8::/64', 'fd00:7::1'),
    fdb,
    portFdb,
    neighbour,
    neighbour6,
    { ...neighbour, dev: 'br0' },
    { ...neighbour6, dev: 'br0' },
  ];
}

/** Every change in place, one attribute at a time, starting from `everything`. */
export function changes(s: SandboxScope): readonly (readonly [from: LinuxObject, to: LinuxObject])[] {
  const v = veth(s);
  const small = { ...v, mtu: 1400 };
  const vxlanSmall = { ...vxlan, mtu: 1400 };
  const forward = everything(s).find((o): o is Sysctl => o.kind === 'sysctl' && o.value === '1') as Sysctl;
  return [
    [netns, { ...netns, mark: 'weft c0ffee 00000000000000f2 00000000000000a1' }],
    [forward, { ...forward, value: '0' }],
    [br0, { ...br0, mtu: 1400 }],
    [vxlan, vxlanSmall],
    [vxlanSmall, { ...vxlanSmall, local: '192.0.2.11' as Ip }],
    [v, small],
    [small, { ...small, peer: { ...v.peer, mac: '02:57:0a:07:00:06' as Mac } }],
    [fdb, otherFdb],
    [neighbour6, otherNeighbour],
    [neighbour, { ...neighbour, mac: otherNeighbour.mac }],
    [route(s, '10.8.0.0/24', '10.7.0.1'), otherRoute(s)],
    [route(s, 'fd00:8::/64', 'fd00:7::1'), route(s, 'fd00:8::/64', 'fd00:7::2')],
  ];
}

/** The same object in another network with another VNI. Objects inside sandboxes stay as they are. */
export function inSecondNetwork<O extends LinuxObject>(o: O): O {
  if (o.scope !== scope) return o;
  const moved = { ...o, scope: secondScope };
  if (moved.kind === 'vxlan') return { ...moved, vni: otherVni };
  if (moved.kind === 'netns') return { ...moved, mark: 'weft c0ffee 00000000000000f1 00000000000000a2' };
  return moved;
}

export const secondVeth = (s: SandboxScope): Veth => ({
  ...veth(s),
  name: 'v000000000002',
  peer: { scope: s, name: 'eth1', mac: '02:57:0a:07:00:25' as Mac },
});
export const secondAddress = (s: SandboxScope): Address => ({
  ...sandboxAddress(s),
  dev: 'eth1',
  ip: '10.9.0.5' as Ip,
});

const secondAddress6 = (s: SandboxScope): Address => ({
  ...sandboxAddress6(s),
  dev: 'eth1',
  ip: 'fd00:9::5' as Ip,
});

/** The same sandbox in a second network, with an address of each family. */
export const inOtherNetwork = (s: SandboxScope): LinuxObject[] =>
  [netns, ...bridge, secondVeth(s), secondAddress(s), secondAddress6(s)].map(inSecondNetwork);

/** By the gateways of the first network and of the second. */
export const defaultRoutes = (s: SandboxScope): ByGateway[] => [
  { ...route(s, '0.0.0.0/0', '10.7.0.1'), metric: 0 },
  { ...route(s, '::/0', 'fd00:7::1'), metric: 1024 },
];
export const otherDefaultRoutes = (s: SandboxScope): Route[] => [
  { ...route(s, '0.0.0.0/0', '10.9.0.1'), dev: 'eth1', metric: 0 },
  { ...route(s, '::/0', 'fd00:9::1'), dev: 'eth1', metric: 1024 },
];

/** What is left of the objects when `parent` goes. */
export function without(objects: readonly LinuxObject[], parent: LinuxObject): LinuxObject[] {
  const lost = (o: LinuxObject): boolean => {
    if (o === parent || keyOf(o) === keyOf(parent) || parent.kind === 'netns') return true;
    if (parent.kind === 'vxlan') return o.kind === 'fdb' || (o.kind === 'neighbour' && o.dev === parent.name);
    return parent.kind === 'veth' && (o.scope === parent.peer.scope || keyOf(o) === keyOf(portFdb));
  };
  return objects.filter((o) => !lost(o));
}

/** FDB and neighbour entries of `count` remote endpoints, in the order in which they are made. */
export function crowd(count: number): LinuxObject[] {
  const macs = Array.from({ length: count }, (_, i) => {
    const digits = i.toString(16).padStart(4, '0');
    return `02:57:0b:00:${digits.slice(0, 2)}:${digits.slice(2)}` as Mac;
  });
  const address = (i: number): Ip => `10.7.${4 + (i >> 8)}.${i & 255}` as Ip;
  return [
    ...macs.map((mac, i): FdbEntry => ({ ...fdb, mac, dst: `192.0.2.${2 + (i % 7)}` as Ip })),
    ...macs.map((mac, i): NeighbourEntry => ({ ...neighbour, mac, ip: address(i) })),
  ];
}

/** What may be done to entries at once, where `fdb` and `neighbour` are there; the second step has no device. */
export const mixedSteps: readonly Step[] = [
  { op: 'create', object: neighbour6 },
  { op: 'create', object: { ...fdb, dev: 'gone0' } },
  { op: 'delete', object: { ...neighbour, dev: 'gone0' } },
  { op: 'change', object: otherFdb, from: fdb },
  { op: 'delete', object: neighbour },
];

const strayAddress = { dev: 'br0', ip: '10.99.0.1' as Ip, length: 24 };
const strayRoute = { prefix: '10.7.0.128/25' as Prefix, metric: 0 };
const strayRoute6 = { prefix: 'fd00:7:0:0:8000::/65' as Prefix, metric: 1024 };
const strayFdb = { dev: 'vxlan0', mac: '02:99:00:00:00:01' as Mac, dst: '192.0.2.99' as Ip };

/** What somebody else may put into a network namespace of ours, as we should see it. */
export const strays = {
  link: { ...br0, name: 'stray0' },
  address: {
    foreign: { what: 'address', ...strayAddress },
    object: { kind: 'address', scope, ...strayAddress } satisfies Address,
  },
  route: {
    foreign: { what: 'blackhole', prefix: strayRoute.prefix },
    object: { kind: 'route', scope, dev: '', ...strayRoute } satisfies Route,
  },
  route6: {
    foreign: { what: 'blackhole', prefix: strayRoute6.prefix },
    object: { kind: 'route', scope, dev: '', ...strayRoute6 } satisfies Route,
  },
  fdb: {
    foreign: { what: 'fdb', ...strayFdb },
    object: { kind: 'fdb', scope, ...strayFdb } satisfies FdbEntry,
  },
} as const;

/** The base, with those above in the place of what has their keys. */
export function overlay(base: readonly LinuxObject[], above: readonly LinuxObject[]): LinuxObject[] {
  const byKey = new Map([...base, ...above].map((o) => [keyOf(o), o]));
  return [...byKey.values()];
}
