import type { Ip } from '../../model/ip.ts';
import type { Prefix } from '../../model/prefix.ts';
import { ranks, type Kind } from './kind.ts';
import { familyPlace, inNamespace, onLink } from './place.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from './scope.ts';
import { quoted, type Shell } from './shell.ts';

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

/** A route by a gateway (`ip route replace PREFIX via VIA dev DEV proto 87`); the protocol number proves that it is ours. */
export interface Route {
  readonly kind: 'route';
  readonly scope: NetworkScope | SandboxScope;
  readonly dev: string;
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly prefix: Prefix;
  readonly via: Ip;
  readonly metric: number;
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

export const addressKind: Kind<Address> = {
  rank: () => ranks.address,
  provides: (o) => [familyPlace(o.scope, o.dev, o.ip)],
  uses: (o) => [onLink(o.scope, o.dev)],
  create: (o, sh) => {
    // What proves it ours in a sandbox (`proto 0x57`) is left out: iproute2 6.1 of Debian 12 does not know the word yet.
    const family = o.ip.includes(':') ? ' nodad' : '';
    return [`${sh.ip(o.scope)} addr add ${o.ip}/${o.length} dev ${quoted(o.dev)}${family}`];
  },
  change: (o, _, sh) => addressKind.create(o, sh),
  remove: (o, sh) => [`${sh.ip(o.scope)} addr del ${o.ip}/${o.length} dev ${quoted(o.dev)}`],
};

export const routeKind: Kind<Route> = {
  rank: () => ranks.route,
  provides: () => [],
  // The last IPv4 address of an interface takes the IPv4 routes with it; an IPv6 address does not.
  uses: (o) => [onLink(o.scope, o.dev), { place: familyPlace(o.scope, o.dev, o.via), fate: 'may go' }],
  // A default route that is there already may be somebody else's: it stays. Of others an IPv6 address may have left ours.
  create: (o, sh) => [putRoute(o.prefix.endsWith('/0') ? 'add' : 'replace', o, sh)],
  change: (o, _, sh) => [putRoute('replace', o, sh)],
  remove: (o, sh) => {
    // Elsewhere than in a sandbox it may be somebody else's.
    const proof = isSandbox(o.scope) ? ' proto 87' : '';
    return [
      `${sh.ip(o.scope)} route del ${o.prefix} via ${o.via} dev ${quoted(o.dev)}${proof} metric ${o.metric}`,
    ];
  },
};

function putRoute(verb: 'add' | 'replace', o: Route, sh: Shell): string {
  return `${sh.ip(o.scope)} route ${verb} ${o.prefix} via ${o.via} dev ${quoted(o.dev)} proto 87 metric ${o.metric}`;
}

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
