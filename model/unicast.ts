import { overlaps, type Prefix } from './prefix.ts';

/** Prefixes of which no part can be a network of unicast addresses that hosts forward to each other. */
const impossible: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'holds the unspecified address'],
  ['127.0.0.0/8', 'is loopback'],
  ['169.254.0.0/16', 'is link-local'],
  ['224.0.0.0/4', 'is multicast'],
  ['255.255.255.255/32', 'holds the broadcast address'],
  ['::/128', 'holds the unspecified address'],
  ['::1/128', 'holds the loopback address'],
  ['::ffff:0:0/96', 'is the range of IPv4-mapped addresses'],
  ['fe80::/10', 'is link-local'],
  ['ff00::/8', 'is multicast'],
];

/** Why the prefix cannot be that of a network: `is multicast`. Undefined: it can. */
export function whyImpossible(prefix: Prefix): string | undefined {
  return impossible.find(([range]) => overlaps(prefix, range as Prefix))?.[1];
}
