import type { Family } from '../../model/ip.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { Place, Use } from './kind.ts';
import type { NetworkScope, SandboxScope } from './scope.ts';

type Inside = NetworkScope | SandboxScope;

export const namespacePlace = (scope: NetworkScope): Place => scope;
export const linkPlace = (scope: Inside, name: string): Place => `${scope} link ${name}`;
/** An interface in its role as a port of a bridge. */
export const portPlace = (scope: NetworkScope, name: string): Place => `${scope} port ${name}`;
/** An interface in its role as the owner of neighbour entries. */
export const neighbourPlace = (scope: NetworkScope, name: string): Place => `${scope} neighbours ${name}`;
/** IPv4 or IPv6 at work on an interface. */
export const familyPlace = (scope: Inside, dev: string, family: Family): Place =>
  `${scope} ipv${family} ${dev}`;
/** A subnet that is on the link, by a route of this metric. */
export const subnetPlace = (scope: Inside, dev: string, prefix: Prefix, metric: number): Place =>
  `${scope} subnet ${dev} ${prefix} ${metric}`;

/** What everything on an interface uses. The interface implies its namespace. */
export const onLink = (scope: Inside, dev: string): Use => ({ place: linkPlace(scope, dev), fate: 'goes' });
export const inNamespace = (scope: NetworkScope): Use => ({ place: namespacePlace(scope), fate: 'goes' });
