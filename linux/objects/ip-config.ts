import { familyOf, type Ip } from '../../model/ip.ts';
import { ranks, type Kind, type Use } from './kind.ts';
import { familyPlace, inNamespace, onLink } from './place.ts';
import { connectedRoute, subnetPlaces, type Route } from './route.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from './scope.ts';
import { quoted } from './shell.ts';

/**
 * An address on an interface (`ip addr add IP/LEN dev DEV`; IPv6 with `nodad`: the claim in the store is the duplicate
 * check). In a sandbox it is proven ours by IFA_PROTO (`proto 0x57`); the
 * same one without it, on our interface, is made ours.
 */
export interface Address {
  readonly kind: 'address';
  readonly scope: NetworkScope | SandboxScope;
  readonly dev: string;
  readonly ip: Ip;
  readonly length: number;
}

/**
 * A kernel setting of a network namespace (`sysctl -w KEY=VALUE`), for instance `net/ipv4/ip_forward`. A setting cannot be
 * deleted: one that is no longer wanted keeps its value, and its deletion is a success that writes nothing.
 */
export interface Sysctl {
  readonly kind: 'sysctl';
  readonly scope: NetworkScope;
  /** Path below /proc/sys. */
  readonly key: string;
  readonly value: string;
  /** The setting exists only with a kernel feature; without it there is nothing to set. */
  readonly optional: boolean;
}

/** rtm_protocol of our routes and IFA_PROTO of our addresses: `W`. */
export const weftProtocol = 0x57;

export const addressKind: Kind<Address, Route> = {
  rank: () => ranks.address,
  provides: (o) => [familyPlace(o.scope, o.dev, familyOf(o.ip)), ...subnetPlaces(o)],
  // The first IPv4 address of a subnet takes the others of that subnet with it.
  uses: (o) => [onLink(o.scope, o.dev), ...subnetPlaces(o).map((place): Use => ({ place, fate: 'may go' }))],
  brings: (o) => {
    const route = connectedRoute(o);
    return route === undefined ? [] : [route];
  },
  create: (o, sh) => {
    // What proves it ours in a sandbox (`proto 0x57`) is left out: iproute2 6.1 of Debian 12 does not know the word yet.
    const family = o.ip.includes(':') ? ' nodad' : '';
    // In a namespace of ours one that is there is ours: it may be made again in case that it is gone.
    const verb = isSandbox(o.scope) ? 'add' : 'replace';
    return [`${sh.ip(o.scope)} addr ${verb} ${o.ip}/${o.length} dev ${quoted(o.dev)}${family}`];
  },
  change: (o, _, sh) => addressKind.create(o, sh),
  remove: (o, sh) => [`${sh.ip(o.scope)} addr del ${o.ip}/${o.length} dev ${quoted(o.dev)}`],
};

export const sysctlKind: Kind<Sysctl> = {
  rank: (o) => (interfaceOf(o) === undefined ? ranks.sysctl : ranks.interfaceSysctl),
  provides: () => [],
  uses: (o) => {
    const dev = interfaceOf(o);
    return [dev === undefined ? inNamespace(o.scope) : onLink(o.scope, dev)];
  },
  create: (o, sh) => [
    `${sh.inside(o.scope)} sysctl -w ${o.optional ? '-e ' : ''}${quoted(`${o.key}=${o.value}`)}`,
  ],
  change: (o, _, sh) => sysctlKind.create(o, sh),
  remove: () => [],
};

const interfaceKey = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//;

/** The interface that the setting belongs to; it exists only as long as the interface. */
export function interfaceOf(o: Pick<Sysctl, 'key'>): string | undefined {
  const name = interfaceKey.exec(o.key)?.[1];
  return name === 'all' || name === 'default' ? undefined : name;
}
