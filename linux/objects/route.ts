import { familyOf, type Ip } from '../../model/ip.ts';
import { networkOf, prefixFamily, type Prefix } from '../../model/prefix.ts';
import { ranks, type Kind, type Place, type Use } from './kind.ts';
import { familyPlace, onLink, subnetPlace } from './place.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from './scope.ts';
import { quoted, type Shell } from './shell.ts';

/**
 * A route of the main table: ours by a gateway (`ip route replace PREFIX via VIA dev DEV proto 87`; the protocol number proves that
 * it is ours), or the one to the subnet of an address, which the kernel makes with the address (`connectedRoute`).
 */
export interface Route {
  readonly kind: 'route';
  readonly scope: NetworkScope | SandboxScope;
  /** Empty in an observation: it leads nowhere (such as `blackhole`), or several ways. */
  readonly dev: string;
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly prefix: Prefix;
  /** Absent: whoever has an address of the prefix is on the link. */
  readonly via?: Ip;
  /** The address that this node sends from by this route; the kernel names it in the IPv4 routes that it makes. */
  readonly src?: Ip;
  readonly metric: number;
}

/** What of an address decides about the route to its subnet. */
export interface InSubnet {
  readonly scope: NetworkScope | SandboxScope;
  readonly dev: string;
  readonly ip: Ip;
  readonly length: number;
}

/**
 * The route to the subnet of an address on an interface of ours, as the kernel makes it with the address and removes it again: without
 * it nothing gets from the gateway into the subnet. In a sandbox it is not looked at.
 */
export function connectedRoute({ scope, dev, ip, length }: InSubnet): Route | undefined {
  if (isSandbox(scope)) return undefined;
  const prefix = `${networkOf(ip, length)}/${length}` as Prefix;
  if (familyOf(ip) === 6) return { kind: 'route', scope, dev, prefix, metric: 256 };
  return length === 32 ? undefined : { kind: 'route', scope, dev, prefix, src: ip, metric: 0 };
}

/** What an address offers to the route to its subnet, and to other addresses of the same subnet. */
export function subnetPlaces(o: InSubnet): readonly Place[] {
  const route = connectedRoute(o);
  return route === undefined ? [] : [subnetPlace(o.scope, o.dev, route.prefix, route.metric)];
}

export const routeKind: Kind<Route> = {
  rank: () => ranks.route,
  provides: () => [],
  uses,
  // A default route that is there already may be somebody else's: it stays. Of others an IPv6 address may have left ours.
  create: (o, sh) => [putRoute(o.prefix.endsWith('/0') ? 'add' : 'replace', o, sh)],
  change: (o, _, sh) => [putRoute('replace', o, sh)],
  remove: (o, sh) => {
    const dev = o.dev === '' ? '' : ` dev ${quoted(o.dev)}`;
    // Elsewhere than in a sandbox it may be somebody else's.
    const proof = isSandbox(o.scope) ? ' proto 87' : '';
    return [`${sh.ip(o.scope)} route del ${o.prefix}${gatewayOf(o)}${dev}${proof} metric ${o.metric}`];
  },
};

function uses({ scope, dev, prefix, via, metric }: Route): readonly Use[] {
  if (dev === '') return [];
  // The last IPv4 address of an interface takes the IPv4 routes with it; an IPv6 address does not.
  const family: Use = { place: familyPlace(scope, dev, prefixFamily(prefix)), fate: 'may go' };
  if (via !== undefined) return [onLink(scope, dev), family];
  return [onLink(scope, dev), family, { place: subnetPlace(scope, dev, prefix, metric), fate: 'goes' }];
}

function putRoute(verb: 'add' | 'replace', o: Route, sh: Shell): string {
  const way = `${o.prefix}${gatewayOf(o)} dev ${quoted(o.dev)}`;
  return `${sh.ip(o.scope)} route ${verb} ${way} ${originOf(o)} metric ${o.metric}`;
}

const gatewayOf = ({ via }: Route): string => (via === undefined ? '' : ` via ${via}`);

/** What makes it ours, or as the kernel makes it. */
function originOf({ via, src }: Route): string {
  if (via !== undefined) return 'proto 87';
  return src === undefined ? 'proto kernel' : `proto kernel scope link src ${src}`;
}
