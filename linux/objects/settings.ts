import type { Sysctl } from './ip-config.ts';
import type { NetworkScope } from './scope.ts';

/** A kernel setting that we own in every network namespace of ours: an observation always covers it. */
export interface OwnedSetting {
  /** Path below /proc/sys. */
  readonly key: string;
  /** May be absent: the IPv6 stack or br_netfilter is not loaded. */
  readonly optional: boolean;
}

/** Settings of the whole namespace, in the order in which they must be written: `ip_forward` resets others. */
export const namespaceSettings: readonly OwnedSetting[] = [
  { key: 'net/ipv4/ip_forward', optional: false },
  { key: 'net/ipv4/conf/all/send_redirects', optional: false },
  { key: 'net/ipv4/conf/all/rp_filter', optional: false },
  // Without IPv6 the kernel takes no neighbour entry of it; written first, since it is that of every interface at once.
  { key: 'net/ipv6/conf/all/disable_ipv6', optional: true },
  { key: 'net/ipv6/conf/all/forwarding', optional: true },
  { key: 'net/ipv6/conf/default/accept_ra', optional: true },
  // 1: new interfaces get no link-local address. (disable_ipv6 would refuse the neighbour entries of vxlan0.)
  { key: 'net/ipv6/conf/default/addr_gen_mode', optional: true },
  { key: 'net/bridge/bridge-nf-call-iptables', optional: true },
  { key: 'net/bridge/bridge-nf-call-ip6tables', optional: true },
  { key: 'net/bridge/bridge-nf-call-arptables', optional: true },
];

/** Settings of each bridge; they come and go with it. */
export function bridgeSettings(name: string): readonly OwnedSetting[] {
  return [
    { key: `net/ipv4/conf/${name}/forwarding`, optional: false },
    { key: `net/ipv4/conf/${name}/send_redirects`, optional: false },
    { key: `net/ipv4/conf/${name}/rp_filter`, optional: false },
    { key: `net/ipv6/conf/${name}/disable_ipv6`, optional: true },
    { key: `net/ipv6/conf/${name}/forwarding`, optional: true },
    { key: `net/ipv6/conf/${name}/accept_ra`, optional: true },
  ];
}

/** The object that says: this setting has, or shall have, this value. */
export function settingObject(scope: NetworkScope, setting: OwnedSetting, value: string): Sysctl {
  return { kind: 'sysctl', scope, key: setting.key, value, optional: setting.optional };
}
